"""A catalog on disk: made whole or not at all, read-only and closed to the outside for readers, with a past to go back to."""

import shutil
import stat

import duckdb
import polars as pl
import pytest

from data_catalog import Catalog, CatalogError, IngestError
from data_catalog.demo import demo_catalog
from data_catalog.lake import open_reader
from data_catalog.sources import MappedTable

MAPPING = {
    "mapping": "ward",
    "version": "1",
    "person": {"id": "record", "birth": "born", "sex": {"column": "sex", "values": {"M": "male", "F": "female"}}},
    "observation_period": {"start": "admitted", "end": "admitted + 30 days"},
    "measurements": [
        {"column": "sbp", "concept": "Systolic blood pressure [LOINC 8480-6]", "unit": "mmHg", "date": "admitted"}
    ],
}


def ward(first: int = 1, people: int = 3) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "record": [f"MRN-{number:05d}" for number in range(first, first + people)],
            "born": ["1950-03-01"] * people,
            "sex": ["M", "F", "F"] * (people // 3),
            "admitted": ["2020-01-10"] * people,
            "sbp": ["120", "135", "99"] * (people // 3),
        }
    )


@pytest.fixture
def catalog(tmp_path):
    return Catalog.create(tmp_path / "catalog", title="Ward 3")


def n_rows(catalog: Catalog, table: str, snapshot: int | None = None) -> int:
    with open_reader(catalog.folder, snapshot=snapshot) as connection:
        return connection.execute(f"SELECT count(*) FROM lake.main.{table}").fetchall()[0][0]


def test_a_folder_with_something_in_it_is_not_made_a_catalog(tmp_path):
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(CatalogError, match="not empty.*Name an empty or a new folder"):
        Catalog.create(tmp_path)
    assert (tmp_path / "thesis.docx").read_text() == "precious"


def test_a_catalog_is_not_made_twice(catalog):
    with pytest.raises(CatalogError, match=r"Open it with Catalog\.open"):
        Catalog.create(catalog.folder)


def test_opening_what_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(CatalogError, match="workbench catalog create"):
        Catalog.open(tmp_path / "nowhere")


def test_only_the_owner_may_look_into_the_folder_and_at_the_key(catalog):
    assert stat.S_IMODE(catalog.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((catalog.folder / "pseudonym.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/escaped.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSERT INTO lake.main.person SELECT * FROM lake.main.person",
        "DELETE FROM lake.main.person",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_a_readers_connection_reaches_nothing_else_and_changes_nothing(catalog, statement):
    with open_reader(catalog.folder) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)


def test_a_reader_cannot_see_python_variables(catalog):
    secret = pl.DataFrame({"a": [1]})
    with open_reader(catalog.folder) as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT * FROM secret")
    assert len(secret) == 1


def test_each_ingest_is_a_snapshot_and_earlier_ones_can_be_read_again(catalog):
    before = catalog.snapshot().snapshot_id
    first = catalog.ingest(MappedTable(ward(), MAPPING), site="ward-3", basis="public_interest")
    second = catalog.ingest(MappedTable(ward(first=11), MAPPING), site="ward-3", basis="public_interest")
    seen = [n_rows(catalog, "person", snapshot) for snapshot in (before, first.snapshot_id, second.snapshot_id)]
    assert seen == [0, 3, 6]
    assert catalog.snapshot().message == "ingest tables data of ward-3"


def test_a_snapshot_that_does_not_exist_is_named_with_those_that_do(catalog):
    with pytest.raises(CatalogError, match="no snapshot 99.*workbench catalog snapshots"):
        catalog.snapshot(99)


def test_a_refused_ingest_leaves_the_catalog_as_it_was(catalog):
    catalog.ingest(MappedTable(ward(), MAPPING), site="ward-3", basis="public_interest")
    snapshot, files = catalog.snapshot(), sorted(catalog.folder.rglob("*"))
    with pytest.raises(IngestError, match="duplicate"):
        catalog.ingest(MappedTable(ward(), MAPPING), site="ward-3", basis="public_interest")
    assert catalog.snapshot() == snapshot
    assert sorted(catalog.folder.rglob("*")) == files


def test_a_reader_sees_nothing_of_an_ingest_that_fails_half_way(catalog, monkeypatch):
    import data_catalog.ingest as module

    monkeypatch.setattr(module, "_record", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        catalog.ingest(MappedTable(ward(), MAPPING), site="ward-3", basis="public_interest")
    assert n_rows(catalog, "person") == 0
    assert not list(catalog.folder.rglob("*.parquet"))


def test_a_catalog_can_be_moved(catalog, tmp_path):
    catalog.ingest(MappedTable(ward(people=300), MAPPING), site="ward-3", basis="public_interest")
    shutil.move(catalog.folder, tmp_path / "elsewhere")
    moved = Catalog.open(tmp_path / "elsewhere")
    with open_reader(moved.folder) as connection:
        assert connection.execute("SELECT sum(value_as_number) FROM lake.main.measurement").fetchall() == [(35400.0,)]
    moved.ingest(MappedTable(ward(first=1000), MAPPING), site="ward-3", basis="public_interest")
    assert n_rows(moved, "person") == 303


def test_the_site_must_be_a_plain_word(catalog):
    with pytest.raises(IngestError, match="'Ward 3' cannot name a site. Use lower case"):
        catalog.ingest(MappedTable(ward(), MAPPING), site="Ward 3")


def test_the_legal_basis_must_be_known(catalog):
    with pytest.raises(IngestError, match="'publik_interest' is not a legal basis. Did you mean 'public_interest'"):
        catalog.ingest(MappedTable(ward(), MAPPING), site="ward-3", basis="publik_interest")


def test_the_demo_catalog_is_made_once_and_comes_out_the_same_again(tmp_path):
    first = demo_catalog(tmp_path / "a")
    assert demo_catalog(tmp_path / "a").snapshots() == first.snapshots()
    second = demo_catalog(tmp_path / "b")
    people = []
    for catalog in (first, second):
        with open_reader(catalog.folder) as connection:
            people.append(connection.execute("SELECT person_id FROM lake.main.person ORDER BY 1").fetchall())
    assert people[0] == people[1]
    assert len(people[0]) == 500

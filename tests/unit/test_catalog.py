"""A catalog in a folder or a database: made whole or not at all, read-only and closed to the outside for readers, with a past."""

import os
import shutil
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from data_catalog import Catalog, CatalogError, IngestError, lake
from data_catalog.address import FolderAddress
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
def catalog(new_place):
    place, options = new_place
    return Catalog.create(place, title="Ward 3", **options)


def n_rows(catalog: Catalog, table: str, snapshot: int | None = None) -> int:
    with open_reader(catalog.address, snapshot=snapshot) as connection:
        return connection.execute(f"SELECT count(*) FROM lake.main.{table}").fetchall()[0][0]


def test_a_folder_with_something_in_it_is_not_made_a_catalog(tmp_path):
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(CatalogError, match="not empty.*Name an empty or a new folder"):
        Catalog.create(tmp_path)
    assert (tmp_path / "thesis.docx").read_text() == "precious"


def test_a_catalog_is_not_made_twice(catalog, new_place, tmp_path):
    if isinstance(catalog.address, FolderAddress):
        with pytest.raises(CatalogError, match=r"Open it with Catalog\.open"):
            Catalog.create(catalog.address)
    else:
        with pytest.raises(CatalogError, match="not empty, so no catalog was made there"):
            Catalog.create(catalog.address, **new_place[1])
        with pytest.raises(CatalogError, match="There is a catalog at .* already"):
            Catalog.create(catalog.address, data=tmp_path / "another")
        assert not (tmp_path / "another").exists()
    assert catalog.title == "Ward 3"


def test_opening_what_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(CatalogError, match="workbench catalog create"):
        Catalog.open(tmp_path / "nowhere")


def test_only_the_owner_may_look_into_the_folder_and_at_the_key(catalog):
    assert stat.S_IMODE(catalog.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((catalog.folder / "pseudonym.key").stat().st_mode) == 0o600


# What DuckDB refuses a hardened connection by itself, and what it would allow.
REFUSED_BY_DUCKDB = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_blob('{folder}/pseudonym.key')",
    "COPY (SELECT 1) TO '/tmp/escaped.csv'",
    "ATTACH '/tmp/other.duckdb'",
    "INSERT INTO lake.main.person SELECT * FROM lake.main.person",
    "DELETE FROM lake.main.person",
    "SET enable_external_access = true",
    "INSTALL httpfs",
]
REFUSED_BY_THE_READER = [
    "COPY (SELECT 1) TO '{folder}/data/written.csv'",
    "ATTACH '/tmp/escaped.sqlite' AS other (TYPE sqlite)",
    "ATTACH 'ducklake:sqlite:{folder}/catalog.sqlite' AS writable",
    "SELECT 1; ATTACH '/tmp/escaped.sqlite' AS other (TYPE sqlite)",
    "SELECT * FROM sqlite_scan('/tmp/escaped.sqlite', 'people')",
    "SELECT * FROM \"SQLITE_scan\"('/tmp/escaped.sqlite', 'people')",
    "SELECT * FROM query('SELECT * FROM sqlite' || '_scan(''/tmp/escaped.sqlite'', ''people'')')",
    "SELECT * FROM query /* */ ('SELECT 1')",
    "SELECT * FROM postgres_query('__ducklake_metadata_lake', 'SELECT pg_read_file(''/etc/passwd'')')",
    "CALL postgres_execute('__ducklake_metadata_lake', 'COMMIT; DROP SCHEMA public CASCADE')",
    "SELECT * FROM postgres_scan('host=elsewhere', 'public', 'people')",
    "SELECT * FROM __ducklake_metadata_lake.ducklake_snapshot",
    "CALL lake.set_option('target_file_size', '1')",
    "PREPARE harmless AS SELECT 1",
]


@pytest.fixture(scope="module", params=["folder", "postgres"])
def reader(request, tmp_path_factory):
    """A reader of an empty catalog, and the catalog's folder."""
    folder = tmp_path_factory.mktemp("read") / "catalog"
    place = folder if request.param == "folder" else request.getfixturevalue("postgres_server").url("read_only")
    catalog = Catalog.create(place, **({} if place == folder else {"data": folder}))
    with open_reader(catalog.address) as connection:
        yield connection, folder


@pytest.mark.parametrize("statement", REFUSED_BY_DUCKDB + REFUSED_BY_THE_READER)
def test_a_reader_reaches_nothing_else_and_changes_nothing(reader, statement):
    connection, folder = reader
    with pytest.raises((duckdb.Error, CatalogError)):
        connection.execute(statement.format(folder=folder))


@pytest.mark.parametrize("statement", REFUSED_BY_DUCKDB)
def test_the_connection_itself_is_hardened_too(reader, statement):
    connection, folder = reader
    with pytest.raises(duckdb.Error):
        connection._connection.execute(statement.format(folder=folder))


def test_a_reader_may_keep_what_it_finds_in_temporary_tables(reader):
    connection, _ = reader
    connection.execute("CREATE TEMP TABLE sites AS SELECT DISTINCT site FROM lake.main.person")
    assert connection.execute("SELECT count(*) AS query FROM sites").fetchall() == [(0,)]


def test_what_a_large_query_spills_goes_into_a_private_folder_that_is_removed(catalog):
    with open_reader(catalog.address) as connection:
        (spill,) = connection.execute("SELECT current_setting('temp_directory')").fetchone()
        assert stat.S_IMODE(Path(spill).stat().st_mode) == 0o700
    assert not Path(spill).exists()


def test_a_reader_cannot_see_python_variables(catalog):
    secret = pl.DataFrame({"a": [1]})
    with open_reader(catalog.address) as connection, pytest.raises(duckdb.CatalogException):
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
    if isinstance(catalog.address, FolderAddress):
        moved = Catalog.open(tmp_path / "elsewhere")
    else:
        with pytest.raises(
            CatalogError, match=r"no folder .*catalog/data\. Mount it there, or say where .* \?data=FOLDER"
        ):
            Catalog.open(catalog.address)
        moved = Catalog.open(replace(catalog.address, data=tmp_path / "elsewhere"))
    with open_reader(moved.address) as connection:
        assert connection.execute("SELECT sum(value_as_number) FROM lake.main.measurement").fetchall() == [(35400.0,)]
    moved.ingest(MappedTable(ward(first=1000), MAPPING), site="ward-3", basis="public_interest")
    assert n_rows(moved, "person") == 303


def test_a_catalog_whose_data_are_gone_says_so(catalog):
    shutil.rmtree(catalog.folder / "data")
    with pytest.raises(CatalogError, match="data of the catalog at .* are not there: there is no folder .*data"):
        Catalog.open(catalog.address)


def test_the_folder_of_another_catalog_is_not_written_to(catalog, tmp_path):
    """Else its files, which this catalog does not know, would be removed as left over."""
    catalog.ingest(MappedTable(ward(people=300), MAPPING), site="ward-3", basis="public_interest")
    other = Catalog.create(tmp_path / "other")
    other.ingest(MappedTable(ward(people=300), MAPPING), site="ward-4", basis="public_interest")
    files = sorted((other.folder / "data").rglob("*.parquet"))
    if isinstance(catalog.address, FolderAddress):
        shutil.copy(other.folder / "pseudonym.key", catalog.folder)
        wrong = catalog.address
    else:
        wrong = replace(catalog.address, data=other.folder)
    with pytest.raises(
        CatalogError, match="is not the folder of the catalog at .*: it has the pseudonym key of another"
    ):
        Catalog.open(wrong).ingest(MappedTable(ward(first=1000), MAPPING), site="ward-3", basis="public_interest")
    assert sorted((other.folder / "data").rglob("*.parquet")) == files
    assert files


def test_a_catalog_that_could_not_be_made_leaves_nothing(new_place, monkeypatch):
    import data_catalog.catalog as module

    place, options = new_place
    monkeypatch.setattr(module, "record_permit", lambda *_: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(CatalogError, match="No catalog could be made at .*: No space left on device"):
        Catalog.create(place, **options)
    assert not options.get("data", place if isinstance(place, Path) else None).exists()
    monkeypatch.undo()
    assert Catalog.create(place, **options).title == "catalog"


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
        with open_reader(catalog.address) as connection:
            people.append(connection.execute("SELECT person_id FROM lake.main.person ORDER BY 1").fetchall())
    assert people[0] == people[1]
    assert len(people[0]) == 500


def test_a_folder_of_catalogs_is_told_from_a_catalog(tmp_path):
    for name in ("northern", "southern"):
        Catalog.create(tmp_path / name)
    with pytest.raises(
        CatalogError, match=r"is no catalog but holds some\. Name one of them: .*northern, .*southern\."
    ):
        Catalog.open(tmp_path)


def test_an_extension_is_loaded_with_its_signature_checked_and_again_when_its_file_has_changed(tmp_path, monkeypatch):
    file = tmp_path / "ducklake.duckdb_extension"
    file.write_bytes(lake._extension("ducklake").read_bytes())
    monkeypatch.setattr(lake, "_extension", lambda name: file)
    for _ in range(2):
        with closing(lake._connect("ducklake")) as connection:
            setting = "SELECT current_setting('allow_unsigned_extensions')"
            assert connection.execute(setting).fetchall() == [(False,)]
    with file.open("r+b") as changed:
        changed.seek(-1000, os.SEEK_END)
        changed.write(b"\0" * 1000)  # the signature and what is before it
    os.utime(file)
    with pytest.raises(duckdb.Error):
        lake._connect("ducklake")

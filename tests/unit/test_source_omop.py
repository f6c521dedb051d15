"""A folder of OMOP tables: rows and ids kept, faults of structure refused, a vocabulary of its own obeyed."""

import shutil

import polars as pl
import pytest

from data_catalog import Catalog, IngestError
from data_catalog.lake import open_reader
from data_catalog.sources import OmopFolder


@pytest.fixture
def catalog(tmp_path):
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def folder(tmp_path):
    """Two people with three blood pressures, as a site would export them."""
    folder = tmp_path / "export"
    folder.mkdir()
    pl.DataFrame(
        {
            "person_id": [1, 2],
            "gender_concept_id": [8507, 8532],
            "year_of_birth": [1950, 1960],
            "race_concept_id": [0, 0],
            "ethnicity_concept_id": [0, 0],
        }
    ).write_csv(folder / "PERSON.csv")
    pl.DataFrame(
        {
            "measurement_id": [11, 12, 13],
            "person_id": [1, 1, 2],
            "measurement_concept_id": [3004249, 3004249, 0],
            "measurement_date": ["2020-01-01", "2020-02-01", "2020-03-01"],
            "measurement_type_concept_id": [32817] * 3,
            "value_as_number": [120.0, 16.0, 5.0],
            "unit_source_value": ["mm[Hg]", "kPa", None],
            "measurement_source_value": ["8480-6", "8480-6", "LOCAL-7"],
            "ward": ["a", "b", "c"],
        }
    ).write_parquet(folder / "measurement.parquet")
    return folder


def query(catalog, sql):
    with open_reader(catalog.folder) as connection:
        return connection.execute(sql).fetchall()


def ingest(catalog, folder):
    return catalog.ingest(OmopFolder(folder), site="centre", basis="public_interest")


def test_rows_and_ids_are_kept_and_values_harmonised_beside_them(catalog, folder):
    ingest(catalog, folder)
    assert query(
        catalog,
        "SELECT measurement_id, value_as_number, round(value_canonical, 2), unit_canonical FROM lake.main.measurement ORDER BY 1",
    ) == [
        (11, 120.0, 120.0, "mm[Hg]"),
        (12, 16.0, 120.01, "mm[Hg]"),
        (13, 5.0, None, None),
    ]


def test_the_legal_basis_is_the_one_stated_at_ingest_whatever_the_file_says(catalog, folder):
    people = folder / "PERSON.csv"
    header, *rows = people.read_text(encoding="utf-8").splitlines()
    people.write_text(
        "\n".join([f"{header},legal_basis", *(f"{row},open_data" for row in rows)]) + "\n", encoding="utf-8"
    )
    report = ingest(catalog, folder)
    assert query(catalog, "SELECT DISTINCT legal_basis FROM lake.main.person") == [("public_interest",)]
    assert "PERSON.csv: column 'legal_basis'" in report.ignored


def test_what_has_no_place_and_what_has_no_concept_is_reported(catalog, folder):
    (folder / "readme.txt").write_text("exported on Monday")
    report = ingest(catalog, folder)
    assert report.ignored == ("file readme.txt", "measurement.parquet: column 'ward'")
    # The vocabulary that ships has no concept for kPa; LOCAL-7 is one person's, so it is not named.
    assert [(u.column, u.code, u.n_rows) for u in report.unmapped] == [
        ("measurement_concept_id", None, 1),
        ("unit_concept_id", None, 2),
    ]


def test_a_folder_without_people_is_refused(catalog, folder):
    (folder / "PERSON.csv").unlink()
    with pytest.raises(IngestError, match=r"no file for the table 'person' \(person.parquet"):
        ingest(catalog, folder)


def test_a_table_without_a_required_field_is_refused(catalog, folder):
    pl.read_csv(folder / "PERSON.csv").drop("year_of_birth").write_csv(folder / "PERSON.csv")
    with pytest.raises(IngestError, match=r"PERSON.csv has no column 'year_of_birth', which OMOP CDM 5.4 requires"):
        ingest(catalog, folder)


def test_an_id_that_is_not_a_whole_number_is_refused_by_row(catalog, folder):
    people = pl.read_csv(folder / "PERSON.csv").with_columns(year_of_birth=pl.Series([1950.5, 1960.0]))
    people.write_csv(folder / "PERSON.csv")
    with pytest.raises(IngestError, match="column 'year_of_birth': 1 value not a whole number, first in row 1"):
        ingest(catalog, folder)


def test_a_fault_that_nobody_foresaw_is_told_without_values(catalog, folder, monkeypatch):
    import duckdb

    import data_catalog.ingest as module

    def fail(*_args, **_options):
        raise duckdb.ConversionException("Could not convert string 'MRN-0000012345' to INT64")

    monkeypatch.setattr(module, "check_keys", fail)
    with pytest.raises(IngestError, match=r"PERSON.csv.*ConversionException.*nothing was written") as refused:
        ingest(catalog, folder)
    assert "MRN" not in str(refused.value)


def test_a_duplicate_key_is_refused(catalog, folder):
    table = pl.read_parquet(folder / "measurement.parquet")
    table.with_columns(measurement_id=pl.Series([11, 11, 13])).write_parquet(folder / "measurement.parquet")
    with pytest.raises(IngestError, match="measurement_id"):
        ingest(catalog, folder)
    assert query(catalog, "SELECT count(*) FROM lake.main.person") == [(0,)]


def test_two_files_of_one_table_are_refused(catalog, folder):
    shutil.copy(folder / "PERSON.csv", folder / "person.tsv")
    with pytest.raises(IngestError, match="Both PERSON.csv and person.tsv hold the table 'person'"):
        ingest(catalog, folder)


def test_a_truncated_file_is_refused(catalog, folder):
    file = folder / "measurement.parquet"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(IngestError, match=r"measurement\.parquet cannot be read"):
        ingest(catalog, folder)


def test_a_site_without_a_vocabulary_of_its_own_gets_the_workbenchs(catalog, folder):
    ingest(catalog, folder)
    assert query(
        catalog, "SELECT concept_name FROM lake.main.concept WHERE site = 'centre' AND concept_id = 3004249"
    ) == [("Systolic blood pressure",)]


def test_synthea_ingests_whole_and_is_resolved_with_its_own_vocabulary(catalog, shared):
    source = shared / "data" / "omop-synthea27nj"
    report = ingest(catalog, source)
    for file in source.glob("*.parquet"):
        n_rows = pl.scan_parquet(file).select(pl.len()).collect().item()
        if n_rows:
            held = query(catalog, f"SELECT count(*) FROM lake.main.{file.stem} WHERE site = 'centre'")
            assert held == [(n_rows,)], file.stem
    assert query(catalog, "SELECT count(*) FROM lake.main.concept") == [(2294,)]
    # The source's own quirks: units and races that it knows by text only.
    unmapped = {(u.column, u.code): u.n_rows for u in report.unmapped}
    assert unmapped["unit_concept_id", "{score}"] == 471
    assert unmapped["race_concept_id", "hawaiian"] == 2
    assert {column for column, _ in unmapped} == {"unit_concept_id", "race_concept_id"}
    assert query(
        catalog,
        "SELECT count(*), count(value_canonical) FROM lake.main.measurement WHERE measurement_concept_id = 3004249",
    )[0] == (726, 726)

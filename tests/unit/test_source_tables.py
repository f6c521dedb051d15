"""A hospital's own table with a mapping file: what it becomes, and what is refused with which words."""

import copy

import polars as pl
import pytest

from data_catalog import Catalog, IngestError
from data_catalog.lake import open_reader
from data_catalog.sources import MappedTable
from data_catalog.sources.mapping import MappingFile

MAPPING = {
    "mapping": "ward",
    "version": "2",
    "missing": ["NA"],
    "dates": {"discharge": "admitted + stay days"},
    "person": {"id": "record", "birth": "born", "sex": {"column": "sex", "values": {"M": "male", "F": "female"}}},
    "observation_period": {"start": "admitted", "end": "last_seen"},
    "visits": [{"concept": "Inpatient Visit [Visit IP]", "date": "admitted", "end": "discharge"}],
    "conditions": [
        {
            "column": "hf",
            "date": "admitted",
            "relation": "broad",
            "values": {"1": "Heart failure [SNOMED 84114007]", "0": None},
        }
    ],
    "measurements": [
        {"column": "sbp", "concept": "Systolic blood pressure [LOINC 8480-6]", "unit": "kPa", "date": "admitted"}
    ],
    "death": {"column": "died", "values": {"1": True, "0": False}, "date": "last_seen"},
}
WARD = {
    "record": ["MRN-0000000017", "MRN-0000000018", "MRN-0000000019"],
    "born": ["1950-03-01", "1948-11-30", "1962-07-04"],
    "sex": ["M", "F", "F"],
    "admitted": ["2020-01-10", "2020-02-11", "2020-03-12"],
    "stay": ["3", "10", "1"],
    "last_seen": ["2021-01-10", "2020-06-11", "2022-03-12"],
    "hf": ["1", "0", "NA"],
    "sbp": ["16.0", "NA", "20.0"],
    "died": ["0", "1", "0"],
    "ward": ["B2", "B2", "C1"],
}


@pytest.fixture
def catalog(tmp_path):
    return Catalog.create(tmp_path / "catalog")


def ingest(catalog, mapping=MAPPING, **columns):
    table = MappedTable(pl.DataFrame(WARD | columns), mapping)
    return catalog.ingest(table, site="ward-3", basis="public_interest")


def query(catalog, sql):
    with open_reader(catalog.folder) as connection:
        return connection.execute(sql).fetchall()


def changed(*path, value):
    mapping = copy.deepcopy(MAPPING)
    place = mapping
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return mapping


def refusal(catalog, mapping=MAPPING, **columns):
    before = catalog.snapshots()
    with pytest.raises(IngestError) as refused:
        ingest(catalog, mapping, **columns)
    assert catalog.snapshots() == before
    assert "MRN-" not in str(refused.value)
    return str(refused.value)


def test_each_column_becomes_the_events_that_the_mapping_says(catalog):
    report = ingest(catalog)
    assert {table.table: table.n_rows for table in report.tables if table.n_people} == {
        "person": 3,
        "observation_period": 3,
        "visit_occurrence": 3,
        "condition_occurrence": 1,
        "measurement": 2,
        "death": 1,
        "person_link": 3,
    }
    assert query(
        catalog,
        "SELECT year_of_birth, month_of_birth, day_of_birth, gender_concept_id FROM lake.main.person ORDER BY 1",
    ) == [
        (1948, 11, 30, 8532),
        (1950, 3, 1, 8507),
        (1962, 7, 4, 8532),
    ]


def test_a_value_is_kept_as_recorded_and_harmonised_beside_it(catalog):
    ingest(catalog)
    rows = query(
        catalog,
        "SELECT value_as_number, unit_source_value, value_canonical, unit_canonical, source_code, source_vocabulary "
        "FROM lake.main.measurement ORDER BY 1",
    )
    # 1 kPa = 7.500615758 mmHg: the conventional millimetre of mercury is 133.322387415 Pa (BIPM, SI brochure, 8th ed., table 8).
    assert rows[0] == (16.0, "kPa", pytest.approx(120.00985, abs=1e-4), "mm[Hg]", "16", "ward.sbp")


def test_what_the_source_said_and_how_the_concept_stands_to_it_are_kept(catalog):
    ingest(catalog)
    assert query(
        catalog,
        "SELECT condition_concept_id, condition_source_value, source_code, source_vocabulary, mapping_relation, mapping_version, site, "
        "source_file FROM lake.main.condition_occurrence",
    ) == [(316139, "hf=1", "1", "ward.hf", "broad", "ward 2", "ward-3", "data frame")]


def test_an_unexplained_value_is_kept_as_concept_0_and_reported(catalog):
    report = ingest(catalog, hf=["2", "2", "0"])
    conditions = [u for u in report.unmapped if u.table == "condition_occurrence"]
    assert [(u.column, u.vocabulary, u.code, u.n_rows) for u in conditions] == [
        ("condition_concept_id", "ward.hf", "2", 2)
    ]
    assert query(
        catalog,
        "SELECT condition_concept_id, mapping_relation, count(*) FROM lake.main.condition_occurrence GROUP BY ALL",
    ) == [(0, "unmapped", 2)]


def test_a_code_that_only_one_person_has_is_not_named_in_the_report(catalog):
    report = ingest(catalog, hf=["MRN-0000000017", "0", "0"])
    assert [u.code for u in report.unmapped if u.table == "condition_occurrence"] == [None]
    assert "MRN-" not in str(report)
    assert "codes that only one person has" in str(report)


def test_columns_that_the_mapping_leaves_out_are_reported(catalog):
    assert ingest(catalog).ignored == ("data frame: column 'ward'",)


def test_record_numbers_stay_out_of_the_clinical_tables(catalog):
    ingest(catalog)
    assert query(catalog, "SELECT source_id FROM lake.governance.person_link ORDER BY 1")[0] == ("MRN-0000000017",)
    assert query(catalog, "SELECT person_source_value FROM lake.main.person") == [(None,)] * 3
    assert all(person_id > 10**9 for (person_id,) in query(catalog, "SELECT person_id FROM lake.main.person"))


def test_a_second_file_of_the_same_hospital_finds_the_same_people(catalog):
    ingest(catalog)
    later = {
        "mapping": "clinic",
        "version": "1",
        "person": {"id": "number"},
        "measurements": [{"column": "pulse", "concept": "Heart rate [LOINC 8867-4]", "unit": "bpm", "date": "seen"}],
    }
    clinic = pl.DataFrame({"number": WARD["record"], "pulse": [70, 80, 90], "seen": ["2021-05-01"] * 3})
    report = catalog.ingest(MappedTable(clinic, later), site="ward-3", basis="public_interest")
    assert {table.table: table.n_rows for table in report.tables} == {"measurement": 3, "person_link": 0}
    assert query(
        catalog, "SELECT count(*) FROM lake.main.measurement SEMI JOIN lake.main.person USING (person_id)"
    ) == [(5,)]


def test_people_whom_the_catalog_does_not_know_cannot_get_events(catalog):
    later = {
        "mapping": "clinic",
        "version": "1",
        "person": {"id": "number"},
        "visits": [{"concept": "Outpatient Visit [Visit OP]", "date": "seen"}],
    }
    clinic = pl.DataFrame({"number": ["MRN-9999999999"], "seen": ["2021-05-01"]})
    with pytest.raises(IngestError, match="person") as refused:
        catalog.ingest(MappedTable(clinic, later), site="ward-3", basis="public_interest")
    assert "9999999999" not in str(refused.value)


def test_implausible_values_are_kept_flagged_and_counted(catalog):
    report = ingest(catalog, born=["2020-06-01", "1948-11-30", "1962-07-04"], sbp=["16.0", "99.0", "20.0"])
    found = {(flag.table, flag.rule): flag.n_rows for flag in report.flags}
    assert found["measurement", "value_out_of_range"] == 1
    assert found["measurement", "before_birth"] == 1
    assert found["visit_occurrence", "before_birth"] == 1
    assert sum(table.n_rows for table in report.tables if table.table == "measurement") == 3


def test_an_end_before_its_start_is_kept_and_flagged(catalog):
    report = ingest(catalog, stay=["-3", "10", "1"])
    assert [(flag.table, flag.rule, flag.n_rows) for flag in report.flags] == [
        ("visit_occurrence", "end_before_start", 1)
    ]


def test_a_column_that_the_file_has_not_is_named_with_the_nearest(catalog):
    message = refusal(catalog, changed("measurements", 0, "column", value="spb"))
    assert "measurements[1]" in message
    assert "no column 'spb'" in message
    assert "Did you mean 'sbp'" in message


def test_a_unit_that_does_not_exist_is_named(catalog):
    message = refusal(catalog, changed("measurements", 0, "unit", value="mmHgg"))
    assert "measurements[1].unit: 'mmHgg' is not a UCUM unit" in message
    assert "Did you mean 'mm[Hg]'" in message


def test_a_unit_of_another_kind_of_quantity_is_refused(catalog):
    message = refusal(catalog, changed("measurements", 0, "unit", value="kg"))
    assert "'kg' cannot be turned into 'mm[Hg]', the unit of 'Systolic blood pressure'" in message


def test_a_concept_that_does_not_exist_is_named_with_the_nearest(catalog):
    message = refusal(catalog, changed("measurements", 0, "concept", value="Systolic blood pressure [LOINC 8480-9]"))
    assert "has no code '8480-9' of 'LOINC'" in message
    assert "Systolic blood pressure [LOINC 8480-6]" in message


def test_a_name_that_belongs_to_another_code_is_refused(catalog):
    message = refusal(catalog, changed("measurements", 0, "concept", value="Heart rate [LOINC 8480-6]"))
    assert "LOINC 8480-6 is called 'Systolic blood pressure'" in message


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"sbp": ["16.0", "high", "20.0"]}, "column 'sbp': 1 value not a number, first in row 2"),
        (
            {"admitted": ["2020-01-10", "11/02/2020", "12/03/2020"]},
            r"column 'admitted': 2 values not a date (YYYY-MM-DD), first in row 2",
        ),
        ({"stay": ["3", "ten", "1"]}, "column 'stay': 1 value not a number, first in row 2"),
        (
            {"record": ["MRN-0000000017", "MRN-0000000018", "MRN-0000000018"]},
            "duplicate key: 2 rows share their person with another row, first in row 2",
        ),
        (
            {"record": ["MRN-0000000017", None, "MRN-0000000019"]},
            "column 'record' (person.id) is empty in 1 rows, first in row 2",
        ),
        (
            {"died": ["0", "perhaps", "0"]},
            "column 'died' has 1 values that death.values does not explain, first in row 2",
        ),
    ],
)
def test_values_that_do_not_fit_are_located_by_row_and_column(catalog, columns, words):
    assert words in refusal(catalog, **columns)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("persons",), {}, "the mapping has 'persons', which means nothing there. Did you mean 'person'"),
        (("person", "idd"), "x", "person has 'idd'"),
        (("person", "id"), None, "person does not say 'id'"),
        (("dates", "discharge"), "admitted plus stay", "no column 'admitted plus stay'"),
        (("dates", "discharge"), "admitted + stay weeks", "dates.discharge: 'admitted + stay weeks' is not a date"),
        (("person", "sex", "values"), {"M": "mael"}, "person.sex.values: 'mael' is not allowed. Allowed: male, female"),
        (("conditions", 0, "concept"), "Heart failure [SNOMED 84114007]", "conditions[1]: say one of 'concept'"),
        (("measurements", 0, "unit"), None, "measurements[1]: a measurement needs 'column', 'concept' and 'unit'"),
        (("conditions", 0, "relation"), "exakt", "conditions[1].relation: Did you mean 'exact'"),
        (
            ("nominal_dates",),
            {"discharged": "why"},
            "nominal_dates: 'discharged' is not a date of this mapping. Did you mean 'discharge'",
        ),
        (("visits",), {"concept": "x"}, "visits should be a list"),
    ],
)
def test_a_mapping_of_the_wrong_form_is_refused_with_its_place(catalog, path, value, words):
    assert words in refusal(catalog, changed(*path, value=value))


def test_a_mapping_that_is_not_yaml_is_refused_with_its_line(tmp_path):
    file = tmp_path / "mapping.yaml"
    file.write_text("mapping: ward\nperson: {id: [\n")
    with pytest.raises(IngestError, match=r"mapping.yaml is not YAML \(line 3\)"):
        MappingFile.read(file)


def test_a_truncated_parquet_file_is_refused(catalog, tmp_path):
    file = tmp_path / "ward.parquet"
    pl.DataFrame(WARD).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(IngestError, match=r"ward\.parquet cannot be read.*complete"):
        catalog.ingest(MappedTable(file, MAPPING), site="ward-3")


def test_a_csv_with_a_ragged_row_is_refused_by_line_without_quoting_it(catalog, tmp_path):
    file = tmp_path / "ward.csv"
    pl.DataFrame(WARD).write_csv(file)
    file.write_text(file.read_text() + "MRN-0000000020,1950-01-01\n")
    with pytest.raises(IngestError, match=r"ward\.csv cannot be read") as refused:
        catalog.ingest(MappedTable(file, MAPPING), site="ward-3")
    assert "line 5" in str(refused.value)
    assert "MRN" not in str(refused.value)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_every_kind_of_file_gives_the_same_rows(catalog, tmp_path, suffix):
    file = tmp_path / f"ward.{suffix}"
    frame = pl.DataFrame(WARD)
    {"csv": frame.write_csv, "tsv": lambda f: frame.write_csv(f, separator="\t"), "parquet": frame.write_parquet}[
        suffix
    ](file)
    catalog.ingest(MappedTable(file, MAPPING), site="ward-3", basis="public_interest")
    assert query(catalog, "SELECT sum(value_as_number), count(*) FROM lake.main.measurement") == [(36.0, 2)]


def test_a_file_of_another_kind_is_refused_with_those_that_can_be_read(catalog, tmp_path):
    (tmp_path / "ward.xlsx").write_bytes(b"PK")
    with pytest.raises(IngestError, match=r"ward\.xlsx is not a table that can be read. Allowed: \.parquet, \.csv"):
        catalog.ingest(MappedTable(tmp_path / "ward.xlsx", MAPPING), site="ward-3")


def test_a_column_name_cannot_smuggle_sql(catalog):
    name = 'sbp" FROM _raw; DROP TABLE lake.main.person; --'
    mapping = changed("measurements", 0, "column", value=name)
    frame = pl.DataFrame(WARD).rename({"sbp": name})
    catalog.ingest(MappedTable(frame, mapping), site="ward-3", basis="public_interest")
    assert query(catalog, "SELECT count(*) FROM lake.main.person") == [(3,)]

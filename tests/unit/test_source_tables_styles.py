"""Tables as other countries write them: encodings, decimal commas, styles of dates, codes and lists of the hospital, a row an event."""

import pytest

from data_catalog import Catalog, IngestError
from data_catalog.lake import open_reader
from data_catalog.sources import MappedTable
from data_catalog.sources.draft import draft_mapping
from data_catalog.sources.mapping import MappingFile
from data_catalog.sources.styles import Style

GERMAN = """Fallnr;Patient;Geschlecht;geboren;Aufnahme;Entlassung;Diagnose;LDL;Kreatinin;HbA1c;Thrombozyten;verstorben
1;P-01;w;02.03.1948;04.05.2019;11.05.2019;I50.14 G;3,1;97,2;53;1.250,5;nein
2;P-02;m;20.10.1951;09.05.2019;15.05.2019;I2510;2,0;;42;212;ja
3;P-03;männlich;17.01.1939;01.06.2019;14.06.2019;I21.4 V;k.A.;110;;198;nein
"""
MAPPING = """
mapping: herzklinik
version: "1"
missing: [k.A.]
file: {encoding: windows-1252, separator: ";", decimal: ",", thousands: ".", dates: dd.mm.yyyy}
person:
  id: Patient
  birth: geboren
  sex: {column: Geschlecht, values: {w: female, m: male, männlich: male}}
observation_period: {start: Aufnahme, end: Entlassung}
visits:
  - {concept: "Inpatient Visit [Visit IP]", date: Aufnahme, end: Entlassung}
conditions:
  - {column: Diagnose, vocabulary: ICD-10-GM, date: Aufnahme}
measurements:
  - {column: LDL, concept: "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay [LOINC 18262-6]", unit: mmol/l, date: Aufnahme}
  - {column: Kreatinin, concept: "Creatinine [Mass/volume] in Serum or Plasma [LOINC 2160-0]", unit: µmol/l, date: Aufnahme}
  - {column: HbA1c, concept: "Hemoglobin A1c/Hemoglobin.total in Blood [LOINC 4548-4]", unit: mmol/mol, date: Aufnahme}
  - {column: Thrombozyten, concept: "Platelets [#/volume] in Blood by Automated count [LOINC 777-3]", unit: G/l, date: Aufnahme}
death: {column: verstorben, values: {ja: true, nein: false}, date: Entlassung}
"""
LABS = """Patient;Datum;Test;Wert;Einheit
P-01;04.05.2019 07:30;K;4,1;mmol/l
P-01;05.05.2019 07:30;TNT;0,014;ng/ml
P-01;05.05.2019 07:31;TNT;< 0,003;ng/ml
P-02;09.05.2019 08:00;LDL;77;mg/dl
P-02;09.05.2019 08:00;XYZ;1;U/l
P-02;10.05.2019 08:00;K;4,5;mg%
"""
LAB_LIST = """code;concept;relation
K;Potassium [Moles/volume] in Serum or Plasma [LOINC 2823-3];
TNT;Troponin T in serum or plasma by a high-sensitivity assay [Cardio Workbench troponin-t-high-sensitivity];broad
LDL;Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay [LOINC 18262-6];narrow
"""
LAB_MAPPING = """
mapping: labor
version: "1"
layout: long
file: {separator: ";", decimal: ",", dates: dd.mm.yyyy HH:MM}
person: {id: Patient}
measurements:
  - {column: Wert, code: Test, list: labor.csv, unit_column: Einheit, date: Datum}
"""


class Clinic:
    """A folder of files and a catalog that they go into."""

    def __init__(self, folder):
        self.folder = folder
        self.catalog = Catalog.create(folder / "catalog")

    def ingest(self, text, mapping, *, name="klinik.csv", encoding="windows-1252", **files):
        (self.folder / name).write_bytes(text.encode(encoding))
        (self.folder / f"{name}.yaml").write_text(mapping, encoding="utf-8")
        for stem, content in files.items():
            (self.folder / f"{stem}.csv").write_text(content, encoding="utf-8")
        table = MappedTable(self.folder / name, self.folder / f"{name}.yaml")
        return self.catalog.ingest(table, site="klinik", basis="public_interest")

    def rows(self, sql):
        with open_reader(self.catalog.folder) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """The German hospital: its cases, then its laboratory, a row a result."""
    clinic = Clinic(tmp_path_factory.mktemp("klinik"))
    clinic.cases = clinic.ingest(GERMAN, MAPPING)
    clinic.labs = clinic.ingest(LABS, LAB_MAPPING, name="labor-werte.csv", encoding="utf-8", labor=LAB_LIST)
    return clinic


@pytest.fixture
def empty(tmp_path):
    return Clinic(tmp_path)


def test_a_german_file_is_ingested_as_it_is(clinic):
    assert {one.table: one.n_rows for one in clinic.cases.tables if one.n_people} == {
        "person": 3,
        "person_link": 3,
        "observation_period": 3,
        "visit_occurrence": 3,
        "condition_occurrence": 3,
        "measurement": 9,
        "death": 1,
    }
    assert clinic.rows(
        "SELECT year_of_birth, month_of_birth, day_of_birth, gender_source_value FROM lake.main.person ORDER BY 1"
    ) == [(1939, 1, 17, "männlich"), (1948, 3, 2, "w"), (1951, 10, 20, "m")]


def test_german_diagnoses_find_their_concepts_and_a_suspicion_does_not(clinic):
    assert clinic.rows(
        "SELECT source_code, source_vocabulary, condition_concept_id, mapping_relation, mapping_rule, source_row "
        "FROM lake.main.condition_occurrence ORDER BY source_row"
    ) == [
        ("I50.14 G", "ICD10GM", 316139, "broad", "conditions[1]: shipped list ICD10 I50", 1),
        ("I2510", "ICD10GM", 317576, "broad", "conditions[1]: shipped list ICD10 I25.1", 2),
        ("I21.4 V", "ICD10GM", 0, "unmapped", "conditions[1]: said to be suspected", 3),
    ]


def test_decimal_commas_and_international_units_become_canonical_values(clinic):
    rows = clinic.rows(
        "SELECT value_source_value, value_as_number, round(value_canonical, 2), unit_canonical FROM lake.main.measurement "
        "WHERE source_file = 'klinik.csv' ORDER BY source_row, measurement_concept_id"
    )
    assert set(rows) == {
        ("3,1", 3.1, 119.87, "mg/dL"),  # 38.67 mg/dL in a mmol/L of cholesterol
        ("97,2", 97.2, 1.1, "mg/dL"),  # 88.4 µmol/L in a mg/dL of creatinine
        ("53", 53.0, 7.0, "%"),
        ("1.250,5", 1250.5, 1250.5, "10*9/L"),
        ("2,0", 2.0, 77.33, "mg/dL"),
        ("42", 42.0, 5.99, "%"),
        ("212", 212.0, 212.0, "10*9/L"),
        ("110", 110.0, 1.24, "mg/dL"),
        ("198", 198.0, 198.0, "10*9/L"),
    }


def test_a_laboratory_has_a_row_a_result_with_a_list_of_its_own_and_units_row_by_row(clinic):
    assert clinic.rows(
        "SELECT source_code, measurement_date::VARCHAR, value_source_value, value_as_number, unit_source_value, "
        "round(value_canonical, 3), unit_canonical, mapping_relation FROM lake.main.measurement "
        "WHERE source_file = 'labor-werte.csv' ORDER BY source_row"
    ) == [
        ("K", "2019-05-04", "4,1", 4.1, "mmol/l", 4.1, "mmol/L", "exact"),
        ("TNT", "2019-05-05", "0,014", 0.014, "ng/ml", 14.0, "ng/L", "broad"),
        ("TNT", "2019-05-05", "< 0,003", None, "ng/ml", None, None, "broad"),
        ("LDL", "2019-05-09", "77", 77.0, "mg/dl", 77.0, "mg/dL", "narrow"),
        ("XYZ", "2019-05-09", "1", 1.0, "U/l", 1.0, "U/L", "unmapped"),
        ("K", "2019-05-10", "4,5", 4.5, "mg%", None, None, "exact"),
    ]
    assert clinic.labs.notes == (
        "measurements[1]: 1 result is no number; kept as text.",
        "measurements[1]: 1 result is in a unit that cannot become the one of the measure; kept without a canonical value.",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3,1", "3.1", r"column 'LDL': 1 value not a number as declared under file \(1\.234,5\), first in row 1"),
        ("04.05.2019", "2019-05-04", r"column 'Aufnahme': 1 value not a date as declared under file \(dd\.mm\.yyyy\)"),
        ("04.05.2019", "31.02.2019", r"column 'Aufnahme': 1 value not a date"),
    ],
)
def test_a_value_in_another_style_than_declared_is_refused_by_column_and_row(empty, old, new, message):
    with pytest.raises(IngestError, match=message):
        empty.ingest(GERMAN.replace(old, new, 1), MAPPING)
    assert empty.rows("SELECT count(*) FROM lake.provenance.ingest") == [(0,)]


def test_rows_that_do_not_fit_can_be_left_out_and_are_counted_by_cause(empty):
    report = empty.ingest(GERMAN.replace("3,1", "3.1", 1), MAPPING + "faults: leave out\n")
    (part,) = report.left_out
    assert (part.n_people, part.n_rows) == (1, 1)
    assert part.reason.startswith("rows in which column 'LDL' is not a number as declared under file")
    assert empty.rows("SELECT count(*) FROM lake.main.person") == [(2,)]


def test_an_encoding_that_is_not_declared_is_not_guessed(empty):
    with pytest.raises(IngestError, match=r"klinik.csv is not text in utf-8. .*encoding: windows-1252"):
        empty.ingest(GERMAN, MAPPING.replace("encoding: windows-1252, ", ""))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"dezimal": ","}, "'dezimal', which means nothing there. Did you mean 'decimal'"),
        ({"decimal": ";"}, "neither '.' nor ','"),
        ({"decimal": ",", "thousands": ","}, "file.thousands"),
        ({"dates": "day.month"}, "is not a style of dates. Write day, month and year"),
        ({"encoding": "klingon"}, "'klingon' is not an encoding"),
        ({"separator": ":"}, "file.separator: ':' is not one"),
    ],
)
def test_a_style_that_means_nothing_is_refused(content, message):
    with pytest.raises(IngestError, match=message):
        Style.read(content)


def test_a_person_cannot_have_two_dates_of_birth(empty):
    twice = GERMAN + "4;P-01;w;03.03.1948;04.05.2020;11.05.2020;I10;3,1;97,2;53;200;nein\n"
    with pytest.raises(IngestError, match="duplicate key.*layout: long"):
        empty.ingest(twice, MAPPING)
    with pytest.raises(
        IngestError, match="1 people have rows with different dates of birth or sexes, the first .* in row 1"
    ):
        empty.ingest(twice, MAPPING + "layout: long\n")
    empty.ingest(twice.replace("03.03.1948", "02.03.1948"), MAPPING + "layout: long\n")
    assert empty.rows("SELECT count(*) FROM lake.main.visit_occurrence") == [(4,)]
    assert empty.rows(
        "SELECT observation_period_start_date::VARCHAR, observation_period_end_date::VARCHAR FROM lake.main.observation_period "
        "ORDER BY ALL LIMIT 1"
    ) == [("2019-05-04", "2020-05-11")]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (None, r"measurements\[1\].list: there is no file .*missing.csv. It is looked for beside the mapping file"),
        ("code,name\nK,x\n", "has no column 'concept'"),
        ("code,concept\nK,\nK,\n", "line 3: the code is there twice"),
        ("code,concept,relation\nK,,sort of\n", "line 2: "),
    ],
)
def test_a_list_with_a_fault_is_refused_by_line(tmp_path, listed, message):
    if listed is not None:
        (tmp_path / "missing.csv").write_text(listed)
    (tmp_path / "m.yaml").write_text(LAB_MAPPING.replace("labor.csv", "missing.csv"))
    with pytest.raises(IngestError, match=message):
        MappingFile.read(tmp_path / "m.yaml")


def test_a_concept_of_a_list_that_does_not_exist_is_named_with_its_line(empty):
    wrong = LAB_LIST.replace("LOINC 2823-3", "LOINC 2823-4")
    with pytest.raises(IngestError, match=r"measurements\[1\].list, line 2: .* has no code '2823-4'"):
        empty.ingest(LABS, LAB_MAPPING, encoding="utf-8", labor=wrong)


def test_a_draft_proposes_how_the_file_is_written_and_which_codes_it_has(tmp_path):
    path = tmp_path / "klinik.csv"
    path.write_bytes(GERMAN.replace("k.A.", "2,9").encode("windows-1252"))
    text = draft_mapping(path)
    assert "encoding: windows-1252" in text
    assert "dates: dd.mm.yyyy" in text
    assert 'decimal: ","' in text
    assert 'thousands: "."' in text
    assert "{column: Diagnose, vocabulary: ICD-10, date: index}   # or ICD-10-GM" in text
    assert 'column: LDL, concept: "Cholesterol in LDL' in text
    (tmp_path / "draft.yaml").write_text(text)
    assert MappingFile.read(tmp_path / "draft.yaml").style.dates == "dd.mm.yyyy"


def test_a_draft_of_a_row_an_event_says_so(tmp_path):
    (tmp_path / "labor.csv").write_text(LABS)
    assert "layout: long" in draft_mapping(tmp_path / "labor.csv")

"""FHIR resources, kind by kind and fault by fault: what becomes of them, what is left out and why, what refuses a whole folder."""

import gzip
import json
import shutil
from datetime import UTC, date, datetime

import pytest

from data_catalog import Catalog, IngestError
from data_catalog.lake import open_reader, writer
from data_catalog.sources import FhirFolder, OmopFolder
from data_catalog.sources.base import IngestContext
from data_catalog.sources.fhir_files import LONGEST_LINE_BYTES

SNOMED, LOINC, RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    """The one writer that the tests of staging share, of a catalog with nobody in it."""
    catalog = Catalog.create(tmp_path_factory.mktemp("fhir") / "catalog")
    with writer(catalog.folder) as connection:
        yield connection


@pytest.fixture
def stage(connection, tmp_path):
    """Write resources into a folder and stage it: returns the staged source, whose rows :func:`rows` reads."""

    def stage(*resources, patients=("a",)):
        write(tmp_path, [*(patient(one) for one in patients), *resources])
        return FhirFolder(tmp_path).stage(connection, IngestContext("centre", bytes(32)))

    return stage


@pytest.fixture
def rows(connection):
    """Read columns of a staged table, in the order of the source's lines."""

    def rows(source, table, *columns):
        if table not in source.relations:
            return []
        found = connection.execute(
            f"SELECT {', '.join(columns)} FROM {source.relations[table]} ORDER BY _file, _row, {', '.join(map(str, range(1, len(columns) + 1)))}"
        )
        return [row[0] if len(columns) == 1 else row for row in found.fetchall()]

    return rows


def write(folder, resources, name="all.ndjson"):
    text = "".join(json.dumps(resource) + "\n" for resource in resources)
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def patient(name, **parts):
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1950-02-03", **parts}


def concept(*codings, text=None):
    found = {"coding": [dict(zip(("system", "code"), coding, strict=True)) for coding in codings]} if codings else {}
    return found | ({"text": text} if text else {})


MI = concept((SNOMED, "22298006"))


def about(kind, name, who="Patient/a", **parts):
    return {"resourceType": kind, "id": name, "subject": {"reference": who}, **parts}


def condition(name="c", who="Patient/a", **parts):
    return about("Condition", name, who, **{"code": MI, "onsetDateTime": "2019-05-04", **parts})


def observation(name="o", code=(LOINC, "8480-6"), **parts):
    return about(
        "Observation", name, **{"code": concept(code), "effectiveDateTime": "2020-01-01", "status": "final", **parts}
    )


def reasons(source):
    return {part.reason: (part.n_people, part.n_rows) for part in source.left_out}


# Patients


def test_sex_race_and_ethnicity_become_concepts_and_stay_in_words(stage, rows):
    us_core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"

    def extension(what, *codes):
        parts = [{"url": "ombCategory", "valueCoding": {"code": code, "display": words}} for code, words in codes]
        return {"url": us_core + what, "extension": [*parts, {"url": "text", "valueString": "…"}]}

    white, asian, hispanic = ("2106-3", "White"), ("2028-9", "Asian"), ("2135-2", "Hispanic or Latino")
    source = stage(
        patient("one", gender="male", extension=[extension("race", asian), extension("ethnicity", hispanic)]),
        patient("two", gender="other", extension=[extension("race", white, asian)]),
        patients=(),
    )
    columns = (
        "gender_concept_id",
        "gender_source_value",
        "race_concept_id",
        "race_source_value",
        "ethnicity_concept_id",
    )
    assert rows(source, "person", *columns) == [
        (8507, "male", 8515, "Asian", 38003563),
        (0, "other", 0, "White; Asian", 0),
    ]


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("1950-02-03", (1950, 2, 3, datetime(1950, 2, 3))),
        ("1950-02", (1950, 2, None, None)),
        ("1950", (1950, None, None, None)),
    ],
)
def test_a_birth_date_is_kept_as_exactly_as_it_is_known(stage, rows, birth, expected):
    source = stage(patient("a", birthDate=birth), patients=())
    assert rows(source, "person", "year_of_birth", "month_of_birth", "day_of_birth", "birth_datetime") == [expected]


def test_a_patient_without_a_birth_year_is_left_out_with_their_rows(stage, rows):
    source = stage({"resourceType": "Patient", "id": "b"}, condition("c1"), condition("c2", "Patient/b"))
    assert rows(source, "condition_occurrence", "condition_concept_id") == [4329847]
    assert reasons(source) == {
        "Patient without a year of birth": (1, 1),
        "Condition of people whom the site's data do not know": (1, 1),
    }


def test_a_death_has_its_day_and_a_death_without_a_day_is_a_note(stage, rows):
    source = stage(
        patient("a", deceasedDateTime="2020-02-08T23:30:00-05:00"),
        patient("b", deceasedBoolean=True),
        patient("c", deceasedDateTime="2019-07"),
        patient("d", deceasedBoolean=False),
        patients=(),
    )
    assert rows(source, "death", "death_date", "death_datetime") == [
        (date(2020, 2, 8), datetime(2020, 2, 8, 23, 30)),
        (date(2019, 7, 1), None),
    ]
    assert source.notes == (
        "1 person is said to have died, without a day: no death is recorded.",
        "1 death is known by month or year only: the first day of that month or year is recorded.",
    )


def test_record_numbers_and_ids_stand_in_the_link_alone(stage, rows):
    number = {"type": {"coding": [{"code": "MR"}]}, "system": "urn:mrn", "value": "MRN-7"}
    social = {"type": {"coding": [{"code": "SS"}]}, "system": "urn:ssn", "value": "999-94-5397"}
    source = stage(patient("secret-id", identifier=[number, social]), condition(who="Patient/secret-id"), patients=())
    assert rows(source, "person_link", "source_id") == ["MRN-7", "secret-id"]
    for table in set(source.relations) - {"person_link", "concept", "concept_ancestor"}:
        said = str(rows(source, table, "*"))
        assert "secret-id" not in said
        assert "MRN-7" not in said
        assert "999-94" not in said


def test_a_record_number_that_two_patients_share_leads_to_neither(stage, rows):
    number = {"type": {"coding": [{"code": "MR"}]}, "value": "MRN-7"}
    source = stage(patient("a", identifier=[number]), patient("b", identifier=[number]), patients=())
    assert rows(source, "person_link", "source_id") == ["a", "b"]
    assert "1 medical record number is shared" in source.notes[0]


# References


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/a"},
        {"reference": "https://hospital.example/fhir/Patient/a"},
        {"reference": "Patient/a/_history/3"},
        {"reference": "urn:uuid:a"},
        {"reference": "Patient?identifier=urn:mrn|7"},
        {"identifier": {"system": "urn:mrn", "value": "7"}},
    ],
)
def test_every_way_to_refer_to_a_patient_leads_to_them(stage, rows, reference):
    source = stage(
        patient("a", identifier=[{"system": "urn:mrn", "value": "7"}]),
        condition() | {"subject": reference},
        patients=(),
    )
    assert rows(source, "condition_occurrence", "person_id") == rows(source, "person", "person_id")
    assert reasons(source) == {}


def test_what_is_about_a_stranger_or_about_no_patient_is_left_out_and_counted(stage):
    source = stage(condition("c1", "Patient/z"), condition("c2", "Patient/z"), condition("c3", "Group/a"))
    assert reasons(source) == {
        "Condition of people whom the site's data do not know": (1, 2),
        "Condition about something other than a patient": (1, 1),
    }


def test_resources_of_a_bundle_refer_to_each_other_by_their_addresses(stage, rows):
    entries = [
        {"fullUrl": "urn:uuid:11", "resource": patient("p")},
        {
            "fullUrl": "urn:uuid:22",
            "resource": about("Encounter", "e", "urn:uuid:11", status="finished", period={"start": "2020-01-01"}),
        },
        {"fullUrl": "urn:uuid:33", "resource": condition(who="urn:uuid:11", encounter={"reference": "urn:uuid:22"})},
    ]
    del entries[2]["resource"]["id"]
    source = stage({"resourceType": "Bundle", "type": "collection", "entry": entries}, patients=())
    (visit,) = rows(source, "visit_occurrence", "visit_occurrence_id")
    assert rows(source, "condition_occurrence", "visit_occurrence_id", "_row") == [(visit, 1)]
    assert source.n_read == {"all.ndjson": 3}


# Visits


def test_an_encounter_becomes_a_visit_by_its_class(stage, rows):
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    period = {"start": "2020-01-01T23:15:00+01:00", "end": "2020-01-04T10:00:00+01:00"}
    source = stage(
        about("Encounter", "1", status="finished", period=period, **{"class": {"system": act, "code": "IMP"}}),
        about(
            "Encounter", "2", status="finished", period={"start": "2020-02"}, **{"class": {"system": act, "code": "??"}}
        ),
        about("Encounter", "3", status="cancelled", period=period),
        about("Encounter", "4", status="planned", period=period),
        about("Encounter", "5", status="finished"),
    )
    columns = (
        "visit_concept_id",
        "visit_start_date",
        "visit_start_datetime",
        "visit_end_date",
        "visit_source_value",
        "mapping_relation",
    )
    assert rows(source, "visit_occurrence", *columns) == [
        (9201, date(2020, 1, 1), datetime(2020, 1, 1, 23, 15), date(2020, 1, 4), "IMP", "exact"),
        (0, date(2020, 2, 1), None, None, "??", "unmapped"),
    ]
    assert reasons(source) == {
        "Encounter cancelled": (1, 1),
        "Encounter planned, not begun": (1, 1),
        "Encounter without a day that can be read": (1, 1),
    }
    assert "1 row is of a month or a year only" in source.notes[0]


# Conditions and codes


def test_the_onset_of_a_condition_goes_before_the_day_it_was_written_down(stage, rows):
    source = stage(
        condition("1", recordedDate="2021-01-01", abatementDateTime="2019-06-01"),
        condition("2", onsetDateTime=None, recordedDate="2021-01-01"),
    )
    assert rows(source, "condition_occurrence", "condition_start_date", "condition_end_date") == [
        (date(2019, 5, 4), date(2019, 6, 1)),
        (date(2021, 1, 1), None),
    ]


def test_of_several_codings_the_one_with_a_standard_concept_counts_and_the_source_code_stays(stage, rows):
    source = stage(
        condition("1", code=concept(("urn:local", "HI"), (SNOMED, "22298006"), text="Herzinfarkt")),
        condition("2", code=concept(("urn:local", "HI"), text="Herzinfarkt")),
        condition("3", code=concept(text="Herzinfarkt")),
    )
    columns = ("condition_concept_id", "source_code", "source_vocabulary", "condition_source_value", "mapping_relation")
    assert rows(source, "condition_occurrence", *columns) == [
        (4329847, "22298006", "SNOMED", "22298006", "exact"),
        (0, "HI", "urn:local", "HI", "unmapped"),
        (0, None, None, "Herzinfarkt", "unmapped"),
    ]


def test_a_national_code_says_how_well_its_concept_fits(stage, rows):
    german = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
    source = stage(condition("1", code=concept((german, "I50.14"))), condition("2", code=concept((german, "I21"))))
    columns = ("condition_concept_id", "source_code", "source_vocabulary", "mapping_relation")
    assert rows(source, "condition_occurrence", *columns) == [
        (316139, "I50.14", "ICD10GM", "broad"),
        (2140000001, "I21", "ICD10GM", "exact"),
    ]


def test_the_domain_of_the_concept_chooses_the_table(stage, rows):
    # History of myocardial infarction is an observation in OMOP; an ejection fraction a measurement, whoever recorded it as what.
    source = stage(
        condition("1", code=concept((SNOMED, "399211009"))),
        about("Procedure", "2", status="completed", code=concept((LOINC, "10230-1")), performedDateTime="2020-01-01"),
    )
    assert rows(source, "observation", "observation_concept_id") == [4163874]
    assert rows(source, "measurement", "measurement_concept_id") == [3027172]
    assert "condition_occurrence" not in source.relations


def test_what_is_refuted_or_entered_in_error_is_left_out(stage, rows):
    def verified(code):
        return {"coding": [{"code": code}]}

    source = stage(
        condition("1", verificationStatus=verified("entered-in-error")),
        condition("2", verificationStatus=verified("refuted")),
        condition("3", verificationStatus=verified("provisional")),
        condition("4", code=None),
    )
    assert rows(source, "condition_occurrence", "condition_status_source_value") == ["provisional"]
    assert reasons(source) == {
        "Condition entered in error": (1, 1),
        "Condition refuted": (1, 1),
        "Condition without a code or words for what it is": (1, 1),
    }


# Observations


def test_a_blood_pressure_is_a_row_a_component(stage, rows):
    def component(code, value):
        return {
            "code": concept((LOINC, code)),
            "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        }

    source = stage(observation(code=(LOINC, "85354-9"), component=[component("8480-6", 142), component("8462-4", 91)]))
    columns = ("measurement_concept_id", "value_as_number", "unit_concept_id", "value_canonical", "unit_canonical")
    assert sorted(rows(source, "measurement", *columns)) == [
        (3004249, 142, 8876, 142, "mm[Hg]"),
        (3012888, 91, 8876, 91, "mm[Hg]"),
    ]
    assert source.notes == ("Observation: 1 resource became 2 rows, one for each component with a value.",)


def test_units_are_harmonised_beside_what_was_recorded(stage, rows):
    kilopascal = {"value": 16, "unit": "Kilopascal", "system": UCUM, "code": "kPa"}
    source = stage(
        observation("1", valueQuantity=kilopascal),
        observation("2", valueQuantity={"value": 120, "unit": "mmHg"}),
        observation("3", valueQuantity={"value": 120, "unit": "Spannen"}),
    )
    found = rows(source, "measurement", "value_as_number", "unit_source_value", "value_canonical", "unit_canonical")
    assert found == [
        (16, "kPa", pytest.approx(120.01, abs=0.01), "mm[Hg]"),
        (120, "mmHg", 120, "mm[Hg]"),
        (120, "Spannen", None, None),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": {"value": 5, "comparator": "<"}}, (5, 4171756, None, None, "<5")),
        ({"valueInteger": 3}, (3, None, None, None, "3")),
        ({"valueString": "bläulich"}, (None, None, None, "bläulich", "bläulich")),
        ({"valueBoolean": False}, (None, None, 4188540, "false", "false")),
        ({"valueCodeableConcept": concept((SNOMED, "22298006"))}, (None, None, 4329847, None, "22298006")),
        ({"valueCodeableConcept": concept(text="trüb")}, (None, None, None, None, "trüb")),
        (
            {"valueRange": {"low": {"value": 2, "unit": "mm"}, "high": {"value": 4, "unit": "mm"}}},
            (None, None, None, "2 mm to 4 mm", "2 mm to 4 mm"),
        ),
        (
            {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
            (None, None, None, "1 : 128", "1 : 128"),
        ),
        ({"valueDateTime": "2019-01-02"}, (None, None, None, "2019-01-02", "2019-01-02")),
        ({"dataAbsentReason": {"coding": [{"code": "unknown"}]}}, (None, None, None, None, "unknown")),
        ({}, (None, None, None, None, None)),
    ],
)
def test_every_type_of_value_is_kept(stage, rows, value, expected):
    laboratory = [{"coding": [{"code": "laboratory"}]}]
    source = stage(observation("1", category=laboratory, **value), observation("2", ("urn:local", "x"), **value))
    number, operator, coded, text, said = expected
    columns = ("value_as_number", "operator_concept_id", "value_as_concept_id", "value_source_value")
    measured = rows(source, "measurement", *columns)
    assert measured[0] == (number, operator, coded, said)
    if number is None:
        columns = ("value_as_concept_id", "value_as_string", "value_source_value")
        assert rows(source, "observation", *columns) == [(coded, text, said)]
    else:
        assert len(measured) == 2


def test_the_laboratorys_normal_range_is_kept(stage, rows):
    source = stage(
        observation(valueQuantity={"value": 5}, referenceRange=[{"low": {"value": 3.5}, "high": {"value": 5.1}}])
    )
    assert rows(source, "measurement", "range_low", "range_high") == [(3.5, 5.1)]


def test_cancelled_observations_and_panels_of_others_are_left_out(stage):
    source = stage(
        observation("1", status="cancelled"),
        observation("2", status="entered-in-error"),
        observation("3", hasMember=[{"reference": "Observation/4"}]),
        observation("4", valueInteger=1),
        observation("5", effectiveDateTime=None),
    )
    assert reasons(source) == {
        "Observation cancelled": (1, 1),
        "Observation entered in error": (1, 1),
        "Observation panel whose results are resources of their own": (1, 1),
        "Observation without a day that can be read": (1, 1),
    }


def test_a_report_is_a_row_unless_its_results_are_resources_of_their_own(stage, rows):
    report = {"code": concept((LOINC, "58410-2")), "effectiveDateTime": "2020-01-01", "status": "final"}
    source = stage(
        about("DiagnosticReport", "1", conclusion="unauffällig", conclusionCode=[MI], **report),
        about("DiagnosticReport", "2", result=[{"reference": "Observation/1"}], **report),
    )
    assert rows(source, "observation", "value_as_string", "value_as_concept_id", "value_source_value") == [
        ("unauffällig", 4329847, "22298006")
    ]
    assert reasons(source) == {"DiagnosticReport whose results are resources of their own": (1, 1)}


# Drugs, procedures, devices, allergies

ASPIRIN = concept((RXNORM, "1191"))


def test_a_prescription_finds_its_medication_in_place_contained_or_by_reference(stage, rows):
    contained = {
        "contained": [{"resourceType": "Medication", "id": "m", "code": ASPIRIN}],
        "medicationReference": {"reference": "#m"},
    }
    source = stage(
        about("MedicationRequest", "1", status="active", authoredOn="2020-01-01", medicationCodeableConcept=ASPIRIN),
        about("MedicationRequest", "2", status="active", authoredOn="2020-01-01", **contained),
        about(
            "MedicationRequest",
            "3",
            status="active",
            authoredOn="2020-01-01",
            medicationReference={"reference": "Medication/m1"},
        ),
        about(
            "MedicationRequest",
            "4",
            status="active",
            authoredOn="2020-01-01",
            medicationReference={"reference": "Medication/gone"},
        ),
        {"resourceType": "Medication", "id": "m1", "code": ASPIRIN},
    )
    assert rows(source, "drug_exposure", "drug_concept_id", "drug_type_concept_id") == [(1112807, 32838)] * 3
    assert reasons(source) == {"MedicationRequest of a medication that the source does not have": (1, 1)}


def test_the_supply_of_a_prescription_says_when_it_ends(stage, rows):
    request = {
        "medicationCodeableConcept": ASPIRIN,
        "authoredOn": "2020-01-01",
        "dosageInstruction": [{"text": "1-0-0"}, {"text": "mit Wasser"}],
        "dispenseRequest": {
            "quantity": {"value": 28},
            "numberOfRepeatsAllowed": 2,
            "expectedSupplyDuration": {"value": 4, "code": "wk"},
        },
    }
    columns = ("drug_exposure_end_date", "days_supply", "quantity", "refills", "sig")
    assert rows(stage(about("MedicationRequest", "1", **request)), "drug_exposure", *columns) == [
        (date(2020, 1, 28), 28, 28, 2, "1-0-0; mit Wasser")
    ]


def test_drugs_that_were_not_taken_are_left_out(stage, rows):
    drug = {"medicationCodeableConcept": ASPIRIN}
    source = stage(
        about("MedicationRequest", "1", status="cancelled", authoredOn="2020-01-01", **drug),
        about("MedicationRequest", "2", status="active", doNotPerform=True, authoredOn="2020-01-01", **drug),
        about("MedicationAdministration", "3", status="not-done", effectiveDateTime="2020-01-01", **drug),
        about("MedicationStatement", "4", status="not-taken", effectiveDateTime="2020-01-01", **drug),
        about("MedicationAdministration", "5", status="completed", effectiveDateTime="2020-01-02T08:00:00Z", **drug),
        about("MedicationStatement", "6", status="active", effectivePeriod={"start": "2020-01"}, **drug),
        {"resourceType": "Immunization", "id": "7", "status": "not-done", "patient": {"reference": "Patient/a"}},
        {
            "resourceType": "Immunization",
            "id": "8",
            "status": "completed",
            "patient": {"reference": "Patient/a"},
            "vaccineCode": concept(("http://hl7.org/fhir/sid/cvx", "140")),
            "occurrenceDateTime": "2020-03-01",
            "lotNumber": "L7",
        },
    )
    columns = (
        "drug_exposure_start_date",
        "drug_exposure_end_date",
        "drug_type_concept_id",
        "source_vocabulary",
        "lot_number",
    )
    assert rows(source, "drug_exposure", *columns) == [
        (date(2020, 1, 2), date(2020, 1, 2), 32818, "RxNorm", None),
        (date(2020, 1, 1), None, 32865, "RxNorm", None),
        (date(2020, 3, 1), date(2020, 3, 1), 32817, "CVX", "L7"),
    ]
    assert reasons(source) == {
        "MedicationRequest cancelled": (1, 1),
        "MedicationRequest not to be given": (1, 1),
        "MedicationAdministration not done": (1, 1),
        "MedicationStatement not taken": (1, 1),
        "Immunization not done": (1, 1),
    }


def test_only_completed_procedures_count(stage, rows):
    pci = {
        "code": concept((SNOMED, "415070008")),
        "performedPeriod": {"start": "2020-01-01T10:00:00Z", "end": "2020-01-01T11:00:00Z"},
    }
    source = stage(
        about("Procedure", "1", status="completed", **pci),
        about("Procedure", "2", status="not-done", **pci),
        about("Procedure", "3", status="in-progress", **pci),
    )
    assert rows(source, "procedure_occurrence", "procedure_concept_id", "procedure_end_datetime") == [
        (4216130, datetime(2020, 1, 1, 11))
    ]
    assert reasons(source) == {"Procedure not done": (1, 1), "Procedure not completed": (1, 1)}


def test_a_device_has_the_day_of_its_procedure_and_without_one_is_left_out(stage, rows):
    def device(name):
        return {
            "resourceType": "Device",
            "id": name,
            "patient": {"reference": "Patient/a"},
            "type": concept((SNOMED, "72506001")),
            "manufactureDate": "2010-01-01",
            "serialNumber": "SN-123",
            "udiCarrier": [{"deviceIdentifier": "DI-7", "carrierHRF": "(01)DI-7(21)SN-123"}],
        }

    implanted = about(
        "Procedure",
        "1",
        status="completed",
        code=concept((SNOMED, "447365002")),
        performedDateTime="2020-05-06",
        focalDevice=[{"manipulated": {"reference": "Device/d1"}}],
    )
    used = about(
        "DeviceUseStatement",
        "2",
        status="active",
        device={"reference": "Device/d2"},
        timingPeriod={"start": "2021-01-01", "end": "2021-02-01"},
    )
    source = stage(device("d1"), device("d2"), device("d3"), implanted, used)
    columns = ("device_exposure_start_date", "device_exposure_end_date", "unique_device_id", "source_code")
    assert rows(source, "device_exposure", *columns) == [
        (date(2020, 5, 6), None, "DI-7", "72506001"),
        (date(2021, 1, 1), date(2021, 2, 1), "DI-7", "72506001"),
    ]
    assert reasons(source) == {"Device without a day that can be read": (1, 1)}
    assert "SN-123" not in str(rows(source, "device_exposure", "*"))


def test_an_allergy_to_a_drug_is_an_observation_and_no_drug_taken(stage, rows):
    def allergy(name, **parts):
        return {
            "resourceType": "AllergyIntolerance",
            "id": name,
            "patient": {"reference": "Patient/a"},
            "recordedDate": "2020-01-01",
            **parts,
        }

    source = stage(
        allergy("1", type="allergy", category=["medication"], code=ASPIRIN),
        allergy("2", type="intolerance", category=["food"], code=concept(text="Milch")),
        allergy("3", code=ASPIRIN, verificationStatus={"coding": [{"code": "refuted"}]}),
    )
    columns = ("observation_concept_id", "value_as_concept_id", "value_source_value", "mapping_relation")
    assert rows(source, "observation", *columns) == [
        (439224, 1112807, "1191", "broad"),
        (4340252, None, "Milch", "broad"),
    ]
    assert "drug_exposure" not in source.relations
    assert reasons(source) == {"AllergyIntolerance refuted": (1, 1)}


# Periods


def test_a_person_is_seen_from_the_first_to_the_last_day_with_a_record(stage, rows):
    source = stage(
        condition("before birth", onsetDateTime="1949-12-31"),
        condition("first"),
        about("Encounter", "e", status="finished", period={"start": "2019-06-01", "end": "2019-06-09"}),
        condition("in the future", onsetDateTime="2999-01-01"),
        patients=("a", "b"),
    )
    columns = ("observation_period_start_date", "observation_period_end_date")
    assert rows(source, "observation_period", *columns) == [(date(2019, 5, 4), date(2019, 6, 9))]


def test_a_person_is_not_seen_after_their_death(stage, rows):
    source = stage(
        patient("a", deceasedDateTime="2019-05-10"),
        condition("1"),
        condition("2", onsetDateTime="2019-06-01"),
        patients=(),
    )
    assert rows(source, "observation_period", "observation_period_end_date") == [date(2019, 5, 4)]
    assert len(rows(source, "condition_occurrence", "*")) == 2


# Consents


def consent(name="k", status="active", scope="research", date="2020-03-01T09:00:00+01:00", **provision):
    return {
        "resourceType": "Consent",
        "id": name,
        "status": status,
        "scope": {"coding": [{"code": scope}]},
        "patient": {"reference": "Patient/a"},
        "dateTime": date,
        "provision": provision,
    }


MOMENT = datetime(2020, 3, 1, 8, tzinfo=UTC)
SAYS = ("modality", "purpose", "status", "valid_from")
KINDS_OF_RESOURCE = "http://hl7.org/fhir/resource-types"


def test_a_consent_to_research_allows_every_sort_of_data_from_its_day(stage, rows):
    source = stage(consent(type="permit"))
    assert sorted(rows(source, "consent", *SAYS)) == [
        (modality, "scientific_research", "given", MOMENT)
        for modality in ("clinical", "genomic", "imaging", "waveform")
    ]
    assert set(rows(source, "consent", "recorded_at")) == {MOMENT}


def test_a_consent_to_some_data_for_some_time_ends_by_itself(stage, rows):
    images = [{"system": KINDS_OF_RESOURCE, "code": "ImagingStudy"}]
    period = {"start": "2020-03-01", "end": "2025-03-01"}
    source = stage(consent(type="permit", period=period, purpose=[{"code": "HRESCH"}], **{"class": images}))
    assert sorted(rows(source, "consent", *SAYS), key=str) == [
        ("imaging", "scientific_research", "given", datetime(2020, 3, 1, tzinfo=UTC)),
        ("imaging", "scientific_research", "withdrawn", datetime(2025, 3, 1, tzinfo=UTC)),
    ]


def test_a_refusal_is_taken_at_its_widest(stage, rows):
    limited = {"actor": [{"role": {"coding": [{"code": "x"}]}}], "class": [{"system": "urn:local", "code": "blood"}]}
    for resource in (
        consent(type="deny", **limited),
        consent(status="inactive", type="permit"),
        consent(status="rejected"),
    ):
        source = stage(resource)
        assert {(purpose, status) for _, purpose, status, _ in rows(source, "consent", *SAYS)} == {("*", "withdrawn")}
        assert len(rows(source, "consent", "modality")) == 4


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        (
            consent(type="permit", actor=[{"role": {"coding": [{"code": "x"}]}}]),
            "limited in a way that the catalog could not keep to",
        ),
        (consent(type="permit", provision=[{"type": "deny"}]), "limited in a way that the catalog could not keep to"),
        (consent(type="permit", purpose=[{"code": "HMARKT"}]), "limited in a way that the catalog could not keep to"),
        (consent(type="permit", scope="treatment"), "that is not about research"),
        (consent(status="proposed", type="permit"), "not decided yet"),
        (consent(), "that says neither yes nor no"),
        (consent(type="permit", date="2999-01-01"), "recorded in the future"),
        (consent(status="entered-in-error", type="permit"), "entered in error"),
        (
            consent(type="permit") | {"patient": {"reference": "Patient/z"}},
            "of people whom the site's data do not know",
        ),
    ],
)
def test_a_yes_that_cannot_be_kept_to_the_letter_is_left_out(stage, rows, resource, why):
    source = stage(resource)
    assert rows(source, "consent", "modality") == []
    assert reasons(source) == {f"Consent {why}": (1, 1)}


# What comes twice, and what is of no known kind


def test_of_copies_of_a_resource_the_one_changed_last_counts(stage, rows):
    source = stage(
        condition("c", onsetDateTime="2020-01-02", meta={"lastUpdated": "2021-01-01T00:00:00Z"}),
        condition("c", onsetDateTime="2020-01-01", meta={"lastUpdated": "2020-01-01T00:00:00Z"}),
        condition("d", onsetDateTime="2020-01-03"),
        condition("d", onsetDateTime="2020-01-04"),
    )
    assert rows(source, "condition_occurrence", "condition_start_date") == [date(2020, 1, 2), date(2020, 1, 4)]
    assert reasons(source) == {"Condition that is there again, newer, under the same id": (0, 2)}


def test_kinds_that_are_not_read_and_kinds_that_do_not_exist_are_counted(stage):
    nameless = condition()
    del nameless["id"]
    source = stage(
        {"resourceType": "Organization", "id": "1"}, {"resourceType": "Miller, Anna"}, {"a": 1}, [], 5, nameless
    )
    assert reasons(source) == {
        "Organization, which the workbench does not read": (0, 1),
        "resources without a kind of resource that FHIR R4 knows": (0, 4),
        "Condition without an id": (0, 1),
    }


def test_parts_of_another_type_than_fhir_says_are_as_if_absent(stage):
    source = stage(
        condition("1", onsetDateTime={"a": 1}),
        condition("2", onsetDateTime="04.05.2019"),
        condition("3", code="I21"),
        condition("4", code=[]),
        condition("5") | {"subject": "Patient/a"},
        observation("6", valueQuantity={"value": "a lot"}, component="none"),
    )
    assert reasons(source) == {
        "Condition of people whom the site's data do not know": (0, 1),
        "Condition without a code or words for what it is": (1, 2),
        "Condition without a day that can be read": (1, 2),
    }


@pytest.mark.parametrize("name", ["Patient[1].ndjson", "Patient*.ndjson", "Patient?.ndjson", "it's {1}.ndjson"])
def test_signs_in_the_name_of_a_file_are_no_pattern(tmp_path, connection, rows, name):
    folder = tmp_path / "export [1]"
    folder.mkdir()
    write(folder, [patient("b", birthDate="1960")], "Patient1.ndjson")
    write(folder, [patient("a", birthDate="1950")], name)
    source = FhirFolder(folder).stage(connection, IngestContext("centre", bytes(32)))
    assert sorted(rows(source, "person", "year_of_birth")) == [1950, 1960]


def test_empty_files_and_empty_lines_are_no_resources(tmp_path, connection):
    write(tmp_path, [])
    (tmp_path / "blank.ndjson").write_text("\n \n")
    write(tmp_path, [], "empty.ndjson.gz")
    path = write(tmp_path, [patient("a")], "Patient.ndjson")
    path.write_text("\n" + path.read_text() + "\n\n")
    source = FhirFolder(tmp_path).stage(connection, IngestContext("centre", bytes(32)))
    assert source.n_read == {"Patient.ndjson": 1, "all.ndjson": 0, "blank.ndjson": 0, "empty.ndjson.gz": 0}


# Folders that are refused


def refused(folder, connection):
    with pytest.raises(IngestError) as error:
        FhirFolder(folder).stage(connection, IngestContext("centre", bytes(32)))
    return str(error.value)


def test_a_gzip_that_is_cut_off_is_refused(tmp_path, connection):
    path = write(tmp_path, [patient(str(n)) for n in range(2000)], "Patient.ndjson.gz")
    path.write_bytes(path.read_bytes()[:-300])
    assert "Patient.ndjson.gz is a gzip file that is damaged or cut off" in refused(tmp_path, connection)


def test_a_gzip_whose_bytes_are_damaged_is_refused(tmp_path, connection):
    path = write(tmp_path, [patient(str(n)) for n in range(2000)], "Patient.ndjson.gz")
    damaged = bytearray(path.read_bytes())
    damaged[200:210] = bytes(10)
    path.write_bytes(damaged)
    assert "damaged or cut off" in refused(tmp_path, connection)


def test_a_gzip_with_bytes_after_its_end_is_refused(tmp_path, connection):
    path = write(tmp_path, [patient("a")], "Patient.ndjson.gz")
    path.write_bytes(path.read_bytes() + bytes(100))
    assert "Patient.ndjson.gz cannot be read to its end" in refused(tmp_path, connection)


def test_a_line_that_is_cut_in_half_is_refused_by_its_number_and_without_its_words(tmp_path, connection):
    path = write(tmp_path, [patient("a"), patient("b"), patient("c", address=[{"city": "Millerstown"}])])
    path.write_text(path.read_text()[:-12], encoding="utf-8")
    said = refused(tmp_path, connection)
    assert "all.ndjson: line 3 is not complete JSON" in said
    assert "Miller" not in said


def test_a_file_in_latin_1_is_refused(tmp_path, connection):
    path = write(tmp_path, [patient("a")])
    path.write_bytes(path.read_bytes() + '{"resourceType":"Patient","id":"b","name":"Müller"}\n'.encode("latin-1"))
    said = refused(tmp_path, connection)
    assert "all.ndjson is not UTF-8, which FHIR requires, at or near line 2" in said
    assert "iconv" in said


def test_a_byte_order_mark_is_refused(tmp_path, connection):
    path = write(tmp_path, [patient("a")])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert "begins with a byte order mark" in refused(tmp_path, connection)


def test_a_gzip_made_to_swell_is_refused_before_it_is_unpacked(tmp_path, connection):
    write(tmp_path, [patient("a")])
    (tmp_path / "bomb.ndjson.gz").write_bytes(gzip.compress(b"\n" * (80 * 2**20)))
    assert "bomb.ndjson.gz swells more than 200-fold" in refused(tmp_path, connection)


def test_a_line_without_end_is_refused(tmp_path, connection):
    write(tmp_path, [patient("a")])
    (tmp_path / "line.ndjson").write_bytes(b" " * (LONGEST_LINE_BYTES + 2))
    assert "line.ndjson: line 1 is longer than 64 MB" in refused(tmp_path, connection)


def test_a_link_out_of_the_folder_is_refused(tmp_path, connection):
    write(tmp_path, [patient("a")], "elsewhere.ndjson")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "Patient.ndjson").symlink_to(tmp_path / "elsewhere.ndjson")
    assert "Patient.ndjson is a link to a file outside" in refused(folder, connection)


def test_a_folder_without_patients_without_ndjson_or_that_is_none_is_refused(tmp_path, connection):
    assert "There is no folder" in refused(tmp_path / "nowhere", connection)
    (tmp_path / "readme.txt").write_text("")
    assert "has no file that ends in .ndjson" in refused(tmp_path, connection)
    write(tmp_path, [condition()])
    assert "has no resource Patient" in refused(tmp_path, connection)


# Into a catalog


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """A catalog after a first export, and its report."""
    folder = tmp_path_factory.mktemp("first")
    number = {"type": {"coding": [{"code": "MR"}]}, "value": "MRN-7"}
    write(folder, [patient("a", identifier=[number]), patient("b")], "Patient.000.ndjson.gz")
    visit = about("Encounter", "e", status="finished", period={"start": "2020-01-01", "end": "2020-01-03"})
    write(folder, [visit], "Encounter.ndjson")
    write(folder, [condition("c1", encounter={"reference": "Encounter/e"})], "Condition.000.ndjson")
    write(folder, [condition("c2", "Patient/b"), condition("c3", "Patient/z")], "Condition.001.ndjson")
    (folder / "log.txt").write_text("")
    catalog = Catalog.create(folder / "catalog")
    return folder, catalog, catalog.ingest(FhirFolder(folder), site="centre", basis="synthetic")


def query(catalog, sql):
    with open_reader(catalog.folder) as connection:
        return connection.execute(sql).fetchall()


def test_an_export_of_several_files_is_ingested_and_every_row_knows_its_file(ingested):
    _, catalog, report = ingested
    assert report.n_read == {
        "Condition.000.ndjson": 1,
        "Condition.001.ndjson": 2,
        "Encounter.ndjson": 1,
        "Patient.000.ndjson.gz": 2,
    }
    assert report.ignored == ("file log.txt",)
    assert query(
        catalog,
        "SELECT source_file, mapping_version, v.visit_start_date FROM lake.main.condition_occurrence LEFT JOIN "
        "(SELECT visit_occurrence_id, visit_start_date FROM lake.main.visit_occurrence) AS v USING (visit_occurrence_id) "
        "WHERE source_file LIKE 'Condition%' ORDER BY 1",
    ) == [
        ("Condition.000.ndjson", "FHIR R4 to OMOP 1", date(2020, 1, 1)),
        ("Condition.001.ndjson", "FHIR R4 to OMOP 1", None),
    ]
    assert "Condition of people whom the site's data do not know: 1 person, 1 row" in str(report)


def test_the_same_export_again_changes_nothing_and_resources_that_come_with_others_are_refused(ingested, tmp_path):
    folder, catalog, _ = ingested
    before = query(catalog, "SELECT max(snapshot_id) FROM lake.snapshots()")
    assert catalog.ingest(FhirFolder(folder), site="centre", basis="synthetic").repeats is not None
    shutil.copytree(folder, tmp_path / "again")
    with (tmp_path / "again" / "Condition.001.ndjson").open("a") as file:
        file.write(json.dumps(condition("another")) + "\n")
    with pytest.raises(
        IngestError, match=r"condition_occurrence\.condition_occurrence_id is a duplicate key: 2 rows .* holds already"
    ):
        catalog.ingest(FhirFolder(tmp_path / "again"), site="centre", basis="synthetic")
    assert query(catalog, "SELECT max(snapshot_id) FROM lake.snapshots()") == before


def test_a_later_export_finds_the_people_and_visits_of_the_first(ingested, tmp_path):
    _, catalog, _ = ingested
    write(tmp_path, [patient("a"), condition("c9", encounter={"reference": "Encounter/e"}, onsetDateTime="2021-01-01")])
    report = catalog.ingest(FhirFolder(tmp_path), site="centre", basis="synthetic")
    assert {table.table: table.n_rows for table in report.tables} == {"condition_occurrence": 1}
    assert {part.reason: part.n_rows for part in report.left_out} == {
        "Patient whom the catalog holds already (their new events are taken)": 1
    }
    (row,) = query(
        catalog,
        "SELECT v.visit_start_date FROM lake.main.condition_occurrence JOIN lake.main.visit_occurrence AS v USING (visit_occurrence_id) "
        "WHERE condition_start_date = DATE '2021-01-01'",
    )
    assert row == (date(2020, 1, 1),)


def test_a_person_whom_another_source_brought_under_the_same_record_number_is_the_same(ingested, tmp_path):
    _, catalog, _ = ingested
    (tmp_path / "omop").mkdir()
    (tmp_path / "omop" / "person.csv").write_text(
        "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value\n77,8532,1950,0,0,MRN-77\n"
    )
    catalog.ingest(OmopFolder(tmp_path / "omop"), site="annexe", basis="synthetic")
    number = {"type": {"coding": [{"code": "MR"}]}, "value": "MRN-77"}
    write(tmp_path, [patient("x", identifier=[number]), condition("c", "Patient/x")])
    catalog.ingest(FhirFolder(tmp_path), site="annexe", basis="synthetic")
    assert query(catalog, "SELECT person_id FROM lake.main.condition_occurrence WHERE site = 'annexe'") == [(77,)]
    assert query(
        catalog, "SELECT source_id, person_id FROM lake.governance.person_link WHERE site = 'annexe' ORDER BY 1"
    ) == [("MRN-77", 77), ("x", 77)]


def test_a_patient_who_has_left_is_not_brought_in_again(ingested, tmp_path):
    _, catalog, _ = ingested
    number = {"type": {"coding": [{"code": "MR"}]}, "value": "MRN-88"}
    write(tmp_path, [patient("y", identifier=[number]), condition("c", "Patient/y")])
    catalog.ingest(FhirFolder(tmp_path), site="outpost", basis="synthetic")
    catalog.withdraw(site="outpost", record_number="MRN-88")
    report = catalog.ingest(FhirFolder(tmp_path), site="outpost", basis="synthetic")
    assert report.n_withdrawn_people == 1
    assert query(catalog, "SELECT count(*) FROM lake.main.condition_occurrence WHERE site = 'outpost'") == [(0,)]


def test_a_refused_export_leaves_nothing_half_written(ingested, tmp_path):
    _, catalog, _ = ingested
    before = query(catalog, "SELECT max(snapshot_id), (SELECT count(*) FROM lake.main.person) FROM lake.snapshots()")
    write(tmp_path, [patient("new"), condition("new", "Patient/new")], "a.ndjson")
    (tmp_path / "b.ndjson").write_text('{"resourceType": "Condi')
    with pytest.raises(IngestError, match="b.ndjson: line 1 is not complete JSON"):
        catalog.ingest(FhirFolder(tmp_path), site="centre", basis="synthetic")
    assert (
        query(catalog, "SELECT max(snapshot_id), (SELECT count(*) FROM lake.main.person) FROM lake.snapshots()")
        == before
    )


# Data made by others


def test_ten_people_of_another_export_add_up(shared, tmp_path):
    folder = shared / "data" / "fhir-bulk-10-patients"
    catalog = Catalog.create(tmp_path / "catalog")
    report = catalog.ingest(FhirFolder(folder), site="synthea", basis="synthetic")
    # Lines of the files (zcat | wc -l) of smart-on-fhir/sample-bulk-fhir-datasets, as in ../shared/data.
    lines = {
        "AllergyIntolerance": 11, "Condition": 555, "Device": 16, "Encounter": 1215, "Immunization": 161, "Location": 44,
        "MedicationRequest": 1745, "Organization": 43, "Patient": 13, "Procedure": 2056,
    }  # fmt: skip
    assert report.n_read == {f"{kind}.000.ndjson.gz": n for kind, n in lines.items()}
    assert {
        table.table: table.n_rows for table in report.tables if table.table not in ("concept", "concept_ancestor")
    } == {
        "person": 13,
        "observation_period": 13,
        "death": 3,
        "visit_occurrence": 1215,
        "condition_occurrence": 555,
        "drug_exposure": 1745 + 161,
        "procedure_occurrence": 2056,
        "observation": 11,
        "person_link": 13,
    }
    left_out = {part.reason: part.n_rows for part in report.left_out}
    assert left_out == {
        "Location, which the workbench does not read": 44,
        "Organization, which the workbench does not read": 43,
        "Device without a day that can be read": 16,
    }
    tables = (
        "person",
        "visit_occurrence",
        "condition_occurrence",
        "drug_exposure",
        "procedure_occurrence",
        "observation",
    )
    written = dict(
        query(
            catalog,
            "SELECT split_part(source_file, '.', 1), count(*) FROM ("
            + " UNION ALL ".join(f"SELECT source_file FROM lake.main.{table}" for table in tables)
            + ") GROUP BY 1",
        )
    )
    for kind, n in lines.items():
        assert written.get(kind, 0) + sum(rows for reason, rows in left_out.items() if reason.startswith(kind)) == n

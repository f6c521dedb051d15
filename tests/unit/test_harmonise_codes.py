"""Codes of national and local lists, turned into standard concepts with how well they fit."""

import pytest

from data_catalog import Catalog
from data_catalog.harmonise.codes import (
    LocalCode,
    as_vocabularies_write,
    broader_codes,
    map_codes,
    shipped_codes,
    vocabulary_named,
)
from data_catalog.harmonise.vocabulary import shipped_vocabulary, stage_shipped_vocabulary
from data_catalog.lake import writer

HEART_FAILURE, FIBRILLATION, DIABETES = 316139, 313217, 201826


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ICD-10-GM", "ICD10GM"),
        ("icd10 gm", "ICD10GM"),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "ICD10GM"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "ICD10CM"),
        ("SNOMED CT", "SNOMED"),
        ("http://loinc.org", "LOINC"),
        ("ward list", "ward list"),
    ],
)
def test_a_coding_system_is_known_by_many_names(written, name):
    assert vocabulary_named(written) == name


@pytest.mark.parametrize(
    ("vocabulary", "written", "code", "qualifier"),
    [
        ("ICD10GM", "I5014", "I50.14", ""),
        ("ICD10GM", "i50.14", "I50.14", ""),
        ("ICD10GM", "I50.-", "I50", ""),
        ("ICD10GM", "I79.2*", "I79.2", ""),
        ("ICD10", "E11.5†", "E11.5", ""),
        ("ICD10GM", "E11.50+", "E11.50", ""),
        ("ICD10GM", "I63.9 R", "I63.9", ""),
        ("ICD10GM", "I21.0 G", "I21.0", ""),
        ("ICD10GM", "I21.0 V", "I21.0", "suspected"),
        ("ICD10GM", "I21.0 A", "I21.0", "excluded"),
        ("ICD10GM", "I63.9 L Z", "I63.9", "a state after"),
        ("ICD10CM", "S72001A", "S72.001A", ""),
        ("ICD10CM", "I21.A1", "I21.A1", ""),
        ("ATC", "c09 aa05", "C09AA05", ""),
        ("LOINC", " 2160-0 ", "2160-0", ""),
        ("ward", "HF!", "HF!", ""),
    ],
)
def test_a_code_is_brought_to_the_form_of_its_vocabulary(vocabulary, written, code, qualifier):
    found = as_vocabularies_write(vocabulary, written)
    assert (found.code, found.qualifier) == (code, qualifier)


def test_broader_codes_are_read_off_the_letters():
    assert broader_codes(as_vocabularies_write("ICD10GM", "I50.14")) == ["I50.1", "I50"]
    assert broader_codes(as_vocabularies_write("ATC", "C09AA05")) == ["C09AA", "C09A", "C09", "C"]
    assert broader_codes(as_vocabularies_write("LOINC", "2160-0")) == []


def test_every_concept_of_the_shipped_list_is_in_the_vocabulary_under_its_name():
    names = {concept.concept_id: concept.concept_name for concept in shipped_vocabulary()} | {0: ""}
    for row in shipped_codes().iter_rows(named=True):
        assert names[row["concept_id"]] == row["concept_name"], row["concept_code"]
        assert (row["relation"] == "unmapped") == (row["concept_id"] == 0)


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    catalog = Catalog.create(tmp_path_factory.mktemp("codes") / "catalog")
    with writer(catalog.address) as connection:
        yield connection


def mapped(connection, *pairs, local=(), extra=None):
    """What is found for each pair of vocabulary and code: concept, relation, rule."""
    staged = stage_shipped_vocabulary(connection)
    for table, rows in (extra or {}).items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _extra_{table} AS {rows}")
        if table in staged:
            connection.execute(f"INSERT INTO {staged[table]} BY NAME SELECT * FROM _extra_{table}")
        else:
            staged[table] = f"_extra_{table}"
    values = ", ".join(f"('{vocabulary}', '{code}')" for vocabulary, code in pairs)
    said = f"SELECT * FROM (VALUES {values}) AS t(vocabulary, code)"
    name = map_codes(connection, said, site="ward", staged=staged, local=local)
    rows = connection.execute(f"SELECT vocabulary, code, concept_id, relation, rule FROM {name}").fetchall()
    return {(vocabulary, code): tuple(rest) for vocabulary, code, *rest in rows}


def test_codes_with_and_without_a_dot_and_of_three_countries_mean_one_disease(connection):
    pairs = [("ICD10", "I50"), ("ICD-10-GM", "I50.14"), ("ICD10GM", "I5014"), ("ICD10CM", "I50.23")]
    found = mapped(connection, *pairs)
    assert {pair: found[pair][:2] for pair in pairs} == {
        pairs[0]: (HEART_FAILURE, "exact"),
        pairs[1]: (HEART_FAILURE, "broad"),
        pairs[2]: (HEART_FAILURE, "broad"),
        pairs[3]: (HEART_FAILURE, "broad"),
    }


def test_a_disease_that_is_suspected_or_excluded_is_not_one_that_the_person_has(connection):
    found = mapped(connection, ("ICD10GM", "I50.1 A"), ("ICD10GM", "I50.1 V"), ("ICD10GM", "I50.1 G"))
    assert found["ICD10GM", "I50.1 A"] == (0, "unmapped", "said to be excluded")
    assert found["ICD10GM", "I50.1 V"] == (0, "unmapped", "said to be suspected")
    assert found["ICD10GM", "I50.1 G"][0] == HEART_FAILURE


def test_atrial_flutter_is_not_taken_for_fibrillation(connection):
    found = mapped(connection, *(("ICD10", code) for code in ("I48", "I48.0", "I48.3", "I48.92")))
    assert [found["ICD10", code][:2] for code in ("I48", "I48.0", "I48.3", "I48.92")] == [
        (FIBRILLATION, "narrow"),
        (FIBRILLATION, "broad"),
        (0, "unmapped"),
        (0, "unmapped"),
    ]


def test_a_drug_is_found_by_its_substance_or_else_by_its_class(connection):
    found = mapped(connection, ("ATC", "C09AA05"), ("ATC", "C10AA05"), ("ATC", "X99XX99"))
    assert found["ATC", "C09AA05"][:2] == (1334456, "exact")  # ramipril
    assert found["ATC", "C10AA05"][:2] == (2140000028, "broad")  # atorvastatin, a statin
    assert found["ATC", "X99XX99"] == (0, "unmapped", "not found")


def test_a_laboratory_code_by_moles_is_the_same_quantity_as_by_mass(connection):
    found = mapped(connection, ("LOINC", "2160-0"), ("http://loinc.org", "14682-9"))
    assert [row[:2] for row in found.values()] == [(3016723, "exact")] * 2


def test_the_list_of_the_source_goes_before_everything_else(connection):
    local = [LocalCode("ward", "HF", HEART_FAILURE, "broad"), LocalCode("ICD10GM", "I50.1", DIABETES)]
    found = mapped(connection, ("ward", "HF"), ("ICD10GM", "I50.1"), ("ward", "XX"), local=local)
    assert found["ward", "HF"] == (HEART_FAILURE, "broad", "the list of the source")
    assert found["ICD10GM", "I50.1"][:2] == (DIABETES, "exact")
    assert found["ward", "XX"] == (0, "unmapped", "not found")


def test_the_vocabulary_of_a_site_goes_before_the_shipped_list(connection):
    valid = "DATE '1970-01-01' AS valid_start_date, DATE '2099-12-31' AS valid_end_date, NULL AS invalid_reason"
    extra = {
        "concept": "SELECT 45 AS concept_id, 'Left ventricular failure' AS concept_name, 'Condition' AS domain_id, 'ICD10GM' AS "
        "vocabulary_id, 'ICD10 code' AS concept_class_id, NULL AS standard_concept, 'I50.1' AS concept_code",
        "concept_relationship": f"SELECT 45 AS concept_id_1, 4229440 AS concept_id_2, 'Maps to' AS relationship_id, {valid}",
        "source_to_concept_map": "SELECT '7' AS source_code, 'ward' AS source_vocabulary_id, 313217 AS target_concept_id",
    }
    found = mapped(connection, ("ICD10GM", "I50.1"), ("ICD10GM", "I50.14"), ("ward", "7"), extra=extra)
    assert found["ICD10GM", "I50.1"] == (4229440, "exact", "ICD10GM I50.1 Maps to")
    assert found["ICD10GM", "I50.14"] == (4229440, "broad", "ICD10GM I50.1 Maps to")
    assert found["ward", "7"] == (FIBRILLATION, "exact", "source_to_concept_map ward 7")

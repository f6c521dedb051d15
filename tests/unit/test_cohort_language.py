"""The language of cohorts: what may be said, what is refused and with which words, and the forms in which it is kept."""

import json

import pytest

from data_catalog.errors import WorkbenchError
from workbench.cohorts import (
    Codelist,
    Cohort,
    Concept,
    age_years,
    allele_count,
    carrier,
    codelist,
    codelist_names,
    days_after_entry,
    death,
    diagnosis,
    from_yaml,
    genotyped,
    measure,
    protocol,
    read_definition,
    sex,
    time_to,
    to_yaml,
    variable,
    write_definition,
)
from workbench.cohorts.compile import compile_cohort
from workbench.cohorts.schema import SCHEMA_FILE, definition_schema, schema_text
from workbench.cohorts.serialise import to_dict

HEART_FAILURE = codelist("heart_failure")
COHORT = (
    Cohort.entry("first heart failure", diagnosis(HEART_FAILURE).first(), prior_observation_days=365)
    .require("aged 40 or over", age_years() >= 40)
    .exclude(
        "slim or unknown pressure",
        (measure("bmi_kg_m2").last() < 20)
        | ~measure("systolic_blood_pressure_mmhg").within(before_days=90, after_days=0),
    )
    .exit(days_after_entry(730))
)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: age_years() >= "x", "must be a number such as 40, not 'x'"),
        (lambda: measure("bmi"), "'bmi' is not a measure of this catalog"),
        (lambda: codelist("hart_failure"), "Did you mean 'heart_failure'"),
        (lambda: sex() == "femal", "'femal' is not a level of sex.* Did you mean 'female'"),
        (lambda: Cohort.entry("", diagnosis(HEART_FAILURE)), "must be text that says something, not ''"),
        (lambda: Cohort.entry("a", age_years() > 3), "The entry event must be events"),
        (lambda: (age_years() > 3) and (sex() == "male"), "Join criteria with & .and., | .or., ~ .not."),
        (lambda: 3 < age_years() < 5, "neither true nor false before it meets data"),
        (lambda: diagnosis(HEART_FAILURE).within(before_days=-1), "cannot be negative"),
        (lambda: COHORT.require("b", age_years()), "It is a number: compare it with one"),
        (lambda: COHORT.require("aged 40 or over", age_years() > 1), "Two steps are called 'aged 40 or over'"),
        (lambda: diagnosis("I50"), "takes a codelist, not 'I50'"),
        (lambda: Cohort.entry("a", diagnosis(HEART_FAILURE).before_index()), "its window counts from the index date"),
        (lambda: days_after_entry(-1), "days_after_entry"),
        (lambda: variable("Age", age_years()), "name of a variable"),
        (
            lambda: compile_cohort(COHORT, [variable("person_id", age_years())]),
            "column 'person_id' of variable 'person_id' is taken",
        ),
        (lambda: compile_cohort(COHORT, database="lake; DROP TABLE person"), "no plain name|not a plain name|plain"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_is_written(wrong, words):
    with pytest.raises(WorkbenchError, match=words):
        wrong()


def test_a_definition_is_a_value(tmp_path):
    same = from_yaml(to_yaml(COHORT))
    assert same == COHORT
    assert hash(same) == hash(COHORT)
    assert same.digest == COHORT.digest
    assert COHORT.require("more", age_years() < 90).digest != COHORT.digest
    for name in ("cohort.yaml", "cohort.json"):
        write_definition(COHORT, tmp_path / name)
        assert read_definition(tmp_path / name) == COHORT


def test_definitions_keep_the_digests_that_they_had_in_earlier_releases():
    # Whoever cited a definition by its digest finds it again: what a release adds has a default, and defaults are not written.
    assert COHORT.digest == "84d97cfd37184d8e70cb6bc453f1d693599ae1f27533954126874d29486592d0"
    assert "methods" not in to_yaml(COHORT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("entry_event:", "entry_evnt:"), "entry_evnt.*Did you mean 'entry_event'"),
        (("type: age_years", "type: age_yaers"), "age_yaers.*Did you mean 'age_years'"),
        (("schema_version: 1", "schema_version: 99"), "99"),
        (("limit: 40", "limit: forty"), "forty"),
    ],
)
def test_a_saved_definition_with_a_slip_is_refused_with_its_place(change, words):
    text = to_yaml(COHORT)
    assert change[0] in text
    with pytest.raises(WorkbenchError, match=words):
        from_yaml(text.replace(*change))


def test_the_published_schema_is_that_of_the_code_and_accepts_what_is_saved():
    from importlib import resources

    jsonschema = pytest.importorskip("jsonschema")
    published = resources.files("workbench.cohorts").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
    assert published == schema_text(), "write it again: schema_text()"
    jsonschema.Draft202012Validator.check_schema(json.loads(published))
    jsonschema.validate(to_dict(COHORT), definition_schema())
    spoilt = to_dict(COHORT) | {"colour": "red"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, definition_schema())


def test_a_definition_can_be_read_aloud():
    assert protocol(COHORT).splitlines() == [
        "People enter on the day of the first diagnosis of heart failure, if they are observed on that day and have been for at least 365 days.",
        "Kept (aged 40 or over): age of at least 40 years.",
        "Left out (slim or unknown pressure): the last reading of body mass index below 20 kg/m² or (not a reading of systolic blood pressure from 90 days before the index date to the index date).",
        "Follow-up ends 730 days after entry, or with the observation period, whichever is earlier.",
        "Codelist heart_failure, version 2026-11: Heart failure (316139) and its descendants.",
    ]


def test_a_definition_says_which_sorts_of_data_it_reads():
    assert compile_cohort(COHORT).modalities == {"clinical"}
    more = COHORT.require("LVEF", measure("lvef_percent").last() <= 40).require("TTN", carrier("TTN"))
    assert compile_cohort(more).modalities == {"clinical", "imaging", "genomic"}
    qtc = measure("qtc_fridericia_ms").last().named("qtc_ms")
    assert compile_cohort(COHORT, [qtc]).modalities == {"clinical", "waveform"}
    assert compile_cohort(COHORT, [allele_count("1-1-A-C").named("copies")]).modalities == {"clinical", "genomic"}
    assert compile_cohort(COHORT.require("typed", ~genotyped())).modalities == {"clinical", "genomic"}


def test_every_shipped_codelist_holds_concepts_of_the_shipped_vocabulary():
    from data_catalog.harmonise.vocabulary import shipped_vocabulary

    names = {concept.concept_id: concept.concept_name for concept in shipped_vocabulary()}
    for name in codelist_names():
        for concept in codelist(name).concepts:
            assert names[concept.id] == concept.name


def test_user_text_never_becomes_sql():
    evil = "x'); DROP TABLE lake.main.person; --"
    cohort = Cohort.entry(evil, diagnosis(Codelist("c", "1", (Concept(1, evil),)))).require(evil + "2", sex() == "male")
    compiled = compile_cohort(cohort, [time_to(death(), name="death", label=evil)])
    assert "DROP TABLE" not in compiled.sql

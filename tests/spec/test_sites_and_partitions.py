"""What a cohort is at several sites, on parts of the people, and on rows in any order."""

import re

import pytest

from data_catalog.model import table
from workbench.cohorts import Cohort, age_years, at_first, carrier, codelist, death, diagnosis, measure, time_to
from workbench.cohorts.attrition import attrition_sql, members_where
from workbench.cohorts.compile import compile_cohort
from workbench.cohorts.sql import EVENT_TABLES

HEART_FAILURE = diagnosis(codelist("heart_failure"))
PRESSURE = "systolic_blood_pressure_mmhg"
COHORT = Cohort.entry("heart failure", HEART_FAILURE).require("aged 60 or over", age_years() >= 60)
VARIABLES = (measure(PRESSURE).last().named("pressure_mmhg"), time_to(death(), name="death", label="Death"))
TABLES_OF_A_PERSON = ("person", "condition_occurrence", "measurement", "observation_period", "death")


def ids(connection, definition=COHORT, variables=(), *, population="population"):
    compiled = compile_cohort(definition, variables, population=population)
    found = connection.execute(
        f"SELECT * FROM ({compiled.sql}) WHERE {members_where(compiled)} ORDER BY person_id", dict(compiled.parameters)
    ).fetchall()
    return {row[0]: row for row in found}


def move(connection, person, *, site):
    """Make somebody a patient of another hospital."""
    for name in TABLES_OF_A_PERSON:
        connection.execute(f"UPDATE lake.main.{name} SET site = ? WHERE person_id = ?", [site, person])
    connection.execute("UPDATE population SET site = ? WHERE person_id = ?", [site, person])


@pytest.fixture
def three_people(load_people):
    return load_people(
        "id | born\n1 | 1950\n2 | 1950\n3 | 1990",
        condition="""
            id | date       | concept
            1  | 2015-06-01 | 4229440
            2  | 2015-06-01 | 4229440
            3  | 2015-06-01 | 316139 """,
        measurement=f"""
            id | date       | measure    | value
            1  | 2015-06-01 | {PRESSURE} | 150
            1  | 2015-06-01 | {PRESSURE} | 110
            2  | 2015-06-01 | {PRESSURE} | 120 """,
        died="id | date\n2 | 2015-06-11",
    )


def test_each_hospital_is_read_with_its_own_vocabulary(three_people):
    # Hospital b has no hierarchy: there chronic congestive heart failure is not known to be heart failure.
    move(three_people, 2, site="b")
    assert set(ids(three_people)) == {1}
    hierarchy = (
        "INSERT INTO lake.main.concept_ancestor (ancestor_concept_id, descendant_concept_id, site) VALUES (?, ?, ?)"
    )
    three_people.execute(hierarchy, [316139, 4229440, "b"])
    assert set(ids(three_people)) == {1, 2}


def test_a_concept_that_is_named_counts_at_a_hospital_without_any_vocabulary(three_people):
    three_people.execute("DELETE FROM lake.main.concept_ancestor")
    young = Cohort.entry("heart failure", HEART_FAILURE)
    assert set(ids(three_people, young)) == {3}


def test_people_outside_the_population_are_not_counted(three_people):
    three_people.execute("DELETE FROM population WHERE person_id = 1")
    assert set(ids(three_people)) == {2}


def test_parts_of_the_people_give_the_rows_that_all_of_them_give(three_people):
    together = ids(three_people, variables=VARIABLES)
    apart = {}
    for person in (1, 2, 3):
        three_people.execute("CREATE OR REPLACE TEMP TABLE part AS FROM population WHERE person_id = ?", [person])
        apart |= ids(three_people, variables=VARIABLES, population="part")
    assert apart == together
    assert set(together) == {1, 2}


def test_the_order_of_rows_does_not_matter(three_people):
    before = ids(three_people, variables=VARIABLES)
    three_people.execute("CREATE TEMP TABLE kept AS FROM lake.main.measurement")
    three_people.execute("DELETE FROM lake.main.measurement")
    three_people.execute("INSERT INTO lake.main.measurement FROM kept ORDER BY measurement_id DESC")
    assert ids(three_people, variables=VARIABLES) == before


def test_an_undated_diagnosis_cannot_be_placed_and_is_left_out(three_people):
    three_people.execute("UPDATE lake.main.condition_occurrence SET condition_start_date = NULL WHERE person_id = 1")
    assert set(ids(three_people)) == {2}


def test_a_reading_that_is_not_a_number_is_no_reading(three_people):
    three_people.execute("UPDATE lake.main.measurement SET value_canonical = 'NaN' WHERE person_id = 1")
    assert ids(three_people, variables=VARIABLES[:1])[1][-1] is None


def test_the_attrition_adds_up_step_by_step(three_people):
    definition = COHORT.exclude("pressure above 140", measure(PRESSURE).last() > 140)
    compiled = compile_cohort(definition)
    three_people.execute(f"CREATE TEMP TABLE found AS {compiled.sql}", dict(compiled.parameters))
    # Three have heart failure; one of them is 25; one of the two others has a pressure of 150 mmHg.
    assert three_people.execute(attrition_sql(compiled, "found")).fetchall() == [(3, 2, 1)]
    assert compiled.step_labels == ("heart failure", "aged 60 or over", "pressure above 140")


def test_the_compiler_reads_the_columns_that_the_model_declares():
    for name, read in EVENT_TABLES.items():
        declared = table(name)
        assert {read.event_id, read.start_date, read.concept_id} <= set(declared.field_names), name
        assert (declared.primary_key or ("person_id",)) == (read.event_id,), name  # death has no key of its own
        # A stretch of a recording may have no time of its own; the day that the workbench adds is there all the same.
        dated = "waveform_feature_date" if name == "waveform_feature" else declared.start_date
        assert dated == read.start_date, name
        assert read.method_id is None or read.method_id in declared.field_names, name


def test_each_table_is_read_once_however_often_a_definition_uses_it():
    infarction = diagnosis(codelist("myocardial_infarction"))
    pressure = measure(PRESSURE)
    definition = (
        Cohort.entry("heart failure", HEART_FAILURE.first())
        .exclude("infarction before", infarction.before_index())
        .require("infarction after", infarction.after_index())
        .require("pressure then", pressure.nearest(before_days=30) <= 140)
        .require("ejection fraction", measure("lvef_percent", methods=["cmr"]).last() <= 40)
        .exclude("by echo", measure("lvef_percent").last() > 50)
        .require("carries", carrier("TTN", consequence="truncating") | carrier(["MYH7", "MYBPC3"]))
        .exit(at_first(infarction.after_index()))
    )
    sql = compile_cohort(definition, (*VARIABLES, HEART_FAILURE.after_index().named("again", label="Again"))).sql
    sql = sql.replace('"', "")
    for name in (
        "condition_occurrence",
        "measurement",
        "image_feature",
        "death",
        "concept_ancestor",
        "observation_period",
    ):
        assert sql.count(f"lake.main.{name}") == 1, name
    for name in ("variant", "variant_annotation", "sample"):
        assert len(re.findall(rf"lake\.genomics\.{name}\b", sql)) == 1, name
    assert sql.count("cw_diagnosis_1_facts AS") == sql.count("cw_diagnosis_2_facts AS") == 1

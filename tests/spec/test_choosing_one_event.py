"""Which of several events is taken, and what being the first means."""

import pytest

from workbench.cohorts import (
    Cohort,
    codelist,
    diagnosis,
    measure,
    observation,
    sex,
    time_to,
    visit,
)

ENTRY = Cohort.entry("first infarction", diagnosis(codelist("myocardial_infarction")).first())
INFARCTION = "id | date | concept\n1 | 2015-06-01 | 4329847"
PRESSURE = "systolic_blood_pressure_mmhg"
HEART_FAILURE = diagnosis(codelist("heart_failure"))


@pytest.mark.parametrize("choose", ["first", "last"])
def test_of_two_readings_on_one_day_the_one_recorded_with_the_smaller_id_is_taken(cohort_spec, choose):
    # Readings are numbered in the order of the table: 150 mmHg has the smaller id.
    reading = getattr(measure(PRESSURE).on_index(), choose)()
    cohort_spec(
        ENTRY,
        condition=INFARCTION,
        measurement=f"""
            id | date       | measure    | value
            1  | 2015-06-01 | {PRESSURE} | 150
            1  | 2015-06-01 | {PRESSURE} | 110 """,
        variables=[reading.named("pressure_mmhg")],
        expected_ids={1},
        expected={1: {"pressure_mmhg": 150.0}},
    )


def test_the_last_reading_before_admission_is_not_one_of_the_day_of_admission(cohort_spec):
    cohort_spec(
        ENTRY,
        condition=INFARCTION,
        measurement=f"""
            id | date       | measure    | value
            1  | 2015-05-01 | {PRESSURE} | 120
            1  | 2015-05-31 | {PRESSURE} | 130
            1  | 2015-06-01 | {PRESSURE} | 90 """,
        variables=[measure(PRESSURE).before_index().last().named("pressure_mmhg")],
        expected_ids={1},
        expected={1: {"pressure_mmhg": 130.0}},
    )


def test_heart_failure_that_first_appears_after_the_infarction_is_new(cohort_spec):
    # Both have it after the infarction; person 2 had it before, too.
    people = "id\n1\n2"
    condition = INFARCTION + "\n2 | 2015-06-01 | 4329847\n1 | 2015-07-01 | 316139\n2 | 2015-07-01 | 316139"
    condition += "\n2 | 2010-01-01 | 316139"
    has_it, is_new = HEART_FAILURE.after_index(), HEART_FAILURE.first().after_index()
    cohort_spec(ENTRY.require("has it", has_it), people=people, condition=condition, expected_ids={1, 2})
    cohort_spec(ENTRY.require("new", is_new), people=people, condition=condition, expected_ids={1})


def test_the_first_diagnosis_on_record_must_itself_lie_in_observation(cohort_spec):
    # Without .first() the later infarction, which is observed, would let the person enter.
    people = "id | from | to\n1 | 2015-01-01 | 2020-01-01"
    condition = "id | date | concept\n1 | 2014-06-01 | 4329847\n1 | 2016-06-01 | 4329847"
    cohort_spec(ENTRY, people=people, condition=condition, expected_ids=set())
    recurrent = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")))
    cohort_spec(recurrent, people=people, condition=condition, expected_ids={1})


def test_in_the_gap_between_two_periods_of_observation_nobody_enters(cohort_spec):
    cohort_spec(
        Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction"))),
        people="""
            id | from       | to
            1  | 2014-01-01 | 2015-05-31
            1  | 2015-06-02 | 2016-12-31
            2  | 2014-01-01 | 2015-06-01
            2  | 2015-06-02 | 2016-12-31 """,
        condition=INFARCTION + "\n2 | 2015-06-01 | 4329847",
        expected_ids={2},
    )


def test_a_history_and_an_admission_are_found_in_tables_of_their_own(cohort_spec):
    history = observation(codelist("history_of_myocardial_infarction"))
    admission = visit(codelist("inpatient_visit"))
    cohort_spec(
        Cohort.entry("admission", admission.first()).require("infarction before", history.on_or_before_index()),
        people="id\n1\n2",
        visit="id | date | concept\n1 | 2015-06-01 | 9201\n2 | 2015-06-01 | 9201",
        observation="id | date | concept\n1 | 2015-06-01 | 4163874",
        condition="id | date | concept\n2 | 2015-06-01 | 4163874",
        expected_ids={1},
    )


def test_a_readmission_is_the_next_admission_not_the_one_that_let_enter(cohort_spec):
    admission = visit(codelist("inpatient_visit"))
    cohort_spec(
        Cohort.entry("admission", admission.first()),
        people="id | from | to\n1 | 2015-01-01 | 2015-12-31",
        visit="id | date | concept\n1 | 2015-06-01 | 9201\n1 | 2015-06-15 | 9201",
        variables=[
            time_to(admission, name="admission", label="Admission"),
            time_to(admission.after_index(), name="readmission", label="Readmission"),
        ],
        expected_ids={1},
        expected={1: {"admission_days": 0.0, "readmission_days": 14.0, "readmission_event": True}},
    )


def test_not_known_to_be_high_keeps_the_unmeasured_and_known_to_be_low_does_not(cohort_spec):
    pressure = measure(PRESSURE).last()
    for criterion, kept in ((~(pressure > 140), {1, 2}), (pressure <= 140, {2})):
        cohort_spec(
            ENTRY.require("not high", criterion),
            people="id\n1\n2",
            condition=INFARCTION + "\n2 | 2015-06-01 | 4329847",
            measurement=f"id | date | measure | value\n2 | 2015-06-01 | {PRESSURE} | 120",
            expected_ids=kept,
        )


def test_who_is_not_recorded_as_a_man_is_not_thereby_a_woman(cohort_spec):
    people = "id | sex\n1 | female\n2 | male\n3 | "
    condition = INFARCTION + "\n2 | 2015-06-01 | 4329847\n3 | 2015-06-01 | 4329847"
    for criterion, kept in ((sex() != "male", {1}), (~(sex() == "male"), {1, 3}), (sex() == "female", {1})):
        cohort_spec(ENTRY.require("sex", criterion), people=people, condition=condition, expected_ids=kept)

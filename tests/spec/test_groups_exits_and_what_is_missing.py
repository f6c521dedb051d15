"""Criteria counted together, events that end follow-up, hospitals, and what a missing value leaves open."""

import pytest

from workbench.cohorts import (
    Cohort,
    age_years,
    at_first,
    at_least,
    codelist,
    days_after_entry,
    death,
    diagnosis,
    earliest_of,
    measure,
    procedure,
    sex,
    site,
    time_to,
)

ENTRY = Cohort.entry("first heart failure", diagnosis(codelist("heart_failure")).first())
ON_JUNE_1 = "id | date | concept\n1 | 2015-06-01 | 316139"
PRESSURE = "systolic_blood_pressure_mmhg"
OPERATION = procedure(codelist("myocardial_infarction"))  # its concept stands for a procedure
DEATH = time_to(death(), name="death", label="Death")


def test_two_of_three_criteria_are_enough(cohort_spec):
    high = measure(PRESSURE).last() > 140
    cohort_spec(
        ENTRY.require("two of three", at_least(2, age_years() >= 60, sex() == "female", high)),
        people="id | born | sex\n1 | 1950 | female\n2 | 1950 | male\n3 | 1990 | female\n4 | 1990 | female",
        condition="id | date | concept" + "".join(f"\n{n} | 2015-06-01 | 316139" for n in (1, 2, 3, 4)),
        measurement=f"id | date | measure | value\n4 | 2015-06-01 | {PRESSURE} | 150",
        expected_ids={1, 4},
    )


@pytest.mark.parametrize(
    ("criterion", "unmeasured", "measured"),
    [
        (measure(PRESSURE).last() > 140, None, True),
        (~(measure(PRESSURE).last() > 140), None, False),
        (measure(PRESSURE).last().between(100, 140), None, False),
        ((measure(PRESSURE).last() > 140) & (age_years() < 60), False, False),
        ((measure(PRESSURE).last() > 140) & (age_years() >= 60), None, True),
        ((measure(PRESSURE).last() > 140) | (age_years() >= 60), True, True),
        ((measure(PRESSURE).last() > 140) | (age_years() < 60), None, True),
        (at_least(1, measure(PRESSURE).last() > 140, age_years() < 60), None, True),
        (at_least(2, measure(PRESSURE).last() > 140, age_years() < 60), False, False),
        (measure(PRESSURE).on_or_before_index(), False, True),
    ],
)
def test_as_a_variable_a_comparison_with_a_missing_value_is_missing_unless_the_rest_settles_it(
    cohort_spec, criterion, unmeasured, measured
):
    cohort_spec(
        ENTRY,
        people="id | born\n1 | 1950\n2 | 1950",
        condition=ON_JUNE_1 + "\n2 | 2015-06-01 | 316139",
        measurement=f"id | date | measure | value\n2 | 2015-06-01 | {PRESSURE} | 150",
        variables=[criterion.named("said", label="Said")],
        expected_ids={1, 2},
        expected={1: {"said": unmeasured}, 2: {"said": measured}},
    )


def test_an_operation_ends_follow_up_on_its_day_which_still_belongs_to_it(cohort_spec):
    cohort_spec(
        ENTRY.exit(at_first(OPERATION)),
        people="id | to\n1 | 2016-05-31\n2 | 2016-05-31\n3 | 2016-05-31",
        condition=ON_JUNE_1 + "\n2 | 2015-06-01 | 316139\n3 | 2015-06-01 | 316139",
        procedure="id | date | concept\n1 | 2015-06-11 | 4329847\n1 | 2015-08-01 | 4329847\n2 | 2015-05-01 | 4329847\n3 | 2015-06-11 | 4329847",
        died="id | date\n1 | 2015-06-11\n3 | 2015-06-12",
        variables=[DEATH],
        expected_ids={1, 2, 3},
        # Person 2 was operated on before, which ends nothing; 1 June 2015 to 31 May 2016 are 365 days.
        expected={
            1: {"death_days": 10.0, "death_event": True},
            2: {"death_days": 365.0, "death_event": False},
            3: {"death_days": 10.0, "death_event": False},
        },
    )


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (at_first(OPERATION), 0.0),
        (at_first(OPERATION.after_index()), 20.0),
        (earliest_of(at_first(OPERATION.after_index()), days_after_entry(30)), 20.0),
        (earliest_of(at_first(OPERATION.after_index()), days_after_entry(15)), 15.0),
        (earliest_of(at_first(OPERATION.after_index()), at_first(death())), 10.0),
    ],
)
def test_whichever_comes_first_ends_follow_up(cohort_spec, rule, days):
    cohort_spec(
        ENTRY.exit(rule),
        condition=ON_JUNE_1,
        procedure="id | date | concept\n1 | 2015-06-01 | 4329847\n1 | 2015-06-21 | 4329847",
        died="id | date\n1 | 2015-06-11",
        variables=[time_to(diagnosis(codelist("atrial_fibrillation")), name="af", label="Atrial fibrillation")],
        expected_ids={1},
        expected={1: {"af_days": days, "af_event": False}},
    )


def test_the_hospital_is_a_category_of_the_names_given(cohort_spec):
    cohort_spec(
        ENTRY,
        people="id | site\n1 | a\n2 | b\n3 | c",
        condition=ON_JUNE_1 + "\n2 | 2015-06-01 | 316139\n3 | 2015-06-01 | 316139",
        variables=[site("b", "a").named("site"), (site("b", "a") == "b").named("is_b", label="b")],
        expected_ids={1, 2, 3},
        expected={
            1: {"site": "a", "is_b": False},
            2: {"site": "b", "is_b": True},
            3: {"site": None, "is_b": None},
        },
    )

"""What a cohort definition means, stated on a few people each."""

import pytest

from workbench.cohorts import (
    Codelist,
    Cohort,
    Concept,
    age_years,
    codelist,
    days_after_entry,
    death,
    diagnosis,
    measure,
    sex,
    time_to,
    variable,
)

HEART_FAILURE = codelist("heart_failure")
ENTRY = Cohort.entry("first heart failure", diagnosis(HEART_FAILURE).first())
ON_JUNE_1 = """
    id | date       | concept
    1  | 2015-06-01 | 316139
    2  | 2015-06-01 | 316139 """
PRESSURE = "systolic_blood_pressure_mmhg"


def test_the_first_diagnosis_is_the_index_date(cohort_spec):
    cohort_spec(
        ENTRY.require("in June", age_years() == 65),
        people="id | born\n1 | 1950",
        condition="id | date | concept\n1 | 2016-01-05 | 316139\n1 | 2015-06-01 | 316139",
        expected_ids={1},
    )


def test_a_more_specific_diagnosis_counts_as_the_general_one(cohort_spec):
    cohort_spec(ENTRY, condition="id | date | concept\n1 | 2015-06-01 | 4229440", expected_ids={1})


def test_a_concept_without_its_descendants_does_not(cohort_spec):
    alone = Codelist("alone", "1", (Concept(316139, "Heart failure", descendants=False),))
    entry = Cohort.entry("heart failure", diagnosis(alone).first())
    cohort_spec(entry, condition="id | date | concept\n1 | 2015-06-01 | 4229440", expected_ids=set())


def test_an_excluded_concept_is_taken_away_from_the_set(cohort_spec):
    without = Codelist(
        "without",
        "1",
        (Concept(316139, "Heart failure"), Concept(4229440, "Chronic congestive heart failure", excluded=True)),
    )
    cohort_spec(
        Cohort.entry("heart failure", diagnosis(without).first()),
        people="id\n1\n2",
        condition="id | date | concept\n1 | 2015-06-01 | 4229440\n2 | 2015-06-01 | 316139",
        expected_ids={2},
    )


def test_a_diagnosis_on_the_index_day_is_not_prior(cohort_spec):
    atrial_fibrillation = diagnosis(codelist("atrial_fibrillation"))
    cohort_spec(
        ENTRY.exclude("atrial fibrillation before", atrial_fibrillation.before_index()),
        people="id\n1\n2",
        condition=ON_JUNE_1 + "\n1 | 2015-05-31 | 313217\n2 | 2015-06-01 | 313217",
        expected_ids={2},
    )


@pytest.mark.parametrize(
    ("day", "inside"), [("2015-03-03", True), ("2015-03-02", False), ("2015-07-01", True), ("2015-07-02", False)]
)
def test_both_edges_of_a_window_belong_to_it(cohort_spec, day, inside):
    # 90 days before 1 June 2015 is 3 March; 30 days after it is 1 July.
    cohort_spec(
        ENTRY.require("a reading near", measure(PRESSURE).within(before_days=90, after_days=30)),
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        measurement=f"id | date | measure | value\n1 | {day} | {PRESSURE} | 120",
        expected_ids={1} if inside else set(),
    )


def test_a_diagnosis_outside_every_observation_period_lets_nobody_enter(cohort_spec):
    cohort_spec(
        Cohort.entry("heart failure", diagnosis(HEART_FAILURE)),
        people="id | from | to\n1 | 2015-06-02 | 2020-01-01\n2 | 2015-06-01 | 2015-06-01\n3 | 2010-01-01 | 2015-05-31",
        condition=ON_JUNE_1 + "\n3 | 2015-06-01 | 316139",
        expected_ids={2},
    )


@pytest.mark.parametrize(("start", "enters"), [("2014-06-01", True), ("2014-06-02", False)])
def test_prior_observation_is_counted_in_days_to_the_index(cohort_spec, start, enters):
    # From 1 June 2014 to 1 June 2015 are 365 days.
    entry = Cohort.entry("heart failure", diagnosis(HEART_FAILURE), prior_observation_days=365)
    cohort_spec(
        entry,
        people=f"id | from | to\n1 | {start} | 2020-01-01",
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        expected_ids={1} if enters else set(),
    )


def test_a_later_event_lets_enter_where_the_first_lies_outside_observation(cohort_spec):
    cohort_spec(
        Cohort.entry("heart failure", diagnosis(HEART_FAILURE)),
        people="id | from | to\n1 | 2016-01-01 | 2020-01-01",
        condition="id | date | concept\n1 | 2015-06-01 | 316139\n1 | 2016-06-01 | 316139",
        expected_ids={1},
    )


@pytest.mark.parametrize(("born", "age"), [("1950-06-01", 65), ("1950-06-02", 64), ("1950", 65)])
def test_age_is_exact_where_the_birthday_is_known_and_the_difference_of_years_where_not(cohort_spec, born, age):
    cohort_spec(
        ENTRY,
        people=f"id | born\n1 | {born}",
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        variables=[variable("age_years", age_years())],
        expected_ids={1},
        expected={1: {"age_years": age}},
    )


def test_a_missing_value_meets_no_comparison_in_either_direction(cohort_spec):
    latest = measure(PRESSURE).last()
    for criterion in (latest <= 140, latest > 140, sex() == "female"):
        cohort_spec(
            ENTRY.require("known", criterion),
            condition="id | date | concept\n1 | 2015-06-01 | 316139",
            expected_ids=set(),
        )


def test_the_nearest_reading_is_taken_and_of_two_as_near_the_earlier(cohort_spec):
    cohort_spec(
        ENTRY,
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        measurement=f"""
            id | date       | measure    | value
            1  | 2015-05-20 | {PRESSURE} | 150
            1  | 2015-05-29 | {PRESSURE} | 140
            1  | 2015-06-04 | {PRESSURE} | 130 """,
        variables=[variable("pressure", measure(PRESSURE).nearest(before_days=30, after_days=30))],
        expected_ids={1},
        expected={1: {"pressure": 140.0}},
    )


def test_an_implausible_reading_is_no_reading_unless_asked_for(cohort_spec):
    usual, all_of_them = measure(PRESSURE).last(), measure(PRESSURE, with_implausible=True).last()
    cohort_spec(
        ENTRY,
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        measurement=f"id | date | measure | value | flag\n1 | 2015-06-01 | {PRESSURE} | 900 | x",
        variables=[variable("usual", usual), variable("everything", all_of_them)],
        expected_ids={1},
        expected={1: {"usual": None, "everything": 900.0}},
    )


def test_a_death_on_the_day_of_entry_counts_at_zero_days(cohort_spec):
    cohort_spec(
        ENTRY,
        people="id | from | to\n1 | 2010-01-01 | 2015-06-01",
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        died="id | date\n1 | 2015-06-01",
        variables=[time_to(death(), name="death", label="Death")],
        expected_ids={1},
        expected={1: {"death_days": 0.0, "death_event": True}},
    )


@pytest.mark.parametrize(("died", "days", "event"), [("2016-05-31", 365.0, True), ("2016-06-01", 365.0, False)])
def test_a_death_on_the_last_day_of_follow_up_is_seen_and_one_after_it_is_not(cohort_spec, died, days, event):
    cohort_spec(
        ENTRY.exit(days_after_entry(365)),
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        died=f"id | date\n1 | {died}",
        variables=[time_to(death(), name="death", label="Death")],
        expected_ids={1},
        expected={1: {"death_days": days, "death_event": event}},
    )


def test_of_two_periods_around_the_index_the_longer_ends_follow_up(cohort_spec):
    cohort_spec(
        ENTRY,
        people="id | from | to\n1 | 2010-01-01 | 2015-12-31\n1 | 2014-01-01 | 2016-12-31",
        condition="id | date | concept\n1 | 2015-06-01 | 316139",
        variables=[time_to(death(), name="death", label="Death")],
        expected_ids={1},
        expected={1: {"death_days": 579.0, "death_event": False}},  # 1 June 2015 to 31 December 2016
    )


def test_criteria_join_with_and_or_and_not(cohort_spec):
    old, woman = age_years() >= 60, sex() == "female"
    cohort_spec(
        ENTRY.require("old or a woman, not both", (old | woman) & ~(old & woman)),
        people="id | born | sex\n1 | 1950 | female\n2 | 1950 | male\n3 | 1990 | female\n4 | 1990 | male",
        condition=ON_JUNE_1 + "\n3 | 2015-06-01 | 316139\n4 | 2015-06-01 | 316139",
        expected_ids={2, 3},
    )

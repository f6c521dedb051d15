"""Readings from laboratory, ECG and imaging: which method is taken, when it was, and what a day with several means."""

import pytest

from workbench.cohorts import Cohort, codelist, diagnosis, drug, measure, procedure

ENTRY = Cohort.entry("first heart failure", diagnosis(codelist("heart_failure")).first())
ON_JUNE_1 = "id | date | concept\n1 | 2015-06-01 | 316139"
LVEF = measure("lvef_percent")
BOTH = measure("lvef_percent", methods=("cmr", "echocardiography"))
# An echo on the index day, an MR a month later.
TWO_METHODS = """
    id | date       | measure      | value | method
    1  | 2015-06-01 | lvef_percent | 30    | echocardiography
    1  | 2015-07-01 | lvef_percent | 45    | cmr """


@pytest.mark.parametrize(
    ("reading", "value", "method", "day"),
    [
        (LVEF.nearest(before_days=90, after_days=60), 30.0, "echocardiography", 0.0),
        (BOTH.nearest(before_days=90, after_days=60), 45.0, "cmr", 30.0),
        (BOTH.nearest(before_days=90, after_days=29), 30.0, "echocardiography", 0.0),
        (BOTH.first(), 45.0, "cmr", 30.0),
        (measure("lvef_percent", methods=("echocardiography",)).last(), 30.0, "echocardiography", 0.0),
        (measure("lvef_percent", methods=("cmr",)).before_index().last(), None, None, None),
    ],
)
def test_a_method_asked_for_earlier_goes_before_a_nearer_reading(cohort_spec, reading, value, method, day):
    cohort_spec(
        ENTRY,
        condition=ON_JUNE_1,
        imaging=TWO_METHODS,
        variables=[
            reading.named("lvef_percent"),
            reading.method().named("lvef_method"),
            reading.days_from_index().named("lvef_days"),
        ],
        expected_ids={1},
        expected={1: {"lvef_percent": value, "lvef_method": method, "lvef_days": day}},
    )


@pytest.mark.parametrize("choose", ["first", "last"])
def test_of_one_day_the_method_that_the_registry_prefers_is_taken_whatever_the_ids(cohort_spec, choose):
    # For an ECG the physician's reading goes before the machine's, which was recorded first.
    reading = getattr(measure("qtc_fridericia_ms"), choose)()
    cohort_spec(
        ENTRY,
        condition=ON_JUNE_1,
        ecg="""
            id | date       | measure           | value | method
            1  | 2015-06-01 | qtc_fridericia_ms | 500   |
            1  | 2015-06-01 | qtc_fridericia_ms | 480   | automated
            1  | 2015-06-01 | qtc_fridericia_ms | 460   | physician """,
        variables=[reading.named("qtc_ms"), reading.method().named("method")],
        expected_ids={1},
        expected={1: {"qtc_ms": 460.0, "method": "physician"}},
    )


def test_a_reading_by_a_method_that_nobody_knows_is_a_reading_and_its_method_is_missing(cohort_spec):
    known, any_of_them = BOTH.last(), LVEF.last()
    cohort_spec(
        ENTRY,
        condition=ON_JUNE_1,
        imaging="id | date | measure | value | method\n1 | 2015-06-01 | lvef_percent | 35 | ",
        variables=[known.named("known"), any_of_them.named("any"), any_of_them.method().named("method")],
        expected_ids={1},
        expected={1: {"known": None, "any": 35.0, "method": None}},
    )


@pytest.mark.parametrize(("choose", "first_days"), [("first", -30.0), ("last", -61.0)])
def test_the_entry_is_the_first_or_last_reading_by_the_preferred_method(cohort_spec, choose, first_days):
    # An echo on 1 June, MR on 1 July and 1 August, another echo later: the echoes do not count where there is an MR.
    entry = getattr(BOTH, choose)()
    cohort_spec(
        Cohort.entry("ejection fraction, by MR if there is one", entry).require("that very day", BOTH.on_index()),
        imaging=TWO_METHODS
        + "\n1 | 2015-08-01 | lvef_percent | 50 | cmr\n1 | 2015-09-01 | lvef_percent | 55 | echocardiography",
        variables=[LVEF.first().days_from_index().named("first_days")],
        expected_ids={1},
        expected={1: {"first_days": first_days}},
    )


def test_drugs_and_procedures_are_found_in_tables_of_their_own(cohort_spec):
    cohort_spec(
        ENTRY.require("on a drug", drug(codelist("heart_failure")).on_or_before_index()).require(
            "operated on", procedure(codelist("myocardial_infarction")).after_index()
        ),
        people="id\n1\n2\n3",
        condition=ON_JUNE_1 + "\n2 | 2015-06-01 | 316139\n3 | 2015-06-01 | 316139",
        # The concepts stand for a drug and a procedure here; that the table is another is what counts.
        drug="id | date | concept\n1 | 2015-06-01 | 316139\n2 | 2015-06-01 | 316139\n3 | 2015-06-02 | 316139",
        procedure="id | date | concept\n1 | 2015-06-02 | 4329847\n3 | 2015-06-02 | 4329847",
        expected_ids={1},
    )


def test_days_with_an_event_are_counted_and_several_on_one_day_are_one(cohort_spec):
    heart_failure = diagnosis(codelist("heart_failure"))
    cohort_spec(
        ENTRY.require("on two days of a year", heart_failure.within(after_days=365).count() >= 2),
        people="id\n1\n2",
        condition="""
            id | date       | concept
            1  | 2015-06-01 | 316139
            1  | 2015-06-01 | 4229440
            2  | 2015-06-01 | 316139
            2  | 2015-09-01 | 316139
            2  | 2017-01-01 | 316139 """,
        variables=[
            heart_failure.count().named("n_days", label="Days"),
            heart_failure.before_index().count().named("n_before", label="Days before"),
        ],
        expected_ids={2},
        expected={2: {"n_days": 3.0, "n_before": 0.0}},
    )

"""Table 1, worked by hand."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.engines.inline import run
from workbench.engines.people import FramePeople
from workbench.statistics.columns import column
from workbench.statistics.errors import AnalysisError
from workbench.statistics.results import LevelSummary, NumberSummary
from workbench.statistics.table_one import TableOne

PEOPLE = pl.DataFrame(
    {
        "age_years": [60.0, 70.0, 80.0, None, 50.0],
        "sex": ["female", "male", None, "male", "male"],
        "diabetes": [True, False, True, True, None],
        "arm": ["a", "a", "a", "b", None],
    }
)
AGE = column("age_years", "number", label="Age", unit="years")
SEX = column("sex", "category", label="Sex", levels=["female", "male"])
DIABETES = column("diabetes", "yes_no", label="Diabetes")
ARM = column("arm", "category", label="Arm", levels=["a", "b", "c"])


def table(*rows, by=None):
    return run(TableOne(rows, by=by), FramePeople(PEOPLE))


def test_a_number_by_group():
    summary = table(AGE, by=ARM)
    assert (summary.by, summary.groups, summary.n, summary.n_missing_group) == ("Arm", ("a", "b", "c"), (3, 1, 0), 1)
    assert summary.variables == (
        NumberSummary(
            name="age_years",
            label="Age",
            unit="years",
            n=(3, 0, 0),
            n_missing=(0, 1, 0),
            mean=(70.0, None, None),
            sd=(10.0, None, None),  # ((10² + 0² + 10²) / 2)^½
            total=(210.0, 0.0, 0.0),
            largest=(80.0, 0.0, 0.0),
            second_largest=(70.0, 0.0, 0.0),
        ),
    )


def test_levels_by_group_leave_out_people_of_unknown_group():
    sex, diabetes = table(SEX, DIABETES, by=ARM).variables
    assert sex == LevelSummary("sex", "Sex", ("female", "male"), ((1, 0, 0), (1, 1, 0)), (1, 0, 0))
    assert diabetes == LevelSummary(
        "diabetes", "Diabetes", ("no", "yes"), ((1, 0, 0), (2, 1, 0)), (0, 0, 0), yes_no=True
    )


def test_without_groups_everybody_is_in_one():
    summary = table(AGE, SEX)
    assert (summary.by, summary.groups, summary.n) == (None, ("All",), (5,))
    age, sex = summary.variables
    assert (age.n, age.n_missing, age.mean) == ((4,), (1,), (65.0,))
    assert sex.counts == ((1,), (3,))


def test_the_largest_contributors_are_by_size_not_by_sign():
    change = column("change", "number")
    summary = run(TableOne([change]), FramePeople(pl.DataFrame({"change": [-5.0, 3.0, 1.0]})))
    (number,) = summary.variables
    assert (number.total, number.largest, number.second_largest) == ((9.0,), (5.0,), (3.0,))


def test_a_mean_of_large_numbers_keeps_its_digits():
    value = column("value", "number")
    summary = run(TableOne([value]), FramePeople(pl.DataFrame({"value": [1e9 + 1, 1e9 + 2, 1e9 + 3]})))
    assert summary.variables[0].sd == (1.0,)


def test_a_time_to_event_is_no_row_of_table_one():
    with pytest.raises(AnalysisError, match="'death' is a time_to_event .* Describe it by Kaplan–Meier"):
        TableOne([column("death", "time_to_event")])


def test_a_number_cannot_be_the_group():
    with pytest.raises(AnalysisError, match="'age_years' is a number and has no levels"):
        TableOne([SEX], by=AGE)


def test_an_empty_table_is_refused():
    with pytest.raises(AnalysisError, match="Table 1 needs at least one variable"):
        TableOne([])

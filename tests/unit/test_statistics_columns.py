"""Reading columns of people: what is missing is kept apart from what is wrong."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from workbench.statistics.columns import codes, column, follow_up, levels_of, numbers, require_columns, yes_no
from workbench.statistics.errors import AnalysisError

SMOKING = column("smoking", "category", levels=["never", "former", "current"])
DEATH = column("death", "time_to_event", label="Death")


def test_levels_become_their_place_and_missing_is_minus_one():
    people = pl.DataFrame({"smoking": ["current", None, "never", "former"]})
    assert codes(people, SMOKING).tolist() == [2, -1, 0, 1]


@pytest.mark.parametrize("values", [[True, None, False], [1, None, 0], [1.0, float("nan"), 0.0]])
def test_yes_and_no_come_as_booleans_or_as_one_and_zero(values):
    people = pl.DataFrame({"diabetes": values}, strict=False)
    assert codes(people, column("diabetes", "yes_no")).tolist() == [1, -1, 0]


def test_a_value_that_is_no_declared_level_is_refused_without_repeating_it():
    people = pl.DataFrame({"smoking": ["never", "MRN-0012345"]})
    with pytest.raises(
        AnalysisError, match="'smoking' has values that are not among .* Declared: never, former"
    ) as refusal:
        codes(people, SMOKING)
    assert "MRN" not in str(refusal.value)


def test_a_yes_no_column_with_other_numbers_is_refused():
    with pytest.raises(AnalysisError, match="'status' must be True or False, or 1 or 0"):
        yes_no(pl.Series("status", [1, 2]))


def test_a_category_without_levels_is_refused():
    with pytest.raises(AnalysisError, match="The category 'smoking' has no declared levels. Declare them"):
        levels_of(column("smoking", "category"))


def test_a_number_has_no_levels():
    with pytest.raises(AnalysisError, match="'age' is a number and has no levels. Use a category"):
        levels_of(column("age", "number"))


def test_numbers_keep_nan_for_null_and_refuse_infinity():
    assert np.isnan(numbers(pl.Series("bmi", [22.5, None]))).tolist() == [False, True]
    with pytest.raises(AnalysisError, match="'bmi' has infinite values"):
        numbers(pl.Series("bmi", [22.5, float("inf")]))


def test_text_is_no_number():
    with pytest.raises(AnalysisError, match="'bmi' holds String, not numbers. Convert it"):
        numbers(pl.Series("bmi", ["22.5"]))


def test_follow_up_without_days_or_without_outcome_is_missing():
    people = pl.DataFrame({"death_days": [10.0, None, 30.0], "death_event": [True, True, None]})
    days, event = follow_up(people, DEATH)
    assert np.isnan(days).tolist() == [False, True, True]
    assert event.tolist() == [True, False, False]


def test_follow_up_that_ends_before_the_index_date_is_refused():
    people = pl.DataFrame({"death_days": [-1.0, 5.0], "death_event": [True, True]})
    with pytest.raises(AnalysisError, match="'death_days' has negative values.*Check the dates"):
        follow_up(people, DEATH)


def test_follow_up_must_be_a_time_to_event():
    with pytest.raises(AnalysisError, match="'smoking' is a category. Follow-up needs"):
        follow_up(pl.DataFrame(), SMOKING)


def test_a_missing_column_is_named_with_the_nearest_one():
    with pytest.raises(AnalysisError, match="no column 'death_days'. Did you mean 'death_day'"):
        require_columns(pl.DataFrame({"death_day": [1], "death_event": [True]}), [DEATH])

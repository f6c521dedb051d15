"""The life table: who is at risk when, and which times are one time."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.statistics.errors import AnalysisError
from workbench.statistics.event_table import EventTable, distinct_times, round_times


def test_five_people_leave_one_by_one():
    table = EventTable.of(np.array([1.0, 2, 2, 3, 4]), np.array([True, True, False, True, False]))
    assert table.time.tolist() == [1, 2, 3, 4]
    assert table.at_risk.tolist() == [[5, 4, 2, 1]]
    assert table.events.tolist() == [[1, 1, 1, 0]]
    assert table.censored.tolist() == [[0, 1, 0, 1]]
    assert table.n.tolist() == [5]


def test_a_person_who_enters_at_an_event_time_is_not_at_risk_then():
    table = EventTable.of(np.array([3.0, 5]), np.array([True, True]), entry=np.array([0.0, 3]))
    at_three = table.time.tolist().index(3)
    assert table.at_risk[0, at_three] == 1
    assert table.at_risk[0, at_three + 1] == 1  # at 5: the one who entered


def test_groups_without_people_keep_their_place():
    group = np.array([2, 0])
    table = EventTable.of(np.array([1.0, 2]), np.array([True, False]), group=group, groups=("a", "b", "c"))
    assert table.n.tolist() == [1, 0, 1]
    assert table.at_risk.tolist() == [[1, 1], [0, 0], [1, 0]]


def test_people_of_unknown_time_or_group_are_counted_as_missing():
    table = EventTable.of(
        np.array([1.0, np.nan, 2]), np.array([True, False, True]), group=np.array([0, 0, -1]), groups=("a",)
    )
    assert (table.n_missing, table.n.tolist(), table.time.tolist()) == (2, [1], [1])


def test_sums_that_miss_each_other_by_rounding_are_one_time():
    assert 0.1 + 0.2 != 0.3
    table = EventTable.of(np.array([0.1 + 0.2, 0.3, 1.1 * 3, 3.3]), np.ones(4, dtype=bool))
    assert table.time.size == 2
    assert table.events.tolist() == [[2, 2]]


def test_times_that_a_person_writes_differently_stay_apart_in_any_unit():
    days = np.array([365.25, 365.2500001, 1e-6, 1.000001e-6, 1e12, 1.000001e12])
    assert np.unique(round_times(days)).size == days.size


def test_whole_days_are_not_changed_by_rounding():
    days = np.array([0.0, 1, 3_650, 36_525, 2**33])
    assert round_times(days).tolist() == days.tolist()


def test_counting_whole_days_finds_what_sorting_finds():
    days = np.array([7.0, 0, 7, 3, 0, 12])
    time, place = distinct_times(days)
    assert time.tolist() == [0, 3, 7, 12]
    assert time[place].tolist() == days.tolist()


def test_follow_up_that_ends_before_it_begins_is_refused():
    with pytest.raises(AnalysisError, match=r"does not begin before it ends .* Correct the times"):
        EventTable.of(np.array([1.0, 2, 3]), np.ones(3, dtype=bool), entry=np.array([1.0, 5, 0]))


def test_tables_of_other_groups_are_not_added():
    with pytest.raises(AnalysisError, match=r"other groups cannot be added: \('a',\) and \('b',\)"):
        EventTable.empty(("a",)).merge(EventTable.empty(("b",)))

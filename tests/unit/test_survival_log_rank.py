"""The log-rank test, worked by hand, and its refusals."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.engines.inline import run
from workbench.engines.people import FramePeople
from workbench.statistics.columns import column
from workbench.statistics.errors import AnalysisError
from workbench.survival import LogRank, log_rank

# Time 1: 4 at risk, 2 in a; one of a dies.   expected 2/4, variance 1·3/3 · 1/2·1/2 = 1/4
# Time 2: 3 at risk, 1 in a; one of b dies.   expected 1/3, variance 1·2/2 · 1/3·2/3 = 2/9
# Time 3: 2 at risk, 1 in a; one of a dies.   expected 1/2, variance 1/4
# Time 4: 1 at risk, 0 in a; one of b dies.   expected 0, no variance
TIME, DIED, GROUP = [1, 3, 2, 4], [True] * 4, ["a", "a", "b", "b"]
EXPECTED_A, VARIANCE = 1 / 2 + 1 / 3 + 1 / 2, 1 / 4 + 2 / 9 + 1 / 4


def test_log_rank_of_four_people():
    test = log_rank(TIME, DIED, GROUP)
    assert [(group.label, group.n, group.events) for group in test.groups] == [("a", 2, 2), ("b", 2, 2)]
    assert [group.expected for group in test.groups] == pytest.approx([EXPECTED_A, 4 - EXPECTED_A])
    assert test.statistic == pytest.approx((2 - EXPECTED_A) ** 2 / VARIANCE)
    assert test.degrees_of_freedom == 1
    assert test.method == "Log-rank test"


def test_strata_are_compared_within_and_added():
    once = log_rank(TIME, DIED, GROUP)
    twice = log_rank(TIME * 2, DIED * 2, GROUP * 2, strata=["x"] * 4 + ["y"] * 4)
    # Twice the difference and twice the variance: twice the statistic.
    assert twice.statistic == pytest.approx(2 * once.statistic)
    assert twice.method == "Log-rank test stratified by strata"


def test_late_entries_are_not_expected_to_die_before_they_came():
    # Time 1: only the two of a are at risk, so 1 death is expected in a. Time 2: b has come; 1/2 is expected in each.
    test = log_rank([1, 2, 3], [True, True, False], ["a", "a", "b"], entry=[0, 0, 1])
    assert [group.expected for group in test.groups] == pytest.approx([3 / 2, 1 / 2])


def test_groups_keep_the_order_of_an_enum():
    dose = pl.Series(["low", "high", "low", "high"], dtype=pl.Enum(["low", "high"]))
    assert [group.label for group in log_rank(TIME, DIED, dose).groups] == ["low", "high"]


def test_a_group_that_was_gone_before_the_first_event_takes_no_degree_of_freedom():
    test = log_rank([0.5, *TIME], [False, *DIED], ["c", *GROUP])
    assert test.degrees_of_freedom == 1
    assert test.statistic == pytest.approx(log_rank(TIME, DIED, GROUP).statistic)
    assert [group.n for group in test.groups] == [2, 2, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((TIME, [False] * 4, GROUP), "Nobody had the event"),
        ((TIME, DIED, ["a"] * 4), "Fewer than two groups were at risk when events happened"),
        ((TIME, DIED, ["a", None, "b", "b"]), "groups has missing values"),
        ((TIME, DIED, ["a", "b"]), r"differ in length \(durations: 4, events: 4, groups: 2\)"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(arguments, message):
    with pytest.raises(AnalysisError, match=message):
        log_rank(*arguments)


PEOPLE = pl.DataFrame(
    {
        "death_days": [*map(float, TIME), 9.0],
        "death_event": [*DIED, True],
        "arm": [*GROUP, "a"],
        "sex": ["f", "f", "f", "f", None],
    }
)
DEATH = column("death", "time_to_event", label="Death")
ARM = column("arm", "category", label="Arm", levels=["a", "b"])


def test_an_analysis_gives_the_test_of_the_plain_function():
    test = run(LogRank(DEATH, ARM), FramePeople(PEOPLE.head(4)))
    assert test.statistic == log_rank(TIME, DIED, GROUP).statistic
    assert (test.by, test.event_label, test.n_missing) == ("Arm", "Death", 0)


def test_people_of_unknown_stratum_are_left_out_and_counted():
    sex = column("sex", "category", label="Sex", levels=["f", "m"])
    test = run(LogRank(DEATH, ARM, strata=sex), FramePeople(PEOPLE))
    assert (test.method, test.n_missing) == ("Log-rank test stratified by Sex", 1)
    assert test.statistic == pytest.approx(log_rank(TIME, DIED, GROUP).statistic)


def test_a_level_that_nobody_has_is_refused_by_name():
    arm = column("arm", "category", label="Arm", levels=["a", "b", "placebo"])
    with pytest.raises(AnalysisError, match="at level 'placebo' of 'Arm'.*join it with another"):
        run(LogRank(DEATH, arm), FramePeople(PEOPLE))


def test_a_number_cannot_be_compared_by():
    with pytest.raises(AnalysisError, match="'age' is a number and has no levels"):
        LogRank(DEATH, column("age", "number"))

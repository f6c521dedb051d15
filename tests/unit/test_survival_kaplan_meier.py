"""Kaplan–Meier, worked by hand; its summaries, its analysis and its refusals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from workbench.engines.inline import run
from workbench.engines.people import FramePeople
from workbench.statistics.columns import column
from workbench.statistics.errors import AnalysisError
from workbench.survival import KaplanMeier, kaplan_meier, median_survival, survival_at, survival_quantiles

DIED = [True, True, False, True, False]
YEARS = [1.0, 2.0, 2.0, 3.0, 4.0]


def test_kaplan_meier_of_five_people():
    curve = kaplan_meier(pl.Series(YEARS), pl.Series(DIED))
    assert curve["time"].to_list() == [1, 2, 3, 4]
    assert curve["at_risk"].to_list() == [5, 4, 2, 1]
    assert curve["survival"].to_list() == pytest.approx([4 / 5, 3 / 5, 3 / 10, 3 / 10])


def test_greenwood_standard_error_of_five_people():
    curve = kaplan_meier(YEARS, DIED)
    # var(log S) after 2 years: 1/(5·4) + 1/(4·3)
    assert curve["std_err"][1] == pytest.approx(3 / 5 * math.sqrt(1 / 20 + 1 / 12))


@pytest.mark.parametrize(
    ("interval", "lower", "upper"),
    [
        ("plain", 4 / 5 - 1.959964 * math.sqrt(4 / 125), 1.0),  # 0.8 ± z·√(0.8·0.2/5), cut at 1
        ("log", 4 / 5 * math.exp(-1.959964 * math.sqrt(1 / 20)), 1.0),
        (
            "log-log",
            0.8 ** math.exp(1.959964 * math.sqrt(1 / 20) / -math.log(0.8)),
            0.8 ** math.exp(-1.959964 * math.sqrt(1 / 20) / -math.log(0.8)),
        ),
    ],
)
def test_limits_on_each_scale_after_the_first_death(interval, lower, upper):
    curve = kaplan_meier(YEARS, DIED, interval=interval)
    assert curve.select("lower", "upper").row(0) == pytest.approx((lower, upper), abs=1e-6)


def test_limits_stay_between_zero_and_one():
    curve = kaplan_meier([1, 2, 3], [1, 1, 0], interval="plain")
    assert curve["lower"].min() == 0
    assert curve["upper"].max() <= 1


def test_limits_are_null_while_survival_is_one_or_zero():
    curve = kaplan_meier([1, 2, 3], [0, 1, 1])
    assert curve["survival"].to_list() == [1, 0.5, 0]
    assert curve["lower"].is_null().to_list() == [True, False, True]
    assert curve["std_err"].is_null().to_list() == [False, False, True]


def test_a_death_on_the_day_of_a_censoring_comes_first():
    curve = kaplan_meier([10, 10], [True, False])
    assert (curve["at_risk"][0], curve["survival"][0]) == (2, 0.5)


def test_a_death_at_time_zero_counts():
    curve = kaplan_meier([0, 5, 9], [True, False, False])
    assert curve["survival"].to_list() == pytest.approx([2 / 3] * 3)


def test_those_who_enter_late_are_at_risk_only_after_they_entered():
    curve = kaplan_meier([3, 5, 6], [True, True, True], entry=[0, 0, 3])
    assert curve["at_risk"].to_list() == [2, 2, 1]
    assert curve["survival"].to_list() == pytest.approx([1 / 2, 1 / 4, 0])


def test_an_emptied_risk_set_warns_and_start_time_is_the_remedy():
    time, died, entry = [1, 2, 5, 6, 7], [True, True, True, False, True], [0, 0, 2.5, 2.6, 4]
    with pytest.warns(UserWarning, match="by time 2, so survival is 0 from there on.*Give start_time"):
        kaplan_meier(time, died, entry=entry)
    later = kaplan_meier(time, died, entry=entry, start_time=3)
    assert later["survival"].to_list() == pytest.approx([2 / 3, 2 / 3, 0])


def test_the_median_of_a_flat_stretch_at_one_half_is_its_middle():
    assert median_survival(kaplan_meier([1, 2, 5, 9], [1, 1, 1, 1])).time == 3.5


def test_a_median_that_is_not_reached_is_null():
    assert median_survival(kaplan_meier([1, 2, 3], [1, 0, 0])).time is None


def test_quantiles_come_in_the_order_asked_for():
    quantiles = survival_quantiles(kaplan_meier([1, 2, 3, 4, 5], [1, 1, 1, 1, 1]), [0.7, 0.3])
    assert quantiles["time"].to_list() == [4, 2]


def test_a_curve_is_read_at_any_time():
    read = survival_at(kaplan_meier(YEARS, DIED), [2.5, 0.5, 4, 4.5])
    assert read["time"].to_list() == [2.5, 0.5, 4, 4.5]
    assert read["survival"].to_list()[:3] == pytest.approx([3 / 5, 1, 3 / 10])
    assert read.row(3) == (4.5, None, None, None, None)  # nobody is left to tell


def test_a_curve_that_ended_at_zero_stays_there():
    assert survival_at(kaplan_meier([1], [True]), [7])["survival"].to_list() == [0]


@pytest.mark.parametrize("make", [list, np.array, pl.Series, pd.Series], ids=["list", "numpy", "polars", "pandas"])
def test_columns_may_be_lists_arrays_or_series(make):
    assert kaplan_meier(make(YEARS), make(DIED)).equals(kaplan_meier(YEARS, DIED))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, -2], [True, False]), r"durations has negative values \(1\).*check the dates"),
        (([1, None], [True, False]), r"durations has missing values \(1\). Leave these people out"),
        (([1, math.nan], [True, False]), r"durations has missing values"),
        (([1, math.inf], [True, False]), r"'durations' has infinite values"),
        (([1, 2], [True, None]), r"events has missing values"),
        (([1, 2], [1, 2]), r"'events' must be True or False, or 1 or 0"),
        (([1, 2], [True]), r"differ in length \(durations: 2, events: 1\)"),
        (([], []), r"There are no people"),
        (([[1, 2]], [True, False]), r"durations has 2 dimensions"),
        ((["1", "2"], [True, False]), r"'durations' holds String, not numbers"),
    ],
)
def test_columns_that_mean_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        kaplan_meier(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": "loglog"}, r"interval is 'loglog'. Allowed: log-log, log, plain"),
        ({"confidence": 95}, r"confidence is 95. Give a proportion between 0 and 1, such as 0.95"),
        ({"entry": [0, 0, 2, 0, 0]}, r"does not begin before it ends"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        kaplan_meier(YEARS, DIED, **options)


def test_a_quantile_is_asked_for_as_a_share():
    with pytest.raises(AnalysisError, match=r"50 is not a share of people. Give probabilities between 0 and 1"):
        survival_quantiles(kaplan_meier(YEARS, DIED), [50])


PEOPLE = pl.DataFrame(
    {
        "death_days": [*YEARS, None, 2.0],
        "death_event": [*DIED, True, True],
        "failure": [True, True, True, False, False, True, None],
    }
)
DEATH = column("death", "time_to_event", label="Death from any cause")
FAILURE = column("failure", "yes_no", label="Heart failure")


def test_an_analysis_gives_the_curve_of_the_plain_function():
    curves = run(KaplanMeier(DEATH), FramePeople(PEOPLE.head(5)))
    assert curves.curves["All"].equals(kaplan_meier(YEARS, DIED))
    assert (curves.event_label, curves.by, curves.n, curves.n_missing) == ("Death from any cause", None, {"All": 5}, 0)
    assert curves.horizon_days == 5 * 365.25


def test_people_without_follow_up_or_group_are_left_out_and_counted():
    curves = run(KaplanMeier(DEATH, FAILURE, horizon_years=1), FramePeople(PEOPLE))
    assert (curves.by, curves.n, curves.n_missing) == ("Heart failure", {"no": 2, "yes": 3}, 2)
    assert curves.curves["yes"].equals(kaplan_meier(YEARS[:3], DIED[:3]))


def test_the_table_is_kept_whole_beyond_the_horizon():
    longer = PEOPLE.head(5).with_columns(pl.col("death_days") * 100)
    curves = run(KaplanMeier(DEATH, horizon_years=1), FramePeople(longer))
    assert curves.curves["All"]["time"].max() == 400 > curves.horizon_days


def test_a_level_that_nobody_has_is_refused_by_name():
    with pytest.raises(AnalysisError, match="Nobody with known follow-up is at level 'no' of 'Heart failure'"):
        run(KaplanMeier(DEATH, FAILURE), FramePeople(PEOPLE.head(3)))


def test_a_cohort_without_follow_up_is_refused():
    with pytest.raises(AnalysisError, match="Nobody in this cohort has the follow-up"):
        run(KaplanMeier(DEATH), FramePeople(PEOPLE.slice(5, 1)))


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (lambda: KaplanMeier(FAILURE), "'failure' is a yes_no. Follow-up needs a variable that is a time_to_event"),
        (lambda: KaplanMeier(DEATH, DEATH), "'death' is a time_to_event and has no levels"),
        (lambda: KaplanMeier(DEATH, horizon_years=0), "horizon_years is 0. Give whole years, such as 5, or 1.5 or 3.5"),
        (lambda: KaplanMeier(DEATH, horizon_years=4.003), "horizon_years is 4.003. Give whole years"),
        (lambda: KaplanMeier(DEATH, confidence=1), "confidence is 1. Give a proportion"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_before_people_are_asked_for(question, message):
    with pytest.raises(AnalysisError, match=message):
        question()

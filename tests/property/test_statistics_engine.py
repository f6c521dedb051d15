"""True for all people, however they are divided into units of work."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engines.inline import run
from workbench.engines.people import FramePeople, SplitFrame
from workbench.statistics.columns import column
from workbench.statistics.errors import AnalysisError
from workbench.statistics.table_one import TableOne
from workbench.survival import Cox, KaplanMeier, LogRank, StratifiedCox, cox, kaplan_meier, log_rank

DEATH = column("death", "time_to_event", label="Death")
AGE = column("age", "number", label="Age")
FAILURE = column("failure", "yes_no", label="Heart failure")
SITE = column("site", "category", label="Site", levels=["x", "y", "z"])
ANALYSES = {
    "Kaplan–Meier": KaplanMeier(DEATH, FAILURE),
    "log-rank": LogRank(DEATH, FAILURE),
    "stratified log-rank": LogRank(DEATH, FAILURE, strata=SITE),
    "Table 1": TableOne([AGE, FAILURE, SITE], by=FAILURE),
    "Cox": Cox(DEATH, [AGE, FAILURE], per={"age": 10}),
    "Cox with Breslow ties and strata": Cox(DEATH, [AGE, FAILURE], ties="breslow", strata=SITE),
}


def simulate(seed, n=150):
    """People whose hazard grows with age and heart failure, with ties and gaps."""
    random = np.random.default_rng(seed)
    age, failure = random.normal(65, 12, n), random.random(n) < 0.4
    death = random.exponential(40 / np.exp(0.03 * (age - 65) + 0.5 * failure))
    end = random.uniform(5, 60, n)
    return pl.DataFrame(
        {
            "death_days": np.ceil(np.minimum(death, end)),
            "death_event": death <= end,
            "age": pl.Series(age).scatter(random.integers(0, n, 5), None),
            "failure": failure,
            "site": random.choice(["x", "y", "z"], n),
            "bucket": random.integers(0, 8, n),
        }
    )


def exact(result):
    """A result as plain values, frames as their columns, so that == compares every bit."""
    if isinstance(result, pl.DataFrame):
        return result.to_dict(as_series=False)
    if dataclasses.is_dataclass(result):
        return {field.name: exact(getattr(result, field.name)) for field in dataclasses.fields(result)}
    if isinstance(result, dict):
        return {key: exact(value) for key, value in result.items()}
    return [exact(item) for item in result] if isinstance(result, tuple) else result


def assert_near(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_near(value, other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_near(*pair)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-10, abs=1e-10)
    else:
        assert one == other


@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES.keys())
@given(seed=st.integers(0, 10_000), n_buckets=st.integers(1, 8))
def test_any_split_gives_the_undivided_result(analysis, seed, n_buckets):
    people = simulate(seed).with_columns(pl.col("bucket") % n_buckets)
    undivided = exact(run(analysis, FramePeople(people)))
    split = exact(run(analysis, SplitFrame(people, "site", "bucket")))
    assert_near(split, undivided)
    assert exact(run(analysis, SplitFrame(people, "site", "bucket"))) == split  # and the same split the same bits


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_cox_by_whole_strata_is_cox_with_these_strata(seed):
    people = simulate(seed)
    together = exact(run(Cox(DEATH, [AGE, FAILURE], strata=SITE), FramePeople(people)))
    apart = exact(run(StratifiedCox(DEATH, [AGE, FAILURE], strata=SITE), SplitFrame(people, "site")))
    assert_near(apart, together)


people_with_events = st.lists(st.tuples(st.integers(1, 20_000), st.booleans()), min_size=1)


@given(people_with_events)
def test_survival_never_rises_and_ignores_the_unit_of_time(people):
    days, died = (pl.Series(column) for column in zip(*people, strict=True))
    curve = kaplan_meier(days / 365.25, died)
    in_days = kaplan_meier(days * 1.0, died)
    assert curve["survival"].is_sorted(descending=True)
    assert curve["survival"].is_between(0, 1).all()
    for name in ("at_risk", "events", "censored", "survival", "std_err", "lower", "upper"):
        assert curve[name].to_list() == in_days[name].to_list()


@given(people_with_events, st.sampled_from(["log-log", "log", "plain"]))
def test_limits_hold_the_estimate_between_them(people, interval):
    days, died = (pl.Series(column) for column in zip(*people, strict=True))
    curve = kaplan_meier(days, died, interval=interval).drop_nulls("lower")
    assert ((curve["lower"] <= curve["survival"] + 1e-12) & (curve["survival"] <= curve["upper"] + 1e-12)).all()
    assert curve["lower"].is_between(0, 1).all()
    assert curve["upper"].is_between(0, 1).all()


@given(people_with_events)
def test_without_censoring_survival_is_the_share_still_alive(people):
    days = np.array([day for day, _ in people])
    curve = kaplan_meier(days, np.ones(len(days), dtype=bool))
    still_alive = [(days > time).mean() for time in curve["time"]]
    assert curve["survival"].to_list() == pytest.approx(still_alive, abs=1e-12)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_tests_and_models_ignore_the_order_of_people_and_the_unit_of_time(seed):
    people = simulate(seed)
    other = people.sample(fraction=1, shuffle=True, seed=seed).with_columns(pl.col("death_days") / 365.25)
    tests = [log_rank(each["death_days"], each["death_event"], each["failure"]) for each in (people, other)]
    assert_near(*map(exact, tests))
    models = [
        cox(each, duration="death_days", event="death_event", covariates=["age", "failure"]) for each in (people, other)
    ]
    assert_near(*map(exact, models))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 25))
def test_a_small_model_converges_or_says_why_it_cannot(seed, n):
    try:
        model = cox(simulate(seed, n), duration="death_days", event="death_event", covariates=["age", "failure"])
    except AnalysisError as problem:
        model, refusal = None, str(problem)
    if model is None:
        assert any(name in refusal for name in ("age", "failure", "event", "covariate"))
        return
    assert model.converged
    assert all(math.isfinite(term.log_hazard_ratio) and 0 < term.std_err < 1e3 for term in model.terms)
    assert model.log_likelihood >= model.log_likelihood_null

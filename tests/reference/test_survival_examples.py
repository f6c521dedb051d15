"""Every worked example from R whose method exists here, read from the folder of sample data beside the checkout."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.survival import cox, kaplan_meier, log_rank, median_survival, survival_at, survival_quantiles


@pytest.fixture(scope="module")
def case(survival_examples):
    return {case["id"]: case for case in survival_examples["cases"]}.__getitem__


@pytest.fixture(scope="module")
def toy(survival_examples):
    return lambda name: pl.DataFrame(survival_examples["datasets"][name]["columns"], strict=False)


def assert_estimates(close, curve, expected, tolerance):
    """Compare what a curve says at the times of a case."""
    read = survival_at(curve, expected["time"])
    for ours, theirs in {"survival": "surv", "std_err": "std_err", "lower": "lower", "upper": "upper"}.items():
        assert close(read[ours], expected[theirs], tolerance), ours


def assert_counts(curve, expected):
    """R counts events since the time listed before; who is at risk has the next time, or a later one, still ahead."""
    since = [-1.0, *expected["time"][:-1]]
    for place, (after, until) in enumerate(zip(since, expected["time"], strict=True)):
        between = curve.filter((pl.col("time") > after) & (pl.col("time") <= until))
        assert between["events"].sum() == expected["n_event"][place]
        assert between["censored"].sum() == expected["n_censor"][place]
        assert curve.filter(pl.col("time") >= until)["at_risk"][0] == expected["n_risk"][place]


def test_kaplan_meier_of_whas500(case, whas500, close):
    example = case("km-whas500-log-log")
    curve = kaplan_meier(whas500["lenfol"], whas500["fstat"], interval=example["spec"]["conf_type"])
    assert_estimates(close, curve, example["expect"]["table"], example["tol"])
    assert_counts(curve, example["expect"]["table"])
    quantiles = example["expect"]["quantiles"]
    ours = survival_quantiles(curve, quantiles["p"])
    for column, expected in {"time": "est", "lower": "lower", "upper": "upper"}.items():
        assert close(ours[column], quantiles[expected], example["tol"])


@pytest.mark.parametrize("group", [0, 1])
def test_kaplan_meier_of_whas500_by_heart_failure(case, whas500, close, group):
    example, people = case("km-whas500-by-chf"), whas500.filter(chf=group)
    curve = kaplan_meier(people["lenfol"], people["fstat"], interval=example["spec"]["conf_type"])
    assert_estimates(close, curve, example["expect"]["groups"][str(group)], example["tol"])
    assert_counts(curve, example["expect"]["groups"][str(group)])
    names = ("median", "median_lower", "median_upper")
    assert close(median_survival(curve), [example["expect"][name][group] for name in names], example["tol"])


@pytest.mark.filterwarnings("ignore:Everybody under observation had the event by time 2")
@pytest.mark.parametrize(("name", "data"), [("km-toy-hole", "toy_hole"), ("km-toy-entry_tie", "toy_entry_tie")])
def test_kaplan_meier_with_delayed_entry(case, toy, close, name, data):
    example, people = case(name), toy(data)
    curve = kaplan_meier(people["time"], people["event"], entry=people["entry"])
    expected = example["expect"]["table"]
    names = {
        "time": "time",
        "at_risk": "n_risk",
        "events": "n_event",
        "censored": "n_censor",
        "survival": "surv",
        "std_err": "std_err",
        "lower": "lower",
        "upper": "upper",
    }
    for ours, theirs in names.items():
        assert close(curve[ours], expected[theirs], example["tol"]), ours
    assert close(median_survival(curve).time, example["expect"]["median"], example["tol"])


def test_log_rank_of_whas500_by_heart_failure(case, whas500, close):
    example = case("lr-whas500-chf")
    test, expected = log_rank(whas500["lenfol"], whas500["fstat"], whas500["chf"]), example["expect"]
    assert close(test.statistic, expected["chisq"], example["tol"])
    assert (test.degrees_of_freedom, [group.events for group in test.groups]) == (expected["df"], expected["observed"])
    assert close([group.expected for group in test.groups], expected["expected"], example["tol"])
    assert test.p_value == pytest.approx(expected["p"], rel=1e-9)


def assert_model(close, fit, example):
    expected, tolerance = example["expect"], example["tol"]
    intervals = [term.interval() for term in fit.terms]
    ours = {
        "coef": [term.log_hazard_ratio for term in fit.terms],
        "se": [term.std_err for term in fit.terms],
        "z": [term.z for term in fit.terms],
        "p": [term.p_value for term in fit.terms],
        "hr": [term.hazard_ratio for term in fit.terms],
        "hr_lower": [lower for lower, _ in intervals],
        "hr_upper": [upper for _, upper in intervals],
        "loglik": [fit.log_likelihood_null, fit.log_likelihood],
        "lr_test": fit.tests[0].statistic,
        "wald_test": fit.tests[1].statistic,
        "score_test": fit.tests[2].statistic,
        "aic": fit.aic,
    }
    for name, values in ours.items():
        assert close(values, expected[name], tolerance), name
    assert [term.variable for term in fit.terms] == expected["terms"]
    assert (fit.n, fit.n_events) == (expected["n"], expected["n_event"])
    assert fit.converged


def test_cox_of_whas500_with_efron_ties(case, whas500, close):
    example = case("cox-whas500-efron")
    covariates = example["spec"]["covariates"]
    assert_model(close, cox(whas500, duration="lenfol", event="fstat", covariates=covariates), example)


def test_cox_of_heart_transplants_in_start_stop_rows(case, shared, close):
    example = case("cox-heart-startstop-efron")
    rows = pl.read_csv(shared / "examples" / "survival" / "heart.csv").with_columns(pl.col("transplant").cast(pl.Int64))
    covariates = example["spec"]["covariates"]
    assert_model(close, cox(rows, duration="stop", event="event", entry="start", covariates=covariates), example)

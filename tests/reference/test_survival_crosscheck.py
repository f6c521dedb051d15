"""Our estimators against two other programs, where those are right: `survival` 2.0 (a Rust core) and lifelines 0.30."""

from __future__ import annotations

import lifelines
import numpy as np
import pytest
import survival as rust
from lifelines.statistics import multivariate_logrank_test

from workbench.survival import cox, kaplan_meier, log_rank, survival_quantiles

COVARIATES = ["age", "hr", "bmi", "chf", "sho"]


def coefficients(fit):
    return [term.log_hazard_ratio for term in fit.terms], [term.std_err for term in fit.terms]


@pytest.mark.parametrize(
    ("response", "terms", "options", "ours"),
    [
        ("Surv(lenfol, fstat)", COVARIATES, {}, {}),
        ("Surv(lenfol, fstat)", COVARIATES, {"ties": "breslow"}, {"ties": "breslow"}),
        ("Surv(lenfol, fstat)", [*COVARIATES, "strata(site)"], {}, {"strata": "site"}),
        ("Surv(lenfol, fstat)", COVARIATES, {"weights": "w", "robust": False}, {"weights": "w"}),
        (
            "Surv(lenfol, fstat)",
            COVARIATES,
            {"weights": "wint", "robust": False, "ties": "breslow"},
            {"weights": "wint", "ties": "breslow"},
        ),
        ("Surv(age, exit_age, fstat)", COVARIATES[1:], {}, {"entry": "age"}),
        (
            "Surv(age, exit_age, fstat)",
            [*COVARIATES[1:], "strata(site)"],
            {"weights": "w", "robust": False},
            {"entry": "age", "strata": "site", "weights": "w"},
        ),
    ],
    ids=["Efron", "Breslow", "strata", "weights", "weights and Breslow", "age as time scale", "all at once"],
)
def test_cox_agrees_with_the_rust_package(whas500, response, terms, options, ours):
    columns = whas500.to_dict(as_series=False)
    options = options | ({"weights": columns[options["weights"]]} if "weights" in options else {})
    theirs = rust.coxph(f"{response} ~ {' + '.join(terms)}", columns, **options)
    fit = cox(
        whas500,
        duration="exit_age" if "entry" in ours else "lenfol",
        event="fstat",
        covariates=[term for term in terms if "(" not in term],
        **ours,
    )
    log_hazard_ratios, std_errs = coefficients(fit)
    # It stops at a relative change of 1e-9 in the log-likelihood, a little before we do.
    assert log_hazard_ratios == pytest.approx(np.ravel(theirs.coefficients).tolist(), abs=2e-8)
    assert std_errs == pytest.approx(np.sqrt(np.diag(np.array(rust.vcov(theirs)))).tolist(), abs=2e-8)


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
def test_kaplan_meier_agrees_with_the_rust_package(whas500, interval):
    columns = whas500.select("lenfol", "fstat").to_dict(as_series=False)
    theirs = rust.survfit("Surv(lenfol, fstat) ~ 1", columns, conf_type=interval)
    ours = kaplan_meier(whas500["lenfol"], whas500["fstat"], interval=interval)
    assert ours["survival"].to_list() == pytest.approx(theirs.surv, rel=1e-12)
    for name, limits in {"lower": theirs.lower, "upper": theirs.upper}.items():
        assert ours[name].fill_null(np.nan).to_list() == pytest.approx(list(limits), rel=1e-10, nan_ok=True)


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
@pytest.mark.parametrize(
    "died",
    [[1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 1, 1], [0, 1, 1, 0, 1, 0]],
    ids=["not reached", "flat at the end", "flat then down", "censored first"],
)
def test_quantiles_on_flat_stretches_agree_with_the_rust_package(died, interval):
    time = [1.0, 2, 3, 4, 5, 6]
    fit = rust.survfit("Surv(time, died) ~ 1", {"time": time, "died": died}, conf_type=interval)
    theirs = rust.quantile(fit, probs=[0.25, 0.5, 0.75])
    ours = survival_quantiles(kaplan_meier(time, died, interval=interval)).fill_null(np.nan)
    for name, values in {"time": theirs.quantile, "lower": theirs.lower, "upper": theirs.upper}.items():
        assert ours[name].to_list() == pytest.approx(values[0], nan_ok=True), name


def test_stratified_log_rank_agrees_with_the_rust_package(whas500):
    columns = whas500.select("lenfol", "fstat", "chf", "site").to_dict(as_series=False)
    theirs = rust.survdiff("Surv(lenfol, fstat) ~ chf + strata(site)", columns)
    ours = log_rank(whas500["lenfol"], whas500["fstat"], whas500["chf"], strata=whas500["site"])
    assert ours.statistic == pytest.approx(theirs.chisq, rel=1e-10)


def test_kaplan_meier_agrees_with_lifelines(whas500):
    theirs = lifelines.KaplanMeierFitter().fit(whas500["lenfol"].to_numpy(), whas500["fstat"].to_numpy())
    ours = kaplan_meier(whas500["lenfol"], whas500["fstat"])
    at_times = theirs.survival_function_at_times(ours["time"].to_numpy()).to_numpy()
    assert ours["survival"].to_numpy() == pytest.approx(at_times, rel=1e-12, abs=1e-12)


def test_log_rank_of_five_groups_agrees_with_lifelines(whas500):
    theirs = multivariate_logrank_test(
        whas500["lenfol"].to_numpy(), whas500["site"].to_numpy(), whas500["fstat"].to_numpy()
    )
    ours = log_rank(whas500["lenfol"], whas500["fstat"], whas500["site"])
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.test_statistic, theirs.p_value), rel=1e-10)
    assert ours.degrees_of_freedom == 4


def test_cox_agrees_with_lifelines(whas500):
    frame = whas500.select("lenfol", "fstat", *COVARIATES).to_pandas()
    # By default it stops a little early (3.6e-5 off here); this makes it go on.
    theirs = lifelines.CoxPHFitter().fit(frame, "lenfol", "fstat", fit_options={"precision": 1e-12})
    ours, std_errs = coefficients(cox(whas500, duration="lenfol", event="fstat", covariates=COVARIATES))
    assert ours == pytest.approx(theirs.params_.to_list(), abs=1e-6)
    assert std_errs == pytest.approx(theirs.standard_errors_.to_list(), abs=1e-6)

"""Kaplan–Meier, log-rank and Cox on WHAS500 against R, figures typed in.

R 4.2.2, survival 3.5-3: survfit, survdiff, coxph.
"""

from __future__ import annotations

import pytest

from workbench.survival import cox, kaplan_meier, log_rank, median_survival, survival_at, survival_quantiles

COVARIATES = ["age", "gender", "hr", "sysbp", "diasbp", "bmi", "chf", "sho", "mitype"]


def test_survival_of_all_500_people_is_that_of_r(whas500, close):
    # survfit(Surv(lenfol, fstat) ~ 1, conf.type = "log-log"), summary(times = c(30, 365, 1825))
    curve = kaplan_meier(whas500["lenfol"], whas500["fstat"])
    read = survival_at(curve, [30, 365, 1825])
    assert close(read["survival"], [0.886, 0.724, 0.493815349433522], 1e-9)
    assert close(read["std_err"], [0.0142129518397833, 0.0199911980631477, 0.0284595850260577], 1e-9)
    assert close(read["lower"], [0.854754569629665, 0.682576081682266, 0.436881085122794], 1e-9)
    assert close(read["upper"], [0.910875546585297, 0.760988995322106, 0.548145448549471], 1e-9)


def test_quantiles_of_survival_are_those_of_r(whas500):
    quantiles = survival_quantiles(kaplan_meier(whas500["lenfol"], whas500["fstat"]), [0.25, 0.5, 0.75])
    assert quantiles.rows() == [
        (0.25, 296, 146, 406),
        (0.5, 1627, 1506, 2353),
        (0.75, 2353, 2350, None),
    ]


def test_median_survival_with_and_without_heart_failure_is_that_of_r(whas500):
    # The upper limit without heart failure is not reached: the curve ends at 0, where there is no limit.
    medians = [
        median_survival(kaplan_meier(group["lenfol"], group["fstat"]))
        for group in (whas500.filter(chf=0), whas500.filter(chf=1))
    ]
    assert medians == [(2358, 2160, None), (359, 259, 562)]


def test_log_rank_of_heart_failure_is_that_of_r(whas500):
    # survdiff(Surv(lenfol, fstat) ~ chf)
    test = log_rank(whas500["lenfol"], whas500["fstat"], whas500["chf"])
    assert test.statistic == pytest.approx(84.6006873115498, rel=1e-12)
    assert test.degrees_of_freedom == 1
    assert test.p_value == pytest.approx(3.65138264845437e-20, rel=1e-9)
    assert [group.events for group in test.groups] == [105, 110]
    assert [group.expected for group in test.groups] == pytest.approx([162.383492779798, 52.6165072202024], rel=1e-12)


def test_cox_with_efron_ties_is_that_of_r(whas500, close):
    # coxph(Surv(lenfol, fstat) ~ age + gender + hr + sysbp + diasbp + bmi + chf + sho + mitype)
    fit = cox(whas500, duration="lenfol", event="fstat", covariates=COVARIATES)
    assert close(
        [term.log_hazard_ratio for term in fit.terms],
        [
            0.0474949276954862,
            -0.299448197262842,
            0.0118718100950601,
            0.0012571362184642,
            -0.0126730533470995,
            -0.0479386568927046,
            0.74038594693329,
            1.23182956753639,
            -0.253084947260466,
        ],
        1e-7,
    )
    assert close(
        [term.std_err for term in fit.terms],
        [
            0.00684699549016013,
            0.14393267549449,
            0.00306133236627293,
            0.00288108505960479,
            0.00490350027309848,
            0.0164157387046643,
            0.149315798345626,
            0.272018776773038,
            0.185541602344458,
        ],
        1e-7,
    )
    assert (fit.n, fit.n_events, fit.n_missing) == (500, 215, 0)
    assert fit.log_likelihood_null == pytest.approx(-1227.32060124078, rel=1e-12)
    assert fit.log_likelihood == pytest.approx(-1115.15439627389, rel=1e-12)
    assert [test.statistic for test in fit.tests] == pytest.approx(
        [224.332409933788, 202.028260516541, 226.417192074857], rel=1e-9
    )
    assert fit.aic == pytest.approx(2248.30879254778, rel=1e-12)
    heart_failure = fit.terms[6]
    assert heart_failure.hazard_ratio == pytest.approx(2.09674459049872, rel=1e-8)
    assert heart_failure.interval() == pytest.approx((1.56475984705021, 2.80959272189488), rel=1e-8)
    assert heart_failure.p_value == pytest.approx(7.10308206252086e-07, rel=1e-6)

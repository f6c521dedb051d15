"""Cox's model: worked by hand, what it refuses, and its two ways of adding up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from workbench.engines.inline import run
from workbench.engines.people import FramePeople, SplitFrame
from workbench.statistics.columns import column
from workbench.statistics.errors import AnalysisError, NotEstimableError
from workbench.survival import Cox, StratifiedCox, cox, hazard_ratios, log_rank


def simulate(n=400, seed=7):
    """People whose hazard grows with age and with diabetes; whole days, so many ties. Seed 7."""
    random = np.random.default_rng(seed)
    age, diabetes = random.normal(65, 10, n), random.random(n) < 0.3
    death = random.exponential(900 / np.exp(0.04 * (age - 65) + 0.7 * diabetes))
    end = random.uniform(100, 1500, n)
    return pl.DataFrame(
        {
            "age_years": age,
            "diabetes": diabetes,
            "smoking": random.choice(["current", "former", "never"], n),
            "days": np.ceil(np.minimum(death, end) / 30),
            "died": death <= end,
            "site": random.choice(["A", "B", "C"], n),
            "bucket": random.integers(0, 4, n),
        }
    )


PEOPLE = simulate().with_columns(death_days="days", death_event="died")
DEATH = column("death", "time_to_event", label="Death")
AGE = column("age_years", "number", label="Age", unit="years")
DIABETES = column("diabetes", "yes_no", label="Diabetes")
SMOKING = column("smoking", "category", label="Smoking", levels=["never", "former", "current"])
SITE = column("site", "category", label="Site", levels=["A", "B", "C"])


def fit(**options):
    return cox(PEOPLE, **{"duration": "days", "event": "died", "covariates": ["age_years", "diabetes"]} | options)


def test_three_people_without_ties():
    # x = 1, 0, 1 die at 1, 2, 3. With r = e^β the partial likelihood is r/(2r+1) · 1/(1+r) · 1,
    # whose derivative 1 − 2r/(2r+1) − r/(1+r) is zero at r² = 1/2.
    people = pl.DataFrame({"t": [1, 2, 3], "died": [1, 1, 1], "x": [1, 0, 1]})
    model = cox(people, duration="t", event="died", covariates=["x"])
    assert model.terms[0].log_hazard_ratio == pytest.approx(-math.log(2) / 2, rel=1e-12)
    assert model.log_likelihood_null == pytest.approx(-math.log(3) - math.log(2))


def test_two_tied_deaths_share_the_risk_by_efron_and_not_by_breslow():
    # At β = 0, four at risk, two die together: Efron 4·3 (the second meets the risk less half of both), Breslow 4·4;
    # then one of the two left dies.
    people = pl.DataFrame({"t": [1, 1, 2, 3], "died": [1, 1, 1, 0], "x": [1, 0, 1, 0]})
    efron, breslow = (
        cox(people, duration="t", event="died", covariates=["x"], ties=ties) for ties in ("efron", "breslow")
    )
    assert efron.log_likelihood_null == pytest.approx(-math.log(4 * 3 * 2))
    assert breslow.log_likelihood_null == pytest.approx(-math.log(4 * 4 * 2))


def test_the_score_test_of_one_binary_covariate_without_ties_is_the_log_rank_test():
    people = PEOPLE.with_columns(days=pl.col("days").rank("ordinal").cast(pl.Float64))
    model = cox(people, duration="days", event="died", covariates=["diabetes"])
    assert model.tests[2].statistic == pytest.approx(
        log_rank(people["days"], people["died"], people["diabetes"]).statistic, rel=1e-10
    )


def test_terms_of_a_number_a_yes_no_and_a_category():
    model = run(Cox(DEATH, [AGE, DIABETES, SMOKING], per={"age_years": 10}), FramePeople(PEOPLE))
    age, diabetes, former, current = model.terms
    assert (age.label, age.unit, age.per, age.level, age.n) == ("Age", "years", 10, None, None)
    assert (diabetes.label, diabetes.level, diabetes.reference) == ("Diabetes", "yes", "no")
    assert diabetes.n == PEOPLE["diabetes"].sum()
    assert diabetes.events == PEOPLE.filter("diabetes", "died").height
    assert diabetes.n + diabetes.n_reference == model.n == 400
    assert diabetes.events + diabetes.events_reference == model.n_events
    assert [(term.level, term.reference) for term in (former, current)] == [("former", "never"), ("current", "never")]
    assert former.n_reference == current.n_reference == PEOPLE.filter(smoking="never").height
    assert (model.event_label, model.method) == ("Death", "Cox proportional hazards model")


def test_a_step_of_ten_years_is_ten_steps_of_one():
    ten = run(Cox(DEATH, [AGE, DIABETES], per={"age_years": 10}), FramePeople(PEOPLE))
    one = run(Cox(DEATH, [AGE, DIABETES]), FramePeople(PEOPLE))
    assert ten.terms[0].log_hazard_ratio == pytest.approx(10 * one.terms[0].log_hazard_ratio, rel=1e-10)
    assert ten.terms[0].hazard_ratio == pytest.approx(one.terms[0].hazard_ratio ** 10, rel=1e-9)
    assert ten.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-14)


def test_plain_columns_become_the_covariates_that_they_look_like():
    model = fit(covariates=["age_years", "diabetes", "smoking"])
    assert [(term.variable, term.level, term.reference) for term in model.terms] == [
        ("age_years", None, None),
        ("diabetes", "yes", "no"),
        ("smoking", "former", "current"),
        ("smoking", "never", "current"),
    ]


def test_the_order_of_an_enum_decides_the_reference():
    people = PEOPLE.with_columns(pl.col("smoking").cast(pl.Enum(["never", "former", "current"])))
    model = cox(people, duration="days", event="died", covariates=["smoking"])
    assert [term.reference for term in model.terms] == ["never", "never"]


def test_rows_with_anything_missing_are_left_out_and_counted():
    gaps = pl.DataFrame({"age_years": [None, 60.0, 60.0], "diabetes": [True, None, True], "days": [9.0, 9.0, None]})
    people = pl.concat([PEOPLE, gaps.with_columns(died=True)], how="diagonal")
    model = cox(people, duration="days", event="died", covariates=["age_years", "diabetes"])
    assert (model.n, model.n_missing) == (400, 3)
    assert model.terms == fit().terms


def test_the_table_of_hazard_ratios_shows_the_terms_at_the_confidence_of_the_model():
    model = fit(confidence=0.9)
    table = hazard_ratios(model)
    assert table["term"].to_list() == ["age_years", "diabetes"]
    assert table["level"].to_list() == [None, "yes"]
    assert table.select("lower", "upper").row(1) == model.terms[1].interval(0.9)
    assert table["hazard_ratio"][0] == math.exp(model.terms[0].log_hazard_ratio)


def test_covariance_belongs_to_the_standard_errors():
    model = fit()
    assert [math.sqrt(model.covariance[i][i]) for i in range(2)] == pytest.approx(
        [term.std_err for term in model.terms]
    )
    assert model.covariance[0][1] == model.covariance[1][0]


def test_a_covariate_far_from_zero_loses_no_digits():
    shifted = cox(
        PEOPLE.with_columns(pl.col("age_years") + 1e6), duration="days", event="died", covariates=["age_years"]
    )
    plain = fit(covariates=["age_years"])
    assert shifted.terms[0].log_hazard_ratio == pytest.approx(plain.terms[0].log_hazard_ratio, rel=1e-8)


def test_a_step_that_goes_too_far_is_halved():
    # Heavy-tailed covariate, seed 29: the first Newton steps overshoot. R's algorithm (survival 2.0 for Python) gives this.
    random = np.random.default_rng(29)
    x = np.exp(random.normal(size=30) * 2.5)
    time = random.exponential(1 / np.exp(np.minimum(x / 2, 20))).argsort().argsort()
    people = pl.DataFrame({"t": time, "died": random.random(30) < 0.9, "x": x})
    model = cox(people, duration="t", event="died", covariates=["x"])
    assert model.converged
    assert model.iterations > 8
    assert model.terms[0].log_hazard_ratio == pytest.approx(0.0027198891938080222, rel=1e-8)


def test_few_events_for_many_coefficients_are_flagged_without_their_number():
    model = cox(PEOPLE.head(40), duration="days", event="died", covariates=["age_years", "diabetes", "smoking"])
    (warning,) = model.warnings
    assert warning == "There are fewer than ten events for each coefficient; the estimates are unreliable."
    assert fit().warnings == ()


def test_weights_bring_a_warning_about_their_standard_errors():
    weighted = cox(
        PEOPLE.with_columns(w=pl.lit(2.0)), duration="days", event="died", covariates=["age_years"], weights="w"
    )
    assert "Standard errors take the weights for counts of like people" in weighted.warnings[0]


def test_breslow_with_whole_weights_is_breslow_with_repeated_rows():
    weighted = PEOPLE.with_columns(w=1 + pl.int_range(pl.len()) % 3)
    repeated = weighted.select(pl.all().repeat_by("w")).explode(pl.all())
    options = {"duration": "days", "event": "died", "covariates": ["age_years", "diabetes"], "ties": "breslow"}
    one, other = cox(weighted, weights="w", **options), cox(repeated, **options)
    for ours, theirs in zip(one.terms, other.terms, strict=True):
        assert (ours.log_hazard_ratio, ours.std_err) == pytest.approx(
            (theirs.log_hazard_ratio, theirs.std_err), rel=1e-9
        )


SAME = PEOPLE.with_columns(
    years_in_months=pl.col("age_years") * 12,
    age_and_diabetes=pl.col("age_years") + 5 * pl.col("diabetes"),
    constant=pl.lit(2015.1),
    safe=pl.lit(value=False) | (~pl.col("died") & (pl.col("age_years") > 60)),
    safe_number=(~pl.col("died") & (pl.col("age_years") > 60)).cast(pl.Float64),
    first_to_die=pl.col("died") & (pl.col("days") <= 5),
)


@pytest.mark.parametrize(
    ("covariates", "options", "message"),
    [
        (["age_years", "years_in_months"], {}, r"'years_in_months' is determined by 'age_years' \(collinear\)"),
        (["age_years", "diabetes", "age_and_diabetes"], {}, r"is determined by 'age_years', 'diabetes: yes' \(collin"),
        (["constant"], {}, "Everybody with complete data has the same value of 'constant'"),
        (["age_years", "diabetes"], {"strata": "diabetes"}, "'diabetes: yes' hardly varies among the people at risk"),
        (["age_years", "safe"], {}, "Nobody at level 'safe: yes' had the event.*Join the level with another"),
        (["age_years", "safe_number"], {}, r"hazard ratio of 'safe_number' grows without end.*\(separation\)"),
        (["age_years", "first_to_die"], {}, "hazard ratio of 'first_to_die: yes' grows without end"),
    ],
)
def test_what_the_data_do_not_determine_is_refused_by_name(covariates, options, message):
    with pytest.raises(NotEstimableError, match=message):
        cox(SAME, duration="days", event="died", covariates=covariates, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariates": ["age_year"]}, "There is no column 'age_year'. Did you mean 'age_years'"),
        ({"duration": "day"}, "There is no column 'day'. Did you mean 'days'"),
        ({"covariates": []}, "A regression needs at least one covariate"),
        ({"covariates": ["age_years", "age_years"]}, "Covariates occur twice: age_years"),
        ({"ties": "exact"}, "ties is 'exact'. Allowed: efron, breslow"),
        ({"entry": "days"}, "does not begin before it ends"),
        ({"confidence": 0}, "confidence is 0. Give a proportion"),
        ({"event": "days"}, "'days' must be True or False, or 1 or 0"),
        ({"weights": "bucket"}, "'bucket' has weights that are not positive"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        fit(**options)


def test_dates_cannot_be_covariates():
    people = PEOPLE.with_columns(born=pl.date(1950, 1, 1))
    with pytest.raises(AnalysisError, match="'born' holds Date values, which cannot be a covariate. Make it a number"):
        cox(people, duration="days", event="died", covariates=["born"])


def test_negative_follow_up_is_refused():
    with pytest.raises(AnalysisError, match="days has negative values"):
        cox(PEOPLE.with_columns(pl.col("days") - 5), duration="days", event="died", covariates=["age_years"])


def test_people_without_events_or_without_data_are_refused():
    with pytest.raises(AnalysisError, match="Nobody with complete data had the event"):
        cox(PEOPLE.filter(~pl.col("died")), duration="days", event="died", covariates=["age_years"])
    nobody = PEOPLE.with_columns(age_years=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(AnalysisError, match="Nobody has a value of every covariate"):
        cox(nobody, duration="days", event="died", covariates=["age_years"])


def test_a_declared_level_that_nobody_has_is_refused_by_name():
    smoking = column("smoking", "category", label="Smoking", levels=["never", "former", "current", "pipe"])
    with pytest.raises(NotEstimableError, match="Nobody with complete data is at level 'Smoking: pipe'"):
        run(Cox(DEATH, [AGE, smoking]), FramePeople(PEOPLE))
    reference_first = column("smoking", "category", label="Smoking", levels=["pipe", "never", "former", "current"])
    with pytest.raises(NotEstimableError, match="is at level 'Smoking: pipe'"):
        run(Cox(DEATH, [AGE, reference_first]), FramePeople(PEOPLE))


@pytest.mark.parametrize(
    ("per", "message"),
    [
        ({"age_year": 10}, "per names 'age_year', which is no numeric covariate. Did you mean 'age_years'"),
        ({"diabetes": 2}, "per names 'diabetes', which is no numeric covariate"),
        ({"age_years": 0}, r"per\['age_years'\] is 0. Give a positive step"),
    ],
)
def test_a_step_is_given_for_numbers_and_is_positive(per, message):
    with pytest.raises(AnalysisError, match=message):
        Cox(DEATH, [AGE, DIABETES], per=per)


def test_follow_up_and_options_must_be_of_their_kind():
    with pytest.raises(AnalysisError, match="'age_years' is a number. Follow-up needs"):
        Cox(AGE, [DIABETES])
    with pytest.raises(AnalysisError, match="entry is 'diabetes', a yes_no. Give a number"):
        Cox(DEATH, [AGE], entry=DIABETES)
    with pytest.raises(AnalysisError, match="'age_years' is a number and has no levels"):
        Cox(DEATH, [DIABETES], strata=AGE)


def close_terms(one, other):
    return [(term.log_hazard_ratio, term.std_err) for term in one.terms] == [
        pytest.approx((term.log_hazard_ratio, term.std_err), rel=1e-10) for term in other.terms
    ]


def test_whole_strata_add_up_to_the_model_over_any_people_with_the_same_strata():
    over_people = run(Cox(DEATH, [AGE, DIABETES], strata=SITE), SplitFrame(PEOPLE, "bucket"))
    over_strata = run(StratifiedCox(DEATH, [AGE, DIABETES], strata=SITE), SplitFrame(PEOPLE, "site"))
    over_units = run(StratifiedCox(DEATH, [AGE, DIABETES]), SplitFrame(PEOPLE, "site"))
    assert close_terms(over_strata, over_people)
    assert close_terms(over_units, over_people)
    assert over_strata.method == over_people.method == "Cox proportional hazards model stratified by Site"
    assert over_units.method == "Cox proportional hazards model stratified by site"


def test_a_stratum_torn_between_units_is_refused():
    analysis = StratifiedCox(DEATH, [AGE, DIABETES], strata=SITE)
    with pytest.raises(AnalysisError, match="Strata are spread over several units of work: A, B, C. Keep each"):
        run(analysis, SplitFrame(PEOPLE, "bucket"))


def test_answers_to_different_rounds_do_not_add_up():
    analysis = Cox(DEATH, [AGE])
    first = analysis.finish(analysis.local(PEOPLE)).state
    other = analysis.finish(analysis.local(PEOPLE.head(200))).state
    with pytest.raises(AnalysisError, match="answers to different rounds"):
        analysis.local(PEOPLE, first).merge(analysis.local(PEOPLE, other))


def test_what_a_stratum_sends_says_nothing_about_time():
    analysis = StratifiedCox(DEATH, [AGE, DIABETES])
    summary = analysis.local(PEOPLE)
    answer = analysis.local(PEOPLE, analysis.finish(summary).state)
    assert summary.deaths.time.size == answer.at.summary.deaths.time.size == 0
    assert answer.gradient.size + answer.information.size == 2 + 2**2


def test_a_step_so_long_that_risks_overflow_is_halved_in_silence():
    analysis = Cox(DEATH, [AGE])
    start = analysis.finish(analysis.local(PEOPLE)).state
    too_far = replace(start.climb, beta=np.array([2000.0]), step=np.array([2000.0]), log_likelihood=-1e4)
    parts = [analysis.local(people, replace(start, climb=too_far)) for people in (PEOPLE.head(200), PEOPLE.tail(200))]
    back = analysis.finish(parts[0].merge(parts[1])).state.climb
    assert (back.beta.tolist(), back.step.tolist(), back.log_likelihood) == ([1000.0], [1000.0], -1e4)

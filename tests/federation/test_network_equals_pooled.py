"""Three hospitals that keep their catalogs give the figures of one catalog with all their people, stratified alike."""

import numpy as np
import polars as pl
import pytest
from lifelines import CoxPHFitter
from questions import AGE, DIED, HEART_FAILURE, INFARCTION, OVER_60, PRESSURE, SEX
from three_hospitals import SITES, exact, exact_inline

from workbench.statistics import TableOne
from workbench.study import Study
from workbench.survival import GridKaplanMeier, StratifiedCox, StratifiedLogRank, cox, log_rank

TABLE = TableOne([AGE, SEX, PRESSURE], by=HEART_FAILURE)
MODEL = StratifiedCox(DIED, [AGE, SEX, HEART_FAILURE], per={"age_years": 10})


@pytest.fixture(scope="module")
def people(thirds) -> pl.DataFrame:
    """The rows of all sites, read one catalog after the other, with the name of the site."""
    frames = []
    for site in SITES:
        with Study.open(thirds.catalogs[site], purpose="scientific_research") as study:
            rows = study.people(INFARCTION, [DIED, AGE, SEX, HEART_FAILURE])
            frames.append(rows.with_columns(pl.lit(site).alias("site")))
    return pl.concat(frames)


def assert_same_table(one, other):
    assert one.columns == other.columns
    assert one.rows == other.rows
    assert one.caption == other.caption


def test_a_count_and_an_attrition_are_those_of_the_pooled_catalog(network, pooled):
    assert_same_table(network.count(OVER_60), pooled.count(OVER_60))
    assert network.count(OVER_60).cell(0, "n") == 360
    assert_same_table(network.attrition(OVER_60), pooled.attrition(OVER_60))


def test_table_one_is_that_of_the_pooled_catalog(network, pooled):
    assert_same_table(network.run(TABLE, INFARCTION), pooled.run(TABLE, INFARCTION))
    ours, theirs = exact(network, TABLE, INFARCTION), exact_inline(pooled, TABLE, INFARCTION)
    assert ours.n == theirs.n
    for one, other in zip(ours.variables, theirs.variables, strict=True):
        if hasattr(one, "mean"):
            assert one.n == other.n
            assert one.mean == pytest.approx(other.mean, rel=1e-8)
            assert one.sd == pytest.approx(other.sd, rel=1e-8)
        else:
            assert (one.counts, one.n_missing) == (other.counts, other.n_missing)


def test_the_log_rank_test_stratified_by_site_is_that_of_all_rows(network, pooled, people):
    analysis = StratifiedLogRank(DIED, by=HEART_FAILURE)
    ours = exact(network, analysis, INFARCTION)
    assert ours == exact_inline(pooled, analysis, INFARCTION)
    plain = log_rank(people["death_days"], people["death_event"], people["heart_failure"], strata=people["site"])
    assert ours.statistic == pytest.approx(plain.statistic, rel=1e-8)
    assert [group.events for group in ours.groups] == [group.events for group in plain.groups]
    assert "stratified by site" in network.run(analysis, INFARCTION).method


def test_the_cox_model_stratified_by_site_is_that_of_all_rows(network, pooled, people):
    ours = exact(network, MODEL, INFARCTION)
    assert ours == exact_inline(pooled, MODEL, INFARCTION)
    frame = people.with_columns(
        (pl.col("age_years") / 10).alias("decades"), pl.col("sex").cast(pl.Enum(["female", "male"]))
    )
    plain = cox(
        frame, duration="death_days", event="death_event", covariates=["decades", "sex", "heart_failure"], strata="site"
    )
    for one, other in zip(ours.terms, plain.terms, strict=True):
        assert one.log_hazard_ratio == pytest.approx(other.log_hazard_ratio, rel=1e-8)
        assert one.std_err == pytest.approx(other.std_err, rel=1e-8)
    assert ours.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-8)


def test_the_cox_model_stratified_by_site_is_that_of_lifelines(network, people):
    frame = people.select(
        "site",
        "death_days",
        "death_event",
        (pl.col("age_years") / 10).alias("decades"),
        (pl.col("sex") == "male").cast(pl.Float64).alias("male"),
        pl.col("heart_failure").cast(pl.Float64),
    ).to_pandas()
    fitter = CoxPHFitter()
    # Its own step tolerance is coarser than what is compared here.
    fitter.fit(
        frame, "death_days", "death_event", strata="site", fit_options={"precision": 1e-10, "r_precision": 1e-12}
    )
    ours = exact(network, MODEL, INFARCTION)
    assert [term.log_hazard_ratio for term in ours.terms] == pytest.approx(fitter.params_.to_list(), abs=1e-6)
    assert [term.std_err for term in ours.terms] == pytest.approx(fitter.standard_errors_.to_list(), abs=1e-6)


@pytest.mark.parametrize("by", [None, HEART_FAILURE], ids=["all", "by heart failure"])
def test_survival_is_that_of_the_pooled_catalog_on_the_same_grid(network, pooled, by):
    ours = exact(network, GridKaplanMeier(DIED, by), INFARCTION)
    (rung,) = ours.grids
    theirs = exact_inline(pooled, GridKaplanMeier(DIED, by, grid=rung), INFARCTION)
    assert ours.n == theirs.n
    for group, curve in ours.grids[rung].items():
        assert curve.height >= 1
        assert curve.equals(theirs.grids[rung][group].head(curve.height))


def test_the_grid_is_the_finest_that_passes_at_every_site(network, thirds):
    released = network.run(GridKaplanMeier(DIED), INFARCTION)
    alone = []
    for site in SITES:
        with Study.open(thirds.catalogs[site], purpose="scientific_research") as study:
            alone.append(study.run(GridKaplanMeier(DIED), INFARCTION).rung)
    ladder = [rung.name for rung in study._gate.policy.ladder]
    assert released.rung in alone
    assert ladder.index(released.rung) == max(map(ladder.index, alone))


def test_survival_released_by_a_network_lies_near_the_exact_curve(network, people):
    from workbench.survival import kaplan_meier, survival_at

    table = network.run(GridKaplanMeier(DIED), INFARCTION).table.to_frame()
    curve = kaplan_meier(people["death_days"], people["death_event"])
    at = survival_at(curve, table["time_days"].to_list())["survival"]
    assert np.abs((at - table["survival"]).to_numpy()).max() < 0.03


def test_every_result_says_which_sites_stand_behind_it(network):
    results = [
        network.count(INFARCTION),
        network.attrition(INFARCTION),
        network.contents(),
        network.run(TABLE, INFARCTION),
        network.run(StratifiedLogRank(DIED, by=HEART_FAILURE), INFARCTION),
        network.run(GridKaplanMeier(DIED), INFARCTION),
        network.run(StratifiedCox(DIED, [AGE]), INFARCTION),
    ]
    for result in results:
        assert result.sites.asked == result.sites.answered == SITES
        assert result.sites.refused == result.sites.unreachable == {}
        assert "Sites asked: ashfield, brookside, claymore. Answered: ashfield, brookside, claymore." in str(result)
        assert type(result).from_dict(result.to_dict()).sites == result.sites


def test_the_network_says_what_it_rests_on(network):
    network.count(INFARCTION)
    provenance = network.provenance
    assert provenance.engine == "network"
    assert tuple(provenance.sites) == SITES
    assert {about.policy for about in provenance.sites.values()} == {"cw-sdc-1 version 1.0, default"}
    assert all(about.snapshot > 0 and about.model == provenance.model for about in provenance.sites.values())


def test_asking_twice_gives_the_same_bytes(network):
    one, other = (network.run(MODEL, INFARCTION).to_dict() for _ in range(2))
    assert one == other

"""Five synthetic heart centres: the network's figures are those of one catalog with everybody, and what crosses tells of nobody."""

from __future__ import annotations

import polars as pl
import pytest
from crossing import offences
from lifelines import CoxPHFitter
from three_hospitals import Recording, exact, exact_inline

from data_catalog.lake import open_reader
from workbench.cohorts import (
    Cohort,
    age_years,
    carrier,
    codelist,
    death,
    diagnosis,
    genotyped,
    measure,
    sex,
    site,
    time_to,
)
from workbench.federation import Network, NetworkError
from workbench.federation.local_processes import LocalProcesses, SiteAddress
from workbench.statistics import TableOne
from workbench.study import Study
from workbench.survival import Cox, GridKaplanMeier, StratifiedCox, StratifiedLogRank, log_rank

pytestmark = pytest.mark.slow  # five catalogs of full size and a process for each

PURPOSE = "scientific_research"
MODALITIES = ("clinical", "waveform", "imaging", "genomic")
LVEF = measure("lvef_percent", methods=("cmr", "echocardiography")).nearest(before_days=90, after_days=30)
REDUCED = (
    Cohort.entry("first diagnosis of heart failure", diagnosis(codelist("heart_failure")).first())
    .require("reduced ejection fraction", LVEF <= 40)
    .require("sequenced", genotyped())
)
CARRIER = carrier("TTN", consequence="truncating", max_population_frequency=0.001).named("carrier", label="Carrier")
FEW = REDUCED.require("carrier in LMNA", carrier("LMNA", consequence="truncating"))
DIED = time_to(death(), name="death", label="Death")
AGE, SEX, FRACTION = age_years().named("age_years"), sex().named("sex"), LVEF.named("lvef_percent")
DIABETES = diagnosis(codelist("type_2_diabetes")).on_or_before_index().named("diabetes", label="Diabetes")
TABLE = TableOne([AGE, SEX, FRACTION, DIABETES], by=CARRIER)
MODEL = StratifiedCox(DIED, [CARRIER, AGE, SEX, FRACTION], per={"age_years": 10, "lvef_percent": 10})
CURVES = GridKaplanMeier(DIED, by=CARRIER)
TEST = StratifiedLogRank(DIED, by=CARRIER)


@pytest.fixture(scope="module")
def transport(hospital_by_site):
    addresses = {name: SiteAddress(str(catalog.folder)) for name, catalog in hospital_by_site.items()}
    return Recording(LocalProcesses(addresses, seconds=600))


@pytest.fixture(scope="module")
def network(transport):
    with Network.open({}, purpose=PURPOSE, modalities=MODALITIES, transport=transport) as opened:
        yield opened


@pytest.fixture(scope="module")
def pooled(hospitals):
    with Study.open(hospitals, purpose=PURPOSE, modalities=MODALITIES) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(pooled) -> pl.DataFrame:
    hospital = site(*pooled.sites).named("hospital", label="Hospital")
    return pooled.people(REDUCED, [DIED, CARRIER, AGE, SEX, FRACTION, hospital])


def test_the_count_is_that_of_the_pooled_catalog(network, pooled):
    ours = network.count(REDUCED)
    assert ours.rows == pooled.count(REDUCED).rows
    assert ours.sites.answered == ("eastfield", "hillcrest", "lakeside", "northgate", "riverside")
    ours, theirs = network.attrition(REDUCED), pooled.attrition(REDUCED)
    told = [
        (mine, row)
        for mine, row in zip(ours.column("n_after"), theirs.column("n_after"), strict=True)
        if isinstance(mine, int)
    ]
    assert len(told) == 4
    assert all(mine == row for mine, row in told)


def test_table_one_is_that_of_the_pooled_catalog(network, pooled):
    ours, theirs = exact(network, TABLE, REDUCED), exact_inline(pooled, TABLE, REDUCED)
    assert ours.n == theirs.n
    by_name = {variable.name: variable for variable in theirs.variables}
    assert {"age_years", "sex", "lvef_percent"} <= {variable.name for variable in ours.variables}
    for variable in ours.variables:
        other = by_name[variable.name]
        if hasattr(variable, "mean"):
            assert variable.n == other.n
            assert variable.mean == pytest.approx(other.mean, rel=1e-8)
            assert variable.sd == pytest.approx(other.sd, rel=1e-8)
        else:
            assert (variable.counts, variable.n_missing) == (other.counts, other.n_missing)


def test_the_log_rank_test_stratified_by_site_is_that_of_all_rows(network, people):
    ours = exact(network, TEST, REDUCED)
    plain = log_rank(people["death_days"], people["death_event"], people["carrier"], strata=people["hospital"])
    assert ours.statistic == pytest.approx(plain.statistic, rel=1e-8)
    assert ours.p_value == pytest.approx(plain.p_value, rel=1e-8)
    for one, other in zip(ours.groups, plain.groups, strict=True):
        assert (one.n, one.events) == (other.n, other.events)
        assert one.expected == pytest.approx(other.expected, rel=1e-8)


def test_the_cox_model_stratified_by_site_is_that_of_the_pooled_catalog_with_the_same_strata(network, pooled):
    ours = exact(network, MODEL, REDUCED)
    hospital = site(*pooled.sites).named("hospital", label="Hospital")
    theirs = exact_inline(pooled, Cox(DIED, MODEL.covariates, per=MODEL.per, strata=hospital), REDUCED)
    assert (ours.n, ours.n_events) == (theirs.n, theirs.n_events)
    for one, other in zip(ours.terms, theirs.terms, strict=True):
        assert one.log_hazard_ratio == pytest.approx(other.log_hazard_ratio, rel=1e-8)
        assert one.std_err == pytest.approx(other.std_err, rel=1e-8)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-8)


def test_the_cox_model_stratified_by_site_is_that_of_lifelines(network, people):
    frame = people.drop_nulls().select(
        "hospital",
        "death_days",
        "death_event",
        pl.col("carrier").cast(pl.Float64),
        pl.col("age_years") / 10,
        (pl.col("sex") == "male").cast(pl.Float64),
        pl.col("lvef_percent") / 10,
    )
    fitter = CoxPHFitter()
    options = {"precision": 1e-10, "r_precision": 1e-12}  # its own stop is coarser than what is compared
    fitter.fit(frame.to_pandas(), "death_days", "death_event", strata="hospital", fit_options=options)
    ours = exact(network, MODEL, REDUCED)
    assert [term.log_hazard_ratio for term in ours.terms] == pytest.approx(fitter.params_.to_list(), abs=1e-6)
    assert [term.std_err for term in ours.terms] == pytest.approx(fitter.standard_errors_.to_list(), abs=1e-6)


def test_survival_is_that_of_the_pooled_catalog_on_the_same_grid(network, pooled):
    ours = exact(network, CURVES, REDUCED)
    (rung,) = ours.grids
    theirs = exact_inline(pooled, GridKaplanMeier(DIED, by=CARRIER, grid=rung), REDUCED)
    assert (ours.n, list(ours.grids[rung])) == (theirs.n, list(theirs.grids[rung]))
    for group, curve in ours.grids[rung].items():
        assert curve.equals(theirs.grids[rung][group].head(curve.height))
    assert network.run(CURVES, REDUCED).rung == rung


def test_the_planted_small_question_is_refused_by_the_sites_with_a_code(network):
    for question in (lambda: network.count(FEW), lambda: network.run(TableOne([AGE]), FEW)):
        with pytest.raises(NetworkError) as refused:
            question()
        for name in network.sites:
            assert f"{name} refused [cohort_too_small]" in str(refused.value)


def test_nothing_that_crossed_is_a_row_an_identifier_or_few_people(network, transport, hospital_by_site):
    network.contents()
    network.attrition(REDUCED)
    for analysis in (TABLE, CURVES, TEST, MODEL):
        network.run(analysis, REDUCED)
    with pytest.raises(NetworkError):
        network.count(FEW)
    assert len(transport.received) > 50
    identifiers: list[int | str] = []
    for catalog in hospital_by_site.values():
        with open_reader(catalog.folder) as connection:
            rows = connection.execute("SELECT person_id, source_id FROM lake.governance.person_link").fetchall()
        identifiers += [each for row in rows for each in row]
    # Short numbers occur in any text; what is looked for has to be long enough to be an identifier.
    long = [each for each in identifiers if len(str(each)) >= 8]
    assert len(long) > 15_000
    crossed = [message for _, message in (*transport.sent, *transport.received)]
    assert offences(crossed, long) == []

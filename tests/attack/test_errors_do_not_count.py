"""Attacks on words: an error that says "nobody" where another says "too few" tells zero from one.

Whoever moves a limit until the words change knows how old the oldest is. So whatever is asked of nobody and of one to nine people
has to be answered in the same bytes.
"""

from __future__ import annotations

import polars as pl
import pytest

from data_catalog.demo import demo_catalog
from workbench.cohorts import Cohort, age_years, codelist, days_after_entry, death, diagnosis, sex, time_to, variable
from workbench.dashboards.served import LIVE, SURVIVAL, Pages
from workbench.disclosure import DisclosureError
from workbench.federation import Network, NetworkError
from workbench.federation.site import Site
from workbench.statistics import TableOne
from workbench.study import Study
from workbench.survival import Cox, GridKaplanMeier, KaplanMeier, LogRank, StratifiedCox, StratifiedLogRank

INFARCTION = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
DIED = time_to(death(), name="death", label="Death")
AGE, SEX = age_years().named("age_years"), sex().named("sex")
# WHAS500: how many of the 500 people are at least so old; the oldest is 104.
N_FROM_AGE = {94: 6, 103: 1, 105: 0}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    return demo_catalog(tmp_path_factory.mktemp("words") / "catalog").folder


@pytest.fixture(scope="module")
def study(catalog):
    with Study.open(catalog, purpose="education") as opened:
        yield opened


def aged(limit: int) -> Cohort:
    return INFARCTION.require("old", age_years() >= limit)


def older(limit: int):
    return variable("older", age_years() >= limit, label="Older")


def young(limit: int):
    return variable("young", age_years() < limit, label="Young")


def refused(study, analysis, cohort) -> str:
    with pytest.raises(DisclosureError) as error:
        study.run(analysis, cohort)
    return str(error.value)


def test_the_age_limits_leave_the_people_that_they_are_meant_to(study):
    ages = study.people(INFARCTION, [AGE])["age_years"]
    assert {limit: int((ages >= limit).sum()) for limit in N_FROM_AGE} == N_FROM_AGE


@pytest.mark.parametrize(
    "analysis",
    [
        TableOne([AGE], by=SEX),
        KaplanMeier(DIED),
        KaplanMeier(DIED, by=SEX),
        GridKaplanMeier(DIED, by=SEX),
        LogRank(DIED, by=SEX),
        StratifiedLogRank(DIED, by=SEX),
        Cox(DIED, [AGE, SEX]),
        Cox(DIED, [AGE]),
        Cox(DIED, [SEX], entry=AGE),
        Cox(DIED, [SEX], weights=AGE),
        StratifiedCox(DIED, [AGE]),
    ],
    ids=lambda analysis: type(analysis).__name__,
)
def test_a_cohort_of_nobody_is_refused_in_the_words_of_one_of_few(study, analysis):
    words = {refused(study, analysis, aged(limit)) for limit in N_FROM_AGE}
    assert len(words) == 1
    assert "[cohort_too_small]" in words.pop()


@pytest.mark.parametrize(
    "analysis",
    [
        lambda by: TableOne([AGE], by=by),
        lambda by: KaplanMeier(DIED, by=by),
        lambda by: GridKaplanMeier(DIED, by=by),
        lambda by: LogRank(DIED, by=by),
        lambda by: StratifiedLogRank(DIED, by=by),
        lambda by: Cox(DIED, [AGE, by]),
        lambda by: StratifiedCox(DIED, [by]),
    ],
)
def test_a_group_of_nobody_is_refused_in_the_words_of_one_of_few(study, analysis):
    assert len({refused(study, analysis(older(limit)), INFARCTION) for limit in N_FROM_AGE}) == 1


@pytest.mark.parametrize("analysis", [lambda by: LogRank(DIED, by=by), lambda by: Cox(DIED, [by])])
def test_a_group_without_events_is_refused_in_the_words_of_one_with_few(study, analysis):
    # 20 people are younger than 45. Of them nobody dies within 10 days, 1 within a year or so, 2 ever.
    within = [INFARCTION.exit(days_after_entry(days)) for days in (10, 1000, 4000)]
    people = [study.people(cohort, [DIED, AGE]).filter(pl.col("age_years") < 45) for cohort in within]
    deaths = [each["death_event"].sum() for each in people]
    assert (deaths[0], deaths[-1]) == (0, 2)
    assert len({refused(study, analysis(young(45)), cohort) for cohort in within}) == 1


@pytest.mark.parametrize("analysis", [Cox(DIED, [AGE]), StratifiedCox(DIED, [AGE])])
def test_a_model_without_events_is_refused_in_the_words_of_one_with_few(study, analysis):
    cohorts = [INFARCTION.require("under", age_years() < limit) for limit in (40, 45, 50)]
    cohorts.append(cohorts[-1].exit(days_after_entry(1)))
    deaths = [study.people(cohort, [DIED])["death_event"].sum() for cohort in cohorts]
    assert deaths == [1, 2, 5, 0]
    assert len({refused(study, analysis, cohort) for cohort in cohorts}) == 1


def test_somebody_who_left_before_coming_under_observation_is_not_told_by_an_error(study):
    # Some die within as many days as they are years old; whether there are any among the oldest would be told by an error.
    model = study.run(Cox(DIED, [SEX], entry=AGE), INFARCTION)
    assert model.n_missing + model.n == 500
    assert model.n_missing > 50


class OneSite:
    """A transport without a process."""

    sites = ("ashfield",)

    def __init__(self, catalog):
        self._site = Site("ashfield", catalog)

    def ask(self, site, message):
        return self._site.answer(message)

    def close(self):
        self._site.close()


@pytest.mark.parametrize(
    "analysis",
    [
        lambda by: TableOne([AGE], by=by),
        lambda by: GridKaplanMeier(DIED, by=by),
        lambda by: StratifiedLogRank(DIED, by=by),
        lambda by: StratifiedCox(DIED, [by], entry=AGE),
    ],
)
def test_a_network_refuses_nobody_in_the_words_of_few(catalog, analysis):
    cohorts, groups = set(), set()
    with Network.open({}, purpose="education", transport=OneSite(catalog)) as network:
        for limit in N_FROM_AGE:
            for words, by, cohort in ((cohorts, SEX, aged(limit)), (groups, older(limit), INFARCTION)):
                with pytest.raises(NetworkError) as error:
                    network.run(analysis(by), cohort)
                words.add(str(error.value))
    assert len(cohorts) == len(groups) == 1


def test_a_served_dashboard_refuses_nobody_in_the_words_of_few(catalog):
    pages = Pages(None, catalog, purpose="education", title="T")
    words = set()
    for limit in N_FROM_AGE:
        pages.chosen.param.update(entry="myocardial_infarction", youngest=limit)
        words.add(pages._show(LIVE, SURVIVAL)[0].objects[0].object)
    pages.close()
    assert len(words) == 1
    assert "too few people" in words.pop()

"""Attacks on survival curves that are asked for twice: two grids laid over each other must not make bins of few people."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import polars as pl
import pytest

from data_catalog.demo import demo_catalog
from workbench.cohorts import Cohort, codelist, death, diagnosis, time_to, variable
from workbench.disclosure import DisclosureError, Policy
from workbench.study import Study
from workbench.survival import GridKaplanMeier, KaplanMeier

INFARCTION = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
FAILURE = variable("failure", diagnosis(codelist("heart_failure")).on_index(), label="Heart failure")
K = Policy.load().k


def died(name: str = "death"):
    return time_to(death(), name=name, label=name.title())


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    return demo_catalog(tmp_path_factory.mktemp("grids") / "catalog").folder


@pytest.fixture
def study(catalog):
    with Study.open(catalog, purpose="education") as opened:
        yield opened


@pytest.fixture(scope="module")
def left(catalog) -> dict[str, pl.Series]:
    """The day on which each of a group left."""
    with Study.open(catalog, purpose="education") as study:
        people = study.people(INFARCTION, [died(), FAILURE])
    by = {"yes": pl.col("failure"), "no": ~pl.col("failure")}
    return {group: people.filter(of)["death_days"] for group, of in by.items()}


def few_between(left, days) -> list[tuple[float, float]]:
    """Pairs of neighbouring days that were told and between which fewer than k people left."""
    return [
        (one, other)
        for group in left
        for one, other in pairwise(sorted(days[group]))
        if ((left[group] > one) & (left[group] <= other)).sum() < K
    ]


def told(curves) -> dict[str, set[float]]:
    days = defaultdict(set)
    for group, day, *_ in curves.table.rows:
        days[group].add(day)
    return days


HORIZONS = (5, 4, 3.5, 3, 2, 1.5, 1)


def test_no_two_horizons_tell_of_few_people(study, left):
    days = defaultdict(set)
    for number, years in enumerate(HORIZONS):
        renamed = died(f"death_{number}")
        for group, told_now in told(
            study.run(KaplanMeier(renamed, by=FAILURE, horizon_years=years), INFARCTION)
        ).items():
            days[group] |= told_now
    assert not few_between(left, days)


def test_control_studies_that_do_not_remember_tell_of_few(catalog, left):
    days = defaultdict(set)
    for years in HORIZONS:
        with Study.open(catalog, purpose="education") as study:
            curves = study.run(KaplanMeier(died(), by=FAILURE, horizon_years=years), INFARCTION)
        for group, told_now in told(curves).items():
            days[group] |= told_now
    assert few_between(left, days)


def test_the_curve_of_before_is_shown_again_as_it_was(study):
    first = study.run(KaplanMeier(died(), by=FAILURE), INFARCTION)
    shorter = study.run(KaplanMeier(died(), by=FAILURE, horizon_years=1), INFARCTION)
    assert study.run(KaplanMeier(died(), by=FAILURE), INFARCTION) == first
    assert "too near to those of a curve shown before" in " ".join(shorter.table.notes)


def test_a_shorter_follow_up_is_shown_at_the_times_of_the_longer(study):
    longer = study.run(KaplanMeier(died(), by=FAILURE), INFARCTION)
    shorter = study.run(KaplanMeier(died(), by=FAILURE, horizon_years=4), INFARCTION)
    for group, days in told(longer).items():
        assert {day for day in days if day < 4 * 365.25} <= told(shorter)[group]


def test_a_table_of_bins_is_told_at_the_days_of_before_or_not_at_all(study):
    exact = study.run(KaplanMeier(died(), by=FAILURE), INFARCTION)
    binned = study.run(GridKaplanMeier(died(), by=FAILURE), INFARCTION)
    assert all(days <= told(exact)[group] for group, days in told(binned).items())
    with pytest.raises(DisclosureError, match=r"Choose the follow-up of before. \[differencing\]"):
        study.run(GridKaplanMeier(died(), by=FAILURE, grid="whole follow-up", horizon_years=4), INFARCTION)


def test_of_other_people_or_another_group_nothing_was_told(study):
    study.run(KaplanMeier(died(), by=FAILURE), INFARCTION)
    alone = study.run(KaplanMeier(died(), horizon_years=1), INFARCTION)
    assert "too near" not in " ".join(alone.table.notes)

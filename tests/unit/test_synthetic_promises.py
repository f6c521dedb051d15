"""What the synthetic hospitals promise, at several seeds and at full size."""

from __future__ import annotations

import numpy as np
import pytest

from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, completed_years, day_number
from data_catalog.synthetic.people import Group, Planted
from data_catalog.synthetic.simulation import Simulation, simulate
from data_catalog.synthetic.sites import SITES
from data_catalog.synthetic.truth import truth_of

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def drawn(request) -> Simulation:
    return simulate(10_000, request.param)


def at_each_site(drawn: Simulation, who: np.ndarray) -> list[int]:
    return np.bincount(drawn.people.site[who], minlength=len(SITES)).tolist()


def test_each_of_five_sites_has_2_000_people(drawn):
    assert at_each_site(drawn, np.full(10_000, fill_value=True)) == [2_000] * 5
    assert len(set(drawn.people.person_id.tolist())) == 10_000


def test_the_flagship_question_passes_a_threshold_of_ten_at_each_site(drawn):
    studied = drawn.genomes.truncates_titin & drawn.has_reduced_failure & drawn.may_be_studied
    assert min(at_each_site(drawn, studied)) >= 60
    assert min(at_each_site(drawn, studied & (drawn.course.death_day < NEVER))) >= 15


def test_every_planted_carrier_is_counted_whatever_the_seed(drawn):
    titin = drawn.people.planted == Planted.TITIN
    assert at_each_site(drawn, titin) == [80] * 5
    assert (drawn.has_reduced_failure & drawn.may_be_studied & drawn.genomes.truncates_titin)[titin].all()


def test_the_small_question_is_about_too_few_people_even_at_all_sites_together(drawn):
    lamin = drawn.genomes.carries("LMNA", "truncating") & drawn.has_reduced_failure
    assert 0 < lamin.sum() < 10


def test_people_with_heart_failure_are_a_third_and_mostly_have_reduced_ejection_fractions(drawn):
    failing = at_each_site(drawn, drawn.course.failure_day < NEVER)
    reduced = at_each_site(drawn, drawn.has_reduced_failure)
    assert all(500 <= n <= 720 for n in failing)
    assert all(n > 0.6 * of for n, of in zip(reduced, failing, strict=True))


def test_titin_explains_15_to_20_percent_of_dilated_cardiomyopathy(drawn):
    dilated = (drawn.people.group == Group.DILATED) & ~drawn.people.is_copy
    assert 0.15 <= drawn.genomes.truncates_titin[dilated].mean() <= 0.20


def test_some_carriers_are_well(drawn):
    well = drawn.genomes.truncates_titin & (drawn.course.failure_day == NEVER)
    assert min(at_each_site(drawn, well & (drawn.people.group == Group.RELATIVE))) >= 5
    assert (well & (drawn.people.group == Group.GENERAL)).any()


def test_four_of_five_people_are_sequenced(drawn):
    assert 0.80 <= drawn.sequenced.mean() <= 0.86


def test_patients_with_reduced_ejection_fraction_die_at_seven_to_eleven_percent_a_year(drawn):
    who = drawn.has_reduced_failure
    years = (drawn.course.end_day - drawn.course.failure_day)[who] / DAYS_PER_YEAR
    assert 0.07 <= (drawn.course.death_day[who] < NEVER).sum() / years.sum() <= 0.11


def test_everybody_with_heart_failure_is_known_a_year_before_and_a_day_after(drawn):
    who = drawn.course.failure_day < NEVER
    assert (drawn.course.failure_day - drawn.course.entry_day)[who].min() >= 365
    assert (drawn.course.end_day - drawn.course.failure_day)[who].min() >= 1


def test_observation_ends_with_2025_or_with_death_or_loss(drawn):
    assert drawn.course.end_day.max() == day_number(2025, 12, 31)
    died = drawn.course.death_day < NEVER
    assert (drawn.course.death_day == drawn.course.end_day)[died].all()
    assert (drawn.course.end_day >= drawn.course.entry_day).all()
    assert 0.1 < (~died & (drawn.course.end_day < day_number(2025, 12, 31))).mean() < 0.4


def test_people_die_without_heart_failure_too(drawn):
    assert min(at_each_site(drawn, (drawn.course.death_day < NEVER) & (drawn.course.failure_day == NEVER))) > 100


def test_one_to_two_percent_are_seen_at_two_hospitals_and_only_the_truth_links_them(drawn):
    people = drawn.people
    copies = np.flatnonzero(people.is_copy)
    assert 0.01 <= len(copies) / len(people) <= 0.02
    sources = people.origin[copies]
    assert (people.site[copies] != people.site[sources]).all()
    assert len(set(sources.tolist()) & set(copies.tolist())) == 0
    assert (people.birth_day[copies] == people.birth_day[sources]).all()
    assert (people.record_number[copies] != people.record_number[sources]).all()
    assert (drawn.genomes.common.dosage[copies] == drawn.genomes.common.dosage[sources]).all()
    linked = truth_of(drawn)["seen_at_two_hospitals"]
    assert len(linked) == len(copies)
    assert all(one["site"] != other["site"] for one, other in linked)


def test_a_hospital_that_somebody_left_saw_neither_heart_failure_nor_death(drawn):
    copies = drawn.people.is_copy
    assert (drawn.course.failure_day[copies] == NEVER).all()
    assert (drawn.course.death_day[copies] == NEVER).all()
    assert (drawn.course.end_day[copies] < drawn.course.failure_day[drawn.people.origin[copies]]).all()


def test_some_withdrew_some_gave_clinical_data_only_and_some_said_nothing(drawn):
    for site in truth_of(drawn)["sites"].values():
        consents = site["consents"]
        assert consents["everything withdrawn"] > 20
        assert consents["genomic data withdrawn"] > 10
        assert consents["clinical data only"] > 50
        assert consents["no answer on record"] > 50
        assert site["research_allowed"]["clinical"] > site["research_allowed"]["genomic"] > 1_300


def test_consent_and_sequencing_say_nothing_of_survival(drawn):
    """Deaths among the people with heart failure who may be studied, against the others: no difference beyond chance."""
    failing = (drawn.course.failure_day < NEVER) & (drawn.people.planted == 0)
    years = (drawn.course.end_day - drawn.course.failure_day) / DAYS_PER_YEAR
    rates, variances = [], []
    for who in (failing & drawn.may_be_studied, failing & ~drawn.may_be_studied):
        n_died = (drawn.course.death_day[who] < NEVER).sum()
        rates.append(np.log(n_died / years[who].sum()))
        variances.append(1 / n_died)
    assert abs(rates[0] - rates[1]) < 3.5 * np.sqrt(sum(variances))


def test_ages_are_completed_years():
    birth = np.array([day_number(1960, 2, 29), day_number(1960, 2, 29), day_number(1960, 7, 1)])
    then = np.array([day_number(2021, 2, 28), day_number(2021, 3, 1), day_number(2021, 7, 1)])
    assert completed_years(birth, then).tolist() == [60, 61, 61]


@pytest.mark.parametrize("n_people", [100, 103, 1_000])
def test_smaller_hospitals_keep_the_shares(n_people):
    drawn = simulate(n_people, 5)
    assert len(drawn.people) == n_people
    sizes = at_each_site(drawn, np.full(n_people, fill_value=True))
    assert max(sizes) - min(sizes) <= 1
    planted = at_each_site(drawn, drawn.people.planted == Planted.TITIN)
    assert planted == [max(1, round(0.04 * size)) for size in sizes]
    assert min(at_each_site(drawn, drawn.people.planted == Planted.LAMIN)) >= 1

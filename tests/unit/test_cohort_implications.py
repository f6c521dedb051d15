"""What is true of everybody who passes a criterion, whatever the data."""

import pytest

from workbench.cohorts import Cohort, age_years, allele_count, at_least, carrier, death, genotyped, sex
from workbench.cohorts.implications import step_keeps_the_genotyped, step_needs_genotype

TTN, OLD, WOMAN, ALLELE = carrier("TTN"), age_years() >= 60, sex() == "female", allele_count("2-1-A-C")
COHORT = Cohort.entry("death", death())


@pytest.mark.parametrize(
    "criterion",
    [
        *(TTN, genotyped(), ALLELE == 0, ALLELE != 1, ALLELE.between(0, 1)),
        *(TTN & OLD, OLD & WOMAN & TTN, TTN | genotyped(), ~~TTN, (TTN & OLD) | (ALLELE == 2)),
        *(at_least(2, TTN, OLD), at_least(2, TTN, OLD, ALLELE == 1), at_least(1, TTN, ALLELE == 1)),
    ],
)
def test_who_passes_has_a_genotype(criterion):
    assert step_needs_genotype(COHORT.require("step", criterion).steps[0])
    assert step_needs_genotype(COHORT.exclude("step", ~criterion).steps[0])


@pytest.mark.parametrize(
    "criterion",
    [~TTN, ~genotyped(), TTN | OLD, OLD, ~(ALLELE == 0), at_least(1, TTN, OLD), at_least(2, TTN, OLD, WOMAN)],
)
def test_who_passes_need_not_have_a_genotype(criterion):
    assert not step_needs_genotype(COHORT.require("step", criterion).steps[0])


def test_only_asking_for_a_genotype_keeps_just_those_who_have_one():
    kept = [COHORT.require("a", genotyped()), COHORT.exclude("a", ~genotyped()), COHORT.require("a", ~~genotyped())]
    assert all(step_keeps_the_genotyped(cohort.steps[0]) for cohort in kept)
    others = [COHORT.require("a", TTN), COHORT.exclude("a", genotyped()), COHORT.require("a", genotyped() & OLD)]
    assert not any(step_keeps_the_genotyped(cohort.steps[0]) for cohort in others)

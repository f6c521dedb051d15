"""The planted truth: what an analysis should find, and what it cannot know. Written beside the hospitals; no analysis reads it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from data_catalog.synthetic import conditions, haplotypes, onset
from data_catalog.synthetic import ventricle as hearts
from data_catalog.synthetic.consents import MODALITIES, PROFILES
from data_catalog.synthetic.course import HAZARD
from data_catalog.synthetic.days import NEVER, Bools
from data_catalog.synthetic.genes import SHARE_OF_CARRIERS, TRUNCATING
from data_catalog.synthetic.people import Group
from data_catalog.synthetic.sites import SITES
from data_catalog.synthetic.tables import record_numbers

if TYPE_CHECKING:
    from data_catalog.synthetic.simulation import Simulation

_FORMAT = "cardio-workbench planted truth, version 1"


def truth_of(simulation: Simulation) -> dict[str, Any]:
    """Return everything that was planted, as it stands in ``truth.json``."""
    return {
        "format": _FORMAT,
        "people": simulation.n_people,
        "seed": simulation.seed,
        "sites": {site.name: _of_site(simulation, index) for index, site in enumerate(SITES)},
        "hazard_of_death_after_heart_failure": _hazard(),
        "flagship": _question(
            simulation, simulation.genomes.truncates_titin, "people with a rare truncating variant in TTN"
        ),
        "refused": _question(
            simulation, simulation.genomes.carries("LMNA", TRUNCATING), "people with a truncating variant in LMNA"
        ),
        "other_effects": {
            "infarction": {"log_hazard_ratios": onset.INFARCTION_EFFECTS},
            "heart_failure_without_infarction": {"log_hazard_ratios": onset.FAILURE_EFFECTS},
            "death_without_heart_failure": {"log_hazard_ratios": onset.DEATH_EFFECTS},
            "atrial_fibrillation": {"log_hazard_ratios": conditions.FIBRILLATION_EFFECTS},
            "stroke": {"log_hazard_ratios": conditions.STROKE_EFFECTS},
            "lvef_points": {
                "TTN-truncating, dilated cardiomyopathy": hearts.TITIN_LVEF_POINTS_ILL,
                "TTN-truncating, without it": hearts.TITIN_LVEF_POINTS_WELL,
                "infarction": hearts.INFARCTION_LVEF_POINTS,
            },
        },
        "polygenic_scores": _scores(simulation),
        "rare_variants": _rare_variants(simulation),
        "share_of_carriers": {
            group.name.lower(): {f"{gene} {kind}": share for (gene, kind), share in SHARE_OF_CARRIERS[group].items()}
            for group in Group
        },
        "seen_at_two_hospitals": _seen_twice(simulation),
        "untidy_rows": simulation.untidy,
    }


def _of_site(simulation: Simulation, index: int) -> dict[str, Any]:
    here = simulation.people.site == index
    course, consents = simulation.course, simulation.consents
    failing = course.failure_day < NEVER
    return {
        "people": int(here.sum()),
        "with_heart_failure": int((here & failing).sum()),
        "with_heart_failure_and_lvef_at_most_40": int((here & simulation.has_reduced_failure).sum()),
        "deaths": int((here & (course.death_day < NEVER)).sum()),
        "deaths_after_heart_failure": int((here & failing & (course.death_day < NEVER)).sum()),
        "sequenced": int((here & simulation.sequenced).sum()),
        "ttn_truncating_carriers": int((here & simulation.genomes.truncates_titin).sum()),
        "consents": {
            profile.name: int((here & (consents.profile == number)).sum()) for number, profile in enumerate(PROFILES)
        },
        "research_allowed": {
            modality: int((here & consents.allow_research(modality)).sum()) for modality in MODALITIES
        },
        "baseline_hazard_after_heart_failure": {
            "per_year_at_one_year": SITES[index].hazard_per_year,
            "weibull_shape": SITES[index].hazard_shape,
        },
    }


def _hazard() -> dict[str, Any]:
    return {
        "index_date": "first diagnosis of heart failure (316139 or a descendant)",
        "model": "h_site(t) · exp(sum of log hazard ratio · (value − centre)); Weibull baselines, time in years of 365.25 days, "
        "rounded up to whole days; nothing else influences it",
        "covariates": [asdict(effect) for effect in HAZARD],
    }


def _question(simulation: Simulation, carriers: Bools, who: str) -> dict[str, Any]:
    """How many people a question about carriers with heart failure and reduced ejection fraction is about."""
    known = carriers & simulation.has_reduced_failure
    studied = known & simulation.may_be_studied
    died = simulation.course.death_day < NEVER
    by_site = [simulation.people.site == index for index in range(len(SITES))]
    return {
        "who": f"{who}, heart failure, and LVEF of at most 40 % as recorded at its first diagnosis",
        "at_each_site": {
            site.name: {
                "people": int((here & known).sum()),
                "with_genome_and_consent_to_research": int((here & studied).sum()),
                "deaths_among_these": int((here & studied & died).sum()),
            }
            for site, here in zip(SITES, by_site, strict=True)
        },
    }


def _scores(simulation: Simulation) -> dict[str, Any]:
    variants = simulation.genomes.common.variants
    found = {}
    for name, effects, unit, per_sd in (
        (
            "infarction",
            variants.infarction_effect,
            "log hazard ratio of infarction for one more alternate allele",
            haplotypes.LOG_HAZARD_RATIO_PER_SD_OF_INFARCTION_SCORE,
        ),
        (
            "lvef",
            variants.lvef_effect,
            "percentage points of LVEF for one more alternate allele",
            haplotypes.LVEF_POINTS_PER_SD_OF_SCORE,
        ),
    ):
        found[name] = {
            "unit": unit,
            "effect_of_one_standard_deviation": per_sd,
            "variants": [
                {
                    "chrom": variants.chrom[index],
                    "pos": int(variants.pos_1based[index]),
                    "ref": variants.ref[index],
                    "alt": variants.alt[index],
                    "rsid": variants.rsid[index],
                    "effect": float(effects[index]),
                }
                for index in np.flatnonzero(effects).tolist()
            ],
        }
    return found


def _rare_variants(simulation: Simulation) -> list[dict[str, Any]]:
    """Variants that cause disease, and the truncating one that does not."""
    return [
        {
            "chrom": one.gene.chrom,
            "pos": one.pos_1based,
            "ref": one.ref,
            "alt": one.alt,
            "gene": one.gene.symbol,
            "kind": one.kind,
            "causes_disease": one.is_causal,
            "gnomADe_AF": one.population_af,
        }
        for one in simulation.genomes.rare
        if one.is_causal or one.kind == TRUNCATING
    ]


def _seen_twice(simulation: Simulation) -> list[list[dict[str, Any]]]:
    people = simulation.people
    numbers = record_numbers(people)

    def at(row: int) -> dict[str, Any]:
        return {
            "site": SITES[people.site[row]].name,
            "record_number": numbers[row],
            "person_id": int(people.person_id[row]),
        }

    return [[at(int(people.origin[row])), at(row)] for row in np.flatnonzero(people.is_copy).tolist()]

"""The course after the first heart failure, and what of it a centre gets to see.

**The hazard that analyses can recover.** From the day after the first diagnosis of heart failure, the hazard of death at time *t* is

    h_site(t) · exp(0.45 · titin-truncating + 0.40 · age/10 y + 0.15 · male − 0.35 · LVEF/10 points + 0.25 · type 2 diabetes)

with a Weibull baseline for each site and nothing else: no frailty, no effect of drugs, devices or other diseases. All five are in the data
without error at the index date (see HAZARD), so a Cox model stratified by site with exactly these variables is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Floats, Ints, completed_years
from data_catalog.synthetic.sites import SITES

if TYPE_CHECKING:
    from data_catalog.synthetic.genomes import Genomes
    from data_catalog.synthetic.onset import Onset
    from data_catalog.synthetic.people import People
    from data_catalog.synthetic.risk_factors import RiskFactors
    from data_catalog.synthetic.ventricle import Ventricle


@dataclass(frozen=True)
class Effect:
    """One covariate of the hazard of death after heart failure.

    Parameters
    ----------
    name, unit, definition : str
        What it is, the step that the log hazard ratio is for, and how to find it in the data.
    log_hazard_ratio : float
        The planted effect of one unit.
    centre : float
        The value (in units) at which it changes nothing.
    """

    name: str
    unit: str
    definition: str
    log_hazard_ratio: float
    centre: float


HAZARD = (
    Effect(
        "ttn_truncating_carrier",
        "yes",
        "carries a variant with a CSQ entry for TTN of stop_gained, frameshift_variant, splice_acceptor_variant or "
        "splice_donor_variant and gnomADe_AF empty or below 0.001",
        0.45,
        0.0,
    ),
    Effect("age_years", "10 years", "completed years of age on the index date", 0.40, 6.0),
    Effect("male", "yes", "gender_concept_id 8507 rather than 8532", 0.15, 0.0),
    Effect(
        "lvef_percent",
        "10 percentage points higher",
        "left ventricular ejection fraction as recorded from 90 days before to 30 days after the index date, by cardiac magnetic "
        "resonance if there is such a value, else by echocardiography",
        -0.35,
        3.0,
    ),
    Effect("type_2_diabetes", "yes", "a diagnosis of type 2 diabetes (201826) on or before the index date", 0.25, 0.0),
)


@dataclass(frozen=True)
class Course:
    """What a centre sees of each person: days, ``NEVER`` for what it does not see; shape (n_people,).

    ``entry_day`` to ``end_day`` is the time of observation; ``end_day`` is the day of death for those who are seen to die.
    """

    entry_day: Ints
    end_day: Ints
    infarction_day: Ints
    failure_day: Ints
    death_day: Ints


def covariates(people: People, genomes: Genomes, factors: RiskFactors, onset: Onset, ventricle: Ventricle) -> Floats:
    """Return the covariates of HAZARD in its order and units, shape (n_people, 5); without meaning for people without heart failure."""
    return np.column_stack(
        [
            genomes.truncates_titin,
            completed_years(people.birth_day, np.minimum(onset.failure_day, people.leave_day)) / 10,
            people.male,
            ventricle.lvef_at_failure_percent / 10,
            factors.diabetes_day <= onset.failure_day,
        ]
    ).astype(np.float64)


def course_of(
    people: People,
    genomes: Genomes,
    factors: RiskFactors,
    onset: Onset,
    ventricle: Ventricle,
    random: np.random.Generator,
) -> Course:
    """Draw deaths after heart failure, and cut everything off at the end of observation."""
    effects = np.array([effect.log_hazard_ratio for effect in HAZARD])
    centres = np.array([effect.centre for effect in HAZARD])
    log_ratio = (covariates(people, genomes, factors, onset, ventricle) - centres) @ effects
    rate = np.array([site.hazard_per_year for site in SITES])[people.site]
    shape = np.array([site.hazard_shape for site in SITES])[people.site]
    years = (random.exponential(1.0, len(people)) / (rate * np.exp(log_ratio))) ** (1 / shape)
    after = np.ceil(np.minimum(years * DAYS_PER_YEAR, NEVER / 2)).astype(np.int64)
    death_day = np.where(onset.failure_day < NEVER, onset.failure_day + np.maximum(after, 1), onset.other_death_day)
    seen_to_die = death_day <= people.leave_day
    end_day = np.where(seen_to_die, death_day, people.leave_day)
    return Course(
        entry_day=people.entry_day,
        end_day=end_day,
        infarction_day=np.where(onset.infarction_day < end_day, onset.infarction_day, NEVER),
        failure_day=onset.failure_day,
        death_day=np.where(seen_to_die, death_day, NEVER),
    )


def as_each_hospital_saw_it(people: People, course: Course, random: np.random.Generator) -> Course:
    """Give people who moved house the course that their first hospital saw: the same, until they left, well before any heart failure."""
    copies = people.is_copy
    seen = Course(**{name: days[people.origin] for name, days in vars(course).items()})
    last = np.minimum(seen.end_day, seen.failure_day) - 1
    share = random.uniform(0.4, 0.98, len(people))
    moved = seen.entry_day + np.maximum(1, (share * (last - seen.entry_day)).astype(np.int64))
    return replace(
        seen,
        end_day=np.where(copies, moved, seen.end_day),
        infarction_day=np.where(copies & (seen.infarction_day >= moved), NEVER, seen.infarction_day),
        failure_day=np.where(copies, NEVER, seen.failure_day),
        death_day=np.where(copies, NEVER, seen.death_day),
    )

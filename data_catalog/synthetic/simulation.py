"""Everything that is drawn before anything is written: the recipe, in the order in which one thing depends on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data_catalog.synthetic.conditions import history_of
from data_catalog.synthetic.consents import Consents, consents_of
from data_catalog.synthetic.course import Course, as_each_hospital_saw_it, course_of
from data_catalog.synthetic.days import NEVER, Bools
from data_catalog.synthetic.drugs import prescriptions_of
from data_catalog.synthetic.ecg import ecgs_of
from data_catalog.synthetic.genomes import Genomes, genomes_of
from data_catalog.synthetic.imaging import imaging_of
from data_catalog.synthetic.measurements import measurements_of
from data_catalog.synthetic.onset import onset_of
from data_catalog.synthetic.people import Group, People, Planted, people_of
from data_catalog.synthetic.procedures import procedures_of
from data_catalog.synthetic.risk_factors import RiskFactors, risk_factors_of
from data_catalog.synthetic.streams import streams_of
from data_catalog.synthetic.tables import Happenings, tables_of
from data_catalog.synthetic.untidiness import untidy
from data_catalog.synthetic.ventricle import REDUCED_LVEF_PERCENT, Ventricle, ventricle_of
from data_catalog.synthetic.visits import visits_of

if TYPE_CHECKING:
    import polars as pl

_SHARE_SEQUENCED = {
    Group.GENERAL: 0.78,
    Group.DILATED: 0.88,
    Group.HYPERTROPHIC: 0.90,
    Group.ARRHYTHMOGENIC: 0.92,
    Group.RELATIVE: 0.92,
    Group.ISCHAEMIC: 0.84,
}


@dataclass(frozen=True)
class Simulation:
    """What was drawn, as each hospital sees it.

    Parameters
    ----------
    n_people, seed : int
        What was asked for.
    people, genomes, factors, ventricle, course : see their modules
        Attributes of people, one row each, in the order of sites.
    sequenced : array of bool
        Whether the site has the person's genome.
    consents : Consents
    tables : dict of DataFrame
        Tables under their published names, with ``site`` (index) before the published columns.
    untidy : dict
        How many untidy rows of which kind each site has.
    """

    n_people: int
    seed: int
    people: People
    genomes: Genomes
    factors: RiskFactors
    ventricle: Ventricle
    course: Course
    sequenced: Bools
    consents: Consents
    tables: dict[str, pl.DataFrame]
    untidy: dict[str, dict[str, int]]

    @property
    def has_reduced_failure(self) -> Bools:
        """Whether a site knows the person with heart failure and a recorded LVEF of at most 40 % at its first diagnosis."""
        measured = (self.course.failure_day < NEVER) & self.ventricle.is_measured_at_failure
        return measured & (self.ventricle.lvef_at_failure_percent <= REDUCED_LVEF_PERCENT)

    @property
    def may_be_studied(self) -> Bools:
        """Whether research may use clinical, imaging and genomic data of the person, and the site has the genome."""
        allowed = [self.consents.allow_research(modality) for modality in ("clinical", "imaging", "genomic")]
        return np.logical_and.reduce([*allowed, self.sequenced])


def simulate(n_people: int, seed: int) -> Simulation:
    """Draw the five hospitals."""
    random = streams_of(seed)
    people = people_of(n_people, random["people"])
    genomes = genomes_of(people, random)
    factors = risk_factors_of(people, random["risk_factors"])
    onset = onset_of(people, genomes, factors, random["course"])
    ventricle = ventricle_of(people, genomes, onset, random["ventricle"])
    course = course_of(people, genomes, factors, onset, ventricle, random["course"])
    course = as_each_hospital_saw_it(people, course, random["moves"])
    ventricle = ventricle.of(people.origin)
    history = history_of(people, genomes, factors, course, ventricle, random["conditions"])
    visits = visits_of(people, course, ventricle, history.diagnoses, random["visits"])
    fibrillation_day = history.fibrillation_day
    ecgs = ecgs_of(people, genomes, course, ventricle, fibrillation_day, visits, random["ecg"])
    sequenced = _sequenced(people, random["sequencing"])
    happenings = Happenings(
        people=people,
        course=course,
        history=history,
        visits=visits,
        readings=measurements_of(people, factors, course, ventricle, fibrillation_day, visits, random["measurements"]),
        ecgs=ecgs,
        imaging=imaging_of(people, course, ventricle, visits, random["imaging"]),
        prescriptions=prescriptions_of(
            people, factors, course, ventricle, fibrillation_day, history.diagnoses, random["drugs"]
        ),
        procedures=procedures_of(
            people, course, ventricle, ecgs.qrs_ms, fibrillation_day, sequenced, random["procedures"]
        ),
    )
    tables, counts = untidy(tables_of(happenings), random["untidiness"])
    consents = consents_of(people, course, random["consents"])
    return Simulation(n_people, seed, people, genomes, factors, ventricle, course, sequenced, consents, tables, counts)


def _sequenced(people: People, random: np.random.Generator) -> Bools:
    share = np.array([_SHARE_SEQUENCED[group] for group in Group])[people.group]
    return (random.random(len(people)) < share) | (people.planted != Planted.NOBODY)

"""The left ventricle: how well it pumps, how heavy it is, and what was seen of it when heart failure was diagnosed.

The ejection fraction at the first heart failure is what the hazard of death depends on, *as recorded*: by cardiac magnetic
resonance where that was done, else by echocardiography, within the sixty days up to the diagnosis. Nothing else is recorded between
120 days before and 90 days after that day, so every sensible window finds this value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from data_catalog.synthetic.days import NEVER, Bools, Floats, Ints
from data_catalog.synthetic.people import Group, People, Planted

if TYPE_CHECKING:
    from data_catalog.synthetic.genomes import Genomes
    from data_catalog.synthetic.onset import Onset

# Points of LVEF that carriers of a titin-truncating variant have less: with dilated cardiomyopathy, and while well.
TITIN_LVEF_POINTS_ILL, TITIN_LVEF_POINTS_WELL = -3.5, -3.0
INFARCTION_LVEF_POINTS = -10.0
REDUCED_LVEF_PERCENT = 40

_LVEF_FAILING = {  # mean and spread at the first heart failure
    Group.GENERAL: (54.0, 8.0),
    Group.DILATED: (33.0, 8.0),
    Group.HYPERTROPHIC: (59.0, 8.0),
    Group.ARRHYTHMOGENIC: (48.0, 9.0),
    Group.RELATIVE: (60.0, 5.0),
    Group.ISCHAEMIC: (33.0, 8.0),
}
_LVEF_WELL = {
    Group.GENERAL: (61.0, 5.0),
    Group.DILATED: (45.0, 5.0),
    Group.HYPERTROPHIC: (66.0, 6.0),
    Group.ARRHYTHMOGENIC: (56.0, 7.0),
    Group.RELATIVE: (62.0, 4.5),
    Group.ISCHAEMIC: (50.0, 6.0),
}
_AFTER_INFARCTION = (40.0, 9.0)
_PLANTED_LVEF = (29.0, 6.0, 10.0, 39.0)  # mean, spread, and limits
# Readings scatter about the truth: echocardiography about twice as much as magnetic resonance.
ECHO_SPREAD_POINTS, CMR_SPREAD_POINTS = 3.0, 1.5
LOWEST_LVEF_PERCENT, HIGHEST_LVEF_PERCENT = 8, 80

SHARE_ECHO_AT_FAILURE = 0.95
_SHARE_CMR_AT_FAILURE = {
    Group.GENERAL: 0.20,
    Group.DILATED: 0.55,
    Group.HYPERTROPHIC: 0.60,
    Group.ARRHYTHMOGENIC: 0.60,
    Group.RELATIVE: 0.20,
    Group.ISCHAEMIC: 0.30,
}
_DAYS_BEFORE_FAILURE = 60


@dataclass(frozen=True)
class Ventricle:
    """One array an attribute, shape (n_people,).

    ``lvef_percent`` is the true value before heart failure, or at its onset for those whose heart fails. Of the imaging at the first heart
    failure, ``echo_day`` and ``cmr_day`` (``NEVER`` if not done) and the values recorded; ``lvef_at_failure_percent`` is the one of the
    preferred method, or, where nothing was recorded, what would have been.
    """

    lvef_percent: Floats
    mass_g: Floats
    atrium_ml: Floats
    echo_day: Ints
    cmr_day: Ints
    echo_lvef_percent: Ints
    cmr_lvef_percent: Ints
    lvef_at_failure_percent: Ints

    @property
    def is_measured_at_failure(self) -> Bools:
        """Whether an ejection fraction was recorded at the first heart failure."""
        return np.minimum(self.echo_day, self.cmr_day) < NEVER

    def of(self, rows: Ints) -> Ventricle:
        """Return the ventricles of other rows, in their order."""
        return Ventricle(**{name: values[rows] for name, values in vars(self).items()})


def ventricle_of(people: People, genomes: Genomes, onset: Onset, random: np.random.Generator) -> Ventricle:
    """Draw everybody's ventricle and the imaging at the first heart failure."""
    n = len(people)
    lvef = _lvef(people, genomes, onset, random)
    failing = onset.failure_day < NEVER
    has_cmr = failing & (random.random(n) < np.array([_SHARE_CMR_AT_FAILURE[group] for group in Group])[people.group])
    has_echo = failing & ((random.random(n) < SHARE_ECHO_AT_FAILURE) | ((people.planted > 0) & ~has_cmr))
    echo_before = random.integers(1, _DAYS_BEFORE_FAILURE, n, endpoint=True)
    # Magnetic resonance comes after echocardiography, and so is nearer to the diagnosis.
    cmr_before = (random.random(n) * echo_before).astype(np.int64)
    planted_limit = np.where(people.planted > 0, REDUCED_LVEF_PERCENT, HIGHEST_LVEF_PERCENT)
    echo, cmr = (
        np.clip(np.rint(lvef + spread * random.standard_normal(n)), LOWEST_LVEF_PERCENT, planted_limit).astype(np.int64)
        for spread in (ECHO_SPREAD_POINTS, CMR_SPREAD_POINTS)
    )
    return Ventricle(
        lvef_percent=lvef,
        mass_g=_mass(people, random),
        atrium_ml=np.clip(55 + 0.7 * (60 - lvef) + 14 * random.standard_normal(n), 20, 260),
        echo_day=np.where(has_echo, onset.failure_day - echo_before, NEVER),
        cmr_day=np.where(has_cmr, onset.failure_day - cmr_before, NEVER),
        echo_lvef_percent=echo,
        cmr_lvef_percent=cmr,
        lvef_at_failure_percent=np.where(has_cmr, cmr, np.where(has_echo, echo, np.rint(lvef))).astype(np.int64),
    )


def _lvef(people: People, genomes: Genomes, onset: Onset, random: np.random.Generator) -> Floats:
    """True ejection fraction: by disease, less after an infarction, less in carriers, moved by the polygenic score."""
    failing = onset.failure_day < NEVER
    ischaemic = failing & (onset.infarction_day < onset.failure_day) & (people.group != Group.ISCHAEMIC)
    (well_mean, well_spread), (ill_mean, ill_spread) = (
        tuple(np.array([table[group][index] for group in Group])[people.group] for index in range(2))
        for table in (_LVEF_WELL, _LVEF_FAILING)
    )
    mean = np.where(ischaemic, _AFTER_INFARCTION[0], np.where(failing, ill_mean, well_mean))
    spread = np.where(ischaemic, _AFTER_INFARCTION[1], np.where(failing, ill_spread, well_spread))
    infarcted = ~failing & (onset.infarction_day < people.leave_day)
    titin = genomes.truncates_titin
    mean = (
        mean
        + INFARCTION_LVEF_POINTS * infarcted
        + np.where(people.group == Group.DILATED, TITIN_LVEF_POINTS_ILL, TITIN_LVEF_POINTS_WELL) * titin
        + genomes.common.lvef_score
    )
    lvef = mean + spread * random.standard_normal(len(people))
    centre, width, low, high = _PLANTED_LVEF
    planted_mean = centre + genomes.common.lvef_score
    lowest, highest = ndtr((low - planted_mean) / width), ndtr((high - planted_mean) / width)
    truncated = planted_mean + width * ndtri(lowest + random.random(len(people)) * (highest - lowest))
    lvef = np.where(people.planted != Planted.NOBODY, truncated, lvef)
    return np.clip(lvef, LOWEST_LVEF_PERCENT, HIGHEST_LVEF_PERCENT)


def _mass(people: People, random: np.random.Generator) -> Floats:
    """Left ventricular mass in grams: thick walls in hypertrophic, large hearts in dilated cardiomyopathy."""
    more = {Group.HYPERTROPHIC: 75.0, Group.DILATED: 55.0}
    by_group = np.array([more.get(group, 0.0) for group in Group])[people.group]
    mass = np.where(people.male, 150.0, 112.0) + by_group + 24.0 * random.standard_normal(len(people))
    return np.clip(mass, 60, 500)

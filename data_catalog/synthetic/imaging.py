"""Imaging of the heart: echocardiography and magnetic resonance, and what was measured on the pictures.

At the first heart failure as :mod:`data_catalog.synthetic.ventricle` has it; before and after, at some of the visits. Treatment brings part
of the lost ejection fraction back within a year or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Floats, Ints
from data_catalog.synthetic.people import Group, People
from data_catalog.synthetic.ventricle import (
    CMR_SPREAD_POINTS,
    ECHO_SPREAD_POINTS,
    HIGHEST_LVEF_PERCENT,
    LOWEST_LVEF_PERCENT,
    Ventricle,
)

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course

_SHARE_OF_VISITS_ECHO = {
    Group.GENERAL: 0.14,
    Group.DILATED: 0.28,
    Group.HYPERTROPHIC: 0.35,
    Group.ARRHYTHMOGENIC: 0.30,
    Group.RELATIVE: 0.45,
    Group.ISCHAEMIC: 0.28,
}
_SHARE_OF_VISITS_CMR = {
    Group.GENERAL: 0.01,
    Group.DILATED: 0.05,
    Group.HYPERTROPHIC: 0.08,
    Group.ARRHYTHMOGENIC: 0.12,
    Group.RELATIVE: 0.08,
    Group.ISCHAEMIC: 0.03,
}
# Days around the first heart failure in which only the imaging of the diagnosis itself is recorded.
_QUIET_DAYS_BEFORE, _QUIET_DAYS_AFTER = 120, 90
_RECOVERY_POINTS, _RECOVERY_SPREAD, _RECOVERY_YEARS = 5.0, 6.0, 1.0
_SHARE_MASS, _SHARE_ATRIUM = 0.85, 0.80


@dataclass(frozen=True)
class Imaging:
    """Studies (``study``, ``row``, ``day``, ``modality``) and what was measured on them (``study``, ``concept_id``, ``value``, in %, g, mL)."""

    studies: pl.DataFrame
    features: pl.DataFrame


def imaging_of(
    people: People,
    course: Course,
    ventricle: Ventricle,
    visits: pl.DataFrame,
    random: np.random.Generator,
) -> Imaging:
    """Draw imaging studies: those at the first heart failure, and others at visits."""
    failing = course.failure_day < NEVER
    rows, days, modalities, lvefs = [], [], [], []
    for modality, day, value in (
        (c.ECHOCARDIOGRAPHY, ventricle.echo_day, ventricle.echo_lvef_percent),
        (c.MAGNETIC_RESONANCE, ventricle.cmr_day, ventricle.cmr_lvef_percent),
    ):
        done = np.flatnonzero(failing & (day < NEVER))
        rows.append(done)
        days.append(day[done])
        modalities.append(np.full(len(done), modality))
        lvefs.append(value[done].astype(np.float64))
    recovery = _RECOVERY_POINTS + _RECOVERY_SPREAD * random.standard_normal(len(people))
    row, day = visits["row"].to_numpy(), visits["day"].to_numpy()
    since = day - course.failure_day[row]
    free = ~failing[row] | (since < -_QUIET_DAYS_BEFORE) | (since > _QUIET_DAYS_AFTER)
    # Before the diagnosis the ventricle is part of the way down.
    way = np.where(failing[row] & (since < 0), np.maximum(0.0, 1 + since / (4 * DAYS_PER_YEAR)), 1.0)
    back = recovery[row] * -np.expm1(-np.maximum(since, 0) / (_RECOVERY_YEARS * DAYS_PER_YEAR))
    expected = ventricle.lvef_percent[row]
    expected = np.where(failing[row], expected + (1 - way) * np.maximum(55 - expected, 0) + back, expected)
    for modality, shares, spread in (
        (c.ECHOCARDIOGRAPHY, _SHARE_OF_VISITS_ECHO, ECHO_SPREAD_POINTS),
        (c.MAGNETIC_RESONANCE, _SHARE_OF_VISITS_CMR, CMR_SPREAD_POINTS),
    ):
        share = np.array([shares[group] for group in Group])[people.group][row]
        done = np.flatnonzero(free & (random.random(len(row)) < share))
        rows.append(row[done])
        days.append(day[done])
        modalities.append(np.full(len(done), modality))
        lvefs.append(np.rint(expected[done] + spread * random.standard_normal(len(done))))
    all_rows = np.concatenate(rows)
    studies = pl.DataFrame(
        {
            "study": np.arange(len(all_rows)),
            "row": all_rows,
            "day": np.concatenate(days),
            "modality": np.concatenate(modalities),
        }
    )
    return Imaging(studies, _features(all_rows, np.concatenate(lvefs), ventricle, random))


def _features(row: Ints, lvef: Floats, ventricle: Ventricle, random: np.random.Generator) -> pl.DataFrame:
    study = np.arange(len(row))
    mass = np.rint(ventricle.mass_g[row] + 9 * random.standard_normal(len(row)))
    atrium = np.rint(ventricle.atrium_ml[row] + 5 * random.standard_normal(len(row)))
    parts = [(study, c.LVEF, np.clip(lvef, LOWEST_LVEF_PERCENT, HIGHEST_LVEF_PERCENT))]
    for concept, share, value in ((c.LV_MASS, _SHARE_MASS, mass), (c.LA_VOLUME, _SHARE_ATRIUM, np.maximum(atrium, 15))):
        measured = np.flatnonzero(random.random(len(row)) < share)
        parts.append((study[measured], concept, value[measured]))
    return pl.concat(
        pl.DataFrame({"study": which, "concept_id": np.full(len(which), concept), "value": value})
        for which, concept, value in parts
    )

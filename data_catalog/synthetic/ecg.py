"""ECGs: the recording, its file, its leads, and the intervals, by the machine and sometimes by a physician too.

Slow conduction goes with lamin (long PR), a wide QRS with a dilated ventricle and bundle branch block, a long QTc with a wide QRS, female
sex and thick or failing hearts. In atrial fibrillation there is no PR interval. The machine reads a little less well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, Floats, Ints
from data_catalog.synthetic.people import Group, People

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.genomes import Genomes
    from data_catalog.synthetic.ventricle import Ventricle

_SHARE_WITHOUT_ANY = 0.08
_SHARE_OF_VISITS = {
    Group.GENERAL: 0.30,
    Group.DILATED: 0.30,
    Group.HYPERTROPHIC: 0.35,
    Group.ARRHYTHMOGENIC: 0.45,
    Group.RELATIVE: 0.60,
    Group.ISCHAEMIC: 0.30,
}
_SHARE_AT_FAILURE = 0.95
_SHARE_READ_BY_PHYSICIAN = 0.35
_SHARE_BUNDLE_BRANCH_BLOCK = 0.25  # of failing dilated hearts
_MACHINE_SPREAD_MS, _PHYSICIAN_SPREAD_MS = 9.0, 4.0


@dataclass(frozen=True)
class Ecgs:
    """Recordings (``recording``, ``row``, ``day``, ``minute`` of the day) and features (``recording``, ``concept_id``, ``algorithm``, ``value``).

    ``qrs_ms`` is everybody's usual QRS duration, shape (n_people,).
    """

    recordings: pl.DataFrame
    features: pl.DataFrame
    qrs_ms: Floats


def ecgs_of(
    people: People,
    genomes: Genomes,
    course: Course,
    ventricle: Ventricle,
    fibrillation_day: Ints,
    visits: pl.DataFrame,
    random: np.random.Generator,
) -> Ecgs:
    """Draw ECGs at visits."""
    n = len(people)
    blocked = np.isin(people.group, (Group.DILATED, Group.ISCHAEMIC)) & (random.random(n) < _SHARE_BUNDLE_BRANCH_BLOCK)
    weakness = np.maximum(55 - ventricle.lvef_percent, 0)
    qrs = 92 + 4 * people.male + 0.35 * weakness + 46 * blocked + 8 * random.standard_normal(n)
    age = (course.entry_day - people.birth_day) / DAYS_PER_YEAR
    pr = 158 + 0.25 * (age - 55) + 55 * genomes.carries("LMNA") + 18 * random.standard_normal(n)
    qtc = (
        412
        + 12 * ~people.male
        + 0.4 * weakness
        + 0.35 * (qrs - 92)
        + 14 * (people.group == Group.HYPERTROPHIC)
        + 14 * random.standard_normal(n)
    )
    has_any = random.random(n) >= _SHARE_WITHOUT_ANY
    row, day = visits["row"].to_numpy(), visits["day"].to_numpy()
    share = np.array([_SHARE_OF_VISITS[group] for group in Group])[people.group][row]
    share = np.where(day == course.failure_day[row], _SHARE_AT_FAILURE, share)
    kept = np.flatnonzero(has_any[row] & (random.random(len(row)) < share))
    row, day = row[kept], day[kept]
    fibrillates = day >= fibrillation_day[row]
    heart_rate = 71 + 0.2 * weakness[row] + 12 * fibrillates + 11 * random.standard_normal(len(row))
    truth = {
        c.QTC_FRIDERICIA: (np.clip(qtc[row], 340, 620), np.full(len(row), fill_value=True)),
        c.QRS_DURATION: (np.clip(qrs[row], 70, 220), np.full(len(row), fill_value=True)),
        c.PR_INTERVAL: (np.clip(pr[row], 100, 380), ~fibrillates),
    }
    parts = [_features(np.arange(len(row)), c.ECG_HEART_RATE, c.AUTOMATED, np.clip(heart_rate, 38, 170))]
    by_physician = random.random(len(row)) < _SHARE_READ_BY_PHYSICIAN
    for concept, (value, present) in truth.items():
        for algorithm, spread, chosen in (
            (c.AUTOMATED, _MACHINE_SPREAD_MS, present),
            (c.PHYSICIAN, _PHYSICIAN_SPREAD_MS, present & by_physician),
        ):
            which = np.flatnonzero(chosen)
            parts.append(
                _features(which, concept, algorithm, value[which] + spread * random.standard_normal(len(which)))
            )
    recordings = pl.DataFrame(
        {
            "recording": np.arange(len(row)),
            "row": row,
            "day": day,
            "minute": random.integers(8 * 60, 17 * 60, len(row)),
        }
    )
    return Ecgs(recordings, pl.concat(parts), qrs)


def _features(recording: Ints, concept_id: int, algorithm: int, value: Floats) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "recording": recording,
            "concept_id": np.full(len(recording), concept_id),
            "algorithm": np.full(len(recording), algorithm),
            "value": np.rint(value),
        }
    )

"""Procedures that are no imaging and no ECG: on the coronaries, for rhythm, for end-stage failure, and sequencing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Bools, Floats, Ints

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.people import People
    from data_catalog.synthetic.ventricle import Ventricle

# Guidelines ask for resynchronisation at a QRS of 150 ms and an LVEF of 35 % that three months of drugs have not mended.
_WIDE_QRS_MS, _LOW_LVEF_PERCENT, _DAYS_OF_DRUGS = 150, 35, 90
_SHARE_RESYNCHRONISED = 0.60
_TRANSPLANTED_PER_YEAR = 0.006  # of failing ventricles below 25 % and people below 65 years
_ASSISTED_PER_YEAR = 0.006


def procedures_of(
    people: People,
    course: Course,
    ventricle: Ventricle,
    qrs_ms: Floats,
    fibrillation_day: Ints,
    sequenced: Bools,
    random: np.random.Generator,
) -> pl.DataFrame:
    """Return procedures: ``row``, ``day``, ``concept_id``."""
    n = len(people)
    failing = course.failure_day < NEVER
    age_at_failure = (course.failure_day - people.birth_day) / DAYS_PER_YEAR
    terminal = failing & (ventricle.lvef_percent < 25) & (age_at_failure < 65)
    wait = random.exponential(DAYS_PER_YEAR, (2, n))
    kind = random.random(n)
    infarcted = course.infarction_day < NEVER
    parts = [
        _done(course, infarcted & (kind < 0.72), course.infarction_day, c.CORONARY_INTERVENTION),
        _done(course, infarcted & (kind > 0.92), course.infarction_day + 6, c.BYPASS_GRAFT),
        _done(
            course,
            failing
            & (qrs_ms >= _WIDE_QRS_MS)
            & (ventricle.lvef_percent <= _LOW_LVEF_PERCENT)
            & (random.random(n) < _SHARE_RESYNCHRONISED),
            course.failure_day + _DAYS_OF_DRUGS + random.integers(0, 300, n),
            c.RESYNCHRONISATION_DEFIBRILLATOR,
        ),
        _done(
            course,
            terminal,
            course.failure_day + 60 + (wait[0] / _TRANSPLANTED_PER_YEAR).astype(np.int64),
            c.TRANSPLANTATION,
        ),
        _done(
            course, terminal, course.failure_day + 30 + (wait[1] / _ASSISTED_PER_YEAR).astype(np.int64), c.ASSIST_DEVICE
        ),
        _done(
            course,
            (fibrillation_day < NEVER) & (random.random(n) < 0.15),
            fibrillation_day + random.integers(60, 700, n),
            c.ABLATION,
        ),
        _done(
            course,
            sequenced,
            course.entry_day + (random.random(n) * (course.end_day - course.entry_day)).astype(np.int64),
            c.SEQUENCING,
        ),
    ]
    return pl.concat(parts)


def _done(course: Course, who: Bools, day: Ints, concept_id: int) -> pl.DataFrame:
    rows = np.flatnonzero(who & (day >= course.entry_day) & (day <= course.end_day))
    return pl.DataFrame({"row": rows, "day": day[rows], "concept_id": np.full(len(rows), concept_id)})

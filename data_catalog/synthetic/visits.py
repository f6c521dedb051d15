"""Contacts with care: routine visits, and one for every day on which something else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Floats, Ints
from data_catalog.synthetic.people import Group, People

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.ventricle import Ventricle

_ROUTINE_VISITS_PER_YEAR = {
    Group.GENERAL: 0.8,
    Group.DILATED: 1.0,
    Group.HYPERTROPHIC: 1.0,
    Group.ARRHYTHMOGENIC: 1.2,
    Group.RELATIVE: 0.5,
    Group.ISCHAEMIC: 1.0,
}
# Patients with heart failure are seen twice a year.
_VISITS_PER_YEAR_OF_FAILURE = 2.0
_SHARE_DYING_IN_HOSPITAL = 0.4
_SOURCE_VALUES = {c.INPATIENT: "IP", c.OUTPATIENT: "OP", c.EMERGENCY: "ER"}


def visits_of(
    people: People, course: Course, ventricle: Ventricle, diagnoses: pl.DataFrame, random: np.random.Generator
) -> pl.DataFrame:
    """Return contacts, one a person and day: ``row``, ``day``, ``setting``, ``stay_days``, ``end_day``, sorted by row and day."""
    failing = course.failure_day < NEVER
    before_failure = np.where(failing, course.failure_day - 1, course.end_day)
    per_year = np.array([_ROUTINE_VISITS_PER_YEAR[group] for group in Group])[people.group]
    parts = [
        _outpatient(_spread(course.entry_day, before_failure, per_year, random)),
        _outpatient(
            _spread(
                np.where(failing, course.failure_day + 30, course.end_day + 1),
                course.end_day,
                np.full(len(people), _VISITS_PER_YEAR_OF_FAILURE),
                random,
            )
        ),
        _outpatient(_imaging_at_failure(course, ventricle)),
        diagnoses.select("row", "day", "setting", "stay_days"),
        _last_admissions(course, random),
    ]
    return (
        pl.concat(parts)
        # The most serious setting of a day names it.
        .with_columns(rank=pl.col("setting").replace_strict({c.OUTPATIENT: 0, c.EMERGENCY: 1, c.INPATIENT: 2}))
        .sort("row", "day", "rank", "stay_days")
        .group_by("row", "day", maintain_order=True)
        .agg(pl.col("setting").last(), pl.col("stay_days").last())
        .pipe(_until_the_end, course)
    )


def _until_the_end(visits: pl.DataFrame, course: Course) -> pl.DataFrame:
    last = pl.Series(course.end_day[visits["row"].to_numpy()])
    return visits.with_columns(end_day=pl.min_horizontal(pl.col("day") + pl.col("stay_days"), last))


def source_value(setting: pl.Expr) -> pl.Expr:
    """Return the sites' own code of a setting."""
    return setting.replace_strict(_SOURCE_VALUES)


def _spread(first: Ints, last: Ints, per_year: Floats, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Rows and days spread evenly, with some play, from *first* on (where there is a visit if the span is not empty) to *last*."""
    span = last - first
    counts = np.where(span >= 0, 1 + np.floor(np.maximum(span, 0) / DAYS_PER_YEAR * per_year), 0).astype(np.int64)
    rows = np.repeat(np.arange(len(first)), counts)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = np.where(place == 0, 0.0, (place + random.uniform(-0.35, 0.35, len(rows))) / np.maximum(counts[rows], 1))
    return rows, first[rows] + (share * span[rows]).astype(np.int64)


def _outpatient(rows_and_days: tuple[Ints, Ints]) -> pl.DataFrame:
    rows, days = rows_and_days
    return pl.DataFrame(
        {
            "row": rows,
            "day": days,
            "setting": np.full(len(rows), c.OUTPATIENT),
            "stay_days": np.zeros(len(rows), np.int64),
        }
    )


def _imaging_at_failure(course: Course, ventricle: Ventricle) -> tuple[Ints, Ints]:
    failing = course.failure_day < NEVER
    parts = [
        (rows := np.flatnonzero(failing & (day < NEVER)), day[rows]) for day in (ventricle.echo_day, ventricle.cmr_day)
    ]
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([days for _, days in parts])


def _last_admissions(course: Course, random: np.random.Generator) -> pl.DataFrame:
    n = len(course.end_day)
    stay = random.integers(0, 10, n)
    day = course.death_day - stay
    first = np.where(course.failure_day < NEVER, course.failure_day + 1, course.entry_day)
    rows = np.flatnonzero((course.death_day < NEVER) & (random.random(n) < _SHARE_DYING_IN_HOSPITAL) & (day >= first))
    return pl.DataFrame(
        {"row": rows, "day": day[rows], "setting": np.full(len(rows), c.INPATIENT), "stay_days": stay[rows]}
    )

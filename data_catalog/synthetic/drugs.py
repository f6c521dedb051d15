"""Drugs, as they follow diagnoses: the four pillars of heart failure with reduced ejection fraction, and what infarction, pressure,
fibrillation, diabetes and cholesterol call for.

Sacubitril/valsartan comes into use in 2017, SGLT2 inhibitors for heart failure in 2020 (DAPA-HF 2019, EMPEROR-Reduced 2020); who is in
care then gets them later. None of them changes the hazard of death here, which is as planted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Bools, Ints, day_number
from data_catalog.synthetic.people import Group, People
from data_catalog.synthetic.ventricle import REDUCED_LVEF_PERCENT, Ventricle

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.risk_factors import RiskFactors

_SACUBITRIL_FROM = day_number(2017, 1, 1)
_SGLT2_FROM = day_number(2020, 7, 1)
_STOPPED_PER_YEAR = 0.08
_PRESCRIBED_DAYS = 365
_CLOPIDOGREL_DAYS = 365  # dual therapy after an infarction lasts a year
# Nobody takes two beta-blockers: which one somebody gets whenever one is called for.
_BETA_BLOCKERS = {c.METOPROLOL: 0.36, c.BISOPROLOL: 0.34, c.CARVEDILOL: 0.30}


def prescriptions_of(
    people: People,
    factors: RiskFactors,
    course: Course,
    ventricle: Ventricle,
    fibrillation_day: Ints,
    diagnoses: pl.DataFrame,
    random: np.random.Generator,
) -> pl.DataFrame:
    """Return prescriptions, renewed each year: ``row``, ``day``, ``end_day``, ``concept_id``, ``refills``."""
    maker = _Prescriptions(course, random)
    blocker = random.choice(list(_BETA_BLOCKERS), size=len(people), p=list(_BETA_BLOCKERS.values()))
    _for_heart_failure(maker, course, ventricle, blocker, random)
    entry = course.entry_day
    infarction = course.infarction_day
    hypertensive = factors.has_hypertension & (course.failure_day == NEVER)
    maker.add(hypertensive, entry, {c.LISINOPRIL_10: 0.40, c.LOSARTAN: 0.25})
    maker.add(hypertensive, entry, {c.AMLODIPINE: 0.35})
    maker.add(np.full(len(people), fill_value=True), factors.diabetes_day, {c.METFORMIN: 0.75})
    maker.add(factors.has_hyperlipidemia & (infarction == NEVER), entry, {c.SIMVASTATIN: 0.60})
    infarcted = infarction < NEVER
    maker.add(infarcted, infarction, {c.ASPIRIN: 0.95})
    maker.add(infarcted, infarction, {c.CLOPIDOGREL: 0.85}, at_most_days=_CLOPIDOGREL_DAYS)
    maker.add(infarcted, infarction, {c.ATORVASTATIN: 0.90})
    maker.add_own(infarcted & (course.failure_day > infarction), infarction, blocker, 0.75)
    maker.add(fibrillation_day < NEVER, fibrillation_day, {c.WARFARIN: 0.60})
    both = np.maximum(fibrillation_day, course.failure_day)
    maker.add(both < NEVER, both, {c.AMIODARONE: 0.20})
    maker.add_own(people.group == Group.HYPERTROPHIC, entry, blocker, 0.55)
    tachycardia = diagnoses.filter(pl.col("concept_id") == c.VENTRICULAR_TACHYCARDIA)
    day = np.full(len(people), NEVER)
    day[tachycardia["row"].to_numpy()] = tachycardia["day"].to_numpy()
    maker.add(day < NEVER, day, {c.AMIODARONE_INJECTION: 0.40}, at_most_days=1)
    maker.add(day < NEVER, day, {c.AMIODARONE: 0.45})
    return maker.frame()


def _for_heart_failure(
    maker: _Prescriptions, course: Course, ventricle: Ventricle, blocker: Ints, random: np.random.Generator
) -> None:
    day = course.failure_day
    failing = day < NEVER
    reduced = failing & (ventricle.lvef_at_failure_percent <= REDUCED_LVEF_PERCENT)
    modern = reduced & (day >= _SACUBITRIL_FROM) & (random.random(len(day)) < 0.35)
    maker.add(modern, day, {c.SACUBITRIL_VALSARTAN: 0.95})
    maker.add(reduced & ~modern, day, {c.LISINOPRIL_20: 0.45, c.LISINOPRIL_10: 0.22, c.LOSARTAN: 0.25})
    maker.add(failing & ~reduced, day, {c.LISINOPRIL_10: 0.35, c.LOSARTAN: 0.25})
    maker.add_own(reduced, day, blocker, 0.88)
    maker.add_own(failing & ~reduced, day, blocker, 0.50)
    maker.add(reduced, day, {c.SPIRONOLACTONE: 0.62})
    maker.add(failing, day, {c.FUROSEMIDE: 0.75})
    maker.add(reduced, day, {c.DIGOXIN: 0.10})
    later = np.maximum(day, _SGLT2_FROM + random.integers(0, 500, len(day)))
    inhibitors = {c.DAPAGLIFLOZIN: 0.25, c.EMPAGLIFLOZIN: 0.20, c.CANAGLIFLOZIN: 0.05}
    maker.add(failing, np.where(failing, later, NEVER), inhibitors)


class _Prescriptions:
    """Collects courses of treatment."""

    def __init__(self, course: Course, random: np.random.Generator) -> None:
        self._course = course
        self._random = random
        self._parts: list[pl.DataFrame] = []

    def add(self, who: Bools, day: Ints, shares: dict[int, float], *, at_most_days: int = NEVER) -> None:
        """Give each of *who* one drug of *shares*, or none, from *day* until it is stopped."""
        n = len(day)
        chance = self._random.random(n)
        stopped = day + (self._random.exponential(1 / _STOPPED_PER_YEAR, n) * DAYS_PER_YEAR).astype(np.int64)
        last = np.minimum(np.minimum(stopped, day + at_most_days), self._course.end_day)
        seen = who & (day >= self._course.entry_day) & (day <= self._course.end_day)
        cumulative = 0.0
        for concept, share in shares.items():
            rows = np.flatnonzero(seen & (chance >= cumulative) & (chance < cumulative + share))
            self._parts.append(
                pl.DataFrame(
                    {"row": rows, "first": day[rows], "last": last[rows], "concept_id": np.full(len(rows), concept)}
                )
            )
            cumulative += share

    def add_own(self, who: Bools, day: Ints, own: Ints, share: float) -> None:
        """Give a *share* of *who* the drug that is theirs in *own*, one concept a person."""
        for concept in np.unique(own).tolist():
            self.add(who & (own == concept), day, {concept: share})

    def frame(self) -> pl.DataFrame:
        """One row a prescription; a drug that two diagnoses call for is taken once."""
        courses = (
            pl.concat(self._parts)
            .sort("row", "concept_id", "first", "last")
            .group_by("row", "concept_id", maintain_order=True)
            .agg(pl.col("first").min(), pl.col("last").max())
        )
        first, last = courses["first"].to_numpy(), courses["last"].to_numpy()
        counts = 1 + (last - first) // _PRESCRIBED_DAYS
        index = np.repeat(np.arange(len(courses)), counts)
        place = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
        start = first[index] + _PRESCRIBED_DAYS * place
        return pl.DataFrame(
            {
                "row": courses["row"].to_numpy()[index],
                "day": start,
                "end_day": np.minimum(start + _PRESCRIBED_DAYS - 1, last[index]),
                "concept_id": courses["concept_id"].to_numpy()[index],
                "refills": np.full(len(index), 3),
            }
        )

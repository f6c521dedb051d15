"""Diagnoses, with the day and setting in which they are made.

What leads to what: high pressure and old age to atrial fibrillation, more of it in failing and in thick hearts; atrial fibrillation to stroke;
lamin to conduction disease and fast rhythms of the ventricles; titin to atrial fibrillation; arrhythmogenic cardiomyopathy
to ventricular tachycardia; an infarction to coronary disease, and now and then to shock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Bools, Floats, Ints
from data_catalog.synthetic.hazards import gompertz_years, log_hazard_ratio
from data_catalog.synthetic.people import Group, People

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.genomes import Genomes
    from data_catalog.synthetic.risk_factors import RiskFactors
    from data_catalog.synthetic.ventricle import Ventricle

# Fibrillation may begin at any time of an adult life: who has it on the first day of observation has the diagnosis from then on.
FIBRILLATION_RATE, FIBRILLATION_SLOPE, FIBRILLATION_FROM_AGE_YEARS = 0.007, 0.065, 18.0
STROKE_RATE, STROKE_SLOPE = 0.0035, 0.070
# Log hazard ratios, written to the truth file.
FIBRILLATION_EFFECTS = {
    "heart failure, ever": 1.0,
    "hypertrophic cardiomyopathy": 0.6,
    "TTN-truncating": 0.5,
    "LMNA": 1.2,
    "male sex": 0.2,
}
STROKE_EFFECTS = {"atrial fibrillation, ever": 0.8}
# Readmissions for heart failure: one in four patients a year.
READMISSIONS_PER_YEAR = 0.25
# Of people without the diagnosis whose heart fails with a preserved ejection fraction, those in whom high pressure is then found.
_SHARE_HYPERTENSION_FOUND_LATE, _PRESERVED_LVEF_PERCENT = 0.40, 50
_CREATININE_STAGE_3, _CREATININE_STAGE_4 = 1.5, 2.4  # mg/dL, roughly an eGFR of 50 and 27 at the age of 65


@dataclass(frozen=True)
class History:
    """Diagnoses, one row each (``row``, ``day``, ``concept_id``, ``setting``, ``stay_days``), and the day of the first fibrillation."""

    diagnoses: pl.DataFrame
    fibrillation_day: Ints


def history_of(
    people: People,
    genomes: Genomes,
    factors: RiskFactors,
    course: Course,
    ventricle: Ventricle,
    random: np.random.Generator,
) -> History:
    """Draw everybody's diagnoses; those of a later time than a site saw are left out."""
    maker = _Diagnoses(course)
    _cardiomyopathies(maker, people, course, random)
    _heart_failure(maker, course, random)
    _risk_factors(maker, factors, course)
    _hypertension_found_late(maker, factors, course, ventricle, random)
    _infarctions(maker, course, random)
    fibrillation_day = _rhythms(maker, people, genomes, course, random)
    return History(maker.frame(), np.where(fibrillation_day <= course.end_day, fibrillation_day, NEVER))


class _Diagnoses:
    """Collects diagnoses."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._parts: list[pl.DataFrame] = []

    def add(
        self, who: Bools, day: Ints, concept_id: int | Ints, *, setting: int = c.OUTPATIENT, stay_days: int | Ints = 0
    ) -> None:
        """Add a diagnosis for people for whom *who* holds and *day* is in the time of observation."""
        rows = np.flatnonzero(who & (day >= self._course.entry_day) & (day <= self._course.end_day))
        self._parts.append(
            pl.DataFrame(
                {
                    "row": rows,
                    "day": day[rows],
                    "concept_id": np.broadcast_to(concept_id, len(who))[rows].astype(np.int64),
                    "setting": np.full(len(rows), setting),
                    "stay_days": np.broadcast_to(stay_days, len(who))[rows].astype(np.int64),
                }
            )
        )

    def add_rows(self, rows: Ints, day: Ints, concept_id: int, *, setting: int, stay_days: Ints) -> None:
        """Add diagnoses to rows that may come several times."""
        kept = day <= self._course.end_day[rows]
        self._parts.append(
            pl.DataFrame(
                {
                    "row": rows[kept],
                    "day": day[kept],
                    "concept_id": np.full(int(kept.sum()), concept_id),
                    "setting": np.full(int(kept.sum()), setting),
                    "stay_days": stay_days[kept],
                }
            )
        )

    def frame(self) -> pl.DataFrame:
        return pl.concat(self._parts)


def _cardiomyopathies(maker: _Diagnoses, people: People, course: Course, random: np.random.Generator) -> None:
    n = len(people)
    for group, concept in (
        (Group.DILATED, c.DILATED_CARDIOMYOPATHY),
        (Group.HYPERTROPHIC, c.HYPERTROPHIC_CARDIOMYOPATHY),
        (Group.ARRHYTHMOGENIC, c.ARRHYTHMOGENIC_CARDIOMYOPATHY),
    ):
        after_entry = course.entry_day + random.integers(0, 30, n)
        # Dilated hearts are found with the heart failure that they cause, or a little before.
        with_failure = course.failure_day - random.integers(0, 60, n) * (random.random(n) < 0.4)
        day = with_failure if group == Group.DILATED else after_entry
        day = np.where(course.failure_day < NEVER, day, after_entry)
        maker.add(people.group == group, day, concept)


def _heart_failure(maker: _Diagnoses, course: Course, random: np.random.Generator) -> None:
    n = len(course.end_day)
    failing = course.failure_day < NEVER
    concept = np.where(random.random(n) < 0.3, c.CHRONIC_HEART_FAILURE, c.HEART_FAILURE)
    admitted = random.random(n) < 0.45
    maker.add(failing & ~admitted, course.failure_day, concept)
    maker.add(failing & admitted, course.failure_day, concept, setting=c.INPATIENT, stay_days=random.integers(3, 14, n))
    years = np.where(failing, (course.end_day - course.failure_day) / DAYS_PER_YEAR, 0.0)
    counts = random.poisson(READMISSIONS_PER_YEAR * np.maximum(years, 0))
    rows = np.repeat(np.arange(n), counts)
    after = (random.random(len(rows)) * (course.end_day - course.failure_day)[rows]).astype(np.int64)
    maker.add_rows(
        rows,
        course.failure_day[rows] + 1 + after,
        c.HEART_FAILURE,
        setting=c.INPATIENT,
        stay_days=random.integers(2, 15, len(rows)),
    )


def _risk_factors(maker: _Diagnoses, factors: RiskFactors, course: Course) -> None:
    everybody = np.full(len(course.end_day), fill_value=True)
    maker.add(everybody, factors.diabetes_day, c.TYPE_2_DIABETES)
    maker.add(factors.has_hypertension, course.entry_day, c.HYPERTENSION)
    maker.add(factors.has_hyperlipidemia, course.entry_day, c.HYPERLIPIDEMIA)
    stage_4 = factors.creatinine_mg_dl >= _CREATININE_STAGE_4
    maker.add((factors.creatinine_mg_dl >= _CREATININE_STAGE_3) & ~stage_4, course.entry_day, c.KIDNEY_DISEASE_3)
    maker.add(stage_4, course.entry_day, c.KIDNEY_DISEASE_4)


def _hypertension_found_late(
    maker: _Diagnoses, factors: RiskFactors, course: Course, ventricle: Ventricle, random: np.random.Generator
) -> None:
    preserved = (course.failure_day < NEVER) & (ventricle.lvef_at_failure_percent >= _PRESERVED_LVEF_PERCENT)
    found = random.random(len(preserved)) < _SHARE_HYPERTENSION_FOUND_LATE
    maker.add(preserved & ~factors.has_hypertension & found, course.failure_day, c.HYPERTENSION)


def _infarctions(maker: _Diagnoses, course: Course, random: np.random.Generator) -> None:
    n = len(course.end_day)
    kind = random.random(n)
    concept = np.select(
        [kind < 0.35, kind < 0.85], [c.Q_WAVE_INFARCTION, c.NON_Q_WAVE_INFARCTION], default=c.INFARCTION
    )
    infarcted = course.infarction_day < NEVER
    stay = random.integers(2, 9, n)
    maker.add(infarcted, course.infarction_day, concept, setting=c.INPATIENT, stay_days=stay)
    maker.add(infarcted & (random.random(n) < 0.9), course.infarction_day, c.CORONARY_DISEASE, setting=c.INPATIENT)
    maker.add(infarcted & (random.random(n) < 0.05), course.infarction_day, c.CARDIOGENIC_SHOCK, setting=c.INPATIENT)


def _rhythms(maker: _Diagnoses, people: People, genomes: Genomes, course: Course, random: np.random.Generator) -> Ints:
    n = len(people)
    age = (course.entry_day - people.birth_day) / DAYS_PER_YEAR
    lamin = genomes.carries("LMNA")
    fibrillation_age = FIBRILLATION_FROM_AGE_YEARS + gompertz_years(
        random.exponential(1.0, n),
        np.full(n, FIBRILLATION_FROM_AGE_YEARS),
        rate_at_60=FIBRILLATION_RATE,
        slope=FIBRILLATION_SLOPE,
        log_ratio=log_hazard_ratio(
            FIBRILLATION_EFFECTS,
            course.failure_day < NEVER,
            people.group == Group.HYPERTROPHIC,
            genomes.truncates_titin,
            lamin,
            people.male,
        ),
    )
    fibrillation_day = course.entry_day + _days(np.maximum(fibrillation_age - age, 0.0))
    maker.add(np.full(n, fill_value=True), fibrillation_day, c.ATRIAL_FIBRILLATION)
    stroke_years = gompertz_years(
        random.exponential(1.0, n),
        age,
        rate_at_60=STROKE_RATE,
        slope=STROKE_SLOPE,
        log_ratio=log_hazard_ratio(STROKE_EFFECTS, fibrillation_day <= course.end_day),
    )
    maker.add(
        np.full(n, fill_value=True),
        course.entry_day + _days(stroke_years),
        c.STROKE,
        setting=c.INPATIENT,
        stay_days=random.integers(3, 20, n),
    )
    tachycardia_rate = (
        0.001
        + 0.15 * (people.group == Group.ARRHYTHMOGENIC)
        + 0.018 * np.isin(people.group, (Group.DILATED, Group.ISCHAEMIC))
        + 0.010 * (people.group == Group.HYPERTROPHIC)
        + 0.030 * lamin
    )
    tachycardia_day = course.entry_day + _days(random.exponential(1.0, n) / tachycardia_rate)
    maker.add(np.full(n, fill_value=True), tachycardia_day, c.VENTRICULAR_TACHYCARDIA, setting=c.EMERGENCY)
    block_day = course.entry_day + _days(random.exponential(1.0, n) / (0.0008 + 0.035 * lamin))
    maker.add(np.full(n, fill_value=True), block_day, c.AV_BLOCK, setting=c.EMERGENCY)
    return fibrillation_day


def _days(years: Floats) -> Ints:
    return np.minimum(years * DAYS_PER_YEAR, NEVER).astype(np.int64)

"""Vital signs and laboratory values at visits, in the units that each site writes.

What depends on what: pressure falls with a failing ventricle, NT-proBNP rises with it, with age, kidneys and atrial fibrillation; creatinine
climbs over the years; a statin brings LDL down; HbA1c follows diabetes; women have less haemoglobin than men.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, Bools, Floats, Ints
from data_catalog.synthetic.people import Group, People
from data_catalog.synthetic.sites import SITES, Unit

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.risk_factors import RiskFactors
    from data_catalog.synthetic.ventricle import Ventricle

# How most sites write a measure, and how often it is taken at a visit.
_USUAL = {
    c.SYSTOLIC: Unit(1.0, "mm[Hg]", 8876, 0),
    c.DIASTOLIC: Unit(1.0, "mm[Hg]", 8876, 0),
    c.HEART_RATE: Unit(1.0, "/min", 8541, 0),
    c.WEIGHT: Unit(1.0, "kg", 9529, 1),
    c.HEIGHT: Unit(1.0, "cm", 8582, 0),
    c.BODY_MASS_INDEX: Unit(1.0, "kg/m2", 9531, 1),
    c.NT_PROBNP: Unit(1.0, "pg/mL", 8845, 0),
    c.CREATININE: Unit(1.0, "mg/dL", 8840, 2),
    c.POTASSIUM: Unit(1.0, "mmol/L", 8753, 1),
    c.SODIUM: Unit(1.0, "mmol/L", 8753, 0),
    c.LDL: Unit(1.0, "mg/dL", 8840, 0),
    c.HBA1C: Unit(1.0, "%", c.PERCENT, 1),
    c.HAEMOGLOBIN: Unit(1.0, "g/dL", 8713, 1),
}
_SHARE_TAKEN = {
    c.SYSTOLIC: 0.85,
    c.HEART_RATE: 0.75,
    c.WEIGHT: 0.50,
    c.CREATININE: 0.45,
    c.POTASSIUM: 0.35,
    c.SODIUM: 0.30,
    c.HAEMOGLOBIN: 0.30,
    c.LDL: 0.22,
    c.HBA1C: 0.10,
    c.NT_PROBNP: 0.08,
}
_SHARE_NT_PROBNP_OF_FAILURE, _SHARE_HBA1C_OF_DIABETES = 0.60, 0.50
# Usual haemoglobin at 60 years without heart failure. The limits of anaemia (WHO) lie 1 g/dL apart, the means of adults about 1.5.
_HAEMOGLOBIN_MEN_G_DL, _HAEMOGLOBIN_WOMEN_G_DL = 14.6, 13.1
# Log of the level in pg/mL: in a failing heart four times what it is in others, at an LVEF of 30 % three times
# that of a preserved one.
_NT_PROBNP_OF_FAILURE, _NT_PROBNP_PER_LVEF_POINT = 1.50, 0.045
_SOURCE_VALUES = {
    c.SYSTOLIC: "RR SYS",
    c.DIASTOLIC: "RR DIA",
    c.HEART_RATE: "HR",
    c.WEIGHT: "WEIGHT",
    c.HEIGHT: "HEIGHT",
    c.BODY_MASS_INDEX: "BMI",
    c.NT_PROBNP: "NTBNP",
    c.CREATININE: "CREA",
    c.POTASSIUM: "K",
    c.SODIUM: "NA",
    c.LDL: "LDL-C",
    c.HBA1C: "HBA1C",
    c.HAEMOGLOBIN: "HB",
    c.LVEF: "LVEF",
    c.LV_MASS: "LV MASS",
    c.LA_VOLUME: "LA VOL",
}


@dataclass(frozen=True)
class _AtVisits:
    """What is known of each visit, arrays of shape (n_visits,)."""

    row: Ints
    day: Ints
    is_first: Bools
    is_failing: Bools
    years_since_entry: Floats
    age_years: Floats
    male: Bools
    lvef_percent: Floats


def measurements_of(
    people: People,
    factors: RiskFactors,
    course: Course,
    ventricle: Ventricle,
    fibrillation_day: Ints,
    visits: pl.DataFrame,
    random: np.random.Generator,
) -> pl.DataFrame:
    """Return readings: ``row``, ``day``, ``concept_id``, ``value`` in usual units; see :func:`in_units_of_sites`."""
    row, day = visits["row"].to_numpy(), visits["day"].to_numpy()
    at = _AtVisits(
        row=row,
        day=day,
        is_first=np.concatenate([[True], row[1:] != row[:-1]]),
        is_failing=day >= course.failure_day[row],
        years_since_entry=(day - course.entry_day[row]) / DAYS_PER_YEAR,
        age_years=(day - people.birth_day[row]) / DAYS_PER_YEAR,
        male=people.male[row],
        lvef_percent=ventricle.lvef_percent[row],
    )
    noise = random.standard_normal
    parts = [
        *_vital_signs(at, factors, day >= fibrillation_day[row], random),
        *_laboratory(at, factors, random),
    ]
    is_diabetic = day >= factors.diabetes_day[row]
    taken = random.random(len(row)) < np.where(is_diabetic, _SHARE_HBA1C_OF_DIABETES, _SHARE_TAKEN[c.HBA1C])
    parts.append(
        _readings(
            at, taken, c.HBA1C, np.clip(5.5 + 1.6 * is_diabetic + (0.3 + 0.6 * is_diabetic) * noise(len(row)), 4.2, 14)
        )
    )
    needs = at.is_failing | np.isin(people.group[row], (Group.DILATED, Group.HYPERTROPHIC))
    taken = random.random(len(row)) < np.where(needs, _SHARE_NT_PROBNP_OF_FAILURE, _SHARE_TAKEN[c.NT_PROBNP])
    log_level = (
        4.6
        + 0.025 * (at.age_years - 60)
        + _NT_PROBNP_OF_FAILURE * at.is_failing
        + _NT_PROBNP_PER_LVEF_POINT * np.maximum(55 - at.lvef_percent, 0)
        + 0.7 * (day >= fibrillation_day[row])
        + 0.6 * np.log(factors.creatinine_mg_dl[row])
        + 0.75 * noise(len(row))
    )
    parts.append(_readings(at, taken, c.NT_PROBNP, np.clip(np.exp(log_level), 5, 70_000)))
    return pl.concat(parts)


def _vital_signs(
    at: _AtVisits, factors: RiskFactors, fibrillates: Bools, random: np.random.Generator
) -> list[pl.DataFrame]:
    n, row = len(at.row), at.row
    systolic = (
        factors.systolic_mmhg[row]
        - 0.4 * np.maximum(50 - at.lvef_percent, 0) * at.is_failing
        - 8 * (at.years_since_entry > 0.2) * factors.has_hypertension[row]
        + 9 * random.standard_normal(n)
    )
    diastolic = 0.42 * systolic + 24 + 6 * random.standard_normal(n)
    pressure_taken = random.random(n) < _SHARE_TAKEN[c.SYSTOLIC]
    heart_rate = (
        72
        + 0.3 * np.maximum(50 - at.lvef_percent, 0) * at.is_failing
        + 9 * fibrillates
        + 10 * random.standard_normal(n)
    )
    weight = factors.weight_kg[row] * (1 + 0.02 * random.standard_normal(n))
    weighed = at.is_first | (random.random(n) < _SHARE_TAKEN[c.WEIGHT])
    known_height = np.rint(factors.height_cm)[row]
    return [
        _readings(at, pressure_taken, c.SYSTOLIC, np.clip(systolic, 70, 240)),
        _readings(at, pressure_taken, c.DIASTOLIC, np.clip(diastolic, 35, 130)),
        _readings(at, random.random(n) < _SHARE_TAKEN[c.HEART_RATE], c.HEART_RATE, np.clip(heart_rate, 38, 170)),
        _readings(at, weighed, c.WEIGHT, weight),
        _readings(at, at.is_first, c.HEIGHT, known_height),
        _readings(at, at.is_first, c.BODY_MASS_INDEX, weight / (known_height / 100) ** 2),
    ]


def _laboratory(at: _AtVisits, factors: RiskFactors, random: np.random.Generator) -> list[pl.DataFrame]:
    n, row = len(at.row), at.row
    creatinine = factors.creatinine_mg_dl[row] * np.exp(
        (0.010 + 0.015 * at.is_failing) * at.years_since_entry + 0.08 * random.standard_normal(n)
    )
    on_statin = (factors.has_hyperlipidemia[row]) & (at.years_since_entry > 0.2)
    levels = {
        c.CREATININE: np.clip(creatinine, 0.4, 12),
        c.POTASSIUM: np.clip(4.2 + 0.25 * at.is_failing + 0.35 * random.standard_normal(n), 2.8, 6.8),
        c.SODIUM: np.clip(140 - 1.5 * at.is_failing + 2.6 * random.standard_normal(n), 120, 152),
        c.HAEMOGLOBIN: np.clip(
            np.where(at.male, _HAEMOGLOBIN_MEN_G_DL, _HAEMOGLOBIN_WOMEN_G_DL)
            - 0.02 * (at.age_years - 60)
            - 0.4 * at.is_failing
            + 1.2 * random.standard_normal(n),
            7,
            18.5,
        ),
        c.LDL: np.clip(
            factors.ldl_mg_dl[row] * np.where(on_statin, 0.68, 1.0) + 12 * random.standard_normal(n), 25, 330
        ),
    }
    return [
        _readings(at, random.random(n) < _SHARE_TAKEN[concept], concept, value) for concept, value in levels.items()
    ]


def _readings(at: _AtVisits, taken: Bools, concept_id: int, value: Floats) -> pl.DataFrame:
    kept = np.flatnonzero(taken)
    return pl.DataFrame(
        {
            "row": at.row[kept],
            "day": at.day[kept],
            "concept_id": np.full(len(kept), concept_id),
            "value": value[kept],
        }
    )


def in_units_of_sites(readings: pl.DataFrame, site: Ints) -> pl.DataFrame:
    """Return *readings* with what each site writes: ``value_as_number``, ``unit_source_value``, ``unit_concept_id``, ``source_value``."""
    units = pl.DataFrame(
        [
            (index, concept, unit.factor, unit.written, unit.concept_id, unit.decimals, _SOURCE_VALUES[concept])
            for index, one in enumerate(SITES)
            for concept, unit in (_USUAL | dict(one.units)).items()
        ],
        schema={
            "site": pl.Int64,
            "concept_id": pl.Int64,
            "factor": pl.Float64,
            "unit_source_value": pl.String,
            "unit_concept_id": pl.Int64,
            "decimals": pl.Int64,
            "source_value": pl.String,
        },
        orient="row",
    )
    scale = 10.0 ** pl.col("decimals")
    return (
        readings.with_columns(site=pl.Series(site[readings["row"].to_numpy()]))
        .join(units, on=["site", "concept_id"], how="left", maintain_order="left")
        .with_columns(value_as_number=(pl.col("value") * pl.col("factor") * scale).round() / scale)
        .drop("factor", "decimals", "value")
    )

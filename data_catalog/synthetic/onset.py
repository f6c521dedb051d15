"""What happens first: infarction, heart failure, or death from something else.

Age, sex, blood pressure, diabetes, cholesterol and the polygenic score lead to infarction; infarction, blood pressure, diabetes and
weight to heart failure. People who come to the clinic with dilated cardiomyopathy have no infarction before; their first
heart failure is why they come. People of the ischaemic group come with an infarction on their first day, so they are never at risk of a
first one, and their heart fails later. Relatives do not fall ill while they are watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Floats, Ints
from data_catalog.synthetic.hazards import gompertz_cumulative, gompertz_years, log_hazard_ratio
from data_catalog.synthetic.people import Group, People

if TYPE_CHECKING:
    from data_catalog.synthetic.genomes import Genomes
    from data_catalog.synthetic.risk_factors import RiskFactors

# Hazards a year at the age of 60 and growth of their logs with each year of age: death doubles in eight years.
INFARCTION_RATE, INFARCTION_SLOPE = 0.009, 0.055
FAILURE_RATE, FAILURE_SLOPE = 0.005, 0.060
DEATH_RATE, DEATH_SLOPE = 0.008, 0.085
FAILURE_AFTER_INFARCTION_PER_YEAR = 0.06
FAILURE_IN_DILATED_HEARTS_PER_YEAR = 0.08

# Log hazard ratios, written to the truth file.
INFARCTION_EFFECTS = {
    "male sex": 0.55,
    "usual systolic blood pressure above 135 mmHg, per mmHg": 0.018,
    "type 2 diabetes at entry": 0.55,
    "usual LDL cholesterol above 128 mg/dL, per mg/dL": 0.006,
    "polygenic score for infarction": 1.0,
}
FAILURE_EFFECTS = {
    "usual systolic blood pressure above 135 mmHg, per mmHg": 0.020,
    "type 2 diabetes at entry": 0.40,
    "body mass index above 27 kg/m2, per kg/m2": 0.03,
    "hypertrophic cardiomyopathy": 0.9,
    "arrhythmogenic cardiomyopathy": 1.2,
}
DEATH_EFFECTS = {
    "male sex": 0.30,
    "usual systolic blood pressure above 135 mmHg, per mmHg": 0.008,
    "type 2 diabetes at entry": 0.35,
    "infarction before": 0.70,
}


@dataclass(frozen=True)
class Onset:
    """Days of the first infarction, the first heart failure, and of a death without heart failure; ``NEVER`` where there is none.

    Heart failure and a death without it exclude each other. Loss to follow-up is not applied yet, but for heart failure: it is
    there only if somebody was there to diagnose it.
    """

    infarction_day: Ints
    failure_day: Ints
    other_death_day: Ints


def onset_of(people: People, genomes: Genomes, factors: RiskFactors, random: np.random.Generator) -> Onset:
    """Draw the first events of everybody."""
    n = len(people)
    age = (people.entry_day - people.birth_day) / DAYS_PER_YEAR
    pressure = factors.systolic_mmhg - 135
    diabetic = factors.diabetes_day <= people.entry_day
    infarction_years = gompertz_years(
        random.exponential(1.0, n),
        age,
        rate_at_60=INFARCTION_RATE,
        slope=INFARCTION_SLOPE,
        log_ratio=log_hazard_ratio(
            INFARCTION_EFFECTS,
            people.male,
            pressure,
            diabetic,
            factors.ldl_mg_dl - 128,
            genomes.common.infarction_score,
        ),
    )
    infarction_years[people.group == Group.DILATED] = np.inf
    infarction_years[people.group == Group.ISCHAEMIC] = 0.0
    failure_years = _failure_years(people, factors, age, infarction_years, random)
    death_years = _death_years(
        people, age, log_hazard_ratio(DEATH_EFFECTS, people.male, pressure, diabetic), infarction_years, random
    )
    failure_day = np.where(people.comes_failing, people.failure_day, _day(people.entry_day, failure_years))
    death_day = np.where(people.comes_failing, NEVER, _day(people.entry_day, death_years))
    seen = (failure_day < death_day) & (failure_day < people.leave_day)
    return Onset(
        infarction_day=np.where(
            people.group == Group.ISCHAEMIC, people.entry_day, _day(people.entry_day, infarction_years)
        ),
        failure_day=np.where(seen, failure_day, NEVER),
        other_death_day=np.where(seen, NEVER, death_day),
    )


def _failure_years(
    people: People, factors: RiskFactors, age: Floats, infarction_years: Floats, random: np.random.Generator
) -> Floats:
    """Years from entry to heart failure, at least one: who comes with old heart failure is not in these data."""
    n = len(people)
    diabetic = factors.diabetes_day <= people.entry_day
    alone = 1 + gompertz_years(
        random.exponential(1.0, n),
        age + 1,
        rate_at_60=FAILURE_RATE,
        slope=FAILURE_SLOPE,
        log_ratio=log_hazard_ratio(
            FAILURE_EFFECTS,
            factors.systolic_mmhg - 135,
            diabetic,
            factors.bmi - 27,
            people.group == Group.HYPERTROPHIC,
            people.group == Group.ARRHYTHMOGENIC,
        ),
    )
    rate_after = FAILURE_AFTER_INFARCTION_PER_YEAR * np.exp(0.35 * diabetic + 0.03 * (age - 65))
    after_infarction = np.maximum(1.0, infarction_years) + 0.02 + random.exponential(1.0, n) / rate_after
    dilated = 1 + random.exponential(1 / FAILURE_IN_DILATED_HEARTS_PER_YEAR, n)
    years = np.where(people.group == Group.DILATED, dilated, np.minimum(alone, after_infarction))
    return np.where(people.group == Group.RELATIVE, np.inf, np.maximum(years, 366.5 / DAYS_PER_YEAR))


def _death_years(
    people: People, age: Floats, log_ratio: Floats, infarction_years: Floats, random: np.random.Generator
) -> Floats:
    """Years from entry to a death without heart failure; an infarction raises the risk from its day on."""
    at = random.exponential(1.0, len(people))
    hazard = {"rate_at_60": DEATH_RATE, "slope": DEATH_SLOPE}
    years = gompertz_years(at, age, **hazard, log_ratio=log_ratio)
    before = np.where(np.isfinite(infarction_years), infarction_years, 0.0)
    spent = gompertz_cumulative(before, age, **hazard, log_ratio=log_ratio)
    after = before + gompertz_years(
        np.maximum(at - spent, 0.0), age + before, **hazard, log_ratio=log_ratio + DEATH_EFFECTS["infarction before"]
    )
    return np.where(years > infarction_years, after, years)


def _day(start: Ints, years: Floats) -> Ints:
    days = np.minimum(np.where(np.isfinite(years), years, NEVER) * DAYS_PER_YEAR, NEVER)
    return np.minimum(start + 1 + days.astype(np.int64), NEVER)

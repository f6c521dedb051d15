"""Blood pressure, weight, cholesterol, kidneys and diabetes: what people bring with them, and what runs through their later course."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, Bools, Floats, Ints
from data_catalog.synthetic.hazards import logistic
from data_catalog.synthetic.people import Group, People

# Each year of age adds about half a millimetre of mercury to the systolic pressure of adults.
_SYSTOLIC_PER_YEAR_MMHG = 0.45
_SYSTOLIC_PER_BMI_MMHG = 0.9
# Type 2 diabetes at 60 years and a BMI of 27 in a population like that of a cardiology department, and new cases a year.
_DIABETES_LOG_ODDS = -1.75
_NEW_DIABETES_PER_YEAR = 0.008
# Every other person with this usual systolic pressure has the diagnosis: it rests on single readings, of which the highest count, and
# the old have had more of them taken.
_HYPERTENSION_AT_MMHG, _HYPERTENSION_SPREAD_MMHG = 126.0, 7.0
_HYPERTENSION_EARLIER_PER_YEAR_MMHG = 0.2


@dataclass(frozen=True)
class RiskFactors:
    """One array an attribute, shape (n_people,).

    ``systolic_mmhg``, ``ldl_mg_dl``, ``creatinine_mg_dl``, ``weight_kg`` are the usual levels of a person; single readings scatter about
    them. ``diabetes_day`` is the day of the diagnosis of type 2 diabetes in this centre: the first of observation if it was known
    before, ``NEVER`` without diabetes. ``has_hypertension`` and ``has_hyperlipidemia`` are known from the first day on;
    high pressure may also be found later, with heart failure (see :mod:`data_catalog.synthetic.conditions`).
    """

    height_cm: Floats
    weight_kg: Floats
    bmi: Floats
    systolic_mmhg: Floats
    ldl_mg_dl: Floats
    creatinine_mg_dl: Floats
    diabetes_day: Ints
    has_hypertension: Bools
    has_hyperlipidemia: Bools

    def of(self, rows: Ints) -> RiskFactors:
        """Return the risk factors of other rows, in their order."""
        return RiskFactors(**{name: values[rows] for name, values in vars(self).items()})


def risk_factors_of(people: People, random: np.random.Generator) -> RiskFactors:
    """Draw the risk factors, the same for every row of one human being."""
    n = len(people)
    age = (people.entry_day - people.birth_day) / DAYS_PER_YEAR
    height = np.where(people.male, 177.0, 164.0) + 7.0 * random.standard_normal(n)
    bmi = np.clip(27.0 + 0.02 * (age - 55) + 4.2 * random.standard_normal(n), 17, 55)
    general = (people.group == Group.GENERAL) | (people.group == Group.ISCHAEMIC)
    systolic = (
        118.0
        + 7.0 * general
        + _SYSTOLIC_PER_YEAR_MMHG * (age - 45)
        + _SYSTOLIC_PER_BMI_MMHG * (bmi - 27)
        + 12.0 * random.standard_normal(n)
    )
    diabetic = random.random(n) < logistic(
        _DIABETES_LOG_ODDS
        + 0.35 * general
        + 0.40 * (people.group == Group.ISCHAEMIC)
        + 0.035 * (age - 60)
        + 0.10 * (bmi - 27)
        + 0.15 * people.male
    )
    new_rate = _NEW_DIABETES_PER_YEAR * np.exp(0.02 * (age - 60) + 0.08 * (bmi - 27))
    new_after = (random.exponential(1.0, n) / new_rate * DAYS_PER_YEAR).astype(np.int64)
    diabetes_day = np.where(diabetic, people.entry_day, np.minimum(people.entry_day + 30 + new_after, NEVER))
    hypertensive = random.random(n) < logistic(
        (systolic - _HYPERTENSION_AT_MMHG + _HYPERTENSION_EARLIER_PER_YEAR_MMHG * (age - 60))
        / _HYPERTENSION_SPREAD_MMHG
    )
    ldl = np.clip(128.0 + 30.0 * random.standard_normal(n), 40, 320)
    creatinine = (
        np.where(people.male, 0.95, 0.78)
        * np.exp(0.006 * (age - 55) + 0.17 * random.standard_normal(n))
        * np.where(random.random(n) < 0.04 + 0.08 * diabetic + 0.04 * hypertensive, random.uniform(1.3, 2.6, n), 1.0)
    )
    found = RiskFactors(
        height_cm=height,
        weight_kg=bmi * (height / 100) ** 2,
        bmi=bmi,
        systolic_mmhg=np.clip(systolic, 85, 230),
        ldl_mg_dl=ldl,
        creatinine_mg_dl=creatinine,
        diabetes_day=diabetes_day,
        has_hypertension=hypertensive,
        has_hyperlipidemia=random.random(n) < logistic((ldl - 140) / 15),
    )
    return found.of(people.origin)

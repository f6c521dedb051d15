"""Chances: hazards that grow with age, log hazard ratios, and log odds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from data_catalog.synthetic.days import Floats

_REFERENCE_AGE_YEARS = 60.0


def gompertz_years(
    exponential: Floats, age_years: Floats, *, rate_at_60: float, slope: float, log_ratio: Floats
) -> Floats:
    """Return the years until an event whose hazard grows with age.

    Parameters
    ----------
    exponential : array
        Cumulative hazards at which the events fall: standard exponential numbers.
    age_years : array
        Ages at which people become exposed.
    rate_at_60 : float
        Hazard a year at the age of 60 with ``log_ratio`` 0.
    slope : float
        Growth of the log hazard with each year of age (Gompertz 1825).
    log_ratio : array
        Log hazard ratios of the people.
    """
    start = np.exp(slope * (age_years - _REFERENCE_AGE_YEARS))
    end = start + exponential * slope / (rate_at_60 * np.exp(log_ratio))
    return np.log(end / start) / slope


def gompertz_cumulative(
    years: Floats, age_years: Floats, *, rate_at_60: float, slope: float, log_ratio: Floats
) -> Floats:
    """Return the cumulative hazard of :func:`gompertz_years` over *years* from *age_years* on."""
    start = np.exp(slope * (age_years - _REFERENCE_AGE_YEARS))
    return rate_at_60 * np.exp(log_ratio) / slope * start * np.expm1(slope * years)


def logistic(log_odds: Floats) -> Floats:
    """Return the probability of log odds."""
    return 1 / (1 + np.exp(-log_odds))


def log_hazard_ratio(effects: Mapping[str, float], *values: npt.NDArray) -> Floats:
    """Return the sum of *effects*, in their order, times *values*; effects beyond the last value are left out.

    Effects have names because they are written to the truth file.
    """
    total = np.zeros(len(values[0]))
    for effect, value in zip(effects.values(), values, strict=False):
        total += effect * value
    return total

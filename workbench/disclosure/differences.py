"""Standardised mean differences between groups, from what may be shown."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.disclosure.table import Cell

T = TypeVar("T")
_DECIMALS = 3


def largest(groups: Sequence[T | Suppressed], difference: Callable[[T, T], float | None]) -> float | Suppressed | None:
    """Return the largest absolute difference over all pairs of groups, to three decimals.

    Suppressed where one group's ingredients are; None where no pair has a difference.
    """
    known = [group for group in groups if not isinstance(group, Suppressed)]
    if len(known) < len(groups):
        return Suppressed("ingredient")
    pairs = [difference(one, other) for one, other in combinations(known, 2)]
    defined = [abs(value) for value in pairs if value is not None]
    return round(max(defined), _DECIMALS) if defined else None


def of_numbers(one: tuple[float | None, float | None], other: tuple[float | None, float | None]) -> float | None:
    """Return the difference of means over the pooled spread: d = (m₁ − m₂) / √((s₁² + s₂²) / 2)."""
    if None in one or None in other:
        return None
    (mean_1, sd_1), (mean_2, sd_2) = one, other
    pooled = math.sqrt((sd_1**2 + sd_2**2) / 2)  # type: ignore[operator]
    return (mean_1 - mean_2) / pooled if pooled else None  # type: ignore[operator]


def proportions(percentages: Sequence[Cell]) -> npt.NDArray[np.float64] | Suppressed:
    """Return the shares (0–1) of the levels, or Suppressed where one of them is."""
    if any(not isinstance(percentage, int | float) for percentage in percentages):
        return Suppressed("ingredient")
    return np.asarray(percentages, dtype=float) / 100


def of_levels(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float | None:
    """Return the standardised difference of two distributions over levels.

    One share: (p₁ − p₂) / √((p₁(1 − p₁) + p₂(1 − p₂)) / 2). Several: √(d′ S⁻¹ d) over all levels but the first,
    with S the mean of the two multinomial covariances (Yang & Dalton 2012, SAS Global Forum 335).
    """
    if one.size > 1:
        one, other = one[1:], other[1:]
    spread = (np.diag(one) - np.outer(one, one) + np.diag(other) - np.outer(other, other)) / 2
    apart = one - other
    squared = float(apart @ np.linalg.pinv(spread) @ apart)
    return math.sqrt(squared) if squared >= 0 and spread.any() else None

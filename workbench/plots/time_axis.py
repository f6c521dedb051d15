"""The axis of time: which of the released times carry a label, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DAYS_PER_YEAR = 365.25
_MOST_TIMES = 12
_MOST_LABELS = 8
_STEPS = (0.25, 0.5, 1, 2, 5, 10, 20, 50)


@dataclass(frozen=True)
class TimeAxis:
    """Labels of an axis whose places are years.

    Parameters
    ----------
    unit : str
        "Years", or "Days" where the whole axis is a year or less.
    labels : mapping of float to str
        The times (years) that may carry a label, ascending, each with it in the unit. Of many times those near round ones.
    """

    unit: str
    labels: Mapping[float, str]

    @classmethod
    def of(cls, years: Sequence[float]) -> TimeAxis:
        """Choose unit and labels for released times in years, ascending."""
        chosen = _near_round(years) if len(years) > _MOST_TIMES else list(years)
        if years[-1] <= 1:
            return cls("Days", {year: f"{year * DAYS_PER_YEAR:.0f}" for year in chosen})
        return cls("Years", dict(zip(chosen, year_labels(chosen), strict=True)))


def year_labels(years: Sequence[float]) -> list[str]:
    """Return times in years as short as they stay different: one decimal place, else two, without trailing zeros."""
    for decimals in (1, 2):
        labels = [f"{year:.{decimals}f}".rstrip("0").rstrip(".") for year in years]
        if len(set(labels)) == len(labels):
            return labels
    return [f"{year:.3f}" for year in years]


def spaced(years: Sequence[float], px_per_year: float, least_px: float) -> list[float]:
    """Return the times that can be labelled without touching: the last and the first, and from the last what has room."""
    kept = [years[-1]]
    for year in reversed(years[1:-1]):
        if (kept[0] - year) * px_per_year >= least_px and (year - years[0]) * px_per_year >= least_px:
            kept.insert(0, year)
    return kept if len(years) == 1 else [years[0], *kept]


def _near_round(years: Sequence[float]) -> list[float]:
    """Return the released time nearest to each multiple of a round step; the first and the last always."""
    last = years[-1]
    step = next((step for step in _STEPS if last / step <= _MOST_LABELS), last)
    if last <= 1:
        step = last / 6
    multiples = [number * step for number in range(int(last / step) + 1)]
    near = {min(years, key=lambda year, goal=goal: abs(year - goal)) for goal in multiples}  # type: ignore[misc]
    return sorted({year for year in near if last - year >= step / 2} | {years[0], last})

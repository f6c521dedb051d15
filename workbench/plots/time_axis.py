"""The axis of time: round times that carry a label, and the released times at which numbers stand beneath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DAYS_PER_YEAR = 365.25
_MOST_TIMES = 8
_MOST_LABELS = 8
_STEPS = {"Days": (1, 2, 5, 10, 15, 30, 60, 90), "Years": (0.5, 1, 2, 5, 10, 20, 50)}
_HALVES_UP_TO = 2  # years; a longer axis is labelled in whole years
_REACH = 0.1  # of a step: so little beyond the last released time, a label is still shown


@dataclass(frozen=True)
class TimeAxis:
    """Labels of an axis whose places are years, and where numbers stand beneath it.

    Parameters
    ----------
    unit : str
        "Years", or "Days" where the whole axis is a year or less.
    labels : mapping of float to str
        Round times (years), ascending, each with its label in the unit; released times need not lie on them.
    columns : tuple of float
        The released times (years) at which numbers may stand: all of them or, of many, those nearest to the labels.
    end : float
        Where the axis ends (years): at the last released time, or at a label just beyond it.
    """

    unit: str
    labels: Mapping[float, str]
    columns: tuple[float, ...]
    end: float

    @classmethod
    def of(cls, years: Sequence[float]) -> TimeAxis:
        """Choose unit, labels and columns for released times in years, ascending."""
        last = years[-1]
        unit = "Days" if last <= 1 else "Years"
        in_years = 1 / DAYS_PER_YEAR if unit == "Days" else 1.0
        step = _step(last / in_years, unit)
        numbers = [step * place for place in range(int(last / in_years / step + _REACH) + 1)]
        labels = {number * in_years: f"{number:g}" for number in numbers}
        columns = tuple(years) if len(years) <= _MOST_TIMES else _nearest(years, list(labels), step * in_years)
        return cls(unit, labels, columns, max(last, *labels))


def spaced(years: Sequence[float], px_per_year: float, least_px: float) -> list[float]:
    """Return the times whose numbers do not touch: the last and the first, and from the last what has room."""
    kept = [years[-1]]
    for year in reversed(years[1:-1]):
        if (kept[0] - year) * px_per_year >= least_px and (year - years[0]) * px_per_year >= least_px:
            kept.insert(0, year)
    return kept if len(years) == 1 else [years[0], *kept]


def _step(length: float, unit: str) -> float:
    """Return the round step, in the unit, that gives an axis few labels."""
    allowed = [step for step in _STEPS[unit] if step >= 1 or length <= _HALVES_UP_TO + _REACH]
    return next((step for step in allowed if length / step <= _MOST_LABELS), allowed[-1])


def _nearest(years: Sequence[float], labelled: Sequence[float], step_years: float) -> tuple[float, ...]:
    """Return the released time nearest to each label; the first and the last always."""
    near = {min(years, key=lambda year, goal=goal: abs(year - goal)) for goal in labelled}  # type: ignore[misc]
    last = years[-1]
    return tuple(sorted({year for year in near if last - year >= step_years / 2} | {years[0], last}))

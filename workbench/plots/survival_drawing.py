"""What a survival plot shows, taken from the released table, before anything draws it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.disclosure import Suppressed
from workbench.plots.style import GroupStyle, group_style
from workbench.plots.time_axis import TimeAxis

if TYPE_CHECKING:
    from workbench.disclosure import Cell, ReleasedSurvival

_HIDDEN = "–"
_ANSWERS = {"yes", "no", "true", "false", "unknown"}


@dataclass(frozen=True)
class Curve:
    """One group as it is drawn: values at the released times, and what stands in the table beneath.

    Parameters
    ----------
    name : str
        The group in words.
    style : GroupStyle
        Colour, dash and marker.
    years : tuple of float
        The released times.
    survival, lower, upper : tuple of float (0–1) or None
        The limits are None where they are undefined.
    numbers : tuple of str
        People at risk, and in parentheses the events so far; a dash where a count is hidden and its size is not told.
    """

    name: str
    style: GroupStyle
    years: tuple[float, ...]
    survival: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class CurvesDrawing:
    """All that a survival plot shows, whatever draws it."""

    curves: tuple[Curve, ...]
    time_origin: str
    y_title: str

    @cached_property
    def years(self) -> tuple[float, ...]:
        """All released times, ascending."""
        return tuple(sorted({year for curve in self.curves for year in curve.years}))

    @cached_property
    def axis(self) -> TimeAxis:
        """Unit, labels and columns of the time axis."""
        return TimeAxis.of(self.years)

    @property
    def x_title(self) -> str:
        """Title of the time axis, with its unit: "Years since admission"."""
        return f"{self.axis.unit} since {self.time_origin}"

    @property
    def table_heading(self) -> str:
        """What the numbers beneath are."""
        some_hidden = any(_HIDDEN in number for curve in self.curves for number in curve.numbers)
        return f"At risk (events so far{f'; {_HIDDEN} hidden' if some_hidden else ''})"

    @property
    def number_px(self) -> int:
        """Width of the widest number beneath, in pixels."""
        return round(6.5 * max(len(number) for curve in self.curves for number in curve.numbers))

    def after(self, year: float) -> str:
        """Return a time in words: "1.5 years", "30 days"."""
        if self.axis.unit == "Days":
            return f"{year * 365.25:.0f} days"
        return f"{year:.2f}".rstrip("0").rstrip(".") + " years"


def curve_of(released: ReleasedSurvival, group: str) -> Curve:
    """Return one group of a released result as it is drawn."""
    table = released.table
    rows: list[dict[str, Any]] = [dict(zip(table.column_names, row, strict=True)) for row in table.rows]
    known = [row for row in rows if row["group"] == group and isinstance(row["survival"], int | float)]
    return Curve(
        name=f"{released.by}: {group}" if released.by and group.lower() in _ANSWERS else group,
        style=group_style(released.groups.index(group)),
        years=tuple(row["time_years"] for row in known),
        survival=tuple(row["survival"] for row in known),
        lower=tuple(row["lower"] for row in known),
        upper=tuple(row["upper"] for row in known),
        numbers=tuple(f"{_n(row['at_risk'])} ({_n(row['events'])})" for row in known),
    )


def _n(cell: Cell) -> str:
    if isinstance(cell, Suppressed):
        return _HIDDEN if cell.below is None else str(cell)
    return "" if cell is None else f"{cell:,}"

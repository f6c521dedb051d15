"""Survival curves with the numbers at risk beneath, drawn from what the gate released."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.disclosure import Suppressed
from workbench.plots.figure import Figure
from workbench.plots.style import GroupStyle, group_style, year_labels

if TYPE_CHECKING:
    from workbench.disclosure import Cell, ReleasedSurvival


_HIDDEN = "–"


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
    some_hidden : bool
        Whether there is such a dash.
    """

    name: str
    style: GroupStyle
    years: tuple[float, ...]
    survival: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    numbers: tuple[str, ...]
    some_hidden: bool


@dataclass(frozen=True)
class CurvesDrawing:
    """All that a survival plot shows, whatever draws it."""

    curves: tuple[Curve, ...]
    x_title: str
    y_title: str

    @property
    def table_heading(self) -> str:
        """What the numbers beneath are."""
        hidden = f"; {_HIDDEN} hidden" if any(curve.some_hidden for curve in self.curves) else ""
        return f"At risk (events so far{hidden})"

    @property
    def spacing(self) -> int:
        """Pixels that the widest number needs, so that two neighbours in the table do not touch."""
        return 6 * max(len(number) for curve in self.curves for number in curve.numbers) + 12

    @property
    def years(self) -> tuple[float, ...]:
        """All released times, ascending."""
        return tuple(sorted({year for curve in self.curves for year in curve.years}))

    @property
    def labels(self) -> dict[float, str]:
        """What the axis says at each time."""
        return dict(zip(self.years, year_labels(self.years), strict=True))


def plot_survival(released: ReleasedSurvival, *, time_origin: str = "index date") -> Figure:
    """Draw survival by group at the released times, with intervals and, beneath, the people at risk.

    Parameters
    ----------
    released : ReleasedSurvival
        From ``study.run(KaplanMeier(…), cohort)``.
    time_origin : str
        What time is counted from, for the title of the axis: "admission".

    Returns
    -------
    Figure
        Survival is known at the marked times only: the disclosure policy joins days until each period stands for enough
        people. The lines between the marks join them and say nothing of the days between.
    """
    from workbench.plots.survival_bokeh import draw
    from workbench.plots.survival_still import picture

    drawing = CurvesDrawing(
        curves=tuple(_curve(released, group, place) for place, group in enumerate(released.groups)),
        x_title=f"Years since {time_origin}",
        y_title=_y_title(released.event_label),
    )
    return Figure(
        plot=draw(drawing),
        table=released.table,
        title=f"{'Survival' if _is_death(released.event_label) else released.event_label}{_by(released)}",
        caption=_caption(released),
        picture=partial(picture, drawing),
    )


def _curve(released: ReleasedSurvival, group: str, place: int) -> Curve:
    table = released.table
    rows: list[dict[str, Any]] = [
        dict(zip(table.column_names, row, strict=True))
        for row in table.rows
        if row[table.column_names.index("group")] == group
    ]
    known = [row for row in rows if isinstance(row["survival"], int | float)]
    numbers = tuple(f"{_n(row['at_risk'])} ({_n(row['events'])})" for row in known)
    return Curve(
        name=f"{released.by}: {group}" if released.by else "All",
        style=group_style(place),
        years=tuple(row["time_years"] for row in known),
        survival=tuple(row["survival"] for row in known),
        lower=tuple(row["lower"] for row in known),
        upper=tuple(row["upper"] for row in known),
        numbers=numbers,
        some_hidden=any(_HIDDEN in number for number in numbers),
    )


def _n(cell: Cell) -> str:
    if isinstance(cell, Suppressed):
        return _HIDDEN if cell.below is None else str(cell)
    return "" if cell is None else f"{cell:,}"


def _is_death(event_label: str) -> bool:
    return event_label.lower().startswith("death")


def _y_title(event_label: str) -> str:
    return "Survival probability (%)" if _is_death(event_label) else f"Free of: {event_label} (%)"


def _by(released: ReleasedSurvival) -> str:
    return f" by {released.by[0].lower()}{released.by[1:]}" if released.by else ""


def _caption(released: ReleasedSurvival) -> str:
    confidence = next(column.heading for column in released.table.columns if column.name == "survival") or ""
    interval = confidence.partition("(")[2].rstrip(")") or "interval"
    ends = "; ".join(_at_end(released, group) for group in released.groups)
    return (
        f"Kaplan–Meier estimate with {interval} (shaded). Event: {released.event_label.lower()}. Survival is shown at the marked "
        f"times only, as the disclosure policy allows; lines join the marks. At the last mark: {ends}. "
        "Beneath: people at risk just before each time and, in parentheses, events up to it. "
        f"{released.caption}"
    )


def _at_end(released: ReleasedSurvival, group: str) -> str:
    curve = _curve(released, group, 0)
    name = "" if released.by is None else f"{released.by[0].lower()}{released.by[1:]} {group}, "
    return f"{name}{100 * curve.survival[-1]:.0f} % after {curve.years[-1]:.3g} years"

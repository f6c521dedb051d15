"""Where the parts of a survival plot stand, in pixels: one frame, so that the table stands under the ticks of its axis."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.plots.survival import Curve

# Above the line of survival 0, and below it.
TITLE = 30
ABOVE = 12
PLOT = 300
TICK_LABEL = 16
AXIS_TITLE = 38
TABLE_TITLE = 74
FIRST_ROW = 100
ROW = 46
NAME_TO_NUMBERS = 18
# At the sides. Where there is room, the groups' names stand at the right-hand ends of their curves.
LEFT, RIGHT_NARROW, RIGHT_WIDE = 44, 30, 170
WIDE_FROM = 640
END_LABEL_CHARACTERS = 22
_LINE = 16


def below(n_groups: int) -> int:
    """Return the height of what stands under the line of survival 0."""
    return FIRST_ROW + ROW * n_groups - 14


def spaced(years: Sequence[float], px_per_year: float, least_px: float) -> list[float]:
    """Return the times that can be labelled without touching: the last and the first, and from the last what has room."""
    kept = [years[-1]]
    for year in reversed(years[1:-1]):
        if (kept[0] - year) * px_per_year >= least_px and (year - years[0]) * px_per_year >= least_px:
            kept.insert(0, year)
    return kept if len(years) == 1 else [years[0], *kept]


def end_places(curves: Sequence[Curve]) -> list[tuple[Curve, float]]:
    """Return each curve with the height (as survival) of its name at the right, from the top; moved apart where they would touch."""
    placed: list[tuple[Curve, float]] = []
    ceiling = float("inf")
    for curve in sorted(curves, key=lambda curve: -curve.survival[-1]):
        half = _LINE * len(wrap(curve.name, END_LABEL_CHARACTERS)) / 2 / PLOT
        middle = min(curve.survival[-1], ceiling - half - 4 / PLOT)
        ceiling = middle - half
        placed.append((curve, middle))
    return placed

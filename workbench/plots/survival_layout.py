"""Where the parts of a survival plot stand, in pixels: one frame, so that the table stands under the marks of its curves."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.plots.survival_drawing import Curve

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
LEFT, RIGHT_WIDE = 44, 170
WIDE_FROM = 640
END_LABEL_CHARACTERS = 22
GAP = 10  # between two numbers of the table
_LINE = 16
_MANY = 16


def mark_px(n_times: int) -> int:
    """Return the size of a curve's marks: smaller where there are many."""
    return 9 if n_times <= _MANY else 4


def right_narrow(number_px: int) -> int:
    """Return the border at the right where there are no names: half of the last number of the table reaches into it."""
    return max(24, number_px // 2 + 4)


def below(n_groups: int) -> int:
    """Return the height of what stands under the line of survival 0."""
    return FIRST_ROW + ROW * n_groups - 14


def end_places(curves: Sequence[Curve]) -> list[tuple[Curve, float]]:
    """Return each curve with the height (as survival) of its name at the right, from the top; moved apart where they would touch."""
    placed: list[tuple[Curve, float]] = []
    ceiling = float("inf")
    # By the height at the last time that all curves reach, so that the names stand in the order of the curves.
    common = min(curve.years[-1] for curve in curves)
    for curve in sorted(curves, key=lambda curve: -curve.survival[curve.years.index(common)]):
        half = _LINE * len(wrap(curve.name, END_LABEL_CHARACTERS)) / 2 / PLOT
        middle = min(curve.survival[-1], ceiling - half - 4 / PLOT)
        ceiling = middle - half
        placed.append((curve, middle))
    return placed

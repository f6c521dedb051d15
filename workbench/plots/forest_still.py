"""The forest plot as a still picture; the same places as on a wide screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.plots import still
from workbench.plots.forest_layout import AXIS, EDGE, HEAD, WIDE_LEFT, WIDE_RIGHT, WIDE_ROW, height
from workbench.plots.style import GROUP_STYLES, RULE, SOFT_INK, TEXT_PX

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.plots.forest import ForestDrawing

_INK = GROUP_STYLES[0].colour


def picture(drawing: ForestDrawing, kind: str) -> bytes:
    """Return the plot as "svg" or "png"."""
    n = len(drawing.rows)
    canvas, axes = still.frame(height=height(n, wide=True), left=WIDE_LEFT, right=WIDE_RIGHT, top=HEAD, bottom=AXIS)
    axes.set_xscale("log")
    axes.set_xlim(*drawing.span)
    axes.set_ylim(-n + 0.5, 0.5)
    _axis(axes, drawing)
    _marks(axes, drawing)
    _words(axes, drawing)
    return still.to_bytes(canvas, kind)


def _axis(axes: Axes, drawing: ForestDrawing) -> None:
    low, high = drawing.span
    floor, px = -len(drawing.rows) + 0.5, 1 / WIDE_ROW
    axes.plot([1, 1], [floor, 0.5], color=RULE, linewidth=1.1)
    axes.plot([low, high], [floor, floor], color=SOFT_INK, linewidth=0.8, clip_on=False)
    for tick in drawing.ticks:
        axes.plot([tick, tick], [floor, floor - 5 * px], color=SOFT_INK, linewidth=0.8, clip_on=False)
        still.write(axes, tick, floor - 16 * px, f"{tick:g}")
    still.write(axes, (low * high) ** 0.5, floor - 38 * px, drawing.x_title, px=TEXT_PX)


def _marks(axes: Axes, drawing: ForestDrawing) -> None:
    for place, row in enumerate(drawing.rows):
        if row.is_reference:
            axes.plot([1], [-place], marker="D", markersize=5.5, markerfacecolor="white", markeredgecolor=SOFT_INK)
        elif row.hazard_ratio is not None and row.lower is not None and row.upper is not None:
            axes.plot([row.lower, row.upper], [-place, -place], color=_INK, linewidth=1.5)
            axes.plot([row.hazard_ratio], [-place], marker="s", markersize=6.5, color=_INK, markeredgecolor="white")


def _words(axes: Axes, drawing: ForestDrawing) -> None:
    low, high = drawing.span
    head = 0.5 + HEAD / 2 / WIDE_ROW
    edge = WIDE_RIGHT - EDGE
    still.write(axes, high, head, drawing.column_title, dx_px=20, ha="left", color=SOFT_INK)
    for place, row in enumerate(drawing.rows):
        still.write(axes, low, -place, row.label, dx_px=EDGE - WIDE_LEFT, ha="left")
        still.write(axes, high, -place, row.words, dx_px=20, ha="left")
        still.write(axes, high, -place, row.p, dx_px=edge, ha="right")

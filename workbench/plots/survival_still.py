"""The survival plot as a still picture; the same places as on the screen."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from workbench.plots import still
from workbench.plots.style import FAINT_RULE, SOFT_INK, TEXT_PX
from workbench.plots.survival_layout import (
    ABOVE,
    AXIS_TITLE,
    FIRST_ROW,
    GAP,
    LEFT,
    NAME_TO_NUMBERS,
    PLOT,
    RIGHT_WIDE,
    ROW,
    TABLE_TITLE,
    TICK_LABEL,
    TITLE,
    below,
    end_places,
    mark_px,
)
from workbench.plots.time_axis import spaced

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.plots.survival_drawing import Curve, CurvesDrawing

_BOTTOM = 10


def picture(drawing: CurvesDrawing, kind: str) -> bytes:
    """Return the plot as "svg" or "png"."""
    n_groups = len(drawing.curves)
    canvas, axes = still.frame(
        height=PLOT + ABOVE + below(n_groups) + TITLE + _BOTTOM,
        left=LEFT,
        right=RIGHT_WIDE,
        top=TITLE,
        bottom=_BOTTOM,
    )
    axes.set_xlim(0, drawing.axis.end)
    axes.set_ylim(-below(n_groups) / PLOT, 1 + ABOVE / PLOT)
    px_per_year = (still.WIDTH - LEFT - RIGHT_WIDE) / drawing.axis.end
    kept = spaced(drawing.axis.columns, px_per_year, drawing.number_px + GAP)
    _axes(axes, drawing)
    for curve in drawing.curves:
        _curve(axes, curve)
    for curve, place in end_places(drawing.curves):
        name = "\n".join(wrap(curve.name, 22))
        still.write(
            axes,
            drawing.axis.end,
            place,
            name,
            dx_px=14,
            px=TEXT_PX,
            ha="left",
            color=curve.style.text_colour,
            weight="bold",
        )
    _table(axes, drawing, kept)
    return still.to_bytes(canvas, kind)


def _axes(axes: Axes, drawing: CurvesDrawing) -> None:
    end = drawing.axis.end
    still.write(axes, 0, 1 + (ABOVE + TITLE / 2) / PLOT, drawing.y_title, dx_px=12 - LEFT, px=TEXT_PX, ha="left")
    for share in (0.25, 0.5, 0.75, 1):
        axes.plot([0, end], [share, share], color=FAINT_RULE, linewidth=0.8, zorder=0)
    for share in (0, 0.25, 0.5, 0.75, 1):
        still.write(axes, 0, share, f"{100 * share:g}", dx_px=-10, ha="right")
    axes.plot([0, end], [0, 0], color=SOFT_INK, linewidth=0.8, clip_on=False)
    for year, label in drawing.axis.labels.items():
        axes.plot([year, year], [0, -5 / PLOT], color=SOFT_INK, linewidth=0.8, clip_on=False)
        still.write(axes, year, -TICK_LABEL / PLOT, label)
    still.write(axes, end / 2, -AXIS_TITLE / PLOT, drawing.x_title, px=TEXT_PX)


def _curve(axes: Axes, curve: Curve) -> None:
    colour, dash = curve.style.colour, curve.style.dash
    limits = [
        (year, low, high)
        for year, low, high in zip(curve.years, curve.lower, curve.upper, strict=True)
        if low is not None and high is not None
    ]
    if limits:
        years, low, high = zip(*limits, strict=True)
        axes.fill_between(years, low, high, color=colour, alpha=0.13, linewidth=0)
    style = (0, tuple(still.points(length) / 1.65 for length in dash)) if dash else "solid"
    axes.plot(curve.years, curve.survival, color=colour, linewidth=1.65, linestyle=style)
    axes.plot(
        curve.years,
        curve.survival,
        linestyle="none",
        marker=still.MARKERS[curve.style.marker],
        markersize=mark_px(len(curve.years)) * 0.72,
        markerfacecolor=colour,
        markeredgecolor="white",
        markeredgewidth=0.8,
        clip_on=False,
    )


def _table(axes: Axes, drawing: CurvesDrawing, kept: list[float]) -> None:
    edge: dict[str, Any] = {"dx_px": 12 - LEFT, "ha": "left"}
    still.write(axes, 0, -TABLE_TITLE / PLOT, drawing.table_heading, px=TEXT_PX, **edge)
    for row, curve in enumerate(drawing.curves):
        top = FIRST_ROW + ROW * row
        name = f"{curve.style.sign} {curve.name}"
        still.write(axes, 0, -top / PLOT, name, color=curve.style.text_colour, weight="bold", **edge)
        for year, number in zip(curve.years, curve.numbers, strict=True):
            if year in kept:
                still.write(axes, year, -(top + NAME_TO_NUMBERS) / PLOT, number)

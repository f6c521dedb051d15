"""The survival plot for a screen: HoloViews layers in one frame, so that the table beneath stands under the marks of the curves."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import holoviews as hv
import holoviews.plotting.bokeh  # registers the backend, without the page code that hv.extension would print

from workbench.plots.style import FAINT_RULE, SMALL_PX, SOFT_INK, TEXT_PX, quieten, text_style, unclipped
from workbench.plots.survival_layout import (
    ABOVE,
    AXIS_TITLE,
    END_LABEL_CHARACTERS,
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
    WIDE_FROM,
    below,
    end_places,
    mark_px,
    right_narrow,
)

if TYPE_CHECKING:
    from workbench.plots.survival_drawing import Curve, CurvesDrawing

_PLACE = ["time_years", "survival"]

# Runs in the page, whenever the figure is given another width: fewer columns of numbers where there is less room.
_FIT = """
const wide = figure.outer_width >= wide_from
const right = wide ? right_wide : right_narrow
if (figure.min_border_right != right) figure.min_border_right = right
for (const layer of end_labels) layer.visible = wide
const px = figure.inner_width / (figure.x_range.end - figure.x_range.start)
const last = times[times.length - 1]
const kept = [last]
for (let i = times.length - 2; i > 0; i--)
  if ((kept[0] - times[i]) * px >= spacing && (times[i] - times[0]) * px >= spacing) kept.unshift(times[i])
if (times.length > 1) kept.unshift(times[0])
by_time.forEach((source, row) => {
  const full = columns[row]
  const chosen = full.time_years.map((time, i) => i).filter((i) => kept.includes(full.time_years[i]))
  const data = {}
  for (const name in full) data[name] = chosen.map((i) => full[name][i])
  source.data = data
})
const most = Math.floor((figure.outer_width - 40) / 7)
names.forEach((source, row) => {
  const name = full_names[row]
  source.data = {...source.data, words: [name.length > most ? name.slice(0, most - 1) + "…" : name]}
})
"""


def draw(drawing: CurvesDrawing) -> hv.Overlay:
    """Return the plot: bands, lines, marks, labels at the ends, and the table of people at risk."""
    layers: list[Any] = []
    for curve in drawing.curves:
        layers += _curve_layers(curve, drawing)
    layers += _axis_layers(drawing)
    layers += _end_labels(drawing)
    layers += _table_layers(drawing)
    bottom = -below(len(drawing.curves)) / PLOT
    return hv.Overlay(layers).opts(
        backend="bokeh",
        responsive=True,
        height=PLOT + ABOVE + below(len(drawing.curves)) + TITLE + 10,
        xlim=(0, drawing.axis.end),
        ylim=(bottom, 1 + ABOVE / PLOT),
        xaxis=None,
        yticks=[(share, f"{100 * share:g}") for share in (0, 0.25, 0.5, 0.75, 1)],
        ylabel="",
        title=drawing.y_title,
        show_legend=False,
        default_tools=[],
        toolbar=None,
        hooks=[lambda plot, element: _finish(plot, element, drawing)],
    )


def _curve_layers(curve: Curve, drawing: CurvesDrawing) -> list[Any]:
    style = curve.style
    marks = [
        (year, s, drawing.after(year), _share(s, low, high), number)
        for year, s, low, high, number in zip(
            curve.years, curve.survival, curve.lower, curve.upper, curve.numbers, strict=True
        )
    ]
    limits = [
        (year, low, high)
        for year, low, high in zip(curve.years, curve.lower, curve.upper, strict=True)
        if low is not None and high is not None
    ]
    line = list(zip(curve.years, curve.survival, strict=True))
    return [
        hv.Area(limits, "time_years", ["lower", "upper"]).opts(
            backend="bokeh", fill_color=style.colour, fill_alpha=0.13, line_alpha=0
        ),
        hv.Curve(line, "time_years", "survival").opts(
            backend="bokeh", color=style.colour, line_dash=list(style.dash) or "solid", line_width=2.2
        ),
        hv.Scatter(marks, "time_years", ["survival", "after", "share", "people"]).opts(
            backend="bokeh",
            color=style.colour,
            marker=style.marker,
            size=mark_px(len(curve.years)),
            line_color="white",
            line_width=1,
            tools=["hover"],
            hover_tooltips=[
                ("Group", curve.name),
                ("After", "@after"),
                ("Survival", "@share"),
                (drawing.table_heading, "@people"),
            ],
            hooks=[unclipped],
        ),
    ]


def _share(survival: float, lower: float | None, upper: float | None) -> str:
    limits = "" if lower is None or upper is None else f" ({100 * lower:.1f} to {100 * upper:.1f})"
    return f"{100 * survival:.1f} %{limits}"


def _axis_layers(drawing: CurvesDrawing) -> list[Any]:
    """The time axis on the line of survival 0; Bokeh's own, put there, would be cut off at the sides of the frame."""
    end = drawing.axis.end
    ticks = [(0, 0, end, 0), *((year, 0, year, -5 / PLOT) for year in drawing.axis.labels)]
    lines = hv.Segments(ticks, ["x0", "y0", "x1", "y1"]).opts(backend="bokeh", color=SOFT_INK, hooks=[unclipped])
    labels = hv.Labels(
        [(year, -TICK_LABEL / PLOT, label) for year, label in drawing.axis.labels.items()], _PLACE, "label"
    )
    title = hv.Labels([(end / 2, -AXIS_TITLE / PLOT, drawing.x_title)], _PLACE, "title")
    return [
        lines,
        labels.opts(backend="bokeh", **text_style(), hooks=[unclipped]),
        title.opts(backend="bokeh", **text_style(px=TEXT_PX), hooks=[unclipped]),
    ]


def _end_labels(drawing: CurvesDrawing) -> list[Any]:
    layers = []
    for curve, middle in end_places(drawing.curves):
        name = "\n".join(wrap(curve.name, END_LABEL_CHARACTERS))
        style = text_style(curve.style.text_colour, align="left", px=TEXT_PX, bold="bold")
        text = hv.Labels([(drawing.axis.end, middle, name)], _PLACE, "name")
        layers.append(text.opts(backend="bokeh", **style, hooks=[unclipped, _beside]))
    return layers


def _beside(plot: Any, element: Any) -> None:
    del element
    plot.handles["glyph"].x_offset = 14
    plot.handles["glyph_renderer"].tags = ["end label"]


def _table_layers(drawing: CurvesDrawing) -> list[Any]:
    """A line with the group's sign and name, under it its numbers, each under its mark."""
    heading = hv.Labels([(0.0, -TABLE_TITLE / PLOT, drawing.table_heading)], _PLACE, "words")
    layers = [heading.opts(backend="bokeh", **text_style(align="left", px=TEXT_PX), hooks=[unclipped, _from_left_edge])]
    for row, curve in enumerate(drawing.curves):
        top = FIRST_ROW + ROW * row
        name = hv.Labels([(0.0, -top / PLOT, f"{curve.style.sign} {curve.name}")], _PLACE, "words")
        style = text_style(curve.style.text_colour, align="left", bold="bold")
        layers.append(name.opts(backend="bokeh", **style, hooks=[unclipped, _from_left_edge, _mark_name]))
        y = -(top + NAME_TO_NUMBERS) / PLOT
        at = [(x, y, n) for x, n in zip(curve.years, curve.numbers, strict=True) if x in drawing.axis.columns]
        numbers = hv.Labels(at, _PLACE, "numbers")
        layers.append(numbers.opts(backend="bokeh", **text_style(), hooks=[unclipped, _mark_by_time]))
    return layers


def _from_left_edge(plot: Any, element: Any) -> None:
    del element
    plot.handles["glyph"].x_offset = -LEFT + 12


def _mark_name(plot: Any, element: Any) -> None:
    del element
    plot.handles["glyph_renderer"].tags = ["name"]


def _mark_by_time(plot: Any, element: Any) -> None:
    del element
    plot.handles["glyph_renderer"].tags = ["by time"]


def _finish(plot: Any, element: Any, drawing: CurvesDrawing) -> None:
    """Fix the frame's borders, put the axis on the line of survival 0 and let the figure fit its width."""
    del element
    from bokeh.models import CustomJS

    figure = plot.state
    quieten(figure)
    figure.min_border_left, figure.min_border_right = LEFT, RIGHT_WIDE
    figure.title.offset = -LEFT + 12
    figure.title.standoff = 8
    figure.yaxis.axis_line_color = None
    figure.yaxis.major_tick_line_color = None
    figure.ygrid.grid_line_color = FAINT_RULE
    figure.ygrid.ticker = figure.yaxis[0].ticker
    figure.yaxis.major_label_text_font_size = f"{SMALL_PX}px"
    names = [r.data_source for r in figure.renderers if "name" in r.tags]
    by_time = [r.data_source for r in figure.renderers if "by time" in r.tags]
    fit = CustomJS(
        args={
            "figure": figure,
            "times": list(drawing.axis.columns),
            "by_time": by_time,
            "columns": [{name: list(values) for name, values in source.data.items()} for source in by_time],
            "names": names,
            "full_names": [source.data["words"][0] for source in names],
            "end_labels": [r for r in figure.renderers if "end label" in r.tags],
            "spacing": drawing.number_px + GAP,
            "wide_from": WIDE_FROM,
            "right_wide": RIGHT_WIDE,
            "right_narrow": right_narrow(drawing.number_px),
        },
        code=_FIT,
    )
    figure.js_on_change("inner_width", fit)
    figure.js_on_change("outer_width", fit)

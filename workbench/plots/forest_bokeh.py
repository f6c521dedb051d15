"""The forest plot for a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import holoviews as hv
import holoviews.plotting.bokeh

from workbench.plots.forest_layout import (
    AXIS,
    EDGE,
    HEAD,
    NARROW_LEFT,
    NARROW_LIFT,
    NARROW_RIGHT,
    WIDE_FROM,
    WIDE_LEFT,
    WIDE_RIGHT,
    height,
)
from workbench.plots.style import GROUP_STYLES, RULE, SOFT_INK, quieten, text_style, unclipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.plots.forest import ForestDrawing

_PLACE = ["hazard_ratio", "row"]
_INK = GROUP_STYLES[0].colour

# Runs in the page, whenever the figure is given another width.
_FIT = """
const wide = figure.outer_width >= sizes.wide_from
const now = wide ? sizes.wide : sizes.narrow
if (figure.height == now.height && figure.min_border_left == now.left) return
figure.min_border_left = now.left
figure.min_border_right = now.right
figure.height = now.height
for (const name in parts) {
  const [x, y, align] = now[name]
  for (const part of parts[name]) {
    part.glyph.x_offset = x
    part.glyph.y_offset = y
    part.glyph.text_align = align
  }
}
const rows = Array.from(line.data_source.data.x0, (_, i) => -i)
line.data_source.data = {
  ...line.data_source.data, y0: rows.map((y) => y - now.half), y1: rows.map((y) => y + now.half),
}
"""


def draw(drawing: ForestDrawing) -> hv.Overlay:
    """Return the plot: intervals, marks, the line of no difference, and the words."""
    n = len(drawing.rows)
    low, high = drawing.span
    return hv.Overlay([*_marks(drawing), *_words(drawing)]).opts(
        backend="bokeh",
        responsive=True,
        height=height(n, wide=True),
        logx=True,
        xlim=(low, high),
        ylim=(-n + 0.5, 0.5),
        xticks=[(tick, f"{tick:g}") for tick in drawing.ticks],
        yaxis=None,
        xlabel=drawing.x_title,
        ylabel="",
        title="",
        show_legend=False,
        default_tools=[],
        toolbar=None,
        hooks=[lambda plot, element: _finish(plot, element, n)],
    )


def _marks(drawing: ForestDrawing) -> list[Any]:
    n = len(drawing.rows)
    rows = list(enumerate(drawing.rows))
    lines = [(row.lower, -i, row.upper, -i) for i, row in rows if row.lower is not None and row.upper is not None]
    estimates = [
        (row.hazard_ratio, -i, row.label, row.words, row.p)
        for i, row in rows
        if row.hazard_ratio is not None and not row.is_reference
    ]
    references = [(1.0, -i) for i, row in rows if row.is_reference]
    return [
        # A piece a row, because in a narrow figure the line leaves out the words between the rows.
        hv.Segments([(1.0, -i - 0.5, 1.0, -i + 0.5) for i in range(n)], ["x0", "y0", "x1", "y1"]).opts(
            backend="bokeh", color=RULE, line_width=1.5, hooks=[_mark_line]
        ),
        hv.Segments(lines, ["x0", "y0", "x1", "y1"]).opts(backend="bokeh", color=_INK, line_width=2),
        hv.Scatter(references, "hazard_ratio", "row").opts(
            backend="bokeh", marker="diamond", size=10, fill_color="white", line_color=SOFT_INK, line_width=1.5
        ),
        hv.Scatter(estimates, "hazard_ratio", ["row", "label", "words", "p"]).opts(
            backend="bokeh",
            marker="square",
            size=9,
            color=_INK,
            line_color="white",
            tools=["hover"],
            hover_tooltips=[("", "@label"), (drawing.column_title, "@words"), ("p", "@p")],
        ),
    ]


def _words(drawing: ForestDrawing) -> list[Any]:
    low, high = drawing.span
    rows = list(enumerate(drawing.rows))
    columns: dict[str, tuple[float, list[tuple[float, str]]]] = {
        "labels": (low, [(-i, row.label) for i, row in rows]),
        "words": (high, [(-i, row.words) for i, row in rows]),
        "p": (high, [(-i, row.p) for i, row in rows]),
        "head_words": (high, [(0.5, drawing.column_title)]),
    }
    return [
        hv.Labels([(x, y, text) for y, text in texts], _PLACE, "words").opts(
            backend="bokeh",
            **text_style(SOFT_INK if name.startswith("head") else "#24292f", align="left"),
            hooks=[unclipped, _tagged(name)],
        )
        for name, (x, texts) in columns.items()
    ]


def _mark_line(plot: Any, element: Any) -> None:
    del element
    plot.handles["glyph_renderer"].tags = ["line"]


def _tagged(name: str) -> Callable[[Any, Any], None]:
    def tag(plot: Any, element: Any) -> None:
        del element
        renderer = plot.handles["glyph_renderer"]
        renderer.tags = [name]
        renderer.glyph.x_offset, renderer.glyph.y_offset, renderer.glyph.text_align = _places()[name]

    return tag


def _places(*, wide: bool = True) -> dict[str, Any]:
    """Where each column of words stands: pixels from the frame's edge to the right, downwards, and alignment."""
    if wide:
        edge = WIDE_RIGHT - EDGE
        return {
            "labels": (-WIDE_LEFT + EDGE, 0, "left"),
            "words": (20, 0, "left"),
            "p": (edge, 0, "right"),
            "head_words": (20, -HEAD / 2, "left"),
        }
    edge = NARROW_RIGHT - EDGE
    return {
        "labels": (-NARROW_LEFT + EDGE, -NARROW_LIFT, "left"),
        "words": (edge, 0, "right"),
        "p": (edge, -NARROW_LIFT, "right"),
        "head_words": (edge, -HEAD / 2 - 2, "right"),
    }


def _finish(plot: Any, element: Any, n_rows: int) -> None:
    del element
    from bokeh.models import CustomJS

    figure = plot.state
    quieten(figure)
    figure.title.visible = False
    figure.min_border_left, figure.min_border_right = WIDE_LEFT, WIDE_RIGHT
    figure.min_border_top, figure.min_border_bottom = HEAD, AXIS
    sizes = {
        "wide_from": WIDE_FROM,
        "wide": {"left": WIDE_LEFT, "right": WIDE_RIGHT, "height": height(n_rows, wide=True), "half": 0.5, **_places()},
        "narrow": {
            "left": NARROW_LEFT,
            "right": NARROW_RIGHT,
            "height": height(n_rows, wide=False),
            "half": 0.2,
            **_places(wide=False),
        },
    }
    parts = {name: [r for r in figure.renderers if name in r.tags] for name in _places()}
    line = next(r for r in figure.renderers if "line" in r.tags)
    fit = CustomJS(args={"figure": figure, "sizes": sizes, "parts": parts, "line": line}, code=_FIT)
    figure.js_on_change("outer_width", fit)

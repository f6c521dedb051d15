"""Where the boxes and lines of a flow chart stand, and how they are written as SVG or as pixels."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from workbench.plots.style import FONT, INK, SOFT_INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.plots.attrition import Stage

_LINE, _PAD = 19, 12
_TEXT_PX = 13
_CHARACTER_PX = 7.3  # a generous mean, so that no font overflows its box
_GAP = 22
_CORNER = 6


@dataclass(frozen=True)
class Box:
    """A box with lines of text: the first stands out. All in pixels from the upper left corner of the chart."""

    x: float
    y: float
    width: float
    lines: tuple[str, ...]
    is_side: bool = False

    @property
    def height(self) -> float:
        """Height of the box."""
        return _LINE * len(self.lines) + 2 * _PAD - 5


@dataclass(frozen=True)
class Arrow:
    """A straight line with a head at its end."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Chart:
    """All boxes and arrows of a flow chart, in pixels."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def lay_out(start: str, stages: Sequence[Stage], *, wide: bool) -> Chart:
    """Place the boxes from the top: those who are left on a spine, those who are left out beside it.

    Parameters
    ----------
    start : str
        People in the catalog, in print.
    stages : sequence of Stage
        Steps that are shown together, with those left out and those left.
    wide : bool
        Whether what is left out stands to the right of the spine (for 660 pixels), or indented below (for 340).
    """
    width, main, side_x = (660, 240, 300) if wide else (340, 340, 48)
    spine = main / 2 if wide else 22
    boxes = [Box(0, 1, main, (start, "in the catalog"))]
    arrows = []
    for number, stage in enumerate(stages, 1):
        above = boxes[-1]
        floor = above.y + above.height
        side = _side_box(stage, side_x, floor + _GAP, width - side_x - 1)
        middle = side.y + side.height / 2
        last = number == len(stages)
        lines = (stage.left, "in the cohort" if last else "left", *stage.having)
        below = Box(0, side.y + side.height + _GAP, main, lines)
        arrows += [Arrow(spine, floor, spine, below.y), Arrow(spine, middle, side.x, middle)]
        boxes += [side, below]
    return Chart(width, boxes[-1].y + boxes[-1].height + 1, tuple(boxes), tuple(arrows))


def _side_box(stage: Stage, x: float, y: float, width: float) -> Box:
    characters = int((width - 2 * _PAD) / _CHARACTER_PX)
    lines = [f"{stage.left_out} left out at" if stage.left_out != "number hidden" else "Left out (number hidden) at"]
    for label in stage.labels:
        mark = "" if len(stage.labels) == 1 else "– "
        lines += wrap(label, characters, initial_indent=mark, subsequent_indent="  " if mark else "")
    return Box(x, y, width, tuple(lines), is_side=True)


def to_svg(chart: Chart, *, css_class: str = "") -> str:
    """Return the chart as SVG; lines and text take the colour of the text around it, the boxes have no filling."""
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css_class}" viewBox="0 0 {chart.width:g} {chart.height:g}" '
        f'width="{chart.width:g}" height="{chart.height:g}" font-family="{escape(FONT)}" font-size="{_TEXT_PX}" '
        'fill="currentColor" stroke="none">'
    )
    arrows, boxes = map(_svg_arrow, chart.arrows), map(_svg_box, chart.boxes)
    return "".join([start, *arrows, *boxes, "</svg>"])


def _svg_arrow(arrow: Arrow) -> str:
    down = arrow.x0 == arrow.x1
    x, y = arrow.x1, arrow.y1
    head = f"{x - 4:g},{y - 7:g} {x + 4:g},{y - 7:g}" if down else f"{x - 7:g},{y - 4:g} {x - 7:g},{y + 4:g}"
    return (
        f'<line x1="{arrow.x0:g}" y1="{arrow.y0:g}" x2="{x:g}" y2="{y:g}" stroke="currentColor" stroke-opacity=".55"/>'
        f'<polygon points="{x:g},{y:g} {head}" fill-opacity=".7"/>'
    )


def _svg_box(box: Box) -> str:
    weights = ("400", "400") if box.is_side else ("600", "400")
    dash = ' stroke-dasharray="4 3"' if box.is_side else ""
    lines = [
        f'<text x="{box.x + _PAD:g}" y="{box.y + _PAD + 11 + _LINE * row:g}" xml:space="preserve" '
        f'font-weight="{weights[min(row, 1)]}">{escape(line)}</text>'
        for row, line in enumerate(box.lines)
    ]
    return (
        f'<rect x="{box.x + 1:g}" y="{box.y:g}" width="{box.width - 2:g}" height="{box.height:g}" rx="{_CORNER}" fill="none" '
        f'stroke="currentColor" stroke-opacity=".55"{dash}/>' + "".join(lines)
    )


def to_picture(chart: Chart) -> bytes:
    """Return the chart as PNG, on white."""
    from workbench.plots import still

    border = {"left": _PAD, "right": still.WIDTH - chart.width - _PAD, "top": _PAD, "bottom": _PAD}
    canvas, axes = still.frame(height=chart.height + 2 * _PAD, **border)
    axes.set_xlim(0, chart.width)
    axes.set_ylim(chart.height, 0)
    for arrow in chart.arrows:
        axes.annotate(
            "", (arrow.x1, arrow.y1), xytext=(arrow.x0, arrow.y0), arrowprops={"arrowstyle": "-|>", "color": SOFT_INK}
        )
    for box in chart.boxes:
        corners_x = [box.x + 1, box.x + box.width - 1, box.x + box.width - 1, box.x + 1, box.x + 1]
        corners_y = [box.y, box.y, box.y + box.height, box.y + box.height, box.y]
        axes.plot(corners_x, corners_y, color=SOFT_INK, linewidth=0.8, linestyle="--" if box.is_side else "-")
        for row, line in enumerate(box.lines):
            weight = "bold" if row == 0 and not box.is_side else "normal"
            place = (box.x + _PAD, box.y + _PAD + 7 + _LINE * row)
            still.write(axes, *place, line, px=_TEXT_PX, ha="left", weight=weight, color=INK)
    return still.to_bytes(canvas, "png")

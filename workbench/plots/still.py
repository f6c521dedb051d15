"""Still pictures, drawn by Matplotlib without a browser: for saving, for print, and where no script may run."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from workbench.plots.style import INK, SMALL_PX

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH = 860
MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "inverted_triangle": "v", "hex": "h"}
_DPI = 144
_POINTS_PER_PX = 0.75


def points(px: float) -> float:
    """Return pixels of the screen as points of print."""
    return px * _POINTS_PER_PX


def frame(*, height: float, left: float, right: float, top: float, bottom: float) -> tuple[Canvas, Axes]:
    """Return a canvas of the usual width and one bare frame in it; all in pixels, borders as in a Bokeh figure."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(points(WIDTH) / 72, points(height) / 72), facecolor="white")
    axes = canvas.add_axes(
        (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height)
    )
    axes.set_axis_off()
    return canvas, axes


def write(axes: Axes, x: float, y: float, text: str, *, dx_px: float = 0, px: int = SMALL_PX, **more: Any) -> None:
    """Write a text at a place of the axes, moved sideways by pixels; it may reach over the frame."""
    axes.annotate(
        text,
        (x, y),
        xytext=(points(dx_px), 0),
        textcoords="offset points",
        annotation_clip=False,
        fontsize=points(px),
        va="center",
        **{"ha": "center", "color": INK, **more},
    )


def to_bytes(canvas: Canvas, kind: str) -> bytes:
    """Return the picture as "svg" (its text stays text) or "png"; the same figure is the same bytes."""
    from matplotlib import rc_context

    written = BytesIO()
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "cardio-workbench", "font.family": "sans-serif"}
    with rc_context(settings):
        canvas.savefig(written, format=kind, dpi=_DPI, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return written.getvalue()

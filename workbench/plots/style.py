"""The look that all figures share: calm, legible in grey, in print and on a telephone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INK = "#24292f"
SOFT_INK = "#57606a"
RULE = "#d0d7de"
FAINT_RULE = "#eaeef2"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
TEXT_PX = 13
SMALL_PX = 12


@dataclass(frozen=True)
class GroupStyle:
    """How one group is drawn: never by colour alone.

    Parameters
    ----------
    colour, text_colour : str
        Hexadecimal, of lines and marks, and of words: the latter darker, so that small type stands out from white by 4.5 : 1.
    dash : tuple of int
        Lengths of line and gap in pixels; empty for an unbroken line.
    marker : str
        Bokeh's name of the marker.
    sign : str
        The same marker as a letter, for text.
    """

    colour: str
    text_colour: str
    dash: tuple[int, ...]
    marker: str
    sign: str


# Okabe and Ito's colours (jfly.uni-koeln.de/color, 2008), which readers of every colour vision tell apart. They are so ordered that
# neighbours differ in luminance too; dash and marker do the same in print.
GROUP_STYLES = (
    GroupStyle("#0072B2", "#00639B", (), "circle", "●"),
    GroupStyle("#D55E00", "#A84A00", (8, 4), "square", "■"),
    GroupStyle("#009E73", "#00714F", (2, 3), "triangle", "▲"),
    GroupStyle("#CC79A7", "#964B73", (10, 3, 2, 3), "diamond", "◆"),
    GroupStyle("#56B4E9", "#1A6E9E", (14, 5), "inverted_triangle", "▼"),
    GroupStyle("#000000", "#000000", (4, 2), "hex", "⬢"),
)


def group_style(position: int) -> GroupStyle:
    """Return the style of the group at a position, from 0; after the last the colours begin again."""
    return GROUP_STYLES[position % len(GROUP_STYLES)]


def text_style(colour: str = INK, *, align: str = "center", px: int = SMALL_PX, bold: str = "normal") -> dict[str, Any]:
    """Return HoloViews options of a text, for Bokeh."""
    return {
        "text_color": colour,
        "text_align": align,
        "text_baseline": "middle",
        "text_font_size": f"{px}px",
        "text_font_style": bold,
    }


def quieten(figure: Any) -> None:
    """Take from a Bokeh figure what draws the eye for nothing, and let text stay text (SVG) instead of pixels."""
    figure.output_backend = "svg"
    figure.toolbar_location = None
    figure.toolbar.logo = None
    figure.outline_line_color = None
    figure.background_fill_color = None
    figure.border_fill_color = None
    figure.xgrid.grid_line_color = None
    figure.ygrid.grid_line_color = None
    figure.sizing_mode = "stretch_width"
    for axis in figure.axis:
        axis.axis_line_color = SOFT_INK
        axis.major_tick_line_color = SOFT_INK
        axis.minor_tick_line_color = None
        axis.major_tick_in = 0
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = f"{TEXT_PX}px"
        axis.major_label_text_font_size = f"{SMALL_PX}px"
        axis.axis_label_text_color = axis.major_label_text_color = INK
    figure.title.text_font = FONT
    figure.title.text_font_size = f"{TEXT_PX}px"
    figure.title.text_font_style = "normal"
    figure.title.text_color = INK


def unclipped(plot: Any, element: Any) -> None:
    """Let a layer reach over the edge of the frame: HoloViews hook for marks and texts at the ends of an axis."""
    del element
    renderer = plot.handles["glyph_renderer"]
    renderer.level = "annotation"
    if hasattr(renderer.glyph, "text_font"):
        # As an option of HoloViews the list of fonts would be taken for the name of a column.
        renderer.glyph.text_font = {"value": FONT}

"""A figure: a plot drawn from a released table, with that table and a caption that says what the plot shows."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_catalog.errors import UnknownNameError
from workbench.plots.mime import FIGURE_MIME, as_base64, is_headless
from workbench.plots.page_style import as_style, themed
from workbench.plots.style import FONT, INK

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.disclosure import ReleasedTable

_SUFFIXES = (".svg", ".png")


def kind_of_picture(path: Path) -> str:
    """Return "svg" or "png", as the path ends.

    Raises
    ------
    UnknownNameError
        If it ends with something else.
    """
    if path.suffix not in _SUFFIXES:
        raise UnknownNameError(
            f"{path.name!r} is not the name of a picture. Its ending may be {' or '.join(_SUFFIXES)}."
        )
    return path.suffix[1:]


@dataclass(frozen=True, repr=False)
class Figure:
    """A plot with the numbers that it shows.

    Parameters
    ----------
    plot : HoloViews object
        The plot, drawn from the table and nothing else.
    table : ReleasedTable
        The numbers, as the disclosure gate released them.
    title : str
        What the figure is of, in a few words.
    caption : str
        What is seen, with people, events and missing values. Doubles as the text alternative.
    picture : function
        Takes a format ("svg" or "png") and returns the figure as a still picture, drawn without a browser.
    """

    plot: Any
    table: ReleasedTable
    title: str
    caption: str
    picture: Callable[[str], bytes]

    def __repr__(self) -> str:
        return f"{self.title}. {self.caption}\n\n{self.table}"

    def save(self, path: Path | str) -> tuple[Path, Path]:
        """Write the figure as a still picture, and its numbers beside it.

        Parameters
        ----------
        path : Path
            Ends with ``.svg`` or ``.png``.

        Returns
        -------
        picture, table : Path
            The picture, and a CSV file of the same name.

        Raises
        ------
        UnknownNameError
            If the path ends with something else.
        """
        path = Path(path)
        path.write_bytes(self.picture(kind_of_picture(path)))
        numbers = path.with_suffix(".csv")
        self.table.to_csv(numbers)
        return path, numbers

    def model(self) -> Any:
        """Return the plot as a new Bokeh model, as wide as the place where it is put."""
        import holoviews as hv
        from panel.io.model import remove_root

        model = hv.renderer("bokeh").get_plot(self.plot).state
        remove_root(model)  # HoloViews puts what it draws into a document of its own
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as data: Bokeh's JSON, a still picture (SVG), title, caption and the released table."""
        from bokeh.embed import json_item

        return {
            # As text: a notebook file sorts the keys of objects, and Bokeh reads references in the order in which they stand.
            "item": json.dumps(json_item(self.model())),
            "picture": self.picture("svg").decode(),
            "title": self.title,
            "caption": self.caption,
            "table": self.table.to_dict(),
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:
        if is_headless():
            form = {**self.to_dict(), "png": as_base64(self.picture("png"))}
            return {"text/plain": repr(self), "image/svg+xml": form["picture"], FIGURE_MIME: form}
        data, metadata = self._as_panel()._repr_mimebundle_(include, exclude)
        page = as_style(figure=True) + data.get("text/html", "")
        return {**data, "text/html": page, "text/plain": repr(self)}, metadata

    def _as_panel(self) -> Any:
        """The figure with its caption and numbers beneath, for JupyterLab."""
        import panel as pn

        text = f"color:{INK};font-family:{FONT}"
        below = (
            f'<p style="{text};margin:.2em 0 .6em;max-width:46em;line-height:1.5">{html.escape(self.caption)}</p>'
            f'<details style="{text}"><summary>Show as table</summary>{themed(self.table)}</details>'
        )
        heading = f'<p style="{text};margin:0;font-weight:600;font-size:1.1em">{html.escape(self.title)}</p>'
        return pn.Column(
            pn.pane.HTML(heading, sizing_mode="stretch_width"),
            pn.pane.Bokeh(self.model(), sizing_mode="stretch_width"),
            pn.pane.HTML(below, sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
            max_width=900,
            css_classes=["cw-figure"],
        )

"""An executed notebook as one HTML file that opens without any network."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib import resources
from importlib.metadata import version
from typing import TYPE_CHECKING

import jinja2
from markdown_it import MarkdownIt

from workbench.plots.mime import PROVENANCE_MIME
from workbench.templates.outputs import collect_findings, shown
from workbench.templates.report_parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import nbformat

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
# The page may fetch nothing, wherever a picture or a script in it came from. Figures fit themselves to the width of the page by
# short functions that travel as text, which BokehJS makes functions of: hence unsafe-eval, and only where there is a figure.
_SECURITY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
_SECURITY_OF_FIGURES = "; script-src 'unsafe-inline' 'unsafe-eval'"


def write_report(notebook: nbformat.NotebookNode, path: Path, *, about: Sequence[tuple[str, str]] = ()) -> None:
    """Write what *notebook* showed as an HTML report.

    Text, tables and figures appear in their order, code in closed disclosures; findings and what the results rest on stand at the
    head. Styles, BokehJS and figures are inside the file, and the page forbids itself to fetch anything.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook. Only what the workbench shows, plain text and Markdown are taken over; HTML of other
        libraries is left out.
    path : Path
        The file to write.
    about : sequence of (str, str)
        What else the results rest on, a name and a value each, for the head of the page.
    """
    title, lead, cells = _opening(notebook)
    parts = parts_of(cells)
    figures = [(part["id"], part["item"]) for part in parts if part.get("item")]
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=title,
            lead=_MARKDOWN.render(lead),
            findings=collect_findings(notebook),
            about=_about(notebook, about),
            parts=parts,
            css=_read("report.css"),
            security=_SECURITY + (_SECURITY_OF_FIGURES if figures else ""),
            # Inside a script element a "<" could begin what ends it.
            figures=json.dumps(figures).replace("<", "\\u003c"),
            bokeh=_bokeh() if figures else "",
        )
    )
    path.write_text(page, encoding="utf-8")


def _opening(notebook: nbformat.NotebookNode) -> tuple[str, str, list[nbformat.NotebookNode]]:
    """Return the first heading, the text under it, and the cells that come after."""
    cells = list(notebook.cells)
    for place, cell in enumerate(cells):
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            heading, _, lead = cell.source.partition("\n")
            return heading.removeprefix("# ").strip(), lead.strip(), cells[:place] + cells[place + 1 :]
    return "Report", "", cells


def _about(notebook: nbformat.NotebookNode, more: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what the results rest on, and with what and when the report was made."""
    rows = [(name, value) for content in shown(notebook, PROVENANCE_MIME) for name, value in content["rows"]]
    return [
        *dict.fromkeys(rows),
        *more,
        ("Cardio Workbench", version("cardio-workbench")),
        ("Run", f"{_time_of_run(notebook):%d %B %Y, %H:%M} UTC"),
    ]


def _time_of_run(notebook: nbformat.NotebookNode) -> datetime:
    started = notebook.metadata.get("papermill", {}).get("start_time")
    return datetime.fromisoformat(started).astimezone(UTC) if started else datetime.now(UTC)


def _read(name: str) -> str:
    return resources.files("workbench.templates").joinpath(name).read_text("utf-8")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["together"] = _together
    return environment


def _together(text: str) -> str:
    """Keep a number with its percent sign, and a p with its value, on one line."""
    return re.sub(r"(?<=\d) (?=%)|(?<=\bp) (?=[<=])|(?<=[<=]) (?=\d)", "\u00a0", text)


def _bokeh() -> str:
    from bokeh.resources import Resources

    return "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)

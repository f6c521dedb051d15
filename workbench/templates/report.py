"""An executed notebook as one HTML file that opens without any network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from importlib import resources
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import jinja2
from markdown_it import MarkdownIt

from workbench.disclosure import ReleasedTable
from workbench.plots.mime import FIGURE_MIME, PROVENANCE_MIME, TABLE_MIME
from workbench.templates.outputs import shown
from workbench.templates.sentences import FINDINGS_MIME

if TYPE_CHECKING:
    from pathlib import Path

    import nbformat

# No raw HTML from a text cell: a report shows what a notebook says, and runs nothing of it.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def write_report(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write what *notebook* showed as an HTML report.

    Text, tables and figures appear in their order, code in closed disclosures. Styles, BokehJS and figures are inside the file.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook.
    path : Path
        The file to write.
    """
    title, parts = _title(notebook), [part for cell in notebook.cells for part in _parts(cell)]
    figures = {part["id"]: part["item"] for part in parts if part["kind"] == "figure"}
    provenance = {
        **{name: value for rows in shown(notebook, PROVENANCE_MIME) for name, value in rows.items()},
        "Made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Cardio Workbench {version('cardio-workbench')}",
    }
    page = _template().render(
        title=title,
        provenance=provenance,
        parts=parts,
        # Inside a script element only "</" could end it early.
        figures=json.dumps(figures).replace("</", "<\\/"),
        bokeh=_bokeh() if figures else "",
    )
    path.write_text(page, encoding="utf-8")


def _title(notebook: nbformat.NotebookNode) -> str:
    """The notebook's first heading, which the head of the page shows; it is taken out of the text."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            heading, _, rest = cell.source.partition("\n")
            cell.source = rest.strip()
            return str(heading.removeprefix("# ").strip())
    return "Report"


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(
            lambda name: resources.files("workbench.templates").joinpath(name).read_text("utf-8")
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.j2")


def _bokeh() -> str:
    from bokeh.resources import Resources

    return "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)


def _parts(cell: nbformat.NotebookNode) -> list[dict[str, Any]]:
    if cell.cell_type == "markdown":
        return [{"kind": "html", "html": _markdown.render(cell.source)}]
    if cell.cell_type != "code":
        return []
    code = {"kind": "code", "source": cell.source}
    return [code, *(part for output in cell.outputs for part in _shown(output, cell))]


def _shown(output: nbformat.NotebookNode, cell: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """The richest form of an output that is ours or plain. Scripts of other libraries are left out."""
    data = output.get("data", {})
    if FIGURE_MIME in data:
        figure = data[FIGURE_MIME]
        table = ReleasedTable.from_dict(figure["table"])._repr_html_()
        return [{"kind": "figure", "id": f"figure-{cell['id']}", **figure, "table": table}]
    if TABLE_MIME in data:
        return [{"kind": "html", "html": ReleasedTable.from_dict(data[TABLE_MIME])._repr_html_()}]
    if PROVENANCE_MIME in data:
        return []  # in the head of the page
    if FINDINGS_MIME in data:
        return [{"kind": "findings", "sentences": data[FINDINGS_MIME]["sentences"]}]
    if "text/markdown" in data:
        return [{"kind": "html", "html": _markdown.render(_text(data["text/markdown"]))}]
    if "text/html" in data and "<script" not in _text(data["text/html"]):
        return [{"kind": "html", "html": _text(data["text/html"])}]
    if output.output_type == "stream" and output.name == "stdout":
        return [{"kind": "html", "html": f"<pre>{escape(_text(output.text))}</pre>"}]
    if "text/plain" in data and "text/html" not in data and "application/javascript" not in data:
        return [{"kind": "html", "html": f"<pre>{escape(_text(data['text/plain']))}</pre>"}]
    return []


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)

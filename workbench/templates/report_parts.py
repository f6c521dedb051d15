"""The cells of an executed notebook as the parts of a report: text, code, print, tables, figures, findings."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from workbench.disclosure import ReleasedTable
from workbench.plots.mime import FIGURE_MIME, PROVENANCE_MIME, TABLE_MIME
from workbench.templates.sentences import FINDINGS_MIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    import nbformat

Part = dict[str, Any]

# No raw HTML from a text cell: a report shows what a notebook says, and runs nothing of it.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_CONTAINER_STYLE = re.compile(r"(<div\b[^>]*?) style=\"[^\"]*\"", re.DOTALL)


def parts_of(cells: Iterable[nbformat.NotebookNode]) -> list[Part]:
    """Return the parts in their order; code of neighbouring cells that show nothing is one part."""
    parts: list[Part] = []
    for cell in cells:
        if cell.cell_type == "markdown":
            parts.append({"kind": "text", "html": _scrollable(_MARKDOWN.render(cell.source))})
        elif cell.cell_type == "code" and cell.source.strip():
            if parts and parts[-1]["kind"] == "code":
                parts[-1]["sources"].append(cell.source)
            else:
                parts.append({"kind": "code", "sources": [cell.source]})
            parts += [part for output in cell.outputs for part in _shown(output, len(parts))]
    return parts


def _shown(output: nbformat.NotebookNode, number: int) -> list[Part]:
    """Return the richest form of an output that is ours or plain; a stream of errors and foreign HTML are left out."""
    data = output.get("data", {})
    if FIGURE_MIME in data:
        return [_figure(data[FIGURE_MIME], number)]
    if TABLE_MIME in data:
        return [{"kind": "table", "html": table_html(data[TABLE_MIME])}]
    if PROVENANCE_MIME in data:
        return []  # stands in the head of the page
    if FINDINGS_MIME in data:
        return [{"kind": "findings", "sentences": data[FINDINGS_MIME]["sentences"]}]
    if "text/markdown" in data:
        return [{"kind": "text", "html": _scrollable(_MARKDOWN.render(_joined(data["text/markdown"])))}]
    if output.output_type == "stream":
        return [{"kind": "print", "text": _joined(output.text)}] if output.name == "stdout" else []
    return [{"kind": "print", "text": _joined(data["text/plain"])}] if "text/plain" in data else []


def _figure(content: dict[str, Any], number: int) -> Part:
    picture = b64encode(content["picture"].encode()).decode()
    return {
        "kind": "figure",
        "id": f"figure-{number}",
        "title": content["title"],
        "caption": content["caption"],
        "item": content.get("item"),
        "html": _STYLE.sub("", content.get("html", "")),
        "still": f"data:image/svg+xml;base64,{picture}",
        "table": table_html(content["table"]),
    }


def table_html(form: dict[str, Any]) -> str:
    """Return a released table as its own HTML, in the style of the page instead of one of its own.

    Parameters
    ----------
    form : dict
        The JSON form of a released table. The HTML is made afresh from it, so nothing in a notebook file is taken for markup.
    """
    drawn = _STYLE.sub("", ReleasedTable.from_dict(form)._repr_html_())
    return _CONTAINER_STYLE.sub(r'\1 class="table"', drawn, count=1)


def _scrollable(rendered: str) -> str:
    return rendered.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)

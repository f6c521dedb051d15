"""The cells of an executed notebook as the parts of a report: text, code, print, tables, figures, findings."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from workbench.disclosure import ReleasedTable
from workbench.plots.mime import FIGURE_MIME, PROVENANCE_MIME, TABLE_MIME
from workbench.plots.page_style import body_of, notes_of
from workbench.templates.sentences import FINDINGS_MIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    import nbformat

Part = dict[str, Any]

# No raw HTML from a text cell: a report shows what a notebook says, and runs nothing of it.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_ID = re.compile(r"\breleased-[0-9a-f]{8}\b")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_CONTAINER_STYLE = re.compile(r"(<div [^>]*?)style=[^>]*>")


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
        return [_table(data[TABLE_MIME], number)]
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
        "table": _table(content["table"], number),
    }


def _table(form: dict[str, Any], number: int) -> Part:
    """Return a released table in the style of the page; title and notes apart, because they do not scroll.

    The HTML is made afresh from the table's JSON form, so nothing in a notebook file is taken for markup.
    """
    table = ReleasedTable.from_dict(form)
    body = _ID.sub(rf"\g<0>-{number}", _STYLE.sub("", body_of(table)))  # a page may show the same table twice
    body = _CONTAINER_STYLE.sub(r'\1class="table">', body, count=1)
    return {"kind": "table", "title": table.title, "html": body, "notes": notes_of(table)}


def _scrollable(rendered: str) -> str:
    return rendered.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)

"""What the cells of an executed notebook showed: findings, released tables, figures, provenance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.disclosure import ReleasedTable
from workbench.plots.mime import FIGURE_MIME, TABLE_MIME
from workbench.templates.sentences import FINDINGS_MIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    import nbformat


def shown(notebook: nbformat.NotebookNode, mime: str) -> Iterator[Any]:
    """Yield what the cells showed in one form, from the top."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            content = output.get("data", {}).get(mime)
            if content is not None:
                yield content


def collect_findings(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the sentences of all findings, from the top."""
    return [sentence for content in shown(notebook, FINDINGS_MIME) for sentence in content["sentences"]]


def collect_tables(notebook: nbformat.NotebookNode) -> dict[str, ReleasedTable]:
    """Return the released tables, shown as such or behind a figure, by a name that serves as a file name.

    A table that is shown twice is kept once; different tables of one name are numbered from the second on.
    """
    kept: dict[str, ReleasedTable] = {}
    for content in _table_forms(notebook):
        table = ReleasedTable.from_dict(content)
        if table in kept.values():
            continue
        stem = re.sub(r"[^a-z0-9_]+", "_", table.name.lower()).strip("_") or "table"
        name, number = stem, 1
        while name in kept:
            number += 1
            name = f"{stem}_{number}"
        kept[name] = table
    return kept


def _table_forms(notebook: nbformat.NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if TABLE_MIME in data:
                yield data[TABLE_MIME]
            if FIGURE_MIME in data:
                yield data[FIGURE_MIME]["table"]

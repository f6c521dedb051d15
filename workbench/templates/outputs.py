"""What the cells of an executed notebook showed and asked: findings, released results, figures, questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.disclosure import Released, ReleasedTable, released_from_dict
from workbench.plots.mime import FIGURE_MIME, QUESTIONS_MIME, TABLE_MIME
from workbench.templates.layout import file_stem
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


def collect_questions(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """Return what studies were asked, in order, as :meth:`workbench.journal.Question.to_dict` wrote it."""
    return [question for content in shown(notebook, QUESTIONS_MIME) for question in content]


def collect_figures(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """Return the figures in the form that they keep in a notebook; one that is shown twice is there once."""
    figures: list[dict[str, Any]] = []
    for form in shown(notebook, FIGURE_MIME):
        if form not in figures:
            figures.append(form)
    return figures


def collect_results(notebook: nbformat.NotebookNode) -> dict[str, Released]:
    """Return the released results by a name that serves as a file name.

    First what came through the gate in answer to a question, then tables that were shown, alone or behind a figure, and are no
    answer's table. A result that occurs twice is kept once; different ones of one name are numbered from the second on.
    """
    kept: dict[str, Released] = {}
    answers = [question["answer"] for question in collect_questions(notebook) if question["answer"] is not None]
    for form in [*answers, *_table_forms(notebook)]:
        result = released_from_dict(form)
        if result in kept.values() or result in [table_of(each) for each in kept.values()]:
            continue
        kept[file_stem(result.name, kept, otherwise="table")] = result
    return kept


def table_of(result: Released) -> ReleasedTable:
    """Return the table of a released result: itself, or the one that it is shown as."""
    return result if isinstance(result, ReleasedTable) else result.table


def _table_forms(notebook: nbformat.NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if TABLE_MIME in data:
                yield data[TABLE_MIME]
            if FIGURE_MIME in data:
                yield data[FIGURE_MIME]["table"]

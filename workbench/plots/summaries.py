"""What definitions, catalogs and studies are in a notebook: their code as text, their meaning as HTML."""

from __future__ import annotations

import html
from functools import singledispatch
from typing import TYPE_CHECKING

from data_catalog.catalog import Catalog, Snapshot
from workbench.cohorts import Codelist, Cohort, protocol
from workbench.plots.provenance import as_html, as_rows
from workbench.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterable

SUMMARISED = (Catalog, Codelist, Cohort, Snapshot, Study)


@singledispatch
def summary(thing: object) -> str:
    """Return what a notebook shows of a definition, a catalog or a study, as HTML that needs no network."""
    raise TypeError(f"There is no summary of {type(thing).__name__}.")


@summary.register
def _(cohort: Cohort) -> str:
    sentences = protocol(cohort).splitlines()
    steps = [line for line in sentences if not line.startswith("Codelist ")]
    notes = [line for line in sentences if line.startswith("Codelist ")]
    return f"{_heading(f'Cohort: {cohort.title}')}{_list('ol', steps)}{_list('ul', notes) if notes else ''}"


@summary.register
def _(codelist: Codelist) -> str:
    rows = [
        (str(concept.id), concept.name, "yes" if concept.descendants else "no", "yes" if concept.excluded else "no")
        for concept in codelist.concepts
    ]
    heading = _heading(f"Codelist {codelist.name}, version {codelist.version}")
    return heading + _table(("Concept", "Name", "With descendants", "Taken away"), rows)


@summary.register
def _(study: Study) -> str:
    return _heading("Study") + as_html(as_rows(study.provenance))


@summary.register
def _(snapshot: Snapshot) -> str:
    return as_html(_of_snapshot(snapshot))


@summary.register
def _(catalog: Catalog) -> str:
    newest = _of_snapshot(catalog.snapshot())
    return _heading(f"Catalog: {catalog.title}") + as_html({"Place": str(catalog.address), **newest})


def _of_snapshot(snapshot: Snapshot) -> dict[str, str]:
    time = f"{snapshot.time:%d %B %Y, %H:%M %Z}".removesuffix(" ")
    return {"Snapshot": f"{snapshot.snapshot_id}, of {time}", "Made by": snapshot.author, "Made to": snapshot.message}


def _heading(text: str) -> str:
    return f'<p style="font-weight:600;margin:.3em 0 .5em">{html.escape(text)}</p>'


def _list(element: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f'<{element} style="margin:.3em 0;max-width:60em;line-height:1.5">{items}</{element}>'


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col" style="text-align:left">{html.escape(heading)}</th>' for heading in headings)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

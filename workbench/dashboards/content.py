"""What a dashboard of a bundle shows, as plain data: views, and a card a result with its table, its plot and its files."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workbench.cohorts import protocol
from workbench.dashboards.headings import headings_of
from workbench.disclosure import ReleasedRegression, ReleasedSurvival, ReleasedTable, ReleasedTest, Suppressed
from workbench.disclosure.display import format_cell, printed, printed_columns, reads_long
from workbench.plots.page_style import notes_of
from workbench.plots.survival_drawing import CurvesDrawing, curve_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.dashboards.headings import Heading
    from workbench.disclosure import Cell, Released
    from workbench.templates import Bundle

Card = dict[str, Any]
VIEWS = {
    "cohort": "Cohort",
    "survival": "Survival",
    "model": "Models",
    "carriers": "Carriers",
}


def page_of(bundle: Bundle, *, only: Sequence[str] = ()) -> dict[str, Any]:
    """Return everything that the page shows.

    Parameters
    ----------
    bundle : Bundle
    only : sequence of str
        Names of the results to show; all of them if empty.

    Raises
    ------
    UnknownNameError
        If the bundle lacks one.
    """
    wanted = {name: bundle.result(name) for name in only} or bundle.results()
    # Headings tell results of the whole run apart, so that one keeps its heading when others are left out.
    headings = headings_of(bundle, bundle.results())
    cards = [_card(bundle, name, result, headings[name]) for name, result in wanted.items()]
    held = {view for card in cards for view in card["views"]}
    return {
        "title": bundle.title,
        "question": bundle.record["template"]["question"],
        "findings": list(bundle.findings),
        "about": _about(bundle),
        "views": [{"id": view, "name": name} for view, name in VIEWS.items() if view in held],
        "cards": cards,
    }


def _about(bundle: Bundle) -> list[tuple[str, str]]:
    rows = [("Template", bundle.template)]
    for study in bundle.record["studies"]:
        digest = study["data"]["digest"]
        rows += [
            ("Data", f"{study['catalog']}, snapshot {study['snapshot']['id']}"),
            ("Data digest", digest.removeprefix("sha256:")[:16] if digest else "withheld: too few people"),
            ("Sorts of data", ", ".join(study["modalities"])),
            ("Consent epoch", str(study["consent"]["epoch"])),
            ("Purpose", study["purpose"].replace("_", " ")),
            ("Disclosure policy", study["policy"]["label"]),
        ]
    rows.append(("Cardio Workbench", bundle.record["workbench"]))
    return list(dict.fromkeys(rows))


def _card(bundle: Bundle, name: str, result: Released, heading: Heading) -> Card:
    table = result if isinstance(result, ReleasedTable) else result.table
    by, groups = _groups(result, table)
    return {
        "id": name,
        "kind": "table" if isinstance(result, ReleasedTable) else result.kind,
        "views": views_of(result, heading),
        "title": heading.title,
        "who": heading.who,
        "protocol": protocol(heading.cohort) if heading.cohort else "",
        # What a test comes to stands over its table.
        "notes": [note for note in notes_of(table) if not (isinstance(result, ReleasedTest) and note == table.caption)],
        "by": by,
        "groups": groups,
        "table": _table(table, groups),
        "plot": _plot(result),
        "files": _files(bundle, name),
    }


def views_of(result: Released, heading: Heading) -> list[str]:
    """Return the views that a result belongs to."""
    views = [
        "survival"
        if isinstance(result, ReleasedSurvival | ReleasedTest)
        else "model"
        if isinstance(result, ReleasedRegression)
        else "cohort"
    ]
    if heading.asked is not None and "carrier(" in f"{heading.asked['analysis']} {heading.cohort!r}":
        views.append("carriers")
    return views


def _groups(result: Released, table: ReleasedTable) -> tuple[str, list[str]]:
    """Return what the groups of a result differ in, and their names; empty where nothing is compared."""
    if isinstance(result, ReleasedSurvival):
        return result.by or "", list(result.groups) if result.by else []
    if isinstance(result, ReleasedTest):
        return result.by, [str(cell) for cell in table.column("group")]
    names = list(dict.fromkeys(name.rpartition("__")[0] for name in table.column_names if "__" in name))
    # A summary by group says in its title what the groups differ in.
    _, _, by = table.title.partition(" by ")
    return (by, names) if by and len(names) > 1 else ("", [])


def _table(table: ReleasedTable, groups: Sequence[str]) -> dict[str, Any]:
    headings, numeric, rows = printed(table)
    made_of = printed_columns(table)
    of_group = {f"{group}__": group for group in groups}
    columns = [
        {
            "heading": heading,
            "numeric": is_number,
            "group": next((group for start, group in of_group.items() if names[0].startswith(start)), None),
        }
        for heading, is_number, names in zip(headings, numeric, made_of, strict=True)
    ]
    has_groups = "group" in table.column_names and bool(groups)
    has_times = "time_years" in table.column_names
    return {
        "long": reads_long(table),
        "columns": columns,
        "rows": [
            {
                "cells": cells,
                "group": row[table.column_names.index("group")] if has_groups else None,
                "years": row[table.column_names.index("time_years")] if has_times else None,
            }
            for cells, row in zip(rows, table.rows, strict=True)
        ],
    }


def _plot(result: Released) -> dict[str, Any] | None:
    if isinstance(result, ReleasedSurvival):
        return _curves(result)
    if isinstance(result, ReleasedRegression):
        return _forest(result.table)
    if isinstance(result, ReleasedTest):
        return {"kind": "words", "words": result.caption}
    if result.name == "attrition":
        from workbench.plots import plot_attrition

        chart = plot_attrition(result)
        return {"kind": "flow", "html": chart.to_html(), "caption": chart.caption}
    return None


def _curves(released: ReleasedSurvival) -> dict[str, Any]:
    curves = {group: curve_of(released, group) for group in released.groups}
    drawing = CurvesDrawing(tuple(curves.values()), time_origin="entry", y_title="")
    is_death = released.event_label.lower().startswith("death")
    return {
        "kind": "curves",
        "x_title": drawing.x_title,
        "in_days": drawing.axis.unit == "Days",
        "columns": list(drawing.axis.columns),
        "y_title": "Survival probability (%)" if is_death else f"Free of: {released.event_label} (%)",
        "beneath": drawing.table_heading,
        "curves": [
            {
                "group": group,
                "name": curve.name,
                "style": asdict(curve.style) | {"number": number},
                "points": [
                    list(point) for point in zip(curve.years, curve.survival, curve.lower, curve.upper, strict=True)
                ],
                "numbers": list(curve.numbers),
            }
            for number, (group, curve) in enumerate(curves.items())
        ],
    }


def _forest(table: ReleasedTable) -> dict[str, Any]:
    column = {each.name: each for each in table.columns}
    rows = []
    for cells in table.rows:
        row = dict(zip(table.column_names, cells, strict=True))
        shown = all(isinstance(row[name], int | float) for name in ("hazard_ratio", "lower", "upper"))
        interval = [format_cell(row[name], column[name]) for name in ("hazard_ratio", "lower", "upper")]
        reference = row["is_reference"] == "yes"
        rows.append(
            {
                "label": str(row["label"]).removesuffix(" (reference)"),  # the number's place says it
                "reference": reference,
                "ratio": [_number(row[name]) for name in ("hazard_ratio", "lower", "upper")] if shown else None,
                "words": "1 (reference)"
                if reference
                else f"{interval[0]} ({interval[1]} to {interval[2]})"
                if shown
                else "hidden",
            }
        )
    return {"kind": "forest", "x_title": "Hazard ratio (logarithmic scale)", "rows": rows}


def _number(cell: Cell) -> float | None:
    return None if isinstance(cell, Suppressed | str) or cell is None else float(cell)


def _files(bundle: Bundle, name: str) -> list[dict[str, str]]:
    """Return the files of a result and of the figure drawn from it, by what they are."""
    figures = [each["name"] for each in bundle.record["figures"] if each["table"] == name]
    found = [("CSV", f"tables/{name}.csv"), ("Parquet", f"tables/{name}.parquet"), ("JSON", f"tables/{name}.json")]
    for figure in figures:
        found += [("SVG", f"figures/{figure}.svg"), ("PNG", f"figures/{figure}.png")]
    return [{"what": what, "path": path} for what, path in found if path in bundle.files]

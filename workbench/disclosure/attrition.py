"""Attrition as it may be shown: no two counts so close that the few people between them could be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.disclosure import rules, wording, yields
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column, ReleasedTable

if TYPE_CHECKING:
    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import Attrition, PeopleCount

_COLUMNS = (
    Column("label", "Step"),
    Column("n_before", "People before", kind="count"),
    Column("n_excluded", "Left out", kind="count"),
    Column("n_after", "People left", kind="count"),
)
_YIELD = "Whoever has any such data is counted as having it, whenever it was recorded."
_COMBINED = "What neighbouring steps leave out together stands in the last of them."


def release_attrition(result: Attrition, policy: Policy) -> ReleasedTable:
    """Return one row a step: ``label``, ``n_before``, ``n_excluded``, ``n_after`` (people), and a column for each modality.

    Those say how many of the people left have an ECG, images or a genome: ``n_with_ecg``, ``n_with_imaging``, ``n_with_genome``.

    A step whose count is too near that of a shown one is hidden, and what it leaves out is counted in the next step that
    is shown. A shown ``n_excluded`` is the difference of shown counts, so columns add up and tell no more than these.
    """
    places, truth = _distinct(result)
    shown = _spaced(truth, policy)
    cells: list[Cell] = [_shown_count(place, shown, truth, policy) for place in range(len(truth))]
    having = yields.release_yields(result, cells[0], [cells[place] for place in places[1:]], policy)
    rows: list[tuple[Cell, ...]] = []
    for number, step in enumerate(result.steps):
        before, after = places[number], places[number + 1]
        left_out = _left_out(before, after, cells, truth, policy)
        rows.append(
            (step.label, cells[before], left_out, cells[after], *(column[number] for column in having.values()))
        )
    hidden = any(isinstance(row[2], Suppressed) and row[2].reason == "combined" for row in rows)
    return ReleasedTable(
        name="attrition",
        title="People kept by each step",
        columns=(*_COLUMNS, *(yields.COLUMNS[name] for name in having)),
        rows=tuple(rows),
        caption=wording.counts(before=cells[0], kept=cells[-1]),
        notes=wording.notes(policy, rows, *([_COMBINED] if hidden else []), *([_YIELD] if having else [])),
        policy=policy.label,
    )


def release_people(result: PeopleCount, policy: Policy) -> ReleasedTable:
    """Return one row: ``label``, ``n`` (people in the cohort), ``n_total`` (people in the catalog).

    If nearly everybody is in the cohort, the catalog's count is hidden: the two would tell the few who are not.
    """
    truth = [result.n_total, result.n]
    shown = _spaced(truth, policy)
    total, people = (_shown_count(place, shown, truth, policy) for place in (0, 1))
    rows = ((result.label, people, total),)
    return ReleasedTable(
        name="people",
        title="People in the cohort",
        columns=(
            Column("label", "Cohort"),
            Column("n", "People", kind="count"),
            Column("n_total", "People in the catalog", kind="count"),
        ),
        rows=rows,
        caption=wording.counts(people=people),
        notes=wording.notes(policy, rows),
        policy=policy.label,
    )


def _spaced(truth: list[int | None], policy: Policy) -> set[int]:
    """Return the places of the counts that may stand side by side, among those that are known."""
    known = [place for place, n in enumerate(truth) if n is not None]
    spaced = rules.spaced([n for n in truth if n is not None], policy)
    return {known[number] for number in spaced}


def _distinct(result: Attrition) -> tuple[list[int], list[int | None]]:
    """Return for start and each step its place in the list of counts, and that list.

    A step that by construction leaves nobody out shares its count with the step before it: that the two are equal is
    known without looking at the data.
    """
    places, truth = [0], [result.steps[0].n_before]
    for step in result.steps:
        if step.cannot_exclude and step.n_excluded:
            raise ValueError(f"Step {step.label!r} is declared to leave nobody out, and does.")
        if not step.cannot_exclude:
            truth.append(step.n_after)
        places.append(len(truth) - 1)
    return places, truth


def _shown_count(place: int, shown: set[int], truth: list[int | None], policy: Policy) -> int | Suppressed:
    n = truth[place]
    if n is None:
        return Suppressed("differencing")
    return rules.rounded(n, policy) if place in shown else rules.too_near(n, policy)


def _left_out(before: int, after: int, cells: list[Cell], truth: list[int | None], policy: Policy) -> Cell:
    if before == after:
        return 0  # impossible by construction, so nothing is told
    if not isinstance(cells[after], int):
        n = truth[after]
        return Suppressed("ingredient" if n is not None and n < policy.k else "combined")
    earlier = [cell for cell in cells[:after] if isinstance(cell, int)]
    if not earlier:
        return Suppressed("differencing")
    return earlier[-1] - cells[after]  # type: ignore[operator]

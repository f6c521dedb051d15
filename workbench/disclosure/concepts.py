"""Concepts that a search found, with a rough idea of how many people have each."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column, ReleasedTable

if TYPE_CHECKING:
    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import ConceptsFound

_COLUMNS = (
    Column("code", "Code"),
    Column("name", "Concept"),
    Column("people", "People"),
    Column("concept_id", "Concept id"),
)
_STEPS = (1, 5, 20, 100, 500)  # of k


def release_concepts(result: ConceptsFound, policy: Policy) -> ReleasedTable:
    """Return one row a concept: ``code`` (with its vocabulary), ``name``, ``people`` (in words), ``concept_id``.

    People are told in wide steps. A concept and the one above it stand side by side here, and from two counts, even rounded, a
    reader could have the few people who have the one and not the other.
    """
    limits = [step * policy.k for step in _STEPS]
    rows = tuple(
        (f"{each.vocabulary} {each.code}", each.name, _about(each.n_people, limits, policy), str(each.concept_id))
        for each in result.concepts
    )
    more = result.n_matches - len(result.concepts)
    return ReleasedTable(
        name="concepts",
        title=f"Concepts found for “{result.text}”",
        columns=_COLUMNS,
        rows=rows,
        caption=f"Concepts: {len(rows)} of {result.n_matches}." if more else f"Concepts: {len(rows)}.",
        notes=("People who have the concept or one below it, in wide steps.",),
        policy=policy.label,
    )


def _about(n: int, limits: list[int], policy: Policy) -> Cell:
    if n == 0 and not policy.zeros_are_disclosive:
        return "none"
    place = bisect_right(limits, n)
    if place == 0:
        return Suppressed("small_count", policy.k)
    if place == len(limits):
        return f"{limits[-1]:,} or more"
    return f"{limits[place - 1]:,} to {limits[place] - 1:,}"

"""Sentences that several released tables share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.disclosure.policy import Policy
    from workbench.disclosure.table import Cell

MAX_NAMED = 6


def said(name: str, cell: Cell) -> str:
    """Return e.g. "People: 1,235." or "Missing: <10."."""
    return f"{name}: {cell:,}."


def counts(**cells: Cell) -> str:
    """Return the caption of counts, e.g. "People: 500. Events: 215. Missing: <10."; names in order."""
    return " ".join(said(name.capitalize(), cell) for name, cell in cells.items())


def notes(policy: Policy, rows: Iterable[Iterable[Cell]], *more: str) -> tuple[str, ...]:
    """Return what a reader must know of rounding, and why cells are hidden."""
    reasons = {cell.reason: cell.words for row in rows for cell in row if isinstance(cell, Suppressed)}
    rounding = f"Counts of people are rounded to {policy.rounding_base}; counts below {policy.k} are hidden."
    hidden = [f"Hidden: {'; '.join(words for _, words in sorted(reasons.items()))}."] if reasons else []
    return (rounding, *more, *hidden)

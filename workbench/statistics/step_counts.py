"""Counts of people that a site of a network tells: the steps of a definition, and what its catalog holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from workbench.statistics.errors import AnalysisError
from workbench.statistics.records import Record, add_told
from workbench.statistics.results import Attrition, AttritionStep

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, eq=False)
class StepCounts(Record):
    """People before the first step and after each: additive over disjoint people.

    Attributes
    ----------
    counts : tuple of int or None, one more than there are steps
        None where a site keeps the count to itself; then the sum is not known either.
    cannot_exclude : tuple of bool
        Steps that leave nobody out whatever the data are.
    """

    counts: tuple[int | None, ...]
    cannot_exclude: tuple[bool, ...]

    def merge(self, other: Self) -> Self:
        """Add the counts of other people."""
        if len(self.counts) != len(other.counts):
            raise AnalysisError("Counts of definitions with other steps cannot be added.")
        return type(self)(
            tuple(map(add_told, self.counts, other.counts)),
            tuple(one and two for one, two in zip(self.cannot_exclude, other.cannot_exclude, strict=True)),
        )

    def attrition(self, labels: Sequence[str]) -> Attrition:
        """Return the attrition, with a label a step."""
        steps = zip(labels, self.counts, self.counts[1:], self.cannot_exclude, strict=False)
        if len(labels) != len(self.counts) - 1:
            raise AnalysisError(f"The definition has {len(labels)} steps, the counts have {len(self.counts) - 1}.")
        return Attrition(tuple(AttritionStep(*step) for step in steps))


@dataclass(frozen=True, eq=False)
class TableCounts(Record):
    """For each site and table that holds enough: site, table, people, rows. Merging puts sites side by side."""

    rows: tuple[tuple[str, str, int, int], ...]

    def merge(self, other: Self) -> Self:
        """Add the rows of another site."""
        return type(self)((*self.rows, *other.rows))

"""The life table on a grid: who left in which bin, and why, by group. What sites of a network send of their follow-up.

Counts only, so adding tables of disjoint people is exact in every order, and coarsening commutes with adding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from workbench.statistics.columns import MISSING
from workbench.statistics.errors import AnalysisError
from workbench.statistics.event_table import round_times
from workbench.statistics.records import Record, add_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class GridTable(Record):
    """Counts in the bins of a grid, by group: additive over any people.

    A bin is open on the left and closed on the right; the first holds day 0 too. Follow-up ends at the last edge, the
    horizon: what comes later is not seen.

    Attributes
    ----------
    groups : tuple of str
        Labels, in the declared order.
    edges_days : array of float, shape (n_bins + 1,)
        From 0 to the horizon.
    events, censored : arrays of int, shape (n_groups, n_bins)
        People who left in the bin: with the event; without it, before the horizon.
    completed : array of int, shape (n_groups,)
        People followed without the event to the end of the last bin that is told.
    n_told : array of int, shape (n_groups,)
        How many bins are told, from the first; beyond them the counts are zero and mean nothing.
    n_missing : int or None
        People who could not be placed; None if a site keeps it to itself.
    """

    groups: tuple[str, ...]
    edges_days: npt.NDArray[np.float64]
    events: npt.NDArray[np.int64]
    censored: npt.NDArray[np.int64]
    completed: npt.NDArray[np.int64]
    n_told: npt.NDArray[np.int64]
    n_missing: int | None = 0

    @classmethod
    def of(
        cls,
        days: npt.NDArray[np.float64],
        event: npt.NDArray[np.bool_],
        *,
        edges_days: Sequence[float],
        group: npt.NDArray[np.int64],
        groups: Sequence[str],
    ) -> Self:
        """Count people.

        Parameters
        ----------
        days : array of float, shape (n_people,)
            Time of event or censoring; nan if unknown.
        event : array of bool, shape (n_people,)
            True if the event happened then.
        edges_days : sequence of float
            From 0 to the horizon, ascending.
        group : array of int, shape (n_people,)
            Place among ``groups``; −1 if unknown.
        groups : sequence of str
            Labels.
        """
        edges = np.asarray(edges_days, dtype=np.float64)
        known = ~np.isnan(days) & (group != MISSING)
        days, event, group = round_times(days[known]), event[known], group[known]
        horizon = edges[-1]
        happened = event & (days <= horizon)
        withdrawn = ~event & (days < horizon)
        bins = np.searchsorted(edges[1:], days, side="left")
        shape = (len(groups), len(edges) - 1)

        def count(who: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
            cells = group[who] * shape[1] + bins[who]
            return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)

        return cls(
            groups=tuple(groups),
            edges_days=edges,
            events=count(happened),
            censored=count(withdrawn),
            completed=np.bincount(group[~happened & ~withdrawn], minlength=shape[0]),
            n_told=np.full(shape[0], shape[1], dtype=np.int64),
            n_missing=int(len(known) - known.sum()),
        )

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """People in each group, shape (n_groups,)."""
        return self.leavers.sum(axis=1) + self.completed

    @property
    def leavers(self) -> npt.NDArray[np.int64]:
        """People who left in each bin, with or without the event, shape (n_groups, n_bins)."""
        return self.events + self.censored

    @property
    def leavers_and_completed(self) -> npt.NDArray[np.int64]:
        """The same, where whoever is followed to the horizon leaves in the last bin: the cells of a life table."""
        leavers = self.leavers
        leavers[:, -1] += np.where(self.n_told == leavers.shape[1], self.completed, 0)
        return leavers

    @property
    def entering(self) -> npt.NDArray[np.int64]:
        """People who enter each bin, shape (n_groups, n_bins)."""
        leavers = self.leavers
        return self.n[:, None] - np.cumsum(leavers, axis=1) + leavers

    def merge(self, other: Self) -> Self:
        """Add the table of other people on the same grid."""
        same = np.array_equal(self.edges_days, other.edges_days) and np.array_equal(self.n_told, other.n_told)
        if self.groups != other.groups or not same:
            raise AnalysisError("Tables of other groups or another grid cannot be added.")
        return replace(
            self,
            events=self.events + other.events,
            censored=self.censored + other.censored,
            completed=self.completed + other.completed,
            n_missing=add_told(self.n_missing, other.n_missing),
        )

    @property
    def remaining(self) -> npt.NDArray[np.int64]:
        """People still followed after each bin, shape (n_groups, n_bins)."""
        return self.entering - self.leavers

    def told_until(self, n_told: Sequence[int]) -> Self:
        """Return the table with so many bins a group; whoever leaves later counts as followed to the last of them."""
        told = np.arange(self.events.shape[1]) < np.asarray(n_told)[:, None]
        return replace(
            self,
            events=np.where(told, self.events, 0),
            censored=np.where(told, self.censored, 0),
            completed=self.completed + np.where(told, 0, self.leavers).sum(axis=1),
            n_told=np.minimum(self.n_told, np.asarray(n_told, dtype=np.int64)),
        )

    def coarsened(self, edges_days: Sequence[float]) -> Self:
        """Return the table on some of the edges: bins join, nothing else changes.

        Raises
        ------
        AnalysisError
            If an edge is not one of this table, or the first or the last is left out.
        """
        edges = np.asarray(edges_days, dtype=np.float64)
        place = np.searchsorted(self.edges_days, edges)
        if (self.n_told < len(self.edges_days) - 1).any():
            raise AnalysisError("A table that is told in part cannot be made coarser.")
        inside = (place < len(self.edges_days)).all() and np.array_equal(self.edges_days[place], edges)
        if not inside or place[0] != 0 or place[-1] != len(self.edges_days) - 1:
            raise AnalysisError("A grid is made coarser by leaving out inner edges only.")
        return replace(
            self,
            edges_days=edges,
            n_told=np.full(len(self.groups), len(edges) - 1, dtype=np.int64),
            events=np.add.reduceat(self.events, place[:-1], axis=1),
            censored=np.add.reduceat(self.censored, place[:-1], axis=1),
        )


@dataclass(frozen=True, eq=False)
class GridLadder(Record):
    """The same people on several grids, the finest first: additive over any people."""

    rungs: tuple[str, ...]
    tables: tuple[GridTable, ...]

    def merge(self, other: Self) -> Self:
        """Add grid to grid."""
        if self.rungs != other.rungs:
            raise AnalysisError(f"Tables on other grids cannot be added: {self.rungs} and {other.rungs}.")
        merged = (one.merge(two) for one, two in zip(self.tables, other.tables, strict=True))
        return type(self)(self.rungs, tuple(merged))


@dataclass(frozen=True, eq=False)
class OnRung(Record):
    """One grid, and how many of its bins for each group: the state of a round, and what a site offers.

    Attributes
    ----------
    rung : str
        Name of the grid.
    n_told : tuple of int
        Bins from the first, for each group: a curve stops where too few are followed any longer.
    """

    rung: str
    n_told: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RungsOffered(Record):
    """Grids on which a site's table may leave it, the finest first. Merging keeps what every site offers."""

    offers: tuple[OnRung, ...]

    def merge(self, other: Self) -> Self:
        """Keep the grids that both offer, each as far as both tell it."""
        others = {offer.rung: offer for offer in other.offers}
        both = (
            OnRung(offer.rung, tuple(map(min, offer.n_told, others[offer.rung].n_told)))
            for offer in self.offers
            if offer.rung in others
        )
        return type(self)(tuple(both))

"""A group's follow-up cut at the horizon and counted in bins: what the choice of a grid and the risk table rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.disclosure import rules
from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl

    from workbench.disclosure.policy import Policy

    Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LifeTable:
    """Counts of one group at the edges of a grid, from time 0 to where the curve stops.

    Parameters
    ----------
    edges_days : tuple of float
        Edge 0 is time 0.
    at_risk : array of int
        People whose follow-up is at least as long as the edge (R's convention).
    staying : array of int
        People whose follow-up goes on after the edge; whoever is followed to the horizon leaves at it.
    events, censored : array of int
        Cumulative, up to and including the edge.
    """

    edges_days: tuple[float, ...]
    at_risk: Counts
    staying: Counts
    events: Counts
    censored: Counts

    @classmethod
    def of(cls, curve: pl.DataFrame, edges_days: Sequence[float]) -> LifeTable:
        """Count the exact table *curve* at *edges_days*; the last edge is the horizon."""
        horizon = edges_days[-1]
        days, events, censored = (curve[name].to_numpy() for name in ("time", "events", "censored"))
        beyond = days > horizon
        # Follow-up beyond the horizon ends at the horizon, without an event.
        kept_events, kept_censored = np.where(beyond, 0, events), np.where(beyond, events + censored, censored)
        days = np.minimum(days, horizon)
        edges = np.asarray(edges_days)
        by_edge = np.searchsorted(days, edges, side="right")
        before_edge = np.searchsorted(days, edges, side="left")
        left = _running(kept_events + kept_censored)
        n = left[-1]
        start = edges == 0.0  # nobody has left at the start; whoever leaves on day 0 leaves in the first bin
        return cls(
            edges_days=tuple(float(edge) for edge in edges),
            at_risk=n - left[before_edge],
            staying=np.where(start, n, n - left[by_edge]),
            events=np.where(start, 0, _running(kept_events)[by_edge]),
            censored=np.where(start, 0, _running(kept_censored)[by_edge]),
        )

    @property
    def n(self) -> int:
        """People in the group."""
        return int(self.staying[0])

    def until_stop(self, policy: Policy) -> LifeTable:
        """Return the table up to the first edge after which fewer than k people are followed."""
        few = np.flatnonzero(self.staying < policy.k)
        rows = int(few[0]) + 1 if few.size else len(self.edges_days)
        return LifeTable(
            self.edges_days[:rows],
            self.at_risk[:rows],
            self.staying[:rows],
            self.events[:rows],
            self.censored[:rows],
        )

    def passes(self, policy: Policy) -> bool:
        """Return whether each bin starts with k people and stands for k who leave in it (and the events asked for)."""
        leavers = -np.diff(self.staying)
        if self.n < policy.k or not leavers.size:
            return False
        return bool(leavers.min() >= policy.k and np.diff(self.events).min() >= policy.bin_events)

    def shown(self, policy: Policy) -> dict[str, list[int | Suppressed]]:
        """Return ``at_risk``, ``events`` and ``censored`` as they may be shown, one value an edge.

        In each column neighbours differ by k or more. Where events alone could be shown and people at risk would
        then prove that a few were censored (or the other way round), both are hidden.
        """
        at_risk = set(rules.spaced(self.at_risk.tolist(), policy))
        events = set(rules.spaced(self.events.tolist(), policy))
        censored = set(rules.spaced(self.censored.tolist(), policy))
        for row in range(1, len(self.edges_days)):
            if row in events and row not in censored and self._follows(row, "censored", at_risk, censored, policy):
                events.discard(row)
            if row in censored and row not in events and self._follows(row, "events", at_risk, events, policy):
                censored.discard(row)
        return {
            "at_risk": _cells(self.at_risk, at_risk, policy),
            "events": _cells(self.events, events | {0}, policy),
            "censored": _cells(self.censored, censored | {0}, policy),
        }

    def _follows(self, row: int, hidden: str, at_risk: set[int], same: set[int], policy: Policy) -> bool:
        """Return whether what is shown proves that the *hidden* cumulative count moved by 1 to k − 1 people.

        *same* are the rows in which that count is shown.
        """
        truth = self.events if hidden == "events" else self.censored
        companion = self.censored if hidden == "events" else self.events
        stay_low, stay_high = self._staying_interval(row, at_risk, policy)
        n_low, n_high = rules.possible(rules.rounded(self.n, policy), policy)
        other_low, other_high = rules.possible(rules.rounded(int(companion[row]), policy), policy)
        low, high = n_low - stay_high - other_high, n_high - stay_low - other_low
        before = [at for at in same if at < row]
        after = [at for at in same if at > row]
        since = low - _bounds(truth, max(before), policy)[1] if before else low
        until = _bounds(truth, min(after), policy)[0] - high if after else 0
        return 0 < since < policy.k or 0 < until < policy.k

    def _staying_interval(self, row: int, at_risk: set[int], policy: Policy) -> tuple[int, int]:
        """Return what a reader can conclude of the people who stay after an edge, if nobody leaves exactly on it."""
        if row == len(self.edges_days) - 1:
            # At the horizon everybody leaves; where the curve stops earlier, fewer than k stay.
            return (0, 0) if self.staying[row] == 0 else (0, policy.k - 1)
        if row in at_risk:
            return _bounds(self.at_risk, row, policy)
        before = max(at for at in at_risk | {0} if at < row)
        after = [at for at in at_risk if at > row]
        low = _bounds(self.at_risk, min(after), policy)[0] if after else 0
        return low, _bounds(self.at_risk, before, policy)[1]


def _running(counts: Counts) -> Counts:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _bounds(truth: Counts, row: int, policy: Policy) -> tuple[int, int]:
    return rules.possible(rules.rounded(int(truth[row]), policy), policy)


def _cells(truth: Counts, shown: set[int], policy: Policy) -> list[int | Suppressed]:
    cells: list[int | Suppressed] = []
    for row, n in enumerate(truth.tolist()):
        if row in shown:
            cells.append(rules.rounded(n, policy))
        elif n < policy.k:
            cells.append(Suppressed("small_count", policy.k))
        else:
            cells.append(Suppressed("differencing"))
    return cells

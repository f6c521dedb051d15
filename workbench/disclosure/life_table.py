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

    @classmethod
    def of_bins(cls, curve: pl.DataFrame, n: int, horizon_days: float) -> LifeTable:
        """Count *n* people at the edges of the bins of a :class:`workbench.statistics.results.GridCurves` frame.

        What is at risk at an edge are the people who enter the next bin: a table of bins does not say who leaves on the
        day of the edge itself.
        """
        events, censored = (_running(curve[name].to_numpy()) for name in ("events", "censored"))
        at_risk = n - events - censored
        completed = np.zeros_like(at_risk)
        if curve["time"][-1] == horizon_days:
            completed[-1] = at_risk[-1]  # whoever is followed to the horizon leaves at it
        return cls(
            edges_days=(0.0, *curve["time"].to_list()),
            at_risk=at_risk,
            staying=at_risk - completed,
            events=events,
            censored=censored + completed,
        )

    @property
    def n(self) -> int:
        """People in the group."""
        return int(self.staying[0])

    def until_stop(self, policy: Policy) -> LifeTable:
        """Return the table up to the first edge after which fewer than k people are followed."""
        few = np.flatnonzero(self.staying < policy.k)
        rows = int(few[0]) + 1 if few.size else len(self.edges_days)
        return self.at([row < rows for row in range(len(self.edges_days))])

    def at(self, kept: Sequence[bool]) -> LifeTable:
        """Return the table at some of its edges; the first, time 0, is always kept."""
        rows = [row for row, keep in enumerate(kept) if keep or row == 0]
        edges = tuple(self.edges_days[row] for row in rows)
        return LifeTable(edges, self.at_risk[rows], self.staying[rows], self.events[rows], self.censored[rows])

    def passes(self, policy: Policy) -> bool:
        """Return whether each bin starts with k people and stands for k who leave in it (and the events asked for)."""
        leavers = -np.diff(self.staying)
        if self.n < policy.k or not leavers.size:
            return False
        return bool(leavers.min() >= policy.k and np.diff(self.events).min() >= policy.bin_events)

    def shown(self, policy: Policy) -> dict[str, list[int | Suppressed]]:
        """Return ``at_risk``, ``events`` and ``censored`` as they may be shown, one value an edge.

        In each column neighbours differ by k or more. Events and censored are shown at the same edges or not at all, and
        look alike where they are hidden: with the people at risk, one of the two would tell the other.
        """
        at_risk = rules.spaced(self.at_risk.tolist(), policy)
        both = {0, *rules.spaced_together(self.events.tolist(), self.censored.tolist(), policy)}
        hidden = Suppressed("differencing")
        return {
            "at_risk": [
                rules.rounded(n, policy) if row in at_risk else rules.too_near(n, policy)
                for row, n in enumerate(self.at_risk.tolist())
            ],
            "events": [
                rules.rounded(n, policy) if row in both else hidden for row, n in enumerate(self.events.tolist())
            ],
            "censored": [
                rules.rounded(n, policy) if row in both else hidden for row, n in enumerate(self.censored.tolist())
            ],
        }


def _running(counts: Counts) -> Counts:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

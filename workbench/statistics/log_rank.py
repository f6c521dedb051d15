"""Observed against expected events: what each stratum contributes to the log-rank test, and the test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import chdtrc

from workbench.statistics.columns import MISSING
from workbench.statistics.errors import AnalysisError
from workbench.statistics.event_table import EventTable
from workbench.statistics.records import Record, add_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class EventTables(Record):
    """One event table for each declared stratum: additive over any people."""

    strata: tuple[str, ...]
    tables: tuple[EventTable, ...]

    @classmethod
    def of(
        cls,
        time: npt.NDArray[np.float64],
        event: npt.NDArray[np.bool_],
        *,
        group: npt.NDArray[np.int64],
        groups: Sequence[str],
        entry: npt.NDArray[np.float64] | None = None,
        stratum: npt.NDArray[np.int64] | None = None,
        strata: Sequence[str] = ("all",),
    ) -> Self:
        """Count people by stratum; those of unknown stratum (−1) are missing in the first table.

        The other parameters are those of :meth:`EventTable.of`.
        """
        rows_of: list[slice | npt.NDArray[np.int64]] = [slice(None)]  # without strata nothing has to be copied
        if stratum is not None:
            time, stratum = np.where(stratum == MISSING, np.nan, time), np.maximum(stratum, 0)
            order = np.argsort(stratum, kind="stable")
            rows_of = list(np.split(order, np.searchsorted(stratum[order], np.arange(1, len(strata)))))
        tables = (
            EventTable.of(
                time[rows],
                event[rows],
                group=group[rows],
                groups=groups,
                entry=None if entry is None else entry[rows],
            )
            for rows in rows_of
        )
        return cls(tuple(strata), tuple(tables))

    def merge(self, other: Self) -> Self:
        """Add stratum to stratum."""
        if self.strata != other.strata:
            raise AnalysisError(f"Tables of other strata cannot be added: {self.strata} and {other.strata}.")
        merged = (one.merge(two) for one, two in zip(self.tables, other.tables, strict=True))
        return type(self)(self.strata, tuple(merged))

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """People in each group, shape (n_groups,)."""
        return np.sum([table.n for table in self.tables], axis=0)

    @property
    def observed(self) -> npt.NDArray[np.int64]:
        """Events in each group, shape (n_groups,)."""
        return np.sum([table.events.sum(axis=1) for table in self.tables], axis=0)

    def by_stratum(self) -> LogRankByStratum:
        """Return the sums of the log-rank test over all strata."""
        return reduce(LogRankByStratum.merge, map(LogRankByStratum.of, self.tables))


@dataclass(frozen=True, eq=False)
class LogRankByStratum(Record):
    """Sums of the log-rank test: additive over strata, so a stratum's people must have been counted together.

    Attributes
    ----------
    groups : tuple of str
        Labels, in the declared order.
    n, observed : arrays of int, shape (n_groups,)
        People, and events among them.
    expected : array of float, shape (n_groups,)
        Events expected if the groups' hazards were equal within each stratum.
    variance : array of float, shape (n_groups, n_groups)
        Hypergeometric variance of observed − expected.
    n_missing : int or None
        People who could not be placed; None if a site keeps it to itself.
    """

    groups: tuple[str, ...]
    n: npt.NDArray[np.int64]
    observed: npt.NDArray[np.int64]
    expected: npt.NDArray[np.float64]
    variance: npt.NDArray[np.float64]
    n_missing: int | None = 0

    @classmethod
    def of(cls, table: EventTable) -> Self:
        """Sum over the times of one stratum.

        At a time with ``n_g`` people at risk in group g, n in all and d events, ``n_g d / n`` events are
        expected in group g, with variance ``d (n − d) / (n − 1) · (n_g / n) (1 − n_g / n)`` and the
        matching covariances (Mantel, 1966).
        """
        events = table.events.sum(axis=0)
        at_risk = table.at_risk[:, events > 0].astype(np.float64)
        d, n = events[events > 0], at_risk.sum(axis=0)
        share = at_risk / n
        spread = d * (n - d) / np.maximum(n - 1, 1)  # a single person at risk leaves no choice, so no variance
        return cls(
            groups=table.groups,
            n=table.n,
            observed=table.events.sum(axis=1),
            expected=share @ d,
            variance=np.diag(share @ spread) - (share * spread) @ share.T,
            n_missing=table.n_missing,
        )

    def merge(self, other: Self) -> Self:
        """Add the sums of other strata."""
        if self.groups != other.groups:
            raise AnalysisError(f"Sums of other groups cannot be added: {self.groups} and {other.groups}.")
        return type(self)(
            self.groups,
            self.n + other.n,
            self.observed + other.observed,
            self.expected + other.expected,
            self.variance + other.variance,
            add_told(self.n_missing, other.n_missing),
        )

    def chi_square(self) -> tuple[float, int, float]:
        """Return the statistic ``(O − E)' V⁻¹ (O − E)``, its degrees of freedom and the p-value.

        Groups of which nobody was at risk at an event carry no information and take no degree of freedom.

        Raises
        ------
        AnalysisError
            If nobody had the event, or fewer than two groups were at risk when it happened.
        """
        if not self.observed.sum():
            raise AnalysisError(
                "Nobody had the event, so there is nothing to compare. Check the event and the follow-up."
            )
        at_stake = np.flatnonzero(np.diag(self.variance) > 0)
        if at_stake.size < 2:
            raise AnalysisError(
                "Fewer than two groups were at risk when events happened, so they cannot be compared "
                f"(groups: {', '.join(self.groups)}). Choose groups that were followed over the same time."
            )
        free = at_stake[1:]  # the differences sum to zero: one group is given by the others
        difference = (self.observed - self.expected)[free]
        statistic = float(difference @ np.linalg.solve(self.variance[np.ix_(free, free)], difference))
        return statistic, free.size, float(chdtrc(free.size, statistic))

"""The life table behind Kaplan–Meier, log-rank and the number at risk: who left when, and why, by group.

Counts only, so adding tables of disjoint people is exact in every order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from workbench.statistics.columns import MISSING
from workbench.statistics.errors import AnalysisError
from workbench.statistics.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_DROPPED_BITS = 19  # of the 52 bits of a double's fraction; 33 stay, a little under ten decimal digits


def round_times(time: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Round times to 34 binary digits (ten decimal ones), so that 0.1 + 0.2 and 0.3 are one time.

    Times that differ only by the rounding error of a few sums or a change of unit become equal; times that a
    person would write differently stay apart. The rule looks at one number at a time, so that every partition
    rounds alike, and at its leading digits, so that the unit does not matter. Whole numbers up to 1.7e10 are
    untouched.

    Parameters
    ----------
    time : array of float, shape (n,)
        Finite.
    """
    bits = np.ascontiguousarray(time, dtype=np.float64).view(np.int64)
    half, kept = 1 << (_DROPPED_BITS - 1), ~((1 << _DROPPED_BITS) - 1)
    return ((bits + half) & kept).view(np.float64)


def distinct_times(time: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the distinct times, ascending, and the place of each given time among them."""
    if time.size and time.min() >= 0 and time.max() <= 4 * time.size:
        day = time.astype(np.int64)
        if np.array_equal(day, time):  # whole days in a usual range: counting is several times faster than sorting
            seen = np.bincount(day) > 0
            return np.flatnonzero(seen).astype(np.float64), (np.cumsum(seen) - 1)[day]
    return np.unique(time, return_inverse=True)


@dataclass(frozen=True, eq=False)
class EventTable(Record):
    """Counts at each distinct time, by group: additive over any people.

    Attributes
    ----------
    groups : tuple of str
        Labels, in the declared order.
    time : array of float, shape (n_times,)
        Distinct times at which anybody entered or left, ascending.
    from_start : array of int, shape (n_groups,)
        People followed from the beginning, before the first time.
    entries, events, censored : arrays of int, shape (n_groups, n_times)
        People whose follow-up began after the beginning, at this time; who had the event; whose follow-up
        ended without it.
    n_missing : int
        People who could not be placed in the table.
    """

    groups: tuple[str, ...]
    time: npt.NDArray[np.float64]
    from_start: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    censored: npt.NDArray[np.int64]
    n_missing: int = 0

    @classmethod
    def of(
        cls,
        time: npt.NDArray[np.float64],
        event: npt.NDArray[np.bool_],
        *,
        group: npt.NDArray[np.int64] | None = None,
        groups: Sequence[str] = ("all",),
        entry: npt.NDArray[np.float64] | None = None,
    ) -> Self:
        """Count people.

        Parameters
        ----------
        time : array of float, shape (n_people,)
            Time of event or censoring; nan if unknown.
        event : array of bool, shape (n_people,)
            True if the event happened then.
        group : array of int, shape (n_people,), optional
            Place among ``groups``; −1 if unknown.
        groups : sequence of str
            Labels.
        entry : array of float, shape (n_people,), optional
            When each person came under observation; at risk for ``entry < t <= time``.

        Raises
        ------
        AnalysisError
            If somebody's follow-up does not begin before it ends.
        """
        group = np.zeros(len(time), dtype=np.int64) if group is None else group
        entry = np.full(len(time), -np.inf) if entry is None else entry
        known = ~np.isnan(time) & ~np.isnan(entry) & (group != MISSING)
        n_missing = int(len(known) - known.sum())
        if n_missing:
            time, event, group, entry = time[known], event[known], group[known], entry[known]
        late = np.isfinite(entry)
        exits, entered = round_times(time), round_times(entry[late])
        require_entry_before_exit(entered, exits[late])
        distinct, place = distinct_times(np.concatenate([exits, entered]))

        shape = (len(groups), distinct.size)
        left = group * distinct.size + place[: len(exits)]
        by_outcome = np.bincount(2 * left + event, minlength=2 * len(groups) * distinct.size).reshape(*shape, 2)
        joined = group[late] * distinct.size + place[len(exits) :]
        return cls(
            groups=tuple(groups),
            time=distinct,
            from_start=np.bincount(group[~late], minlength=len(groups)),
            entries=np.bincount(joined, minlength=len(groups) * distinct.size).reshape(shape),
            events=by_outcome[:, :, 1].copy(),
            censored=by_outcome[:, :, 0].copy(),
            n_missing=n_missing,
        )

    @classmethod
    def empty(cls, groups: Sequence[str] = ("all",)) -> Self:
        """Return the table of nobody."""
        return cls.of(np.empty(0), np.empty(0, dtype=bool), groups=groups)

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """People in each group, shape (n_groups,)."""
        return self.from_start + self.entries.sum(axis=1)

    @property
    def at_risk(self) -> npt.NDArray[np.int64]:
        """People who entered before each time and had not left, shape (n_groups, n_times)."""
        change = self.entries - self.events - self.censored
        return self.from_start[:, None] + np.cumsum(change, axis=1) - change

    def merge(self, other: Self) -> Self:
        """Add the table of other people: the union of the times, the sum of the counts."""
        if self.groups != other.groups:
            raise AnalysisError(f"Tables of other groups cannot be added: {self.groups} and {other.groups}.")
        time = np.union1d(self.time, other.time)
        return type(self)(
            groups=self.groups,
            time=time,
            from_start=self.from_start + other.from_start,
            entries=_spread(self, "entries", time) + _spread(other, "entries", time),
            events=_spread(self, "events", time) + _spread(other, "events", time),
            censored=_spread(self, "censored", time) + _spread(other, "censored", time),
            n_missing=self.n_missing + other.n_missing,
        )


def require_entry_before_exit(entry: npt.NDArray[np.float64], time: npt.NDArray[np.float64]) -> None:
    """Refuse follow-up that does not begin before it ends."""
    if (entry >= time).any():
        raise AnalysisError(
            "Somebody's follow-up does not begin before it ends (entry >= time). "
            "Correct the times, or leave these rows out: nobody is at risk in an empty interval."
        )


def _spread(table: EventTable, name: str, time: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    counts = np.zeros((len(table.groups), time.size), dtype=np.int64)
    counts[:, np.searchsorted(time, table.time)] = getattr(table, name)
    return counts

"""Counts, means and squared deviations that add across partitions without losing digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from workbench.statistics.columns import MISSING
from workbench.statistics.records import Record

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Moments(Record):
    """How many, their mean, and the sum of squared deviations from it; one entry a group (or a column).

    Merged by the pairwise update of Chan, Golub & LeVeque (1983), Am Stat 37:242–247, which does not
    subtract large sums of squares from each other.
    """

    n: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float64]
    centred_squares: npt.NDArray[np.float64]

    @classmethod
    def by_group(cls, values: npt.NDArray[np.float64], group: npt.NDArray[np.int64], n_groups: int) -> Self:
        """Summarise values, none missing, by group."""
        n = np.bincount(group, minlength=n_groups)
        mean = _group_sums(values, group, n_groups) / np.maximum(n, 1)
        squares = _group_sums((values - mean[group]) ** 2, group, n_groups)
        return cls(n, mean, squares)

    @classmethod
    def by_column(cls, values: npt.NDArray[np.float64]) -> Self:
        """Summarise each column of a matrix of shape (n_people, n_columns), none missing."""
        n = np.full(values.shape[1], len(values), dtype=np.int64)
        mean = values.sum(axis=0) / np.maximum(n, 1)
        return cls(n, mean, ((values - mean) ** 2).sum(axis=0))

    def merge(self, other: Self) -> Self:
        """Add the moments of other people."""
        n = self.n + other.n
        share = other.n / np.maximum(n, 1)
        apart = other.mean - self.mean
        return type(self)(
            n,
            self.mean + apart * share,
            self.centred_squares + other.centred_squares + apart**2 * self.n * share,
        )

    @property
    def sd(self) -> npt.NDArray[np.float64]:
        """Standard deviation with n − 1 in the denominator; nan where fewer than two."""
        degrees = np.where(self.n > 1, self.n - 1, np.nan)
        return np.sqrt(self.centred_squares / degrees)


@dataclass(frozen=True, eq=False)
class NumberStatistics(Record):
    """What groups of people contribute to the summary of a number.

    ``total``, ``largest`` and ``second_largest`` are of absolute values and serve the gate's dominance rule. They are
    values of single people; a site that has applied the rule keeps them and sends zeros (:meth:`without_extremes`).
    """

    moments: Moments
    n_missing: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    largest: npt.NDArray[np.float64]
    second_largest: npt.NDArray[np.float64]

    @classmethod
    def of(cls, values: npt.NDArray[np.float64], group: npt.NDArray[np.int64], n_groups: int) -> Self:
        """Summarise values (nan where missing) by group."""
        known = ~np.isnan(values)
        present, place = values[known], group[known]
        size = np.abs(present)
        top = np.stack([_two_largest(size[place == g]) for g in range(n_groups)])
        return cls(
            moments=Moments.by_group(present, place, n_groups),
            n_missing=np.bincount(group[~known], minlength=n_groups),
            total=_group_sums(size, place, n_groups),
            largest=top[:, 1],
            second_largest=top[:, 0],
        )

    def merge(self, other: Self) -> Self:
        """Add the contribution of other people."""
        four = np.stack([self.largest, self.second_largest, other.largest, other.second_largest])
        four.sort(axis=0)
        return type(self)(
            moments=self.moments.merge(other.moments),
            n_missing=self.n_missing + other.n_missing,
            total=self.total + other.total,
            largest=four[3],
            second_largest=four[2],
        )

    def without_extremes(self) -> Self:
        """Return the same moments with zeros for total and extremes, for a site whose gate has applied the rule to them.

        What passes at each site passes in the sum. Let l, s, t be a site's largest, second largest and total.
        Dominance: the two largest of all sites are at most the sum of two sites' ``l + s``, each at most the share
        of its own total. p %: if the second largest of all is another site's l′ ≥ s, then what is left of the whole
        total without the two is at least ``t − l ≥ p l``.
        """
        nothing = np.zeros_like(self.total)
        return type(self)(self.moments, self.n_missing, nothing, nothing, nothing)


@dataclass(frozen=True, eq=False)
class LevelCounts(Record):
    """People at each level, shape (n_levels, n_groups), and of unknown level, shape (n_groups,)."""

    counts: npt.NDArray[np.int64]
    n_missing: npt.NDArray[np.int64]

    @classmethod
    def of(cls, level: npt.NDArray[np.int64], group: npt.NDArray[np.int64], *, n_levels: int, n_groups: int) -> Self:
        """Count levels (−1 where missing) by group."""
        known = level != MISSING
        cells = np.bincount(level[known] * n_groups + group[known], minlength=n_levels * n_groups)
        return cls(cells.reshape(n_levels, n_groups), np.bincount(group[~known], minlength=n_groups))

    def merge(self, other: Self) -> Self:
        """Add the counts of other people."""
        return type(self)(self.counts + other.counts, self.n_missing + other.n_missing)


def _group_sums(
    values: npt.NDArray[np.float64], group: npt.NDArray[np.int64], n_groups: int
) -> npt.NDArray[np.float64]:
    return np.bincount(group, weights=values, minlength=n_groups).astype(np.float64)


def _two_largest(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the second largest and the largest, zero where there are fewer than two."""
    if values.size < 2:
        return np.concatenate([np.zeros(2 - values.size), values])
    return np.partition(values, -2)[-2:]

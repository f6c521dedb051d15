"""The people of a cohort as engines see them: fixed units of work, and a frame for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import polars as pl

from data_catalog.errors import did_you_mean
from workbench.statistics.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, order=True)
class Unit:
    """One unit of work: a bucket of the people of a site. A person is in one unit only."""

    site: str
    bucket: int = 0


class People(Protocol):
    """Where an engine gets people from.

    The frame of a unit has a row a cohort entry and (at least) the columns that the analysis asks for. Its
    rows come in the same order each time, because the last digit of a sum depends on the order.
    """

    def units(self) -> Sequence[Unit]:
        """Return the units of work, sorted."""
        ...

    def frame(self, unit: Unit) -> pl.DataFrame:
        """Return the people of one unit."""
        ...


@dataclass(frozen=True)
class WholeSites:
    """The same people with each site as one unit: its buckets one below the other."""

    people: People

    def units(self) -> tuple[Unit, ...]:
        """Return a unit a site."""
        return tuple(sorted({Unit(unit.site) for unit in self.people.units()}))

    def frame(self, unit: Unit) -> pl.DataFrame:
        """Return the people of one site, in the order of its buckets."""
        buckets = sorted(each for each in self.people.units() if each.site == unit.site)
        return pl.concat([self.people.frame(bucket) for bucket in buckets])


@dataclass(frozen=True)
class FramePeople:
    """A plain frame as one undivided unit."""

    people: pl.DataFrame

    def units(self) -> tuple[Unit, ...]:
        """Return the only unit."""
        return (Unit("all"),)

    def frame(self, unit: Unit) -> pl.DataFrame:  # noqa: ARG002  there is only one
        """Return everybody."""
        return self.people


@dataclass(frozen=True)
class SplitFrame:
    """A plain frame divided into units by its own columns.

    Parameters
    ----------
    people : DataFrame
        One row a cohort entry.
    site : str
        Column with the site.
    bucket : str, optional
        Column with the bucket, a whole number; without it each site is one unit.

    Raises
    ------
    AnalysisError
        If a column does not exist or has no value for somebody.
    """

    people: pl.DataFrame
    site: str
    bucket: str | None = None

    def __post_init__(self) -> None:
        """Check that everybody is in one unit."""
        for name in filter(None, (self.site, self.bucket)):
            if name not in self.people.columns:
                nearest = did_you_mean(name, self.people.columns)
                raise AnalysisError(f"There is no column {name!r} to split by. {nearest}")
            if n := self.people[name].null_count():
                raise AnalysisError(
                    f"{name!r} has missing values ({n}): these people belong to no unit of work. Fill it in first."
                )

    def units(self) -> tuple[Unit, ...]:
        """Return the pairs of site and bucket that occur."""
        keys = self.people.select(self._site().alias("site"), self._bucket().alias("bucket"))
        return tuple(sorted(Unit(site, bucket) for site, bucket in keys.unique().iter_rows()))

    def frame(self, unit: Unit) -> pl.DataFrame:
        """Return the people of one unit, in the order of the frame."""
        return self.people.filter(self._site() == unit.site, self._bucket() == unit.bucket)

    def _site(self) -> pl.Expr:
        return pl.col(self.site).cast(pl.String)

    def _bucket(self) -> pl.Expr:
        return pl.lit(0) if self.bucket is None else pl.col(self.bucket).cast(pl.Int64)

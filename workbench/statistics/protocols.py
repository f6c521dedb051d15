"""What every engine asks of an analysis: contributions from partitions of people, and how to merge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from workbench.cohorts.variables import Variable
    from workbench.statistics.sizes import Sizes


class Statistic(Protocol):
    """What one partition of people contributes: small, free of rows, and mergeable.

    ``merge`` is associative and the statistic of no people is its identity, for the partitions that the
    class claims.
    """

    def merge(self, other: Self) -> Self:
        """Return the statistic of both partitions together."""
        ...


@runtime_checkable
class Another(Protocol):
    """What ``finish`` returns when it needs one more round, with the state that partitions get in it."""

    state: Any


@dataclass(frozen=True)
class NextRound:
    """The plain :class:`Another`."""

    state: Any


class Analysis(Protocol):
    """A question answered by merging what partitions of people contribute, in one round or several."""

    @property
    def variables(self) -> Sequence[Variable]:
        """What the analysis needs to know of each person."""
        ...

    def local(self, people: pl.DataFrame, state: Any) -> Statistic:
        """Return the contribution of one partition; ``state`` is None in the first round."""
        ...

    def finish(self, total: Any) -> Any:
        """Return the exact result, or :class:`Another` with the state of the next round."""
        ...


@runtime_checkable
class Sized(Protocol):
    """An analysis that says how many people and events stand behind a statistic before it finishes.

    Whatever cannot be made of nobody must say so: what ``finish`` raises then is in words, and those tell nobody from few.
    """

    def sizes(self, total: Any) -> Sizes | None:
        """Return the sizes of the groups, or of the model; None where a statistic does not have them, as one round did before."""
        ...


def needs_whole_sites(analysis: Analysis) -> bool:
    """Say whether an analysis takes each site for a stratum, so that all people of a site belong into one unit of work.

    Such an analysis says ``whole_sites = True``. Its statistics add over sites, not over any people.
    """
    return bool(getattr(analysis, "whole_sites", False))


@runtime_checkable
class Prepares(Protocol):
    """An analysis of several rounds that turns a frame into arrays once.

    An engine may call ``prepare`` once a unit and give what it returns, in place of the frame, to every
    ``local``.
    """

    def prepare(self, people: pl.DataFrame) -> Any:
        """Return whatever ``local`` can use instead of the frame."""
        ...

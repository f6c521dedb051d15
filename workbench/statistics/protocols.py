"""What every engine asks of an analysis: a contribution from each partition of people, and a way to merge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from workbench.cohorts.variables import Variable


class Statistic(Protocol):
    """What one partition of people contributes: small, free of rows, and mergeable.

    ``merge`` is associative and the statistic of no people is its identity, for the partitions that the class claims.
    """

    def merge(self, other: Self) -> Self:
        """Return the statistic of both partitions together."""
        ...


@runtime_checkable
class Another(Protocol):
    """What ``finish`` returns when it needs one more round: the state that each partition is given in that round."""

    state: Any


class Analysis(Protocol):
    """A question that is answered by merging what partitions of people contribute, in one round or several."""

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

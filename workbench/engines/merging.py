"""The one order in which every engine adds contributions, so that they agree to the last digit."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.engines.people import Unit


def merge_tree(contributions: Iterable[tuple[Unit, Any]]) -> Any:
    """Merge the buckets of each site, then the sites.

    Parameters
    ----------
    contributions : iterable of (Unit, Statistic)
        At least one, in the order of the units.

    Returns
    -------
    Statistic
        The statistic of everybody.
    """
    sites = groupby(contributions, key=lambda contribution: contribution[0].site)
    return merge_in_pairs([merge_in_pairs([part for _, part in buckets]) for _, buckets in sites])


def merge_in_pairs(parts: Sequence[Any]) -> Any:
    """Merge neighbours, then neighbours of the results, until one is left."""
    level = list(parts)
    while len(level) > 1:
        merged = [one.merge(other) for one, other in zip(level[::2], level[1::2], strict=False)]
        level = merged + level[len(merged) * 2 :]
    return level[0]

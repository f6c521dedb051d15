"""Groups that are compared: their sizes, and that somebody must be in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.statistics.errors import AnalysisError
from workbench.statistics.sizes import GroupSizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from workbench.cohorts.variables import Variable


def group_sizes(
    by: Variable | None,
    groups: Sequence[str],
    n: npt.NDArray[np.int64],
    events: npt.NDArray[np.int64] | None = None,
) -> GroupSizes:
    """Return people and, where they are counted, events by group."""
    return GroupSizes(
        None if by is None else by.label,
        dict(zip(groups, n.tolist(), strict=True)),
        None if events is None else dict(zip(groups, events.tolist(), strict=True)),
    )


def require_every_group(groups: Sequence[str], n: npt.NDArray[np.int64], by: Variable | None) -> None:
    """Refuse a declared level that nobody has, by its name."""
    if by is None:
        if not n.sum():
            raise AnalysisError("Nobody in this cohort has the follow-up that was asked for. Check its definition.")
        return
    empty = [label for label, size in zip(groups, n, strict=True) if not size]
    if empty:
        names = ", ".join(repr(label) for label in empty)
        raise AnalysisError(
            f"Nobody with known follow-up is at level {names} of {by.label!r}. "
            "Leave the level out of the declared ones, or join it with another."
        )

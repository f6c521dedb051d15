"""A released survival result with some of its groups left out: less of what was released already, never anything new."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.disclosure import ReleasedSurvival


def only_groups(released: ReleasedSurvival, groups: Sequence[str]) -> ReleasedSurvival:
    """Return the result with these groups only, in their own order.

    The caption counts the people of all groups, and says so.
    """
    kept = tuple(group for group in released.groups if group in groups)
    if kept == released.groups:
        return released
    place = released.table.column_names.index("group")
    rows = tuple(row for row in released.table.rows if row[place] in kept)
    caption = f"All groups together: {released.table.caption}"
    return replace(released, groups=kept, table=replace(released.table, rows=rows, caption=caption))

"""What a catalog holds, as it may be shown to somebody who looks for data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.disclosure import rules, wording
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column, ReleasedTable

if TYPE_CHECKING:
    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import CatalogContents

_COLUMNS = (
    Column("site", "Site"),
    Column("table", "Table"),
    Column("n_people", "People", kind="count"),
    Column("n_rows", "Rows", kind="count"),
)


def release_contents(result: CatalogContents, policy: Policy) -> ReleasedTable:
    """Return one row a site and table: ``site``, ``table``, ``n_people``, ``n_rows``.

    Rows are rounded like people, and hidden where there are too few people: a table of one row a person would tell them.
    """
    rows: list[tuple[Cell, ...]] = []
    for each in result.tables:
        people = rules.count(each.n_people, policy)
        n_rows = Suppressed("small_count") if isinstance(people, Suppressed) else rules.rounded(each.n_rows, policy)
        rows.append((each.site, each.table, people, n_rows))
    return ReleasedTable(
        name="contents",
        title="What the catalog holds",
        columns=_COLUMNS,
        rows=tuple(rows),
        notes=wording.notes(policy, rows, *result.remarks),
        policy=policy.label,
    )

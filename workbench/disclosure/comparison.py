"""A test between groups as it may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.disclosure import rules, wording
from workbench.disclosure.released import ReleasedTest
from workbench.disclosure.sizes import require_enough
from workbench.disclosure.table import Cell, Column, ReleasedTable

if TYPE_CHECKING:
    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import TestResult

_COLUMNS = (
    Column("group", "Group"),
    Column("n", "People", kind="count"),
    Column("events", "Events", kind="count"),
    Column("expected", "Events expected", kind="count"),
)


def release_test(result: TestResult, policy: Policy) -> ReleasedTest:
    """Return statistic, degrees of freedom and p-value as they are, and the counts behind them rounded.

    Raises
    ------
    DisclosureError
        If a group has fewer than k people or events.
    """
    require_enough(result.sizes, policy)
    rows: list[tuple[Cell, ...]] = []
    for group in result.groups:
        # An expectation is no count of people, but exact ones would give the observed events away.
        expected = rules.rounded(round(group.expected), policy)
        events = rules.part(group.events, group.n, policy)
        rows.append((group.label, rules.rounded(group.n, policy), events, expected))
    people, events = (rules.total([row[place] for row in rows]) for place in (1, 2))  # type: ignore[misc]
    missing = rules.missing(result.n_missing, policy)
    table = ReleasedTable(
        name="test",
        title=f"{result.method}: {result.event_label} by {result.by}",
        columns=_COLUMNS,
        rows=tuple(rows),
        caption=" ".join(
            (
                f"χ² = {result.statistic:.2f}, degrees of freedom {result.degrees_of_freedom}, {_p(result.p_value)}.",
                wording.counts(people=people, events=events, missing=missing),
            )
        ),
        notes=wording.notes(policy, rows),
        policy=policy.label,
    )
    return ReleasedTest(
        table=table,
        method=result.method,
        by=result.by,
        event_label=result.event_label,
        statistic=result.statistic,
        degrees_of_freedom=result.degrees_of_freedom,
        p_value=result.p_value,
    )


def _p(value: float) -> str:
    from workbench.disclosure.display import format_cell

    shown = format_cell(value, Column("p_value", "p", kind="p_value"))
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"

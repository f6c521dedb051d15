"""Table 1 as it may be shown: counts that cannot be recovered from one another, moments that no one person makes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from workbench.disclosure import differences, rules, wording
from workbench.disclosure.sizes import require_enough
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column, ReleasedTable
from workbench.statistics.results import NumberSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import GroupSummary, LevelSummary

_YES = "yes"
_DIGITS_OF_SD = 3


def release_summary(result: GroupSummary, policy: Policy) -> ReleasedTable:
    """Return one row a number, level, and count of missing values; for each group four columns, and a difference.

    ``variable``, ``level`` ("mean", the level's name, or "missing") and ``characteristic`` name the row; ``<group>__n``,
    ``<group>__percent`` (0–100), ``<group>__mean``, ``<group>__sd`` hold the values, and ``difference`` the
    standardised mean difference where there are two groups or more.

    Percentages are made of rounded counts: of the people with a value where the missing are shown, else of the group.
    There is no column for all groups together, because a hidden cell would follow from it by subtraction. Of yes/no
    variables only "yes" is shown. A row of missing values appears only where a group has k or more.

    Raises
    ------
    DisclosureError
        If a group has fewer than k people.
    """
    require_enough(result.sizes, policy)
    rows: list[tuple[Cell, ...]] = []
    for variable in result.variables:
        if isinstance(variable, NumberSummary):
            rows.extend(_number_rows(variable, result, policy))
        else:
            rows.extend(_level_rows(variable, result, policy))
    sizes = [rules.rounded(n, policy) for n in result.n]
    counts: dict[str, Cell] = {"people": rules.total(sizes)}
    if result.by is not None:
        counts["group unknown"] = rules.missing(result.n_missing_group, policy)
    return ReleasedTable(
        name="table_1",
        title="Characteristics" + (f" by {result.by}" if result.by else ""),
        columns=_columns(result, sizes),
        rows=tuple(rows),
        caption=wording.counts(**counts),
        notes=wording.notes(
            policy,
            rows,
            "Numbers are mean (standard deviation), counts are n (percentage from rounded counts).",
            f"Where no row says how many values are missing, it is fewer than {policy.k} (or none) in each group.",
        ),
        policy=policy.label,
    )


def _columns(result: GroupSummary, sizes: list[int]) -> tuple[Column, ...]:
    columns = [
        Column("variable", "Variable", shown=False),
        Column("level", "Level", shown=False),
        Column("characteristic", "Characteristic"),
    ]
    for group, size in zip(result.groups, sizes, strict=True):
        heading = f"{result.by}: {group} (n = {size:,})" if result.by else f"{group} (n = {size:,})"
        columns += [
            Column(f"{group}__n", f"{group}: people", kind="count", heading=heading),
            Column(f"{group}__percent", f"{group}: percentage", kind="percent", heading=heading),
            Column(f"{group}__mean", f"{group}: mean", kind="number", heading=heading),
            Column(f"{group}__sd", f"{group}: standard deviation", kind="number", heading=heading),
        ]
    if len(result.groups) > 1:
        columns.append(Column("difference", "Standardised difference", kind="number", decimals=2))
    return tuple(columns)


def _row(names: tuple[str, str, str], by_group: Sequence[tuple[Cell, ...]], difference: Cell) -> tuple[Cell, ...]:
    cells = [cell for group in by_group for cell in group]
    return (*names, *cells, difference) if len(by_group) > 1 else (*names, *cells)


def _number_rows(variable: NumberSummary, result: GroupSummary, policy: Policy) -> Iterator[tuple[Cell, ...]]:
    moments = [_moments(variable, group, policy) for group in range(len(result.groups))]
    exact = [
        mean if isinstance(mean, Suppressed) else (variable.mean[group], variable.sd[group])
        for group, (mean, _) in enumerate(moments)
    ]
    label = f"{variable.label} ({variable.unit})" if variable.unit else variable.label
    yield _row(
        (variable.name, "mean", f"{label}, mean (SD)"),
        [(None, None, *pair) for pair in moments],
        differences.largest(exact, differences.of_numbers),
    )
    yield from _missing_row(variable, result, policy)


def _moments(variable: NumberSummary, group: int, policy: Policy) -> tuple[Cell, Cell]:
    refused = rules.magnitude(
        n=variable.n[group],
        absolute_total=variable.total[group],
        largest=variable.largest[group],
        second_largest=variable.second_largest[group],
        policy=policy,
    )
    mean, sd = variable.mean[group], variable.sd[group]
    if refused is None and not sd:
        refused = Suppressed("group_attribute")  # a spread of zero tells everybody's value
    if refused is not None or mean is None or sd is None:
        return refused, refused
    # Three digits of the spread; more would help to find the exact number of people, fewer would hide a difference.
    decimals = max(0, _DIGITS_OF_SD - 1 - math.floor(math.log10(sd)))
    if decimals == 0:
        return round(mean), round(sd)
    return round(mean, decimals), round(sd, decimals)


def _level_rows(variable: LevelSummary, result: GroupSummary, policy: Policy) -> Iterator[tuple[Cell, ...]]:
    columns = [_level_cells(variable, group, policy) for group in range(len(result.groups))]
    yes = _yes(variable)
    shown = range(len(variable.levels)) if yes is None else [yes]
    if yes is None:
        shares = [differences.proportions([percent for _, percent in column]) for column in columns]
    else:
        shares = [differences.proportions([column[yes][1]]) for column in columns]
    difference = differences.largest(shares, differences.of_levels)
    for place, level in enumerate(shown):
        name = variable.levels[level]
        label = variable.label if yes is not None else f"{variable.label}: {name}"
        yield _row(
            (variable.name, name, f"{label}, n (%)"),
            [(*column[level], None, None) for column in columns],
            difference if place == 0 else None,
        )
    yield from _missing_row(variable, result, policy)


def _yes(variable: LevelSummary) -> int | None:
    """Return the one level of a yes/no variable that is shown."""
    if not variable.yes_no:
        return None
    return variable.levels.index(_YES) if _YES in variable.levels else len(variable.levels) - 1


def _level_cells(variable: LevelSummary, group: int, policy: Policy) -> list[tuple[Cell, Cell]]:
    """Return people and percentage at each level of one group."""
    counts = [level[group] for level in variable.counts]
    known, n_missing = sum(counts), variable.n_missing[group]
    missing = rules.count(n_missing, policy)
    # Dividing by the rounded number of known values would tell how many are missing where that is hidden.
    whole = rules.rounded(known + n_missing, policy) - (missing if isinstance(missing, int) else 0)
    if known < policy.k:
        cells: list[Cell] = [Suppressed("too_few_people")] * len(counts)
    elif variable.yes_no:
        cells = [rules.part(n, known, policy) for n in counts]
    else:
        hidden = rules.hidden_levels(counts, n_missing, policy)
        # All hidden levels look alike: to tell the small ones from their partners would narrow both.
        cells = [
            Suppressed("secondary") if level in hidden else rules.count(n, policy) for level, n in enumerate(counts)
        ]
    return [(cell, _percent(cell, whole)) for cell in cells]


def _percent(cell: Cell, whole: int) -> Cell:
    if isinstance(cell, Suppressed):
        return Suppressed(cell.reason)
    return min(100.0, 100.0 * cell / whole) if isinstance(cell, int) and whole else None


def _missing_row(
    variable: NumberSummary | LevelSummary, result: GroupSummary, policy: Policy
) -> Iterator[tuple[Cell, ...]]:
    cells: list[Cell] = [rules.part(m, n, policy) for m, n in zip(variable.n_missing, result.n, strict=True)]
    # A row for a group with few missing values would tell that there are some; without one there may be none.
    if any(missing >= policy.k for missing in variable.n_missing):
        by_group = [
            (cell, _percent(cell, rules.rounded(n, policy)), None, None)
            for cell, n in zip(cells, result.n, strict=True)
        ]
        yield _row((variable.name, "missing", f"{variable.label}: missing, n (%)"), by_group, None)

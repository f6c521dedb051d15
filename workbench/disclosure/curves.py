"""Survival curves as they may be shown: on the finest grid of the ladder whose bins all stand for enough people."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from workbench.disclosure import rules, wording
from workbench.disclosure.errors import DisclosureError
from workbench.disclosure.life_table import LifeTable
from workbench.disclosure.released import ReleasedSurvival
from workbench.disclosure.sizes import require_enough
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column, ReleasedTable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import polars as pl

    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import GridCurves, SurvivalCurves

    Told = Mapping[str, Collection[float]]  # days, by group

DAYS_PER_YEAR = 365.25
_HALF = (
    "Life-table estimate: whoever is censored within a bin counts as at risk for half of it. "
    "At risk are the people who enter the next bin."
)


def release_curves(result: SurvivalCurves, policy: Policy, told: Told = MappingProxyType({})) -> ReleasedSurvival:
    """Return survival at the edges of the chosen grid, with people at risk and cumulative counts.

    Survival and its limits are the exact product-limit values at the edges. A reader can therefore work out how
    many of a bin's leavers had the event; what the grid protects is that each bin stands for k leavers or more, so
    that no single departure shows. ``bin_events`` of the policy asks for more.

    Two grids laid over each other make finer bins. So an edge is left out if fewer than k people left between it and one that
    was *told* of the group before.

    Raises
    ------
    DisclosureError
        If a group has fewer than k people, or even the whole follow-up as one bin stands for too few, or every edge is too
        near to those told before.
    """
    require_enough(result.sizes, policy)
    rung, whole = _choose(_on_rungs(result, policy), policy)
    edges = next(each for each in policy.ladder if each.name == rung).edges_days(result.horizon_days)
    for group, days in told.items():
        if group in whole:
            # What was told before may be told again, so that a shorter follow-up ends no earlier than it must.
            both = sorted({*edges, *(day for day in days if day < edges[-1])})
            whole[group] = LifeTable.of(result.curves[group], both).until_stop(policy)
    tables = {
        group: table.at(_apart(result.curves[group], table.edges_days, told.get(group, ()), policy))
        for group, table in whole.items()
    }
    return _released(result, rung, result.curves, tables, policy, *_left_out(whole, tables))


def release_grid_curves(result: GridCurves, policy: Policy, told: Told = MappingProxyType({})) -> ReleasedSurvival:
    """Return the life-table estimate on the finest grid that every group passes, in the form of :func:`release_curves`.

    A table of bins does not say how many left between its edges and others, so of a group that was told of before only the same
    edges are shown.

    Raises
    ------
    DisclosureError
        If a group has fewer than k people, or no grid passes.
    """
    require_enough(result.sizes, policy)
    rung, whole = _choose(_binned(result, policy), policy)
    tables = {
        group: table.at([not told.get(group) or edge in told[group] for edge in table.edges_days])
        for group, table in whole.items()
    }
    return _released(result, rung, result.grids[rung], tables, policy, _HALF, *_left_out(whole, tables))


def _apart(curve: pl.DataFrame, edges_days: Sequence[float], told: Collection[float], policy: Policy) -> list[bool]:
    """Say of each edge whether it was told, or k people or more left between it and every one that was."""
    left = np.concatenate([[0], np.cumsum((curve["events"] + curve["censored"]).to_numpy())])
    by_edge, by_told = (
        left[np.searchsorted(curve["time"].to_numpy(), sorted(days), side="right")] for days in (edges_days, told)
    )
    return [
        edge in told or bool((np.abs(by_told - n) >= policy.k).all())
        for edge, n in zip(edges_days, by_edge, strict=True)
    ]


def _left_out(whole: Mapping[str, LifeTable], kept: Mapping[str, LifeTable]) -> list[str]:
    if any(len(table.edges_days) < 2 for table in kept.values()):
        raise DisclosureError(
            "differencing", "Survival of these people was shown at other times. Choose the follow-up of before."
        )
    same = all(table.edges_days == kept[group].edges_days for group, table in whole.items())
    return [] if same else ["Times too near to those of a curve shown before are left out."]


def _released(
    result: SurvivalCurves | GridCurves,
    rung: str,
    curves: Mapping[str, pl.DataFrame],
    tables: Mapping[str, LifeTable],
    policy: Policy,
    *more: str,
) -> ReleasedSurvival:
    rows: list[tuple[Cell, ...]] = []
    for group, table in tables.items():
        rows.extend(_rows(group, curves[group], table, policy))
    people = rules.total([rules.count(table.n, policy) for table in tables.values()])
    events = rules.total([_last_shown(table, policy) for table in tables.values()])
    missing = rules.missing(result.n_missing, policy)
    grid = next(each for each in policy.ladder if each.name == rung).edges_days(result.horizon_days)
    released = ReleasedTable(
        name="survival",
        title=f"{result.event_label}: survival" + (f" by {result.by}" if result.by else ""),
        columns=_columns(result),
        rows=tuple(rows),
        caption=wording.counts(people=people, events=events, missing=missing),
        notes=wording.notes(policy, rows, f"Shown on the grid: {rung}. Events and censored are cumulative.", *more),
        policy=policy.label,
    )
    return ReleasedSurvival(
        table=released,
        groups=tuple(tables),
        grid_days=grid,
        rung=rung,
        median={group: _median(_steps(curves[group], table), table, grid[-1]) for group, table in tables.items()},
        event_label=result.event_label,
        by=result.by,
        horizon_days=result.horizon_days,
    )


def _columns(result: SurvivalCurves | GridCurves) -> tuple[Column, ...]:
    heading = f"Survival ({100 * result.confidence:g} % interval)"
    return (
        Column("group", result.by or "Group"),
        Column("time_days", "Time", unit="days", kind="days", shown=False),
        Column("time_years", "Time", unit="years", kind="years"),
        Column("survival", "Survival", kind="proportion", heading=heading),
        Column("lower", "Lower limit", kind="proportion", heading=heading),
        Column("upper", "Upper limit", kind="proportion", heading=heading),
        Column("at_risk", "At risk", kind="count"),
        Column("events", "Events", kind="count"),
        Column("censored", "Censored", kind="count"),
    )


def _on_rungs(result: SurvivalCurves, policy: Policy) -> Iterator[tuple[str, dict[str, LifeTable]]]:
    for rung in policy.ladder:
        edges = rung.edges_days(result.horizon_days)
        yield rung.name, {group: LifeTable.of(curve, edges) for group, curve in result.curves.items()}


def _binned(result: GridCurves, policy: Policy) -> Iterator[tuple[str, dict[str, LifeTable]]]:
    for rung in policy.ladder:
        if rung.name in result.grids:
            yield (
                rung.name,
                {
                    group: LifeTable.of_bins(curve, result.n[group], result.horizon_days)
                    for group, curve in result.grids[rung.name].items()
                },
            )


def _choose(rungs: Iterator[tuple[str, dict[str, LifeTable]]], policy: Policy) -> tuple[str, dict[str, LifeTable]]:
    """Return the finest rung on which every group passes, and each group's counts on it."""
    for rung, whole in rungs:
        tables = {group: table.until_stop(policy) for group, table in whole.items()}
        if all(table.passes(policy) for table in tables.values()):
            return rung, tables
    raise DisclosureError(
        "cell_too_small",
        "Even the whole follow-up as one period stands for too few people or events. "
        "Join groups, choose a longer horizon, or widen the cohort's definition.",
    )


def _steps(curve: pl.DataFrame, table: LifeTable) -> list[tuple[float, float | None, float | None]]:
    """Look up survival and its limits at each edge: the last step at or before it."""
    time = curve["time"]
    found: list[tuple[float, float | None, float | None]] = []
    for edge in table.edges_days:
        step = int(time.search_sorted(edge, side="right")) - 1
        if edge == 0.0 or step < 0:
            found.append((1.0, 1.0, 1.0))
        else:
            found.append((curve["survival"][step], curve["lower"][step], curve["upper"][step]))
    return found


def _rows(group: str, curve: pl.DataFrame, table: LifeTable, policy: Policy) -> list[tuple[Cell, ...]]:
    counts = table.shown(policy)
    return [
        (group, edge, edge / DAYS_PER_YEAR, *step, at_risk, events, censored)
        for edge, step, at_risk, events, censored in zip(
            table.edges_days,
            _steps(curve, table),
            counts["at_risk"],
            counts["events"],
            counts["censored"],
            strict=True,
        )
    ]


def _last_shown(table: LifeTable, policy: Policy) -> int | Suppressed:
    return table.shown(policy)["events"][-1]


def _median(
    steps: list[tuple[float, float | None, float | None]], table: LifeTable, horizon_days: float
) -> tuple[float, float] | Suppressed | None:
    """Return the bin in which survival reaches one half: finer than the grid it is not told."""
    edges = table.edges_days
    for start, end, (survival, _, _) in zip(edges[:-1], edges[1:], steps[1:], strict=True):
        if survival <= 0.5:
            return (start, end)
    return None if edges[-1] == horizon_days else Suppressed("curve_stopped")

"""Survival on a grid: the life-table estimate, for hospitals that may not say on which day somebody left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.errors import did_you_mean
from workbench.disclosure.errors import DisclosureError
from workbench.disclosure.policy import Policy
from workbench.statistics import columns
from workbench.statistics.errors import AnalysisError
from workbench.statistics.grid_table import GridLadder, GridTable, OnRung, RungsOffered
from workbench.statistics.protocols import NextRound
from workbench.statistics.results import GridCurves
from workbench.survival import inputs
from workbench.survival.groups import group_sizes, require_every_group
from workbench.survival.inputs import DAYS_PER_YEAR
from workbench.survival.product_limit import limits_of_survival

if TYPE_CHECKING:
    from workbench.cohorts.variables import Variable
    from workbench.statistics.sizes import GroupSizes


@dataclass(frozen=True)
class GridKaplanMeier:
    """Survival curves of a cohort on a grid of the policy's ladder, by group if asked.

    A bin of the grid tells how many people left in it with the event and without. Of those who were censored it does not tell
    when, so each counts as at risk for half of the bin: in a bin that n people enter, d have the event and c are censored, the
    chance of the event is ``d / (n − c / 2)``. Survival is the product over the bins, as in the product-limit estimate, which
    this is wherever nobody is censored within a bin. Whoever is followed to the horizon is at risk for the whole last bin.

    On the 500 people of WHAS500, all together and by heart failure, over five years, it differs from the product-limit estimate at
    the same times by 0.003 at most on grids of up to 180 days, by 0.010 on the landmarks and on years, by 0.03 on coarser ones.
    Within a hospital :class:`KaplanMeier` is exact; across hospitals this is what can be had.

    Parameters
    ----------
    followup : Variable
        A time to event: days from index date to the event or to the end of follow-up.
    by : Variable, optional
        A category or yes/no variable; one curve a level. People of unknown level are left out and counted.
    horizon_years : float
        Where follow-up is cut: whole years, or 1.5 or 3.5.
    confidence : float in (0, 1)
        Level of the pointwise interval on the log(−log S) scale.
    grid : str, optional
        A rung of the policy's ladder, "90 days". The finest that may be shown if not given; across sites, the finest on which every
        site's bins stand for enough people.

    Raises
    ------
    AnalysisError
        If a variable is of the wrong kind or an option out of range; on finishing, if a group has nobody in it.
    DisclosureError
        On finishing, if no grid passes at every site.

    References
    ----------
    Cutler & Ederer (1958), J Chronic Dis 8:699–712. Greenwood (1926), Rep Public Health Med Subj 33.
    Breslow & Crowley (1974), Ann Stat 2:437–453, on what is lost by grouping.
    """

    followup: Variable
    by: Variable | None = None
    horizon_years: float = 5.0
    confidence: float = 0.95
    grid: str | None = None

    def __post_init__(self) -> None:
        """Check the question before any people are asked for."""
        columns.require_time_to_event(self.followup)
        if self.by is not None:
            columns.levels_of(self.by)
        inputs.require_confidence(self.confidence)
        inputs.require_horizon(self.horizon_years)
        names = [rung.name for rung in Policy.load().ladder]
        if self.grid is not None and self.grid not in names:
            raise AnalysisError(f"{self.grid!r} is not a grid of the ladder. {did_you_mean(self.grid, names)}")

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Follow-up and group."""
        return (self.followup,) if self.by is None else (self.followup, self.by)

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the curves; one, "All", if there are no groups."""
        return ("All",) if self.by is None else columns.levels_of(self.by)

    @property
    def horizon_days(self) -> float:
        """Where follow-up is cut, in days."""
        return self.horizon_years * DAYS_PER_YEAR

    def local(self, people: pl.DataFrame, state: OnRung | None = None) -> GridLadder:
        """Return the tables of one partition: on every grid that is in question, or on the one that was chosen."""
        days, event = columns.follow_up(people, self.followup)
        group = np.zeros(people.height, np.int64) if self.by is None else columns.codes(people, self.by)
        wanted = self.grid if state is None else state.rung
        rungs = [rung for rung in Policy.load().ladder if wanted in (None, rung.name)]
        tables = (
            GridTable.of(days, event, edges_days=rung.edges_days(self.horizon_days), group=group, groups=self.groups)
            for rung in rungs
        )
        return GridLadder(tuple(rung.name for rung in rungs), tuple(tables))

    def sizes(self, total: GridLadder | RungsOffered) -> GroupSizes | None:
        """Return how many people each group has; grids that sites offer do not say."""
        return None if isinstance(total, RungsOffered) else group_sizes(self.by, self.groups, total.tables[0].n)

    def finish(self, total: GridLadder | RungsOffered) -> GridCurves | NextRound:
        """Return the curves on the grids of the ladder; or, of sites that said which grids pass, ask for the finest."""
        if isinstance(total, RungsOffered):
            if not total.offers:
                raise DisclosureError(
                    "cell_too_small",
                    "On no grid do all bins stand for enough people at every site. Join groups, choose another horizon, "
                    "or widen the cohort's definition.",
                )
            return NextRound(total.offers[0])
        first = total.tables[0]
        require_every_group(first.groups, first.n, self.by)
        return GridCurves(
            event_label=self.followup.label,
            by=None if self.by is None else self.by.label,
            grids={
                rung: {
                    label: grid_curve(table, place, confidence=self.confidence)
                    for place, label in enumerate(table.groups)
                }
                for rung, table in zip(total.rungs, total.tables, strict=True)
            },
            n=dict(zip(first.groups, first.n.tolist(), strict=True)),
            n_missing=first.n_missing,
            horizon_days=self.horizon_days,
            confidence=self.confidence,
        )


def grid_curve(table: GridTable, group: int = 0, *, confidence: float = 0.95) -> pl.DataFrame:
    """Return the life-table estimate for one group of a table.

    Returns
    -------
    DataFrame, one row a bin
        ``time`` (days, right edge), ``at_risk`` (who enter the bin), ``events``, ``censored`` (counts), ``survival`` (at the right
        edge), ``std_err`` (Greenwood's formula with ``n − c / 2`` for n), ``lower``, ``upper``. The error is null while S is 0, the
        limits while S is 0 or 1.
    """
    told = slice(table.n_told[group])
    events, censored, entering = table.events[group, told], table.censored[group, told], table.entering[group, told]
    exposed = entering - censored / 2
    share = np.divide(events, exposed, out=np.zeros(len(events)), where=exposed > 0)
    survival = np.cumprod(1 - share)
    left = exposed * (exposed - events)
    terms = np.divide(events, left, out=np.zeros(len(events)), where=left > 0)
    log_std_err = np.where(survival > 0, np.sqrt(np.cumsum(terms)), np.nan)
    lower, upper = limits_of_survival(survival, log_std_err, confidence=confidence, interval="log-log")
    counts = {"time": table.edges_days[1:][told], "at_risk": entering, "events": events, "censored": censored}
    estimates = {"survival": survival, "std_err": survival * log_std_err, "lower": lower, "upper": upper}
    return pl.DataFrame(counts | estimates).with_columns(pl.col("std_err", "lower", "upper").fill_nan(None))

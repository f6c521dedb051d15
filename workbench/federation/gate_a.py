"""Gate A, at a site's edge: what may cross of a merged statistic. Exact, because it has to add up, but never of few people.

Each rule takes what was asked and the site's policy, and gives what leaves or refuses with a code. Counts that cross are k or
more. A count of people who are *missing* may be zero, and where it is small the variable stays at home (Table 1) or the count
does (everything else): it is then None, never a number.

The second gate, which rounds and hides what is shown, sees only the sum of all sites.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.disclosure import rules
from workbench.federation.errors import Refusal
from workbench.statistics.grid_table import GridLadder, OnRung, RungsOffered
from workbench.statistics.moments import LevelCounts, NumberStatistics
from workbench.statistics.step_counts import StepCounts, TableCounts
from workbench.statistics.table_one import TableOneStatistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from workbench.disclosure import Policy
    from workbench.engines.inline import Contributions
    from workbench.statistics.cox_rounds import CoxByStratum, CoxPeople, CoxSummary
    from workbench.statistics.design import DesignColumn
    from workbench.statistics.grid_table import GridTable
    from workbench.statistics.log_rank import LogRankByStratum
    from workbench.statistics.records import Record
    from workbench.statistics.results import Attrition, CatalogContents

MAX_STEP_SD = (
    20.0  # a log hazard ratio per standard deviation; beyond it a question weighs single people, it fits nothing
)


@dataclass(frozen=True)
class Asked:
    """What a site was asked in one round, and its answer before the gate.

    Attributes
    ----------
    analysis : Analysis
    state : Record or None
        What the round is about.
    contributions : Contributions
        What the site's people contribute.
    """

    analysis: Any
    state: Any
    contributions: Contributions

    @cached_property
    def total(self) -> Any:
        """The merged statistic of the site, computed when a rule first looks at it."""
        return self.contributions.total(self.state)


@dataclass(frozen=True)
class Left:
    """What leaves a site: a statistic, and the variables that were kept back, each with a code."""

    statistic: Record
    withheld: tuple[tuple[str, str], ...] = ()


def steps(attrition: Attrition, policy: Policy) -> StepCounts:
    """Let out the counts of a definition's steps; those too near to one another stay.

    Raises
    ------
    Refusal
        ``cohort_too_small`` if fewer than k people are in the cohort.
    """
    truth: list[int] = [attrition.steps[0].n_before or 0]
    places = [0]
    for step in attrition.steps:
        if not step.cannot_exclude:
            truth.append(step.n_after or 0)
        places.append(len(truth) - 1)
    if truth[-1] < policy.k:
        raise Refusal("cohort_too_small")
    shown = set(rules.spaced(truth, policy))
    counts = tuple(truth[place] if place in shown else None for place in places)
    return StepCounts(counts, tuple(step.cannot_exclude for step in attrition.steps))


def contents(held: CatalogContents, policy: Policy) -> TableCounts:
    """Let out rows and people of the tables that hold k people or more. Remarks are free text and stay."""
    return TableCounts(
        tuple((each.site, each.table, each.n_people, each.n_rows) for each in held.tables if each.n_people >= policy.k)
    )


def told(n: int | None, policy: Policy) -> int | None:
    """Return a count of missing people if it is zero or k and more; else it is not told."""
    return n if n is not None and (n == 0 or n >= policy.k) else None


def table_one(asked: Asked, policy: Policy) -> Left:
    """Let out the groups' sizes and, of the variables that pass, moments without extremes and level counts.

    A variable passes if in each group its levels, and what is left without each of them, hold k people or more; if a number
    is known of k, varies, and no one or two people make up its total; and if nobody is missing, or k and more are. (Few missing
    people would follow from the group's size.)

    Raises
    ------
    Refusal
        If a group has fewer than k people.
    """
    total: TableOneStatistic = asked.total
    if (total.n < policy.k).any():
        raise Refusal("cohort_too_small")
    parts: list[Any] = []
    withheld = []
    for variable, part in zip(asked.analysis.rows, total.parts, strict=True):
        code = _code_of(part, policy)
        if code is not None:
            withheld.append((variable.name, code))
        parts.append(None if code else part.without_extremes() if isinstance(part, NumberStatistics) else part)
    statistic = TableOneStatistic(total.n, told(total.n_missing_group, policy), tuple(parts))
    return Left(statistic, tuple(withheld))


def _code_of(part: NumberStatistics | LevelCounts | None, policy: Policy) -> str | None:
    if part is None:
        return "not_estimable"
    return _number_code(part, policy) if isinstance(part, NumberStatistics) else _level_code(part, policy)


def _number_code(part: NumberStatistics, policy: Policy) -> str | None:
    if not _missing_pass(part.n_missing, policy):
        return "cell_too_small"
    groups = zip(part.moments.n, part.total, part.largest, part.second_largest, part.moments.sd, strict=True)
    for n, absolute_total, largest, second_largest, sd in groups:
        refused = rules.magnitude(
            n=int(n),
            absolute_total=float(absolute_total),
            largest=float(largest),
            second_largest=float(second_largest),
            policy=policy,
        )
        if refused is not None:
            return "cell_too_small" if refused.reason == "too_few_people" else "dominance"
        if not sd > 0:
            return "dominance"  # everybody's value is the mean
    return None


def _level_code(part: LevelCounts, policy: Policy) -> str | None:
    rest = part.counts.sum(axis=0) - part.counts
    small = (part.counts < policy.k).any() or (rest < policy.k).any()
    return "cell_too_small" if small or not _missing_pass(part.n_missing, policy) else None


def _missing_pass(n_missing: npt.NDArray[np.int64], policy: Policy) -> bool:
    return bool(((n_missing == 0) | (n_missing >= policy.k)).all())


def life_table(asked: Asked, policy: Policy) -> Left:
    """Say on which grids, and how far, the table may leave; or let it out as far as was agreed, if that is not farther.

    In every group the curve stops at the last edge after which k people or more are followed, or none. A grid passes if up to
    there each bin stands for k people who leave in it, events and censored together; whoever is followed to the horizon
    leaves in the last bin. The split of a bin into events, censored and completed crosses.

    Raises
    ------
    Refusal
        ``cohort_too_small`` if a group has fewer than k people, ``cell_too_small`` if no grid passes or not the chosen one.
    """
    total: GridLadder = asked.total
    if (total.tables[0].n < policy.k).any():
        raise Refusal("cohort_too_small")
    allowed = {rung.name for rung in policy.ladder}
    stops = {
        rung: _told_bins(table, policy)
        for rung, table in zip(total.rungs, total.tables, strict=True)
        if rung in allowed
    }
    offers = tuple(OnRung(rung, bins) for rung, bins in stops.items() if bins is not None)
    if asked.state is None:
        if not offers:
            raise Refusal("cell_too_small")
        return Left(RungsOffered(offers))
    wanted: OnRung = asked.state
    own = next((offer.n_told for offer in offers if offer.rung == wanted.rung), None)
    if own is None or len(own) != len(wanted.n_told) or not all(map(_not_farther, wanted.n_told, own)):
        raise Refusal("cell_too_small")
    table = total.tables[total.rungs.index(wanted.rung)].told_until(wanted.n_told)
    return Left(GridLadder((wanted.rung,), (replace(table, n_missing=told(table.n_missing, policy)),)))


def _not_farther(wanted: int, own: int) -> bool:
    return 1 <= wanted <= own


def _told_bins(table: GridTable, policy: Policy) -> tuple[int, ...] | None:
    """Return how many bins of each group may be told, or None if the grid is too fine."""
    bins = []
    for group in range(len(table.groups)):
        leavers, events = table.leavers_and_completed[group], table.events[group]
        remaining = table.entering[group] - leavers
        enough = np.flatnonzero(remaining >= policy.k)
        n_told = int(enough[-1]) + 1 if enough.size else 0
        if n_told < len(remaining) and remaining[n_told] == 0 and leavers[n_told] >= policy.k:
            n_told += 1  # all who are left leave together, and are enough
        if not n_told or (leavers[:n_told] < policy.k).any() or (events[:n_told] < policy.bin_events).any():
            return None
        bins.append(n_told)
    return tuple(bins)


def log_rank(asked: Asked, policy: Policy) -> Left:
    """Let out people, events, expected events and variance by group.

    Raises
    ------
    Refusal
        If a group has fewer than k people, or fewer than k with the event, or without.
    """
    total: LogRankByStratum = asked.total
    if (total.n < policy.k).any():
        raise Refusal("cohort_too_small")
    if (total.observed < policy.k).any() or (total.n - total.observed < policy.k).any():
        raise Refusal("cell_too_small")
    return Left(replace(total, n_missing=told(total.n_missing, policy)))


def cox(asked: Asked, policy: Policy) -> Left:
    """Let out the summary of a model, or the log-likelihood, gradient and information at one point.

    The rules are asked of every round, because a round may come without those before it: k people, with and without the event,
    at each level and at its reference; ten events for each coefficient; no more coefficients than a third of the people; no
    number of which one or two people make up the total, among all or among those with the event; and no point so far out that
    single people would outweigh the rest.

    Raises
    ------
    Refusal
        If a rule is broken.
    """
    design = asked.analysis.design
    (people,) = asked.contributions.all_prepared()  # a site is one unit
    summary: CoxSummary = people.summary(whole_strata=True)
    _require_enough(summary, design, policy)
    _require_no_dominance(people, design, policy)
    if asked.state is None:
        return Left(replace(summary, n_missing=told(summary.n_missing, policy)))
    claimed, climb = asked.state.summary.covariates.sd, asked.state.climb
    reach = np.abs(climb.beta / claimed * summary.covariates.sd)
    if not (np.isfinite(reach).all() and (reach <= MAX_STEP_SD).all()):
        raise Refusal("budget_exhausted")
    total: CoxByStratum = asked.total
    return Left(total)


def _require_enough(summary: CoxSummary, design: Sequence[DesignColumn], policy: Policy) -> None:
    code = rules.regression(n=summary.n, n_events=summary.n_events, n_terms=len(design), policy=policy)
    if code is not None:
        raise Refusal(code)
    if summary.n - summary.n_events < policy.k:
        raise Refusal("cell_too_small")
    for variable in dict.fromkeys(column.variable for column in design if column.level is not None):
        places = [place for place, column in enumerate(design) if column.variable == variable]
        n, events = summary.column_sum[places], summary.column_events[places]
        n_all, events_all = np.append(n, summary.n - n.sum()), np.append(events, summary.n_events - events.sum())
        if min(n_all.min(), events_all.min(), (n_all - events_all).min()) < policy.k:
            raise Refusal("cell_too_small")


def _require_no_dominance(people: CoxPeople, design: Sequence[DesignColumn], policy: Policy) -> None:
    numbers = [place for place, column in enumerate(design) if column.level is None]
    for x in (people.x[:, numbers], people.x[people.event][:, numbers]):
        if not len(numbers):
            return
        sizes = np.sort(np.abs(x), axis=0)
        for column in sizes.T:
            if rules.magnitude(
                n=len(column),
                absolute_total=float(column.sum()),
                largest=float(column[-1]),
                second_largest=float(column[-2]),
                policy=policy,
            ):
                raise Refusal("dominance")

"""The log-rank test, for plain columns and as an analysis of a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.statistics import columns
from workbench.statistics.log_rank import EventTables
from workbench.statistics.results import TestGroup, TestResult
from workbench.survival import inputs
from workbench.survival.groups import group_sizes, require_every_group

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from workbench.cohorts.variables import Variable
    from workbench.statistics.log_rank import LogRankByStratum
    from workbench.statistics.sizes import GroupSizes


def log_rank(
    durations: pl.Series | npt.ArrayLike,
    events: pl.Series | npt.ArrayLike,
    groups: pl.Series | npt.ArrayLike,
    *,
    entry: pl.Series | npt.ArrayLike | None = None,
    strata: pl.Series | npt.ArrayLike | None = None,
) -> TestResult:
    """Test whether groups have the same hazard of the event.

    Parameters
    ----------
    durations : Series of float, shape (n_people,)
        Time from the origin to event or censoring, in any unit; not negative, no nulls.
    events : Series of bool, shape (n_people,)
        True if the event happened at that time, False if follow-up ended there.
    groups : Series, shape (n_people,)
        What is compared: text, whole numbers or booleans; groups come out sorted (an Enum in its own order).
    entry : Series of float, shape (n_people,), optional
        When each person came under observation: at risk at t if ``entry < t <= duration``.
    strata : Series, shape (n_people,), optional
        Compare within these only (stratified test).

    Returns
    -------
    TestResult
        ``statistic`` (chi-square), ``degrees_of_freedom``, ``p_value`` and for each group ``n``, ``events``
        and ``expected``.

    Raises
    ------
    AnalysisError (a ValueError)
        If lengths differ, anything is null, nobody had the event, or there are not two groups to compare.

    References
    ----------
    Mantel (1966), Cancer Chemother Rep 50:163–170. Peto & Peto (1972), JRSS A 135:185–207.
    """
    time, event = inputs.durations_of(durations), inputs.events_of(events)
    group, labels = inputs.labels_of(groups, "groups")
    entered = None if entry is None else inputs.complete_numbers(entry, "entry")
    stratum, strata_labels = (None, ("all",)) if strata is None else inputs.labels_of(strata, "strata")
    inputs.require_same_length(durations=time, events=event, groups=group, entry=entered, strata=stratum)
    tables = EventTables.of(
        time, event, group=group, groups=labels, entry=entered, stratum=stratum, strata=strata_labels
    )
    return _result(tables.by_stratum(), by="group", event_label="event", strata=None if strata is None else "strata")


@dataclass(frozen=True)
class LogRank:
    """Test whether groups of a cohort have the same hazard of the event.

    Parameters
    ----------
    followup : Variable
        A time to event: days from index date to the event or to the end of follow-up.
    by : Variable
        A category or yes/no variable: what is compared. People of unknown level are left out and counted.
    strata : Variable, optional
        A category or yes/no variable within whose levels the groups are compared.

    Raises
    ------
    AnalysisError
        If a variable is of the wrong kind; on finishing, if a group has nobody in it or nobody had the event.
    """

    followup: Variable
    by: Variable
    strata: Variable | None = None

    def __post_init__(self) -> None:
        """Check the question before any people are asked for."""
        columns.require_time_to_event(self.followup)
        columns.levels_of(self.by)
        if self.strata is not None:
            columns.levels_of(self.strata)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Follow-up, group and strata."""
        return (self.followup, self.by) if self.strata is None else (self.followup, self.by, self.strata)

    def local(self, people: pl.DataFrame, state: None = None) -> EventTables:  # noqa: ARG002  one round only
        """Return the event tables of one partition."""
        days, event = columns.follow_up(people, self.followup)
        group, groups = columns.codes(people, self.by), columns.levels_of(self.by)
        if self.strata is None:
            return EventTables.of(days, event, group=group, groups=groups)
        stratum, strata = columns.codes(people, self.strata), columns.levels_of(self.strata)
        return EventTables.of(days, event, group=group, groups=groups, stratum=stratum, strata=strata)

    def sizes(self, total: EventTables | LogRankByStratum) -> GroupSizes:
        """Return how many people and events each group has."""
        return group_sizes(self.by, columns.levels_of(self.by), total.n, total.observed)

    def finish(self, total: EventTables) -> TestResult:
        """Return the test."""
        sums = total.by_stratum()
        require_every_group(sums.groups, sums.n, self.by)
        strata = None if self.strata is None else self.strata.label
        return _result(sums, by=self.by.label, event_label=self.followup.label, strata=strata)


class StratifiedLogRank(LogRank):
    """Test within each site whether groups have the same hazard of the event, and add up: the log-rank test stratified by site.

    Each site contributes its observed and expected events and their variance, and nothing about time. The sums add over sites
    only, so all people of a site are counted together. Parameters are those of :class:`LogRank`; with ``strata`` the
    groups are compared within their levels within each site.
    """

    whole_sites = True

    def local(self, people: pl.DataFrame, state: None = None) -> LogRankByStratum:  # type: ignore[override]
        """Return the sums of whole sites."""
        return super().local(people, state).by_stratum()

    def finish(self, total: LogRankByStratum) -> TestResult:  # type: ignore[override]
        """Return the test."""
        require_every_group(total.groups, total.n, self.by)
        strata = "site" if self.strata is None else f"site and {self.strata.label}"
        return _result(total, by=self.by.label, event_label=self.followup.label, strata=strata)


def _result(sums: LogRankByStratum, *, by: str, event_label: str, strata: str | None) -> TestResult:
    statistic, degrees_of_freedom, p_value = sums.chi_square()
    each = zip(sums.groups, sums.n.tolist(), sums.observed.tolist(), sums.expected.tolist(), strict=True)
    return TestResult(
        method="Log-rank test" if strata is None else f"Log-rank test stratified by {strata}",
        by=by,
        event_label=event_label,
        statistic=statistic,
        degrees_of_freedom=degrees_of_freedom,
        p_value=p_value,
        groups=tuple(TestGroup(*group) for group in each),
        n_missing=sums.n_missing,
    )

"""The product-limit estimate of survival, for plain columns and as an analysis of a cohort."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl
from scipy.special import ndtri

from workbench.statistics import columns
from workbench.statistics.errors import AnalysisError
from workbench.statistics.event_table import EventTable
from workbench.statistics.results import SurvivalCurves
from workbench.survival import inputs
from workbench.survival.groups import group_sizes, require_every_group
from workbench.survival.inputs import DAYS_PER_YEAR

if TYPE_CHECKING:
    import numpy.typing as npt

    from workbench.cohorts.variables import Variable
    from workbench.statistics.sizes import GroupSizes

Interval = Literal["log-log", "log", "plain"]


def kaplan_meier(
    durations: pl.Series | npt.ArrayLike,
    events: pl.Series | npt.ArrayLike,
    *,
    entry: pl.Series | npt.ArrayLike | None = None,
    start_time: float | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
) -> pl.DataFrame:
    """Estimate the survival function S(t) by the product-limit method.

    Parameters
    ----------
    durations : Series of float, shape (n_people,)
        Time from the origin to event or censoring, in any unit; not negative, no nulls. An event at time 0
        counts.
    events : Series of bool, shape (n_people,)
        True if the event happened at that time, False if follow-up ended there. At tied times events are
        counted before censorings, and entries after both. Times that differ by rounding error only are
        tied.
    entry : Series of float, shape (n_people,), optional
        When each person came under observation (delayed entry): at risk at t if ``entry < t <= duration``.
    start_time : float, optional
        Estimate survival from here on, given that it was reached: S(t | T ≥ start_time).
    confidence : float in (0, 1)
        Level of the pointwise two-sided interval.
    interval : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric; the limits are kept within 0–1.

    Returns
    -------
    DataFrame, one row for each distinct time, ascending
        ``time`` (unit of the durations), ``at_risk`` (just before ``time``), ``events``, ``censored``
        (counts), ``survival``, ``std_err`` (Greenwood, of S), ``lower``, ``upper`` (0–1). While S is 0, and
        on the log-log scale while S is 1, the limits are null; so is the standard error while S is 0.

    Warns
    -----
    UserWarning
        If survival reaches 0 while people are still under observation later: with delayed entry a small early
        risk set can empty, and the curve stays at 0 for good.

    Raises
    ------
    AnalysisError (a ValueError)
        If lengths differ, there are no people, a duration is negative or not after its entry, or anything
        is null.

    References
    ----------
    Kaplan & Meier (1958), JASA 53:457–481.
    Intervals: Borgan & Liestøl (1990), Scand J Stat 17:35–41.
    """
    time, event = inputs.durations_of(durations), inputs.events_of(events)
    entered = None if entry is None else inputs.complete_numbers(entry, "entry")
    inputs.require_same_length(durations=time, events=event, entry=entered)
    table = EventTable.of(time, event, entry=entered)
    curve = product_limit(table, start_time=start_time, confidence=confidence, interval=interval)
    _warn_if_emptied(curve)
    return curve


@dataclass(frozen=True)
class KaplanMeier:
    """Survival curves of a cohort, by group if asked.

    Parameters
    ----------
    followup : Variable
        A time to event: days from index date to the event or to the end of follow-up.
    by : Variable, optional
        A category or yes/no variable; one curve a level. People of unknown level are left out and counted.
    horizon_years : float
        How far curves are shown: whole years, or 1.5 or 3.5. The exact table is kept whole; only what is drawn or released is cut here.
    confidence : float in (0, 1)
        Level of the pointwise interval on the log(−log S) scale.

    Raises
    ------
    AnalysisError
        If a variable is of the wrong kind or an option out of range; on finishing, if a group has nobody in
        it.
    """

    followup: Variable
    by: Variable | None = None
    horizon_years: float = 5.0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Check the question before any people are asked for."""
        columns.require_time_to_event(self.followup)
        if self.by is not None:
            columns.levels_of(self.by)
        inputs.require_confidence(self.confidence)
        inputs.require_horizon(self.horizon_years)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Follow-up and group."""
        return (self.followup,) if self.by is None else (self.followup, self.by)

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the curves; one, "All", if there are no groups."""
        return ("All",) if self.by is None else columns.levels_of(self.by)

    def local(self, people: pl.DataFrame, state: None = None) -> EventTable:  # noqa: ARG002  one round only
        """Return the event table of one partition."""
        days, event = columns.follow_up(people, self.followup)
        group = None if self.by is None else columns.codes(people, self.by)
        return EventTable.of(days, event, group=group, groups=self.groups)

    def sizes(self, total: EventTable) -> GroupSizes:
        """Return how many people each group has."""
        return group_sizes(self.by, total.groups, total.n)

    def finish(self, total: EventTable) -> SurvivalCurves:
        """Return the exact curves."""
        require_every_group(total.groups, total.n, self.by)
        return SurvivalCurves(
            event_label=self.followup.label,
            by=None if self.by is None else self.by.label,
            curves={
                label: product_limit(total, group, confidence=self.confidence)
                for group, label in enumerate(total.groups)
            },
            n=dict(zip(total.groups, total.n.tolist(), strict=True)),
            n_missing=total.n_missing,
            horizon_days=self.horizon_years * DAYS_PER_YEAR,
            confidence=self.confidence,
        )


def product_limit(
    table: EventTable,
    group: int = 0,
    *,
    start_time: float | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
) -> pl.DataFrame:
    """Return the curve of one group of an event table; see :func:`kaplan_meier` for its columns.

    S(t) is the product of 1 − d/n over the event times up to t; the variance of log S(t) is the sum of d /
    (n (n − d)) (Greenwood).
    """
    events, censored, at_risk = table.events[group], table.censored[group], table.at_risk[group]
    rows = events + censored > 0
    if start_time is not None:
        rows &= table.time >= start_time
    d, n = events[rows], at_risk[rows]
    survival = np.cumprod(1 - d / n)
    terms = np.divide(d, n * (n - d), out=np.zeros(len(d)), where=d < n)
    log_std_err = np.where(survival > 0, np.sqrt(np.cumsum(terms)), np.nan)
    lower, upper = limits_of_survival(survival, log_std_err, confidence=confidence, interval=interval)
    counts = {"time": table.time[rows], "at_risk": n, "events": d, "censored": censored[rows]}
    estimates = {"survival": survival, "std_err": survival * log_std_err, "lower": lower, "upper": upper}
    return pl.DataFrame(counts | estimates).with_columns(pl.col("std_err", "lower", "upper").fill_nan(None))


def limits_of_survival(
    survival: npt.NDArray[np.float64],
    log_std_err: npt.NDArray[np.float64],
    *,
    confidence: float,
    interval: Interval,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return pointwise limits on the chosen scale; nan where it has none."""
    if interval not in get_args(Interval):
        raise AnalysisError(f"interval is {interval!r}. Allowed: {', '.join(get_args(Interval))}.")
    inputs.require_confidence(confidence)
    reach = ndtri(0.5 + confidence / 2) * log_std_err
    if interval == "plain":
        lower, upper = survival * (1 - reach), survival * (1 + reach)
    elif interval == "log":
        lower, upper = survival * np.exp(-reach), survival * np.exp(reach)
    else:
        inside = np.where((survival > 0) & (survival < 1), survival, np.nan)
        power = np.exp(reach / np.log(inside))  # below one, as log S is negative
        lower, upper = inside ** (1 / power), inside**power
    return np.maximum(lower, 0), np.minimum(upper, 1)


def _warn_if_emptied(curve: pl.DataFrame) -> None:
    emptied = curve.filter(pl.col("survival") == 0)
    if emptied.height > 1:
        time = emptied["time"][0]
        warnings.warn(
            f"Everybody under observation had the event by time {time:g}, so survival is 0 from there on, although people "
            "entered later. Give start_time to estimate survival from a time when enough people are at risk.",
            stacklevel=3,
        )

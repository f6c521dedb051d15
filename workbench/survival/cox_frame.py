"""Cox's proportional hazards model on a plain data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from data_catalog.errors import did_you_mean
from workbench.engines.inline import run
from workbench.engines.people import FramePeople
from workbench.statistics.columns import column, numbers, yes_no
from workbench.statistics.errors import AnalysisError
from workbench.statistics.event_table import require_entry_before_exit, round_times
from workbench.survival.inputs import require_not_negative
from workbench.survival.proportional_hazards import Cox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.cohorts.variables import Variable
    from workbench.statistics.cox import Ties
    from workbench.statistics.results import RegressionFit

_FOLLOW_UP, _STRATUM = "_followup", "_stratum"


def cox(
    frame: pl.DataFrame,
    *,
    duration: str,
    event: str,
    covariates: Sequence[str],
    entry: str | None = None,
    strata: str | None = None,
    weights: str | None = None,
    ties: Ties = "efron",
    confidence: float = 0.95,
) -> RegressionFit:
    """Fit Cox's proportional hazards model.

    Parameters
    ----------
    frame : DataFrame
        One row a person, or a row an interval with ``entry`` (start–stop). Rows with anything missing in
        the named columns are left out and counted in ``n_missing``.
    duration, event : str
        Columns: time of event or censoring, not negative, any unit; and True or 1 if the event happened then.
    covariates : sequence of str
        Columns: numbers as they are, booleans as yes against no, text against its first level in sorted order
        (an Enum against its first category).
    entry : str, optional
        Column: when the row came under observation; at risk at t if ``entry < t <= duration``.
    strata : str, optional
        Column: each of its values has a baseline hazard of its own.
    weights : str, optional
        Column: positive case weights; standard errors are model-based.
    ties : {"efron", "breslow"}
        How tied event times are treated.
    confidence : float in (0, 1)
        Level of the intervals that the result is shown with.

    Returns
    -------
    RegressionFit
        ``terms`` (log hazard ratio, standard error, z, p; ``hazard_ratio`` and ``interval(confidence)``),
        log-likelihoods, ``tests`` (likelihood ratio, Wald, score), ``aic``, ``covariance``, ``warnings``.
        See :func:`hazard_ratios` for a table.

    Raises
    ------
    AnalysisError (a ValueError)
        If a column does not exist or cannot be read, entry is not before duration, or nobody had the event.
    NotEstimableError
        If a covariate does not vary, is determined by others (collinear), or separates those with the event.

    References
    ----------
    Cox (1972), JRSS B 34:187–220. Efron (1977), JASA 72:557–565.
    """
    named = [duration, event, *covariates, *(name for name in (entry, strata, weights) if name is not None)]
    for name in named:
        if name not in frame.columns:
            raise AnalysisError(f"There is no column {name!r}. {did_you_mean(name, frame.columns)}")
    require_not_negative(numbers(frame[duration]), duration)
    if entry is not None:
        require_entry_before_exit(round_times(numbers(frame[entry])), round_times(numbers(frame[duration])))
    if weights is not None and (numbers(frame[weights]) <= 0).any():
        raise AnalysisError(
            f"{weights!r} has weights that are not positive. Leave out the people who should not count."
        )
    people = frame.select(
        *dict.fromkeys([*covariates, *(name for name in (entry, weights) if name is not None)]),
        pl.col(duration).alias(f"{_FOLLOW_UP}_days"),
        yes_no(frame[event]).alias(f"{_FOLLOW_UP}_event"),
        *([] if strata is None else [pl.col(strata).cast(pl.String).alias(_STRATUM)]),
    )
    analysis = Cox(
        column(_FOLLOW_UP, "time_to_event", label=event),
        [_covariate(frame[name]) for name in covariates],
        ties=ties,
        entry=None if entry is None else column(entry, "number"),
        strata=None if strata is None else column(_STRATUM, "category", label=strata, levels=_levels(people[_STRATUM])),
        weights=None if weights is None else column(weights, "number"),
        confidence=confidence,
    )
    return run(analysis, FramePeople(people))


def hazard_ratios(fit: RegressionFit) -> pl.DataFrame:
    """Return the terms of a model as a table.

    Returns
    -------
    DataFrame, one row a term
        ``term``, ``level``, ``reference``, ``per``, ``hazard_ratio``, ``lower``, ``upper`` (at the model's
        confidence), ``log_hazard_ratio``, ``std_err``, ``z``, ``p_value``.
    """
    return pl.DataFrame(
        [
            {
                "term": term.label,
                "level": term.level,
                "reference": term.reference,
                "per": term.per,
                "hazard_ratio": term.hazard_ratio,
                "lower": term.interval(fit.confidence)[0],
                "upper": term.interval(fit.confidence)[1],
                "log_hazard_ratio": term.log_hazard_ratio,
                "std_err": term.std_err,
                "z": term.z,
                "p_value": term.p_value,
            }
            for term in fit.terms
        ],
        schema_overrides={"level": pl.String, "reference": pl.String},
    )


def _covariate(values: pl.Series) -> Variable:
    if values.dtype == pl.Boolean:
        return column(values.name, "yes_no")
    if values.dtype.is_numeric():
        return column(values.name, "number")
    if values.dtype in (pl.String, pl.Categorical, pl.Enum):
        return column(values.name, "category", levels=_levels(values))
    raise AnalysisError(
        f"{values.name!r} holds {values.dtype} values, which cannot be a covariate. "
        "Make it a number, a boolean or text."
    )


def _levels(values: pl.Series) -> list[str]:
    if isinstance(values.dtype, pl.Enum):
        return values.dtype.categories.to_list()
    return values.cast(pl.String).drop_nulls().unique().sort().to_list()

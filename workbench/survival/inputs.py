"""Plain columns from users: taken as they come, refused in words when they cannot mean what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench.disclosure.policy import Policy
from workbench.statistics.columns import numbers, yes_no
from workbench.statistics.errors import AnalysisError

if TYPE_CHECKING:
    import numpy.typing as npt

DAYS_PER_YEAR = 365.25


def durations_of(values: pl.Series | npt.ArrayLike, name: str = "durations") -> npt.NDArray[np.float64]:
    """Return follow-up times as floats: finite, none negative, none missing."""
    times = complete_numbers(values, name)
    require_not_negative(times, name)
    return times


def require_not_negative(times: npt.NDArray[np.float64], name: str) -> None:
    """Refuse a negative follow-up."""
    if n := int((times < 0).sum()):
        raise AnalysisError(
            f"{name} has negative values ({n}). Follow-up cannot end before it begins: check the dates."
        )


def complete_numbers(values: pl.Series | npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    """Return finite floats, none missing."""
    array = numbers(_series(values, name))
    _refuse_missing(int(np.isnan(array).sum()), name)
    return array


def events_of(values: pl.Series | npt.ArrayLike, name: str = "events") -> npt.NDArray[np.bool_]:
    """Return whether each follow-up ended with the event: True and False or 1 and 0, none missing."""
    events = yes_no(_series(values, name))
    _refuse_missing(events.null_count(), name)
    return events.to_numpy()


def labels_of(values: pl.Series | npt.ArrayLike, name: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Return each row's place among the labels, and the labels: sorted, or in the order of an Enum; none missing."""
    series = _series(values, name)
    _refuse_missing(series.null_count() + _n_nan(series), name)
    distinct = series.unique().sort()
    places = series.replace_strict(distinct, pl.int_range(distinct.len(), eager=True), return_dtype=pl.Int64)
    return places.to_numpy(), tuple(distinct.cast(pl.String).to_list())


def require_same_length(**columns: npt.NDArray[np.generic] | None) -> None:
    """Refuse columns of different lengths, and columns without a row."""
    lengths = {name: len(values) for name, values in columns.items() if values is not None}
    if len(set(lengths.values())) > 1:
        raise AnalysisError(
            f"The columns differ in length ({', '.join(f'{name}: {n}' for name, n in lengths.items())}). "
            "Give one value a person in each."
        )
    if not all(lengths.values()):
        raise AnalysisError(f"There are no people: {' and '.join(lengths)} are empty.")


def require_horizon(years: float) -> None:
    """Refuse a horizon that is neither whole years nor one of the policy's public cuts.

    Two horizons a day apart, each harmless, would tell who left in between.
    """
    cuts = next(rung for rung in Policy.load().ladder if rung.name == "public cuts").at_days
    halves = sorted(cut / DAYS_PER_YEAR for cut in cuts if cut % DAYS_PER_YEAR)
    if not (years > 0 and (float(years).is_integer() or years in halves)):
        allowed = " or ".join(f"{each:g}" for each in halves)
        raise AnalysisError(
            f"horizon_years is {years}. Give whole years, such as 5, or {allowed}: curves that end at any day could be compared."
        )


def require_confidence(confidence: float) -> None:
    """Refuse a level that is not a proportion between 0 and 1."""
    if not 0 < confidence < 1:
        raise AnalysisError(f"confidence is {confidence}. Give a proportion between 0 and 1, such as 0.95.")


def _series(values: pl.Series | npt.ArrayLike, name: str) -> pl.Series:
    """Wrap as a named polars Series, without a copy where the values are an array."""
    if isinstance(values, pl.Series):
        return values.alias(name)
    array = np.asarray(values)
    if array.ndim != 1:
        raise AnalysisError(f"{name} has {array.ndim} dimensions. Give one value a person: a Series or a list.")
    return pl.Series(name, array if array.dtype != object else list(array))


def _refuse_missing(n: int, name: str) -> None:
    if n:
        raise AnalysisError(f"{name} has missing values ({n}). Leave these people out, and say how many they are.")


def _n_nan(series: pl.Series) -> int:
    return int(series.is_nan().sum()) if series.dtype.is_float() else 0

"""From the columns of a frame of people to arrays, with what is missing kept apart from what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import polars as pl

from data_catalog.errors import did_you_mean
from workbench.cohorts.variables import Variable, VariableKind
from workbench.statistics.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from workbench.cohorts.expressions import Expression

MISSING = -1
YES_NO = ("no", "yes")


class FollowUp(NamedTuple):
    """Days to the event or to the end of follow-up, and which it was; nan and False if missing."""

    days: npt.NDArray[np.float64]
    event: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PlainColumn(Variable):
    """A variable whose values are already in a frame, so that no expression has to find them."""

    def __post_init__(self) -> None:
        """Take any name: the frame is the user's own."""


def column(
    name: str,
    kind: VariableKind,
    *,
    label: str | None = None,
    unit: str | None = None,
    levels: Sequence[str] = (),
) -> Variable:
    """Declare a column of a plain frame as a variable, so that any analysis can read it.

    Parameters
    ----------
    name : str
        The column; for a time to event the frame has ``<name>_days`` and ``<name>_event``.
    kind : {"number", "category", "yes_no", "time_to_event"}
        What it holds.
    label : str, optional
        How tables and axes call it; by default the name.
    unit : str, optional
        Unit as printed.
    levels : sequence of str
        The values that a category can take, reference first.
    """
    return PlainColumn(name, label or name, kind, cast("Expression", None), unit=unit, levels=tuple(levels))


def levels_of(variable: Variable) -> tuple[str, ...]:
    """Return the levels of a category or yes/no variable, reference first.

    Raises
    ------
    AnalysisError
        If it is of another kind, or a category without declared levels.
    """
    if variable.kind == "yes_no":
        return YES_NO
    if variable.kind != "category":
        raise AnalysisError(
            f"{variable.name!r} is a {variable.kind} and has no levels. Use a category or a yes/no variable."
        )
    if not variable.levels:
        raise AnalysisError(f"The category {variable.name!r} has no declared levels. Declare them, reference first.")
    return variable.levels


def codes(people: pl.DataFrame, variable: Variable) -> npt.NDArray[np.int64]:
    """Return each person's level as its place among the declared ones; −1 where it is missing.

    Raises
    ------
    AnalysisError
        If a value is not a declared level. The value itself is not repeated: it may be anything.
    """
    levels = levels_of(variable)
    values = people[variable.name]
    if variable.kind == "yes_no":
        place = yes_no(values).cast(pl.Int64)
    else:
        place = _text(values).cast(pl.Enum(levels), strict=False).to_physical().cast(pl.Int64)
        if place.null_count() > values.null_count():
            raise AnalysisError(
                f"{variable.name!r} has values that are not among its declared levels. "
                f"Declared: {', '.join(levels)}. Add the level or map the value."
            )
    return place.fill_null(MISSING).to_numpy()


def numbers(values: pl.Series) -> npt.NDArray[np.float64]:
    """Return a numeric column as floats; nan where it is missing.

    Raises
    ------
    AnalysisError
        If the column does not hold numbers, or one is infinite.
    """
    name = values.name
    if not (values.dtype.is_numeric() or values.dtype == pl.Null):
        raise AnalysisError(f"{name!r} holds {values.dtype}, not numbers. Convert it, or declare it as a category.")
    array = values.cast(pl.Float64).to_numpy()
    if np.isinf(array).any():
        raise AnalysisError(f"{name!r} has infinite values. Correct them or set them missing.")
    return array


def yes_no(values: pl.Series) -> pl.Series:
    """Return a column of True, False and null; the 0 and 1 of older files are taken as such.

    Raises
    ------
    AnalysisError
        If it holds anything else.
    """
    if values.dtype in (pl.Boolean, pl.Null):
        return values.cast(pl.Boolean)
    if values.dtype.is_numeric():
        whole = values.fill_nan(None) if values.dtype.is_float() else values
        if ((whole == 0) | (whole == 1)).all():
            return whole.cast(pl.Boolean)
    raise AnalysisError(
        f"{values.name!r} must be True or False, or 1 or 0, for each person; it holds other {values.dtype} values."
    )


def require_time_to_event(variable: Variable) -> None:
    """Refuse a variable of another kind as follow-up."""
    if variable.kind != "time_to_event":
        raise AnalysisError(
            f"{variable.name!r} is a {variable.kind}. Follow-up needs a variable that is a time_to_event."
        )


def follow_up(people: pl.DataFrame, variable: Variable) -> FollowUp:
    """Read ``<name>_days`` and ``<name>_event``; people without either are missing in both.

    Raises
    ------
    AnalysisError
        If the variable is of another kind, or a follow-up is negative.
    """
    require_time_to_event(variable)
    days_name, event_name = variable.columns
    event = yes_no(people[event_name])
    days = np.where(event.is_null().to_numpy(), np.nan, numbers(people[days_name]))
    if (days < 0).any():
        raise AnalysisError(
            f"{days_name!r} has negative values: some follow-up ends before the index date. "
            "Check the dates, or exclude these people with a named criterion."
        )
    return FollowUp(days, event.fill_null(value=False).to_numpy() & ~np.isnan(days))


def require_columns(frame: pl.DataFrame, variables: Iterable[Variable]) -> list[str]:
    """Return the columns that the variables need, each once, in their order.

    Raises
    ------
    AnalysisError
        If the frame lacks one; the message names the nearest column that it has.
    """
    needed = list(dict.fromkeys(name for variable in variables for name in variable.columns))
    for name in needed:
        if name not in frame.columns:
            raise AnalysisError(f"There is no column {name!r}. {did_you_mean(name, frame.columns)}")
    return needed


def _text(values: pl.Series) -> pl.Series:
    return values if values.dtype == pl.String else values.cast(pl.String)

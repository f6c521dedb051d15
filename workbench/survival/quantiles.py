"""Reading a survival curve: at given times, and at given heights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from workbench.statistics.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_SAME_HEIGHT = 1e-8  # a product of ratios reaches 1/2 only up to rounding


class SurvivalQuantile(NamedTuple):
    """A time by which a share of people has had the event, with its limits; null where it is not reached."""

    time: float | None
    lower: float | None
    upper: float | None


def survival_quantiles(curve: pl.DataFrame, probabilities: Sequence[float] = (0.25, 0.5, 0.75)) -> pl.DataFrame:
    """Return the times by which given shares of people have had the event.

    Parameters
    ----------
    curve : DataFrame
        What :func:`kaplan_meier` returns.
    probabilities : sequence of float in (0, 1)
        Shares p; the quantile is where S(t) comes down to 1 − p.

    Returns
    -------
    DataFrame, one row a probability
        ``probability``, ``time``, ``lower``, ``upper`` (unit of the curve's time; null if not reached).
        Where the curve runs flat at exactly 1 − p, the time is the middle of the flat stretch. The limits
        are the times at which the curve's own limits come down to 1 − p (Brookmeyer–Crowley), on the scale
        the curve was made with.

    Raises
    ------
    AnalysisError (a ValueError)
        If a probability is not between 0 and 1.

    References
    ----------
    Brookmeyer & Crowley (1982), Biometrics 38:29–41.
    """
    for probability in probabilities:
        if not 0 < probability < 1:
            raise AnalysisError(f"{probability} is not a share of people. Give probabilities between 0 and 1.")
    columns = {
        name: [_comes_down_to(curve, height, 1 - p) for p in probabilities]
        for name, height in {"time": "survival", "lower": "lower", "upper": "upper"}.items()
    }
    return pl.DataFrame(
        {"probability": list(probabilities)} | columns,
        schema=dict.fromkeys(("probability", "time", "lower", "upper"), pl.Float64),
    )


def median_survival(curve: pl.DataFrame) -> SurvivalQuantile:
    """Return the median survival time of a curve with its confidence limits; see :func:`survival_quantiles`."""
    return SurvivalQuantile(*survival_quantiles(curve, [0.5]).drop("probability").row(0))


def survival_at(curve: pl.DataFrame, times: Sequence[float]) -> pl.DataFrame:
    """Read a survival curve at given times.

    Parameters
    ----------
    curve : DataFrame
        What :func:`kaplan_meier` returns.
    times : sequence of float
        In the unit of the curve's time, in any order.

    Returns
    -------
    DataFrame, one row a time
        ``time``, ``survival``, ``std_err``, ``lower``, ``upper``. Before the first time of the curve S is 1
        and so are its limits; after its last time, unless S is 0, nobody is left to tell and everything is
        null.
    """
    steps = curve.select("time", "survival", "std_err", "lower", "upper")
    start = pl.DataFrame([(-np.inf, 1.0, 0.0, 1.0, 1.0)], schema=steps.schema, orient="row")
    asked = pl.DataFrame({"time": list(times)}, schema={"time": pl.Float64}).with_row_index("place")
    read = asked.sort("time").join_asof(pl.concat([start, steps]), on="time", strategy="backward")
    unknown = (pl.col("time") > curve["time"].max()) & (pl.col("survival") > 0)
    estimates = pl.col("survival", "std_err", "lower", "upper")
    return read.with_columns(pl.when(~unknown).then(estimates)).sort("place").drop("place")


def _comes_down_to(curve: pl.DataFrame, name: str, height: float) -> float | None:
    """Return the first time at which a column is not above *height*, or the middle of its flat stretch there."""
    defined = curve.select("time", name).drop_nulls()
    time, value = defined["time"].to_numpy(), defined[name].to_numpy()
    reached = _first(value <= height + _SAME_HEIGHT)
    if reached is None:
        return None
    passed = _first(value < height - _SAME_HEIGHT)
    until = len(time) - 1 if passed is None else passed
    flat = abs(value[reached] - height) <= _SAME_HEIGHT
    return float((time[reached] + time[until]) / 2 if flat else time[reached])


def _first(where: npt.NDArray[np.bool_]) -> int | None:
    return int(where.argmax()) if where.any() else None

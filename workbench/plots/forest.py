"""A forest plot of hazard ratios with their numbers in columns, drawn from what the gate released."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.plots.figure import Figure

if TYPE_CHECKING:
    from workbench.disclosure import ReleasedRegression, ReleasedTable

_TICKS = (
    (1.6, (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2)),
    (6, (0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4)),
    (20, (0.1, 0.25, 0.5, 1, 2, 4, 8, 16)),
    (float("inf"), (0.001, 0.01, 0.1, 1, 10, 100, 1000)),
)
_SMALLEST_P = 0.001


@dataclass(frozen=True)
class ForestRow:
    """One coefficient, or one reference level, as it is drawn.

    Parameters
    ----------
    label : str
        What is compared: "Heart failure: yes", "Age (+10 years)".
    hazard_ratio, lower, upper : float or None
        None where nothing could be estimated.
    is_reference : bool
        Whether this is the level that others are compared with.
    words, p : str
        The same in print.
    """

    label: str
    hazard_ratio: float | None
    lower: float | None
    upper: float | None
    is_reference: bool
    words: str
    p: str


@dataclass(frozen=True)
class ForestDrawing:
    """All that a forest plot shows, whatever draws it."""

    rows: tuple[ForestRow, ...]
    column_title: str
    x_title: str = "Hazard ratio (logarithmic scale)"

    @property
    def span(self) -> tuple[float, float]:
        """The ends of the axis: all limits and 1 lie within, with some room."""
        limits = [limit for row in self.rows for limit in (row.lower, row.upper, row.hazard_ratio) if limit]
        return min([1.0, *limits]) / 1.12, max([1.0, *limits]) * 1.12

    @property
    def ticks(self) -> tuple[float, ...]:
        """Round hazard ratios within the span, denser where the span is short."""
        low, high = self.span
        candidates = next(ticks for widest, ticks in _TICKS if high / low <= widest)
        return tuple(tick for tick in candidates if low <= tick <= high)


def plot_forest(released: ReleasedRegression) -> Figure:
    """Draw the hazard ratios of a model with their intervals on a logarithmic axis, and the numbers in columns beside them.

    Parameters
    ----------
    released : ReleasedRegression
        From ``study.run(Cox(…), cohort)``.
    """
    from workbench.plots.forest_bokeh import draw
    from workbench.plots.forest_still import picture

    interval = f"{released.confidence:.0%}".replace("%", " %") + " interval"
    drawing = ForestDrawing(rows=tuple(_rows(released.table)), column_title=f"Hazard ratio ({interval})")
    caption = (
        f"Hazard ratios (squares) with {interval}s (lines) from a {released.method[0]}{released.method[1:]}, on a logarithmic "
        "axis: right of 1 the hazard is higher. Diamonds mark the reference levels. "
        f"Event: {released.event_label.lower()}. {released.caption}"
    )
    return Figure(
        plot=draw(drawing),
        table=released.table,
        title=f"Hazard ratios for {released.event_label.lower()}",
        caption=caption,
        picture=partial(picture, drawing),
    )


def _rows(table: ReleasedTable) -> list[ForestRow]:
    rows = [dict(zip(table.column_names, row, strict=True)) for row in table.rows]
    return [_row(row) for row in rows]


def _row(row: dict[str, Any]) -> ForestRow:
    estimate, lower, upper = row["hazard_ratio"], row["lower"], row["upper"]
    is_reference = row["is_reference"] == "yes"
    if is_reference:
        words = "1 (reference)"
    elif estimate is None or lower is None or upper is None:
        words = "no estimate"
    else:
        words = f"{estimate:.2f} ({lower:.2f} to {upper:.2f})"
    return ForestRow(
        label=row["label"].removesuffix(" (reference)"),
        hazard_ratio=estimate,
        lower=lower,
        upper=upper,
        is_reference=is_reference,
        words=words,
        p=_p(row["p_value"]),
    )


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return f"p < {_SMALLEST_P}" if value < _SMALLEST_P else f"p = {value:.3f}"

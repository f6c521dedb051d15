"""Survival curves with the numbers at risk beneath, drawn from what the gate released."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from workbench.plots.figure import Figure
from workbench.plots.survival_drawing import CurvesDrawing, curve_of

if TYPE_CHECKING:
    from workbench.disclosure import ReleasedSurvival


def plot_survival(released: ReleasedSurvival, *, time_origin: str = "index date") -> Figure:
    """Draw survival by group at the released times, with intervals and, beneath, the people at risk.

    Parameters
    ----------
    released : ReleasedSurvival
        From ``study.run(KaplanMeier(…), cohort)``.
    time_origin : str
        What time is counted from, for the title of the axis: "admission".

    Returns
    -------
    Figure
        Survival is known at the marked times only: the disclosure policy joins days until each period stands for enough
        people. The lines between the marks join them and say nothing of the days between.
    """
    from workbench.plots.survival_bokeh import draw
    from workbench.plots.survival_still import picture

    is_death = released.event_label.lower().startswith("death")
    drawing = CurvesDrawing(
        curves=tuple(curve_of(released, group) for group in released.groups),
        time_origin=time_origin,
        y_title="Survival probability (%)" if is_death else f"Free of: {released.event_label} (%)",
    )
    by = f" by {_in_sentence(released.by)}" if released.by else ""
    return Figure(
        plot=draw(drawing),
        table=released.table,
        title=f"{'Survival' if is_death else released.event_label}{by}",
        caption=_caption(released, drawing),
        picture=partial(picture, drawing),
    )


def _in_sentence(label: str) -> str:
    """Return a label as it stands within a sentence; names such as TTN keep their capitals."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def _caption(released: ReleasedSurvival, drawing: CurvesDrawing) -> str:
    heading = next(column.heading for column in released.table.columns if column.name == "survival") or ""
    interval = heading.partition("(")[2].rstrip(")") or "interval"
    ends = "; ".join(
        f"{_in_sentence(curve.name) + ', ' if released.by else ''}{100 * curve.survival[-1]:.0f} % "
        f"after {drawing.after(curve.years[-1])}"
        for curve in drawing.curves
    )
    return (
        f"Kaplan–Meier estimate with {interval} (shaded). Event: {_in_sentence(released.event_label)}. Survival is shown at the "
        f"marked times only, as the disclosure policy allows; lines join the marks. At the last mark: {ends}. "
        "Beneath: people at risk just before the time of the mark above and, in parentheses, events up to it. "
        f"{released.caption}"
    )

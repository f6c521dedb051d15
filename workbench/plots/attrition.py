"""A flow chart of who is studied: people at the start, left out at each step, and in the cohort; from the released attrition."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disclosure import Suppressed
from workbench.plots.figure import kind_of_picture
from workbench.plots.flow_layout import Chart, lay_out, to_picture, to_svg
from workbench.plots.mime import FIGURE_MIME, as_base64, is_headless

if TYPE_CHECKING:
    from workbench.disclosure import Cell, ReleasedTable

_DATA = {"n_with_ecg": "with ECG", "n_with_imaging": "with imaging", "n_with_genome": "with genome"}
_STYLE = (
    ".cw-flow{container-type:inline-size;margin:.5em 0}.cw-flow svg{display:block;max-width:100%;height:auto}"
    ".cw-flow .cw-narrow{display:none}"
    "@container (max-width:660px){.cw-flow .cw-wide{display:none}.cw-flow .cw-narrow{display:block}}"
)


@dataclass(frozen=True)
class Stage:
    """Steps that are shown together: what they leave out, and who is left.

    Parameters
    ----------
    labels : tuple of str
        The steps, in their order: one, or several whose counts the gate shows together.
    left_out, left : str
        People, in print.
    having : tuple of str
        How many of those left have an ECG, images or a genome, in print, where the study may use such data.
    """

    labels: tuple[str, ...]
    left_out: str
    left: str
    having: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class FlowChart:
    """A flow chart with the numbers that it shows; it stands beside :class:`workbench.plots.Figure` and is used like it.

    Parameters
    ----------
    start : str
        People in the catalog, in print.
    stages : tuple of Stage
    table : ReleasedTable
        The attrition, as released.
    title, caption : str
        The caption says the whole chart in words and doubles as the text alternative.
    """

    start: str
    stages: tuple[Stage, ...]
    table: ReleasedTable
    title: str
    caption: str

    def __repr__(self) -> str:
        return f"{self.title}. {self.caption}"

    @cached_property
    def charts(self) -> dict[str, Chart]:
        """The same chart laid out for a wide and for a narrow page."""
        return {shape: lay_out(self.start, self.stages, wide=shape == "wide") for shape in ("wide", "narrow")}

    def to_html(self) -> str:
        """Return the chart as HTML that shows the layout for which there is room, in the colours of the text around it."""
        label = html.escape(f"{self.title}. {self.caption}", quote=True)
        drawn = "".join(to_svg(chart, css_class=f"cw-{shape}") for shape, chart in self.charts.items())
        return f'<style>{_STYLE}</style><div class="cw-flow" role="img" aria-label="{label}">{drawn}</div>'

    def save(self, path: Path | str) -> tuple[Path, Path]:
        """Write the chart as SVG or PNG, and the attrition as CSV beside it; return both paths.

        Raises
        ------
        UnknownNameError
            If the path ends with neither ``.svg`` nor ``.png``.
        """
        path = Path(path)
        kind = kind_of_picture(path)
        chart = self.charts["wide"]
        path.write_bytes(to_svg(chart).encode() if kind == "svg" else to_picture(chart))
        numbers = path.with_suffix(".csv")
        self.table.to_csv(numbers)
        return path, numbers

    def to_dict(self) -> dict[str, Any]:
        """Return the chart as data: HTML for both widths, a still picture (SVG), title, caption and the released table."""
        return {
            "html": self.to_html(),
            "picture": to_svg(self.charts["wide"]),
            "title": self.title,
            "caption": self.caption,
            "table": self.table.to_dict(),
        }

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        form = self.to_dict()
        if is_headless():
            form["png"] = as_base64(to_picture(self.charts["wide"]))
        return {"text/plain": repr(self), "text/html": self.to_html(), FIGURE_MIME: form}


def plot_attrition(attrition: ReleasedTable) -> FlowChart:
    """Draw the steps from everybody in the catalog to the cohort as a flow chart.

    Parameters
    ----------
    attrition : ReleasedTable
        From ``study.attrition(cohort)``. Steps whose counts are hidden stand together with the next step that is shown, as in
        the table: what they leave out together is told there.
    """
    rows = [dict(zip(attrition.column_names, row, strict=True)) for row in attrition.rows]
    start = _people(rows[0]["n_before"])
    stages = tuple(_stages(rows))
    return FlowChart(
        start=start,
        stages=stages,
        table=attrition,
        title="From the catalog to the cohort",
        caption=_in_words(start, stages),
    )


def _stages(rows: list[dict[str, Any]]) -> list[Stage]:
    stages: list[Stage] = []
    waiting: list[str] = []
    for place, row in enumerate(rows):
        waiting.append(row["label"])
        told = not isinstance(row["n_excluded"], Suppressed)
        if row["n_excluded"] == 0 and waiting == [row["label"]]:
            waiting = []  # a step that left nobody out has no box
            continue
        if told or place == len(rows) - 1:
            stages.append(Stage(tuple(waiting), _people(row["n_excluded"]), _people(row["n_after"]), _having(row)))
            waiting = []
    return stages


def _people(cell: Cell) -> str:
    if isinstance(cell, Suppressed):
        return "number hidden" if cell.below is None else f"{cell} people"
    return "1 person" if cell == 1 else f"{cell:,} people"


def _having(row: dict[str, Any]) -> tuple[str, ...]:
    """One line for each sort of data; a hidden number without a threshold has no line, so that a box stays short."""
    told = {words: row[name] for name, words in _DATA.items() if name in row}
    return tuple(
        f"{cell:,} {words}"
        for words, cell in told.items()
        if not isinstance(cell, Suppressed) or cell.below is not None
    )


def _in_words(start: str, stages: tuple[Stage, ...]) -> str:
    sentences = [f"In the catalog: {start}."]
    for stage in stages:
        where = " and ".join(f"“{label}”" for label in stage.labels)
        having = f" ({', '.join(stage.having)})" if stage.having else ""
        sentences.append(f"Left out at {where}: {stage.left_out}; left: {stage.left}{having}.")
    return " ".join(sentences)

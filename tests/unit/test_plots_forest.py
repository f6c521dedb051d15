"""The forest plot: released hazard ratios on a logarithmic axis, references and numbers in words."""

from __future__ import annotations

import pytest

from workbench.disclosure import Column, ReleasedRegression, ReleasedTable
from workbench.plots import plot_forest
from workbench.plots.forest import ForestDrawing, ForestRow

HEADING = "Hazard ratio (95 % interval)"
# variable, level, label, is_reference, n, events, hazard ratio, lower, upper, log hazard ratio, standard error, z, p
ROWS = (
    ("hf", "no", "Heart failure: no (reference)", "yes", 345, 105, 1.0, *[None] * 6),
    ("hf", "yes", "Heart failure: yes", "", 155, 110, 2.04, 1.51, 2.75, 0.713, 0.15, 4.7, 0.000002),
    ("age", None, "Age (+10 years)", "", None, None, 1.64, 1.42, 1.88, 0.495, 0.07, 6.9, 0.041),
    ("rare", None, "Rare", "", None, None, None, None, None, None, None, None, None),
)


@pytest.fixture(scope="module")
def figure():
    table = ReleasedTable(
        name="regression",
        title="Cox",
        columns=(
            Column("variable", "Variable", shown=False),
            Column("level", "Level", shown=False),
            Column("label", "Covariate"),
            Column("is_reference", "Reference", shown=False),
            Column("n", "People", kind="count"),
            Column("events", "Events", kind="count"),
            Column("hazard_ratio", "Hazard ratio", kind="ratio", heading=HEADING),
            Column("lower", "Lower limit", kind="ratio", heading=HEADING),
            Column("upper", "Upper limit", kind="ratio", heading=HEADING),
            Column("log_hazard_ratio", "Log hazard ratio", kind="number", shown=False),
            Column("std_err", "Standard error", kind="number", shown=False),
            Column("z", "z", kind="number", shown=False),
            Column("p_value", "p", kind="p_value"),
        ),
        rows=ROWS,
        caption="People: 500. Events: 215. Missing: <10.",
    )
    released = ReleasedRegression(
        table=table,
        method="Cox proportional hazards model",
        event_label="Death from any cause",
        n=500,
        n_events=215,
        n_missing=0,
        confidence=0.95,
        likelihood_ratio=100.0,
        degrees_of_freedom=3,
        p_value=1e-10,
        converged=True,
    )
    return plot_forest(released)


def texts(figure, tag: str) -> list[str]:
    return [text for r in figure.model().renderers if tag in r.tags for text in r.data_source.data["words"]]


def test_estimates_and_limits_are_the_released_ones(figure):
    segments = [r for r in figure.model().renderers if type(r.glyph).__name__ == "Segment" and "line" not in r.tags]
    data = segments[0].data_source.data
    assert list(data["x0"]) == [1.51, 1.42]
    assert list(data["x1"]) == [2.75, 1.88]


def test_the_words_beside_each_row_say_ratio_interval_and_p(figure):
    assert texts(figure, "labels") == ["Heart failure: no", "Heart failure: yes", "Age (+10 years)", "Rare"]
    assert texts(figure, "words") == ["1 (reference)", "2.04 (1.51 to 2.75)", "1.64 (1.42 to 1.88)", "no estimate"]
    assert texts(figure, "p") == ["", "p < 0.001", "p = 0.041", ""]
    assert texts(figure, "head_words") == [HEADING]


def test_the_axis_is_logarithmic_and_says_so(figure):
    model = figure.model()
    assert type(model.x_scale).__name__ == "LogScale"
    assert model.xaxis[0].axis_label == "Hazard ratio (logarithmic scale)"


def test_one_always_lies_on_the_axis_and_is_a_tick():
    def drawing(*limits: tuple[float, float, float]) -> ForestDrawing:
        rows = tuple(
            ForestRow("x", estimate, low, high, is_reference=False, words="", p="") for low, estimate, high in limits
        )
        return ForestDrawing(rows, HEADING)

    for limits in [(1.51, 2.04, 2.75)], [(0.1, 0.2, 0.3)], [(0.98, 1.0, 1.02)], [(0.001, 5.0, 300.0)]:
        drawn = drawing(*limits)
        low, high = drawn.span
        assert low < min(1, limits[0][0])
        assert high > max(1, limits[0][2])
        assert 1 in drawn.ticks
        assert len(drawn.ticks) >= 2
        assert all(low <= tick <= high for tick in drawn.ticks)


def test_the_caption_says_what_is_seen_and_on_how_many_people(figure):
    assert "People: 500. Events: 215. Missing: <10." in figure.caption
    assert "95 % intervals (lines) from a Cox proportional hazards model" in figure.caption


def test_the_still_picture_has_the_same_words(figure):
    drawn = figure.picture("svg").decode()
    for words in ("2.04 (1.51 to 2.75)", "p &lt; 0.001", "1 (reference)", "Hazard ratio (logarithmic scale)"):
        assert words in drawn

"""The flow chart of the attrition: the released counts, hidden steps told together, text inside its boxes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from workbench.disclosure import Gate, ReleasedTable
from workbench.plots import plot_attrition
from workbench.plots.flow_layout import to_svg
from workbench.statistics.results import Attrition, AttritionStep

STEPS = Attrition(
    (
        AttritionStep("allowed", 1500, 1500, cannot_exclude=True),
        AttritionStep("admitted with <an infarction>", 1500, 1497),
        AttritionStep("aged 40 or over & under 100", 1497, 1400),
        AttritionStep("no cardiogenic shock", 1400, 1300),
    )
)


@pytest.fixture(scope="module")
def chart():
    return plot_attrition(Gate().release(STEPS))


def test_steps_whose_counts_are_hidden_stand_together_with_the_next_one_shown(chart):
    assert [stage.labels for stage in chart.stages] == [
        ("admitted with <an infarction>", "aged 40 or over & under 100"),
        ("no cardiogenic shock",),
    ]
    assert [(stage.left_out, stage.left) for stage in chart.stages] == [
        ("100 people", "1,400 people"),
        ("100 people", "1,300 people"),
    ]


def test_a_step_that_left_nobody_out_has_no_box(chart):
    assert "allowed" not in {label for stage in chart.stages for label in stage.labels}


def test_the_caption_says_the_whole_chart_in_words(chart):
    assert chart.caption == (
        "In the catalog: 1,500 people. Left out at “admitted with <an infarction>” and “aged 40 or over & under 100”: "
        "100 people; left: 1,400 people. Left out at “no cardiogenic shock”: 100 people; left: 1,300 people."
    )


def test_hidden_counts_at_the_end_are_told_as_hidden():
    steps = Attrition((AttritionStep("rare", 500, 3),))
    chart = plot_attrition(Gate().release(steps))
    assert [stage.labels for stage in chart.stages] == [("rare",)]
    assert "<10" in chart.caption or "number hidden" in chart.caption
    assert "3 people" not in chart.to_html()
    assert "497" not in chart.to_html()


def test_what_data_those_left_have_stands_in_their_box_and_hidden_numbers_do_not():
    steps = Attrition(
        (
            AttritionStep("allowed", 1500, 1400, n_with=(900, 1390)),
            AttritionStep("a step", 1400, 700, n_with=(4, 650)),
        ),
        ("waveform", "genomic"),
    )
    chart = plot_attrition(Gate().release(steps))
    assert [stage.having for stage in chart.stages] == [
        ("900 with ECG", "1,390 with genome"),
        ("<10 with ECG", "650 with genome"),
    ]
    assert "left: 700 people (<10 with ECG, 650 with genome)." in chart.caption
    assert chart.charts["wide"].boxes[-1].lines == ("700 people", "in the cohort", "<10 with ECG", "650 with genome")


@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_boxes_do_not_overlap_and_lie_in_the_chart(chart, shape):
    drawn = chart.charts[shape]
    boxes = sorted(drawn.boxes, key=lambda box: box.y)
    assert len(boxes) == 5
    for above, below in pairwise(boxes):
        assert above.y + above.height < below.y
    assert all(box.x >= 0 and box.x + box.width <= drawn.width for box in boxes)
    assert boxes[-1].y + boxes[-1].height <= drawn.height


def test_what_comes_from_data_is_text_and_never_markup(chart):
    assert "<an infarction>" not in chart.to_html()
    assert "&lt;an infarction&gt;" in chart.to_html()
    for shape in ("wide", "narrow"):
        assert ET.fromstring(to_svg(chart.charts[shape])).tag.endswith("svg")


def test_it_is_saved_as_svg_or_png_with_its_numbers_beside(chart, tmp_path):
    picture, numbers = chart.save(tmp_path / "flow.svg")
    assert "1,300 people" in picture.read_text(encoding="utf-8")
    assert "no cardiogenic shock" in numbers.read_text(encoding="utf-8")
    png, _ = chart.save(tmp_path / "flow.png")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_in_a_notebook_it_is_html_with_the_table_as_data(chart):
    bundle = chart._repr_mimebundle_()
    assert 'role="img"' in bundle["text/html"]
    form = bundle["application/vnd.cardio-workbench.figure+json"]
    assert ReleasedTable.from_dict(form["table"]) == chart.table

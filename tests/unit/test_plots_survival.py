"""The survival plot: it shows the released numbers and nothing else, and its table stands under its marks."""

from __future__ import annotations

import json
import re

import pytest

from data_catalog.errors import UnknownNameError
from workbench.disclosure import Column, ReleasedSurvival, ReleasedTable, Suppressed
from workbench.plots import plot_survival
from workbench.plots.figure import kind_of_picture
from workbench.plots.style import GROUP_STYLES
from workbench.plots.survival_drawing import curve_of
from workbench.plots.survival_layout import end_places
from workbench.plots.time_axis import TimeAxis, spaced

HEADING = "Survival (95 % interval)"
SMALL = Suppressed("small_count", 10)
HIDDEN = Suppressed("differencing")
GRID_DAYS = (0.0, 365.0, 730.0)
ROWS = (
    ("no", 0.0, 0.0, 1.0, 1.0, 1.0, 345, 0, 0),
    ("no", 365.0, 365 / 365.25, 0.826, 0.782, 0.862, 1285, 60, HIDDEN),
    ("no", 730.0, 730 / 365.25, 0.774, 0.725, 0.816, 190, 75, 80),
    ("yes", 0.0, 0.0, 1.0, 1.0, 1.0, 155, 0, 0),
    ("yes", 365.0, 365 / 365.25, 0.497, 0.416, 0.573, 75, HIDDEN, 0),
    ("yes", 730.0, 730 / 365.25, 0.355, 0.277, 0.433, SMALL, 95, 15),
)


def released(
    rows=ROWS, groups=("no", "yes"), by="Heart failure", event_label="Death from any cause"
) -> ReleasedSurvival:
    table = ReleasedTable(
        name="survival",
        title="Survival",
        columns=(
            Column("group", "Group"),
            Column("time_days", "Time", kind="days", shown=False),
            Column("time_years", "Time", unit="years", kind="years"),
            Column("survival", "Survival", kind="proportion", heading=HEADING),
            Column("lower", "Lower limit", kind="proportion", heading=HEADING),
            Column("upper", "Upper limit", kind="proportion", heading=HEADING),
            Column("at_risk", "At risk", kind="count"),
            Column("events", "Events", kind="count"),
            Column("censored", "Censored", kind="count"),
        ),
        rows=rows,
        caption="People: 500. Events: 170. Missing: <10.",
        policy="cw-sdc-1",
    )
    return ReleasedSurvival(
        table=table,
        groups=groups,
        grid_days=GRID_DAYS,
        rung="365 days",
        median=dict.fromkeys(groups),
        event_label=event_label,
        by=by,
        horizon_days=730.0,
    )


@pytest.fixture(scope="module")
def figure():
    return plot_survival(released(), time_origin="admission")


def renderers(figure, kind: str):
    return [r for r in figure.model().renderers if type(r.glyph).__name__ == kind]


def test_the_curves_are_the_released_survival_and_nothing_between(figure):
    drawn = [dict(r.data_source.data) for r in renderers(figure, "Line")]
    assert [list(line["survival"]) for line in drawn] == [[1.0, 0.826, 0.774], [1.0, 0.497, 0.355]]
    assert list(drawn[0]["time_years"]) == [row[2] for row in ROWS[:3]]


def test_every_mark_lies_on_a_released_time_with_its_interval_to_read(figure):
    marks = renderers(figure, "Scatter")[0].data_source.data
    assert list(marks["survival"]) == [1.0, 0.826, 0.774]
    assert marks["share"][1] == "82.6 % (78.2 to 86.2)"
    assert marks["people"][1] == "1,285 (60)"


def test_the_numbers_beneath_stand_under_the_marks_and_the_axis_is_labelled_in_round_times(figure):
    rows = [r.data_source.data for r in figure.model().renderers if "by time" in r.tags]
    assert [list(row["time_years"]) for row in rows] == [[days / 365.25 for days in GRID_DAYS]] * 2
    labels = next(r.data_source.data for r in renderers(figure, "Text") if "label" in r.data_source.data)
    assert dict(zip(labels["time_years"], labels["label"], strict=True)) == {
        0: "0",
        0.5: "0.5",
        1: "1",
        1.5: "1.5",
        2: "2",
    }


def test_a_hidden_count_is_a_dash_and_a_small_one_says_below_what(figure):
    _, yes = [r.data_source.data for r in figure.model().renderers if "by time" in r.tags]
    assert list(yes["numbers"]) == ["155 (0)", "75 (–)", "<10 (95)"]
    words = [text for r in renderers(figure, "Text") for text in r.data_source.data.get("words", [])]
    assert "At risk (events so far; – hidden)" in words


def test_the_axes_name_their_units(figure):
    model = figure.model()
    titles = [text for r in renderers(figure, "Text") for text in r.data_source.data.get("title", [])]
    assert titles == ["Years since admission"]
    assert model.title.text == "Survival probability (%)"


def test_an_event_other_than_death_is_named_on_the_axis():
    model = plot_survival(released(event_label="Readmission")).model()
    assert model.title.text == "Free of: Readmission (%)"


def test_the_caption_has_people_events_missing_and_says_what_the_lines_mean(figure):
    assert "People: 500. Events: 170. Missing: <10." in figure.caption
    assert "lines join the marks" in figure.caption
    assert "heart failure: yes, 36 % after 2 years" in figure.caption


def test_one_curve_without_groups_needs_no_name_of_a_group():
    rows = tuple(("All", *row[1:]) for row in ROWS[:3])
    figure = plot_survival(released(rows, groups=("All",), by=None))
    assert figure.title == "Survival"
    assert "At the last mark: 77 % after 2 years." in figure.caption


def contrast(one: str, two: str) -> float:
    """Contrast ratio of two colours by WCAG 2.2, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_groups_differ_in_dash_and_marker_and_the_first_two_in_grey_as_well():
    assert len({style.dash for style in GROUP_STYLES}) == len(GROUP_STYLES)
    assert len({style.marker for style in GROUP_STYLES}) == len(GROUP_STYLES)
    blue, vermilion, *_ = (style.colour for style in GROUP_STYLES)
    assert contrast(blue, vermilion) > 1.3


def test_words_in_the_colour_of_a_group_stand_out_from_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert all(contrast(style.text_colour, "#ffffff") >= 4.5 for style in GROUP_STYLES)


def every(days: int, n: int) -> list[float]:
    """Return released times in years, one each so many days."""
    return [days * number / 365.25 for number in range(n)]


@pytest.mark.parametrize(
    ("years", "labels"),
    [
        ([*every(180, 10), 5.0], ["0", "1", "2", "3", "4", "5"]),
        ([0, 30 / 365.25, 0.5, 1.0, 1.5, 3.5, 5.0], ["0", "1", "2", "3", "4", "5"]),
        (every(365, 3), ["0", "0.5", "1", "1.5", "2"]),
        (every(365, 12), ["0", "2", "4", "6", "8", "10"]),
        (every(180, 11), ["0", "1", "2", "3", "4", "5"]),
        ([0, 30 / 365.25, 180 / 365.25], ["0", "30", "60", "90", "120", "150", "180"]),
        (every(365, 2), ["0", "60", "120", "180", "240", "300", "360"]),
    ],
)
def test_an_axis_is_labelled_in_whole_years_whatever_times_are_released_and_a_short_one_in_days(years, labels):
    axis = TimeAxis.of(years)
    assert list(axis.labels.values()) == labels
    assert axis.unit == ("Days" if years[-1] <= 1 else "Years")
    assert axis.end >= max(years[-1], *axis.labels)


def test_of_many_times_those_near_the_labels_have_numbers_beneath_and_of_few_all():
    many = [*every(90, 20), 5.0]
    assert [round(year * 365.25) for year in TimeAxis.of(many).columns] == [0, 360, 720, 1080, 1440, 1826]
    few = [0, 0.08, 0.5, 1.0, 1.5, 3.5, 5.0]
    assert TimeAxis.of(few).columns == tuple(few)


def test_a_group_that_is_no_answer_needs_no_variable_before_its_name():
    rows = tuple(("two vessels", *row[1:]) for row in ROWS[:3])
    figure = plot_survival(released(rows, groups=("two vessels",), by="TTN variant"))
    assert figure.title == "Survival by TTN variant", "a name keeps its capitals"
    assert "two vessels, 77 % after 2 years" in figure.caption


def test_times_without_room_have_no_numbers_but_the_first_and_the_last_have():
    years = [0.0, 0.08, 0.5, 1.0, 1.5, 3.5, 5.0]
    assert spaced(years, px_per_year=130, least_px=60) == [0.0, 0.5, 1.0, 1.5, 3.5, 5.0]
    assert spaced(years, px_per_year=57, least_px=60) == [0.0, 1.5, 3.5, 5.0]
    assert spaced([0.0], px_per_year=57, least_px=60) == [0.0]


def test_names_at_the_ends_of_close_curves_are_moved_apart():
    close = tuple((row[0], *row[1:3], 0.5, 0.4, 0.6, *row[6:]) for row in ROWS)
    curves = [curve_of(released(close), group) for group in ("no", "yes")]
    (_, upper), (_, lower) = end_places(curves)
    assert (upper - lower) * 300 >= 16, "a line of text is 16 pixels high, the plot 300"


def test_a_figure_is_saved_as_svg_or_png_with_its_numbers_beside(figure, tmp_path):
    picture, numbers = figure.save(tmp_path / "survival.svg")
    assert picture.read_text(encoding="utf-8").count("Years since admission") == 1
    assert numbers.read_text(encoding="utf-8").startswith("group,time_days,time_years,survival")
    png, _ = figure.save(tmp_path / "survival.png")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_saved_figure_is_the_same_bytes_each_time(figure):
    assert figure.picture("svg") == figure.picture("svg")


def test_another_ending_is_refused_with_the_allowed_ones(tmp_path):
    with pytest.raises(UnknownNameError, match=r"'a.pdf' is not the name of a picture. Its ending may be .svg or .png"):
        kind_of_picture(tmp_path / "a.pdf")


def test_without_a_reader_a_figure_is_kept_as_data_and_picture(figure, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HEADLESS", "1")
    bundle = figure._repr_mimebundle_()
    assert sorted(bundle) == ["application/vnd.cardio-workbench.figure+json", "image/svg+xml", "text/plain"]
    form = json.loads(json.dumps(bundle["application/vnd.cardio-workbench.figure+json"]))
    assert ReleasedTable.from_dict(form["table"]) == figure.table
    assert "Figure" in {each["name"] for each in json.loads(form["item"])["doc"]["roots"]}


def test_the_text_form_says_all_that_the_plot_says(figure):
    assert re.search(r"Survival by heart failure\. Kaplan–Meier.*People: 500", repr(figure), re.DOTALL)
    assert "0.826 (0.782 to 0.862)" in repr(figure)

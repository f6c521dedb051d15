"""Released tables: cells, frames, files and print."""

from __future__ import annotations

import csv
import html
import json
import subprocess
import sys

import polars as pl
import pytest

from data_catalog.errors import UnknownNameError, WorkbenchError
from workbench.disclosure import (
    Column,
    ReleasedRegression,
    ReleasedSurvival,
    ReleasedTable,
    ReleasedTest,
    Suppressed,
    released_from_dict,
)
from workbench.disclosure.display import format_cell

SMALL = Suppressed("small_count", 10)
HEADING = "Hazard ratio (95 % interval)"


@pytest.fixture
def table() -> ReleasedTable:
    return ReleasedTable(
        name="example",
        title="Deaths <by> group",
        columns=(
            Column("group", "Group"),
            Column("n", "People", kind="count"),
            Column("time_years", "Time", unit="years", kind="years"),
            Column("hazard_ratio", "Hazard ratio", kind="ratio", heading=HEADING),
            Column("lower", "Lower", kind="ratio", heading=HEADING),
            Column("upper", "Upper", kind="ratio", heading=HEADING),
            Column("z", "z", kind="number", shown=False),
        ),
        rows=(
            ("=cmd()", 1235, 1.5, 1.23456789, 0.9, 2.0, -1.25),
            ("<script>alert(1)</script>", SMALL, 5.0, None, None, None, None),
        ),
        caption="People: 1,235. Missing: <10.",
        notes=("A note.",),
        policy="cw-sdc-1",
    )


def test_a_cell_is_found_by_row_number_or_by_what_begins_its_row(table):
    assert table.cell(0, "n") == table.cell("=cmd()", "n") == table.cell(("=cmd()",), "n") == 1235
    assert table.cell(-1, "n") == SMALL
    assert table.column("time_years") == (1.5, 5.0)


def test_a_wrong_column_or_row_is_answered_with_the_nearest(table):
    with pytest.raises(UnknownNameError, match="no column 'hazard_ration'. Did you mean 'hazard_ratio'"):
        table.column("hazard_ration")
    with pytest.raises(
        UnknownNameError, match=r"No row of table 'example' begins with '=cmd'.*Did you mean '=cmd\(\)'"
    ):
        table.cell("=cmd", "n")
    with pytest.raises(UnknownNameError, match="there is no row 2"):
        table.cell(2, "n")


def test_a_frame_tells_what_is_hidden_from_what_does_not_exist(table):
    frame = table.to_frame()
    assert frame["n"].to_list() == [1235, None]
    assert frame["n__suppressed"].to_list() == [None, "small_count"]
    assert frame["hazard_ratio"].to_list() == [1.23456789, None]
    assert "hazard_ratio__suppressed" not in frame.columns
    assert frame.schema["n"] == pl.Int64
    assert frame.schema["time_years"] == pl.Float64


def test_a_csv_file_holds_no_formula_and_keeps_numbers_exact(table, tmp_path):
    path = tmp_path / "table.csv"
    table.to_csv(path)
    with path.open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert first["group"] == "'=cmd()"
    assert float(first["hazard_ratio"]) == 1.23456789
    assert first["z"] == "-1.25"  # a negative number is a number, not a formula
    assert (second["n"], second["n__suppressed"]) == ("", "small_count")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_every_start_of_a_formula_is_made_harmless_in_cells_and_headings(text, tmp_path):
    path = tmp_path / "table.csv"
    ReleasedTable("t", "", (Column(text, "x"),), ((text,),)).to_csv(path)
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["'" + text], ["'" + text]]


def test_the_json_form_is_read_back_without_loss(table):
    assert ReleasedTable.from_dict(json.loads(json.dumps(table.to_dict(), allow_nan=False))) == table


def test_plain_text_is_aligned_and_carries_caption_and_policy(table):
    assert str(table).splitlines() == [
        "Deaths <by> group",
        "Group                      People  Time (years)  Hazard ratio (95 % interval)",
        "-------------------------  ------  ------------  ----------------------------",
        "=cmd()                      1,235           1.5           1.23 (0.90 to 2.00)",
        "<script>alert(1)</script>     <10             5",
        "People: 1,235. Missing: <10.",
        "A note.",
        "Disclosure policy: cw-sdc-1.",
    ]


def test_html_escapes_every_text_and_needs_no_network(table):
    page = table._repr_html_()
    assert "<script>" not in page
    assert html.escape("<script>alert(1)</script>") in page
    assert "Deaths &lt;by&gt; group" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_html_has_header_cells_a_visible_caption_and_scrolls_sideways(table):
    page = table._repr_html_()
    assert page.count('scope="col"') == 4  # the columns as printed
    assert page.count('scope="row"') == 2
    assert "People: 1,235. Missing: &lt;10." in page
    assert "overflow-x:auto" in page
    assert 'tabindex="0" role="region" aria-label="Deaths &lt;by&gt; group"' in page


def test_a_notebook_gets_both_forms_and_the_same_bytes_each_time(table):
    bundle = table._repr_mimebundle_(include=None, exclude=None)
    assert bundle == {"text/plain": str(table), "text/html": table._repr_html_()}
    assert table._repr_html_() == table._repr_html_()


def test_the_module_is_imported_without_the_drawing_library():
    code = "import sys, workbench.disclosure; sys.exit('great_tables' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("cell", "kind", "text"),
    [
        (1234567, "count", "1,234,567"),
        (45.25, "percent", "45.2 %"),
        (0.00099, "p_value", "<0.001"),
        (0.0451, "p_value", "0.045"),
        (1.2345, "ratio", "1.23"),
        (30 / 365.25, "years", "0.08"),
        (5.0, "years", "5"),
        (1826.25, "days", "1,826.2"),
        (30.0, "days", "30"),
        (0.91234, "proportion", "0.912"),
        (-0.00004, "proportion", "0.000"),
        (-12.5, "number", "−12.5"),
        (None, "number", ""),
        (SMALL, "percent", "<10"),
    ],
)
def test_numbers_are_printed_for_people(cell, kind, text):
    assert format_cell(cell, Column("x", "x", kind=kind)) == text


@pytest.mark.parametrize(
    ("cell", "kind", "problem"),
    [
        (float("nan"), "number", "not finite"),
        (float("inf"), "ratio", "not finite"),
        (2.5, "count", "cannot be a float; it is int, None or Suppressed"),
        ("*", "number", "cannot be a str"),
        (True, "count", "cannot be a bool"),
        (3, "text", "cannot be a int; it is str"),
    ],
)
def test_a_cell_that_pretends_is_refused(cell, kind, problem):
    with pytest.raises(WorkbenchError, match=problem):
        ReleasedTable("t", "", (Column("x", "x", kind=kind),), ((cell,),))


def test_a_row_of_the_wrong_length_and_an_unknown_kind_are_refused():
    with pytest.raises(WorkbenchError, match="a row has 2 cells for 1 columns"):
        ReleasedTable("t", "", (Column("x", "x"),), (("a", "b"),))
    with pytest.raises(UnknownNameError, match="Did you mean 'percent'"):
        Column("x", "x", kind="percents")


def results(table: ReleasedTable) -> list:
    return [
        ReleasedSurvival(
            table=table,
            groups=("no", "suppressed", "none"),
            grid_days=(0.0, 30.0),
            rung="30 days",
            median={"no": (0.0, 30.0), "suppressed": Suppressed("curve_stopped"), "none": None},
            event_label="Death",
            by="Shock",
            horizon_days=30.0,
        ),
        ReleasedTest(
            table=table,
            method="Log-rank test",
            by="Shock",
            event_label="Death",
            statistic=1.5,
            degrees_of_freedom=1,
            p_value=0.2,
        ),
        ReleasedRegression(
            table=table,
            method="Cox",
            event_label="Death",
            n=500,
            n_events=200,
            n_missing=SMALL,
            confidence=0.95,
            likelihood_ratio=20.5,
            degrees_of_freedom=2,
            p_value=1e-5,
            converged=True,
        ),
        table,
    ]


@pytest.mark.parametrize("number", range(4))
def test_every_released_result_survives_json(table, number):
    result = results(table)[number]
    assert released_from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False))) == result


def test_results_are_shown_as_their_table(table):
    for result in results(table):
        assert str(result) == repr(result) == str(table)
        assert result._repr_html_() == table._repr_html_()
        assert (result.caption, result.title, result.name, result.policy) == (
            table.caption,
            table.title,
            table.name,
            table.policy,
        )


def test_an_unknown_kind_of_result_is_not_read():
    with pytest.raises(UnknownNameError, match="'tables' is not a kind of released result. Did you mean 'table'"):
        released_from_dict({"kind": "tables"})

"""Comparing two runs: which values count as the same, and what is named as the cause where they are not."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from workbench.disclosure import Column, ReleasedTable, ReleasedTest, Suppressed
from workbench.plots.mime import FIGURE_MIME, QUESTIONS_MIME
from workbench.templates.causes import causes
from workbench.templates.cleaning import fit_to_travel, without_folders, without_places
from workbench.templates.compare import Comparison, Difference, compare
from workbench.templates.environment import OURS, as_requirements, environment
from workbench.templates.verify import Verification

COLUMNS = (Column("group", "Group"), Column("n", "People", kind="count"), Column("mean", "Mean", kind="number"))
TABLE = ReleasedTable("t", "T", COLUMNS, (("men", 120, 61.5), ("women", Suppressed("small_count", 10), None)))
RECORD = {
    "template": {"digest": "1"},
    "studies": [
        {
            "catalog": "Heart centre",
            "snapshot": {"id": 2, "time": "then"},
            "data": {"method": "m", "digest": "2", "groups": {"clinical": "3", "genomic": "4", "imaging": None}},
            "consent": {"epoch": 1, "left_out": "5"},
            "purpose": "education",
            "policy": {"label": "cw-sdc-1", "digest": "6"},
        }
    ],
}
ENVIRONMENT = {
    "python": "3.11.7",
    "system": "Linux",
    "machine": "x86_64",
    "code": "7",
    "distributions": {OURS: "0.1.0", "numpy": "2.3"},
}
new = nbformat.v4


def table(*rows) -> dict[str, ReleasedTable]:
    return {"t": replace(TABLE, rows=rows)}


def compared(men, women=TABLE.rows[1], **options):
    return compare({"t": TABLE}, table(men, women), **options)


def why(change_record=None, change_environment=None) -> list[tuple[str, str]]:
    record, made = deepcopy(RECORD), deepcopy(ENVIRONMENT)
    for change, what in ((change_record, record), (change_environment, made)):
        if change:
            change(what)
    return [
        (each.kind, each.words) for each in causes(RECORD, record, environment_was=ENVIRONMENT, environment_now=made)
    ]


def test_the_same_results_are_identical_value_by_value():
    found = compare({"t": TABLE}, {"t": TABLE})
    assert (found.verdict, found.n_values, found.n_identical) == (
        "identical",
        10,
        10,
    )  # 6 cells, title, caption, policy, columns


def test_a_last_digit_is_within_tolerance_and_a_count_never_is():
    near = compared(("men", 120, 61.5 * (1 + 5e-10)))
    assert (near.verdict, near.n_within, near.differences) == ("within tolerance", 1, ())
    assert near.largest_within == pytest.approx(5e-10)
    assert compared(("men", 120, 61.5 * (1 + 2e-9))).verdict == "different"
    assert compared(("men", 120, 61.5 * (1 + 2e-9)), tolerance=1e-8).verdict == "within tolerance"
    assert compared(("men", 125, 61.5)).verdict == "different"


def test_a_difference_says_where_it_is_and_how_far_apart():
    (found,) = compared(("men", 120, 123.0)).differences
    assert (found.result, found.where, found.was, found.now, found.relative) == ("t", "men: mean", "61.5", "123.0", 0.5)


@pytest.mark.parametrize(
    "now", [("women", 15, None), ("women", Suppressed("secondary"), None)], ids=["shown", "reason"]
)
def test_a_suppressed_value_is_the_same_only_as_itself(now):
    (found,) = compared(TABLE.rows[0], now).differences
    assert (found.where, found.was) == ("women: n", "<10")


def test_nothing_and_nought_are_not_the_same():
    (found,) = compared(TABLE.rows[0], ("women", Suppressed("small_count", 10), 0.0)).differences
    assert (found.was, found.now) == ("(empty)", "0.0")


def test_what_is_beside_the_table_is_compared_too():
    test = ReleasedTest(TABLE, "Log-rank", "sex", "Death", 3.84, 1, 0.05)
    (found,) = compare({"t": test}, {"t": replace(test, p_value=0.06)}).differences
    assert (found.where, found.was, found.now) == ("p_value", "0.05", "0.06")


def test_a_row_or_a_result_that_is_gone_or_new_is_different():
    gone = compare({"t": TABLE}, table(TABLE.rows[0]))
    assert [(each.where, each.now) for each in gone.differences] == [
        ("women: group", "(not there)"),
        ("women: n", "(not there)"),
        ("women: mean", "(not there)"),
    ]
    assert compare({}, {"t": TABLE}).verdict == "different"


def test_rows_of_one_name_are_compared_in_their_order():
    one, other = table(("a", 10, 1.0), ("a", 20, 2.0)), table(("a", 20, 2.0), ("a", 10, 1.0))
    assert len(compare(one, other).differences) == 4


def test_nothing_else_differs_where_nothing_differs():
    assert why() == []
    assert why(lambda record: record["studies"][0]["snapshot"].update(id=7)) == [], "the same rows in another snapshot"


def test_data_are_named_by_the_group_that_changed():
    def change(record):
        record["studies"][0]["data"] |= {"digest": "x", "groups": {"clinical": "3", "genomic": "y", "imaging": None}}

    ((kind, words),) = why(change)
    assert kind == "data"
    assert words.startswith("The genomic data are not those of the bundle (snapshot 2 of Heart centre then")


def test_where_people_are_too_few_for_a_digest_the_snapshot_decides():
    small = deepcopy(RECORD)
    small["studies"][0]["data"]["digest"] = None
    later = deepcopy(small)
    later["studies"][0]["snapshot"]["id"] = 3
    made = {"environment_was": ENVIRONMENT, "environment_now": ENVIRONMENT}
    assert causes(small, small, **made) == ()
    assert [each.words for each in causes(small, later, **made)] == [
        "The snapshot is another: snapshot 2 of Heart centre then, snapshot 3 of Heart centre now."
    ]


def test_consent_is_named_by_its_epoch_or_by_who_is_left_out():
    ((kind, words),) = why(lambda record: record["studies"][0]["consent"].update(epoch=2))
    assert (kind, words) == ("consent", "Consents have changed: epoch 1 then, 2 now.")
    ((kind, words),) = why(lambda record: record["studies"][0]["consent"].update(left_out="x"))
    assert (kind, words) == ("consent", "Other people are left out for want of a legal basis than in the bundle.")


def test_who_is_left_out_says_nothing_where_the_people_are_others():
    def change(record):
        record["studies"][0]["consent"]["left_out"] = "x"
        record["studies"][0]["data"] |= {"digest": "x", "groups": {"clinical": "y", "genomic": "4", "imaging": None}}

    assert [kind for kind, _ in why(change)] == ["data"]


def test_policy_template_and_environment_are_named():
    ((kind, words),) = why(lambda record: record["studies"][0]["policy"].update(digest="x"))
    assert (kind, words) == (
        "policy",
        "The disclosure policy is another: cw-sdc-1 then, cw-sdc-1 now (of the same name, with other thresholds).",
    )
    assert [kind for kind, _ in why(lambda record: record["template"].update(digest="x"))] == ["template"]
    ((kind, words),) = why(None, lambda made: made["distributions"].update(numpy="2.4", scipy="1.15"))
    assert (kind, words) == ("environment", "numpy 2.3 then, 2.4 now; scipy absent then, 1.15 now.")
    assert why(None, lambda made: made.update(code="x")) == [
        ("environment", "the code of cardio-workbench 0.1.0 was changed.")
    ]


def test_the_environment_lists_what_the_workbench_needs_and_no_place():
    made = environment()
    assert {"numpy", "duckdb", "polars", "rocrate", OURS} <= set(made["distributions"])
    assert "pytest" not in made["distributions"], "what is only for developing cannot change a result"
    assert "/" not in str(made)
    assert made["code"].startswith("sha256:")
    pins = as_requirements(made).splitlines()
    assert pins[0].startswith("# Python 3.")
    assert all("==" in pin for pin in pins[1:])


def test_a_long_list_of_differences_is_cut_and_control_characters_are_not_printed():
    rows = [(f"group {n}\x1b[31m", n, float(n)) for n in range(40)]
    found = compare(table(*rows), table(*((name, n + 10, mean) for name, n, mean in rows)))
    text = str(Verification("01", "different", found, (), 1e-9, 1))
    assert "01: different. 40 of 124 values are not the same." in text
    assert "… and 20 more; --json lists all." in text
    assert "\x1b" not in text


def test_where_consent_is_a_cause_no_value_is_told_in_any_form():
    found = compared(("men", 125, 61.625)).without_values()
    assert (found.verdict, found.n_values, dict(found.withheld)) == ("different", 10, {"t": 2})
    made = Verification("01", "different", found, (), 1e-9, 1)
    for told in (str(made), repr(made), str(made.to_dict())):
        assert not any(value in told for value in ("120", "125", "61.5", "61.625"))
    assert "01: different. 2 of 10 values are not the same." in str(made)
    assert "Values that are not the same: t (2). They are not shown" in str(made)


def test_a_rerun_that_stopped_says_why_in_full():
    why = f"01_count stopped in cell 5 of 5, with PermitError: {'a long reason ' * 20}"
    stopped = Comparison(0, 0, 0.0, (Difference("rerun", "the whole", "came to its end", "stopped"),))
    assert why in str(Verification("01", "different", stopped, (), 1e-9, 1, stopped=why))


def notebook(*outputs) -> nbformat.NotebookNode:
    return new.new_notebook(
        cells=[new.new_code_cell("folder = '/data/run-2/x'", outputs=list(outputs))],
        metadata={"papermill": {"input_path": "/home/somebody/01.ipynb", "start_time": "2026"}},
    )


def test_folders_of_the_machine_are_replaced_by_words_and_longer_names_are_not_cut():
    made = without_folders(
        ["/data/run", "in /data/run/x.", "/data/run-2", "/data/run.", "/data"],
        {"run": Path("/data/run"), "root": Path("/")},
    )
    assert made == ["<run>", "in <run>/x.", "/data/run-2", "<run>.", "/data"]


def test_an_executed_notebook_is_cleaned_of_folders_warnings_and_what_has_files_of_its_own():
    stream = new.new_output("stream", name="stderr", text=f"{Path.home()}/lib.py: a warning")
    figure = new.new_output("display_data", data={FIGURE_MIME: {"png": "x", "title": "T"}})
    asked = new.new_output("display_data", data={QUESTIONS_MIME: []})
    said = new.new_output("stream", name="stdout", text=f"saved in {Path.cwd()}/x")
    original = notebook(stream, figure, asked, said)
    made = fit_to_travel(without_places(original, {"catalog": Path("/data/run-2")}), only_gated=False)
    assert made.cells[0].source == "folder = '<catalog>/x'"
    assert [output.get("data", output.get("text")) for output in made.cells[0].outputs] == [
        {FIGURE_MIME: {"title": "T"}},
        "saved in <working folder>/x",
    ]
    assert made.metadata.papermill == {"start_time": "2026"}
    assert len(original.cells[0].outputs) == 4, "the original is left alone"


def test_a_notebook_that_looked_at_individuals_keeps_only_what_the_gate_released():
    rows = new.new_output("execute_result", data={"text/plain": "person 12345"})
    printed = new.new_output("stream", name="stdout", text="person 12345")
    figure = new.new_output("display_data", data={FIGURE_MIME: {}, "text/plain": "A figure"})
    made = fit_to_travel(notebook(rows, printed, figure), only_gated=True)
    assert [list(output.data) for output in made.cells[0].outputs] == [[FIGURE_MIME, "text/plain"]]

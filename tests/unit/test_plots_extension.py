"""``%load_ext workbench``: what a notebook shows afterwards, and that importing alone changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from IPython.core.interactiveshell import InteractiveShell

from data_catalog.catalog import Snapshot
from workbench.cohorts import Cohort, age_years, codelist, death, diagnosis, time_to, variable
from workbench.disclosure import Column, ReleasedTable
from workbench.plots import plot_attrition, plot_survival
from workbench.plots.mime import PROVENANCE_MIME, TABLE_MIME
from workbench.statistics import TableOne
from workbench.study import Provenance, Study
from workbench.survival import Cox, KaplanMeier, LogRank

TABLE = ReleasedTable("example", "Title <b>", (Column("group", "Group"),), (("<script>",),))
PROVENANCE = Provenance(
    catalog="Heart <centre>",
    snapshot=Snapshot(7, datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "steward", ""),
    permit_id="permit-1",
    purpose="scientific_research",
    policy="cw-sdc-1",
    engine="inline",
    seed=3,
    modalities=("clinical", "genomic"),
    consent_epoch=5,
    consent_epoch_at_opening=4,
)


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setenv("WORKBENCH_HEADLESS", "1")
    return InteractiveShell()


def test_tables_are_kept_as_data_beside_their_print(shell):
    import workbench

    workbench.load_ipython_extension(shell)
    shown, _ = shell.display_formatter.format(TABLE)
    assert ReleasedTable.from_dict(shown[TABLE_MIME]) == TABLE
    assert "<script>" not in shown["text/html"]


def test_provenance_is_shown_in_words_and_escaped(shell):
    import workbench

    workbench.load_ipython_extension(shell)
    shown, _ = shell.display_formatter.format(PROVENANCE)
    assert ("Snapshot", "7, of 01 March 2026, 09:30 UTC") in shown[PROVENANCE_MIME]["rows"]
    assert ("Purpose", "scientific research") in shown[PROVENANCE_MIME]["rows"]
    assert ("Data", "clinical, genomic") in shown[PROVENANCE_MIME]["rows"]
    epochs = "epoch 5; 4 when the study was opened, then its people were chosen again"
    assert ("Consent", epochs) in shown[PROVENANCE_MIME]["rows"]
    assert "Heart &lt;centre&gt;" in shown["text/html"]


def test_unloading_takes_the_forms_away_again(shell):
    import workbench

    workbench.load_ipython_extension(shell)
    workbench.unload_ipython_extension(shell)
    shown, _ = shell.display_formatter.format(TABLE)
    assert TABLE_MIME not in shown
    assert "text/html" in shown


def test_importing_the_workbench_loads_no_plotting_library_and_sets_nothing():
    code = (
        "import os, sys; before = dict(os.environ); import workbench; "
        "heavy = {'panel', 'holoviews', 'bokeh', 'matplotlib', 'duckdb', 'polars', 'IPython'} & set(sys.modules); "
        "assert not heavy, heavy; assert dict(os.environ) == before"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PANEL_INLINE"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def study(infarction):
    with Study.open(infarction, purpose="scientific_research") as opened:
        yield opened


HEART_FAILURE = codelist("heart_failure")
INFARCTION = diagnosis(codelist("myocardial_infarction")).first()
COHORT = Cohort.entry("infarction <1st>", INFARCTION).require("aged 40 or over", age_years() >= 40)
DIED = time_to(death(), name="death", label="Death from any cause")
FAILING = variable("heart_failure", diagnosis(HEART_FAILURE).on_index(), label="Heart failure in hospital")
AGE = variable("age_years", age_years())
SHOWN = {
    "a snapshot": lambda study: study.provenance.snapshot,
    "a study": lambda study: study,
    "what it rests on": lambda study: study.provenance,
    "a codelist": lambda study: HEART_FAILURE,
    "a cohort": lambda study: COHORT,
    "the contents": lambda study: study.contents(),
    "a count": lambda study: study.count(COHORT),
    "an attrition": lambda study: study.attrition(COHORT),
    "a flow chart": lambda study: plot_attrition(study.attrition(COHORT)),
    "Table 1": lambda study: study.run(TableOne([AGE], by=FAILING), COHORT),
    "curves": lambda study: study.run(KaplanMeier(DIED, by=FAILING), COHORT),
    "a figure": lambda study: plot_survival(study.run(KaplanMeier(DIED, by=FAILING), COHORT)),
    "a test": lambda study: study.run(LogRank(DIED, by=FAILING), COHORT),
    "a model": lambda study: study.run(Cox(DIED, [FAILING, AGE]), COHORT),
    "people": lambda study: study.people(COHORT),
}


@pytest.mark.parametrize("name", SHOWN)
def test_everything_that_a_study_gives_has_a_rich_form_and_a_text_beside_it(shell, study, name):
    import workbench

    workbench.load_ipython_extension(shell)
    shown, _ = shell.display_formatter.format(SHOWN[name](study))
    assert shown["text/plain"].strip()
    assert shown.get("text/html") or shown.get("image/svg+xml")
    assert "<object object" not in shown["text/plain"]


def test_a_catalog_is_shown_with_its_newest_snapshot(shell, infarction):
    import workbench

    workbench.load_ipython_extension(shell)
    shown, _ = shell.display_formatter.format(infarction)
    assert shown["text/plain"] == repr(infarction)
    assert "Worcester Heart Attack Study" in shown["text/html"]
    assert f"{infarction.snapshot().snapshot_id}, of " in shown["text/html"]


def test_a_cohort_is_shown_as_the_sentences_of_its_protocol_and_printed_as_its_code(shell):
    import workbench

    workbench.load_ipython_extension(shell)
    shown, _ = shell.display_formatter.format(COHORT)
    assert shown["text/plain"] == repr(COHORT)
    assert "Cohort: infarction &lt;1st&gt;" in shown["text/html"]
    assert "<li>Kept (aged 40 or over): age of at least 40 years.</li>" in shown["text/html"]
    assert "<li>Codelist myocardial_infarction," in shown["text/html"]


def test_a_page_that_was_reloaded_gets_the_code_that_draws_when_its_first_cell_runs_again(monkeypatch):
    import workbench
    from workbench.plots import extension

    monkeypatch.delenv("WORKBENCH_HEADLESS", raising=False)
    drawn = []
    monkeypatch.setattr(extension, "_draw_offline", lambda: drawn.append("drawn"))
    shell = InteractiveShell.instance()
    try:
        shell.run_cell("%load_ext workbench\nn = 1", store_history=False)
        shell.run_cell("n = 2", store_history=False)
        shell.run_cell("%load_ext workbench\nn = 1", store_history=False)
        assert drawn == ["drawn", "drawn"]
        workbench.unload_ipython_extension(shell)
        shell.run_cell("# %load_ext workbench", store_history=False)
        assert drawn == ["drawn", "drawn"]
    finally:
        InteractiveShell.clear_instance()

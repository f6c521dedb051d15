"""``%load_ext workbench``: what a notebook shows afterwards, and that importing alone changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from data_catalog.catalog import Snapshot
from workbench.disclosure import Column, ReleasedTable
from workbench.plots.mime import PROVENANCE_MIME, TABLE_MIME
from workbench.study import Provenance

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
    from IPython.core.interactiveshell import InteractiveShell

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

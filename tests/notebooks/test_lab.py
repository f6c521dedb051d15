"""What ``workbench lab`` puts into its folder and tells JupyterLab, without starting it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import nbformat
import yaml

from data_catalog.demo import demo_catalog
from data_catalog.lake import is_catalog
from workbench import cohorts
from workbench.cli.lab import lab_command, lab_environment, prepare_folder, write_settings
from workbench.cli.launcher import tiles
from workbench.templates import find_template, templates
from workbench.templates.catalog import starter

NOTEBOOK = "02_survival_after_infarction.ipynb"


def test_the_folder_gets_the_notebooks_of_all_tiles_and_keeps_catalogs_where_these_look(
    hospitals, tmp_path, monkeypatch
):
    monkeypatch.delenv("WORKBENCH_CATALOG", raising=False)
    made_before = shutil.copytree(hospitals.folder, tmp_path / "workbench-demo" / "catalog")
    assert prepare_folder(tmp_path) == made_before
    assert {tile.notebook for tile in tiles()} == {path.name for path in tmp_path.glob("*.ipynb")}
    assert is_catalog(tmp_path / "workbench-demo" / "infarction")
    assert "workbench-demo/infarction" in find_template("02").path.read_text(encoding="utf-8")


def test_a_notebook_that_was_edited_is_never_written_over(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CATALOG", str(tmp_path / "mine"))
    (tmp_path / NOTEBOOK).write_text("my edits", encoding="utf-8")
    assert prepare_folder(tmp_path) == tmp_path / "mine"
    assert (tmp_path / NOTEBOOK).read_text(encoding="utf-8") == "my edits"
    assert not (tmp_path / "workbench-demo" / "catalog").exists(), "a catalog of the user's own is used as it is"


def test_jupyterlab_listens_on_this_machine_only_and_keeps_its_token(tmp_path):
    command = lab_command(tmp_path, port=9123, open_browser=False)
    assert command[0] == sys.executable
    assert {"--ServerApp.ip=127.0.0.1", "--ServerApp.port=9123", "--ServerApp.port_retries=0", "--no-browser"} <= set(
        command
    )
    assert not [word for word in command if "token" in word or "password" in word]


def test_jupyterlab_asks_the_web_for_nothing_and_runs_the_kernel_of_its_own_environment(tmp_path):
    environment = lab_environment(tmp_path, tmp_path / "catalog")
    assert environment["PANEL_INLINE"] == "true"
    assert environment["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert environment["WORKBENCH_CATALOG"] == str((tmp_path / "catalog").resolve())
    folder = Path(environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    settings = json.loads((folder / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8"))
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def tiles_in(data: Path) -> list[dict]:
    return yaml.safe_load((data / "jupyter_app_launcher" / "jp_app_launcher_workbench.yaml").read_text("utf-8"))


def test_a_cohort_and_every_template_have_a_tile_in_the_launcher(tmp_path):
    environment = lab_environment(tmp_path, tmp_path / "catalog")
    written = tiles_in(Path(environment["JUPYTER_PATH"].split(os.pathsep)[0]))
    assert written[0]["title"] == "Build a cohort"
    assert "Survival after myocardial infarction" in [tile["title"] for tile in written]
    assert [tile["source"][0]["args"]["path"] for tile in written] == [
        "build_a_cohort.ipynb",
        *(template.path.name for template in templates()),
    ]
    assert all(tile["description"] for tile in written)
    assert all(Path(tile["icon"]).read_text(encoding="utf-8").startswith("<svg ") for tile in written)


def test_tiles_point_into_the_folder_of_the_notebooks_where_the_server_shows_more(tmp_path):
    variables = write_settings(tmp_path / "settings", notebooks="notebooks")
    (data,) = variables["JUPYTER_PATH"].split(os.pathsep)[:1]
    assert all(tile["source"][0]["args"]["path"].startswith("notebooks/") for tile in tiles_in(Path(data)))


def test_folders_that_jupyter_knew_before_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/somewhere/share")
    assert write_settings(tmp_path)["JUPYTER_PATH"] == os.pathsep.join([str(tmp_path / "data"), "/somewhere/share"])


def test_the_notebook_that_builds_a_cohort_runs_and_shows_whom_each_step_keeps(tmp_path):
    import papermill

    from workbench.templates.kernel import ThisInterpreter

    catalog = demo_catalog(tmp_path / "catalog")
    done = papermill.execute_notebook(
        starter().path,
        tmp_path / "done.ipynb",
        parameters={"catalog": str(catalog.folder)},
        engine_name="nbclient",
        kernel_name="python3",
        language="python",
        kernel_manager_class=ThisInterpreter,
        progress_bar=False,
    )
    texts = [
        output["data"]["text/plain"]
        for cell in nbformat.from_dict(done).cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "execute_result"
    ]
    assert any(text.startswith("Study.open(") for text in texts)
    assert any("People left" in text and "first heart failure" in text for text in texts)


def test_the_notebook_that_builds_a_cohort_says_how_to_begin_and_begins_with_numbers_that_are_shown(hospitals):
    from workbench import Study

    cells = nbformat.read(starter().path, as_version=4).cells
    assert "Run → Run All Cells" in cells[0].source
    assert "Run" not in starter().question, "the tile says what it is for"
    begun = next(cell.source for cell in cells if cell.source.startswith("cohort = "))
    names = {
        "Cohort": cohorts.Cohort,
        **{name: getattr(cohorts, name) for name in ("age_years", "codelist", "diagnosis")},
    }
    exec(begun, names)
    modalities = ("clinical", "waveform", "imaging", "genomic")
    with Study.open(hospitals, purpose="scientific_research", modalities=modalities) as study:
        attrition = study.attrition(names["cohort"])
    hidden = [
        cell
        for name in ("n_before", "n_excluded", "n_after")
        for cell in attrition.column(name)
        if not isinstance(cell, int)
    ]
    assert hidden == []

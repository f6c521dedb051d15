"""What ``workbench lab`` puts into its folder and tells JupyterLab, without starting it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from data_catalog.lake import is_catalog
from workbench.cli.lab import lab_command, lab_environment, prepare_folder

NOTEBOOK = "02_survival_after_infarction.ipynb"


def test_the_folder_gets_the_templates_and_a_demo_catalog(tmp_path, monkeypatch):
    monkeypatch.delenv("WORKBENCH_CATALOG", raising=False)
    catalog = prepare_folder(tmp_path / "work")
    assert (tmp_path / "work" / NOTEBOOK).is_file()
    assert is_catalog(catalog)


def test_a_notebook_that_was_edited_is_never_written_over(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CATALOG", str(tmp_path / "mine"))
    (tmp_path / NOTEBOOK).write_text("my edits", encoding="utf-8")
    assert prepare_folder(tmp_path) == tmp_path / "mine"
    assert (tmp_path / NOTEBOOK).read_text(encoding="utf-8") == "my edits"
    assert not (tmp_path / "catalog").exists(), "a catalog of the user's own is used as it is"


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

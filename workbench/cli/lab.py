"""JupyterLab as the workbench wants it: on this machine only, with the templates, a catalog, and plots that need no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from data_catalog.demo import demo_catalog
from workbench.templates import templates

# JupyterLab asks the web for news and for extensions unless told otherwise.
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}


def prepare_folder(folder: Path) -> Path:
    """Put the templates and a demo catalog into *folder*, leaving what is there already; return the catalog's folder.

    A notebook that the user has edited is never written over. ``WORKBENCH_CATALOG`` names another catalog to use.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for template in templates():
        copy = folder / template.path.name
        if not copy.exists():
            shutil.copyfile(template.path, copy)
    named = os.environ.get("WORKBENCH_CATALOG")
    return Path(named) if named else demo_catalog(folder / "catalog").folder


def lab_command(folder: Path, *, port: int | None = None, open_browser: bool = True) -> list[str]:
    """Return the command that starts JupyterLab on *folder*, for the loopback address and with a token."""
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder.resolve()}",
        "--LabApp.extension_manager=readonly",
        f"--LabApp.default_url=/lab/tree/{templates()[0].path.name}",
    ]
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not open_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def lab_environment(folder: Path, catalog: Path) -> dict[str, str]:
    """Return the environment of JupyterLab: this interpreter's kernel, plots inside the page, no questions to the web."""
    config = folder / ".workbench-lab"
    (config / "labconfig").mkdir(parents=True, exist_ok=True)
    (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    return {
        **os.environ,
        "JUPYTER_CONFIG_PATH": os.pathsep.join([str(config.resolve()), *([others] if others else [])]),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PANEL_INLINE": "true",
        "WORKBENCH_CATALOG": str(catalog.resolve()),
    }


def start_lab(folder: Path, *, port: int | None = None, open_browser: bool = True) -> int:
    """Open JupyterLab with the templates and wait until it is closed.

    Parameters
    ----------
    folder : Path
        Where notebooks are opened and saved; made if it is not there.
    port : int, optional
        Port on this machine; a free one if not given.
    open_browser : bool
        Open the browser at the first template.

    Returns
    -------
    int
        JupyterLab's exit code.
    """
    catalog = prepare_folder(folder)
    command = lab_command(folder, port=port, open_browser=open_browser)
    try:
        return subprocess.run(command, env=lab_environment(folder, catalog), check=False).returncode  # noqa: S603  our own words
    except KeyboardInterrupt:
        return 0

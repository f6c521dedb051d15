"""JupyterLab as the workbench wants it: on this machine only, with the templates, a catalog, and plots that need no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog.address import FolderAddress, catalog_address
from data_catalog.demo import demo_catalog, hospitals_catalog
from workbench.cli.launcher import write_tiles
from workbench.templates import templates
from workbench.templates.catalog import starter

if TYPE_CHECKING:
    from collections.abc import Callable

# JupyterLab asks the web for news and for extensions unless told otherwise.
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}


def prepare_folder(folder: Path, *, tell: Callable[[str], None] = lambda _: None) -> Path | str:
    """Put the notebooks and the demo catalogs into *folder*, leaving what is there already; return the folder or URL of the catalog to begin with.

    A notebook that the user has edited is never written over. ``WORKBENCH_CATALOG`` names another catalog to begin with.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    tell : function of str
        Is told of each step that takes a while.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for template in (starter(), *templates()):
        copy = folder / template.path.name
        if not copy.exists():
            shutil.copyfile(template.path, copy)
    demo = folder / "workbench-demo"  # where the notebooks look, and where `workbench demo` puts them
    demo_catalog(demo / "infarction")
    named = os.environ.get("WORKBENCH_CATALOG")
    if not named:
        return hospitals_catalog(demo / "catalog", tell=tell).folder
    return Path(named) if isinstance(catalog_address(named), FolderAddress) else named


def lab_command(folder: Path, *, port: int | None = None, open_browser: bool = True) -> list[str]:
    """Return the command that starts JupyterLab on *folder*, for the loopback address and with a token."""
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder.resolve()}",
        "--LabApp.extension_manager=readonly",
    ]
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not open_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def write_settings(home: Path, *, notebooks: str = "") -> dict[str, str]:
    """Write JupyterLab's settings and the launcher's tiles, and return the variables that make JupyterLab find them.

    Parameters
    ----------
    home : Path
        Folder for them; made if it is not there. What lies there from an earlier time is replaced.
    notebooks : str
        Where the notebooks lie, seen from the folder that the server shows; empty if in that folder itself.
    """
    home = home.resolve()
    settings = home / "config" / "labconfig" / "default_setting_overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps(_SETTINGS), encoding="utf-8")
    write_tiles(home / "data", notebooks=notebooks)
    return {
        "JUPYTER_CONFIG_PATH": _before("JUPYTER_CONFIG_PATH", home / "config"),
        "JUPYTER_PATH": _before("JUPYTER_PATH", home / "data"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        # Tabs that were open: those of this folder, not those of another JupyterLab of the same user.
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "PANEL_INLINE": "true",
    }


def lab_environment(folder: Path, catalog: Path | str) -> dict[str, str]:
    """Return the environment of JupyterLab: this interpreter's kernel, plots inside the page, no questions to the web."""
    settings = write_settings(folder / ".workbench-lab")
    place = str(catalog.resolve()) if isinstance(catalog, Path) else catalog
    return {**os.environ, **settings, "WORKBENCH_CATALOG": place}


def _before(name: str, path: Path) -> str:
    """Put *path* before what a variable that lists paths already says."""
    others = os.environ.get(name)
    return os.pathsep.join([str(path), *([others] if others else [])])


def start_lab(folder: Path, *, port: int | None = None, open_browser: bool = True) -> int:
    """Open JupyterLab at its launcher and wait until it is closed.

    Parameters
    ----------
    folder : Path
        Where notebooks are opened and saved; made if it is not there.
    port : int, optional
        Port on this machine; a free one if not given.
    open_browser : bool
        Open the browser too.

    Returns
    -------
    int
        JupyterLab's exit code.
    """
    catalog = prepare_folder(folder, tell=lambda step: print(step, file=sys.stderr))
    command = lab_command(folder, port=port, open_browser=open_browser)
    try:
        return subprocess.run(command, env=lab_environment(folder, catalog), check=False).returncode  # noqa: S603  our own words
    except KeyboardInterrupt:
        return 0

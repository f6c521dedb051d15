"""Tiles in JupyterLab's launcher: one click opens the notebook that builds a cohort, or a template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from workbench.templates import templates
from workbench.templates.catalog import starter

CATEGORY = "Cardio Workbench"
# jupyter-app-launcher reads files of this beginning from this folder of each of Jupyter's data paths.
_FILE = Path("jupyter_app_launcher") / "jp_app_launcher_workbench.yaml"
_ICONS = Path(__file__).resolve().parent / "icons"


@dataclass(frozen=True)
class Tile:
    """One tile of the launcher.

    Parameters
    ----------
    title : str
        What stands under the icon.
    description : str
        What a reader sees who waits over it.
    notebook : str
        File name of the notebook that it opens.
    icon : str
        Name of a drawing in ``icons/``.
    """

    title: str
    description: str
    notebook: str
    icon: str


def tiles() -> list[Tile]:
    """Return the tiles in the order in which they stand: building a cohort first, then the templates by their numbers."""
    first = starter()
    found = [Tile("Build a cohort", first.question, first.path.name, "cohort")]
    # A tile is small: of "Survival after infarction, with and without heart failure" it holds what comes before the comma.
    return found + [
        Tile(re.split(r"[,:;.?]", each.title)[0], each.question, each.path.name, "template") for each in templates()
    ]


def write_tiles(data: Path, *, notebooks: str = "") -> Path:
    """Write the tiles for jupyter-app-launcher and return the file.

    Parameters
    ----------
    data : Path
        A folder for Jupyter's data path (``JUPYTER_PATH``).
    notebooks : str
        Where the notebooks lie, seen from the folder that the server shows; empty if in that folder itself.
    """
    file = data / _FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    entries = [_entry(tile, PurePosixPath(notebooks) / tile.notebook) for tile in tiles()]
    file.write_text(yaml.safe_dump(entries, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def _entry(tile: Tile, path: PurePosixPath) -> dict[str, Any]:
    # Opened by JupyterLab's own command: the launcher's type "notebook" would make another copy with every click.
    command = {"label": tile.title, "id": "docmanager:open", "args": {"path": str(path)}}
    return {
        "title": tile.title,
        "description": tile.description,
        "type": "jupyterlab-commands",
        "source": [command],
        "icon": str(_ICONS / f"{tile.icon}.svg"),
        "catalog": CATEGORY,
    }

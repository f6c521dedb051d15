"""Say which notebooks of notebooks/ are not valid or carry outputs: prints them and exits with 1."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat


def faults_of(path: Path) -> list[str]:
    """Return what is wrong with one notebook."""
    try:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    except Exception as error:  # noqa: BLE001 — a damaged file can fail in many ways, and each is a fault of the notebook
        return [f"{path.name}: not a valid notebook ({str(error).splitlines()[0]})"]
    return [
        f"{path.name}: cell {number} carries outputs or an execution count"
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
    ]


def compare(folder: Path) -> list[str]:
    """Return the faults of every notebook in *folder*."""
    return [fault for path in sorted(folder.glob("**/*.ipynb")) for fault in faults_of(path)]


if __name__ == "__main__":
    found = compare(Path(__file__).resolve().parent.parent / "notebooks")
    if found:
        sys.exit("\n".join([*found, "Strip them: nbstripout notebooks/*.ipynb"]))

"""Which templates there are: those that travel with the package, or the ``notebooks/`` of a checkout."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from data_catalog.errors import UnknownNameError, WorkbenchError, did_you_mean
from workbench.templates.layout import canonical, digest_of

_PACKAGED = Path(__file__).resolve().parent / "notebooks"
_CHECKOUT = Path(__file__).resolve().parents[2] / "notebooks"


@dataclass(frozen=True)
class Template:
    """One notebook that answers one question.

    Parameters
    ----------
    name : str
        Its file name without the ending, e.g. "02_survival_after_infarction".
    path : Path
        The notebook.
    """

    name: str
    path: Path

    @cached_property
    def notebook(self) -> nbformat.NotebookNode:
        """The notebook, read afresh from its file once."""
        return nbformat.read(self.path, as_version=4)

    @property
    def title(self) -> str:
        """The first heading."""
        return next(
            (line.lstrip("# ") for line in self._markdown.splitlines() if line.startswith("#")), self.name
        ).strip()

    @property
    def question(self) -> str:
        """The paragraph under the first heading; empty where there is none."""
        _, _, below = self._markdown.partition("\n")
        return " ".join(below.strip().split("\n\n")[0].split())

    @property
    def parameters(self) -> dict[str, Any]:
        """The names that the parameters cell sets, with their defaults.

        A default that is no plain value is given as the text of its expression.
        """
        cell = next((cell for cell in self.notebook.cells if "parameters" in cell.metadata.get("tags", [])), None)
        if cell is None:
            return {}
        return {
            target.id: _plain(statement.value)
            for statement in ast.parse(cell.source).body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }

    @property
    def digest(self) -> str:
        """SHA-256 of what its cells say. Outputs, numbers of executions and the ids of cells do not count."""
        cells = [[cell.cell_type, cell.source, sorted(cell.metadata.get("tags", []))] for cell in self.notebook.cells]
        return f"sha256:{digest_of(canonical(cells).encode())}"

    @property
    def _markdown(self) -> str:
        return next((cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"), "")


def templates() -> list[Template]:
    """Return all templates, in the order of their numbers.

    Raises
    ------
    WorkbenchError
        If the installation has none.
    """
    folder = _folder()
    return [Template(path.stem, path) for path in sorted(folder.glob("[0-9]*.ipynb"))]


def starter() -> Template:
    """Return the notebook to begin one's own work from: it builds a cohort. It has no number, and answers no question by itself."""
    path = _folder() / "build_a_cohort.ipynb"
    return Template(path.stem, path)


def find_template(name: str) -> Template:
    """Return the template of that name.

    Parameters
    ----------
    name : str
        The whole name, or its number alone: "01".

    Raises
    ------
    UnknownNameError
        If there is no such template, or the number has several.
    """
    found = templates()
    matching = [each for each in found if each.name == name or each.name.split("_")[0] == name]
    if len(matching) != 1:
        raise UnknownNameError(
            f"{name!r} is not a template. {did_you_mean(name, [each.name for each in found])} "
            "`workbench template list` says what each asks."
        )
    return matching[0]


def _folder() -> Path:
    for folder in (_PACKAGED, _CHECKOUT):
        if folder.is_dir() and any(folder.glob("[0-9]*.ipynb")):
            return folder
    raise WorkbenchError(
        f"No templates are installed: neither {_PACKAGED} nor {_CHECKOUT} holds a notebook. Install cardio-workbench again."
    )


def _plain(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)

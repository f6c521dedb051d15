"""An executed notebook made fit to travel: no folder of this machine, nothing of individuals, no messages of libraries."""

from __future__ import annotations

import copy
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.plots.mime import FIGURE_MIME, PROVENANCE_MIME, QUESTIONS_MIME, TABLE_MIME
from workbench.templates.sentences import FINDINGS_MIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import nbformat

_OURS = frozenset({FIGURE_MIME, TABLE_MIME, PROVENANCE_MIME, FINDINGS_MIME})
_OF_PAPERMILL = ("start_time", "end_time", "duration", "exception", "version")


def without_places(notebook: nbformat.NotebookNode, folders: Mapping[str, Path | str]) -> nbformat.NotebookNode:
    """Return a copy of an executed notebook that names no folder of this machine: not in code, outputs, questions or metadata.

    Parameters
    ----------
    notebook : NotebookNode
    folders : mapping of str to Path or str
        Folders of this run, and the address of a database, by what stands for them, e.g. ``{"catalog": …}``. These, and those of
        the machine, are replaced by their word.
    """
    made = copy.deepcopy(notebook)
    papermill = made.metadata.get("papermill", {})
    made.metadata["papermill"] = {name: papermill[name] for name in _OF_PAPERMILL if name in papermill}
    for cell in made.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            # However the address was written: with signs that a string has to escape, it is not the address that is looked for below.
            cell.source = re.sub(r"^catalog = .*$", 'catalog = "<catalog>"', cell.source, flags=re.MULTILINE)
    return without_folders(made, {**folders, **_of_the_machine()})


def fit_to_travel(notebook: nbformat.NotebookNode, *, only_gated: bool) -> nbformat.NotebookNode:
    """Return a copy of an executed notebook without the messages of libraries and without what has files of its own.

    Parameters
    ----------
    notebook : NotebookNode
    only_gated : bool
        Leave out every output that did not come through the gate, because the notebook has looked at individuals.
    """
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        if "outputs" in cell:
            cell.outputs = [output for output in map(_without_extras, cell.outputs) if _stays(output, only_gated)]
    return made


def without_folders(value: Any, folders: Mapping[str, Path | str]) -> Any:
    """Return plain data with each folder, wherever a text names it, replaced by its word in angle brackets."""
    words: dict[str, str] = {}
    for word, folder in folders.items():
        if isinstance(folder, str):
            words.setdefault(folder, f"<{word}>")
            continue
        for form in {folder, folder.absolute(), folder.resolve()}:
            if form.is_absolute() and len(form.parts) > 1:
                words.setdefault(str(form), f"<{word}>")
    # The longest first, and never inside a longer name: /data/run is not in /data/run-2.
    alternatives = "|".join(re.escape(form) for form in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"(?:{alternatives})(?![\w.-]*\w)")
    return _replaced(value, pattern, words)


def _replaced(value: Any, pattern: re.Pattern[str], words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda found: words[found.group()], value)
    if isinstance(value, dict):
        for key in value:
            value[key] = _replaced(value[key], pattern, words)
        return value
    if isinstance(value, list):
        return [_replaced(each, pattern, words) for each in value]
    return value


def _of_the_machine() -> dict[str, Path]:
    machine = {
        "working folder": Path.cwd(),
        "workbench": Path(__file__).resolve().parents[2],
        "python": Path(sys.prefix),
        "base python": Path(sys.base_prefix),
        "temporary": Path(tempfile.gettempdir()),
    }
    with suppress(RuntimeError):  # a user without a home
        machine["home"] = Path.home()
    return machine


def _without_extras(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out of an output what the bundle keeps in files of its own."""
    data = output.get("data", {})
    data.pop(QUESTIONS_MIME, None)
    if FIGURE_MIME in data:
        data[FIGURE_MIME].pop("png", None)
    return output


def _stays(output: nbformat.NotebookNode, only_gated: bool) -> bool:  # noqa: FBT001
    if output.output_type == "stream":
        return output.name == "stdout" and not only_gated  # what libraries warn of names their files
    data = output.get("data", {})
    return bool(data) and (not only_gated or not _OURS.isdisjoint(data))

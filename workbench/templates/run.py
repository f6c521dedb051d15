"""Run a template: execute the notebook with parameters, and write what it shows, what it asked and the report as a bundle."""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from data_catalog.address import FolderAddress, catalog_address
from data_catalog.errors import UnknownNameError, WorkbenchError, did_you_mean
from workbench.templates import layout
from workbench.templates.catalog import Template, find_template
from workbench.templates.cleaning import fit_to_travel, without_places
from workbench.templates.contents import Record, looked_at_individuals, write_contents
from workbench.templates.outputs import collect_questions
from workbench.templates.staging import appears_when_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CELL_TIMEOUT_SECONDS = 600
CATALOG_VARIABLE = "WORKBENCH_CATALOG"


class TemplateError(WorkbenchError):
    """A template stopped before its end. The message names the cell and what it said; ``questions`` are those asked until then."""

    def __init__(self, message: str, questions: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.questions = tuple(questions)


@dataclass(frozen=True)
class Run:
    """What a run of a template left in its folder, which is a bundle: :func:`workbench.templates.open_bundle` reads it.

    Parameters
    ----------
    template : str
        Name of the template.
    folder : Path
        Where everything is.
    report, notebook : Path
        The report (HTML, one file) and the executed notebook.
    tables : tuple of Path
        Every released table, as CSV; beside each are the same as Parquet and, without loss, as JSON.
    findings : tuple of str
        The sentences of the findings.
    """

    template: str
    folder: Path
    report: Path
    notebook: Path
    tables: tuple[Path, ...]
    findings: tuple[str, ...]


def run_template(
    name: str, *, output: Path, parameters: Mapping[str, Any] | None = None, catalog: Path | str | None = None
) -> Run:
    """Run a template in a fresh kernel of this interpreter and write the run as a bundle.

    Parameters
    ----------
    name : str
        Name of the template; see :func:`workbench.templates.templates`.
    output : Path
        Folder for the bundle. It appears when the run is whole; an earlier run that is there is replaced only then.
    parameters : mapping of str to plain values, optional
        Replaces defaults of the notebook's parameters cell. ``catalog`` among them is taken as the argument *catalog*.
    catalog : Path or str, optional
        The catalog to ask. If not given, the one that ``WORKBENCH_CATALOG`` names; else the template's own. Where it is, is not
        written into the bundle.

    Returns
    -------
    Run
        The files, and the findings as sentences.

    Raises
    ------
    UnknownNameError
        If there is no such template or parameter.
    WorkbenchError
        If a parameter is a folder of this machine, or *output* holds something that no run wrote.
    TemplateError
        If a cell stops with an error. The notebook as far as it came is beside *output*, with the ending ``.stopped.ipynb``.
    """
    template = find_template(name)
    given = dict(parameters or {})
    _check_parameters(template, given)
    named = given.pop("catalog", None) or catalog
    folder = _absolute(named or os.environ.get(CATALOG_VARIABLE) or template.parameters.get("catalog") or None)
    stopped = output.with_name(f"{output.name}.stopped.ipynb")
    with appears_when_whole(output) as made, tempfile.TemporaryDirectory(prefix="workbench-run-") as scratch:
        folders: dict[str, Path | str] = {"run": Path(scratch)}
        if folder:
            place = catalog_address(folder)
            folders |= {"output": output, "catalog": place.folder if isinstance(place, FolderAddress) else str(place)}
        started = datetime.now(UTC)
        executed, error = _execute(template, Path(scratch), given, folder)
        ended = datetime.now(UTC)
        if error is not None:
            # Kept for whoever has to mend it, on this machine: it may hold what no bundle may.
            nbformat.write(executed, stopped)
            raise TemplateError(_what_stopped(template, executed, error, stopped), collect_questions(executed))
        executed = without_places(executed, folders)
        record = write_contents(made, template, executed, given=given)
        fit = fit_to_travel(executed, only_gated=looked_at_individuals(executed))
        _write_up(made, template, fit, record, started=started, ended=ended)
    stopped.unlink(missing_ok=True)
    return Run(
        template=template.name,
        folder=output,
        report=output / layout.REPORT,
        notebook=output / layout.NOTEBOOK,
        tables=tuple(output / layout.TABLES / f"{each['name']}.csv" for each in record["tables"]),
        findings=tuple(record["findings"]),
    )


def _check_parameters(template: Template, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if name not in template.parameters:
            raise UnknownNameError(
                f"{name!r} is not a parameter of {template.name}. {did_you_mean(name, template.parameters)}"
            )
        if name != "catalog" and isinstance(value, str | Path) and Path(value).is_absolute():
            raise WorkbenchError(
                f"Parameter {name!r} is a folder or a file of this machine. A run has to be repeatable elsewhere, so only the "
                "catalog may be named by its place."
            )


def _absolute(catalog: Path | str | None) -> str | None:
    """Return the catalog's address as the kernel, which works in another folder, can find it."""
    if catalog is None or "://" in str(catalog):
        return None if catalog is None else str(catalog)
    return str(Path(catalog).absolute())


def _execute(
    template: Template, scratch: Path, parameters: Mapping[str, Any], catalog: str | None
) -> tuple[nbformat.NotebookNode, Any]:
    """Return the executed notebook, and the error with which a cell stopped it or None."""
    import papermill

    given = dict(parameters)
    if catalog and "catalog" in template.parameters:
        given["catalog"] = catalog  # taken out again before anything of it is kept

    from workbench.templates.kernel import this_interpreter_with

    # Papermill tells every step at level INFO of its own logger, and IPython's client warns of what is no fault here.
    logging.getLogger("papermill").setLevel(logging.WARNING)
    executed, error = scratch / layout.NOTEBOOK, None
    try:
        papermill.execute_notebook(
            template.path,
            executed,
            parameters=given,
            engine_name="nbclient",
            kernel_name="python3",
            language="python",
            kernel_manager_class=this_interpreter_with({CATALOG_VARIABLE: catalog} if catalog else {}),
            cwd=scratch,
            execution_timeout=CELL_TIMEOUT_SECONDS,
            progress_bar={"desc": template.title, "unit": "cell", "leave": False},
        )
    except papermill.exceptions.PapermillExecutionError as stopped:
        error = stopped
    return nbformat.read(executed, as_version=4), error


def _what_stopped(template: Template, notebook: nbformat.NotebookNode, error: Any, kept: Path) -> str:
    # Papermill puts its own note at the top of a notebook that stopped.
    cells = [cell for cell in notebook.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])]
    failed = next(
        (
            number
            for number, cell in enumerate(cells)
            if cell.cell_type == "code" and any(output.output_type == "error" for output in cell.outputs)
        ),
        0,
    )
    headings = [
        line.lstrip("# ")
        for cell in cells[:failed]
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("#")
    ]
    under = f", under “{headings[-1]}”," if headings else ""
    return (
        f"{template.name} stopped in cell {failed + 1} of {len(cells)}{under} with {error.ename}: {error.evalue} "
        f"The notebook as far as it came is {kept}."
    )


def _write_up(
    folder: Path,
    template: Template,
    notebook: nbformat.NotebookNode,
    record: Record,
    *,
    started: datetime,
    ended: datetime,
) -> None:
    from workbench.templates.crate import write_crate
    from workbench.templates.report import write_report

    nbformat.write(notebook, folder / layout.NOTEBOOK)
    digests = dict.fromkeys(study["data"]["digest"] for study in record["studies"])
    about = [("Data digest", digest.removeprefix("sha256:")[:16]) for digest in digests if digest]
    write_report(notebook, folder / layout.REPORT, about=about)
    write_crate(folder, template, record, started=started, ended=ended)

"""Run a template: execute the notebook with parameters, keep what it shows, write the report."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat

from data_catalog.errors import UnknownNameError, WorkbenchError, did_you_mean
from workbench.templates.catalog import Template, find_template
from workbench.templates.outputs import collect_findings, collect_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CELL_TIMEOUT_SECONDS = 600


class TemplateError(WorkbenchError):
    """A template stopped before its end. The message names the cell and what it said."""


@dataclass(frozen=True)
class Run:
    """What a run of a template left in its folder.

    Parameters
    ----------
    template : str
        Name of the template.
    folder : Path
        Where everything is.
    report, notebook : Path
        The report (HTML, one file) and the executed notebook.
    tables : tuple of Path
        Every released table that was shown, as CSV.
    findings : tuple of str
        The sentences of the findings.
    """

    template: str
    folder: Path
    report: Path
    notebook: Path
    tables: tuple[Path, ...]
    findings: tuple[str, ...]


def run_template(name: str, *, output: Path, parameters: Mapping[str, Any] | None = None) -> Run:
    """Run a template in a fresh kernel of this interpreter and write its report.

    Parameters
    ----------
    name : str
        Name of the template; see :func:`workbench.templates.templates`.
    output : Path
        Folder for ``report.html``, ``executed.ipynb``, ``findings.json`` and ``tables/*.csv``. Made if it is not there;
        what an earlier run left under these names is replaced.
    parameters : mapping of str to plain values, optional
        Replaces defaults of the notebook's parameters cell.

    Returns
    -------
    Run
        The files, and the findings as sentences.

    Raises
    ------
    UnknownNameError
        If there is no such template or parameter.
    TemplateError
        If a cell stops with an error. The notebook as far as it came is in the folder.
    """
    template = find_template(name)
    given = dict(parameters or {})
    _check_parameters(template, given)
    output.mkdir(parents=True, exist_ok=True)
    executed = output / "executed.ipynb"
    # A report that is there has to belong to the notebook beside it.
    (output / "report.html").unlink(missing_ok=True)
    _execute(template, executed, given)
    return _write_up(template, nbformat.read(executed, as_version=4), output)


def _check_parameters(template: Template, given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in template.parameters:
            raise UnknownNameError(
                f"{name!r} is not a parameter of {template.name}. {did_you_mean(name, template.parameters)}"
            )


def _execute(template: Template, executed: Path, parameters: Mapping[str, Any]) -> None:
    import papermill

    from workbench.templates.kernel import ThisInterpreter

    # Papermill tells every step at level INFO of its own logger, and IPython's client warns of what is no fault here.
    logging.getLogger("papermill").setLevel(logging.WARNING)
    try:
        papermill.execute_notebook(
            template.path,
            executed,
            parameters=dict(parameters),
            engine_name="nbclient",
            kernel_name="python3",
            language="python",
            kernel_manager_class=ThisInterpreter,
            cwd=executed.parent,
            execution_timeout=CELL_TIMEOUT_SECONDS,
            progress_bar={"desc": template.title, "unit": "cell", "leave": False},
        )
    except papermill.exceptions.PapermillExecutionError as error:
        raise TemplateError(_what_stopped(template, executed, error)) from None


def _what_stopped(template: Template, executed: Path, error: Any) -> str:
    notebook = nbformat.read(executed, as_version=4)
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
        f"The notebook as far as it came is {executed}."
    )


def _write_up(template: Template, notebook: nbformat.NotebookNode, output: Path) -> Run:
    from workbench.templates.report import write_report

    found = collect_findings(notebook)
    (output / "findings.json").write_text(
        json.dumps({"template": template.name, "findings": found}, ensure_ascii=False, indent=2) + "\n",
        encoding="utf-8",
    )
    report = output / "report.html"
    write_report(notebook, report)
    return Run(
        template=template.name,
        folder=output,
        report=report,
        notebook=output / "executed.ipynb",
        tables=_save_tables(notebook, output / "tables"),
        findings=tuple(found),
    )


def _save_tables(notebook: nbformat.NotebookNode, folder: Path) -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.csv"):
        old.unlink()
    paths = []
    for name, table in collect_tables(notebook).items():
        paths.append(folder / f"{name}.csv")
        table.to_csv(paths[-1])
    return tuple(paths)

"""``workbench template``: notebooks that answer one question each, run with parameters of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from data_catalog.errors import WorkbenchError
from workbench.cli.errors import show
from workbench.cli.options import AsJson

app = typer.Typer(no_args_is_help=True, help="Notebooks that answer one question each.", rich_markup_mode=None)


@app.command("list", epilog="Example: workbench template list")
def list_templates(as_json: AsJson = False) -> None:
    """List the templates with their questions."""
    from workbench.templates import templates

    found = templates()
    text = "\n".join(f"{template.name}: {template.title}" for template in found)
    show([{"name": t.name, "title": t.title} for t in found] if as_json else text, as_json=as_json)


@app.command(
    epilog="Example: workbench template run 02_survival_after_infarction --output run-1 -p catalog=workbench-demo/infarction"
)
def run(
    name: Annotated[str, typer.Argument(help="Name of the template.")],
    output: Annotated[Path, typer.Option(help="Folder for the executed notebook, the report and the tables.")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a template and write its report."""
    from workbench.templates import run_template

    done = run_template(name, output=output, parameters=_parameters(parameter or []))
    text = "\n".join([*done.findings, "", f"Report: {done.report.resolve()}"])
    show({"findings": done.findings, "report": str(done.report)} if as_json else text, as_json=as_json)


def _parameters(written: list[str]) -> dict[str, Any]:
    parameters = {}
    for pair in written:
        name, equals, value = pair.partition("=")
        if not equals:
            raise WorkbenchError(
                f"{pair!r} is not a parameter. Write name=value, for example: -p catalog=workbench-demo/catalog."
            )
        parameters[name.strip()] = yaml.safe_load(value)
    return parameters

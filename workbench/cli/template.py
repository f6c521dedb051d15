"""``workbench template``: notebooks that answer one question each, run with parameters of your own, and reruns of what they left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from data_catalog.errors import CatalogError, WorkbenchError
from workbench.cli.errors import BAD_INPUT, MISTAKE, report_mistake, show
from workbench.cli.options import AsJson

app = typer.Typer(no_args_is_help=True, help="Notebooks that answer one question each.", rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="Name of the template.")]
CatalogToAsk = Annotated[
    str | None,
    typer.Option("--catalog", envvar="WORKBENCH_CATALOG", help="The catalog to ask.", show_default=False),
]


@app.command("list", epilog="Example: workbench template list")
def list_templates(as_json: AsJson = False) -> None:
    """List the templates with their questions."""
    from workbench.templates import templates

    found = templates()
    text = "\n".join(f"{template.name}: {template.title}" for template in found)
    show([{"name": t.name, "title": t.title} for t in found] if as_json else text, as_json=as_json)


@app.command("show", epilog="Example: workbench template show 02_survival_after_infarction")
def show_template(name: Name, as_json: AsJson = False) -> None:
    """Say what a template asks, and which parameters it takes."""
    from workbench.templates import find_template

    template = find_template(name)
    form = {
        "name": template.name,
        "title": template.title,
        "question": template.question,
        "parameters": template.parameters,
        "digest": template.digest,
    }
    lines = [template.title, "", *([template.question, ""] if template.question else []), "Parameters:"]
    lines += [f"  {name} = {value!r}" for name, value in template.parameters.items()] or ["  none"]
    show(form if as_json else "\n".join(lines), as_json=as_json)


@app.command(
    epilog="Example: workbench template run 02_survival_after_infarction --output run-1 --catalog heart-centre"
)
def run(
    name: Name,
    output: Annotated[
        Path, typer.Option(help="Folder for the bundle: report, results, notebook and what they rest on.")
    ],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value; may be given several times.")
    ] = None,
    catalog: CatalogToAsk = None,
    as_json: AsJson = False,
) -> None:
    """Run a template and write the run as a bundle."""
    from data_catalog import Catalog
    from workbench.templates import run_template

    if catalog:
        Catalog.open(catalog)  # what cannot be opened is said at once, and not by a cell that stopped
    done = run_template(name, output=output, parameters=_parameters(parameter or []), catalog=catalog)
    text = "\n".join([*done.findings, "", f"Report: {done.report.resolve()}"])
    show({"findings": done.findings, "report": str(done.report)} if as_json else text, as_json=as_json)


@app.command(epilog="Example: workbench template verify run-1 --catalog heart-centre")
def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle: its folder, or a .zip of it.")],
    catalog: CatalogToAsk = None,
    as_json: AsJson = False,
) -> None:
    """Rerun a bundle and say value by value what is identical, within tolerance or different. Exit 0, 0 or 1; 2 for no bundle."""
    from workbench.templates import BundleError, verify_bundle

    try:
        found = verify_bundle(bundle, catalog=catalog)
    except (BundleError, CatalogError) as error:
        report_mistake(error)
        raise typer.Exit(BAD_INPUT) from None
    show(found.to_dict() if as_json else str(found), as_json=as_json)
    if not found.is_same:
        raise typer.Exit(MISTAKE)


def _parameters(written: list[str]) -> dict[str, Any]:
    parameters = {}
    for pair in written:
        name, equals, value = pair.partition("=")
        if not equals:
            raise WorkbenchError(f"{pair!r} is not a parameter. Write name=value, for example: -p horizon_years=3.")
        parameters[name.strip()] = yaml.safe_load(value)
    return parameters

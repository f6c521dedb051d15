"""``workbench demo``: the main job from a hospital's file to a gated report, on public data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.errors import show
from workbench.cli.options import AsJson

TEMPLATE = "02_survival_after_infarction"


def demo(
    output: Annotated[Path, typer.Option(help="Where to put the catalog and the report.")] = Path("workbench-demo"),
    as_json: AsJson = False,
) -> None:
    """Make the demo catalog, run the first template on it, print what it found and where the report is."""
    from data_catalog.demo import demo_catalog
    from workbench.templates import run_template

    typer.echo("Making the catalog from the WHAS500 file …", err=True)
    catalog = demo_catalog(output / "catalog")
    typer.echo("Running the template (about half a minute) …", err=True)
    run = run_template(TEMPLATE, output=output / "report", parameters={"catalog": str(catalog.folder.resolve())})
    text = "\n".join([*run.findings, "", f"Report: {run.report.resolve()}", f"Catalog: {catalog.folder.resolve()}"])
    show(
        {"findings": run.findings, "report": str(run.report), "catalog": str(catalog.folder)} if as_json else text,
        as_json=as_json,
    )

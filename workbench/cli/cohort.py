"""``workbench cohort``: count and describe a saved cohort definition."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.errors import show
from workbench.cli.options import AsJson, CatalogFolder, Purpose

app = typer.Typer(no_args_is_help=True, help="Count and describe a saved cohort definition.", rich_markup_mode=None)

Definition = Annotated[Path, typer.Argument(help="A cohort definition (.yaml or .json).")]


@app.command(epilog="Example: workbench cohort count cohort.yaml --catalog heart-centre")
def count(
    definition: Definition,
    catalog: CatalogFolder = Path(),
    purpose: Purpose = "scientific_research",
    as_json: AsJson = False,
) -> None:
    """Say how many people are in the cohort."""
    from workbench.cohorts import read_definition
    from workbench.study import Study

    with Study.open(catalog, purpose=purpose) as study:
        people = study.count(read_definition(definition))
    show(people.to_dict() if as_json else people, as_json=as_json)


@app.command(epilog="Example: workbench cohort attrition cohort.yaml --catalog heart-centre")
def attrition(
    definition: Definition,
    catalog: CatalogFolder = Path(),
    purpose: Purpose = "scientific_research",
    as_json: AsJson = False,
) -> None:
    """Say how many people each step of the definition keeps."""
    from workbench.cohorts import read_definition
    from workbench.study import Study

    with Study.open(catalog, purpose=purpose) as study:
        steps = study.attrition(read_definition(definition))
    show(steps.to_dict() if as_json else steps, as_json=as_json)


@app.command(epilog="Example: workbench cohort describe cohort.yaml")
def describe(definition: Definition) -> None:
    """Say the definition in English sentences, as a protocol would."""
    from workbench.cohorts import protocol, read_definition

    typer.echo(protocol(read_definition(definition)))

"""``workbench cohort``: count and describe a saved cohort definition."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.errors import show
from workbench.cli.options import AsJson, CatalogPlace, Modality, Purpose

if TYPE_CHECKING:
    from workbench.cohorts import Cohort
    from workbench.study import Study

app = typer.Typer(no_args_is_help=True, help="Count and describe a saved cohort definition.", rich_markup_mode=None)

Definition = Annotated[Path, typer.Argument(help="A cohort definition (.yaml or .json).")]


@contextmanager
def _study_for(
    definition: Path, catalog: str, purpose: str, modalities: list[str] | None
) -> Iterator[tuple[Study, Cohort]]:
    """Open a study for the sorts of data that a definition reads, and those named beside."""
    from data_catalog import Catalog
    from workbench.cohorts import read_definition
    from workbench.cohorts.compile import compile_cohort
    from workbench.study import Study

    opened = Catalog.open(catalog)
    cohort = read_definition(definition)
    needed = [*compile_cohort(cohort).modalities, *(modalities or [])]
    with Study.open(opened, purpose=purpose, modalities=needed) as study:
        yield study, cohort


@app.command(epilog="Example: workbench cohort count cohort.yaml --catalog heart-centre")
def count(
    definition: Definition,
    catalog: CatalogPlace = ".",
    purpose: Purpose = "scientific_research",
    modality: Modality = None,
    as_json: AsJson = False,
) -> None:
    """Say how many people are in the cohort."""
    with _study_for(definition, catalog, purpose, modality) as (study, cohort):
        people = study.count(cohort)
    show(people.to_dict() if as_json else people, as_json=as_json)


@app.command(epilog="Example: workbench cohort attrition cohort.yaml --catalog heart-centre")
def attrition(
    definition: Definition,
    catalog: CatalogPlace = ".",
    purpose: Purpose = "scientific_research",
    modality: Modality = None,
    as_json: AsJson = False,
) -> None:
    """Say how many people each step of the definition keeps, and how many of them have an ECG, images or a genome."""
    with _study_for(definition, catalog, purpose, modality) as (study, cohort):
        steps = study.attrition(cohort)
    show(steps.to_dict() if as_json else steps, as_json=as_json)


@app.command(epilog="Example: workbench cohort describe cohort.yaml")
def describe(definition: Definition) -> None:
    """Say the definition in English sentences, as a protocol would."""
    from workbench.cohorts import protocol, read_definition

    typer.echo(protocol(read_definition(definition)))

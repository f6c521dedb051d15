"""``workbench network``: ask several hospitals at once, each of which keeps its catalog to itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.errors import MISTAKE, show
from workbench.cli.options import AsJson, Modality, Purpose

app = typer.Typer(no_args_is_help=True, help="Ask several hospitals at once.", rich_markup_mode=None)

Sites = Annotated[
    Path, typer.Option(help="The sites: a .yaml file that names their catalogs, or a folder that has a sites.yaml.")
]


@app.command(epilog="Example: workbench network status --sites sites.yaml")
def status(
    sites: Sites,
    purpose: Purpose = "scientific_research",
    modality: Modality = None,
    as_json: AsJson = False,
) -> None:
    """Say which sites answer, on which snapshot, of which model, under which policy. Exit 1 if one does not answer."""
    from workbench.federation import Network
    from workbench.federation.network import words_of

    with Network.open(sites, purpose=purpose, modalities=modality or (), progress=True) as network:
        found = network.status()
    show([asdict(each) for each in found], as_json=as_json, text=words_of(found))
    if any(each.outcome != "answered" for each in found):
        raise typer.Exit(MISTAKE)


@app.command(epilog="Example: workbench network run cohort.yaml --sites sites.yaml --analysis attrition")
def run(
    definition: Annotated[Path, typer.Argument(help="A cohort definition (.yaml or .json).")],
    sites: Sites,
    analysis: Annotated[Literal["count", "attrition"], typer.Option(help="What is asked of the cohort.")] = "count",
    purpose: Purpose = "scientific_research",
    modality: Modality = None,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Go on with the sites that answer, and say which did not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask every site about a cohort and print the sum, with who answered."""
    from workbench.cohorts import read_definition
    from workbench.cohorts.compile import compile_cohort
    from workbench.federation import Network

    cohort = read_definition(definition)
    needed = [*compile_cohort(cohort).modalities, *(modality or [])]
    with Network.open(sites, purpose=purpose, modalities=needed, allow_partial=allow_partial, progress=True) as network:
        result = network.count(cohort) if analysis == "count" else network.attrition(cohort)
    show(result.to_dict() if as_json else result, as_json=as_json)

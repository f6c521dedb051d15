"""Options that several commands share, said once."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from data_catalog.errors import GovernanceError

CatalogPlace = Annotated[
    str,
    typer.Option(
        "--catalog",
        envvar="WORKBENCH_CATALOG",
        help="The catalog: a folder, or postgresql://user@host/database.",
        show_default=False,
    ),
]
Purpose = Annotated[
    str, typer.Option(help="Why the data are used, for example scientific_research, education, care_improvement.")
]
Modality = Annotated[
    list[str] | None,
    typer.Option(
        help="A sort of data that people must allow beside those that the definition reads: waveform, imaging or genomic. May be repeated.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Site = Annotated[str, typer.Option(help="The hospital, by its name in the catalog.", show_default=False)]
RecordNumber = Annotated[
    str,
    typer.Option(
        help="The hospital's number of the person. Write - to give it on standard input, where no history keeps it.",
        show_default=False,
    ),
]


def read_record_number(given: str) -> str:
    """Return a record number from the command line, or from standard input if it is -; a terminal does not show it."""
    if given != "-":
        return given
    number = typer.prompt("Record number", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not number.strip():
        raise GovernanceError("No record number came on standard input. Give one line with the number.")
    return str(number).strip()

"""Options that several commands share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CatalogFolder = Annotated[
    Path, typer.Option("--catalog", envvar="WORKBENCH_CATALOG", help="The catalog's folder.", show_default=False)
]
Purpose = Annotated[
    str, typer.Option(help="Why the data are used, for example scientific_research, education, care_improvement.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

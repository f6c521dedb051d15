"""``workbench permit``: who may ask what, and until when."""

from __future__ import annotations

from pathlib import Path

import typer

from data_catalog import Catalog
from workbench.cli.errors import show
from workbench.cli.options import AsJson, CatalogFolder

app = typer.Typer(no_args_is_help=True, help="See who may ask what, and until when.", rich_markup_mode=None)


@app.callback()
def _permits() -> None:
    pass


@app.command("list", epilog="Example: workbench permit list --catalog heart-centre")
def list_permits(catalog: CatalogFolder = Path(), as_json: AsJson = False) -> None:
    """List the permits of a catalog."""
    permits = Catalog.open(catalog).permits()
    lines = [
        f"{p.permit_id}  holder {p.holder}  level {p.level.word}  purposes {', '.join(p.purposes) or 'any'}  until {p.expires_at:%Y-%m-%d}"
        for p in permits
    ]
    show([vars(p) | {"level": p.level.word} for p in permits] if as_json else "\n".join(lines), as_json=as_json)

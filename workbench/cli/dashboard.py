"""``workbench dashboard``: gated results as a folder to send on, or as pages on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.errors import show
from workbench.cli.options import AsJson, Purpose

app = typer.Typer(no_args_is_help=True, help="Dashboards of gated results.", rich_markup_mode=None)


@app.command(epilog="Example: workbench dashboard publish run-1 --output dashboard-1")
def publish(
    bundle: Annotated[Path, typer.Argument(help="The bundle of a run: its folder, or a .zip of it.")],
    output: Annotated[Path, typer.Option(help="Folder for the dashboard.")],
    result: Annotated[
        list[str] | None, typer.Option("--result", help="Show this result only; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a bundle as a folder with one page that opens from disk, filters and saves, and needs no network."""
    from workbench.dashboards import publish_dashboard

    page = publish_dashboard(bundle, output, only=result or ())
    show({"page": str(page)} if as_json else f"Dashboard: {page.resolve()}", as_json=as_json)


@app.command(epilog="Example: workbench dashboard serve run-1 --catalog heart-centre")
def serve(
    bundle: Annotated[Path | None, typer.Argument(help="The bundle of a run, to show its results.")] = None,
    catalog: Annotated[str | None, typer.Option(help="A catalog to ask, live.", show_default=False)] = None,
    purpose: Purpose = "scientific_research",
    port: Annotated[int | None, typer.Option(help="Port on this machine; a free one if not given.")] = None,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """Serve cohorts, survival and carriers as pages to this machine only; what is asked live passes the gate too."""
    from workbench.dashboards import serve_dashboard

    serve_dashboard(bundle, catalog=catalog, purpose=purpose, port=port, open_browser=browser, tell=typer.echo)

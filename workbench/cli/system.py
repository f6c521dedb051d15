"""``workbench doctor`` and ``workbench lab``: the machine, and JupyterLab on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import AsJson


def doctor(as_json: AsJson = False) -> None:
    """Say what this machine has and lacks."""
    from workbench.cli.doctor import examine, print_findings

    print_findings(examine(), as_json=as_json)


def lab(
    folder: Annotated[Path, typer.Option(help="Where notebooks are opened and saved.")] = Path("workbench-lab"),
    port: Annotated[int | None, typer.Option(help="Port on this machine; a free one if not given.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """Open JupyterLab with a cohort to build, the templates and the demo catalog."""
    from workbench.cli.lab import start_lab

    raise typer.Exit(start_lab(folder, port=port, open_browser=browser))

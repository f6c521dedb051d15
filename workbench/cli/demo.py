"""``workbench demo``: the main job from hospitals' files to a gated report, on synthetic or on public patients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_catalog.errors import UnknownNameError, did_you_mean
from workbench.cli.errors import show
from workbench.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Callable

    from data_catalog import Catalog


def _hospitals(folder: Path) -> Catalog:
    from data_catalog.demo import hospitals_catalog

    return hospitals_catalog(folder, tell=lambda step: typer.echo(step, err=True))


def _infarctions(folder: Path) -> Catalog:
    from data_catalog.demo import demo_catalog

    typer.echo("Bringing in the data of WHAS500 …", err=True)
    return demo_catalog(folder)


@dataclass(frozen=True)
class _Demonstration:
    """A template, the catalog that it is shown on, and where that lies."""

    template: str
    catalog: Callable[[Path], Catalog]
    folder: str
    report: str


_DEMONSTRATIONS = {
    "hospitals": _Demonstration("01_truncating_ttn_in_heart_failure", _hospitals, "catalog", "report"),
    "infarction": _Demonstration("02_survival_after_infarction", _infarctions, "infarction", "infarction-report"),
}


def demo(
    what: Annotated[
        str,
        typer.Argument(help="hospitals: five synthetic heart centres; infarction: the 500 people of WHAS500."),
    ] = "hospitals",
    output: Annotated[Path, typer.Option(help="Where to put the catalog and the report.")] = Path("workbench-demo"),
    as_json: AsJson = False,
) -> None:
    """Make a demo catalog, run the template that goes with it, print what it found and where the report is."""
    from workbench.templates import run_template

    if what not in _DEMONSTRATIONS:
        raise UnknownNameError(f"{what!r} is not a demonstration. {did_you_mean(what, _DEMONSTRATIONS)}")
    chosen = _DEMONSTRATIONS[what]
    catalog = chosen.catalog(output / chosen.folder)
    typer.echo("Running the template (about half a minute) …", err=True)
    run = run_template(chosen.template, output=output / chosen.report, catalog=catalog.folder)
    text = "\n".join([*run.findings, "", f"Report: {run.report.resolve()}", f"Catalog: {catalog.folder.resolve()}"])
    show(
        {"findings": run.findings, "report": str(run.report), "catalog": str(catalog.folder)} if as_json else text,
        as_json=as_json,
    )

"""The command ``workbench``: nouns and verbs, one module a noun."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import click
import typer
import typer.core

from data_catalog.errors import WorkbenchError
from workbench.cli import catalog, cohort, dashboard, demo, network, permit, system, template
from workbench.cli.errors import report_fault, report_mistake

# Where Rich is installed, Typer puts a backslash before the brackets of a default, even in help that Rich does not print.
typer.core.HAS_RICH = False

app = typer.Typer(
    name="workbench",
    help="Cardio Workbench: from hospital files to results that are safe to show.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(catalog.app, name="catalog")
app.add_typer(cohort.app, name="cohort")
app.add_typer(dashboard.app, name="dashboard")
app.add_typer(network.app, name="network")
app.add_typer(permit.app, name="permit")
app.add_typer(template.app, name="template")
app.command("demo")(demo.demo)
app.command("doctor")(system.doctor)
app.command("lab")(system.lab)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"cardio-workbench {version('cardio-workbench')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line: exit 0 when done, 1 for a mistake told in words, 2 for a command that cannot be understood."""
    try:
        code = app(standalone_mode=False)
    except WorkbenchError as error:
        code = report_mistake(error)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 1
    except Exception as error:  # the message of an error that nobody foresaw may quote a person's values
        if os.environ.get("WORKBENCH_DEBUG"):
            raise
        code = report_fault(error)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()

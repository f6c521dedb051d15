"""What ``%load_ext workbench`` does: plots are drawn without any network, and tables are kept as data beside their print."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from data_catalog.errors import WorkbenchError
from workbench import journal
from workbench.disclosure import ReleasedRegression, ReleasedSurvival, ReleasedTable, ReleasedTest
from workbench.plots.mime import PROVENANCE_MIME, QUESTIONS_MIME, TABLE_MIME, is_headless
from workbench.plots.page_style import themed
from workbench.plots.provenance import as_html, as_rows
from workbench.plots.summaries import SUMMARISED, summary
from workbench.study import Provenance

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.formatters import MimeBundleFormatter
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

_LOADS = re.compile(r"^\s*%load_ext\s+workbench\s*$", re.MULTILINE)


def load(shell: InteractiveShell) -> None:
    """Set up a notebook: formatters for what the gate releases, for definitions and for studies; and Panel with its code in the notebook instead of on the web."""
    bundles = _bundles(shell)
    for kind, formatter in _formatters().items():
        bundles.for_type(kind, formatter)
    if is_headless():
        journal.listen()
        if _show_questions not in shell.events.callbacks["post_run_cell"]:
            shell.events.register("post_run_cell", _show_questions)
    else:
        _draw_offline()
        shell.events.register("pre_run_cell", _draw_offline_again)


def unload(shell: InteractiveShell) -> None:
    """Take the formatters away again. What Panel put into the page stays until it is reloaded."""
    bundles = _bundles(shell)
    for kind in _formatters():
        bundles.pop(kind, None)
    if _draw_offline_again in shell.events.callbacks["pre_run_cell"]:
        shell.events.unregister("pre_run_cell", _draw_offline_again)
    if _show_questions in shell.events.callbacks["post_run_cell"]:
        shell.events.unregister("post_run_cell", _show_questions)
        journal.stop()


def _bundles(shell: InteractiveShell) -> MimeBundleFormatter:
    if shell.display_formatter is None:
        raise WorkbenchError(
            "This shell shows nothing, so there is nothing to set up. Load the extension in a notebook."
        )
    return shell.display_formatter.mimebundle_formatter


def _formatters() -> dict[type, Callable[..., dict[str, Any]]]:
    tables = (ReleasedTable, ReleasedSurvival, ReleasedRegression, ReleasedTest)
    return {
        **dict.fromkeys(tables, _show_table),
        **dict.fromkeys(SUMMARISED, _show_summary),
        Provenance: _show_provenance,
    }


def _show_table(
    released: ReleasedTable | ReleasedSurvival | ReleasedRegression | ReleasedTest, **_: object
) -> dict[str, Any]:
    table = released if isinstance(released, ReleasedTable) else released.table
    return {"text/plain": str(table), "text/html": themed(table), TABLE_MIME: table.to_dict()}


def _show_summary(thing: object, **_: object) -> dict[str, Any]:
    return {"text/plain": repr(thing), "text/html": summary(thing)}


def _show_provenance(provenance: Provenance, **_: object) -> dict[str, Any]:
    rows = as_rows(provenance)
    return {
        "text/plain": "\n".join(f"{name}: {value}" for name, value in rows.items()),
        "text/html": as_html(rows),
        PROVENANCE_MIME: {"rows": list(rows.items())},
    }


def _show_questions(*_: object) -> None:
    """Leave what a cell asked of studies, and what came through the gate, among the outputs of that cell."""
    from IPython.display import publish_display_data

    questions = journal.take()
    if questions:
        publish_display_data({QUESTIONS_MIME: [question.to_dict() for question in questions]})


def _draw_offline() -> None:
    # By default Panel fetches its JavaScript from two content delivery networks, and offline every plot stays blank. The variable
    # is also read by Panel's server parts, in this process and in what it starts.
    os.environ["PANEL_INLINE"] = "true"
    import panel

    panel.extension(inline=True)


def _draw_offline_again(cell: ExecutionInfo) -> None:
    # A page that was reloaded has lost the code that draws, while its kernel still has the extension: IPython then passes over
    # %load_ext, and every plot would stay blank.
    shell = get_ipython()
    if shell is not None and _LOADS.search(cell.raw_cell or ""):
        with shell.builtin_trap:  # by which Panel knows that it runs in a notebook
            _draw_offline()

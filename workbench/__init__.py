"""The analyses of the Cardio Workbench, from a cohort to a result that is safe to show."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from workbench.federation import Network
    from workbench.study import Study

__all__ = ["Network", "Study", "load_ipython_extension", "unload_ipython_extension"]


def __getattr__(name: str) -> Any:
    # Importing the package stays quick: DuckDB and polars come when a study is asked for.
    if name == "Study":
        return import_module("workbench.study").Study
    if name == "Network":
        return import_module("workbench.federation").Network
    raise AttributeError(f"module 'workbench' has no attribute {name!r}")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Set up display for ``%load_ext workbench``; see :mod:`workbench.plots.extension`."""
    import_module("workbench.plots.extension").load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Undo ``%load_ext workbench``."""
    import_module("workbench.plots.extension").unload(shell)

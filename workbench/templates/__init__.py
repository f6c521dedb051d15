"""Templates: notebooks that answer one question each, run with parameters of your own and written up as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.templates.catalog import Template, find_template, templates
    from workbench.templates.run import Run, TemplateError, run_template
    from workbench.templates.sentences import findings

__all__ = ["Run", "Template", "TemplateError", "find_template", "findings", "run_template", "templates"]

_HOMES = {
    "Run": "run",
    "Template": "catalog",
    "TemplateError": "run",
    "find_template": "catalog",
    "findings": "sentences",
    "run_template": "run",
    "templates": "catalog",
}


def __getattr__(name: str) -> Any:
    # Running a notebook needs libraries that take a second to load; a notebook that only states its findings does not.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

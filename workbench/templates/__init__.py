"""Templates: notebooks that answer one question each, run with parameters of your own, kept as bundles that anyone can verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.templates.bundle import Bundle, BundleError, open_bundle
    from workbench.templates.catalog import Template, find_template, templates
    from workbench.templates.run import Run, TemplateError, run_template
    from workbench.templates.sentences import findings
    from workbench.templates.verify import Verification, verify_bundle

__all__ = [
    "Bundle",
    "BundleError",
    "Run",
    "Template",
    "TemplateError",
    "Verification",
    "find_template",
    "findings",
    "open_bundle",
    "run_template",
    "templates",
    "verify_bundle",
]

_HOMES = {
    "Bundle": "bundle",
    "BundleError": "bundle",
    "Run": "run",
    "Template": "catalog",
    "TemplateError": "run",
    "Verification": "verify",
    "find_template": "catalog",
    "findings": "sentences",
    "open_bundle": "bundle",
    "run_template": "run",
    "templates": "catalog",
    "verify_bundle": "verify",
}


def __getattr__(name: str) -> Any:
    # Running a notebook needs libraries that take a second to load; a notebook that only states its findings does not.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""Dashboards of gated results: a folder that opens without a network, and pages served on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.dashboards.publish import publish_dashboard
    from workbench.dashboards.serve import serve_dashboard

__all__ = ["publish_dashboard", "serve_dashboard"]

_HOMES = {"publish_dashboard": "publish", "serve_dashboard": "serve"}


def __getattr__(name: str) -> Any:
    # A server takes seconds to load; a folder needs none.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

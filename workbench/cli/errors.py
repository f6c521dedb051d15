"""How commands end: results on stdout, mistakes in words on stderr, exit 0, 1 or 2, never a stack of our internals."""

from __future__ import annotations

import json
import sys
from typing import Any

from data_catalog.errors import WorkbenchError

MISTAKE = 1


def report_mistake(error: WorkbenchError) -> int:
    """Print *error* on stderr, by its name and in its own words, and return the exit code."""
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return MISTAKE


def show(result: Any, *, as_json: bool, text: str | None = None) -> None:
    """Print a result: as JSON for machines, else as text."""
    print(
        json.dumps(result, indent=2, default=str, ensure_ascii=False)
        if as_json
        else (text if text is not None else str(result))
    )

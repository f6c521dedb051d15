"""How commands end: results on stdout, mistakes in words on stderr, exit 0, 1 or 2, never a stack of our internals."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from data_catalog.errors import WorkbenchError

MISTAKE = 1
BAD_INPUT = 2


def report_mistake(error: WorkbenchError) -> int:
    """Print *error* on stderr, by its name and in its own words, and return the exit code."""
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return MISTAKE


def report_fault(error: Exception) -> int:
    """Say on stderr that the workbench itself failed, and where; what the error says is kept back, since it may quote data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    print(
        f"The workbench failed with {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}. "
        "Its message may quote data and is not shown; with WORKBENCH_DEBUG=1 everything is.",
        file=sys.stderr,
    )
    return MISTAKE


def show(result: Any, *, as_json: bool, text: str | None = None) -> None:
    """Print a result: as JSON for machines, else as text."""
    print(
        json.dumps(result, indent=2, default=str, ensure_ascii=False)
        if as_json
        else (text if text is not None else str(result))
    )

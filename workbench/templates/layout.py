"""Where everything is in a bundle, and how its plain data are written."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

FORMAT = 1
"""Rises when a bundle can no longer be read as before; newer ones are refused."""

METADATA = "ro-crate-metadata.json"
README = "README.md"
RUN = "run.json"
TEMPLATE = "template.ipynb"
NOTEBOOK = "executed.ipynb"
REPORT = "report.html"
FINDINGS = "findings.json"
ENVIRONMENT = "environment.json"
REQUIREMENTS = "requirements.txt"
TABLES = "tables"
FIGURES = "figures"
COHORTS = "cohorts"


def canonical(value: Any) -> str:
    """Return plain data as JSON that is the same bytes for the same values: sorted keys, no spaces, numbers in full."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def readable(value: Any) -> str:
    """Return plain data as JSON to be read by people."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def digest_of(content: bytes) -> str:
    """Return SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_stem(title: str, taken: Container[str], *, otherwise: str) -> str:
    """Return a title as a file name without an ending: small letters, digits, underscores; numbered if it is taken."""
    stem = re.sub(r"[^a-z0-9_]+", "_", title.lower()).strip("_")[:60].rstrip("_") or otherwise
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name

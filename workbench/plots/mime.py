"""The private forms in which a notebook keeps what it shows, so that a report can be written from data instead of from print."""

from __future__ import annotations

import os
from base64 import b64encode

FIGURE_MIME = "application/vnd.cardio-workbench.figure+json"
TABLE_MIME = "application/vnd.cardio-workbench.table+json"
PROVENANCE_MIME = "application/vnd.cardio-workbench.provenance+json"
QUESTIONS_MIME = "application/vnd.cardio-workbench.questions+json"

HEADLESS = "WORKBENCH_HEADLESS"
"""Set where a notebook runs without a reader: figures are then kept as data and as a picture, without the code that draws them."""


def is_headless() -> bool:
    """Whether this process runs a notebook that nobody is looking at."""
    return os.environ.get(HEADLESS, "") not in {"", "0"}


def as_base64(picture: bytes) -> str:
    """Return a picture as the text that a notebook keeps."""
    return b64encode(picture).decode("ascii")

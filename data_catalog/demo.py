"""The catalog that the workbench demonstrates itself on: public data, open to everyone, the same each time it is made."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from data_catalog.catalog import Catalog
from data_catalog.lake import is_catalog
from data_catalog.sources.whas500 import whas500

if TYPE_CHECKING:
    from pathlib import Path

SITE = "worcester"
TITLE = "Worcester Heart Attack Study (WHAS500)"

# The data are public, so the key protects nobody; a fixed one makes every demo catalog alike, down to the last digit of a sum.
_KEY = hashlib.sha256(b"cardio-workbench demo catalog").digest()


def demo_catalog(folder: Path) -> Catalog:
    """Return the demo catalog at *folder*, making it first if the folder is new or empty.

    Raises
    ------
    CatalogError
        If the folder holds something else.
    """
    if is_catalog(folder):
        return Catalog.open(folder)
    # Made beside its place and moved there when whole, so that an interrupted first run leaves no half catalog.
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    Catalog.create(unfinished, title=TITLE, open_to_everyone=True, pseudonym_key=_KEY).ingest(
        whas500(), site=SITE, basis="open_data"
    )
    if folder.exists():
        folder.rmdir()
    unfinished.rename(folder)
    return Catalog.open(folder)

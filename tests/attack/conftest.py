"""What an attacker would read of a file, compressed columns included."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def unpacked() -> Callable[[bytes], bytes]:
    """Give the bytes of a file, and get them with all that is compressed in it as text after them."""

    def read(content: bytes) -> bytes:
        if content[:4] == b"PAR1":
            return content + pl.read_parquet(BytesIO(content)).write_json().encode()
        if content[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(BytesIO(content)) as archive:
                return content + b"".join(read(archive.read(name)) for name in archive.namelist())
        return content

    return read

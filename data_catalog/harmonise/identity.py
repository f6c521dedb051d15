"""Pseudonymous person ids: a keyed hash of the site and the source's own number, made inside DuckDB.

The key lies beside the catalog, readable by its owner only. Without it nobody can get from a record number to a person id, or
check a guess; with it, a second file of the same hospital finds the same people.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from data_catalog.errors import CatalogError

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
KEY_FILE = "pseudonym.key"


def write_key(folder: Path, key: bytes) -> None:
    """Write the catalog's key, for its owner's eyes only."""
    if len(key) != KEY_BYTES:
        raise CatalogError(f"A pseudonym key has {KEY_BYTES} bytes, this one has {len(key)}.")
    file = folder / KEY_FILE
    file.touch(mode=0o600)
    file.write_bytes(key)


def read_key(folder: Path) -> bytes:
    """Return the catalog's key."""
    try:
        return (folder / KEY_FILE).read_bytes()
    except OSError as error:
        raise CatalogError(
            f"The pseudonym key of the catalog at {folder} cannot be read, so nobody can be brought in or found: {error.strerror}."
        ) from error


def key_check(key: bytes) -> str:
    """Return what a catalog notes of its key, so that another catalog's key is noticed: too little to find the key by."""
    return hashlib.sha256(b"check" + key).hexdigest()[:16]


def keyed_digest_sql(message: str) -> str:
    """Return the SQL of the keyed hash of the SQL expression *message*: 64 hexadecimal digits.

    It takes the named parameters ``$inner_key`` and ``$outer_key`` (see :func:`digest_parameters`). The construction is HMAC's: a
    hash of a hash, each begun with its own key.
    """
    return f"sha256($outer_key || sha256($inner_key || '|' || {message}))"


def person_id_sql(source_id: str) -> str:
    """Return the SQL expression of the person id for the SQL expression *source_id*.

    Its parameters come from :func:`key_parameters`. The first 60 bits of SHA-256 make a positive BIGINT;
    that two of ten million people share one has a chance of about 4 in 100,000, and the check of keys at ingest would refuse them.
    """
    digest = keyed_digest_sql(f"$site || '|' || {source_id}")
    return f"('0x' || left({digest}, 15))::BIGINT"


def key_parameters(key: bytes, *, site: str) -> dict[str, str]:
    """Return the parameters that :func:`person_id_sql` takes."""
    return {**digest_parameters(key), "site": site}


def digest_parameters(key: bytes) -> dict[str, str]:
    """Return the parameters that :func:`keyed_digest_sql` takes."""
    return {
        "inner_key": hashlib.sha256(b"inner" + key).hexdigest(),
        "outer_key": hashlib.sha256(b"outer" + key).hexdigest(),
    }

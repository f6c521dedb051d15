"""Consent epochs: a number that rises whenever what people allow has changed, so that nothing older is mistaken for current."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from data_catalog.reader import Queries


def current_epoch(connection: Queries) -> int:
    """Return the consent epoch that *connection* sees; 0 in a catalog in which nobody has said anything yet."""
    return int(connection.execute("SELECT coalesce(max(epoch), 0) FROM lake.governance.consent_epoch").fetchall()[0][0])


def begin_epoch(connection: duckdb.DuckDBPyConnection, reason: str) -> int:
    """Begin the next consent epoch, in the caller's transaction, and return its number. *reason* names nobody."""
    epoch = current_epoch(connection) + 1
    connection.execute(
        "INSERT INTO lake.governance.consent_epoch (epoch, began_at, reason) VALUES (?, ?, ?)",
        [epoch, datetime.now(UTC), reason],
    )
    return epoch

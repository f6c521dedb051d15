"""One writer at a time. The lock belongs to the process: however it ends, kill -9 included, the system takes the lock away.

So whoever holds it knows that nobody else is writing, and that every file which no snapshot knows is left over from a writer that
did not come to its end.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from data_catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

    from data_catalog.address import CatalogAddress, FolderAddress, PostgresAddress

LOCK_FILE = "writing.lock"
# Long enough for a writer that is closing; an ingest takes longer, and then it is better to say so than to hang.
PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.05


class AnotherWriterError(CatalogError):
    """Somebody else is writing to the catalog. Nothing was written; it can be tried again."""


@contextmanager
def folder_lock(address: FolderAddress) -> Iterator[None]:
    """Hold the lock of the catalog in the folder of *address*.

    Raises
    ------
    AnotherWriterError
        If somebody else held it for longer than we wait.
    CatalogError
        If this user may not write in the folder.
    """
    try:
        import fcntl
    except ImportError:
        raise CatalogError("This operating system has no file locks of the kind that catalogs need (flock).") from None
    try:
        handle = os.open(address.folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CatalogError(f"The catalog at {address} cannot be written: {os.strerror(error.errno or 0)}.") from None
    try:

        def taken() -> bool:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        wait_for(taken, address)
        yield
    finally:
        os.close(handle)  # which is what gives the lock back


def wait_for(taken: Callable[[], bool], address: CatalogAddress) -> None:
    """Try until *taken* says yes, or say that another writer is at work."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not taken():
        if time.monotonic() >= until:
            raise AnotherWriterError(
                f"Another ingest is at work on the catalog at {address} and did not finish within {PATIENCE_SECONDS:g} seconds. "
                "Nothing was written; try again when it is done."
            )
        time.sleep(_POLL_SECONDS)


def writer_name(address: PostgresAddress) -> str:
    """Return the name under which the server lists the connections of whoever writes the catalog at *address*."""
    return f"cardio-workbench writer {_number(address):x}"


@contextmanager
def server_lock(connection: duckdb.DuckDBPyConnection, address: PostgresAddress) -> Iterator[None]:
    """Hold the lock of the catalog at *address* on its server, which *connection* has attached as ``server``.

    Raises
    ------
    AnotherWriterError
        If somebody else held it, or a writer that was killed was still at work on the server, for longer than we wait.
    """
    ask = f"FROM postgres_query('server', 'SELECT pg_try_advisory_xact_lock({_number(address)})')"
    # The server lists what it still does for a writer that is gone: until it has finished, a commit may yet arrive.
    count = (
        "FROM postgres_query('server', 'SELECT count(*) FROM pg_stat_activity "
        f"WHERE datname = current_database() AND application_name = ''{writer_name(address)}''')"
    )

    def alone() -> bool:
        connection.execute("FROM postgres_query('server', 'SELECT pg_stat_clear_snapshot()::text')").fetchall()
        return int(connection.execute(count).fetchall()[0][0]) == 0

    connection.execute("BEGIN TRANSACTION")  # one connection of the server, and the lock for as long as it is open
    try:
        wait_for(lambda: bool(connection.execute(ask).fetchall()[0][0]), address)
        wait_for(alone, address)
        yield
    finally:
        connection.close()


def _number(address: PostgresAddress) -> int:
    """Return the number of the lock: the server keeps numbers apart by database, the digest by schema."""
    digest = hashlib.sha256(f"cardio-workbench {address.schema}".encode()).digest()
    return int.from_bytes(digest[:7], "big")

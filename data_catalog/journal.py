"""SQLite's write-ahead log: a folder's readers never wait for its writer, and its writer never for them.

With SQLite's other journal a commit has to wait until the last query has ended, and gives up after five seconds; and after a writer
was killed, a reader cannot open the file until somebody has opened it for writing. With the log neither is so.

The file is opened through DuckDB only. A second SQLite library in the same process, such as Python's own, would take away the locks
of the first when it closes the file (a property of POSIX locks), and the file would be damaged.
"""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def kept_log(
    file: Path, writing: duckdb.DuckDBPyConnection, connect: Callable[[], duckdb.DuckDBPyConnection]
) -> Iterator[None]:
    """Close *writing*, which has *file* behind its ``lake``, at the end, such that the two files of the log stay, the log empty.

    SQLite removes them when the last writer leaves, and a reader who may not write in the folder could not make them, so could
    not read either. A connection that only reads removes nothing: it has to be the last to leave.
    """
    try:
        yield
    finally:
        path = str(file).replace("'", "''")
        with closing(connect()) as last, suppress(duckdb.Error):  # the log is as good where it is full, or gone
            writing.execute(
                "FROM sqlite_query('__ducklake_metadata_lake', 'PRAGMA wal_checkpoint(TRUNCATE)')"
            ).fetchall()
            last.execute(f"ATTACH '{path}' AS metadata (TYPE sqlite, READ_ONLY)")
            last.execute("BEGIN TRANSACTION")  # else DuckDB opens the file for the time of a query only
            last.execute("FROM sqlite_query('metadata', 'SELECT count(*) FROM sqlite_master')").fetchall()
            writing.close()
        writing.close()

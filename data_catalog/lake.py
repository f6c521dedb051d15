"""Connections to a catalog's DuckLake: one kind for readers, hardened and pinned, and one for ingestion.

Nothing outside this package and :mod:`workbench.study` opens a connection: a study is the only door to data.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from data_catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA_FILE = "catalog.sqlite"
DATA_FOLDER = "data"
_EXTENSIONS = ("ducklake", "sqlite_scanner")
_OFFLINE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
}


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckLake and its SQLite metadata from the signed files inside their Python packages; nothing is downloaded.

    Raises
    ------
    CatalogError
        If a package is missing or was built for another DuckDB.
    """
    for extension in _EXTENSIONS:
        package = f"duckdb_extension_{extension}"
        try:
            file = resources.files(package) / "extensions" / f"v{duckdb.__version__}" / f"{extension}.duckdb_extension"
        except ModuleNotFoundError:
            file = None
        if file is None or not file.is_file():
            raise CatalogError(
                f"The DuckDB extension {extension!r} for DuckDB {duckdb.__version__} is not installed. "
                f"Install the package {package.replace('_', '-')}=={duckdb.__version__}."
            )
        connection.execute(f"LOAD {literal(str(file))}")


def literal(text: str) -> str:
    """Quote *text* as an SQL string, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def quoted(identifier: str) -> str:
    """Quote *identifier* for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def is_catalog(folder: Path) -> bool:
    """Say whether *folder* holds a catalog."""
    return (folder / METADATA_FILE).is_file()


def open_reader(folder: Path, *, snapshot: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open a read-only connection that sees one snapshot as ``lake`` and cannot reach outside the catalog's folder.

    Parameters
    ----------
    folder : Path
        The catalog's folder.
    snapshot : int, optional
        The snapshot to see; the newest at the time of each query if not given.

    Raises
    ------
    CatalogError
        If there is no catalog, or it has no such snapshot.
    """
    connection = _connect()
    pinned = "" if snapshot is None else f", SNAPSHOT_VERSION {int(snapshot)}"
    try:
        connection.execute(f"ATTACH {_address(folder)} AS lake (READ_ONLY, {_data_path(folder)}{pinned})")
        connection.execute("FROM duckdb_tables() LIMIT 0")
    except duckdb.Error as error:
        connection.close()
        raise CatalogError(f"The catalog at {folder} cannot be opened: {error}") from error
    # In this order, after ATTACH; once the configuration is locked nothing can be undone.
    connection.execute(f"SET allowed_directories = [{literal(str(folder.resolve()) + '/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


@contextmanager
def writer(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the connection of ingestion: it may read the user's files and write the catalog, and closes at the end."""
    connection = _connect()
    try:
        connection.execute(f"ATTACH {_address(folder)} AS lake ({_data_path(folder)})")
        # Files of a writer that was killed before it committed. The hour spares a writer that is at work now.
        connection.execute("CALL ducklake_delete_orphaned_files('lake', older_than => now() - INTERVAL 1 hour)")
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, *, author: str, message: str) -> Iterator[None]:
    """Commit everything done inside as one snapshot, or nothing of it."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        connection.execute("CALL lake.set_commit_message(?, ?)", [author, message])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config=dict(_OFFLINE))
    load_extensions(connection)
    return connection


def _data_path(folder: Path) -> str:
    # Said on every opening, so that a catalog works after its folder was moved or copied.
    return f"DATA_PATH {literal(f'{folder.resolve() / DATA_FOLDER}/')}, OVERRIDE_DATA_PATH true"


def _address(folder: Path) -> str:
    return literal(f"ducklake:sqlite:{Path(folder).resolve() / METADATA_FILE}")

"""Connections to a catalog's DuckLake: one kind for readers, hardened and pinned, and one for ingestion, one at a time.

Nothing outside this package and :mod:`workbench.study` opens a connection: a study is the only door to data.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from data_catalog.address import DATA_FOLDER, METADATA_FILE, FolderAddress, PostgresAddress, catalog_address
from data_catalog.errors import CatalogError
from data_catalog.failures import commit_in_words, in_words
from data_catalog.harmonise.identity import key_check, read_key
from data_catalog.journal import kept_log
from data_catalog.reader import Reader
from data_catalog.write_lock import folder_lock, server_lock, writer_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data_catalog.address import CatalogAddress
    from data_catalog.reader import Queries

SPILL_FOLDER = "spill"
_SECRET = "catalog_password"  # noqa: S105  the name under which DuckDB keeps it
SQLITE, POSTGRES = "sqlite_scanner", "postgres_scanner"
_OFFLINE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}


# DuckDB checks the signature of an extension by hashing its file, a quarter of a second for the two that every connection
# needs. A process does so once for a file as it is.
_signed: set[tuple[Path, int, int]] = set()


def _extension(name: str) -> Path:
    """Return the file of an extension of DuckDB inside its Python package; nothing is downloaded.

    Raises
    ------
    CatalogError
        If a package is missing or was built for another DuckDB.
    """
    package = f"duckdb_extension_{name}"
    try:
        file = resources.files(package) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    except ModuleNotFoundError:
        file = None
    if file is None or not file.is_file():
        raise CatalogError(
            f"The DuckDB extension {name!r} for DuckDB {duckdb.__version__} is not installed. "
            f"Install the package {package.replace('_', '-')}=={duckdb.__version__}."
        )
    return Path(str(file))


def literal(text: str) -> str:
    """Quote *text* as an SQL string, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def quoted(identifier: str) -> str:
    """Quote *identifier* for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def is_catalog(folder: Path) -> bool:
    """Say whether *folder* holds a catalog."""
    return (folder / METADATA_FILE).is_file()


def open_reader(place: CatalogAddress | Path | str, *, snapshot: int | None = None) -> Reader:
    """Open a read-only connection that sees one snapshot as ``lake`` and cannot reach outside the catalog's data.

    Parameters
    ----------
    place : CatalogAddress, Path or str
        Where the catalog is.
    snapshot : int, optional
        The snapshot to see; the newest at the time of each query if not given.

    Raises
    ------
    CatalogError
        If there is no catalog, it cannot be reached, or it has no such snapshot.
    """
    address = catalog_address(place)
    connection = _connect_for(address)
    try:
        _attach(connection, address, "READ_ONLY", *([] if snapshot is None else [f"SNAPSHOT_VERSION {int(snapshot)}"]))
        data = folder_of(connection, address) / DATA_FOLDER
        _check_folder(data, address)
        spill = tempfile.TemporaryDirectory(prefix="cardio-workbench-", ignore_cleanup_errors=True)
        connection.execute(f"SET temp_directory = {literal(spill.name)}")
        # In this order, after ATTACH; once the configuration is locked nothing can be undone.
        connection.execute(f"SET allowed_directories = [{literal(f'{data}/')}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return Reader(connection, spill)


def folder_of(connection: Queries, address: CatalogAddress) -> Path:
    """Return the folder of data and key of the catalog that *connection* has attached as ``lake``."""
    if isinstance(address, FolderAddress):
        return address.folder.resolve()
    if address.data is not None:
        return address.data.resolve()
    said = connection.execute("SELECT value FROM lake.options() WHERE option_name = 'data_path'").fetchall()
    return Path(said[0][0]).parent


def server_version(place: CatalogAddress | str) -> str:
    """Return the version of the PostgreSQL server at *place*, whether or not it holds a catalog.

    Raises
    ------
    CatalogError
        If no server answers there, or not to this user.
    """
    address = catalog_address(place)
    if not isinstance(address, PostgresAddress):
        raise CatalogError(f"{address} is not on a server.")
    with closing(_connect(POSTGRES)) as connection, _words(address):
        _attach_server(connection, address, "READ_ONLY")
        ask = "FROM postgres_query('server', 'SELECT split_part(current_setting(''server_version''), '' '', 1)')"
        return str(connection.execute(ask).fetchall()[0][0])


@contextmanager
def writer(place: CatalogAddress | Path | str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the connection of ingestion: it may read the user's files and write the catalog, and closes at the end.

    No two are open at once, in whatever process, so that everything a writer finds which no snapshot knows was left by one that
    was killed: it is removed first.

    Raises
    ------
    AnotherWriterError
        If another writer is at work and does not come to its end soon.
    CatalogError
        If the catalog cannot be reached or written.
    """
    address = catalog_address(place)
    if isinstance(address, FolderAddress) and not is_catalog(address.folder):
        raise CatalogError(f"There is no catalog at {address}.")
    with alone(address), _connected(address) as connection:
        folder = folder_of(connection, address)
        _check_folder(folder / DATA_FOLDER, address)
        _check_key(connection, folder, address)
        _spill_into(connection, folder)
        connection.execute("CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)")
        yield connection


@contextmanager
def maker(place: CatalogAddress | Path | str, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the connection that makes a catalog with its data in *folder*, which exists; if it fails, no metadata stay behind.

    Raises
    ------
    CatalogError
        If there is a catalog already, or none can be made.
    """
    address = catalog_address(place)
    path = f"DATA_PATH {literal(f'{folder.resolve() / DATA_FOLDER}/')}"
    with alone(address):
        if isinstance(address, PostgresAddress) and _has_metadata(address):
            raise CatalogError(f"There is a catalog at {address} already. Name another database or another ?schema=.")
        try:
            with _connected(address, path, may_make=True) as connection:
                _spill_into(connection, folder)
                yield connection
        except BaseException:
            if isinstance(address, PostgresAddress):
                _drop_metadata(address)
            raise


@contextmanager
def one_view(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let many small queries see one snapshot, which DuckLake then looks up once and not again for each of them."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    finally:
        _roll_back(connection)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, *, author: str, message: str) -> Iterator[None]:
    """Commit everything done inside as one snapshot, or nothing of it.

    Raises
    ------
    CatalogError
        If it could not be committed: the disk is full, the server is gone, another program wrote at the same time.
    """
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        connection.execute("CALL lake.set_commit_message(?, ?)", [author, message])
    except BaseException:
        _roll_back(connection)
        raise
    try:
        connection.execute("COMMIT")
    except duckdb.Error as error:
        _roll_back(connection)
        raise CatalogError(commit_in_words(error)) from None


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # the fault that led here may have ended the transaction, and it is the one to be told
        connection.execute("ROLLBACK")


def _connect(*extensions: str) -> duckdb.DuckDBPyConnection:
    """Connect to nothing yet, with the extensions loaded, each from its signed file."""
    files = {(path, path.stat().st_size, path.stat().st_mtime_ns) for path in map(_extension, extensions)}
    known = "true" if files <= _signed else "false"
    connection = duckdb.connect(config={**_OFFLINE, "allow_unsigned_extensions": known})
    for path, _, _ in sorted(files):
        connection.execute(f"LOAD {literal(str(path))}")
    connection.execute("SET allow_unsigned_extensions = false")
    connection.execute("SET enable_progress_bar = false")  # in a notebook it would be an output of the cell
    _signed.update(files)
    return connection


@contextmanager
def _connected(address: CatalogAddress, *options: str, may_make: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Be connected for writing with the catalog attached as ``lake``."""
    with closing(_connect_for(address)) as connection:
        _attach(connection, address, *options, may_make=may_make)
        if isinstance(address, PostgresAddress):
            yield connection
            return
        with kept_log(address.metadata_file, connection, lambda: _connect(SQLITE)):
            yield connection


def _connect_for(address: CatalogAddress) -> duckdb.DuckDBPyConnection:
    return _connect("ducklake", SQLITE if isinstance(address, FolderAddress) else POSTGRES)


@contextmanager
def alone(address: CatalogAddress) -> Iterator[None]:
    """Be the only one who may write to the catalog, without being connected to it; see :func:`writer`."""
    if isinstance(address, FolderAddress):
        with folder_lock(address):
            yield
        return
    with closing(_connect(POSTGRES)) as connection:
        with _words(address):
            _attach_server(connection, address, "READ_ONLY")
        with server_lock(connection, address):
            yield


def _attach(
    connection: duckdb.DuckDBPyConnection, address: CatalogAddress, *options: str, may_make: bool = False
) -> None:
    """Attach the catalog at *address* as ``lake``."""
    chosen = [*options]
    if not may_make:
        chosen.append("CREATE_IF_NOT_EXISTS false")
    if isinstance(address, FolderAddress):
        metadata = f"ducklake:sqlite:{address.metadata_file}"
        if "READ_ONLY" not in options:
            chosen.append("META_JOURNAL_MODE 'WAL'")
        if not may_make:
            # Said on every opening, so that a catalog works after its folder was moved or copied.
            chosen += [f"DATA_PATH {literal(f'{address.folder.resolve() / DATA_FOLDER}/')}", "OVERRIDE_DATA_PATH true"]
    else:
        name = {} if "READ_ONLY" in options else {"application_name": writer_name(address)}
        metadata = f"ducklake:postgres:{address.conninfo(**name)}"
        chosen.append(f"METADATA_SCHEMA {literal(address.schema)}")
        chosen += _secret(connection, address, "META_SECRET")
        if address.data is not None and not may_make:
            chosen += [f"DATA_PATH {literal(f'{address.data.resolve() / DATA_FOLDER}/')}", "OVERRIDE_DATA_PATH true"]
    with _words(address):
        connection.execute(f"ATTACH {literal(metadata)} AS lake ({', '.join(chosen)})")
        connection.execute("FROM duckdb_tables() LIMIT 0")


def _attach_server(connection: duckdb.DuckDBPyConnection, address: PostgresAddress, *options: str) -> None:
    """Attach the database itself as ``server``."""
    chosen = ["TYPE postgres", *options, *_secret(connection, address, "SECRET")]
    connection.execute(f"ATTACH {literal(address.conninfo())} AS server ({', '.join(chosen)})")


def _secret(connection: duckdb.DuckDBPyConnection, address: PostgresAddress, option: str) -> list[str]:
    # As a secret of DuckDB, the password occurs neither in its list of databases nor in what it says of faults.
    if address.password is None:
        return []
    connection.execute(f"CREATE OR REPLACE SECRET {_SECRET} (TYPE postgres, PASSWORD {literal(address.password)})")
    return [f"{option} {literal(_SECRET)}"]


def _has_metadata(address: PostgresAddress) -> bool:
    with closing(_connect(POSTGRES)) as connection, _words(address):
        _attach_server(connection, address, "READ_ONLY")
        found = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'server' AND schema_name = ? AND table_name = 'ducklake_metadata'",
            [address.schema],
        ).fetchall()
        return bool(found[0][0])


def _drop_metadata(address: PostgresAddress) -> None:
    """Take away the tables of a catalog whose making failed; only DuckLake's, and only after :func:`_has_metadata` said no."""
    with closing(_connect(POSTGRES)) as connection, _words(address):
        _attach_server(connection, address)
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'server' AND schema_name = ? AND table_name LIKE 'ducklake\\_%' ESCAPE '\\'",
            [address.schema],
        ).fetchall()
        for (name,) in tables:
            connection.execute(f"DROP TABLE server.{quoted(address.schema)}.{quoted(name)}")


def _check_folder(data: Path, address: CatalogAddress) -> None:
    hint = (
        " Mount it there, or say where it is on this machine with ?data=FOLDER."
        if isinstance(address, PostgresAddress)
        else ""
    )
    if not data.is_dir():
        raise CatalogError(f"The data of the catalog at {address} are not there: there is no folder {data}.{hint}")
    if not os.access(data, os.R_OK | os.X_OK):
        raise CatalogError(
            f"You may not read the data of the catalog at {address}, which are in {data}. Ask its owner."
        )


def _check_key(connection: duckdb.DuckDBPyConnection, folder: Path, address: CatalogAddress) -> None:
    """Refuse to write into the folder of another catalog: its files, unknown to this one, would be taken for left over."""
    with suppress(duckdb.CatalogException):  # what is no catalog of the workbench is refused elsewhere
        noted = connection.execute("SELECT value FROM lake.provenance.setting WHERE name = 'key_check'").fetchall()
        if noted and noted[0][0] != key_check(read_key(folder)):
            raise CatalogError(
                f"{folder} is not the folder of the catalog at {address}: it has the pseudonym key of another one. Nothing was written."
            )


def _spill_into(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let what does not fit into memory go beside the data, where only the catalog's owner looks, and remove what was left there."""
    shutil.rmtree(folder / SPILL_FOLDER, ignore_errors=True)
    connection.execute(f"SET temp_directory = {literal(str(folder / SPILL_FOLDER))}")


@contextmanager
def _words(address: CatalogAddress) -> Iterator[None]:
    """Say in words what stops a catalog from being reached."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise CatalogError(in_words(error, address)) from None

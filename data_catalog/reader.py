"""What a reader may run: queries of the catalog, and nothing that reaches past it.

DuckDB itself refuses a hardened connection the file system and every change of settings. That is not all: it still lets such a
connection write files into the catalog's own folder with COPY, and its SQLite and PostgreSQL extensions, which read the metadata,
open any database they are told to, whatever the settings say. So statements that attach, copy, call or set are refused here, and
queries that name a function of those extensions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, Self

import duckdb
from duckdb import StatementType

from data_catalog.errors import CatalogError
from data_catalog.versions import MODEL_VERSION, OlderCatalogError, recorded_version

if TYPE_CHECKING:
    import tempfile
    from types import TracebackType

    import pyarrow as pa

_QUERIES = frozenset(
    {
        StatementType.SELECT,
        StatementType.CREATE,  # temporary tables; everything else that could be made is refused by the read-only attachment
        StatementType.INSERT,
        StatementType.UPDATE,
        StatementType.DELETE,
        StatementType.DROP,
        StatementType.EXPLAIN,
        StatementType.TRANSACTION,
    }
)
# Functions of the extensions, the metadata database behind the lake, functions that run a text, and escapes that could spell any of it.
_PAST_THE_CATALOG = re.compile(
    r"""\b(?:sqlite|postgres|mysql|ducklake)_\w+ | __ducklake_metadata | \bu&["'] | \bquery(?:_table)?"?(?:\s|/\*.*?\*/|--[^\n]*\n)*\(""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


class Queries(Protocol):
    """What can run a query: a reader, or the connection of ingestion."""

    def execute(self, query: str, parameters: Any = None) -> duckdb.DuckDBPyConnection:
        """Run *query* and return what its rows are fetched from."""


class Reader:
    """A read-only connection to one catalog that runs queries only. It closes at the end of a ``with`` block."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, spill: tempfile.TemporaryDirectory[str]) -> None:
        self._connection = connection
        self._spill = spill

    def execute(self, query: str, parameters: Any = None) -> duckdb.DuckDBPyConnection:
        """Run *query* and return what its rows are fetched from.

        Raises
        ------
        CatalogError
            If it is not a query, or would reach past the catalog.
        """
        kinds = {statement.type for statement in self._connection.extract_statements(query)}
        if not kinds <= _QUERIES or _PAST_THE_CATALOG.search(query):
            raise CatalogError("A reader of a catalog runs queries of its tables only; this statement was refused.")
        try:
            return self._connection.execute(query, parameters)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            version = recorded_version(self._connection)
            if version is None or version >= MODEL_VERSION:
                raise
            raise OlderCatalogError(
                f"This snapshot has version {version} of the model and lacks what was asked for, which version {MODEL_VERSION} has. Choose a "
                "snapshot from the catalog's upgrade on: workbench catalog snapshots."
            ) from error

    def register(self, name: str, table: pa.Table) -> None:
        """Let queries see *table* under *name*."""
        self._connection.register(name, table)

    def unregister(self, name: str) -> None:
        """Forget the table that was registered as *name*."""
        self._connection.unregister(name)

    def interrupt(self) -> None:
        """Stop the query that runs in another thread."""
        self._connection.interrupt()

    def close(self) -> None:
        """Close the connection, and remove what a large query left on the disk."""
        self._connection.close()
        self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

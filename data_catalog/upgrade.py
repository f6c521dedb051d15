"""Bringing a catalog of an older model up to date: tables and columns are added, nothing is taken away and no value changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_catalog import lake
from data_catalog.errors import CatalogError
from data_catalog.governance.permits import current_user
from data_catalog.model import TABLES, create_table_sql, sort_sql, table_address
from data_catalog.versions import MODEL_VERSION, SETTING, check_upgradable, recorded_version

if TYPE_CHECKING:
    import duckdb

    from data_catalog.address import CatalogAddress
    from data_catalog.model import Field, Table


@dataclass(frozen=True)
class UpgradeReport:
    """What an upgrade did.

    Parameters
    ----------
    before, after : int
        Versions of the model.
    tables, columns : tuple of str
        What was added: ``schema.table``, ``schema.table.column``. Empty if nothing was missing.
    snapshot_id : int
        The newest snapshot, which is the upgrade's unless there was nothing to do.
    """

    before: int
    after: int
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    snapshot_id: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**vars(self), "tables": list(self.tables), "columns": list(self.columns)}

    def __str__(self) -> str:
        if self.before == self.after and not self.tables and not self.columns:
            return f"The catalog has version {self.after} of the model already; nothing was changed."
        lines = [f"Upgraded from version {self.before} of the model to {self.after} in snapshot {self.snapshot_id}."]
        for what, names in (("table", self.tables), ("column", self.columns)):
            lines += [f"  added the {what} {name}" for name in names]
        return "\n".join(lines)


def upgrade(address: CatalogAddress) -> UpgradeReport:
    """Add what the declarations have and the catalog at *address* lacks, in one transaction; see :meth:`Catalog.upgrade`."""
    with lake.writer(address) as connection:
        before = check_upgradable(recorded_version(connection), address)
        tables, columns = _missing(connection)
        if tables or columns or before < MODEL_VERSION:
            message = f"upgrade the model from version {before} to {MODEL_VERSION}"
            with lake.transaction(connection, author=current_user(), message=message):
                _add(connection, tables, columns)
                connection.execute("DELETE FROM lake.provenance.setting WHERE name = ?", [SETTING])
                connection.execute(
                    "INSERT INTO lake.provenance.setting (name, value) VALUES (?, ?)", [SETTING, str(MODEL_VERSION)]
                )
        newest = connection.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()[0][0]
    return UpgradeReport(
        before=before,
        after=MODEL_VERSION,
        tables=tuple(f"{table.schema}.{table.name}" for table in tables),
        columns=tuple(f"{table.schema}.{table.name}.{field.name}" for table, field in columns),
        snapshot_id=int(newest),
    )


def _missing(connection: duckdb.DuckDBPyConnection) -> tuple[list[Table], list[tuple[Table, Field]]]:
    """Compare the declarations with what is there."""
    rows = connection.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'lake'"
    ).fetchall()
    held: dict[tuple[str, str], dict[str, str]] = {}
    for schema, name, column, type_ in rows:
        held.setdefault((schema, name), {})[column] = type_
    tables = [table for table in TABLES.values() if (table.schema, table.name) not in held]
    columns = []
    types = _canonical_types(connection)
    for table in TABLES.values():
        there = held.get((table.schema, table.name), {})
        for field in table.fields if there else ():
            if field.name not in there:
                columns.append((table, field))
            elif there[field.name] != types[field.type]:
                raise CatalogError(
                    f"This catalog cannot be upgraded by adding to it: {table.schema}.{table.name}.{field.name} is {there[field.name]} and has "
                    f"to be {types[field.type]}. Make a new catalog and ingest the sources again."
                )
    return tables, columns


def _canonical_types(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return DuckDB's own name of every type that the declarations use."""
    used = list(dict.fromkeys(field.type for table in TABLES.values() for field in table.fields))
    names = connection.execute("SELECT " + ", ".join(f"typeof(CAST(NULL AS {type_}))" for type_ in used)).fetchall()[0]
    return dict(zip(used, names, strict=True))


def _add(connection: duckdb.DuckDBPyConnection, tables: list[Table], columns: list[tuple[Table, Field]]) -> None:
    for schema in dict.fromkeys(table.schema for table in tables):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{lake.quoted(schema)}")
    for table in tables:
        for statement in create_table_sql(table):
            connection.execute(statement)
    for table, field in columns:
        address, name = table_address(table), lake.quoted(field.name)
        if field.required and connection.execute(f"SELECT count(*) FROM {address}").fetchall()[0][0]:
            raise CatalogError(
                f"This catalog cannot be upgraded by adding to it: every row of {table.schema}.{table.name} has to have a {field.name} now. "
                "Make a new catalog and ingest the sources again."
            )
        connection.execute(f"ALTER TABLE {address} ADD COLUMN {name} {field.type}")
        if field.required:
            connection.execute(f"ALTER TABLE {address} ALTER COLUMN {name} SET NOT NULL")
    for table in {table.name: table for table, field in columns if field.name in table.sorted_by}.values():
        connection.execute(sort_sql(table))

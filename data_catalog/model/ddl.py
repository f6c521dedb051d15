"""The statements that make the tables in a DuckLake.

DuckLake holds NOT NULL, but no primary keys, checks or foreign keys: those are checked at ingest, by
:mod:`data_catalog.model.validate`. Layout is set before the first row is written, because it holds for files written later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.lake import quoted
from data_catalog.model.registry import TABLES

if TYPE_CHECKING:
    from data_catalog.model.fields import Field, Table


def create_table_sql(table: Table, database: str = "lake") -> list[str]:
    """Return the statements that make *table* in the attached DuckLake *database*, whose schema must exist.

    Returns
    -------
    list of str
        CREATE TABLE, then how its files are partitioned and sorted.
    """
    name = table_address(table, database)
    columns = ",\n  ".join(_column(field) for field in table.fields)
    statements = [f"CREATE TABLE {name} (\n  {columns}\n)"]
    if table.partitioned_by:
        statements.append(f"ALTER TABLE {name} SET PARTITIONED BY ({_names(table.partitioned_by)})")
    if table.sorted_by:
        statements.append(sort_sql(table, database))
    return statements


def sort_sql(table: Table, database: str = "lake") -> str:
    """Return the statement that says how files of *table* written from now on are sorted."""
    return f"ALTER TABLE {table_address(table, database)} SET SORTED BY ({_names(table.sorted_by)})"


def create_all_sql(database: str = "lake") -> list[str]:
    """Return the statements that make every schema and table of the model in an empty DuckLake."""
    schemas = dict.fromkeys(table.schema for table in TABLES.values())
    statements = [f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}.{quoted(schema)}" for schema in schemas]
    return [*statements, *(sql for table in TABLES.values() for sql in create_table_sql(table, database))]


def table_address(table: Table, database: str = "lake") -> str:
    """Return the table's full name, quoted for SQL."""
    return f"{quoted(database)}.{quoted(table.schema)}.{quoted(table.name)}"


def _column(field: Field) -> str:
    return f"{quoted(field.name)} {field.type}{' NOT NULL' if field.required else ''}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(quoted(name) for name in names)

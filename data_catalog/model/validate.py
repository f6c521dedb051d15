"""Keys of staged rows, checked before anything is written: DuckLake itself knows neither keys nor references.

Each check is one statement over all rows that only counts; the first offending row is looked for when there is one. Messages
say table, field, how many and where, never the value: it may be a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_catalog.errors import IngestError
from data_catalog.lake import literal, quoted
from data_catalog.model.ddl import table_address
from data_catalog.model.registry import TABLES, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from data_catalog.model.fields import Table

_SHOWN = 10


@dataclass(frozen=True)
class _Rows:
    """The staged rows of one table."""

    table: Table
    relation: str
    columns: frozenset[str]


@dataclass(frozen=True)
class _Staging:
    """Everything that is staged, and the catalog's site that it is meant for."""

    connection: duckdb.DuckDBPyConnection
    rows: Mapping[str, _Rows]
    site: str
    database: str

    def numbers(self, sql: str) -> tuple[int, ...]:
        """The one row of numbers that *sql* gives."""
        return tuple(int(number) for number in self.connection.execute(sql).fetchall()[0])

    def held(self, of: Table, columns: str, *, any_site: bool = False) -> str:
        """SELECT of *columns* of what the catalog holds for the site."""
        where = "" if any_site else f" WHERE site = {literal(self.site)}"
        return f"SELECT {columns} FROM {table_address(of, self.database)}{where}"

    def known_values(self, target: Table, field: str) -> str:
        """SELECT of every value of a field that staged rows and the catalog's site have, in no order and not distinct."""
        name = quoted(field)
        selects = [self.held(target, f"{name} AS known")]
        if target.name in self.rows and field in self.rows[target.name].columns:
            selects.append(f"SELECT {name} AS known FROM {quoted(self.rows[target.name].relation)}")
        return " UNION ALL ".join(selects)


def check_keys(
    connection: duckdb.DuckDBPyConnection, staged: Mapping[str, str], *, site: str, database: str = "lake"
) -> None:
    """Refuse staged rows that lack a required value, repeat a key, or refer to a row that does not exist.

    References to concepts and other vocabulary are not checked: a vocabulary may be partial.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Sees the staged relations and, as *database*, the catalog.
    staged : mapping of str to str
        For each table of the model, the relation with its rows. Columns are the model's; ``_row`` (BIGINT) and ``_file``
        (VARCHAR) may say where in the source a row came from. Our added columns may be absent.
    site : str
        The hospital that the rows are for. ``person_id`` must be new to the catalog, other keys to this site.
    database : str
        Name of the attached DuckLake.

    Raises
    ------
    IngestError
        If anything is wrong; the message lists what, with table, field, number of rows, the first row and what to do.
    UnknownNameError
        If a table is not of the model.
    """
    rows = {name: _Rows(table(name), relation, _columns(connection, relation)) for name, relation in staged.items()}
    staging = _Staging(connection, rows, site, database)
    faults = [
        fault for check in (_missing, _repeated, _dangling) for one in rows.values() for fault in check(staging, one)
    ]
    if faults:
        shown = "\n".join(f"- {fault}" for fault in faults[:_SHOWN])
        more = f"\n… and {len(faults) - _SHOWN} more." if len(faults) > _SHOWN else ""
        raise IngestError(f"The source was refused and the catalog is unchanged:\n{shown}{more}")


def _missing(staging: _Staging, rows: _Rows) -> Iterator[str]:
    """Required fields that are empty, all of a table's in one pass."""
    wanted = [
        field.name for field in rows.table.fields if field.required and (not field.added or field.name in rows.columns)
    ]
    for name in wanted:
        if name not in rows.columns:
            yield f"{rows.table.name} has no column {name!r}, which is required. Add it to the source or to the mapping."
    present = [name for name in wanted if name in rows.columns]
    if not present:
        return
    counts = ", ".join(f"count(*) - count({quoted(name)})" for name in present)
    empty = staging.numbers(f"SELECT {counts} FROM {quoted(rows.relation)}")
    for name, n_empty in zip(present, empty, strict=True):
        if n_empty:
            where = _first_row(staging, rows, f"{quoted(name)} IS NULL")
            yield (
                f"{rows.table.name}.{name} is required and empty in {_rows(n_empty)}{where}. "
                "Fill it in, or leave these rows out of the source."
            )


def _repeated(staging: _Staging, rows: _Rows) -> Iterator[str]:
    """Keys that two staged rows share, or that the catalog has already."""
    names = rows.table.primary_key
    if not names or not rows.columns.issuperset(names):
        return
    relation, columns = quoted(rows.relation), ", ".join(quoted(name) for name in names)
    label = f"{rows.table.name}.{names[0]}" if len(names) == 1 else f"{rows.table.name} ({', '.join(names)})"
    (n_repeated,) = staging.numbers(
        f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {relation} GROUP BY {columns} HAVING count(*) > 1)"
    )
    if n_repeated:
        groups = f"SELECT {columns} FROM {relation} GROUP BY {columns} HAVING count(*) > 1"
        where = _first_row(staging, rows, f"({columns}) IN ({groups})")
        yield (
            f"{label} is a duplicate key: {_rows(n_repeated)} with the key of another row{where}. "
            "Remove the copies, or give every row a key of its own."
        )
    any_site = names == ("person_id",)
    held = f"({columns}) IN ({staging.held(rows.table, columns, any_site=any_site)})"
    (n_held,) = staging.numbers(f"SELECT count(*) FROM {relation} WHERE {held}")
    if n_held:
        yield (
            f"{label} is a duplicate key: {_rows(n_held)} with a key that the catalog holds already"
            f"{' (of this or another site)' if any_site else f' for the site {staging.site!r}'}"
            f"{_first_row(staging, rows, held)}. "
            "If this is the corrected form of files that were brought in before, ingest it with --replace; else give these rows "
            "other keys."
        )


def _dangling(staging: _Staging, rows: _Rows) -> Iterator[str]:
    """References to rows that neither the source nor the catalog's site has."""
    for field in rows.table.fields:
        if field.target is None or field.name not in rows.columns:
            continue
        target = TABLES[field.target[0]]
        if target.kind == "vocabulary":
            continue
        name = quoted(field.name)
        dangling = f"{name} IS NOT NULL AND {name} NOT IN (SELECT known FROM ({staging.known_values(target, field.target[1])}) WHERE known IS NOT NULL)"
        (n_dangling,) = staging.numbers(f"SELECT count(*) FROM {quoted(rows.relation)} WHERE {dangling}")
        if n_dangling:
            yield (
                f"{rows.table.name}.{field.name} refers to a row of {target.name} that neither the source nor the catalog has, "
                f"in {_rows(n_dangling)}{_first_row(staging, rows, dangling)}. "
                f"Add the missing rows of {target.name} to the source, or "
                f"{'leave these rows out' if field.required else 'empty the field in these rows'}."
            )


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute(f"DESCRIBE {quoted(relation)}").fetchall())


def _first_row(staging: _Staging, rows: _Rows, condition: str) -> str:
    """Where the first row that meets *condition* stands, as ", first in row 12 of visits.csv"; nothing if rows have no numbers."""
    if "_row" not in rows.columns:
        return ""
    file = "_file" if "_file" in rows.columns else "NULL"
    found = staging.connection.execute(
        f"SELECT {file}, _row FROM {quoted(rows.relation)} WHERE {condition} ORDER BY 1, 2 LIMIT 1"
    ).fetchall()
    name, number = found[0]
    return f", first in row {number:,}" + (f" of {name}" if name is not None else "")


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"

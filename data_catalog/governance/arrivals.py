"""People who have left a catalog do not come back with the next file: their staged rows are left out, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.governance.tombstones import PERSON, RECORD_NUMBER, is_withdrawn_sql
from data_catalog.harmonise.identity import digest_parameters
from data_catalog.lake import quoted
from data_catalog.model import belongs_to_sql, tables_of_people
from data_catalog.sources.base import HAS_LEFT, LeftOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

_PEOPLE = "_have_left"


def leave_out_withdrawn(
    connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str], key: bytes, *, site: str
) -> tuple[dict[str, str], tuple[LeftOut, ...]]:
    """Return the staged relations without the rows of people who have left the catalog, and how much was left out.

    A person is known again by the record number that the files give or by the person id, whichever is the same as then.
    """
    columns = {name: _columns(connection, relation) for name, relation in relations.items()}
    found = [
        f"SELECT person_id FROM (SELECT DISTINCT person_id FROM {quoted(relations[name])}) WHERE {is_withdrawn_sql(PERSON, 'person_id')}"
        for name in relations
        if "person_id" in columns[name]
    ]
    if "person_link" in relations:
        found.append(
            f"SELECT person_id FROM {quoted(relations['person_link'])} WHERE {is_withdrawn_sql(RECORD_NUMBER, 'source_id')}"
        )
    (n_tombstones,) = connection.execute(
        "SELECT count(*) FROM lake.governance.tombstone WHERE site = ?", [site]
    ).fetchall()[0]
    if not n_tombstones or not found:
        return dict(relations), ()
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_PEOPLE} AS SELECT DISTINCT person_id FROM ({' UNION ALL '.join(found)})",
        {"of_site": site, **digest_parameters(key)},
    )
    (n_people,) = connection.execute(f"SELECT count(*) FROM {_PEOPLE}").fetchall()[0]
    if not n_people:
        return dict(relations), ()

    def rows_of(name: str) -> tuple[str, frozenset[str]] | None:
        return (quoted(relations[name]), columns[name]) if name in relations else None

    kept, n_rows = dict(relations), 0
    for table in tables_of_people():
        condition = belongs_to_sql(table, f"SELECT person_id FROM {_PEOPLE}", rows_of)
        if condition is None:
            continue
        name = f"_kept_{table.name}"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {quoted(relations[table.name])} WHERE NOT ({condition})"
        )
        n_rows += _count(connection, relations[table.name]) - _count(connection, name)
        kept[table.name] = name
    return kept, (LeftOut(HAS_LEFT, int(n_people), n_rows),)


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute(f"DESCRIBE {quoted(relation)}").fetchall())


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {quoted(relation)}").fetchall()[0][0])

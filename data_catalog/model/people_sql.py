"""SQL that sees the people of staged rows and of the catalog as one: when they were born, when they died, whose a row is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.lake import literal, quoted
from data_catalog.model.ddl import table_address
from data_catalog.model.registry import table as table_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from data_catalog.model.fields import Table

_BIRTH = ("person_id", "year_of_birth", "month_of_birth", "day_of_birth", "birth_datetime")


def with_absent_columns(relation: str, table: Table, names: Iterable[str]) -> str:
    """Return *relation* as a subquery that has the named columns of *table*, empty where the relation lacks them."""
    types = ((name, table.field(name).type) for name in names)
    empty = ", ".join(f"CAST(NULL AS {type_}) AS {quoted(name)}" for name, type_ in types)
    return f"(SELECT * FROM {relation} UNION ALL BY NAME SELECT {empty} WHERE false)"


def people_sql(staged: Mapping[str, str], *, site: str | None, database: str) -> str:
    """Return the SELECT of ``person_id`` and the first and last day on which the person may have been born.

    Both are the day of birth where it is known; else the ends of the month or year of birth.
    """
    exact = "coalesce(CAST(birth_datetime AS DATE), TRY(make_date(year_of_birth, month_of_birth, day_of_birth)))"
    month = "TRY(make_date(year_of_birth, month_of_birth, 1))"
    return (
        f"SELECT person_id, coalesce({exact}, {month}, TRY(make_date(year_of_birth, 1, 1))) AS born_not_before, "
        f"coalesce({exact}, last_day({month}), TRY(make_date(year_of_birth, 12, 31))) AS born_not_after "
        f"FROM ({_staged_and_held('person', _BIRTH, staged, site=site, database=database)})"
    )


def deaths_sql(staged: Mapping[str, str], *, site: str | None, database: str) -> str:
    """Return the SELECT of ``person_id`` and ``death_date``, the earliest one if sources disagree."""
    held = _staged_and_held("death", ("person_id", "death_date"), staged, site=site, database=database)
    return f"SELECT person_id, min(death_date) AS death_date FROM ({held}) GROUP BY person_id"


def with_person_sql(table: Table, staged: Mapping[str, str], *, site: str | None, database: str) -> str:
    """Return the SELECT of a table's staged rows, each with ``person_id``, through another row where the standard says so."""
    rows = quoted(staged[table.name])
    if table.person_through is None:
        return f"SELECT * FROM {rows}"
    target = table.field(table.person_through).target
    if target is None:
        raise ValueError(f"{table.name}.{table.person_through} refers to nothing, so no person can be found through it")
    owner, key = target
    columns = (key, "person_id")
    owners = _staged_and_held(owner, columns, staged, site=site, database=database, catalog=site is not None)
    return (
        f"SELECT s.* REPLACE (coalesce(s.person_id, o.person_id) AS person_id) "
        f"FROM {with_absent_columns(rows, table, ('person_id',))} AS s "
        f"LEFT JOIN ({owners}) AS o ON o.{quoted(key)} = s.{quoted(table.person_through)}"
    )


def _staged_and_held(
    name: str,
    columns: tuple[str, ...],
    staged: Mapping[str, str],
    *,
    site: str | None,
    database: str,
    catalog: bool = True,
) -> str:
    """SELECT of columns of a table over its staged rows and what the catalog holds."""
    table, selected = table_named(name), ", ".join(quoted(column) for column in columns)
    where = "" if site is None else f" WHERE site = {literal(site)}"
    parts = [f"SELECT {selected} FROM {table_address(table, database)}{where if catalog else ' WHERE false'}"]
    if name in staged:
        parts.append(f"SELECT {selected} FROM {with_absent_columns(quoted(staged[name]), table, columns)}")
    return " UNION ALL ".join(parts)

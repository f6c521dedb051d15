"""Plausibility: rules that flag a row and never drop it. The rules are the table below; ingest adds ``quality_flags`` from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_catalog.lake import literal, quoted
from data_catalog.model.measures import MEASURES
from data_catalog.model.people_sql import deaths_sql, people_sql, with_absent_columns, with_person_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from data_catalog.model.fields import Table


@dataclass(frozen=True)
class Rule:
    """One plausibility rule of one table.

    Parameters
    ----------
    name : str
        As written into ``quality_flags``.
    description : str
        What is wrong with a row that breaks it, in words.
    sql : str
        True for rows that break it; false or null for others. ``e`` is the row, ``p`` its person (``born_not_before`` and
        ``born_not_after``, the first and last day on which the person may have been born), ``d`` the person's death
        (``death_date``), ``i`` the ingest (``day``).
    column : str
        The field that it looks at.
    """

    name: str
    description: str
    sql: str
    column: str


# {start} and {end} stand for the dates of the table's events. A rule applies to the tables that have what its text names.
# More than 60 days: the tolerance of the OHDSI Data Quality Dashboard, since letters and bills arrive late.
_OF_EVENTS = (
    ("before_birth", "begins before the person was born", "{start} < p.born_not_before"),
    ("before_1900", "begins before the year 1900", "{start} < DATE '1900-01-01'"),
    ("in_the_future", "begins after the day of the ingest", "{start} > i.day"),
    ("end_before_start", "ends before it begins", "{end} < {start}"),
    ("after_death", "begins more than 60 days after the person died", "{start} > d.death_date + 60"),
    ("age_over_120", "the person would be over 120 years old", "{start} > p.born_not_after + INTERVAL 120 YEAR"),
)
_OF_PEOPLE = (
    ("in_the_future", "is born after the day of the ingest", "p.born_not_before > i.day"),
    (
        "age_over_120",
        "would be over 120 years old on the day of the ingest, and no death is known",
        "i.day > p.born_not_after + INTERVAL 120 YEAR AND d.death_date IS NULL",
    ),
)
_MISSING_END = ("end_missing", "has no end date, though the standard requires one", "{field} IS NULL")
_OUT_OF_RANGE = ("value_out_of_range", "its value is outside what is possible for this measure")


def flag_rules(table: Table) -> tuple[Rule, ...]:
    """Return the plausibility rules of *table*; none if its rows carry no ``quality_flags``."""
    if "quality_flags" not in table.field_names:
        return ()
    return (*_rules_of_dates(table), *_rules_of_missing_ends(table), *_rules_of_values(table))


def flagged_select(
    table: Table,
    staged: Mapping[str, str],
    *,
    site: str | None = None,
    ingest_day: date | None = None,
    database: str = "lake",
) -> str:
    """Return the SELECT of a table's staged rows with ``quality_flags``: names of the rules that a row breaks, or an empty list.

    It keeps every row and every staged column. Flags that a row has already are kept too. Columns that rules need and the
    relation lacks are added, empty. Where the standard gives rows no person, ``person_id`` is found through the row that has
    one.

    Parameters
    ----------
    table : Table
        One that is staged.
    staged : mapping of str to str
        For each staged table, the relation with its rows.
    site : str, optional
        The hospital that the rows are for. Without it, people of any site are looked up (they are unique in the catalog) but a
        row's person is found through staged rows only, because other keys repeat between sites.
    ingest_day : date, optional
        The day after which events lie in the future; DuckDB's current date if not given.
    database : str
        Name of the attached DuckLake.
    """
    rows = quoted(staged[table.name])
    rules = flag_rules(table)
    if not rules and table.person_through is None:
        return f"SELECT * FROM {rows}"
    events = with_person_sql(table, staged, site=site, database=database)
    if not rules:
        return events
    broken = ", ".join(f"CASE WHEN {rule.sql} THEN {literal(rule.name)} END" for rule in rules)
    day = "current_date" if ingest_day is None else f"DATE {literal(ingest_day.isoformat())}"
    return (
        f"SELECT e.* EXCLUDE (quality_flags), list_concat(e.quality_flags, list_filter([{broken}], lambda f: f IS NOT NULL)) "
        f"AS quality_flags FROM {with_absent_columns(f'({events})', table, _columns_needed(table))} AS e "
        f"LEFT JOIN ({people_sql(staged, site=site, database=database)}) AS p ON p.person_id = e.person_id "
        f"LEFT JOIN ({deaths_sql(staged, site=site, database=database)}) AS d ON d.person_id = e.person_id "
        f"CROSS JOIN (SELECT {day} AS day) AS i"
    )


def issues_select(table: Table, relation: str) -> str:
    """Return the SELECT that counts the flags of flagged rows, as ``provenance.ingest_issue`` wants them: no person is named.

    Columns: ``table_name``, ``rule``, ``column_name``, ``n_rows``, ``n_people``, ``example_file``, ``example_row``. The
    relation needs ``quality_flags``, ``person_id``, ``_file`` and ``_row``.
    """
    columns = " ".join(f"WHEN {literal(rule.name)} THEN {literal(rule.column)}" for rule in flag_rules(table))
    named = f"CASE rule {columns} END" if columns else "NULL"
    return (
        f"SELECT {literal(table.name)} AS table_name, rule, {named} AS column_name, count(*) AS n_rows, "
        "count(DISTINCT person_id) AS n_people, arg_min(_file, (_file, _row)) AS example_file, "
        "arg_min(_row, (_file, _row)) AS example_row "
        f"FROM (SELECT unnest(quality_flags) AS rule, person_id, _file, _row FROM {quoted(relation)}) GROUP BY rule ORDER BY rule"
    )


def _rules_of_dates(table: Table) -> Iterator[Rule]:
    if table.name == "person":
        for name, description, sql in _OF_PEOPLE:
            yield Rule(name, description, sql, "year_of_birth")
        return
    if table.start_date is None:
        return
    for name, description, sql in _OF_EVENTS:
        if ("{end}" in sql and table.end_date is None) or (name == "after_death" and table.name == "death"):
            continue
        dates = {"start": _date(table.start_date), "end": _date(table.end_date or table.start_date)}
        column = table.end_date if "{end}" in sql and table.end_date else table.start_date
        yield Rule(name, description, sql.format(**dates), column)


def _rules_of_missing_ends(table: Table) -> Iterator[Rule]:
    name, description, sql = _MISSING_END
    for field in table.fields:
        if field.flagged_when_missing:
            yield Rule(name, description, sql.format(field=f"e.{quoted(field.name)}"), field.name)


def _rules_of_values(table: Table) -> Iterator[Rule]:
    cases = " ".join(
        f"WHEN e.{quoted(table.concept or '')} IN ({', '.join(map(str, measure.concept_ids))}) "
        f"THEN e.value_canonical NOT BETWEEN {measure.plausible[0]!r} AND {measure.plausible[1]!r}"
        for measure in MEASURES.values()
        if measure.table == table.name
    )
    if cases:
        name, description = _OUT_OF_RANGE
        yield Rule(name, description, f"CASE {cases} END", "value_canonical")


def _columns_needed(table: Table) -> tuple[str, ...]:
    """What the rules read, and the flags that rows may have already."""
    named = [table.start_date, table.end_date, table.concept, "person_id", "quality_flags"]
    named += [field.name for field in table.fields if field.flagged_when_missing or field.name == "value_canonical"]
    return tuple(dict.fromkeys(name for name in named if name is not None))


def _date(column: str) -> str:
    return f"CAST(e.{quoted(column)} AS DATE)"

"""What a new delivery changed of an earlier one: rows and concepts before and after, counted. No values of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_catalog.lake import quoted
from data_catalog.model import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from data_catalog.model import Table

# Columns that say where a row comes from, not what it says; keys that the catalog gives are new with each ingest.
_NOT_CONTENT = frozenset(
    {"ingest_id", "source_file", "source_row", "mapping_version", "mapping_rule", "legal_basis", "site"}
)
_SHOWN = 20


@dataclass(frozen=True)
class TableChange:
    """Rows of one table before and after; ``n_same`` are in both, whatever their keys."""

    table: str
    n_before: int
    n_after: int
    n_same: int


@dataclass(frozen=True)
class ConceptChange:
    """Rows of a source code that have another concept now. ``code`` is None if only one person has it."""

    table: str
    vocabulary: str
    code: str | None
    before: int
    after: int
    n_rows: int


@dataclass(frozen=True)
class ChangeReport:
    """What took the place of what.

    Parameters
    ----------
    replaced : tuple of str
        The earlier ingests.
    why : str
        "corrected" or "rules": whether files have changed, or only what is made of them.
    tables : tuple of TableChange
        Those in which anything is different.
    concepts : tuple of ConceptChange
        Codes that mean another concept now, the most frequent first.
    n_canonical_before, n_canonical_after : int
        Values that could be told in their canonical unit.
    """

    replaced: tuple[str, ...]
    why: str
    tables: tuple[TableChange, ...]
    concepts: tuple[ConceptChange, ...]
    n_canonical_before: int
    n_canonical_after: int

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        because = {"corrected": "corrected files", "rules": "other rules: mapping, vocabulary, units or legal basis"}
        lines = [f"in the place of {', '.join(self.replaced)} ({because.get(self.why, self.why)})"]
        lines += [
            f"{one.table}: {one.n_before:,} rows before, {one.n_after:,} now, {one.n_same:,} of them the same"
            for one in self.tables
        ]
        lines += [
            f"{one.table}: {one.vocabulary} {one.code or '(codes that only one person has)'}: concept {one.before} before, "
            f"{one.after} now, in {one.n_rows:,} rows"
            for one in self.concepts
        ]
        if self.n_canonical_before != self.n_canonical_after:
            lines.append(
                f"values with a canonical unit: {self.n_canonical_before:,} before, {self.n_canonical_after:,} now"
            )
        return lines if len(lines) > 1 else [*lines, "no row is different"]


def compare(
    connection: duckdb.DuckDBPyConnection,
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    replaced: Iterable[str],
    why: str,
) -> ChangeReport:
    """Compare relations of rows as they were with those that take their place, table by table."""
    names = [name for name in TABLES if (name in before or name in after) and TABLES[name].kind in ("fact", "person")]
    tables = [_compared(connection, TABLES[name], before.get(name), after.get(name)) for name in names]
    concepts = [
        change
        for name in names
        if name in before and name in after
        for change in _concepts(connection, TABLES[name], before[name], after[name])
    ]
    concepts.sort(key=lambda one: (-one.n_rows, one.table, one.vocabulary, one.code or ""))
    return ChangeReport(
        replaced=tuple(replaced),
        why=why,
        tables=tuple(one for one in tables if not one.n_before == one.n_after == one.n_same),
        concepts=tuple(concepts[:_SHOWN]),
        n_canonical_before=_canonical(connection, before),
        n_canonical_after=_canonical(connection, after),
    )


def _compared(
    connection: duckdb.DuckDBPyConnection, table: Table, before: str | None, after: str | None
) -> TableChange:
    n_before, n_after = (_n(connection, f"SELECT count(*) FROM {one}") if one else 0 for one in (before, after))
    n_same = 0
    if before and after:
        own_keys = {f"{table.name}_id"} - {"person_id"}
        columns = ", ".join(quoted(name) for name in table.field_names if name not in _NOT_CONTENT | own_keys)
        n_same = _n(
            connection,
            f"SELECT count(*) FROM (SELECT {columns} FROM {before} INTERSECT ALL SELECT {columns} FROM {after})",
        )
    return TableChange(table.name, n_before, n_after, n_same)


def _concepts(connection: duckdb.DuckDBPyConnection, table: Table, before: str, after: str) -> list[ConceptChange]:
    """Codes of the source that stood for one concept before and for another one now."""
    if table.concept is None or "source_code" not in table.field_names:
        return []
    sides = [
        f"SELECT coalesce(source_vocabulary, '') AS vocabulary, source_code AS code, min({table.concept}) AS concept, count(*) AS n, "
        f"count(DISTINCT person_id) AS n_people FROM {one} WHERE source_code IS NOT NULL GROUP BY ALL "
        f"HAVING count(DISTINCT {table.concept}) = 1"
        for one in (before, after)
    ]
    rows = connection.execute(
        f"SELECT vocabulary, shown, was, is_now, sum(n) FROM (SELECT b.vocabulary, CASE WHEN a.n_people > 1 THEN b.code END AS shown, "
        f"b.concept AS was, a.concept AS is_now, a.n FROM ({sides[0]}) AS b JOIN ({sides[1]}) AS a USING (vocabulary, code) "
        "WHERE b.concept <> a.concept) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [ConceptChange(table.name, vocabulary, code, was, now, int(n)) for vocabulary, code, was, now, n in rows]


def _canonical(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str]) -> int:
    return sum(
        _n(connection, f"SELECT count(value_canonical) FROM {relation}")
        for name, relation in relations.items()
        if "value_canonical" in TABLES[name].field_names
    )


def _n(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(connection.execute(sql).fetchall()[0][0])

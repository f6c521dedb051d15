"""What a catalog holds, as digests: equal where the content is equal, whoever made the catalog, where and when.

A digest is made of rows, not of files: two catalogs that hold the same rows have the same digest, in whatever order and into whatever
files the rows were written. What belongs to one making of a catalog is left out: moments and numbers of ingests, permits, snapshots,
names of source files, rows in them, rules of mappings. So is the legal basis, which says who may be studied and not what is known of them.

The method, ``cw-content-1``: of every row the text ``column:value`` of each column that holds something, joined by the character 31;
of that text SHA-256; of a table the number of its rows and the sums of the first and of the second 64 bits of those; of a group of
tables SHA-256 over its tables' names and sums. A column or a table that is empty changes nothing, so a catalog that was
upgraded to a newer model keeps its digest.

Whoever guesses rows can check the guess against a digest. For many people at once that is hopeless: every row has to be right,
pseudonymous ids and dates included. For a few it is not, so the number of people goes with each digest, and the caller withholds
those of fewer people than may be counted. A digest of a list that is short by nature (the people who may not be studied) is
salted with the sums of the clinical rows, which are never shown: who has them has the data.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_catalog.lake import literal, quoted
from data_catalog.model import TABLES
from data_catalog.model.fields import IMAGING, WAVEFORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from data_catalog.model import Table
    from data_catalog.reader import Queries

METHOD = "cw-content-1"
GROUPS = ("clinical", "waveform", "imaging", "genomic", "vocabulary")

_LEFT_OUT = frozenset({"source_file", "source_row", "mapping_version", "mapping_rule", "ingest_id", "legal_basis"})
# Of the vocabulary only what questions read: the other tables serve ingestion, and are large in a full vocabulary.
_READ_OF_VOCABULARY = frozenset({"concept", "concept_ancestor"})
Sums = tuple[str, int, int, int]


@dataclass(frozen=True)
class GroupDigest:
    """The digest of one group of tables, and how many people have rows in it (exact: not to be shown)."""

    digest: str
    n_people: int


@dataclass(frozen=True)
class ContentDigest:
    """The digests of a catalog at one snapshot.

    Parameters
    ----------
    whole : str
        Of everything.
    groups : mapping of str to GroupDigest
        By group: "clinical", "waveform", "imaging", "genomic", "vocabulary".
    secret : bytes
        A salt that only who holds the clinical rows can make. Never shown.
    """

    whole: str
    groups: Mapping[str, GroupDigest]
    secret: bytes


def group_of(table: Table) -> str | None:
    """Return the group that a table of the model belongs to, or None for one that is no content."""
    if table.kind in {"governance", "provenance"}:
        return None
    if table.kind == "vocabulary":
        return "vocabulary" if table.name in _READ_OF_VOCABULARY else None
    if table.schema == "genomics":
        return "genomic"
    return {IMAGING: "imaging", WAVEFORM: "waveform"}.get(table.standard, "clinical")


def content_digest(connection: Queries, *, database: str = "lake") -> ContentDigest:
    """Return the digests of what *connection* sees in *database*.

    Two million rows of twenty columns take about two seconds on two cores.
    """
    columns = _columns(connection, database)
    sums: dict[str, list[Sums]] = {group: [] for group in GROUPS}
    people = dict.fromkeys(GROUPS, 0)
    for table in sorted(TABLES.values(), key=lambda each: each.name):
        group = group_of(table)
        types = columns.get((table.schema, table.name))
        if group is None or types is None:
            continue
        address = f"{database}.{table.schema}.{quoted(table.name)}"
        row, n_people = table_sums(connection, address, types)
        if row[0]:
            sums[group].append((table.name, *row))
            people[group] = max(people[group], n_people)
    groups = {group: GroupDigest(_digest(group, sums[group]), people[group]) for group in GROUPS}
    everything = [each for group in GROUPS for each in sums[group]]
    secret = hashlib.sha256(f"{METHOD} salt {sums['clinical']!r}".encode()).digest()
    return ContentDigest(_digest("whole", everything), groups, secret)


def salted_digest(connection: Queries, relation: str, types: Mapping[str, str], *, salt: bytes, name: str) -> str:
    """Return the digest of a relation that may have few rows, salted so that nobody can try out what they are."""
    row, _ = table_sums(connection, relation, types)
    return "sha256:" + hashlib.sha256(salt + f"{METHOD} {name} {row!r}".encode()).hexdigest()


def table_sums(connection: Queries, relation: str, types: Mapping[str, str]) -> tuple[tuple[int, int, int], int]:
    """Return the number of rows and the two sums of a relation with columns of these types, and its number of people."""
    parts = [
        # The bytes of a BLOB as text would be four times as many.
        f"{literal(name + ':')} || {f'sha256({quoted(name)})' if kind == 'BLOB' else f'CAST({quoted(name)} AS VARCHAR)'}"
        for name, kind in sorted(types.items())
        if name not in _LEFT_OUT
    ]
    halves = [f"coalesce(sum(CAST(CAST(from_hex(h[{first}:{first + 15}]) AS BIT) AS UBIGINT)), 0)" for first in (1, 17)]
    people = f"(SELECT count(DISTINCT person_id) FROM {relation})" if "person_id" in types else "0"
    row = connection.execute(
        f"SELECT count(*), {', '.join(halves)}, {people} FROM "
        f"(SELECT sha256(concat_ws(chr(31), {', '.join(parts)})) AS h FROM {relation})"
    ).fetchall()[0]
    return (int(row[0]), int(row[1]), int(row[2])), int(row[3] or 0)


def _columns(connection: Queries, database: str) -> dict[tuple[str, str], dict[str, str]]:
    """The columns, with their types, of the tables that hold something at this snapshot; an older one may lack some of the model's."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    rows = connection.execute(
        # Most tables of the model are empty in most catalogs, and asking each would take longer than all the rest.
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "SEMI JOIN (FROM duckdb_tables() WHERE estimated_size > 0) USING (database_name, schema_name, table_name) "
        "WHERE database_name = ?",
        [database],
    ).fetchall()
    for schema, table, column, kind in rows:
        found.setdefault((schema, table), {})[column] = kind
    return found


def _digest(name: str, sums: Iterable[Sums]) -> str:
    text = "\n".join([f"{METHOD} {name}", *(" ".join(map(str, each)) for each in sums)])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

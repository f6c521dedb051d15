"""From a harmonised row back to what the source said: file, row, code, unit, and the rule that made the one of the other.

Whoever calls this answers for who may see a row: :meth:`workbench.study.Study.trace` does, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_catalog.errors import CatalogError, did_you_mean
from data_catalog.lake import quoted
from data_catalog.model import TABLES, table_address
from data_catalog.model import table as model_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data_catalog.model import Table
    from data_catalog.reader import Queries

# Tables without a person whose rows have a source of their own.
_OF_FILES = frozenset({"variant", "callset"})
_MAPPING = ("mapping_version", "mapping_rule", "mapping_relation")
_HARMONISED = ("value_as_number", "value_as_concept_id", "value_canonical", "unit_canonical")


@dataclass(frozen=True)
class Ingest:
    """The ingest that brought a row."""

    ingest_id: str
    ingested_at: str
    ingested_by: str
    source_format: str
    mapping: str
    digest: str | None


@dataclass(frozen=True)
class Trace:
    """One row and where it comes from. It speaks of one person: it stays where the study runs.

    Parameters
    ----------
    table, site : str
    key : mapping
        The row's key.
    harmonised : mapping
        What the catalog makes of it: concept and its name, number, canonical value and unit.
    said : mapping
        The source's own words: code, coding system, unit, value.
    rule : mapping
        Mapping, place in it, and how the concept stands to the code.
    source_file, source_row : str and int, or None
        Where in the source it stands, from 1.
    flags : tuple of str
        Plausibility rules that the row breaks.
    ingest : Ingest or None
        None for rows that were brought in before catalogs noted it.
    original : mapping, optional
        The row of the file itself, column by column, if the file was at hand.
    """

    table: str
    site: str
    key: Mapping[str, Any]
    harmonised: Mapping[str, Any]
    said: Mapping[str, Any]
    rule: Mapping[str, Any]
    source_file: str | None
    source_row: int | None
    flags: tuple[str, ...]
    ingest: Ingest | None
    original: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        ingest = None if self.ingest is None else vars(self.ingest)
        return {**vars(self), "flags": list(self.flags), "ingest": ingest}

    def __str__(self) -> str:
        key = ", ".join(f"{name} {value}" for name, value in self.key.items())
        place = f"{self.source_file or 'not known'}" + (f", row {self.source_row:,}" if self.source_row else "")
        lines = [f"{self.table} of {self.site}, {key}", f"  file: {place}"]
        if self.ingest is not None:
            one = self.ingest
            lines.append(
                f"  ingest: {one.ingest_id} of {one.ingested_at}, {one.source_format}, {one.mapping}, by {one.ingested_by}"
            )
        for title, part in (("the source says", self.said), ("rule", self.rule), ("harmonised", self.harmonised)):
            lines += [f"  {title}:", *(f"    {name}: {value}" for name, value in part.items())] if part else []
        if self.flags:
            lines.append(f"  flags: {', '.join(self.flags)}")
        if self.original is not None:
            lines += ["  the row in the file:", *(f"    {name}: {value}" for name, value in self.original.items())]
        return "\n".join(lines)


def traceable(name: str) -> Table:
    """Return the table of that name, if its rows can be traced.

    Raises
    ------
    CatalogError
        If they cannot: it is no table, or one of vocabulary, consents, permits or record numbers.
    """
    found = model_table(name)
    if found.kind not in ("fact", "person") and found.name not in _OF_FILES:
        allowed = [one.name for one in TABLES.values() if one.kind in ("fact", "person")]
        raise CatalogError(
            f"Rows of {name!r} are not traced: they stand for no record of a person or of a file. {did_you_mean(name, [*allowed, *_OF_FILES])}"
        )
    return found


def trace_row(connection: Queries, table: Table, key: str, *, site: str | None, allowed: str | None) -> Trace:
    """Return where one row comes from.

    Parameters
    ----------
    connection : Queries
        Sees the catalog as ``lake``.
    table : Table
        One that :func:`traceable` gave.
    key : str
        The row's key; parts of a key of several joined by ``:``.
    site : str, optional
        The hospital; may be left out where only one has such a key.
    allowed : str, optional
        Relation with ``person_id`` and ``site`` of those whose rows may be seen.

    Raises
    ------
    CatalogError
        If there is no such row among those that may be seen, or several sites have one.
    """
    names = table.primary_key or (("person_id",) if "person_id" in table.field_names else ())
    if not names:
        raise CatalogError(f"Rows of {table.name!r} have no key to name them by.")
    # The last part is a number; a file's name before it may hold a colon.
    parts = key.rsplit(":", len(names) - 1)
    if len(parts) != len(names):
        raise CatalogError(f"The key of {table.name!r} is {':'.join(names)}. Write its parts joined by ':'.")
    where = " AND ".join(f"CAST({quoted(name)} AS VARCHAR) = ?" for name in names) + (" AND site = ?" if site else "")
    seen = f" SEMI JOIN {allowed} USING (person_id, site)" if allowed and "person_id" in table.field_names else ""
    columns = [field.name for field in table.fields if field.type != "BLOB" and not field.type.endswith("[]")]
    flags = "quality_flags" if "quality_flags" in table.field_names else "[]::VARCHAR[]"
    result = connection.execute(
        f"SELECT {', '.join(map(quoted, columns))}, {flags} FROM {table_address(table)}{seen} WHERE {where}",
        [*parts, *([site] if site else [])],
    )
    rows = result.fetchall()
    if not rows:
        raise CatalogError(
            f"This study sees no row of {table.name!r} with that key{f' at {site!r}' if site else ''}. It may be of somebody who has not "
            "allowed this purpose or has left, or the key is another: look it up in the table."
        )
    if len(rows) > 1:
        at = ", ".join(sorted(str(row[columns.index("site")]) for row in rows))
        raise CatalogError(f"Several sites have a row of {table.name!r} with that key: {at}. Name one with --site.")
    row = dict(zip([*columns, "quality_flags"], rows[0], strict=True))
    return _told(connection, table, names, row)


def _told(connection: Queries, table: Table, names: tuple[str, ...], row: dict[str, Any]) -> Trace:
    words = [name for name in row if name.endswith("_source_value") or name in ("source_code", "source_vocabulary")]
    said = {name: row[name] for name in words if row[name] is not None}
    if table.name in _OF_FILES:
        said |= {name: row[name] for name in ("source_record", "rsid", "filter") if row.get(name) is not None}
    harmonised: dict[str, Any] = {}
    if table.concept is not None:
        harmonised["concept"] = _concept(connection, row[table.concept], row["site"])
    if table.start_date is not None:
        harmonised[table.start_date] = str(row[table.start_date])
    harmonised |= {name: row[name] for name in _HARMONISED if row.get(name) is not None}
    if table.name == "variant":
        harmonised |= {name: row[name] for name in ("chrom", "pos_1based", "ref", "alt")}
    file, number = row.get("source_file"), row.get("source_row")
    if table.name == "variant":
        file = _callset_file(connection, row["callset_id"], row["site"])
    return Trace(
        table=table.name,
        site=row["site"],
        key={name: row[name] for name in names},
        harmonised=harmonised,
        said=said,
        rule={name: row[name] for name in _MAPPING if row.get(name) is not None},
        source_file=file,
        source_row=number,
        flags=tuple(row["quality_flags"] or ()),
        ingest=_ingest(connection, row.get("ingest_id"), file),
    )


def _concept(connection: Queries, concept_id: int | None, site: str) -> str:
    if not concept_id:
        return "0: no standard concept"
    found = connection.execute(
        "SELECT concept_name, vocabulary_id, concept_code FROM lake.main.concept WHERE concept_id = ? AND site = ? LIMIT 1",
        [concept_id, site],
    ).fetchall()
    return f"{concept_id}: {found[0][0]} [{found[0][1]} {found[0][2]}]" if found else f"{concept_id}"


def _callset_file(connection: Queries, callset_id: str, site: str) -> str | None:
    rows = connection.execute(
        "SELECT source_file FROM lake.genomics.callset WHERE callset_id = ? AND site = ?", [callset_id, site]
    ).fetchall()
    return rows[0][0] if rows else None


def _ingest(connection: Queries, ingest_id: str | None, file: str | None) -> Ingest | None:
    rows = connection.execute(
        "SELECT ingest_id, ingested_at, ingested_by, source_format, coalesce(mapping, ''), source_files, source_digests "
        "FROM lake.provenance.ingest WHERE ingest_id = ?",
        [ingest_id],
    ).fetchall()
    if not rows:
        return None
    found_id, at, by, source_format, mapping, files, digests = rows[0]
    digest = dict(zip(files or [], digests or [], strict=False)).get(file)
    return Ingest(found_id, f"{at:%Y-%m-%d %H:%M}", by, source_format, mapping, digest)

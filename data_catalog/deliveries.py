"""What was brought in before: whether files repeat an earlier ingest, correct it, or only the rules have changed since.

Files are known again by their content (SHA-256), rules by a digest of all that decides what becomes of the files: the mapping with
its lists, the site's vocabulary, the codes and units that the workbench knows. Every row names its ingest, so the rows of an
ingest can be taken out and others put in their place within one transaction.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from data_catalog import lake
from data_catalog.errors import IngestError
from data_catalog.harmonise.substances import SUBSTANCES
from data_catalog.model import TABLES, table_address
from data_catalog.model.measures import MEASURES
from data_catalog.sources.base import digest_of_file, paths_of, rules_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from data_catalog.model import Table
    from data_catalog.sources.base import Source

# Statements are added and never replaced: what a file of consents repeats is left out statement by statement.
_ADDED_ONLY = frozenset({"consents"})
# Their rows bring no keys of their own, so that a corrected file would not be noticed by them.
_WITHOUT_KEYS = frozenset({"tables"})
# What they bring depends on whom the site knows by record number.
_BY_RECORD_NUMBER = frozenset({"vcf", "fhir"})
_VOCABULARY = {
    "concept": "concept_id, vocabulary_id, concept_code, standard_concept",
    "concept_relationship": "concept_id_1, concept_id_2, relationship_id",
    "source_to_concept_map": "source_vocabulary_id, source_code, target_concept_id",
}


@dataclass(frozen=True)
class Earlier:
    """An ingest whose rows are in the catalog still."""

    ingest_id: str
    ingested_at: datetime
    files: tuple[str, ...]
    digests: tuple[str, ...]
    mapping: str
    basis: str
    rules: str | None
    tables: tuple[str, ...]

    @property
    def words(self) -> str:
        """It in words, for messages."""
        return f"{self.ingest_id} of {self.ingested_at:%Y-%m-%d}"


@dataclass(frozen=True)
class Plan:
    """What to do with a delivery: nothing if it *repeats* an earlier one; else bring it in, in the place of *replaced*.

    ``why`` is "corrected" if files have changed, "rules" if only mapping, vocabulary, units or legal basis have.
    """

    digests: tuple[str, ...]
    repeats: Earlier | None = None
    replaced: tuple[Earlier, ...] = ()
    why: str = ""


def plan_delivery(
    connection: duckdb.DuckDBPyConnection, source: Source, *, site: str, basis: str, replace: bool | str
) -> Plan:
    """Compare *source* with what the catalog at *connection* holds of the site.

    Parameters
    ----------
    replace : bool or str
        Whether it is a corrected form of what was brought in under the same file names, or the id of the ingest that it corrects.

    Raises
    ------
    IngestError
        If there is nothing to replace, or it is not clear what; or if files of the same names hold something else, no key could
        tell, and nobody said which is meant.
    """
    digests = tuple(_content_of(path) for path in paths_of(source))
    earlier = () if source.format in _ADDED_ONLY else _earlier(connection, source, site)
    same = next((one for one in earlier if digests and sorted(one.digests) == sorted(digests)), None)
    if same is not None and (replace is False or replace == same.ingest_id):
        if same.basis == basis and same.rules == rules_digest(connection, source, site=site):
            return Plan(digests, repeats=same)
        return Plan(digests, replaced=(same,), why="rules")
    if replace is not False:
        return Plan(digests, replaced=(_meant(earlier, source, replace=replace),), why="corrected")
    namesakes = [one for one in earlier if set(one.files) & set(source.files)]
    if namesakes and digests and source.format in _WITHOUT_KEYS:
        raise IngestError(
            f"{', '.join(source.files[:3])}: a file of this name was brought in before with other content ({namesakes[0].words}). If "
            "this is that file, corrected, say so with --replace: its rows then take the place of the earlier ones. "
            "If it holds other records, give it another name."
        )
    return Plan(digests)


def rules_digest(connection: duckdb.DuckDBPyConnection, source: Source, *, site: str) -> str:
    """Return the digest of all that decides what becomes of the files of *source* at *site*, as the catalog stands."""
    parts: list[Any] = []
    if source.format in _BY_RECORD_NUMBER:
        parts.append(_sum(connection, "lake.governance.person_link", "source_id, person_id", site))
    if source.format != "vcf":  # genotypes depend on no vocabulary
        parts += [
            _workbench_rules(),
            *(_sum(connection, f"lake.main.{table}", columns, site) for table, columns in _VOCABULARY.items()),
        ]
    return hashlib.sha256(repr([rules_of(source), *parts]).encode()).hexdigest()


def take_out(connection: duckdb.DuckDBPyConnection, replaced: tuple[Earlier, ...], *, site: str) -> dict[str, str]:
    """Delete the rows of earlier ingests, inside the transaction of the caller.

    Returns
    -------
    dict of str to str
        For each table of people's rows that had any, the temporary relation that holds them as they were.
    """
    ids = ", ".join(lake.literal(one.ingest_id) for one in replaced)
    before = {}
    for name in dict.fromkeys(table for one in replaced for table in one.tables):
        table = TABLES.get(name)
        if table is None or "ingest_id" not in table.field_names:
            continue
        where = f"site = {lake.literal(site)} AND ingest_id IN ({ids})"
        if table.kind in ("fact", "person"):
            before[name] = f"_before_{name}"
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {before[name]} AS SELECT * FROM {table_address(table)} WHERE {where}"
            )
        connection.execute(f"DELETE FROM {table_address(table)} WHERE {where}")
    return before


def check_left_behind(
    connection: duckdb.DuckDBPyConnection, replaced: tuple[Earlier, ...], *, site: str, ingest_id: str
) -> None:
    """Refuse a replacement after which rows of other ingests refer to rows that are not there any more.

    Raises
    ------
    IngestError
        Naming tables and numbers of rows; the caller's transaction then undoes everything.
    """
    lost = {table for one in replaced for table in one.tables}
    faults = []
    for table in TABLES.values():
        if "ingest_id" not in table.field_names:
            continue
        for field in table.fields:
            if field.target is None or field.target[0] not in lost or TABLES[field.target[0]].kind == "vocabulary":
                continue
            n = _n_dangling(connection, table, field.name, field.target, site=site, ingest_id=ingest_id)
            if n:
                faults.append(f"{n:,} of {table.name}.{field.name}")
    if faults:
        raise IngestError(
            f"The corrected source lacks rows that other files of {site!r} refer to: {', '.join(faults)}. Nothing was changed. Bring the "
            "missing rows back into the source, correct those files first, or withdraw people who have left: workbench catalog withdraw."
        )


def _n_dangling(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    field: str,
    target: tuple[str, str],
    *,
    site: str,
    ingest_id: str,
) -> int:
    known = f"SELECT {lake.quoted(target[1])} FROM {table_address(TABLES[target[0]])} WHERE site = $site"
    rows = connection.execute(
        f"SELECT count(*) FROM {table_address(table)} WHERE site = $site AND coalesce(ingest_id, '') <> $ingest_id "
        f"AND {lake.quoted(field)} IS NOT NULL AND {lake.quoted(field)} NOT IN ({known})",
        {"site": site, "ingest_id": ingest_id},
    )
    return int(rows.fetchall()[0][0])


def _earlier(connection: duckdb.DuckDBPyConnection, source: Source, site: str) -> tuple[Earlier, ...]:
    """The site's ingests of this format, the newest first, whose rows nobody replaced since. A mapping has its own, by its name."""
    rows = connection.execute(
        "SELECT ingest_id, ingested_at, source_files, source_digests, coalesce(mapping, ''), legal_basis, rules_digest, map_keys(n_written) "
        "FROM lake.provenance.ingest WHERE site = $site AND source_format = $format AND ingest_id NOT IN "
        "(SELECT unnest(replaces) FROM lake.provenance.ingest WHERE site = $site AND replaces IS NOT NULL) ORDER BY ingested_at DESC",
        {"site": site, "format": source.format},
    ).fetchall()
    found = (
        Earlier(ingest_id, at, tuple(files or ()), tuple(digests or ()), mapping, basis, rules, tuple(tables or ()))
        for ingest_id, at, files, digests, mapping, basis, rules, tables in rows
    )
    if source.format != "tables":
        return tuple(found)
    return tuple(one for one in found if _name(one.mapping) == _name(source.mapping))


def _name(mapping: str) -> str:
    """The name of a mapping, without its version."""
    return mapping.rpartition(" ")[0]


def _meant(earlier: tuple[Earlier, ...], source: Source, *, replace: bool | str) -> Earlier:
    """The one ingest that a corrected delivery takes the place of."""
    if isinstance(replace, str):
        candidates = [one for one in earlier if one.ingest_id == replace]
    else:
        candidates = [one for one in earlier if set(one.files) & set(source.files)]
    known = ", ".join(one.words for one in earlier[:5]) or "none"
    if not candidates:
        raise IngestError(
            f"There is nothing to replace: no {source.format} ingest of this site "
            f"{f'is {replace!r}' if isinstance(replace, str) else 'brought in a file of this name'}. Those that could be replaced: {known}."
        )
    if len(candidates) > 1:
        raise IngestError(
            f"Several ingests brought in files of these names: {known}. Say which one is corrected: --replace-ingest "
            f"{candidates[0].ingest_id}."
        )
    if candidates[0].rules is None:
        raise IngestError(
            f"{candidates[0].words} was brought in before catalogs noted which rows an ingest brought, so its rows cannot be replaced. "
            "Make a new catalog and ingest the sources again."
        )
    return candidates[0]


def _workbench_rules() -> str:
    """Digest of the vocabulary, codes, units and measures that this workbench knows."""
    folder = resources.files("data_catalog.harmonise")
    texts = [folder.joinpath(name).read_text(encoding="utf-8") for name in ("vocabulary.tsv", "codes.tsv")]
    return hashlib.sha256(repr([*texts, MEASURES, SUBSTANCES]).encode()).hexdigest()


def _sum(connection: duckdb.DuckDBPyConnection, table: str, columns: str, site: str) -> tuple[int, int]:
    """Count and order-free sum of the rows of a site: two numbers that change when a row does."""
    row = connection.execute(
        f"SELECT count(*), coalesce(sum(hash({columns})), 0) FROM {table} WHERE site = ?", [site]
    ).fetchall()[0]
    return int(row[0]), int(row[1])


def _content_of(path: Path) -> str:
    try:
        return digest_of_file(path)
    except OSError:
        return ""  # the source itself says what is wrong with its file

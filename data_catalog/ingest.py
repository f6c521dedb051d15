"""Ingestion: a source is staged, checked and written in one transaction, or refused and the catalog left as it was."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from data_catalog import lake
from data_catalog.deliveries import check_left_behind, plan_delivery, rules_digest, take_out
from data_catalog.errors import IngestError
from data_catalog.governance.arrivals import leave_out_withdrawn
from data_catalog.governance.basis import known_basis
from data_catalog.governance.epochs import begin_epoch
from data_catalog.governance.permits import current_user
from data_catalog.harmonise.identity import read_key
from data_catalog.model import TABLES, check_keys, flag_rules, flagged_select, issues_select, table_address
from data_catalog.quality.changes import ChangeReport, compare
from data_catalog.quality.ingest_report import Flag, IngestReport, TableReport, UnmappedCode
from data_catalog.sources.base import KEEPS_KEYS, IngestContext, Source, StagedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data_catalog.address import CatalogAddress
    from data_catalog.deliveries import Earlier, Plan
    from data_catalog.model import Table

_SITE = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def ingest(
    address: CatalogAddress, source: Source, *, site: str, basis: str, replace: bool | str = False
) -> IngestReport:
    """Bring *source* into the catalog at *address*; see :meth:`data_catalog.catalog.Catalog.ingest`."""
    if not _SITE.match(site):
        raise IngestError(
            f"{site!r} cannot name a site. Use lower case letters, digits and hyphens, such as 'heart-centre-2'."
        )
    known_basis(basis)
    with lake.writer(address) as connection, _without_values(source):
        plan = plan_delivery(connection, source, site=site, basis=basis, replace=replace)
        if plan.repeats is not None:
            return _nothing_new(connection, source, plan.repeats, site=site, basis=basis)
        key = read_key(lake.folder_of(connection, address))
        return _bring_in(connection, source, plan, key, site=site, basis=basis)


def _bring_in(
    connection: duckdb.DuckDBPyConnection, source: Source, plan: Plan, key: bytes, *, site: str, basis: str
) -> IngestReport:
    """Stage, check and write; what is replaced is taken out in the same transaction, before anything is staged."""
    ingest_id = _new_id(connection, source, plan, site=site)
    message = f"{'replace' if plan.replaced else 'ingest'} {source.format} data of {site}"
    with ExitStack() as stack:
        if plan.replaced:
            stack.enter_context(lake.transaction(connection, author=current_user(), message=message))
        before = take_out(connection, plan.replaced, site=site)
        staged = source.stage(connection, IngestContext(site=site, pseudonym_key=key))
        relations, left_out = leave_out_withdrawn(connection, staged.relations, key, site=site)
        # Within the transaction of a replacement everything is one view already.
        with nullcontext() if plan.replaced else lake.one_view(connection):
            check_keys(connection, relations, site=site)
        tables = [TABLES[name] for name in TABLES if name in relations]
        for table in tables:
            # Four bytes a row are saved where the row's key in the file is its key here, and leads back as well.
            row = "_row" if source.format not in KEEPS_KEYS or not table.primary_key else "CAST(NULL AS BIGINT)"
            stated = {
                "site": lake.literal(site),
                "source_file": "_file",
                "source_row": row,
                "ingest_id": lake.literal(ingest_id),
                "mapping_version": lake.literal(source.mapping),
                "legal_basis": lake.literal(basis),
            }
            _finish(connection, table, relations, stated, site=site)
        reports = [_table_report(connection, table) for table in tables]
        if not plan.replaced:
            stack.enter_context(lake.transaction(connection, author=current_user(), message=message))
        for table in tables:
            connection.execute(
                f"INSERT INTO {table_address(table)} BY NAME SELECT * EXCLUDE (_file, _row) FROM _final_{table.name}"
            )
        check_left_behind(connection, plan.replaced, site=site, ingest_id=ingest_id)
        _record(connection, ingest_id, source, staged, plan, reports, site=site, basis=basis)
        if any(report.table == "consent" and report.n_rows for report in reports):
            begin_epoch(connection, f"consents of {site} came in")
    return IngestReport(
        ingest_id=ingest_id,
        site=site,
        format=source.format,
        mapping=source.mapping,
        basis=basis,
        snapshot_id=_newest(connection),
        n_read=staged.n_read,
        tables=tuple(reports),
        unmapped=tuple(code for table in tables for code in _unmapped(connection, table)),
        flags=tuple(flag for table in tables for flag in _flags(connection, table)),
        ignored=staged.ignored,
        notes=staged.notes,
        left_out=(*staged.left_out, *left_out),
        change=_change(connection, plan, before, tables),
    )


def _new_id(connection: duckdb.DuckDBPyConnection, source: Source, plan: Plan, *, site: str) -> str:
    """An id that no other ingest of the site has, and that is the same when the same files make the same catalog anew."""
    (before,) = connection.execute("SELECT count(*) FROM lake.provenance.ingest WHERE site = ?", [site]).fetchall()[0]
    said = "\n".join([site, source.format, source.mapping, *plan.digests, str(before)])
    return f"ingest-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def _change(
    connection: duckdb.DuckDBPyConnection, plan: Plan, before: dict[str, str], tables: list[Table]
) -> ChangeReport | None:
    if not plan.replaced:
        return None
    after = {table.name: f"_final_{table.name}" for table in tables}
    return compare(connection, before, after, replaced=[one.words for one in plan.replaced], why=plan.why)


def _nothing_new(
    connection: duckdb.DuckDBPyConnection, source: Source, repeats: Earlier, *, site: str, basis: str
) -> IngestReport:
    """The report of a delivery that the catalog has already: nothing was read further and nothing written."""
    return IngestReport(
        ingest_id=repeats.ingest_id,
        site=site,
        format=source.format,
        mapping=source.mapping,
        basis=basis,
        snapshot_id=_newest(connection),
        n_read={},
        tables=(),
        unmapped=(),
        flags=(),
        ignored=(),
        notes=(),
        repeats=repeats.words,
    )


def _newest(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()[0][0])


@contextmanager
def _without_values(source: Source) -> Iterator[None]:
    """Turn what DuckDB says of a fault nobody foresaw into words: it quotes values, and a value may be a person's."""
    try:
        yield
    except duckdb.Error as error:
        raise IngestError(
            f"{', '.join(source.files[:3])}: a step of the ingest failed ({type(error).__name__}), and nothing was written. "
            "Check that the files have the columns and types that the mapping expects; if they do, this is a fault of the workbench."
        ) from None


def _finish(
    connection: duckdb.DuckDBPyConnection, table: Table, relations: dict[str, str], stated: dict[str, str], *, site: str
) -> None:
    """Make ``_final_<table>``: the staged rows with every column of the model, what the ingest *stated*, flags, ``_file`` and ``_row``."""
    staged = f"({flagged_select(table, relations, site=site)})"
    held = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {staged}").fetchall()}
    columns = []
    for field in table.fields:
        value = lake.quoted(field.name) if field.name in held else stated.get(field.name, f"CAST(NULL AS {field.type})")
        columns.append(f"{value} AS {lake.quoted(field.name)}")
    # Rows that stand for no one person have no flags to compute: genotypes of a whole file need not be held twice.
    kind = "VIEW" if table.kind == "reference" else "TABLE"
    connection.execute(
        f"CREATE OR REPLACE TEMP {kind} _final_{table.name} AS SELECT {', '.join(columns)}, _file, _row FROM {staged}"
    )


def _record(
    connection: duckdb.DuckDBPyConnection,
    ingest_id: str,
    source: Source,
    staged: StagedSource,
    plan: Plan,
    tables: list[TableReport],
    *,
    site: str,
    basis: str,
) -> None:
    connection.execute(
        "INSERT INTO lake.provenance.ingest (ingest_id, site, ingested_at, ingested_by, source_format, source_files, source_digests, "
        "mapping, rules_digest, replaces, legal_basis, n_read, n_written, notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            ingest_id,
            site,
            datetime.now(UTC),
            current_user(),
            source.format,
            list(source.files),
            list(plan.digests),
            source.mapping,
            rules_digest(connection, source, site=site),
            [one.ingest_id for one in plan.replaced],
            basis,
            sum(staged.n_read.values()),
            {table.table: table.n_rows for table in tables},
            [*staged.notes, *(f"Not taken: {what}." for what in staged.ignored)],
        ],
    )
    for table in tables:
        if table.n_flagged:
            connection.execute(
                "INSERT INTO lake.provenance.ingest_issue BY NAME SELECT *, ? AS ingest_id, ? AS site FROM ("
                f"{issues_select(TABLES[table.table], f'_final_{table.table}')})",
                [ingest_id, site],
            )


def _table_report(connection: duckdb.DuckDBPyConnection, table: Table) -> TableReport:
    people = "count(DISTINCT person_id)" if "person_id" in table.field_names else "NULL"
    flagged = "count(*) FILTER (len(quality_flags) > 0)" if "quality_flags" in table.field_names else "0"
    row = connection.execute(f"SELECT count(*), {people}, {flagged} FROM _final_{table.name}").fetchall()[0]
    return TableReport(table.name, *row)


def _unmapped(connection: duckdb.DuckDBPyConnection, table: Table) -> list[UnmappedCode]:
    """What the source coded and no standard concept stands for, the most frequent first. A code that only one person has is not named."""
    found = []
    for concept in table.field_names:
        stem = concept.removesuffix("_concept_id")
        source_value = f"{stem}_source_value"
        if (
            stem == concept
            or stem.endswith("_source")
            or source_value not in table.field_names
            or "person_id" not in table.field_names
        ):
            continue
        is_main = concept == table.concept and "source_code" in table.field_names
        code, vocabulary = ("source_code", "source_vocabulary") if is_main else (source_value, "''")
        said = "true" if is_main else f"{source_value} IS NOT NULL"
        rows = connection.execute(
            "SELECT vocabulary, shown, sum(n) FROM ("
            f"  SELECT coalesce({vocabulary}, '') AS vocabulary, count(*) AS n, "
            f"         CASE WHEN count(DISTINCT person_id) > 1 THEN {code} END AS shown "
            f"  FROM _final_{table.name} WHERE coalesce({concept}, 0) = 0 AND {said} GROUP BY vocabulary, {code}"
            ") GROUP BY vocabulary, shown ORDER BY sum(n) DESC, vocabulary, shown LIMIT 20"
        ).fetchall()
        found += [UnmappedCode(table.name, concept, source, shown, int(n)) for source, shown, n in rows]
    return found


def _flags(connection: duckdb.DuckDBPyConnection, table: Table) -> list[Flag]:
    if "quality_flags" not in table.field_names:
        return []
    rows = connection.execute(
        f"SELECT flag, count(*) FROM (SELECT unnest(quality_flags) AS flag FROM _final_{table.name}) GROUP BY flag ORDER BY flag"
    ).fetchall()
    described = {rule.name: rule.description for rule in flag_rules(table)}
    return [Flag(table.name, rule, described.get(rule, rule), n) for rule, n in rows]

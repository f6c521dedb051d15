"""A hospital's consent file: one row what one person said, about one sort of data and one purpose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog.errors import IngestError, did_you_mean
from data_catalog.governance.consents import ALLOWED
from data_catalog.governance.tombstones import RECORD_NUMBER, is_withdrawn_sql
from data_catalog.harmonise.identity import digest_parameters
from data_catalog.lake import literal, quoted
from data_catalog.sources.base import HAS_LEFT, REPEATED, UNKNOWN, IngestContext, LeftOut, StagedSource
from data_catalog.sources.files import RawTable, read_table, require_types, typed

if TYPE_CHECKING:
    import duckdb

_COLUMNS = {
    "record_number": "VARCHAR",
    "modality": "VARCHAR",
    "purpose": "VARCHAR",
    "status": "VARCHAR",
    "valid_from": "TIMESTAMPTZ",
    "recorded_at": "TIMESTAMPTZ",
}
_SAYS = "person_id, modality, purpose, status, valid_from, recorded_at"


@dataclass(frozen=True)
class ConsentTable:
    """A table of consents: ``record_number``, ``modality``, ``purpose``, ``status``, ``valid_from``, ``recorded_at``.

    Statements are added to what the catalog has and replace nothing, so a hospital may send the whole file again each time. People
    are found by the record numbers that their data came with; whoever has no data at the site is counted and left out.

    Parameters
    ----------
    path : Path
        A Parquet, CSV or TSV file. Moments carry their time zone.
    """

    path: Path | str
    format: str = "consents"
    mapping: str = "consent file 1"

    @property
    def files(self) -> tuple[str, ...]:
        """Name of the file."""
        return (Path(self.path).name,)

    def stage(self, connection: duckdb.DuckDBPyConnection, context: IngestContext) -> StagedSource:
        """Read the file and find its people; see :class:`data_catalog.sources.base.Source`."""
        raw = read_table(connection, Path(self.path), name="_raw_consent")
        _require_columns(raw)
        _require_values(connection, raw)
        left_out = _resolve(connection, raw, context)
        return StagedSource(
            relations={"consent": "_staged_consent"},
            n_read={raw.file: raw.n_rows},
            ignored=tuple(f"{raw.file}: column {column!r}" for column in raw.columns if column not in _COLUMNS),
            left_out=tuple(part for part in left_out if part.n_rows),
        )


def _require_columns(raw: RawTable) -> None:
    for column in _COLUMNS:
        if column not in raw.columns:
            raise IngestError(
                f"{raw.file} has no column {column!r}, which a file of consents needs. {did_you_mean(column, raw.columns)}\n"
                f"Its columns are to be: {', '.join(_COLUMNS)}."
            )


def _require_values(connection: duckdb.DuckDBPyConnection, raw: RawTable) -> None:
    """Refuse a file with an empty field, a word that no statement may say, or a moment without a zone or in the future."""
    require_types(connection, raw, {name: kind for name, kind in _COLUMNS.items() if kind != "VARCHAR"})
    faults = [(column, f"{typed(column, 'VARCHAR')} IS NULL", "empty", "Fill it in.") for column in _COLUMNS]
    for column, allowed in ALLOWED.items():
        words = ", ".join(literal(word) for word in allowed)
        rule = f"CAST({quoted(column)} AS VARCHAR) NOT IN ({words})"
        faults.append((column, rule, "not an allowed word", f"Allowed: {', '.join(allowed)}."))
    later = f"{typed('recorded_at', 'TIMESTAMPTZ')} > now()"
    faults.append(("recorded_at", later, "in the future", "Say when the hospital came to know of the statement."))
    for column, condition, what, remedy in faults:
        n, first = connection.execute(
            f"SELECT count(*), min(_row) FROM {quoted(raw.name)} WHERE {condition}"
        ).fetchall()[0]
        if n:
            raise IngestError(
                f"{raw.file}: column {column!r} is {what} in {n:,} row{'s' if n > 1 else ''}, first in row {first:,}. {remedy}"
            )


def _resolve(connection: duckdb.DuckDBPyConnection, raw: RawTable, context: IngestContext) -> list[LeftOut]:
    """Stage the statements of people whom the site's data know and that are new; return what was left out."""
    columns = ", ".join(
        f"CAST({typed(name, kind)} AS {kind}) AS {'source_id' if name == 'record_number' else name}"
        for name, kind in _COLUMNS.items()
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _consent_people AS "
        f"SELECT c.*, l.person_id, l.person_id IS NULL AND {is_withdrawn_sql(RECORD_NUMBER, 'c.source_id')} AS has_left "
        f"FROM (SELECT {columns}, _row, {literal(raw.file)} AS _file FROM {quoted(raw.name)}) AS c "
        "LEFT JOIN (SELECT source_id, person_id FROM lake.governance.person_link WHERE site = $of_site) AS l "
        "ON l.source_id = c.source_id",
        {"of_site": context.site, **digest_parameters(context.pseudonym_key)},
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _staged_consent AS SELECT {_SAYS}, min(_row) AS _row, any_value(_file) AS _file "
        f"FROM _consent_people WHERE person_id IS NOT NULL AND ({_SAYS}) NOT IN "
        f"(SELECT ({_SAYS}) FROM lake.governance.consent WHERE site = {literal(context.site)}) GROUP BY {_SAYS}"
    )
    n_left, n_left_rows, n_unknown, n_unknown_rows, n_known_rows = connection.execute(
        "SELECT count(DISTINCT source_id) FILTER (has_left), count(*) FILTER (has_left), "
        "count(DISTINCT source_id) FILTER (person_id IS NULL AND NOT has_left), count(*) FILTER (person_id IS NULL AND NOT has_left), "
        "count(*) FILTER (person_id IS NOT NULL) FROM _consent_people"
    ).fetchall()[0]
    (n_new,) = connection.execute("SELECT count(*) FROM _staged_consent").fetchall()[0]
    (n_repeating,) = connection.execute(
        "SELECT count(DISTINCT person_id) FROM _consent_people WHERE person_id IS NOT NULL AND _row NOT IN (SELECT _row FROM _staged_consent)"
    ).fetchall()[0]
    return [
        LeftOut(HAS_LEFT, n_left, n_left_rows),
        LeftOut(UNKNOWN, n_unknown, n_unknown_rows),
        LeftOut(REPEATED, n_repeating, n_known_rows - n_new),
    ]

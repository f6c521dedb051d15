"""A folder of FHIR R4 resources as a bulk export writes them (NDJSON, plain or gzip), brought into the model.

Resources are told apart by what they say they are, not by the names of files; a line may also be a bundle of resources. Nothing of
a file is held in Python: DuckDB projects each resource to the parts that are read (:mod:`data_catalog.sources.fhir_shapes`) and
spills to disk what does not fit into memory. What is left out is counted by cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog.errors import IngestError
from data_catalog.harmonise.vocabulary import stage_shipped_vocabulary, vocabulary_of_site
from data_catalog.lake import literal, quoted
from data_catalog.sources.base import IngestContext, LeftOut, StagedSource, counted
from data_catalog.sources.fhir_codes import stage_codes
from data_catalog.sources.fhir_consents import stage_consents
from data_catalog.sources.fhir_events import (
    EVENTS,
    VISITS,
    add_events,
    begin_events,
    left_out_events,
    said_sql,
    stage_helpers,
    stage_visits,
)
from data_catalog.sources.fhir_files import ndjson_paths
from data_catalog.sources.fhir_kinds import KINDS, OBSERVATION
from data_catalog.sources.fhir_people import stage_people
from data_catalog.sources.fhir_read import Resources, read_resources, table_of
from data_catalog.sources.fhir_tables import stage_periods, stage_tables
from data_catalog.sources.fhir_values import stage_readings
from data_catalog.sources.omop_values import add_canonical_values

if TYPE_CHECKING:
    import duckdb

# What DuckDB may hold of an export before it spills to disk, so that memory does not grow with the length of files. An export of
# 1 GB took no longer for it.
_MEMORY = "1GB"


@dataclass(frozen=True)
class FhirFolder:
    """A folder of NDJSON files: ``Patient.000.ndjson.gz``, ``Condition.000.ndjson.gz``, … in whatever number.

    Patients get pseudonyms; the ids of their resources and their medical record numbers go to ``governance.person_link`` alone. Every
    other row has a key made from its resource's id with the catalog's key, so that a resource that comes again is noticed.

    Parameters
    ----------
    folder : Path
        The folder. Files in folders below it are not read.
    """

    folder: Path | str
    format: str = "fhir"
    mapping: str = "FHIR R4 to OMOP 1"

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that hold resources."""
        return tuple(path.name for path in ndjson_paths(Path(self.folder))[0])

    @property
    def paths(self) -> tuple[Path, ...]:
        """These files."""
        return tuple(ndjson_paths(Path(self.folder))[0])

    def stage(self, connection: duckdb.DuckDBPyConnection, context: IngestContext) -> StagedSource:
        """Read every resource of the folder; see :class:`data_catalog.sources.base.Source`."""
        paths, other_files = ndjson_paths(Path(self.folder))
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        found = read_resources(connection, paths)
        _require_people(connection, found, self.folder, context.site)
        relations: dict[str, str] = {}
        if vocabulary_of_site(connection, context.site) is None:
            relations |= stage_shipped_vocabulary(connection)
        left_out, notes = stage_people(connection, context)
        relations |= {name: f"_staged_{name}" for name in ("person", "person_link", "death")}
        _stage_events(connection, found, context, relations)
        left_out += left_out_events(connection)
        notes += _notes(connection)
        relations["visit_occurrence"] = "_staged_visit_occurrence"
        relations |= stage_tables(connection, context)
        relations["observation_period"] = stage_periods(connection, context, relations)
        if found.has("Consent"):
            left_out += stage_consents(connection, context)
            relations["consent"] = "_staged_consent"
        for table in (EVENTS, VISITS, table_of(OBSERVATION.name)):
            connection.execute(f"DROP TABLE {table}")
        add_canonical_values(connection, relations, site=context.site)
        _name_files(connection, relations, found.files)
        return StagedSource(
            relations={name: relation for name, relation in relations.items() if _has_rows(connection, relation)},
            n_read=found.n_read,
            ignored=tuple(f"file {path.name}" for path in other_files),
            notes=tuple(notes),
            left_out=(*_left_out_unread(found), *left_out),
        )


def _require_people(connection: duckdb.DuckDBPyConnection, found: Resources, folder: Path | str, site: str) -> None:
    if found.has("Patient"):
        return
    (n_known,) = connection.execute(
        "SELECT count(*) FROM lake.governance.person_link WHERE site = ?", [site]
    ).fetchall()[0]
    if not n_known:
        raise IngestError(
            f"{folder} has no resource Patient, and the catalog knows nobody of {site!r} yet. Add the file of patients "
            "(Patient.ndjson) to the folder."
        )


def _stage_events(
    connection: duckdb.DuckDBPyConnection, found: Resources, context: IngestContext, relations: dict[str, str]
) -> None:
    stage_helpers(connection)
    stage_readings(connection)
    kinds = [kind for kind in KINDS if found.has(kind.name)]
    said = [select for kind in kinds for select in said_sql(kind)]
    stage_codes(connection, said or ["SELECT NULL::JSON"], relations, site=context.site)
    stage_visits(connection, context)
    begin_events(connection, context, kinds)
    for kind in kinds:
        add_events(connection, kind)
        if kind is not OBSERVATION:  # which a view reads
            connection.execute(f"DROP TABLE {table_of(kind.name)}")


def _notes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    (n_partial,) = connection.execute(
        f"SELECT count(*) FROM (SELECT is_partial FROM {EVENTS} WHERE reason IS NULL UNION ALL "
        f"SELECT is_partial FROM {VISITS} WHERE reason IS NULL) WHERE is_partial"
    ).fetchall()[0]
    split = connection.execute(
        f"SELECT kind, count(DISTINCT id), count(*) FROM {EVENTS} WHERE reason IS NULL GROUP BY kind HAVING count(*) > count(DISTINCT id) "
        "ORDER BY kind"
    ).fetchall()
    notes = [
        f"{kind}: {counted(n_resources, 'resource', 'resources')} became {n_rows:,} rows, one for each component with a value."
        for kind, n_resources, n_rows in split
    ]
    if n_partial:
        notes.append(
            f"{counted(n_partial, 'row is', 'rows are')} of a month or a year only: recorded on its first day, without a time of day."
        )
    return notes


def _left_out_unread(found: Resources) -> list[LeftOut]:
    """What no table could take: kinds that the model has no place for, and resources that are there twice or have no id."""
    parts = [
        LeftOut(f"resources {kind}" if " " in kind else f"{kind}, which the workbench does not read", 0, n)
        for kind, n in found.n_other.items()
    ]
    parts += [LeftOut(f"{kind} without an id", 0, n) for kind, n in sorted(found.n_without_id.items())]
    parts += [
        LeftOut(f"{kind} that is there again, newer, under the same id", 0, n)
        for kind, n in sorted(found.n_repeated.items())
    ]
    return parts


def _name_files(connection: duckdb.DuckDBPyConnection, relations: dict[str, str], files: tuple[str, ...]) -> None:
    """Put the names of files in the place of their numbers."""
    names = f"[{', '.join(literal(name) for name in files)}]"
    for name, relation in relations.items():
        columns = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {quoted(relation)}").fetchall()}
        if columns["_file"] == "INTEGER":
            view = f"_named_{name}"
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * REPLACE ({names}[_file + 1] AS _file) FROM {quoted(relation)}"
            )
            relations[name] = view


def _has_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return bool(connection.execute(f"SELECT EXISTS (FROM {quoted(relation)})").fetchall()[0][0])

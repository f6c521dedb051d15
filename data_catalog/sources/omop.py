"""A folder of OMOP CDM 5.4 tables, one file each, as Parquet or delimited text. Rows and their ids are kept as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from data_catalog.errors import IngestError
from data_catalog.harmonise.units import conversion_factor
from data_catalog.harmonise.vocabulary import stage_shipped_vocabulary, vocabulary_of_site
from data_catalog.lake import literal, quoted
from data_catalog.model import TABLES, Table
from data_catalog.model.measures import MEASURES
from data_catalog.sources.base import IngestContext, StagedSource
from data_catalog.sources.files import RawTable, read_table, require_types, suffix_of, typed

if TYPE_CHECKING:
    import duckdb

_STANDARD = "OMOP CDM 5.4"
# Text that exports of the CDM write for a missing value.
_MISSING = ("", "NULL", "\\N")


@dataclass(frozen=True)
class OmopFolder:
    """A folder with one file for each OMOP table that a site has: ``person.parquet``, ``measurement.csv.gz``, …

    Parameters
    ----------
    folder : Path
        The folder. If it has a ``concept`` file, its vocabulary is the site's, and the only one that the site is resolved with.
    """

    folder: Path | str
    format: str = "omop"

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that hold tables of the model."""
        return tuple(path.name for path in self._tables().values())

    @property
    def mapping(self) -> str:
        """The standard that says what the columns mean."""
        return _STANDARD

    def _paths(self) -> list[Path]:
        folder = Path(self.folder)
        if not folder.is_dir():
            raise IngestError(f"There is no folder {folder}.")
        return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))

    def _tables(self) -> dict[str, Path]:
        """Files by the table that they hold, in the model's order."""
        found: dict[str, Path] = {}
        for path in self._paths():
            suffix = suffix_of(path)
            name = path.name[: -len(suffix)].lower() if suffix else ""
            if name not in TABLES or TABLES[name].standard != _STANDARD:
                continue
            if name in found:
                raise IngestError(
                    f"Both {found[name].name} and {path.name} hold the table {name!r}. Keep one of them in the folder."
                )
            found[name] = path
        return {name: found[name] for name in TABLES if name in found}

    def stage(self, connection: duckdb.DuckDBPyConnection, context: IngestContext) -> StagedSource:
        """Read every table of the folder; see :class:`data_catalog.sources.base.Source`."""
        paths = self._tables()
        if "person" not in paths:
            raise IngestError(
                f"{self.folder} has no file for the table 'person' (person.parquet, person.csv, …), which OMOP CDM 5.4 requires."
            )
        relations: dict[str, str] = {}
        n_read: dict[str, int] = {}
        ignored = [f"file {path.name}" for path in self._paths() if path not in paths.values()]
        for name, path in paths.items():
            raw = read_table(connection, path, name=f"_raw_{name}")
            n_read[name] = raw.n_rows
            if not raw.n_rows:
                connection.execute(f"DROP TABLE {quoted(raw.name)}")
                continue
            ignored += _stage_table(connection, TABLES[name], raw)
            relations[name] = f"_staged_{name}"
        if "person" in relations:
            _set_record_numbers_apart(connection)
            relations["person_link"] = "_staged_person_link"
        if "concept" not in relations and vocabulary_of_site(connection, context.site) is None:
            relations |= stage_shipped_vocabulary(connection)
        if "measurement" in relations:
            _harmonise_values(connection, has_vocabulary="concept" in relations)
        return StagedSource(relations=relations, n_read=n_read, ignored=tuple(ignored))


def _stage_table(connection: duckdb.DuckDBPyConnection, table: Table, raw: RawTable) -> list[str]:
    """Bring one file's columns to the model's names and types; return what it has that the model has not."""
    columns = {column.lower(): column for column in raw.columns}
    for field in table.fields:
        if field.required and not field.added and field.name not in columns:
            raise IngestError(
                f"{raw.file} has no column {field.name!r}, which {_STANDARD} requires of the table {table.name!r}. Its columns: "
                f"{', '.join(raw.columns)}.\nAdd the column to the export."
            )
    held = {field.name: field for field in table.fields if not field.added and field.name in columns}
    require_types(
        connection,
        raw,
        {columns[name]: field.type for name, field in held.items() if field.type != "VARCHAR"},
        missing=_MISSING,
    )
    select = [
        f"{typed(columns[field.name], field.type, missing=_MISSING) if field.name in held else f'CAST(NULL AS {field.type})'} "
        f"AS {quoted(field.name)}"
        for field in table.fields
        if not field.added
    ]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _staged_{table.name} AS "
        f"SELECT *{''.join(f', {column}' for column in _provenance(table))} "
        f"FROM (SELECT {', '.join(select)}, _row, {literal(raw.file)} AS _file FROM {quoted(raw.name)})"
    )
    connection.execute(f"DROP TABLE {quoted(raw.name)}")
    return [f"{raw.file}: column {name!r}" for lower, name in columns.items() if lower not in held]


def _provenance(table: Table) -> list[str]:
    """The columns that say what the source said: its code, and how the standard concept stands to it."""
    if table.kind != "fact" or table.concept is None:
        return []
    source_value = f"{table.concept.removesuffix('_concept_id')}_source_value"
    return [
        f"{quoted(source_value) if source_value in table.field_names else 'CAST(NULL AS VARCHAR)'} AS source_code",
        # 0 stands for "no concept", in the concept and in the source concept alike.
        f"CASE WHEN coalesce({quoted(table.concept)}, 0) = 0 THEN 'unmapped' ELSE 'exact' END AS mapping_relation",
    ]


def _set_record_numbers_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Move the source's own numbers of people out of ``person``: they are held where no analysis looks."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _staged_person_link AS SELECT person_source_value AS source_id, person_id, _row, _file "
        "FROM _staged_person WHERE person_source_value IS NOT NULL"
    )
    connection.execute("ALTER TABLE _staged_person DROP COLUMN person_source_value")


def _harmonise_values(connection: duckdb.DuckDBPyConnection, *, has_vocabulary: bool) -> None:
    """Add ``value_canonical`` and ``unit_canonical`` to the measurements that a measure of the registry covers."""
    unit_code = "concept.concept_code" if has_vocabulary else "NULL"
    join = (
        "LEFT JOIN _staged_concept AS concept ON concept.concept_id = m.unit_concept_id AND concept.vocabulary_id = 'UCUM'"
        if has_vocabulary
        else ""
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _measured AS SELECT m.*, coalesce(m.unit_source_value, {unit_code}) AS _unit "
        f"FROM _staged_measurement AS m {join}"
    )
    measures = {concept: measure for measure in MEASURES.values() for concept in measure.concept_ids}
    found = connection.execute(
        f"SELECT DISTINCT measurement_concept_id, _unit FROM _measured WHERE _unit IS NOT NULL "
        f"AND measurement_concept_id IN ({', '.join(map(str, measures))})"
    ).fetchall()
    factors = [
        (concept, unit, conversion_factor(unit, measures[concept].unit), measures[concept].unit)
        for concept, unit in found
    ]
    connection.register(
        "_factors",
        pl.DataFrame(
            [row for row in factors if row[2] is not None],
            schema={"concept": pl.Int64, "unit": pl.String, "factor": pl.Float64, "canonical": pl.String},
            orient="row",
        ),
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _staged_measurement AS "
        "SELECT m.* EXCLUDE (_unit), m.value_as_number * f.factor AS value_canonical, f.canonical AS unit_canonical "
        "FROM _measured AS m LEFT JOIN _factors AS f ON f.concept = m.measurement_concept_id AND f.unit = m._unit"
    )
    connection.unregister("_factors")
    connection.execute("DROP TABLE _measured")

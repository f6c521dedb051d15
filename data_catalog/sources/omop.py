"""A folder of OMOP CDM 5.4 tables, one file each, as Parquet or delimited text. Rows and their ids are kept as they are.

Tables of the imaging (MI-CDM) and the waveform extension are taken too, when the folder has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog.errors import IngestError
from data_catalog.harmonise.vocabulary import stage_shipped_vocabulary, vocabulary_of_site
from data_catalog.lake import literal, quoted
from data_catalog.model import TABLES, Table
from data_catalog.model.fields import IMAGING, OMOP, WAVEFORM
from data_catalog.model.tables import DECLARED
from data_catalog.sources.base import IngestContext, StagedSource
from data_catalog.sources.files import RawTable, read_table, require_types, suffix_of, typed
from data_catalog.sources.omop_extensions import add_days_and_methods
from data_catalog.sources.omop_values import add_canonical_values

if TYPE_CHECKING:
    import duckdb

_STANDARDS = (OMOP, IMAGING, WAVEFORM)
# The columns that a folder may bring: the published ones, and those that the declarations add to an extension because without
# them nobody could ask for its rows. Not a column of ours such as the legal basis, which whoever ingests has to state.
_FIELDS = {
    declared.name: tuple(field for field in declared.fields if declared.standard != OMOP or not field.added)
    for declared in DECLARED
    if declared.standard in _STANDARDS
}
# Text that exports of the CDM write for a missing value.
_MISSING = ("", "NULL", "\\N")


@dataclass(frozen=True)
class OmopFolder:
    """A folder with one file for each table that a site has: ``person.parquet``, ``measurement.csv.gz``, ``image_feature.csv``, …

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
    def paths(self) -> tuple[Path, ...]:
        """The files that hold tables of the model."""
        return tuple(self._tables().values())

    @property
    def mapping(self) -> str:
        """The standards that say what the columns mean: OMOP, and the extensions whose tables the folder has."""
        present = {TABLES[name].standard for name in self._tables()}
        return ", ".join(standard for standard in _STANDARDS if standard in present or standard == OMOP)

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
            if name not in _FIELDS:
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
        add_canonical_values(connection, relations, site=context.site)
        add_days_and_methods(connection, relations, site=context.site)
        return StagedSource(relations=relations, n_read=n_read, ignored=tuple(ignored))


def _stage_table(connection: duckdb.DuckDBPyConnection, table: Table, raw: RawTable) -> list[str]:
    """Bring one file's columns to the model's names and types; return what it has that the model has not."""
    columns = {column.lower(): column for column in raw.columns}
    fields = _FIELDS[table.name]
    for field in fields:
        if field.required and field.name not in columns:
            raise IngestError(
                f"{raw.file} has no column {field.name!r}, which {table.standard} requires of the table {table.name!r}. Its columns: "
                f"{', '.join(raw.columns)}.\nAdd the column to the export."
            )
    held = {field.name: field for field in fields if field.name in columns}
    require_types(
        connection,
        raw,
        {columns[name]: field.type for name, field in held.items() if field.type != "VARCHAR"},
        missing=_MISSING,
    )
    select = [
        f"{typed(columns[field.name], field.type, missing=_MISSING) if field.name in held else f'CAST(NULL AS {field.type})'} "
        f"AS {quoted(field.name)}"
        for field in fields
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

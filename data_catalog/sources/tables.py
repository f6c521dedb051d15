"""Any table with a mapping file, a row a person or a row an event, its columns turned into events of the harmonised model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog.errors import IngestError, UnknownNameError, did_you_mean
from data_catalog.harmonise.codes import map_codes
from data_catalog.harmonise.identity import key_parameters, person_id_sql
from data_catalog.harmonise.units import ucum
from data_catalog.harmonise.vocabulary import (
    shipped_vocabulary,
    stage_shipped_vocabulary,
    vocabulary_of_site,
)
from data_catalog.lake import literal, quoted
from data_catalog.model import table as model_table
from data_catalog.sources.base import IngestContext, LeftOut, StagedSource, counted
from data_catalog.sources.files import (
    RawTable,
    kind_in_words,
    misfit_sql,
    read_frame,
    read_table,
    require_types,
    typed,
)
from data_catalog.sources.mapped_sql import PEOPLE, RAW, MappedSql, codes_of, has_own_units, unit_rows, units_of
from data_catalog.sources.mapping import LEAVE_OUT, ROW_NUMBER, WIDE, MappingFile

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl

    from data_catalog.harmonise.dates import DateExpression
    from data_catalog.sources.mapping import Rule


@dataclass(frozen=True)
class MappedTable:
    """A table of people, one row each, or of their events (``layout: long``), and the mapping that says what its columns mean.

    Parameters
    ----------
    data : Path or data frame
        A CSV, TSV, Parquet or ARFF file, or a pandas or polars frame.
    mapping_file : Path or MappingFile
        See :mod:`data_catalog.sources.mapping`.
    """

    data: Path | str | pd.DataFrame | pl.DataFrame
    mapping_file: Path | str | MappingFile
    format: str = "tables"

    @property
    def files(self) -> tuple[str, ...]:
        """Name of the file, or "data frame"."""
        return (Path(self.data).name if isinstance(self.data, str | Path) else "data frame",)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file; none for a data frame."""
        return (Path(self.data),) if isinstance(self.data, str | Path) else ()

    @property
    def rules(self) -> str:
        """The mapping, whole."""
        return repr(self._mapping)

    @property
    def mapping(self) -> str:
        """Name and version of the mapping."""
        return f"{self._mapping.name} {self._mapping.version}"

    @cached_property
    def _mapping(self) -> MappingFile:
        return self.mapping_file if isinstance(self.mapping_file, MappingFile) else MappingFile.read(self.mapping_file)

    def stage(self, connection: duckdb.DuckDBPyConnection, context: IngestContext) -> StagedSource:
        """Read the table and turn it into rows of the model; see :class:`data_catalog.sources.base.Source`."""
        if isinstance(self.data, str | Path):
            raw = read_table(connection, Path(self.data), name=RAW, style=self._mapping.style)
        else:
            raw = read_frame(connection, self.data, name=RAW)
        return _Staging(connection, context, self._mapping, raw).run()


class _Staging:
    """The steps from a raw table to staged relations; holds what they share."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, context: IngestContext, mapping: MappingFile, raw: RawTable
    ) -> None:
        self.connection = connection
        self.context = context
        self.mapping = mapping
        self.raw = raw
        held = vocabulary_of_site(connection, context.site)
        self.brings_vocabulary = held is None
        self.sql = MappedSql(mapping, held or shipped_vocabulary(), raw.columns)
        self.relations: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self.remarks: list[str] = []

    def run(self) -> StagedSource:
        if self.brings_vocabulary:
            self.relations |= stage_shipped_vocabulary(self.connection)
        self._require_columns()
        self._map_codes()
        self._stage_people()
        self._stage_periods()
        self._stage_events()
        self._stage_deaths()
        return StagedSource(
            relations=self.relations,
            n_read={self.raw.file: self.raw.n_rows},
            ignored=self._unused_columns(),
            notes=(*self._notes(), *self.remarks),
            left_out=tuple(self.left_out),
        )

    def _require_columns(self) -> None:
        """Refuse a mapping that names a column the file has not, and a file whose values do not fit."""
        wanted = self._columns_read()
        for column, place in wanted.items():
            if column not in self.raw.columns:
                raise IngestError(
                    f"{place}: {self.raw.file} has no column {column!r}. {did_you_mean(column, self.raw.columns)}\n"
                    "Correct the mapping or the file's header."
                )
        # A laboratory's column of results holds words too ("negative", "< 5"): they are kept as text, and counted.
        types = {
            rule.column: "DOUBLE"
            for rule in self.mapping.rules
            if rule.table == "measurement" and rule.column and not rule.is_coded
        }
        for date in self._dates():
            types |= date.columns(self.mapping.dates)
        if self.mapping.faults == LEAVE_OUT:
            self._leave_out_faults(types)
        else:
            require_types(self.connection, self.raw, types, missing=self.mapping.missing, style=self.mapping.style)

    def _leave_out_faults(self, types: dict[str, str]) -> None:
        """Take rows out whose values do not fit, and count them by cause."""
        person = self.mapping.person.id
        people = "NULL" if person == ROW_NUMBER else quoted(person)
        for column, kind in types.items():
            misfit = misfit_sql(column, kind, missing=self.mapping.missing, style=self.mapping.style)
            n_people, n_rows = self.connection.execute(
                f"SELECT count(DISTINCT {people}), count(*) FROM {RAW} WHERE {misfit}"
            ).fetchall()[0]
            if n_rows:
                reason = f"rows in which column {column!r} is not {kind_in_words(kind, self.mapping.style)}"
                self.left_out.append(LeftOut(reason, n_people or n_rows, n_rows))
                self.connection.execute(f"DELETE FROM {RAW} WHERE {misfit}")

    def _map_codes(self) -> None:
        """Find the concepts of the codes, and the conversions of the units, that columns of the file name."""
        staged = {name: relation for name, relation in self.relations.items() if name.startswith("concept")}
        for rule in self.mapping.rules:
            if rule.is_coded:
                text, vocabulary = self.sql.text(rule.code_column or ""), literal(self.sql.vocabulary_of(rule))
                map_codes(
                    self.connection,
                    f"SELECT {vocabulary} AS vocabulary, {text} AS code FROM {RAW}",
                    site=self.context.site,
                    staged=staged,
                    local=self.sql.listed_codes(rule),
                    into=codes_of(rule),
                )
            if has_own_units(rule):
                self._map_units(rule)

    def _map_units(self, rule: Rule) -> None:
        unit, number = self.sql.unit(rule), self.sql.typed(rule.column or "", "DOUBLE")
        said = f"SELECT {unit} AS unit, {self.sql.text(rule.column or '')} AS result, {number} AS number"
        if rule.is_coded:
            codes = f"LEFT JOIN {quoted(codes_of(rule))} AS k ON k.code = {self.sql.text(rule.code_column or '')}"
            said += f", coalesce(k.concept_id, 0) AS concept_id FROM {RAW} {codes}"
        else:
            said += f", {self.sql.concept_of(rule)} AS concept_id FROM {RAW}"
        pairs = self.connection.execute(
            f"SELECT DISTINCT concept_id, unit FROM ({said}) WHERE unit IS NOT NULL"
        ).fetchall()
        self.connection.register("_unit_rows", unit_rows(pairs))
        cases = {code: self.sql.concept_id("UCUM", code) for _, written in pairs if (code := _ucum_or_none(written))}
        concepts = " ".join(f"WHEN {literal(code)} THEN {concept}" for code, concept in cases.items())
        concept = f"CASE code {concepts} ELSE 0 END" if concepts else "0"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quoted(units_of(rule))} AS SELECT *, {concept} AS unit_concept_id FROM _unit_rows"
        )
        self.connection.unregister("_unit_rows")
        n_words, n_units = self.connection.execute(
            "SELECT count(*) FILTER (result IS NOT NULL AND number IS NULL), count(*) FILTER (number IS NOT NULL AND concept_id <> 0 AND "
            f"(concept_id, unit) NOT IN (SELECT (concept_id, unit) FROM {quoted(units_of(rule))})) FROM ({said})"
        ).fetchall()[0]
        if n_words:
            self.remarks.append(
                f"{rule.place}: {counted(n_words, 'result is', 'results are')} no number; kept as text."
            )
        if n_units:
            self.remarks.append(
                f"{rule.place}: {counted(n_units, 'result is', 'results are')} in a unit that cannot become the one of the measure; kept "
                "without a canonical value."
            )

    def _columns_read(self) -> dict[str, str]:
        """Every column that the mapping reads, and the place that names it first."""
        mapping = self.mapping
        named = [
            (column, rule.place)
            for rule in mapping.rules
            for column in (rule.column, rule.code, rule.unit_column)
            if column
        ]
        if mapping.person.id != ROW_NUMBER:
            named.append((mapping.person.id, "person.id"))
        coded = (mapping.person.sex, mapping.death[0] if mapping.death else None)
        named += [(one.column, one.place) for one in coded if one is not None]
        for date in self._dates():
            named += [(column, f"the date {date.words!r}") for column in date.columns(mapping.dates)]
        return dict(reversed(named))

    def _dates(self) -> list[DateExpression]:
        mapping = self.mapping
        dates = [date for rule in mapping.rules for date in (rule.date, rule.end) if date is not None]
        dates += [date for date in (mapping.person.birth, *(mapping.observation_period or ())) if date is not None]
        return [*dates, *mapping.dates.values(), *([mapping.death[1]] if mapping.death else [])]

    def _stage_people(self) -> None:
        """Give each row its person id, and stage ``person`` and the link from the source's own number."""
        person = self.mapping.person
        source_id = "CAST(_row AS VARCHAR)" if person.id == ROW_NUMBER else typed(person.id, "VARCHAR")
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {PEOPLE} AS "
            f"SELECT _row, CAST({source_id} AS VARCHAR) AS source_id, {person_id_sql(f'CAST({source_id} AS VARCHAR)')} AS person_id FROM {RAW}",
            key_parameters(self.context.pseudonym_key, site=self.context.site),
        )
        self._require_person_in_every_row()
        self._stage(
            "person_link",
            f"SELECT person_id, source_id, min(_row) AS _row FROM {PEOPLE} "
            f"WHERE person_id NOT IN (SELECT person_id FROM lake.governance.person_link WHERE site = {literal(self.context.site)}) "
            "GROUP BY ALL",
        )
        if person.birth is None:
            return
        birth = self.sql.date(person.birth, "person.birth")
        exact = person.birth_precision == "day"
        sex, sex_source = self.sql.sex()
        self._stage(
            "person",
            f"SELECT person_id, {sex} AS gender_concept_id, year({birth}) AS year_of_birth, "
            f"{f'month({birth})' if exact else 'NULL'} AS month_of_birth, {f'day({birth})' if exact else 'NULL'} AS day_of_birth, "
            f"{f'CAST({birth} AS TIMESTAMP)' if exact else 'NULL'} AS birth_datetime, 0 AS race_concept_id, 0 AS ethnicity_concept_id, "
            f"{sex_source} AS gender_source_value, _row FROM {RAW} JOIN {PEOPLE} USING (_row) "
            "QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY _row) = 1",
        )
        self._require_one_birth_and_sex(birth, sex_source)

    def _require_one_birth_and_sex(self, birth: str, sex: str) -> None:
        """Refuse a file in which rows of one person disagree about who the person is."""
        n, first = self.connection.execute(
            f"SELECT count(*), min(first) FROM (SELECT min(_row) AS first FROM {RAW} JOIN {PEOPLE} USING (_row) "
            f"GROUP BY person_id HAVING count(DISTINCT {birth}) > 1 OR count(DISTINCT {sex}) > 1)"
        ).fetchall()[0]
        if n:
            raise IngestError(
                f"{self.raw.file}: {n:,} people have rows with different dates of birth or sexes, the first of them in row {first:,}. "
                "Correct the file, or check that column "
                f"{self.mapping.person.id!r} (person.id) is the number of a person and not of a visit."
            )

    def _require_person_in_every_row(self) -> None:
        n_missing, first_missing, n_twice, first_twice = self.connection.execute(
            f"SELECT count(*) FILTER (source_id IS NULL), min(_row) FILTER (source_id IS NULL), "
            f"count(*) FILTER (n > 1), min(_row) FILTER (n > 1) FROM (SELECT *, count(*) OVER (PARTITION BY source_id) AS n FROM {PEOPLE})"
        ).fetchall()[0]
        column = self.mapping.person.id
        if n_missing:
            raise IngestError(
                f"{self.raw.file}: column {column!r} (person.id) is empty in {n_missing:,} rows, first in row {first_missing:,}. "
                "Every row needs the number of its person."
            )
        if n_twice and self.mapping.layout == WIDE:
            raise IngestError(
                f"{self.raw.file}: column {column!r} (person.id) is a duplicate key: {n_twice:,} rows share their person with another row, "
                f"first in row {first_twice:,}. This format has one row a person: bring repeated rows together, or correct the numbers. If the file "
                "has a row an event, write 'layout: long' in the mapping."
            )

    def _stage_periods(self) -> None:
        if self.mapping.observation_period is None:
            return
        start, end = self.mapping.observation_period
        self._stage(
            "observation_period",
            f"SELECT {self._new_id('observation_period')} + row_number() OVER (ORDER BY _row) AS observation_period_id, person_id, "
            f"starts AS observation_period_start_date, ends AS observation_period_end_date, "
            f"{self.sql.type_concept} AS period_type_concept_id, _row FROM ("
            f"SELECT person_id, min({self.sql.date(start, 'observation_period.start')}) AS starts, "
            f"max({self.sql.date(end, 'observation_period.end')}) AS ends, min(_row) AS _row "
            f"FROM {RAW} JOIN {PEOPLE} USING (_row) GROUP BY person_id)",
        )

    def _stage_events(self) -> None:
        for table in dict.fromkeys(rule.table for rule in self.mapping.rules):
            rules = [rule for rule in self.mapping.rules if rule.table == table]
            parts = [
                f"SELECT {number} AS _rule, * FROM ({self.sql.event_rows(rule)})" for number, rule in enumerate(rules)
            ]
            key = model_table(table).primary_key[0]
            self._stage(
                table,
                f"SELECT {self._new_id(table)} + row_number() OVER (ORDER BY _rule, _row) AS {key}, * EXCLUDE (_rule) "
                f"FROM ({' UNION ALL BY NAME '.join(parts)})",
            )

    def _stage_deaths(self) -> None:
        if self.mapping.death is None:
            return
        coded, date = self.mapping.death
        text = self.sql.text(coded.column)
        dead = [value for value, died in coded.values.items() if died]
        unknown = f"{text} IS NOT NULL AND {text} NOT IN ({', '.join(literal(value) for value in coded.values)})"
        n, first = self.connection.execute(f"SELECT count(*), min(_row) FROM {RAW} WHERE {unknown}").fetchall()[0]
        if n:
            raise IngestError(
                f"{self.raw.file}: column {coded.column!r} has {n:,} values that death.values does not explain, first in row {first:,}. "
                "Say there whether each value means that the person died (true or false)."
            )
        self._stage(
            "death",
            f"SELECT person_id, {self.sql.date(date, 'death.date')} AS death_date, {self.sql.type_concept} AS death_type_concept_id, "
            f"{text} AS source_code, {literal(f'{self.mapping.name}.{coded.column}')} AS source_vocabulary, "
            f"'exact' AS mapping_relation, _row "
            f"FROM {RAW} JOIN {PEOPLE} USING (_row) WHERE {text} IN ({', '.join(map(literal, dead)) or 'NULL'}) "
            "QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY _row) = 1",
        )

    def _new_id(self, table: str) -> int:
        """The largest key that the catalog's site has given in *table*; new rows count on from it."""
        key = model_table(table).primary_key[0]
        rows = self.connection.execute(
            f"SELECT coalesce(max({key}), 0) FROM lake.main.{table} WHERE site = ?", [self.context.site]
        )
        return int(rows.fetchall()[0][0])

    def _stage(self, table: str, select: str) -> None:
        name = f"_staged_{table}"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT *, {literal(self.raw.file)} AS _file FROM ({select})"
        )
        self.relations[table] = name

    def _unused_columns(self) -> tuple[str, ...]:
        used = self._columns_read()
        return tuple(f"{self.raw.file}: column {column!r}" for column in self.raw.columns if column not in used)

    def _notes(self) -> tuple[str, ...]:
        dates = self.mapping.dates
        return tuple(
            f"The date {name!r} is nominal ({dates[name].words} for everybody): {reason.strip()}"
            for name, reason in self.mapping.nominal_dates.items()
        )


def _ucum_or_none(written: str) -> str | None:
    try:
        return ucum(written)
    except UnknownNameError:
        return None

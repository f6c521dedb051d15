"""What a mapping says, as SQL over the raw table: texts, dates, concepts, numbers in canonical units, the rows of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from data_catalog.errors import IngestError, UnknownNameError
from data_catalog.harmonise.codes import LocalCode, vocabulary_named
from data_catalog.harmonise.units import Conversion, ucum
from data_catalog.lake import literal, quoted
from data_catalog.model import table as model_table
from data_catalog.model.measures import MEASURES
from data_catalog.sources.files import typed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from data_catalog.harmonise.dates import DateExpression
    from data_catalog.harmonise.vocabulary import Concept, Vocabulary
    from data_catalog.sources.mapping import MappingFile, Rule

RAW = "_raw"
PEOPLE = "_people"
_SEX_CODES = {"male": ("Gender", "M"), "female": ("Gender", "F")}
_PREFIX = {
    "visit_occurrence": "visit",
    "condition_occurrence": "condition",
    "procedure_occurrence": "procedure",
    "drug_exposure": "drug",
    "measurement": "measurement",
    "observation": "observation",
}
_CANONICAL = {concept: measure for measure in MEASURES.values() for concept in measure.concept_ids}


@dataclass(frozen=True)
class MappedSql:
    """SQL for one mapping, one file and one vocabulary. Rows come from ``_raw``, people from ``_people``, joined by ``_row``."""

    mapping: MappingFile
    vocabulary: Vocabulary
    columns: tuple[str, ...]

    def date(self, date: DateExpression, place: str) -> str:
        """SQL of a date; *place* is where in the mapping it stands."""
        return date.sql(self.mapping.dates, columns=self.columns, place=place, read=self.typed)

    def typed(self, column: str, kind: str) -> str:
        """SQL of a column as a type, written as the mapping declares."""
        return typed(column, kind, missing=self.mapping.missing, style=self.mapping.style)

    def text(self, column: str) -> str:
        """SQL of a column's text, with whole numbers written as people write them: 1, not 1.0."""
        text = f"CAST({self.typed(column, 'VARCHAR')} AS VARCHAR)"
        return f"regexp_replace(trim({text}), '^(-?\\d+)\\.0+$', '\\1')"

    def concept_id(self, vocabulary: str, code: str) -> int:
        """The concept of a code, or 0 if the site's vocabulary does not have it."""
        return next(
            (c.concept_id for c in self.vocabulary if (c.vocabulary_id, c.concept_code) == (vocabulary, code)), 0
        )

    @property
    def type_concept(self) -> int:
        """Concept of the kind of record that every row of such a table is."""
        return self.concept_id("Cardio Workbench", "research-data-file")

    def sex(self) -> tuple[str, str]:
        """SQL of the concept of a person's sex, and of what the source said."""
        sex = self.mapping.person.sex
        if sex is None:
            return "0", "NULL"
        text = self.text(sex.column)
        cases = " ".join(
            f"WHEN {literal(value)} THEN {self.concept_id(*_SEX_CODES[meaning])}"
            for value, meaning in sex.values.items()
            if meaning
        )
        return f"coalesce(CASE {text} {cases} END, 0)", text

    def event_rows(self, rule: Rule) -> str:
        """The SELECT of one rule's rows."""
        table, prefix = model_table(rule.table), _PREFIX[rule.table]
        concept, said, keep = self._coded(rule)
        named = rule.code_column or rule.column
        columns: dict[str | None, str] = {
            "person_id": "person_id",
            f"{prefix}_concept_id": concept,
            table.start_date: self.date(rule.date, f"{rule.place}.date"),
            f"{prefix}_type_concept_id": str(self.type_concept),
            f"{prefix}_source_value": said
            if rule.is_coded
            else f"{literal(f'{named}=') + ' || ' if named else ''}{said}",
            f"{prefix}_source_concept_id": "coalesce(k.source_concept_id, 0)" if rule.is_coded else "0",
            "source_code": said,
            "source_vocabulary": literal(self.vocabulary_of(rule)),
            "mapping_rule": f"{literal(rule.place + ': ')} || k.rule" if rule.is_coded else literal(rule.place),
            "mapping_relation": "coalesce(k.relation, 'unmapped')"
            if rule.is_coded
            else f"CASE WHEN {concept} = 0 THEN 'unmapped' ELSE {literal(rule.relation)} END",
            "_row": "_row",
        }
        if rule.end is not None and table.end_date not in (None, table.start_date):
            columns[table.end_date] = self.date(rule.end, f"{rule.place}.end")
        joins = f"JOIN {PEOPLE} USING (_row)"
        if rule.is_coded:
            joins += f" LEFT JOIN {quoted(codes_of(rule))} AS k ON k.code = {said}"
        if has_own_units(rule):
            joins += (
                f" LEFT JOIN {quoted(units_of(rule))} AS u ON u.concept_id = {concept} AND u.unit = {self.unit(rule)}"
            )
            columns |= self._number_by_row(rule)
        elif rule.table == "measurement":
            columns |= self._number(rule)
        select = ", ".join(f"{sql} AS {quoted(str(name))}" for name, sql in columns.items())
        return f"SELECT {select} FROM {RAW} {joins} WHERE {keep}"

    def vocabulary_of(self, rule: Rule) -> str:
        """Name of the coding system of what a rule reads: a public one, or the mapping's own column."""
        named = rule.code_column or rule.column
        if rule.vocabulary is not None:
            return vocabulary_named(rule.vocabulary)
        return f"{self.mapping.name}.{named}" if named else self.mapping.name

    def unit(self, rule: Rule) -> str:
        """SQL of the unit as the file says it."""
        return self.text(rule.unit_column) if rule.unit_column is not None else literal(rule.unit or "")

    def _coded(self, rule: Rule) -> tuple[str, str, str]:
        """SQL of a rule's concept, of what the source said, and of which rows say anything to record."""
        if rule.is_coded:
            text = self.text(rule.code_column or "")
            keep = f"{text} IS NOT NULL" + (f" AND {self.text(rule.column or '')} IS NOT NULL" if rule.code else "")
            return "coalesce(k.concept_id, 0)", text, keep
        if rule.values is None:
            concept = self._named(rule, rule.concept or "")
            if rule.column is None:
                return str(concept.concept_id), literal(concept.concept_name), "true"
            text = self.text(rule.column)
            return str(concept.concept_id), text, f"{text} IS NOT NULL"
        text = self.text(rule.column or "")
        named = {value: self._named(rule, written) for value, written in rule.values.items() if written is not None}
        cases = " ".join(f"WHEN {literal(value)} THEN {concept.concept_id}" for value, concept in named.items())
        silent = ", ".join(literal(value) for value, written in rule.values.items() if written is None)
        keep = f"{text} IS NOT NULL" + (f" AND {text} NOT IN ({silent})" if silent else "")
        return (f"coalesce(CASE {text} {cases} END, 0)" if cases else "0"), text, keep

    def concept_of(self, rule: Rule) -> int:
        """The one concept of a rule that has one."""
        return self._named(rule, rule.concept or "").concept_id

    def listed_codes(self, rule: Rule) -> list[LocalCode]:
        """The codes of a rule's list, with their concepts."""
        codes = []
        for one in rule.listed or ():
            place = f"{rule.place}.list, line {one.line}"
            concept = self._found(place, one.concept).concept_id if one.concept else 0
            codes.append(LocalCode("", one.code, concept, one.relation))
        return codes

    def _named(self, rule: Rule, written: str) -> Concept:
        return self._found(rule.place, written)

    def _found(self, place: str, written: str) -> Concept:
        try:
            return self.vocabulary.named(written)
        except UnknownNameError as error:
            raise IngestError(f"{place}: {error}") from None

    def _number(self, rule: Rule) -> dict[str | None, str]:
        """The columns of a measured number: as recorded, and in the canonical unit of its measure."""
        column, unit = rule.column or "", rule.unit or ""
        concept = self._named(rule, rule.concept or "")
        try:
            code = ucum(unit)
        except UnknownNameError as error:
            raise IngestError(f"{rule.place}.unit: {error}") from None
        measure = _CANONICAL.get(concept.concept_id)
        canonical = measure.unit if measure else code
        conversion = measure.conversion(unit) if measure else Conversion(1.0)
        if conversion is None:
            raise IngestError(
                f"{rule.place}.unit: {unit!r} cannot be turned into {canonical!r}, the unit of {concept.concept_name!r}. "
                "Name the unit in which the file holds it."
            )
        number = self.typed(column, "DOUBLE")
        return {
            "value_as_number": number,
            "value_source_value": self.text(column),
            "unit_concept_id": str(self.concept_id("UCUM", code)),
            "unit_source_value": literal(unit),
            "value_canonical": conversion.sql(number),
            "unit_canonical": literal(canonical),
        }

    def _number_by_row(self, rule: Rule) -> dict[str | None, str]:
        """The columns of a number whose test or unit another column names, so that each row has its own."""
        number = self.typed(rule.column or "", "DOUBLE")
        return {
            "value_as_number": number,
            "value_source_value": self.text(rule.column or ""),
            "unit_concept_id": "coalesce(u.unit_concept_id, 0)",
            "unit_source_value": self.unit(rule),
            "value_canonical": f"{number} * u.factor + u.zero_at",
            "unit_canonical": f"CASE WHEN {number} IS NOT NULL THEN u.canonical END",
        }


def has_own_units(rule: Rule) -> bool:
    """Whether each row of a rule may have another test or unit than the next."""
    return rule.table == "measurement" and (rule.is_coded or rule.unit_column is not None)


def codes_of(rule: Rule) -> str:
    """Name of the table with the concepts of a rule's codes."""
    return f"_codes {rule.place}"


def units_of(rule: Rule) -> str:
    """Name of the table with the conversions of a rule's units."""
    return f"_units {rule.place}"


def unit_rows(pairs: Iterable[tuple[int, str]]) -> pl.DataFrame:
    """Return how values of each pair of concept and unit become canonical; pairs that cannot are left out."""
    rows = []
    for concept, unit in pairs:
        try:
            code = ucum(unit)
        except UnknownNameError:
            continue
        measure = _CANONICAL.get(concept)
        conversion = measure.conversion(unit) if measure else Conversion(1.0)
        if conversion is not None:
            canonical = measure.unit if measure else code
            rows.append((concept, unit, code, conversion.factor, conversion.offset, canonical))
    schema = {
        "concept_id": pl.Int64,
        "unit": pl.String,
        "code": pl.String,
        "factor": pl.Float64,
        "zero_at": pl.Float64,
        "canonical": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")

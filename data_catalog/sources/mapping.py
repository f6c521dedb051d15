"""The mapping file: which column of a table becomes which concept, unit and date. Read strictly, line by line explained.

.. code-block:: yaml

    mapping: my-cohort
    version: "1"
    dates:
      admission: admitted_on            # a column
      discharge: admission + los days   # a shift by a column
    person:
      id: record_number                 # or: row number
      birth: admission - age years      # or a column, or a calendar date
      sex: {column: sex, values: {M: male, F: female}}
    observation_period: {start: admission, end: last_contact}
    measurements:
      - {column: hr, concept: "Heart rate [LOINC 8867-4]", unit: /min, date: admission}
    conditions:
      - {column: chf, date: admission, values: {"1": "Heart failure [SNOMED 84114007]", "0": null}}
    death: {column: died, values: {"1": true, "0": false}, date: last_contact}

Codes of a coding system, and of a list of the hospital's own in a CSV file beside the mapping, stand for concepts as well; a file in
``layout: long`` has a row an event, and a person as often as needed:

.. code-block:: yaml

    layout: long
    conditions:
      - {column: icd, vocabulary: ICD-10-GM, date: seen}
      - {column: finding, list: findings.csv, date: seen}           # columns: code, concept, relation
    measurements:
      - {column: result, code: test, list: tests.csv, unit_column: unit, date: taken}
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from data_catalog.errors import IngestError, did_you_mean
from data_catalog.harmonise.dates import DateExpression
from data_catalog.sources.styles import PLAIN, Style

ROW_NUMBER = "row number"
SEXES = ("male", "female")
# Section of the file → table of the model.
SECTIONS = {
    "visits": "visit_occurrence",
    "conditions": "condition_occurrence",
    "procedures": "procedure_occurrence",
    "drugs": "drug_exposure",
    "measurements": "measurement",
    "observations": "observation",
}
_TOP = (
    "mapping",
    "version",
    "description",
    "missing",
    "file",
    "layout",
    "faults",
    "dates",
    "nominal_dates",
    "person",
    "observation_period",
    *SECTIONS,
    "death",
)
_RULE = (
    "column",
    "concept",
    "values",
    "vocabulary",
    "list",
    "code",
    "unit",
    "unit_column",
    "date",
    "end",
    "relation",
)
RELATIONS = ("exact", "broad", "narrow")
WIDE, LONG = "wide", "long"
REFUSE, LEAVE_OUT = "refuse", "leave out"


@dataclass(frozen=True)
class ListedCode:
    """One line of a list of the hospital's own: its code, and a concept as written or None for one that has none."""

    code: str
    concept: str | None
    relation: str
    line: int


@dataclass(frozen=True)
class Rule:
    """One entry of a section: the rows of one table that one column (or every row) gives.

    ``values`` maps what the column says to a concept as written, or to None for "nothing to record". A rule with ``concept`` and
    ``column`` records the column's number under that concept; a rule with ``concept`` alone records it for every row. ``relation`` says
    how the concept stands to what the source means: as exact, broader or narrower. With ``vocabulary`` or ``listed``, the codes of
    ``code`` (or else ``column``) are looked up in a coding system or in a list of the hospital's own.
    """

    place: str
    table: str
    date: DateExpression
    end: DateExpression | None = None
    column: str | None = None
    concept: str | None = None
    values: Mapping[str, str | None] | None = None
    unit: str | None = None
    relation: str = "exact"
    vocabulary: str | None = None
    listed: tuple[ListedCode, ...] | None = None
    code: str | None = None
    unit_column: str | None = None

    @property
    def is_coded(self) -> bool:
        """Whether a coding system or a list says what the codes of a column mean."""
        return self.vocabulary is not None or self.listed is not None

    @property
    def code_column(self) -> str | None:
        """The column with those codes."""
        return (self.code or self.column) if self.is_coded else None

    def concepts(self) -> tuple[str, ...]:
        """Every concept that the rule writes, as written."""
        return tuple(c for c in (self.concept, *(self.values or {}).values()) if c is not None)


@dataclass(frozen=True)
class Coded:
    """A column whose values stand for words: ``values`` says which."""

    place: str
    column: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class PersonRule:
    """How the file names its people, and when they were born."""

    id: str
    birth: DateExpression | None = None
    birth_precision: str = "day"
    sex: Coded | None = None


@dataclass(frozen=True)
class MappingFile:
    """A mapping, checked for form. Whether its columns and concepts exist is checked against a file and a vocabulary."""

    name: str
    version: str
    person: PersonRule
    rules: tuple[Rule, ...]
    description: str = ""
    missing: tuple[str, ...] = ("",)
    style: Style = PLAIN
    layout: str = WIDE
    faults: str = REFUSE
    dates: Mapping[str, DateExpression] = field(default_factory=dict)
    nominal_dates: Mapping[str, str] = field(default_factory=dict)
    observation_period: tuple[DateExpression, DateExpression] | None = None
    death: tuple[Coded, DateExpression] | None = None

    @classmethod
    def read(cls, source: Path | str | Mapping[str, Any]) -> MappingFile:
        """Read a mapping from a YAML file, or from what a YAML file would give.

        Raises
        ------
        IngestError
            If it is not YAML or not of the form that this module describes; the place in the file is named.
        """
        content = source if isinstance(source, Mapping) else _load(Path(source))
        folder = Path() if isinstance(source, Mapping) else Path(source).parent
        _only(content, _TOP, "the mapping")
        dates = {
            name: DateExpression.parse(written, place=f"dates.{name}")
            for name, written in _section(content, "dates").items()
        }
        return cls(
            name=str(_need(content, "mapping", "the mapping")),
            version=str(_need(content, "version", "the mapping")),
            description=str(content.get("description", "")),
            missing=("", *(str(text) for text in content.get("missing", ()))),
            style=Style.read(content["file"]) if content.get("file") is not None else PLAIN,
            layout=_word(content, "layout", (WIDE, LONG)),
            faults=_word(content, "faults", (REFUSE, LEAVE_OUT)),
            dates=dates,
            nominal_dates=_nominal(content, dates),
            person=_person(_need(content, "person", "the mapping")),
            observation_period=_period(content),
            rules=tuple(_rules(content, folder)),
            death=_death(content),
        )


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise IngestError(
            f"There is no mapping file {path}. Propose one with: workbench catalog draft DATA --output {path}."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where is not None else ""
        raise IngestError(f"{path} is not YAML{line}.") from None
    if not isinstance(content, Mapping):
        raise IngestError(f"{path} does not hold a mapping: it should begin with 'mapping: NAME'.")
    return content


def _only(content: Mapping[str, Any], allowed: tuple[str, ...], place: str) -> None:
    if not isinstance(content, Mapping):
        raise IngestError(f"{place} should be a block of 'name: value' lines. Allowed names: {', '.join(allowed)}.")
    for key in content:
        if key not in allowed:
            raise IngestError(f"{place} has {key!r}, which means nothing there. {did_you_mean(str(key), allowed)}")


def _need(content: Mapping[str, Any], key: str, place: str) -> Any:
    if content.get(key) is None:
        raise IngestError(f"{place} does not say {key!r}. Add the line '{key}: …'.")
    return content[key]


def _section(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = content.get(key) or {}
    if not isinstance(section, Mapping):
        raise IngestError(f"{key} should be a block of 'name: value' lines.")
    return section


def _nominal(content: Mapping[str, Any], dates: Mapping[str, DateExpression]) -> dict[str, str]:
    nominal = {name: str(reason) for name, reason in _section(content, "nominal_dates").items()}
    for name in nominal:
        if name not in dates:
            raise IngestError(f"nominal_dates: {name!r} is not a date of this mapping. {did_you_mean(name, dates)}")
    return nominal


def _person(content: Mapping[str, Any]) -> PersonRule:
    _only(content, ("id", "birth", "birth_precision", "sex"), "person")
    precision = str(content.get("birth_precision", "day"))
    if precision not in ("day", "year"):
        raise IngestError(f"person.birth_precision: {precision!r} is neither 'day' nor 'year'.")
    birth = content.get("birth")
    sex = content.get("sex")
    return PersonRule(
        id=str(_need(content, "id", "person")),
        birth=None if birth is None else DateExpression.parse(birth, place="person.birth"),
        birth_precision=precision,
        sex=None if sex is None else _coded(sex, "person.sex", SEXES),
    )


def _coded(content: Mapping[str, Any], place: str, allowed: tuple[Any, ...]) -> Coded:
    _only(content, ("column", "values", "date"), place)
    values = {_text(value): meaning for value, meaning in _need(content, "values", place).items()}
    for meaning in values.values():
        if meaning is not None and meaning not in allowed:
            raise IngestError(f"{place}.values: {meaning!r} is not allowed. Allowed: {', '.join(map(str, allowed))}.")
    return Coded(place, str(_need(content, "column", place)), values)


def _period(content: Mapping[str, Any]) -> tuple[DateExpression, DateExpression] | None:
    period = content.get("observation_period")
    if period is None:
        return None
    _only(period, ("start", "end"), "observation_period")
    start, end = (_need(period, edge, "observation_period") for edge in ("start", "end"))
    return DateExpression.parse(start, place="observation_period.start"), DateExpression.parse(
        end, place="observation_period.end"
    )


def _death(content: Mapping[str, Any]) -> tuple[Coded, DateExpression] | None:
    death = content.get("death")
    if death is None:
        return None
    return _coded(death, "death", (True, False)), DateExpression.parse(
        _need(death, "date", "death"), place="death.date"
    )


def _word(content: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    """One of the *allowed* words; the first if nothing is said."""
    word = str(content.get(key, allowed[0]))
    if word not in allowed:
        raise IngestError(f"{key}: {word!r} is not allowed. Allowed: {', '.join(allowed)}.")
    return word


def _rules(content: Mapping[str, Any], folder: Path) -> list[Rule]:
    rules = []
    for section, table in SECTIONS.items():
        entries = content.get(section) or []
        if not isinstance(entries, list):
            raise IngestError(f"{section} should be a list: each entry begins with '- '.")
        rules += [_rule(entry, f"{section}[{number}]", table, folder) for number, entry in enumerate(entries, start=1)]
    return rules


def _rule(entry: Mapping[str, Any], place: str, table: str, folder: Path) -> Rule:
    _only(entry, _RULE, place)
    column, concept, values = entry.get("column"), entry.get("concept"), entry.get("values")
    is_coded = entry.get("vocabulary") is not None or entry.get("list") is not None
    if is_coded + (concept is not None) + (values is not None) != 1:
        raise IngestError(
            f"{place}: say one of 'concept' (one concept), 'values' (a concept for each value), and 'vocabulary' or 'list' (whose codes the "
            "column has), not several."
        )
    if (values is not None or is_coded) and column is None:
        raise IngestError(f"{place}: 'values', 'vocabulary' and 'list' need a 'column' whose values they are.")
    has_unit = entry.get("unit") is not None or entry.get("unit_column") is not None
    if table == "measurement" and (column is None or values is not None or not has_unit):
        raise IngestError(f"{place}: a measurement needs 'column', 'concept' and 'unit' (or 'unit_column').")
    if table == "measurement" and is_coded and entry.get("code") is None:
        raise IngestError(
            f"{place}: say under 'code' which column names the test; 'column' is the one with the result."
        )
    if table != "measurement" and values is None and not is_coded and column is not None:
        raise IngestError(f"{place}: say under 'values' what each value of {column!r} means.")
    relation = str(entry.get("relation", "exact"))
    if relation not in RELATIONS:
        raise IngestError(f"{place}.relation: {did_you_mean(relation, RELATIONS)}")
    end = entry.get("end")
    return Rule(
        place=place,
        table=table,
        date=DateExpression.parse(_need(entry, "date", place), place=f"{place}.date"),
        end=None if end is None else DateExpression.parse(end, place=f"{place}.end"),
        column=None if column is None else str(column),
        concept=None if concept is None else str(concept),
        values=None if values is None else {_text(value): meaning for value, meaning in values.items()},
        unit=None if entry.get("unit") is None else str(entry["unit"]),
        relation=relation,
        vocabulary=None if entry.get("vocabulary") is None else str(entry["vocabulary"]),
        listed=None if entry.get("list") is None else _listed(folder / str(entry["list"]), place),
        code=None if entry.get("code") is None else str(entry["code"]),
        unit_column=None if entry.get("unit_column") is None else str(entry["unit_column"]),
    )


def _listed(path: Path, place: str) -> tuple[ListedCode, ...]:
    """Read a list of the hospital's own: a CSV file in UTF-8 with the columns code, concept and, if it likes, relation."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise IngestError(f"{place}.list: there is no file {path}. It is looked for beside the mapping file.") from None
    except (OSError, UnicodeDecodeError):
        raise IngestError(
            f"{place}.list: {path.name} cannot be read as text in UTF-8. Save it as CSV in UTF-8."
        ) from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=max((",", ";", "\t"), key=first.count))
    for needed in ("code", "concept"):
        if needed not in (rows.fieldnames or ()):
            raise IngestError(
                f"{place}.list: {path.name} has no column {needed!r}. Its first line should be: code,concept,relation"
            )
    found: dict[str, ListedCode] = {}
    for row in rows:
        line, code = rows.line_num, (row["code"] or "").strip()
        relation = (row.get("relation") or "").strip() or "exact"
        if not code or code in found:
            raise IngestError(
                f"{place}.list: {path.name}, line {line}: the code is {'empty' if not code else 'there twice'}."
            )
        if relation not in RELATIONS:
            raise IngestError(f"{place}.list: {path.name}, line {line}: {did_you_mean(relation, RELATIONS)}")
        found[code] = ListedCode(code, (row["concept"] or "").strip() or None, relation, line)
    return tuple(found.values())


def _text(value: Any) -> str:
    # YAML reads a bare yes or no as true or false; a mapping means the text that the file holds.
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)

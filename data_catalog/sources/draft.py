"""A first mapping file for a user's own table: what can be read off its columns is filled in, the rest is left to decide."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from data_catalog.harmonise.vocabulary import shipped_vocabulary
from data_catalog.lake import quoted
from data_catalog.sources.files import RawTable, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MAX_LEVELS = 12
_SEX = {"m": "male", "male": "male", "man": "male", "f": "female", "female": "female", "woman": "female"}
# Names that columns have in practice → concept by code, unit. The unit is a guess that the steward confirms.
_MEASUREMENTS = {
    r"(hr|heart_?rate|pulse)": ("8867-4", "/min"),
    r"(sbp|sys_?bp|systolic.*)": ("8480-6", "mm[Hg]"),
    r"(dbp|dia(s)?_?bp|diastolic.*)": ("8462-4", "mm[Hg]"),
    r"(bmi|body_?mass_?index)": ("39156-5", "kg/m2"),
}
_PERSON = r"(id|mrn|.*_id|patient|patient_?(no|nr|number)|record_?(no|nr|number)?|person_?(no|nr|number))"


@dataclass
class _Draft:
    """What was recognised so far, and what was not."""

    person: str = "row number"
    birth: str | None = None
    sex: tuple[str, dict[str, str]] | None = None
    dates: list[str] = field(default_factory=list)
    measurements: list[tuple[str, str, str]] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)


def draft_mapping(data: Path) -> str:
    """Return the text of a mapping file for *data*, to be read, corrected and completed by someone who knows the table.

    Values of a column are named only if it has at most twelve different ones, each of at least two rows; others may identify people.

    Parameters
    ----------
    data : Path
        A CSV, TSV, Parquet or ARFF file with a row a person.

    Raises
    ------
    IngestError
        If the file cannot be read.
    """
    with duckdb.connect() as connection:
        raw = read_table(connection, data, name="raw")
        draft = _Draft()
        for column in raw.columns:
            _recognise(connection, raw, column, draft)
        return "\n".join(_lines(data, draft)) + "\n"


def _recognise(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str, draft: _Draft) -> None:
    name = column.strip().lower()
    levels = _levels(connection, raw, column)
    if draft.person == "row number" and re.fullmatch(_PERSON, name) and _is_unique(connection, raw, column):
        draft.person = column
    elif draft.sex is None and levels and {level.lower() for level in levels} <= set(_SEX):
        draft.sex = (column, {level: _SEX[level.lower()] for level in levels})
    elif _all_are(connection, raw, column, "DATE"):
        if draft.birth is None and re.search(r"birth|born|dob", name):
            draft.birth = column
        else:
            draft.dates.append(column)
    elif found := next((found for pattern, found in _MEASUREMENTS.items() if re.fullmatch(pattern, name)), None):
        draft.measurements.append((column, *found))
    else:
        draft.undecided.append(f"{column}: {_in_words(connection, raw, column, levels)}")


def _levels(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str) -> list[str]:
    """The values of a column with few, each of them frequent; else nothing."""
    rows = connection.execute(
        f"SELECT CAST({quoted(column)} AS VARCHAR), count(*) FROM {raw.name} WHERE {quoted(column)} IS NOT NULL GROUP BY 1 ORDER BY 1 "
        f"LIMIT {_MAX_LEVELS + 1}"
    ).fetchall()
    return [value for value, _ in rows] if len(rows) <= _MAX_LEVELS and all(n > 1 for _, n in rows) else []


def _is_unique(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str) -> bool:
    return bool(
        connection.execute(f"SELECT count(DISTINCT {quoted(column)}) = count(*) FROM {raw.name}").fetchall()[0][0]
    )


def _all_are(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str, kind: str) -> bool:
    n, fitting = connection.execute(
        f"SELECT count({quoted(column)}), count(TRY_CAST(CAST({quoted(column)} AS VARCHAR) AS {kind})) FROM {raw.name}"
    ).fetchall()[0]
    return bool(n and n == fitting)


def _in_words(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str, levels: list[str]) -> str:
    if levels:
        return f"values {', '.join(levels)}"
    return "numbers" if _all_are(connection, raw, column, "DOUBLE") else "text"


def _lines(data: Path, draft: _Draft) -> Iterable[str]:
    concepts = {concept.concept_code: concept for concept in shipped_vocabulary()}
    index = draft.dates[0] if draft.dates else "2000-01-01"
    yield f"# A draft made from the columns of {data.name}. Read every line; nothing here was checked by someone who knows the data."
    yield f"mapping: {re.sub(r'[^a-z0-9]+', '-', data.name.split('.')[0].lower()).strip('-')}"
    yield 'version: "1"'
    yield "description: >"
    yield "  Say here who these people are and where the table comes from."
    yield ""
    yield "dates:"
    yield f"  index: {index}" + (
        "" if draft.dates else "   # no column holds dates: a nominal one; say why under nominal_dates"
    )
    if not draft.dates:
        yield "nominal_dates:"
        yield "  index: the file has no calendar dates"
    yield ""
    yield "person:"
    yield f"  id: {draft.person}"
    yield (
        f"  birth: {draft.birth}"
        if draft.birth
        else "  birth: 1950-01-01   # decide: a column, or for example 'index - age years'"
    )
    if draft.birth is None:
        yield "  birth_precision: year"
    if draft.sex:
        yield f"  sex: {{column: {draft.sex[0]}, values: {{{', '.join(f'{_yaml(k)}: {v}' for k, v in draft.sex[1].items())}}}}}"
    else:
        yield "  # sex: {column: …, values: {M: male, F: female}}"
    yield ""
    yield "observation_period: {start: index, end: index}   # decide: until when is each person followed?"
    yield ""
    yield "measurements:" if draft.measurements else "measurements: []"
    for column, code, unit in draft.measurements:
        yield f'  - {{column: {column}, concept: "{concepts[code].written}", unit: "{unit}", date: index}}   # check the unit'
    if draft.undecided:
        yield ""
        yield "# Not recognised. Give each a place (conditions, observations, measurements, death …) or leave it out:"
        yield from (f"#   {line}" for line in draft.undecided)


def _yaml(text: str) -> str:
    return (
        text
        if re.fullmatch(r"[A-Za-z]+", text) and text.lower() not in ("y", "n", "yes", "no", "true", "false")
        else f'"{text}"'
    )

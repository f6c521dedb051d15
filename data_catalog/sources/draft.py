"""A first mapping file for a user's own table: what can be read off its columns is filled in, the rest is left to decide."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from data_catalog.harmonise.vocabulary import shipped_vocabulary
from data_catalog.lake import quoted
from data_catalog.sources.files import RawTable, read_table, suffix_of
from data_catalog.sources.styles import Style

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MAX_LEVELS = 12
_SEX = {
    **dict.fromkeys(("m", "male", "man", "männlich", "maennlich", "mann"), "male"),
    **dict.fromkeys(("f", "w", "female", "woman", "weiblich", "frau"), "female"),
}
# Names that columns have in practice → concept by code, unit. The unit is a guess that the steward confirms.
_MEASUREMENTS = {
    r"(hr|heart_?rate|pulse)": ("8867-4", "/min"),
    r"(sbp|sys_?bp|systolic.*)": ("8480-6", "mm[Hg]"),
    r"(dbp|dia(s)?_?bp|diastolic.*)": ("8462-4", "mm[Hg]"),
    r"(bmi|body_?mass_?index)": ("39156-5", "kg/m2"),
    r"(weight|gewicht)(_?kg)?": ("29463-7", "kg"),
    r"(height|gr(ö|oe)(ß|ss)e)(_?cm)?": ("8302-2", "cm"),
    r"ldl(_?(c|chol.*))?": ("18262-6", "mmol/L"),
    r"hdl(_?(c|chol.*))?": ("2085-9", "mmol/L"),
    r"(total_?)?(chol|cholesterol|cholesterin)": ("2093-3", "mmol/L"),
    r"(tg|triglyceri(d|de|des)|triglyzeride)": ("2571-8", "mmol/L"),
    r"(creatinine?|krea(tinin)?)": ("2160-0", "umol/L"),
    r"(hba1c|a1c)": ("4548-4", "%"),
    r"(potassium|kalium)": ("2823-3", "mmol/L"),
    r"(sodium|natrium)": ("2951-2", "mmol/L"),
    r"(h(ae)?moglobin|hämoglobin|hb)": ("718-7", "g/dL"),
    r"(nt_?-?pro_?-?bnp)": ("33762-6", "pg/mL"),
}
# Codes are recognised if nearly all values of a column look like them.
_CODES = {
    "ICD-10": r"[A-TV-Z]\d[0-9A-Z]\.?[0-9A-Z]{0,4}[.\-]*[†*+!]?( ?[GVAZRLB])*",
    "ATC": r"[A-DGHJLMNPRSV]\d\d[A-Z]{2}\d\d",
}
_DATES = {
    r"\d{1,2}\.\d{1,2}\.\d{4}": "dd.mm.yyyy",
    r"\d{1,2}/\d{1,2}/\d{4}": "dd/mm/yyyy",
    r"\d{4}/\d{2}/\d{2}": "yyyy/mm/dd",
}
_COMMA = r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"
_PERSON = r"(id|mrn|.*_id|patient|patient_?(no|nr|number)|record_?(no|nr|number)?|person_?(no|nr|number))"


@dataclass
class _Draft:
    """What was recognised so far, and what was not."""

    person: str = "row number"
    birth: str | None = None
    sex: tuple[str, dict[str, str]] | None = None
    dates: list[str] = field(default_factory=list)
    measurements: list[tuple[str, str, str]] = field(default_factory=list)
    coded: list[tuple[str, str]] = field(default_factory=list)
    file: dict[str, str] = field(default_factory=dict)
    repeated: str | None = None
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
        encoding = _encoding(data)
        raw = read_table(connection, data, name="raw", style=Style(encoding=encoding))
        draft = _Draft()
        if encoding != "utf-8":
            draft.file["encoding"] = f"{encoding}   # not UTF-8; a guess"
        _recognise_style(connection, raw, draft)
        for column in raw.columns:
            _recognise(connection, raw, column, draft)
        return "\n".join(_lines(data, draft)) + "\n"


def _encoding(data: Path) -> str:
    """UTF-8 if the file is; else what most files of Western Europe are."""
    suffix = suffix_of(data)
    if suffix is None or suffix in (".parquet", ".arff") or not data.is_file():
        return "utf-8"
    try:
        with (gzip.open if suffix.endswith(".gz") else open)(data, "rb") as file:
            decoder = codecs.getincrementaldecoder("utf-8")()
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "windows-1252"
    except (OSError, EOFError, zlib.error):
        return "utf-8"  # reading says what is wrong
    return "utf-8"


def _recognise_style(connection: duckdb.DuckDBPyConnection, raw: RawTable, draft: _Draft) -> None:
    """Propose how the file writes numbers and dates: if any column is all of such a form, and no other form could be meant."""
    for column in raw.columns:
        for form, style in _DATES.items():
            if _all_match(connection, raw, column, form):
                draft.file["dates"] = style + ("   # or mm/dd/yyyy?" if style == "dd/mm/yyyy" else "")
        if _all_match(connection, raw, column, _COMMA) and _any_match(connection, raw, column, r".*,\d+"):
            draft.file["decimal"] = '","'
            if _any_match(connection, raw, column, r"\d{1,3}(\.\d{3})+(,\d+)?"):
                draft.file["thousands"] = '"."'


def _all_match(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str, form: str) -> bool:
    n, fitting = connection.execute(
        f"SELECT count(t), count(*) FILTER (regexp_full_match(t, ?)) FROM (SELECT nullif(trim(CAST({quoted(column)} AS VARCHAR)), '') AS t "
        f"FROM {raw.name})",
        [form],
    ).fetchall()[0]
    return bool(n and n == fitting)


def _any_match(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str, form: str) -> bool:
    sql = f"SELECT count(*) FROM {raw.name} WHERE regexp_full_match(trim(CAST({quoted(column)} AS VARCHAR)), ?)"
    return bool(connection.execute(sql, [form]).fetchall()[0][0])


def _recognise(connection: duckdb.DuckDBPyConnection, raw: RawTable, column: str, draft: _Draft) -> None:
    name = column.strip().lower()
    levels = _levels(connection, raw, column)
    if draft.person == "row number" and re.fullmatch(_PERSON, name) and _is_unique(connection, raw, column):
        draft.person = column
    elif draft.sex is None and levels and {level.lower() for level in levels} <= set(_SEX):
        draft.sex = (column, {level: _SEX[level.lower()] for level in levels})
    elif re.fullmatch(_PERSON, name) and not draft.repeated:
        draft.repeated = column
    elif _all_are(connection, raw, column, "DATE") or any(_all_match(connection, raw, column, form) for form in _DATES):
        if draft.birth is None and re.search(r"birth|born|dob|gebor|geb(urt)?", name):
            draft.birth = column
        else:
            draft.dates.append(column)
    elif found := next((found for pattern, found in _MEASUREMENTS.items() if re.fullmatch(pattern, name)), None):
        draft.measurements.append((column, *found))
    elif found_code := next((code for code, form in _CODES.items() if _all_match(connection, raw, column, form)), None):
        draft.coded.append((column, found_code))
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
    if draft.repeated and draft.person == "row number":
        draft.person = draft.repeated
        yield "layout: long   # people stand in several rows; take this away if they should not"
    if draft.file:
        yield "file:"
        yield from (f"  {key}: {value}" for key, value in draft.file.items())
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
    for table, code in (("conditions", "ICD-10"), ("drugs", "ATC")):
        columns = [column for column, found in draft.coded if found == code]
        if columns:
            yield f"{table}:"
            remark = "   # or ICD-10-GM, ICD-10-CM?" if code == "ICD-10" else ""
            yield from (f"  - {{column: {column}, vocabulary: {code}, date: index}}{remark}" for column in columns)
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

"""Reading tables from files: every column found, every row numbered, every value that does not fit its type located."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import shutil
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from data_catalog.errors import IngestError
from data_catalog.lake import literal, quoted
from data_catalog.sources.styles import PLAIN, Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd
    import polars as pl

TABLE_SUFFIXES = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".arff")


@dataclass(frozen=True)
class RawTable:
    """A file or frame as DuckDB sees it: relation *name* with the columns found and ``_row``, counted from 1."""

    name: str
    file: str
    columns: tuple[str, ...]
    n_rows: int


def suffix_of(path: Path) -> str | None:
    """Return which of the table formats *path* has, by its ending, or None."""
    name = path.name.lower()
    return next((suffix for suffix in sorted(TABLE_SUFFIXES, key=len, reverse=True) if name.endswith(suffix)), None)


def read_table(connection: duckdb.DuckDBPyConnection, path: Path, *, name: str, style: Style = PLAIN) -> RawTable:
    """Read a CSV, TSV, Parquet or ARFF file into the temporary table *name*.

    Text formats keep every column as text, so that what the source said survives until a type is asked of it. *style* says how
    the file is encoded and what separates its columns.

    Raises
    ------
    IngestError
        If the file is missing, of another format, unreadable or truncated.
    """
    suffix = suffix_of(path)
    if suffix is None:
        raise IngestError(f"{path.name} is not a table that can be read. Allowed: {', '.join(TABLE_SUFFIXES)}.")
    if not path.is_file():
        raise IngestError(f"There is no file {path}.")
    if suffix == ".arff":
        return read_frame(connection, _arff(path), name=name, file=path.name)
    try:
        with _as_utf8(path, style.encoding if suffix != ".parquet" else "utf-8") as readable:
            scan = _scan(readable, suffix, style.separator)
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {scan}")
    except (duckdb.Error, OSError, EOFError, UnicodeError, zlib.error) as error:
        if isinstance(error, UnicodeError) or "unicode" in str(error).lower() or "utf-8" in str(error).lower():
            raise IngestError(
                f"{path.name} is not text in {style.encoding}. Say under 'file' in the mapping how it is encoded, such as "
                "'encoding: windows-1252', or export it as UTF-8."
            ) from None
        raise IngestError(
            f"{path.name} cannot be read: {_without_values(error)} Check that the file is complete and "
            f"really is {suffix.removeprefix('.')}, and export it again."
        ) from None  # DuckDB quotes the offending line, and a line is a person
    return _described(connection, name, path.name)


def read_row(
    connection: duckdb.DuckDBPyConnection, path: Path, wanted: Mapping[str, Any], *, style: Style = PLAIN
) -> dict[str, Any] | None:
    """Return the row of a CSV, TSV or Parquet file with the *wanted* values, as the file has it; None if there is none.

    ``_row`` among the wanted is its number, from 1.
    """
    suffix = suffix_of(path)
    if suffix is None or suffix == ".arff":
        raise IngestError(f"Rows of {path.name} cannot be shown one by one.")
    with _as_utf8(path, style.encoding if suffix != ".parquet" else "utf-8") as readable:
        where = " AND ".join(f"CAST({quoted(name)} AS VARCHAR) = ?" for name in wanted)
        scan = f"SELECT * FROM ({_scan(readable, suffix, style.separator)}) WHERE {where} LIMIT 1"
        found = connection.execute(scan, [str(value) for value in wanted.values()])
        names, rows = [column[0] for column in found.description or ()], found.fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else None


def read_frame(
    connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame | pl.DataFrame, *, name: str, file: str = "data frame"
) -> RawTable:
    """Read a pandas or polars data frame into the temporary table *name*."""
    connection.register("_frame", frame)
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS SELECT row_number() OVER () AS _row, * FROM _frame"
        )
    finally:
        connection.unregister("_frame")
    return _described(connection, name, file)


def require_types(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    types: Mapping[str, str],
    *,
    missing: Iterable[str] = ("",),
    style: Style = PLAIN,
) -> None:
    """Refuse *table* if a value does not fit the type that its column is to have.

    Parameters
    ----------
    types : mapping of str to str
        DuckDB type by column.
    missing : iterable of str
        Texts that stand for a missing value.
    style : Style
        How the file writes numbers and dates.

    Raises
    ------
    IngestError
        Naming the file, the column, the number of values and the first row; never a value.
    """
    if not types:
        return
    checks = []
    for column, kind in types.items():
        misfit = misfit_sql(column, kind, missing=missing, style=style)
        checks.append(f"count(*) FILTER ({misfit}), min(_row) FILTER ({misfit})")
    found = connection.execute(f"SELECT {', '.join(checks)} FROM {quoted(table.name)}").fetchall()[0]
    faults = [
        f"column {column!r}: {n:,} value{'s' if n > 1 else ''} not {kind_in_words(kind, style)}, first in row {row:,}"
        for (column, kind), n, row in zip(types.items(), found[::2], found[1::2], strict=True)
        if n
    ]
    if faults:
        raise IngestError(
            f"{table.file}: {'; '.join(faults)}.\nCorrect these values, or leave them empty if they are missing, and ingest again."
        )


def misfit_sql(column: str, kind: str, *, missing: Iterable[str] = ("",), style: Style = PLAIN) -> str:
    """Return the SQL condition that *column* says something, and that it is no value of *kind*."""
    texts = ", ".join(literal(text) for text in missing)
    return (
        f"{quoted(column)} IS NOT NULL AND CAST({quoted(column)} AS VARCHAR) NOT IN ({texts}) "
        f"AND {_misfits(style.sql(column, kind), kind)}"
    )


def typed(column: str, kind: str, *, missing: Iterable[str] = ("",), style: Style = PLAIN) -> str:
    """Return the SQL that reads *column* as *kind*, with the texts that mean missing as NULL."""
    texts = ", ".join(literal(text) for text in missing)
    value = f"CASE WHEN CAST({quoted(column)} AS VARCHAR) NOT IN ({texts}) THEN {style.sql(column, kind)} END"
    return value if kind == "VARCHAR" else f"TRY_CAST({value} AS {kind})"


@contextmanager
def _as_utf8(path: Path, encoding: str) -> Iterator[Path]:
    """Give a file that DuckDB can read: the file itself, or a copy in UTF-8 that only this user may see and that does not stay."""
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        yield path
        return
    compressed = path.name.lower().endswith(".gz")
    with tempfile.TemporaryDirectory(prefix="cardio-workbench-") as folder:
        copy = Path(folder) / path.name.removesuffix(".gz")
        with (
            (gzip.open if compressed else open)(path, "rt", encoding=encoding, newline="") as said,
            copy.open("w", encoding="utf-8", newline="") as written,
        ):
            shutil.copyfileobj(said, written, 1 << 20)
        yield copy


def _scan(path: Path, suffix: str, separator: str | None = None) -> str:
    if suffix == ".parquet":
        return f"SELECT file_row_number + 1 AS _row, * EXCLUDE (file_row_number) FROM read_parquet({literal(str(path))}, file_row_number = true)"
    # Separator and columns are told, not guessed: faced with a ragged row, DuckDB's guess would be a file of one column.
    separator, columns = _header(path, separator)
    types = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return (
        f"SELECT row_number() OVER () AS _row, * FROM read_csv({literal(str(path))}, auto_detect = false, header = true, "
        f"columns = {{{types}}}, null_padding = false, strict_mode = true, delim = {literal(separator)}, quote = '\"', escape = '\"')"
    )


def _header(path: Path, separator: str | None = None) -> tuple[str, list[str]]:
    """The separator, if none is told the one that the first line has most of (comma, semicolon or tab), and the columns it names."""
    with (gzip.open if path.name.lower().endswith(".gz") else open)(
        path, "rt", encoding="utf-8-sig", newline=""
    ) as file:
        first = file.readline()
    separator = separator or max((",", ";", "\t"), key=first.count)
    columns = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice or not all(columns):
        fault = f"the column {twice[0]!r} twice" if twice and twice[0] else "a column without a name"
        raise IngestError(
            f"{path.name}: the first line, which names the columns, is empty or has {fault}. Name each column once."
        )
    return separator, columns


def _described(connection: duckdb.DuckDBPyConnection, name: str, file: str) -> RawTable:
    columns = [row[0] for row in connection.execute(f"DESCRIBE {quoted(name)}").fetchall() if row[0] != "_row"]
    n_rows = connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchall()[0][0]
    if not n_rows and not columns:
        raise IngestError(f"{file} is empty.")
    return RawTable(name, file, tuple(columns), n_rows)


def _arff(path: Path) -> pd.DataFrame:
    import pandas as pd
    from scipy.io import arff

    try:
        rows, _ = arff.loadarff(path)
    except (arff.ArffError, ValueError, OSError, StopIteration, UnicodeDecodeError):
        raise IngestError(f"{path.name} cannot be read as ARFF. Check that the file is complete.") from None
    frame = pd.DataFrame(rows)
    for column in frame.select_dtypes("object"):
        frame[column] = frame[column].str.decode("utf-8")
    return frame


def _misfits(value: str, kind: str) -> str:
    if kind in ("BIGINT", "INTEGER"):
        # A cast would round 1.7 to 2 without a word.
        return f"(TRY_CAST({value} AS {kind}) IS NULL OR TRY_CAST({value} AS DOUBLE) <> TRY_CAST({value} AS {kind}))"
    if kind == "TIMESTAMPTZ":
        # A cast would take the zone of this machine for granted.
        return f"(TRY_CAST({value} AS {kind}) IS NULL OR NOT {_says_zone(value)})"
    return f"TRY_CAST({value} AS {kind}) IS NULL"


def _says_zone(value: str) -> str:
    """SQL of whether a moment comes with its time zone: by its type, or at the end of the text after a time of day."""
    text = f"regexp_matches(CAST({value} AS VARCHAR), '\\d:\\d\\d.*(Z|UTC|[+-]\\d\\d(:?\\d\\d)?)$')"
    return f"(typeof({value}) = 'TIMESTAMP WITH TIME ZONE' OR (typeof({value}) = 'VARCHAR' AND {text}))"


def kind_in_words(kind: str, style: Style = PLAIN) -> str:
    """Say what a value of *kind* looks like."""
    if declared := style.in_words(kind):
        return declared
    words = {
        "DATE": "a date (YYYY-MM-DD)",
        "TIMESTAMP": "a date and time",
        "TIMESTAMPTZ": "a date and time with a time zone (2026-03-01T09:30:00+01:00)",
        "DOUBLE": "a number",
        "BOOLEAN": "true or false",
    }
    return words.get(kind, "a whole number")


def _without_values(error: Exception) -> str:
    """Keep what DuckDB says of the fault, and the line number, but nothing that it quotes from the file."""
    first = str(error).splitlines()[0]
    first = re.sub(r'"[^"]*"|\'[^\']*\'', "…", first).strip()
    line = re.search(r"(?:on Line|Line:)\s*(\d+)", str(error))
    return f"{first}{'' if first.endswith('.') else '.'}" + (f" See line {line.group(1)}." if line else "")

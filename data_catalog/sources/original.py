"""One record of a source file, as the file has it: for tracing a row of the catalog back to it."""

from __future__ import annotations

import gzip
import itertools
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from data_catalog.errors import CatalogError
from data_catalog.sources.base import KEEPS_KEYS, digest_of_file
from data_catalog.sources.files import read_row, suffix_of
from data_catalog.sources.styles import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from data_catalog.harmonise.trace import Trace

_VCF = (".vcf", ".vcf.gz", ".vcf.bgz")
_FIXED_COLUMNS = 9  # of a VCF; what follows are people


def original_record(trace: Trace, place: Path) -> Mapping[str, Any]:
    """Return the record that *trace* leads to, out of a file or of the folder that has it.

    Raises
    ------
    CatalogError
        If the file is not there, is not the one that was brought in, or the row is not known.
    """
    if trace.source_file is None:
        raise CatalogError("The catalog does not know from which file this row comes.")
    path = place / trace.source_file if place.is_dir() else place
    if not path.is_file():
        raise CatalogError(f"There is no file {path}. Name the file {trace.source_file}, or the folder that has it.")
    if trace.ingest is not None and trace.ingest.digest and trace.ingest.digest != digest_of_file(path):
        raise CatalogError(
            f"{path.name} is not the file that was brought in with {trace.ingest.ingest_id}: its content is another. Name that file."
        )
    if path.name.lower().endswith(_VCF):
        return _vcf_record(path, str(trace.said.get("source_record", "")))
    keeps_keys = trace.ingest is not None and trace.ingest.source_format in KEEPS_KEYS
    if trace.source_row is None and not keeps_keys:
        raise CatalogError(f"The catalog does not know which row of {trace.source_file} this is.")
    if trace.source_row is not None and suffix_of(path) is None:
        return _ndjson_record(path, trace.source_row)
    wanted = dict(trace.key) if trace.source_row is None else {"_row": trace.source_row}
    return _table_record(path, wanted)


def _table_record(path: Path, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    with duckdb.connect() as connection:
        for encoding in ("utf-8", "windows-1252"):
            try:
                found = read_row(connection, path, wanted, style=Style(encoding=encoding))
            except (UnicodeError, duckdb.Error):
                continue
            if found is not None:
                return {"row": found.pop("_row"), **found}
    raise CatalogError(f"{path.name} cannot be read as it was, or does not have the row.")


def _ndjson_record(path: Path, row: int) -> Mapping[str, Any]:
    with _opened(path) as file:
        lines = (line for line in file if line.strip())  # a record is a line with something in it
        line = next(itertools.islice(lines, row - 1, None), None)
    if line is None:
        raise CatalogError(f"{path.name} has no record {row:,}.")
    found = json.loads(line)
    return found if isinstance(found, dict) else {"record": found}


def _vcf_record(path: Path, record: str) -> Mapping[str, Any]:
    """The fixed columns of the record that the catalog knows as chrom:pos:ref:alts; no genotypes."""
    columns: list[str] = []
    with _opened(path) as file:
        for raw in file:
            if raw.startswith(b"##"):
                continue
            fields = raw.split(b"\t", _FIXED_COLUMNS)[:_FIXED_COLUMNS]
            if raw.startswith(b"#"):
                columns = [field.decode().strip().lstrip("#") for field in fields]
                continue
            chrom, pos, _, ref, alts = (field.decode() for field in fields[:5])
            if f"{chrom}:{pos}:{ref}:{alts}" == record:
                return dict(zip(columns, (field.decode().strip() for field in fields), strict=False))
    raise CatalogError(f"{path.name} has no record {record}.")


@contextmanager
def _opened(path: Path) -> Iterator[Iterable[bytes]]:
    with gzip.open(path, "rb") if path.suffix.lower() in (".gz", ".bgz") else path.open("rb") as file:
        yield file

"""Files of a FHIR bulk export: which there are, and whether each is complete text, before anything of it is read.

The look at a file is one pass in pieces of a megabyte, so that a file that is cut off, of another encoding, or a small gzip that
swells to terabytes costs little memory and a bounded amount of work.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from data_catalog.errors import IngestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import NoReturn

SUFFIXES = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
# A line is one resource, or one bundle of a person's whole record; the longest that hospitals send are some tens of megabytes.
LONGEST_LINE_BYTES = 64 * 2**20
# Resources compress ten- to forty-fold. Beyond this a file is made to swell, not to be read.
MOST_SWELLING = 200
_SWELLING_COUNTS_FROM_BYTES = 64 * 2**20
_PIECE_BYTES = 2**20
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class NdjsonFile:
    """A file that was looked through and is complete text: its place, whether it is gzip, and the length of its longest line."""

    path: Path
    is_gzip: bool
    longest_line_bytes: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def pattern(self) -> str:
        """The pattern that DuckDB, which takes every path for one, finds this file by and no other."""
        return re.sub(r"[*?[]", r"[\g<0>]", str(self.path))


def ndjson_paths(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the NDJSON files of *folder* and the other files there, by name.

    Raises
    ------
    IngestError
        If there is no such folder, it holds no NDJSON file, or one of them is a link out of the folder.
    """
    if not folder.is_dir():
        raise IngestError(f"There is no folder {folder}.")
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    found = [path for path in files if path.name.lower().endswith(SUFFIXES)]
    inside = folder.resolve()
    for path in found:
        if not path.resolve().is_relative_to(inside):
            raise IngestError(
                f"{path.name} is a link to a file outside {folder}. Put the file itself into the folder, so that nothing is read "
                "that was not meant to be."
            )
    if not found:
        raise IngestError(
            f"{folder} has no file that ends in {', '.join(SUFFIXES)}. A bulk export has files such as Patient.000.ndjson.gz: "
            "one resource of FHIR R4 a line."
        )
    return found, [path for path in files if path not in found]


def look_through(path: Path, *, advance: Callable[[int], object] = lambda _: None) -> NdjsonFile:
    """Read a file once from end to end and return what is needed to parse it.

    Parameters
    ----------
    path : Path
        An NDJSON file, plain or gzip.
    advance : callable
        Told the number of bytes of the file as they are read.

    Raises
    ------
    IngestError
        If the file is cut off, damaged, not UTF-8, has a line longer than ``LONGEST_LINE_BYTES`` or swells more than
        ``MOST_SWELLING``-fold.
    """
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            longest = _longest_line(path, raw, is_gzip=is_gzip, advance=advance)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise IngestError(
            f"{path.name} is a gzip file that is damaged or cut off before its end. Copy or export it again."
        ) from None
    except OSError as error:
        raise IngestError(f"{path.name} cannot be read: {error.strerror}.") from None
    return NdjsonFile(path, is_gzip, longest)


def _longest_line(path: Path, raw: BinaryIO, *, is_gzip: bool, advance: Callable[[int], object]) -> int:
    """Return a bound of the longest line: exact for lines longer than a piece."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    longest, length, n_lines, n_bytes, at = _PIECE_BYTES, 0, 0, 0, 0
    with gzip.GzipFile(fileobj=raw) if is_gzip else raw as text:
        while piece := text.read(_PIECE_BYTES):
            if not n_bytes and piece.startswith(codecs.BOM_UTF8):
                raise IngestError(
                    f"{path.name} begins with a byte order mark, which JSON does not allow. Save it as UTF-8 without one."
                )
            _require_utf8(path, decoder, piece, n_lines)
            n_bytes += len(piece)
            first, last = piece.find(b"\n"), piece.rfind(b"\n")
            longest = max(longest, length + (len(piece) if first < 0 else first))
            length = length + len(piece) if last < 0 else len(piece) - last - 1
            if longest > LONGEST_LINE_BYTES:
                raise IngestError(
                    f"{path.name}: line {n_lines + 1:,} is longer than {LONGEST_LINE_BYTES // 2**20} MB. NDJSON has one resource a line: "
                    "break the file into lines, and bundles into their resources."
                )
            n_lines += piece.count(b"\n")
            if is_gzip and n_bytes > max(_SWELLING_COUNTS_FROM_BYTES, MOST_SWELLING * raw.tell()):
                raise IngestError(
                    f"{path.name} swells more than {MOST_SWELLING}-fold when it is unpacked, as no export of resources does, and was not "
                    "read any further. Unpack it yourself and look at what is in it."
                )
            advance(raw.tell() - at)
            at = raw.tell()
    _require_utf8(path, decoder, b"", n_lines, final=True)
    return longest


def _require_utf8(
    path: Path, decoder: codecs.IncrementalDecoder, piece: bytes, n_lines: int, *, final: bool = False
) -> None:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        line = n_lines + 1 + piece[: error.start].count(b"\n")
        raise IngestError(
            f"{path.name} is not UTF-8, which FHIR requires, at or near line {line:,}. It may be Latin-1 or Windows-1252: convert it, for "
            "example with iconv -f WINDOWS-1252 -t UTF-8."
        ) from None


def refuse_broken_line(file: NdjsonFile) -> NoReturn:
    """Find the first line that is no JSON and refuse the file for it. For files that the parser has refused already.

    Raises
    ------
    IngestError
        Always; it names file and line.
    """
    number = 0
    with gzip.open(file.path) if file.is_gzip else file.path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):  # noqa: B007
            if not line.strip():
                continue
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                break
        else:
            number = 0
    where = f"line {number:,} is not complete JSON" if number else "a line is not JSON that can be read"
    raise IngestError(
        f"{file.name}: {where}. NDJSON has one whole resource a line; a line that is cut in half means that the export or the copy was "
        "interrupted. Export the file again."
    )

"""Rows of a VCF: what each says of its variant, and everybody's genotypes, a block of rows at a time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from data_catalog.errors import IngestError
from data_catalog.genotypes.genome import SINGLE_COPY, chromosome
from data_catalog.sources.vcf_calls import CallError, CallReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_N_FIXED = 9
_SEQUENCE = re.compile(r"[ACGTNacgtn]+")


@dataclass(frozen=True)
class Row:
    """One row of the file, before its genotypes.

    Parameters
    ----------
    number : int
        Place among the rows, from 1.
    chrom : str
        Chromosome by the catalog's name.
    pos_1based : int
        Position of the first reference base.
    ref, alts : str, tuple of str
        Alleles, in capitals.
    taken : tuple of int
        Which of the alternate alleles are sequences, from 0: the others are not taken.
    id, filter : str or None
        As written; None for a dot.
    info : bytes
        As written.
    source_record : str
        As written: chrom:pos:ref:alts.
    """

    number: int
    chrom: str
    pos_1based: int
    ref: str
    alts: tuple[str, ...]
    taken: tuple[int, ...]
    id: str | None
    filter: str | None
    info: bytes
    source_record: str


@dataclass(frozen=True)
class Block:
    """Rows and genotypes, shape (sum of the alternate alleles that the rows take, n_samples), in the rows' order."""

    rows: list[Row]
    genotypes: NDArray[np.int8]


@dataclass
class RowCounts:
    """What the rows had that is not taken."""

    n_rows: int = 0
    n_without_genotypes: int = 0
    not_sequences: Counter[str] = field(default_factory=Counter)
    other_fields: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Line:
    """A row, where its genotypes are in the block, and whether they have four bytes a person."""

    row: Row
    start: int
    end: int
    is_ordinary: bool


class RowReader:
    """Reads blocks of text; *calls* reads the genotypes.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    n_header_lines : int
        Lines before the first row.
    calls : CallReader
    """

    def __init__(self, name: str, n_header_lines: int, calls: CallReader) -> None:
        self.name = name
        self.n_header_lines = n_header_lines
        self.calls = calls
        self.counts = RowCounts()

    def read(self, texts: Iterable[bytes]) -> Iterator[Block]:
        """Yield rows and genotypes of each block of whole lines.

        Raises
        ------
        IngestError
            If a row is malformed: the message names its number, and no value.
        """
        for text in texts:
            lines = [line for line in self._lines(text) if line is not None]
            if lines:
                yield Block([line.row for line in lines], self._genotypes(text, lines))

    def _lines(self, text: bytes) -> Iterator[_Line | None]:
        start = 0
        for end_of_line in np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")).tolist():
            end = end_of_line - 1 if text[end_of_line - 1 : end_of_line] == b"\r" else end_of_line
            if end > start:
                self.counts.n_rows += 1
                yield self._line(text, start, end)
            start = end_of_line + 1

    def _line(self, text: bytes, start: int, end: int) -> _Line | None:
        """One row without its genotypes; None if nothing of it is taken."""
        number, tab = self.counts.n_rows, start - 1
        for _ in range(_N_FIXED):
            tab = text.find(b"\t", tab + 1, end)
            if tab < 0:
                n_columns = text.count(b"\t", start, end) + 1
                self._refuse(number, f"it has {n_columns} columns, and even a row of one person has {_N_FIXED + 1}")
        fixed = text[start:tab].decode("utf-8", "replace").split("\t")
        row = self._row(number, fixed)
        if fixed[8] != "GT" and not fixed[8].startswith("GT:"):
            self.counts.n_without_genotypes += 1
            return None
        self.counts.other_fields.update(fixed[8].split(":")[1:])
        if not row.taken:
            return None
        return _Line(row, tab, end, end - tab == 4 * self.calls.n_samples)

    def _row(self, number: int, fixed: list[str]) -> Row:
        chrom, pos, id_, ref, alt, _, filter_, info, _ = fixed
        if not pos.isdecimal():
            self._refuse(number, "its position (POS) is not a whole number")
        if not chrom or not _SEQUENCE.fullmatch(ref):
            self._refuse(
                number, "its chromosome (CHROM) is empty or its reference allele (REF) is not made of A, C, G, T, N"
            )
        alts = alt.split(",")
        kinds = [_kind(one) for one in alts]
        self.counts.not_sequences.update(kind for kind in kinds if kind)
        return Row(
            number=number,
            chrom=chromosome(chrom),
            pos_1based=int(pos),
            ref=ref.upper(),
            alts=tuple(one.upper() if not kind else one for one, kind in zip(alts, kinds, strict=True)),
            taken=tuple(place for place, kind in enumerate(kinds) if not kind),
            id=_said(id_),
            filter=_said(filter_),
            info=info.encode(),
            source_record=f"{chrom}:{pos}:{ref}:{alt}",
        )

    def _genotypes(self, text: bytes, lines: list[_Line]) -> NDArray[np.int8]:
        n_taken = np.array([len(line.row.taken) for line in lines])
        first = np.concatenate([[0], np.cumsum(n_taken)])
        genotypes = np.empty((first[-1], self.calls.n_samples), dtype=np.int8)
        view = memoryview(text)
        by_alts: dict[int, list[int]] = {}
        others: list[int] = []
        for place, line in enumerate(lines):
            if line.is_ordinary:
                by_alts.setdefault(len(line.row.alts), []).append(place)
            else:
                others.append(place)
        for n_alts, places in by_alts.items():
            read, unreadable = self.calls.ordinary([view[lines[p].start : lines[p].end] for p in places], n_alts)
            if n_alts == 1:
                genotypes[first[places]] = read[0]
            else:
                for at, place in enumerate(places):
                    genotypes[first[place] : first[place + 1]] = read[list(lines[place].row.taken), at]
            others += [place for place, is_odd in zip(places, unreadable.tolist(), strict=True) if is_odd]
        for place in sorted(others):
            line = lines[place]
            genotypes[first[place] : first[place + 1]] = self._any_row(text, line)[list(line.row.taken)]
        return genotypes

    def _any_row(self, text: bytes, line: _Line) -> NDArray[np.int8]:
        try:
            return self.calls.any_row(
                text[line.start : line.end], len(line.row.alts), is_single_copy=line.row.chrom in SINGLE_COPY
            )
        except CallError as error:
            self._refuse(line.row.number, str(error))

    def _refuse(self, number: int, fault: str) -> NoReturn:
        raise IngestError(
            f"{self.name}, row {number:,} (line {self.n_header_lines + number:,} of the file): {fault}. "
            "The file was refused. Correct the row, or export the file again."
        )


def _kind(alt: str) -> str | None:
    """What an alternate allele is that is no sequence, or None for a sequence."""
    if _SEQUENCE.fullmatch(alt):
        return None
    if alt == "*":
        return "* (a deletion that another row describes)"
    if alt == ".":
        return ". (no alternate allele)"
    if "[" in alt or "]" in alt:
        return "breakends"
    return (
        f"{alt} (symbolic)"
        if re.fullmatch(r"<[A-Z0-9_:*]{1,20}>", alt)
        else "others that are no sequence of A, C, G, T, N"
    )


def _said(text: str) -> str | None:
    return None if text in (".", "") else text

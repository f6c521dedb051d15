r"""Genotypes from the text of a VCF: all people of a row at once, never one by one.

An ordinary row ends in four bytes a person, ``\t0/1``. Read as one 32-bit number each, they differ from ``\t0/0`` in the two bits
that count alternate alleles; only numbers that differ elsewhere (missing calls, another separator) are looked at again. Rows with
more than GT, or with calls of other lengths, find each person's field by the tabs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from data_catalog.genotypes.layout import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HalfCalls = Literal["missing", "reference", "refuse"]
HALF_CALLS: tuple[HalfCalls, ...] = ("missing", "reference", "refuse")

_TAB, _COLON, _SLASH, _PIPE, _DOT = b"\t:/|."
_TEXT = np.dtype("<u4")


def _word(text: bytes) -> np.uint32:
    return np.frombuffer(text, dtype=_TEXT)[0]


_FRAME = np.uint32(0x00FF00FF)
_FRAMES = {_SLASH: _word(b"\t\0/\0"), _PIPE: _word(b"\t\0|\0")}
# What may differ between 0/0, 0/1, 1/0 and 1/1: the lowest bit of either allele.
_NOT_ALLELE_BITS = np.uint32(0xFEFFFEFF)
_BLOCK_WORDS = 1 << 18
# Codes inside this module, beside 0, 1, 2 and MISSING.
_HALF = 4  # + 1 if the allele that is known is the one that is counted
_INVALID = -128
_ABSENT = -2


class CallError(ValueError):
    """A row whose genotypes cannot be read; the message says why, without a value."""


@dataclass
class CallCounts:
    """What was odd among the calls of a file, and which separator they had."""

    n_half: int = 0
    n_single: int = 0
    n_single_elsewhere: int = 0
    n_polyploid: int = 0
    any_phased: bool = False
    any_unphased: bool = False


class CallReader:
    """Reads genotypes of *n_samples* people, and counts what is odd in ``counts``.

    Parameters
    ----------
    n_samples : int
        People in each row.
    half_calls : str
        What to make of a call of which one allele is missing, such as ``0/.``: ``missing``, ``reference`` (the missing allele is
        the reference one) or ``refuse``.
    """

    def __init__(self, n_samples: int, half_calls: HalfCalls) -> None:
        self.n_samples = n_samples
        self.half_calls = half_calls
        self.counts = CallCounts()

    def ordinary(self, tails: Sequence[memoryview], n_alts: int) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Read rows that have four bytes a person.

        Parameters
        ----------
        tails : sequence of buffers, each of 4 · n_samples bytes
            The ends of the rows, from the tab before the first person.
        n_alts : int
            Alternate alleles of these rows.

        Returns
        -------
        int8 array, shape (n_alts, n_rows, n_samples)
            Alleles counted, for each alternate allele.
        bool array, shape (n_rows,)
            Rows that are not of this form after all: their genotypes mean nothing.
        """
        genotypes = np.empty((n_alts, len(tails), self.n_samples), dtype=np.int8)
        unreadable = np.zeros(len(tails), dtype=bool)
        step = max(1, _BLOCK_WORDS // self.n_samples)
        for first in range(0, len(tails), step):
            words = np.stack([np.frombuffer(tail, dtype=np.uint8) for tail in tails[first : first + step]]).view(_TEXT)
            rows = slice(first, first + len(words))
            if n_alts == 1:
                unreadable[rows] = self._biallelic(words, genotypes[0, rows])
            else:
                unreadable[rows] = self._by_table(words, genotypes[:, rows])
        return genotypes, unreadable

    def any_row(self, row: bytes, n_alts: int, *, is_single_copy: bool) -> NDArray[np.int8]:
        """Read one row of any form, from the tab before the first person; shape (n_alts, n_samples).

        Raises
        ------
        CallError
            If it has not as many columns as there are people, or a call that is none.
        """
        padded = np.frombuffer(row + b"\t\t\t\t", dtype=np.uint8)
        tabs = np.flatnonzero(padded[: len(row)] == _TAB)
        if len(tabs) != self.n_samples:
            raise CallError(f"it has {len(tabs):,} sample columns where the header names {self.n_samples:,}")
        first, second = self._alleles(row, padded, tabs + 1)
        if max(first.max(), second.max()) > n_alts:
            raise CallError("a call names an allele that the row does not list")
        is_single = second == _ABSENT
        is_half = ((first == MISSING) ^ (second == MISSING)) & ~is_single
        is_called = (first >= 0) & (second >= 0)
        genotypes = np.full((n_alts, self.n_samples), MISSING, dtype=np.int8)
        for place in range(n_alts):
            alleles = (first == place + 1) * 1 + (second == place + 1)
            genotypes[place][is_called] = alleles[is_called]
            genotypes[place][is_half] = _HALF + alleles[is_half]
            if is_single_copy:
                genotypes[place][is_single & (first >= 0)] = 2 * alleles[is_single & (first >= 0)]
        n_single = int((is_single & (first >= 0)).sum())
        if is_single_copy:
            self.counts.n_single += n_single
        else:
            self.counts.n_single_elsewhere += n_single
        self._settle_half_calls(genotypes)
        return genotypes

    def _biallelic(self, words: NDArray[np.uint32], genotypes: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Fill *genotypes*; return which rows could not be read."""
        separator = _PIPE if (words[0, :8] & _FRAME == _FRAMES[_PIPE]).any() else _SLASH
        differing = words ^ _word(b"\t0" + bytes([separator]) + b"0")
        np.copyto(genotypes, ((differing >> 8) + (differing >> 24)).astype(np.uint8).view(np.int8))
        # flatnonzero of truth values is ten times faster than nonzero of numbers.
        places = np.flatnonzero((differing & _NOT_ALLELE_BITS) != 0)
        row, column = np.divmod(places, self.n_samples)
        odd = words[row, column]
        codes = _table(1, 1)[_keys(odd)]
        codes[~_has_frame(odd)] = _INVALID
        genotypes[row, column] = codes
        unreadable = np.zeros(len(words), dtype=bool)
        unreadable[row[codes == _INVALID]] = True
        if len(row) < words.size:
            self._note_separator(separator)
        self._note_separators(odd[codes >= 0])
        self._settle_half_calls(genotypes[None], unreadable)
        return unreadable

    def _by_table(self, words: NDArray[np.uint32], genotypes: NDArray[np.int8]) -> NDArray[np.bool_]:
        keys, n_alts = _keys(words), len(genotypes)
        for place in range(n_alts):
            genotypes[place] = _table(place + 1, n_alts)[keys]
        unreadable = ~_has_frame(words).all(axis=1) | (genotypes[0] == _INVALID).any(axis=1)
        self._note_separators(words[(genotypes[0] >= 0) & ~unreadable[:, None]])
        self._settle_half_calls(genotypes, unreadable)
        return unreadable

    def _alleles(
        self, row: bytes, text: NDArray[np.uint8], starts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """First and second allele of everybody: ``MISSING`` where there is a dot, ``_ABSENT`` where there is no second one."""
        one, two, three, four = (text[starts + offset] for offset in range(4))
        is_pair = ((two == _SLASH) | (two == _PIPE)) & _is_end(four)
        is_single = _is_end(two)
        first = _ALLELE[one]
        second = np.where(is_pair, _ALLELE[three], np.int16(_ABSENT))
        # A single dot is a missing call, of one copy or two.
        second[is_single & (first == MISSING)] = MISSING
        for place in np.flatnonzero(~(is_pair | is_single) | (first == _INVALID) | (second == _INVALID)).tolist():
            first[place], second[place] = self._spelled_out(row, int(starts[place]))
        called = is_pair & (first >= 0) & (second >= 0)
        self.counts.any_phased |= bool((two[called] == _PIPE).any())
        self.counts.any_unphased |= bool((two[called] == _SLASH).any())
        return first, second

    def _spelled_out(self, row: bytes, start: int) -> tuple[int, int]:
        """One person's call, where it is not one or two alleles of one digit."""
        call = re.match(rb"[^:\t]*", row[start:])
        alleles = re.split(rb"[/|]", call.group() if call else b"")
        if not all(allele == b"." or allele.isdigit() for allele in alleles):
            raise CallError("a call is not made of numbers of alleles and dots")
        numbers = [MISSING if allele == b"." else int(allele) for allele in alleles]
        if len(numbers) > 2:
            self.counts.n_polyploid += any(number >= 0 for number in numbers)
            return MISSING, MISSING
        return numbers[0], numbers[1] if len(numbers) == 2 else _ABSENT

    def _settle_half_calls(self, genotypes: NDArray[np.int8], unreadable: NDArray[np.bool_] | None = None) -> None:
        """Put what the policy says where one allele is missing. *genotypes* has alternate alleles as its first axis."""
        if genotypes.max(initial=0) < _HALF:
            return
        half = genotypes >= _HALF
        if self.half_calls == "refuse":
            if unreadable is None:
                raise CallError("a call has one allele missing")
            unreadable |= half[0].any(axis=1)  # read again one by one, where the row's number is known
        counted = half[0] if unreadable is None else half[0][~unreadable]
        self.counts.n_half += int(counted.sum())
        if self.half_calls == "reference":
            genotypes[half] -= _HALF
        else:
            genotypes[half] = MISSING

    def _note_separators(self, words: NDArray[np.uint32]) -> None:
        for separator, frame in _FRAMES.items():
            if (words & _FRAME == frame).any():
                self._note_separator(separator)

    def _note_separator(self, separator: int) -> None:
        if separator == _PIPE:
            self.counts.any_phased = True
        else:
            self.counts.any_unphased = True


def _is_end(text: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (text == _TAB) | (text == _COLON)


def _has_frame(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    frame = words & _FRAME
    return (frame == _FRAMES[_SLASH]) | (frame == _FRAMES[_PIPE])


def _keys(words: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """The characters of the two alleles as one number."""
    return ((words >> 8) & 0xFF | (words >> 16) & 0xFF00).astype(np.uint16)


def _alleles_by_character() -> NDArray[np.int16]:
    table = np.full(256, _INVALID, dtype=np.int16)
    table[np.frombuffer(b"0123456789", dtype=np.uint8)] = np.arange(10)
    table[_DOT] = MISSING
    return table


_ALLELE = _alleles_by_character()


@cache
def _table(counted: int, n_alts: int) -> NDArray[np.int8]:
    """For each pair of characters, how often the allele *counted* is among them."""
    first, second = _ALLELE[None, :], _ALLELE[:, None]
    alleles = (first == counted) * 1 + (second == counted)
    codes = np.where((first >= 0) & (second >= 0), alleles, MISSING)
    codes = np.where((first == MISSING) ^ (second == MISSING), _HALF + alleles, codes)
    invalid = (first == _INVALID) | (second == _INVALID) | (first > n_alts) | (second > n_alts)
    return np.where(invalid, _INVALID, codes).astype(np.int8).ravel()

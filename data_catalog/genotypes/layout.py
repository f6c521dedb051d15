"""How genotypes are held: positions of carriers for rare variants, two bits a person for common ones.

A genotype is the number of alternate alleles, 0, 1 or 2, or ``MISSING``. A variant where few people differ from 0 is *sparse*: it
lists the positions of people with one allele (``het``), two (``hom``) and no call (``miss``). Any other is *dense*: ``gt2`` has two
bits a person, the first person in the lowest bits of the first byte; 3 stands for no call and bits beyond the last person are 0.
Neither form loses anything.

A position may have no person any more, because consent was withdrawn: :mod:`data_catalog.genotypes.forget` says how it is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING = -1
# Sparse up to one in 32 people: a position takes 4 bytes, so the lists then take at most half of what two bits a person would.
# Measured on 10,000 people and 100,000 variants: smaller than .pgen, and questions about carriers need no decoding.
PEOPLE_PER_POSITION = 32
_NO_CALL = 3
_LISTS = {"het": 1, "hom": 2, "miss": _NO_CALL}
_LOW_BITS = np.uint64(0x5555555555555555)

LAYOUT_COLUMNS = ("het", "hom", "miss", "gt2")
COUNT_COLUMNS = ("ac", "an", "af", "n_hom_alt", "n_missing", "alt_is_major")


def encode_genotypes(genotypes: NDArray[np.int8]) -> pa.Table:
    """Bring genotypes into the layout, with their counts.

    Parameters
    ----------
    genotypes : int8 array, shape (n_variants, n_samples)
        Alternate alleles: 0, 1, 2, or -1 for no call.

    Returns
    -------
    Arrow table, one row a variant
        ``het``, ``hom``, ``miss`` (lists of int32, ascending), ``gt2`` (bytes); the lists or the bytes are null. ``ac``, ``an``
        (alleles), ``af`` (null if nothing was called), ``n_hom_alt``, ``n_missing`` (people), ``alt_is_major``.

    Raises
    ------
    ValueError
        If a genotype is none of the four.
    """
    n_samples = genotypes.shape[1]
    if genotypes.size and (genotypes.min() < MISSING or genotypes.max() > 2):
        raise ValueError("A genotype is 0, 1 or 2 alternate alleles, or -1 for no call.")
    packed = _pack(genotypes)
    counts = count_codes(packed)
    is_sparse = sum(counts) * PEOPLE_PER_POSITION <= n_samples
    n_het, n_hom, n_missing = counts
    return pa.table(
        {
            **_lists(packed, is_sparse),
            "gt2": blob_array(packed[~is_sparse, : -(-n_samples // 4)], ~is_sparse),
            **allele_counts(n_het, n_hom, n_missing, n_people=n_samples),
        }
    )


def decode_genotypes(rows: pa.Table, n_samples: int) -> NDArray[np.int8]:
    """Return the genotypes of rows with the four columns of the layout, shape (n_rows, n_samples)."""
    genotypes = np.zeros((rows.num_rows, n_samples), dtype=np.int8)
    is_dense, packed = blob_matrix(rows["gt2"], n_samples)
    genotypes[is_dense] = _UNPACKED[packed].view(np.int8).reshape(len(packed), 4 * packed.shape[1])[:, :n_samples]
    for name, code in _LISTS.items():
        row, position = list_positions(rows[name])
        genotypes[row, position] = MISSING if code == _NO_CALL else code
    return genotypes


def count_codes(packed: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count ones, twos and threes in each row of two-bit codes; the row's length is a multiple of eight bytes."""
    words = packed.view(np.uint64)
    low, high = words & _LOW_BITS, (words >> np.uint64(1)) & _LOW_BITS
    n_low, n_high, n_both = (np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in (low, high, low & high))
    return n_low - n_both, n_high - n_both, n_both


def allele_counts(
    n_het: NDArray[np.int64], n_hom: NDArray[np.int64], n_missing: NDArray[np.int64], *, n_people: int
) -> dict[str, pa.Array]:
    """Return the count columns of ``genomics.variant`` from counts of people."""
    alternate = n_het + 2 * n_hom
    called = 2 * (n_people - n_missing)
    frequency = alternate / np.maximum(called, 1)
    return {
        "ac": pa.array(alternate, pa.int32()),
        "an": pa.array(called, pa.int32()),
        "af": pa.array(frequency, pa.float64(), mask=called == 0),
        "n_hom_alt": pa.array(n_hom, pa.int32()),
        "n_missing": pa.array(n_missing, pa.int32()),
        "alt_is_major": pa.array(2 * alternate > called),
    }


def list_array(values: NDArray[np.int32], counts: NDArray[np.int64], is_held: NDArray[np.bool_]) -> pa.ListArray:
    """Return lists of the given lengths over *values*; null where the row is not held as lists."""
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, pa.int32()), mask=pa.array(~is_held))


def list_positions(lists: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return row and value of everything in a column of lists, row by row."""
    column = lists.combine_chunks()
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(column)), lengths), column.flatten().to_numpy(zero_copy_only=False)


def blob_array(packed: NDArray[np.uint8], is_held: NDArray[np.bool_]) -> pa.Array:
    """Return a column of bytes with the rows of *packed*, in order, where *is_held*; null elsewhere."""
    offsets = np.concatenate([[0], np.cumsum(is_held * packed.shape[1])]).astype(np.int32)
    validity = pa.array(is_held).buffers()[1]
    data = pa.py_buffer(np.ascontiguousarray(packed))
    return pa.Array.from_buffers(pa.binary(), len(is_held), [validity, pa.py_buffer(offsets), data])


def blob_matrix(blobs: pa.ChunkedArray, n_samples: int) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Return which rows hold bytes, and those bytes as a matrix of ``ceil(n_samples / 4)`` columns."""
    width = -(-n_samples // 4)
    column = blobs.combine_chunks()
    held = column.drop_null().cast(pa.binary())
    is_held = column.is_valid().to_numpy(zero_copy_only=False)
    if not len(held):
        return is_held, np.zeros((0, width), dtype=np.uint8)
    offsets = np.frombuffer(held.buffers()[1], dtype=np.int32)[held.offset : held.offset + len(held) + 1]
    if (np.diff(offsets) != width).any():
        raise ValueError(f"A row of genotypes has not the {width} bytes that {n_samples} people take.")
    data = np.frombuffer(held.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    return is_held, data.reshape(len(held), width)


def _pack(genotypes: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Two bits a person, rows padded with zeros to a multiple of eight bytes."""
    n_variants, n_samples = genotypes.shape
    codes = np.zeros((n_variants, -(-n_samples // 32) * 32), dtype=np.uint8)
    np.bitwise_and(genotypes.view(np.uint8), _NO_CALL, out=codes[:, :n_samples])  # -1 becomes 3
    four = codes.view("<u4")
    return (four | four >> 6 | four >> 12 | four >> 18).astype(np.uint8)


def _unpacked_bytes() -> NDArray[np.uint32]:
    """For each byte its four genotypes, as the four bytes of one number."""
    codes = np.arange(256)[:, None] >> np.array([0, 2, 4, 6]) & _NO_CALL
    return np.where(codes == _NO_CALL, MISSING, codes).astype(np.int8).view("<u4").ravel()


_UNPACKED = _unpacked_bytes()


def _lists(packed: NDArray[np.uint8], is_sparse: NDArray[np.bool_]) -> dict[str, pa.ListArray]:
    """The three lists, read off the few bytes that are not 0."""
    number_of = np.flatnonzero(is_sparse)
    row, byte = np.nonzero(packed[is_sparse])
    codes = packed[number_of[row], byte][:, None] >> np.array([0, 2, 4, 6], dtype=np.uint8) & _NO_CALL
    positions = byte[:, None] * 4 + np.arange(4)
    rows = np.broadcast_to(number_of[row][:, None], codes.shape)
    lists = {}
    for name, code in _LISTS.items():
        found = codes == code
        counts = np.bincount(rows[found], minlength=len(is_sparse))
        lists[name] = list_array(positions[found].astype(np.int32), counts, is_sparse)
    return lists

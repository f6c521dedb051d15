"""The layout of genotypes, for any genotypes: exact integers in, exact integers out, and counts that are those of the matrix."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data_catalog.genotypes.layout import LAYOUT_COLUMNS, PEOPLE_PER_POSITION, decode_genotypes, encode_genotypes

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 140))
# Mostly zeros, as in a genome, so that both forms come up.
CALLS = st.one_of(st.integers(-1, 2), st.just(0), st.just(0))
MATRICES = SHAPES.flatmap(
    lambda shape: st.one_of(
        arrays(np.int8, shape, elements=st.integers(-1, 2)), arrays(np.int8, shape, elements=CALLS, fill=st.just(0))
    )
)


@given(MATRICES)
@settings(max_examples=200, deadline=None)
def test_what_goes_in_comes_out(genotypes):
    rows = encode_genotypes(genotypes)
    assert np.array_equal(decode_genotypes(rows, genotypes.shape[1]), genotypes)


@given(MATRICES, st.data())
@settings(max_examples=50, deadline=None)
def test_any_rows_of_it_can_be_read_alone(genotypes, data):
    first = data.draw(st.integers(0, len(genotypes) - 1))
    n = data.draw(st.integers(0, len(genotypes) - first))
    rows = encode_genotypes(genotypes).slice(first, n)
    assert np.array_equal(decode_genotypes(rows, genotypes.shape[1]), genotypes[first : first + n])


@given(MATRICES)
@settings(max_examples=200, deadline=None)
def test_counts_are_those_of_the_matrix(genotypes):
    rows = encode_genotypes(genotypes).to_pylist()
    for row, calls in zip(rows, genotypes.tolist(), strict=True):
        called = [call for call in calls if call >= 0]
        assert row["ac"] == sum(called)
        assert row["an"] == 2 * len(called)
        assert row["af"] == (sum(called) / (2 * len(called)) if called else None)
        assert row["n_hom_alt"] == calls.count(2)
        assert row["n_missing"] == calls.count(-1)
        assert row["alt_is_major"] == (sum(called) > len(called))


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_a_variant_is_held_as_positions_or_as_bits_by_how_many_differ_from_none(genotypes):
    n_samples = genotypes.shape[1]
    for row, calls in zip(encode_genotypes(genotypes).to_pylist(), genotypes.tolist(), strict=True):
        n_other = n_samples - calls.count(0)
        if n_other * PEOPLE_PER_POSITION <= n_samples:
            assert row["gt2"] is None
            for name, call in (("het", 1), ("hom", 2), ("miss", -1)):
                assert row[name] == [place for place, found in enumerate(calls) if found == call]
        else:
            assert (row["het"], row["hom"], row["miss"]) == (None, None, None)
            assert len(row["gt2"]) == -(-n_samples // 4)


def test_the_first_person_stands_in_the_lowest_bits_of_the_first_byte():
    (row,) = encode_genotypes(np.array([[1, 2, -1, 0, 2]], dtype=np.int8)).to_pylist()
    assert row["gt2"] == bytes([0b00_11_10_01, 0b10])


@pytest.mark.parametrize("call", [3, -2, 127])
def test_what_is_no_genotype_is_refused(call):
    with pytest.raises(ValueError, match="0, 1 or 2 alternate alleles, or -1 for no call"):
        encode_genotypes(np.array([[0, call]], dtype=np.int8))


def test_bytes_of_another_number_of_people_are_refused():
    rows = encode_genotypes(np.ones((1, 9), dtype=np.int8))
    with pytest.raises(ValueError, match="has not the 2 bytes that 8 people take"):
        decode_genotypes(rows.select(LAYOUT_COLUMNS), 8)


def test_nothing_is_nothing():
    rows = encode_genotypes(np.zeros((0, 5), dtype=np.int8))
    assert isinstance(rows, pa.Table)
    assert decode_genotypes(rows, 5).shape == (0, 5)

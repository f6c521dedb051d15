"""A hidden value is a type of its own: hidden in arithmetic, without order, and no number."""

from __future__ import annotations

import json
import operator

import numpy as np
import pytest

from data_catalog.errors import UnknownNameError
from workbench.disclosure import SUPPRESSION_REASONS, Suppressed

SMALL = Suppressed("small_count", 10)


@pytest.mark.parametrize(
    "operate", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod]
)
@pytest.mark.parametrize("other", [3, 2.5, Suppressed("dominance"), np.float64(2.0), np.int64(4)])
def test_arithmetic_with_a_hidden_value_is_hidden(operate, other):
    assert operate(SMALL, other) == Suppressed("small_count")
    assert isinstance(operate(other, SMALL), Suppressed)


def test_a_sum_over_a_column_with_a_hidden_cell_is_hidden():
    assert sum([20, SMALL, 30]) == Suppressed("small_count")
    assert -SMALL == abs(SMALL) == round(SMALL, 2) == Suppressed("small_count")


def test_what_is_worked_out_from_a_small_count_is_no_longer_said_to_be_below_ten():
    assert str(SMALL) == "<10"
    assert str(SMALL + 100) == "suppressed"


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_a_hidden_value_has_no_order(compare):
    with pytest.raises(TypeError, match=r"cannot be compared \(too few people, or none\); test isinstance"):
        compare(SMALL, 5)
    with pytest.raises(TypeError, match="cannot be compared"):
        compare(5, SMALL)


@pytest.mark.parametrize("convert", [bool, int, float, complex, operator.index])
def test_a_hidden_value_is_no_number_and_has_no_truth_value(convert):
    with pytest.raises(TypeError, match="is not a number"):
        convert(SMALL)


def test_a_sentence_prints_the_word_whatever_number_format_it_asks_for():
    assert f"{SMALL:.1f} %" == "<10 %"
    assert f"{Suppressed('dominance'):,}" == "suppressed"


def test_the_repr_names_the_reason_and_rebuilds_the_value():
    assert repr(SMALL) == "Suppressed('small_count', below=10)"
    assert eval(repr(SMALL)) == SMALL


def test_hidden_values_are_equal_by_reason_and_can_be_keys():
    assert Suppressed("small_count", 10) == SMALL
    assert Suppressed("small_count") != SMALL
    assert SMALL != 10
    assert len({SMALL, Suppressed("small_count", 10), Suppressed("dominance")}) == 2


def test_the_json_form_is_read_back():
    for value in (SMALL, Suppressed("secondary")):
        assert Suppressed.from_dict(json.loads(json.dumps(value.to_dict()))) == value


def test_a_reason_is_one_of_a_closed_list():
    with pytest.raises(UnknownNameError, match="Did you mean 'small_count'"):
        Suppressed("smal_count")


def test_no_reason_tells_a_single_number():
    # "zero" or "everybody" as a reason would be the number that is hidden.
    assert not {"zero", "all", "everybody", "nobody"} & set(SUPPRESSION_REASONS)
    assert "none" in SUPPRESSION_REASONS["small_count"]
    assert "nearly all" in SUPPRESSION_REASONS["group_attribute"]

"""The rules on numbers that can be checked by hand (k = 10, base 5 unless said otherwise)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.disclosure import Policy, Suppressed, rules

POLICY = Policy.load()
STRICT = Policy.load(preset="strict")
SMALL = Suppressed("small_count", 10)


@pytest.mark.parametrize(("n", "shown"), [(10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1234, 1235)])
def test_counts_are_rounded_to_five(n, shown):
    assert rules.count(n, POLICY) == shown


@pytest.mark.parametrize("n", range(10))
def test_counts_below_ten_are_hidden_zero_included_and_look_alike(n):
    assert rules.count(n, POLICY) == SMALL


def test_zero_is_shown_only_where_the_policy_holds_it_for_harmless():
    assert rules.count(0, replace(POLICY, zeros_are_disclosive=False)) == 0
    assert rules.count(1, replace(POLICY, zeros_are_disclosive=False)) == SMALL


def test_rounding_never_makes_a_shown_count_look_small():
    assert [rules.rounded(n, STRICT) for n in (21, 22, 23, 27, 28)] == [25, 25, 25, 25, 30]


@pytest.mark.parametrize("policy", [POLICY, STRICT, Policy.load(preset="minimal"), POLICY.tightened(rounding_base=10)])
def test_a_reader_can_conclude_exactly_the_counts_that_round_to_what_is_shown(policy):
    for n in range(policy.k, 200):
        low, high = rules.possible(rules.rounded(n, policy), policy)
        same = [other for other in range(policy.k, 300) if rules.rounded(other, policy) == rules.rounded(n, policy)]
        assert (low, high) == (min(same), max(same))


def test_a_part_and_what_is_left_of_the_whole_are_both_protected():
    assert rules.part(50, 100, POLICY) == 50
    assert rules.part(9, 100, POLICY) == SMALL
    assert rules.part(91, 100, POLICY) == Suppressed("group_attribute")  # 9 are left
    assert rules.part(90, 100, POLICY) == 90  # 10 are left


def test_a_full_group_is_an_attribute_of_the_group():
    assert rules.part(100, 100, POLICY) == Suppressed("group_attribute")


def test_a_total_is_the_sum_of_what_is_shown():
    assert rules.total([345, 155]) == 500
    assert isinstance(rules.total([345, SMALL]), Suppressed)


def magnitude(values: list[float]) -> Suppressed | None:
    ordered = sorted(values, reverse=True)
    return rules.magnitude(
        n=len(values),
        absolute_total=sum(values),
        largest=ordered[0],
        second_largest=ordered[1],
        policy=POLICY,
    )


def test_a_mean_of_even_values_is_shown():
    assert magnitude([70.0] * 10) is None


def test_a_mean_of_nine_people_is_hidden():
    assert magnitude([70.0] * 9) == Suppressed("too_few_people")


def test_two_people_who_make_up_more_than_ninety_percent_are_protected():
    # 8 others with 1 each: (60 + 13) / 81 = 0.901; (58 + 13) / 79 = 0.899.
    assert magnitude([60.0, 13.0, *[1.0] * 8]) == Suppressed("dominance")
    assert magnitude([58.0, 13.0, *[1.0] * 8]) is None


def test_the_second_largest_cannot_estimate_the_largest_to_within_ten_percent():
    # A share of 0.9 holds: (50 + 39.5) / 100 = 0.895; what is left is 10.5 ≥ 5. With a looser share only p % is left.
    loose = replace(POLICY, dominance_share=1.0)
    assert rules.magnitude(n=20, absolute_total=104.9, largest=50, second_largest=50, policy=loose) == Suppressed(
        "p_percent"
    )
    assert rules.magnitude(n=20, absolute_total=105.0, largest=50, second_largest=50, policy=loose) is None


def test_levels_that_are_all_large_are_all_shown():
    assert rules.hidden_levels([100, 50, 25], 10, POLICY) == frozenset()


def test_a_small_level_takes_its_neighbour_with_it():
    # Alone, 4 would follow from the group's size less the others.
    assert rules.hidden_levels([100, 50, 25, 4], 20, POLICY) == {2, 3}
    assert rules.hidden_levels([4, 50, 25, 100], 20, POLICY) == {0, 1}


def test_hidden_levels_stand_for_twice_k_people_together():
    assert rules.hidden_levels([100, 12, 4], 20, POLICY) == {0, 1, 2}  # 12 + 4 = 16 < 20
    assert rules.hidden_levels([100, 16, 4], 20, POLICY) == {1, 2}


def test_two_small_levels_take_a_large_one_with_them():
    # Without it both would be known to be small; as they are 11 together, each would be known to be 2 or more.
    assert rules.hidden_levels([6, 50, 5, 70], 20, POLICY) == {0, 2, 3}


def test_of_two_levels_both_are_hidden_or_none():
    assert rules.hidden_levels([91, 9], 20, POLICY) == {0, 1}
    assert rules.hidden_levels([90, 10], 20, POLICY) == frozenset()


def test_a_level_that_is_nearly_everybody_is_hidden_with_the_rest():
    assert rules.hidden_levels([95, 3, 2], 20, POLICY) == {0, 1, 2}


def test_levels_are_hidden_where_they_would_prove_that_a_few_values_are_missing():
    # 52 + 52 + 52 + 9 = 165, shown as 50 + 50 + 50 of 165. At most 3 × 52 = 156 have a value and
    # at least 163 are in the group, so 7 or more would be known to be missing.
    assert rules.hidden_levels([52, 52, 52], 9, POLICY) == {1, 2}
    # 50 + 50 + 50 of 150: it may be that none is missing.
    assert rules.hidden_levels([50, 50, 50], 0, POLICY) == frozenset()


def test_counts_side_by_side_differ_by_ten_or_more():
    assert rules.spaced([100, 95, 60, 55], POLICY) == (0, 3)
    assert rules.spaced([100, 90, 80], POLICY) == (0, 1, 2)
    assert rules.spaced([100, 91, 82, 40], POLICY) == (0, 2, 3)


def test_the_last_count_is_kept_rather_than_the_first():
    assert rules.spaced([100, 95], POLICY) == (1,)
    assert rules.spaced([100, 100, 100], POLICY) == (2,)


def test_small_counts_are_never_among_the_shown():
    assert rules.spaced([100, 50, 9, 0], POLICY) == (0, 1)
    assert rules.spaced([9, 5, 2], POLICY) == ()


def test_counts_whose_rounded_difference_would_look_small_are_not_both_shown():
    # 21 apart, but 131 and 110 are printed as 130 and 110: 20 is below 21.
    assert rules.spaced([131, 110], STRICT) == (1,)
    assert rules.spaced([133, 110], STRICT) == (0, 1)


def test_two_series_are_shown_together_where_both_are_apart():
    assert rules.spaced_together([0, 12, 25, 40], [0, 20, 22, 50], POLICY) == (1, 3)


@pytest.mark.parametrize(
    ("n", "n_events", "n_terms", "code"),
    [
        (500, 200, 20, None),
        (500, 199, 20, "too_many_parameters"),  # ten events for each coefficient
        (30, 30, 3, None),
        (9, 9, 1, "cohort_too_small"),
        (100, 9, 1, "cell_too_small"),
        (100, 10, 1, None),
    ],
)
def test_a_regression_needs_people_and_events(n, n_events, n_terms, code):
    assert rules.regression(n=n, n_events=n_events, n_terms=n_terms, policy=POLICY) == code


def test_coefficients_are_at_most_a_third_of_the_people_and_leave_ten_of_them():
    few = replace(POLICY, events_per_parameter=1)
    assert rules.regression(n=100, n_events=100, n_terms=33, policy=few) is None
    assert rules.regression(n=100, n_events=100, n_terms=34, policy=few) == "too_many_parameters"
    free = replace(few, parameters_per_person=1.0)
    assert rules.regression(n=30, n_events=30, n_terms=20, policy=free) is None
    assert rules.regression(n=30, n_events=30, n_terms=21, policy=free) == "too_many_parameters"

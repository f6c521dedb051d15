"""The rules of the gate as pure functions of counts and a policy. Nothing here knows a table or a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.disclosure.policy import Policy


def is_small(n: int, policy: Policy) -> bool:
    """Return whether so few people must not be told: fewer than k, nobody included where zeros are disclosive."""
    return n < policy.k and (n > 0 or policy.zeros_are_disclosive)


def rounded(n: int, policy: Policy) -> int:
    """Return *n* rounded to the nearest multiple of the base, halves up.

    A count of k or more never becomes less than k: with k = 21 and base 5, 21 and 22 become 25.
    """
    base = policy.rounding_base
    nearest = (n + base // 2) // base * base
    smallest = -(-policy.k // base) * base
    return smallest if policy.k <= n < smallest else nearest


def possible(shown: int, policy: Policy) -> tuple[int, int]:
    """Return the least and the largest count that :func:`rounded` turns into *shown*: what a reader can conclude."""
    base = policy.rounding_base
    smallest = -(-policy.k // base) * base
    low = policy.k if shown == smallest else shown - base // 2
    return low, shown + (base - 1) // 2


def count(n: int, policy: Policy) -> int | Suppressed:
    """Return a count of people as it may be shown: rounded, or suppressed if small."""
    return Suppressed("small_count", policy.k) if is_small(n, policy) else rounded(n, policy)


def missing(n: int | None, policy: Policy) -> int | Suppressed:
    """Return the people left out as they may be shown; None is what a site keeps to itself: fewer than k of its own."""
    return Suppressed("differencing") if n is None else count(n, policy)


def part(n: int, total: int, policy: Policy) -> int | Suppressed:
    """Return a part of a whole as it may be shown: neither the part nor what is left of the whole may be small.

    The whole group, and nearly the whole group, are ``group_attribute``: knowing that somebody belongs to the group
    would then tell their value.
    """
    if not is_small(n, policy) and is_small(total - n, policy):
        return Suppressed("group_attribute")
    return count(n, policy)


def total(counts: Sequence[int | Suppressed]) -> int | Suppressed:
    """Return the sum of released counts, so that a total tells nothing beyond its parts."""
    result: int | Suppressed = 0
    for each in counts:
        result = result + each
    return result


def magnitude(
    *, n: int, absolute_total: float, largest: float, second_largest: float, policy: Policy
) -> Suppressed | None:
    """Return why a mean or total of these people may not be shown, or None.

    Parameters
    ----------
    n : int
        People with a value.
    absolute_total, largest, second_largest : float
        Sum of the absolute values, and the two largest of them.
    policy : Policy
        Threshold, (2, share) dominance, and the p % rule: whoever holds the second largest value must not be able
        to estimate the largest to within p %.
    """
    if n < policy.k:
        return Suppressed("too_few_people")
    if largest + second_largest > policy.dominance_share * absolute_total:
        return Suppressed("dominance")
    if absolute_total - largest - second_largest < policy.p_percent * largest:
        return Suppressed("p_percent")
    return None


def hidden_levels(counts: Sequence[int], n_missing: int, policy: Policy) -> frozenset[int]:
    """Return which levels of a category are hidden, so that no small count can be had by subtraction.

    A level is hidden if it, or everything but it, is small. One hidden level alone would follow from the group's size,
    so it gets a partner, until the hidden ones stand for k people together. The partner is the nearest level in the
    declared order: choosing the smallest would tell that it is smaller than all that are shown.
    """
    known = sum(counts)
    hidden = {level for level, n in enumerate(counts) if is_small(n, policy) or is_small(known - n, policy)}
    if not hidden and len(counts) > 1 and _missing_follows(counts, n_missing, policy):
        hidden = {len(counts) - 1}
    needs_partner = bool(hidden)
    while len(hidden) < len(counts) and (needs_partner or 0 < sum(counts[level] for level in hidden) < 2 * policy.k):
        hidden.add(_nearest(hidden, len(counts)))
        needs_partner = False
    return frozenset(hidden)


def _nearest(hidden: set[int], n_levels: int) -> int:
    shown = [level for level in range(n_levels) if level not in hidden]
    return min(shown, key=lambda level: (min(abs(level - other) for other in hidden), -level))


def _missing_follows(counts: Sequence[int], n_missing: int, policy: Policy) -> bool:
    """Return whether group size less levels, all as shown, proves that a few people have no value."""
    if not is_small(n_missing, policy):
        return False
    group_low, _ = possible(rounded(sum(counts) + n_missing, policy), policy)
    return group_low - sum(possible(rounded(n, policy), policy)[1] for n in counts) > 0


def spaced(values: Sequence[int], policy: Policy) -> tuple[int, ...]:
    """Return the positions of a rising or falling series of counts that may stand side by side.

    Counts below k are left out. Neighbours among the rest differ by k or more, in truth and as rounded, so that no
    small number of people can be had as a difference. The last is kept first, then the first, then what lies between.
    """
    return spaced_together(values, values, policy)


def spaced_together(one: Sequence[int], other: Sequence[int], policy: Policy) -> tuple[int, ...]:
    """Return the positions at which two series may both be shown; each is spaced as :func:`spaced` says."""
    large = [at for at, pair in enumerate(zip(one, other, strict=True)) if min(pair) >= policy.k]

    def both_apart(first: int, second: int) -> bool:
        return apart(one[first], one[second], policy) and apart(other[first], other[second], policy)

    kept: list[int] = []
    for at in large:
        if not kept or both_apart(kept[-1], at):
            kept.append(at)
    if large and kept[-1] != large[-1]:
        while kept and not both_apart(kept[-1], large[-1]):
            kept.pop()
        kept.append(large[-1])
    return tuple(kept)


def too_near(n: int, policy: Policy) -> Suppressed:
    """Return what stands for a count that :func:`spaced` leaves out."""
    return Suppressed("small_count", policy.k) if n < policy.k else Suppressed("differencing")


def apart(one: int, other: int, policy: Policy) -> bool:
    """Return whether two counts differ by k or more, in truth and as rounded, so that no few people are their difference."""
    shown = abs(rounded(one, policy) - rounded(other, policy))
    return min(shown, abs(one - other)) >= policy.k


def regression(*, n: int, n_events: int, n_terms: int, policy: Policy) -> str | None:
    """Return the refusal code for a regression of this size, or None.

    Events must be k and ten for each coefficient, coefficients at most a third of the people, and the people left
    after the coefficients at least ten.
    """
    if n < policy.k:
        return "cohort_too_small"
    if n_events < policy.k:
        return "cell_too_small"
    too_many = (
        n_events < policy.events_per_parameter * n_terms,
        n_terms > policy.parameters_per_person * n,
        n - n_terms < policy.residual_degrees,
    )
    return "too_many_parameters" if any(too_many) else None

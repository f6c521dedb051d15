"""Attacks on the yields beside an attrition: how many of those left have an ECG, images or a genome.

The replayer runs the gate on every small attrition there is and keeps those that give the same release. What remains possible
must never be 1 to k − 1 people: with data, without, or between two counts of which one holds the people of the other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from workbench.disclosure import Gate, Policy, Suppressed, yields
from workbench.disclosure.attrition import release_attrition
from workbench.statistics.results import Attrition, AttritionStep

POLICY = Policy.load()
EVERYBODY = 1_000  # in the catalog: so many that this count is always shown


def attrition(left: tuple[int, ...], **having: tuple[int, ...]) -> Attrition:
    """An attrition that ends with these people left at its steps, and so many of them with data."""
    befores = (EVERYBODY, *left)
    steps = (
        AttritionStep(f"step {n}", befores[n], left[n], n_with=tuple(counts[n] for counts in having.values()))
        for n in range(len(left))
    )
    return Attrition(tuple(steps), tuple(having))


def only_small_ones_hidden(self, part):
    """Look at each yield alone: the protection against differencing switched off."""
    return min(part.having.n, part.lacking.n) >= self._policy.k


def of_one_sort_only(self, other):
    """Compare counts of one sort of data only: what one sort tells of another is not looked at."""
    sorts = [count.all_have | count.none_have for count in (self, other)]
    return not all(sorts) or sorts[0] != sorts[1] or self.all_have != other.all_have


def falling_yields(up_to: int):
    """Every attrition of two steps with fewer than *up_to* people, and every number of them with data."""
    for first in range(up_to):
        for second in range(first + 1):
            for with_first in range(first + 1):
                lost = first - second
                for with_second in range(max(0, with_first - lost), min(with_first, second) + 1):
                    yield (first, second), (with_first, with_second)


def replay(up_to: int, policy: Policy) -> tuple[int, set[str]]:
    """How many quantities an attacker may ask for, and which of them are disclosed somewhere."""
    releases = defaultdict(list)
    for left, with_data in falling_yields(up_to):
        table = release_attrition(attrition(left, waveform=with_data), policy)
        releases[tuple(row[3:] for row in table.rows)].append((*left, *with_data))
    n_asked, disclosed = 0, set()
    for printed, possible in releases.items():
        counts = [cell for row in printed for cell in row if isinstance(cell, int)]
        if max(counts, default=up_to) >= up_to - policy.k - policy.rounding_base:
            continue  # attritions beyond the enumeration could give this release too
        for name, quantity in QUANTITIES.items():
            values = {quantity(*each) for each in possible}
            n_asked += 1
            if min(values) > 0 and max(values) < policy.k:
                disclosed.add(name)
    return n_asked, disclosed


QUANTITIES = {
    "with, first": lambda n0, n1, w0, w1: w0,
    "with, second": lambda n0, n1, w0, w1: w1,
    "without, first": lambda n0, n1, w0, w1: n0 - w0,
    "without, second": lambda n0, n1, w0, w1: n1 - w1,
    "left out with": lambda n0, n1, w0, w1: w0 - w1,
    "left out without": lambda n0, n1, w0, w1: n0 - n1 - w0 + w1,
    # The second step keeps only people with data, or only people without: the few others whom it leaves out.
    "with, not kept by a step for them": lambda n0, n1, w0, w1: w0 - n1,
    "without, not kept by a step for them": lambda n0, n1, w0, w1: n0 - w0 - n1,
}


@pytest.mark.parametrize(("k", "base", "up_to"), [(3, 1, 16), (4, 2, 20), (5, 5, 26)])
def test_nobody_few_is_told_to_one_who_replays_the_gate_on_all_small_attritions(k, base, up_to):
    n_asked, disclosed = replay(up_to, replace(POLICY, k=k, rounding_base=base))
    assert n_asked > 100
    assert disclosed == set()


def test_control_with_each_yield_looked_at_alone_replaying_discloses(monkeypatch):
    monkeypatch.setattr(yields._ShownTogether, "take", only_small_ones_hidden)
    _, disclosed = replay(16, replace(POLICY, k=3, rounding_base=1))
    assert {"left out with", "left out without", "with, not kept by a step for them"} <= disclosed


def replay_two_sorts(up_to: int, policy: Policy) -> set[str]:
    """What is disclosed of two sorts of data at one step, if the definition puts one inside the other, or keeps them apart."""
    releases = defaultdict(list)
    for left in range(up_to):
        for one in range(left + 1):
            for other in range(left + 1):
                table = release_attrition(attrition((left,), waveform=(one,), imaging=(other,)), policy)
                releases[table.rows[0][3:]].append((left, one, other))
    nestings = {
        "images only where there is an ECG": lambda n, ecg, images: ecg - images,
        "an ECG only where there are images": lambda n, ecg, images: images - ecg,
        "never both": lambda n, ecg, images: n - ecg - images,
        "always one of them": lambda n, ecg, images: ecg + images - n,
    }
    disclosed = set()
    for printed, possible in releases.items():
        if not isinstance(printed[0], int) or printed[0] >= up_to - policy.k - policy.rounding_base:
            continue
        for name, difference in nestings.items():
            values = {difference(*each) for each in possible if difference(*each) >= 0}
            if values and min(values) > 0 and max(values) < policy.k:
                disclosed.add(name)
    return disclosed


@pytest.mark.parametrize(("k", "base"), [(3, 1), (4, 2)])
def test_two_sorts_of_data_do_not_tell_the_few_who_have_one_without_the_other(k, base):
    assert replay_two_sorts(22, replace(POLICY, k=k, rounding_base=base)) == set()


def test_control_with_sorts_of_data_not_compared_the_few_are_told(monkeypatch):
    monkeypatch.setattr(yields._Count, "shares_nobody_with", of_one_sort_only)
    assert len(replay_two_sorts(22, replace(POLICY, k=3, rounding_base=1))) == 4


def random_attrition(rng: np.random.Generator) -> Attrition:
    """Six hundred people or so, three sorts of data at random rates, a few criteria that leave out few or many."""
    n = int(rng.integers(60, 700))
    has = rng.random((n, 3)) < rng.choice([0.03, 0.5, 0.9, 0.99], 3)
    left, counts, having = np.ones(n, dtype=bool), [], []
    for _ in range(rng.integers(2, 6)):
        about = has[:, rng.integers(3)] if rng.random() < 0.3 else np.ones(n, dtype=bool)
        left = left & about & (rng.random(n) < rng.choice([0.5, 0.9, 0.97, 0.995]))
        counts.append(int(left.sum()))
        having.append(has[left].sum(axis=0).tolist())
    return attrition(
        tuple(counts), **{name: tuple(row[at] for row in having) for at, name in enumerate(yields.COLUMNS)}
    )


def test_every_count_that_is_shown_and_its_rest_stand_k_apart_from_the_others():
    rng = np.random.default_rng(20_261_124)
    n_shown = 0
    for _ in range(300):
        result = random_attrition(rng)
        table = Gate(POLICY).release(result)
        shown = [
            (("left",), step.n_after)
            for step, cell in zip(result.steps, table.column("n_after"), strict=True)
            if isinstance(cell, int)
        ]
        for at, (name, column) in enumerate(yields.COLUMNS.items()):
            for step, cell, left in zip(result.steps, table.column(column.name), table.column("n_after"), strict=True):
                if isinstance(cell, int):
                    n_shown += 1
                    assert isinstance(left, int)
                    assert cell % POLICY.rounding_base == 0
                    assert abs(cell - step.n_with[at]) <= POLICY.rounding_base // 2
                    shown += [((name, "with"), step.n_with[at]), ((name, "without"), step.n_after - step.n_with[at])]
        for (kind, n), (other_kind, other) in combinations(shown, 2):
            assert n >= POLICY.k
            disjoint = kind[0] == other_kind[0] != "left" and kind != other_kind
            assert disjoint or abs(n - other) >= POLICY.k
    assert n_shown > 300


def test_what_a_step_asks_for_is_shown_with_the_people_left_and_hidden_with_them():
    def steps(n_typed, n_kept):
        return Attrition(
            (
                AttritionStep("allowed", EVERYBODY, 800, n_with=(n_typed,)),
                AttritionStep("genotyped", 800, n_typed, n_with=(n_typed,), all_have=frozenset({"genomic"}), keeps_those_with="genomic"),
                AttritionStep("carriers", n_typed, n_kept, n_with=(n_kept,), all_have=frozenset({"genomic"})),
            ),
            ("genomic",),
        )  # fmt: skip

    table = Gate(POLICY).release(steps(503, 61))
    assert table.column("n_with_genome") == (505, 505, 60)
    few = Gate(POLICY).release(steps(503, 4))
    assert few.column("n_with_genome") == (505, 505, Suppressed("small_count", 10))
    # The step leaves out three of those with a genome: neither that count nor the yield before it is shown.
    near = Gate(POLICY).release(steps(503, 500))
    assert near.column("n_with_genome") == (Suppressed("differencing"), Suppressed("differencing"), 500)
    right = steps(503, 61)
    wrong = replace(right, steps=(*right.steps[:2], replace(right.steps[2], n_with=(60,))))
    with pytest.raises(ValueError, match="'carriers' is declared"):
        Gate(POLICY).release(wrong)

"""Attacks on what the gate releases. Each has a control: with the rule switched off, the same attack succeeds.

Two kinds of attacker are played. The auditor knows what is printed and solves a linear programme for the range of each
hidden count. The replayer knows the rules too: it runs the gate on every small table there is and keeps those that give the
same release. A hidden count is disclosed if all that remain possible are 1 to k − 1, and too narrow if fewer than k are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations, combinations_with_replacement, pairwise, product

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from workbench.disclosure import DisclosureError, Gate, Policy, Suppressed, rules
from workbench.disclosure.life_table import LifeTable
from workbench.statistics.results import (
    Attrition,
    AttritionStep,
    GroupSummary,
    LevelSummary,
    NumberSummary,
    SurvivalCurves,
)

POLICY = Policy.load()
EXACT = replace(POLICY, rounding_base=1)  # the rounding switched off


def only_small_levels(counts, n_missing, policy):
    """Hide what is small and nothing else: the secondary suppression switched off."""
    return frozenset(level for level, n in enumerate(counts) if rules.is_small(n, policy))


def everything(values, policy):
    """Show all counts of k or more side by side: the protection against differencing switched off."""
    return tuple(at for at, n in enumerate(values) if n >= policy.k)


def is_disclosed(low: float, high: float, k: int) -> bool:
    return low > 0 and high < k


# --- Table 1: subtraction from the group's size ------------------------------------------------------------------


def one_variable(counts: tuple[int, ...], n_missing: int) -> GroupSummary:
    levels = tuple(f"level {number}" for number in range(len(counts)))
    variable = LevelSummary("x", "X", levels, tuple((n,) for n in counts), (n_missing,))
    return GroupSummary(None, ("All",), (sum(counts) + n_missing,), (variable,))


def audit_levels(counts: tuple[int, ...], n_missing: int, policy: Policy) -> list[tuple[int, int, int]]:
    """Least, greatest possible and true count of each hidden level, given the printed table."""
    table = Gate(policy).release(one_variable(counts, n_missing))
    cells = [*table.column("All__n")[: len(counts)]]
    missing = table.cell(("x", "missing"), "All__n") if len(table.rows) > len(counts) else Suppressed("small_count")
    size = rules.possible(rules.rounded(sum(counts) + n_missing, policy), policy)
    bounds = [rules.possible(cell, policy) if isinstance(cell, int) else (0, size[1]) for cell in cells]
    bounds.append(rules.possible(missing, policy) if isinstance(missing, int) else (0, policy.k - 1))
    everyone = np.ones((1, len(bounds)))
    limits = {"A_ub": np.vstack([everyone, -everyone]), "b_ub": [size[1], -size[0]], "bounds": bounds}
    found = []
    for level, cell in enumerate(cells):
        if isinstance(cell, Suppressed):
            goal = np.zeros(len(bounds))
            goal[level] = 1.0
            low, high = linprog(goal, **limits), linprog(-goal, **limits)
            found.append((round(low.fun), round(-high.fun), counts[level]))
    return found


def random_tables(n: int) -> list[tuple[tuple[int, ...], int]]:
    rng = np.random.default_rng(20_240_611)
    return [
        (tuple(int(c) for c in rng.choice([0, 3, 8, 12, 25, 60, 140], rng.integers(2, 6))), int(rng.integers(0, 20)))
        for _ in range(n)
    ]


@pytest.mark.parametrize("policy", [POLICY, EXACT], ids=["rounded", "not even rounded"])
def test_no_hidden_level_of_table_one_is_narrowed_by_subtraction(policy):
    n_hidden = 0
    for counts, n_missing in random_tables(60):
        if sum(counts) < policy.k:
            continue
        for low, high, truth in audit_levels(counts, n_missing, policy):
            n_hidden += 1
            assert low <= truth <= high  # the attack is sound
            assert not is_disclosed(low, high, policy.k)
            assert high - low + 1 >= policy.k
    assert n_hidden > 50


def test_control_without_partners_a_small_level_is_recovered_by_subtraction(monkeypatch):
    monkeypatch.setattr(rules, "hidden_levels", only_small_levels)
    # 20 are missing and said to be: 170 less 100, 46 and 20 leaves exactly 4.
    assert audit_levels((100, 46, 4), 20, EXACT) == [(4, 4, 4)]


def replay_levels(n_levels: int, up_to: int, policy: Policy) -> tuple[int, int, int]:
    """Hidden counts, how many of them are disclosed, and how many are too narrow, over all small tables."""
    tables = defaultdict(list)
    for counts in product(range(up_to), repeat=n_levels):
        if sum(counts) < policy.k:
            continue
        for n_missing in range(policy.k + 2):
            hidden = rules.hidden_levels(counts, n_missing, policy)
            shown = tuple(None if at in hidden else rules.rounded(n, policy) for at, n in enumerate(counts))
            size = rules.rounded(sum(counts) + n_missing, policy)
            tables[size, rules.count(n_missing, policy), shown].append((*counts, n_missing))
    n_hidden = n_disclosed = n_narrow = 0
    for (size, missing, shown), possible in tables.items():
        if size >= up_to - policy.rounding_base:
            continue  # tables beyond the enumeration could give this release too
        hidden = [at for at, cell in enumerate(shown) if cell is None]
        for at in [*hidden, *([n_levels] if isinstance(missing, Suppressed) else [])]:
            values = {table[at] for table in possible}
            n_hidden += 1
            n_disclosed += is_disclosed(min(values), max(values), policy.k)
            n_narrow += at < n_levels and len(values) < policy.k
    return n_hidden, n_disclosed, n_narrow


@pytest.mark.parametrize(("k", "base"), [(5, 5), (4, 2), (4, 1)])
def test_no_level_is_disclosed_to_one_who_replays_the_gate_on_all_small_tables(k, base):
    n_hidden, n_disclosed, n_narrow = replay_levels(3, 26, replace(POLICY, k=k, rounding_base=base))
    assert n_hidden > 50
    assert (n_disclosed, n_narrow) == (0, 0)


def test_control_without_partners_replaying_discloses_levels(monkeypatch):
    monkeypatch.setattr(rules, "hidden_levels", only_small_levels)
    assert replay_levels(3, 26, replace(POLICY, k=5, rounding_base=5))[1] > 0


# --- Attrition: differences of neighbouring steps ----------------------------------------------------------------


def attrition(counts: tuple[int, ...]) -> Attrition:
    return Attrition(tuple(AttritionStep(f"step {n}", a, b) for n, (a, b) in enumerate(pairwise(counts))))


def printed_counts(counts: tuple[int, ...], policy: Policy) -> list:
    table = Gate(policy).release(attrition(counts))
    return [table.cell(0, "n_before"), *table.column("n_after")]


def audit_steps(counts: tuple[int, ...], policy: Policy) -> list[tuple[int, int, int]]:
    """Least, greatest possible and true number of people between any two counts, given the printed attrition."""
    top = counts[0] + policy.k
    bounds = []
    for cell in printed_counts(counts, policy):
        if isinstance(cell, int):
            bounds.append(rules.possible(cell, policy))
        else:
            bounds.append((0, policy.k - 1) if cell.reason == "small_count" else (policy.k, top))
    falling = np.eye(len(counts), k=1)[:-1] - np.eye(len(counts))[:-1]
    limits = {"A_ub": falling, "b_ub": np.zeros(len(counts) - 1), "bounds": bounds}
    found = []
    for one, other in combinations(range(len(counts)), 2):
        goal = np.zeros(len(counts))
        goal[one], goal[other] = 1.0, -1.0
        low, high = linprog(goal, **limits), linprog(-goal, **limits)
        found.append((round(low.fun), round(-high.fun), counts[one] - counts[other]))
    return found


def random_attritions(n: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(20_240_612)
    steps = [rng.choice([0, 1, 4, 9, 10, 15, 40, 100], rng.integers(1, 6)) for _ in range(n)]
    return [tuple(int(c) for c in np.cumsum([rng.integers(0, 60), *step])[::-1]) for step in steps]


@pytest.mark.parametrize("policy", [POLICY, EXACT], ids=["rounded", "not even rounded"])
def test_no_few_people_between_two_steps_are_told(policy):
    for counts in random_attritions(60):
        for low, high, truth in audit_steps(counts, policy):
            assert low <= truth <= high
            assert not is_disclosed(low, high, policy.k)


def test_control_with_all_steps_shown_a_few_people_are_told(monkeypatch):
    monkeypatch.setattr(rules, "spaced", everything)
    assert audit_steps((500, 493, 400), EXACT)[0] == (7, 7, 7)
    # Rounding alone does not help: two counts printed as 500 are at most 4 apart.
    assert audit_steps((502, 498, 400), POLICY)[0] == (0, 4, 4)


def replay_attrition(n_steps: int, up_to: int, policy: Policy) -> tuple[int, int]:
    """Differences between steps, and how many of them are disclosed, over all small attritions."""
    releases = defaultdict(list)
    for rising in combinations_with_replacement(range(up_to), n_steps + 1):
        counts = rising[::-1]
        shown = set(rules.spaced(counts, policy))
        printed = tuple(
            rules.rounded(n, policy) if at in shown else rules.too_near(n, policy) for at, n in enumerate(counts)
        )
        releases[printed].append(counts)
    n_all = n_disclosed = 0
    for printed, possible in releases.items():
        if (
            max([cell for cell in printed if isinstance(cell, int)], default=up_to)
            >= up_to - policy.k - policy.rounding_base
        ):
            continue
        for one, other in combinations(range(n_steps + 1), 2):
            values = {counts[one] - counts[other] for counts in possible}
            n_all += 1
            n_disclosed += is_disclosed(min(values), max(values), policy.k)
    return n_all, n_disclosed


@pytest.mark.parametrize(("k", "base"), [(5, 5), (4, 2), (4, 1)])
def test_no_step_is_disclosed_to_one_who_replays_the_gate_on_all_small_attritions(k, base):
    n_all, n_disclosed = replay_attrition(3, 32, replace(POLICY, k=k, rounding_base=base))
    assert n_all > 100
    assert n_disclosed == 0


def test_control_with_all_steps_shown_replaying_discloses_steps(monkeypatch):
    monkeypatch.setattr(rules, "spaced", everything)
    assert replay_attrition(3, 32, replace(POLICY, k=4, rounding_base=1))[1] > 0


# --- Percentages and means: the exact count behind a fraction ------------------------------------------------------


def yes_no(n_yes: int, n: int) -> GroupSummary:
    variable = LevelSummary("x", "X", ("no", "yes"), ((n - n_yes,), (n_yes,)), (0,), yes_no=True)
    return GroupSummary(None, ("All",), (n,), (variable,))


def fractions_behind(percent: float, n_near: int) -> set[int]:
    """The counts of all fractions with a denominator within 2 of *n_near* that are this percentage."""
    pairs = ((count, n) for n in range(n_near - 2, n_near + 3) for count in range(n + 1))
    return {count for count, n in pairs if abs(100 * count / n - percent) < 1e-9}


def test_a_percentage_does_not_tell_the_exact_count():
    truth = (39, 346)
    percent = Gate(POLICY).release(yes_no(*truth)).cell("x", "All__percent")
    assert truth[0] not in fractions_behind(percent, 345)
    same = [
        (count, n)
        for n in range(330, 360)
        for count in range(30, 50)
        if Gate(POLICY).release(yes_no(count, n)).cell("x", "All__percent") == percent
    ]
    assert {count for count, _ in same} == {38, 39, 40, 41, 42}
    assert {n for _, n in same} == {343, 344, 345, 346, 347}


def test_control_a_percentage_of_exact_counts_tells_the_count():
    percent = Gate(EXACT).release(yes_no(39, 346)).cell("x", "All__percent")
    assert fractions_behind(percent, 345) == {39}


def sizes_behind(mean: float) -> set[int]:
    """The group sizes for which a mean of whole numbers can be just this, to the last digit given."""
    digits = len(str(mean).partition(".")[2])
    return {n for n in range(100, 200) if round(round(mean * n) / n, digits) == mean}


def test_a_mean_does_not_tell_how_many_people_there_are():
    ages = np.random.default_rng(1).integers(30, 100, 157)
    size, exact = len(ages), float(ages.mean())
    largest = sorted(ages.tolist())[-2:]
    variable = NumberSummary(
        "x", "X", "years", (size,), (0,), (exact,), (float(ages.std(ddof=1)),), (float(ages.sum()),),
        (float(largest[1]),), (float(largest[0]),),
    )  # fmt: skip
    shown = Gate(POLICY).release(GroupSummary(None, ("All",), (size,), (variable,))).cell("x", "All__mean")
    assert sizes_behind(exact) == {157}  # the control: an unrounded mean does
    assert sizes_behind(shown) == set(range(100, 200))


# --- Survival: counts at the edges ----------------------------------------------------------------------------------


def two_columns_apart(table: LifeTable, policy: Policy) -> dict:
    """Space events and censored each on its own: the rule that they stand together switched off."""
    return {
        name: [
            rules.rounded(n, policy) if at == 0 or at in rules.spaced(counts, policy) else rules.too_near(n, policy)
            for at, n in enumerate(counts)
        ]
        for name in ("at_risk", "events", "censored")
        for counts in [getattr(table, name).tolist()]
    }


def replay_life_tables(policy: Policy, up_to: int, show=LifeTable.shown) -> tuple[int, int]:
    """Counts of events and of censored in bins, and how many are disclosed, over all small tables of two bins.

    Nobody leaves exactly on the inner edge, and the attacker knows it; up to three people are followed to the horizon.
    """
    releases = defaultdict(list)
    for died_1, died_2, lost_1, lost_2, to_horizon in product(*[range(up_to)] * 4, range(4)):
        events, censored = np.cumsum([0, died_1, died_2]), np.cumsum([0, lost_1, lost_2 + to_horizon])
        staying = events[-1] + censored[-1] - events - censored
        table = LifeTable((0.0, 30.0, 60.0), np.array([*staying[:2], to_horizon]), staying, events, censored)
        if table.passes(policy):
            shown = show(table, policy)
            printed = tuple(cell for name in ("at_risk", "events", "censored") for cell in shown[name])
            releases[printed].append((died_1, died_2, lost_1, lost_2 + to_horizon))
    n_all = n_disclosed = 0
    for possible in releases.values():
        truths = np.array(possible)
        if truths.max() >= up_to - 1:
            continue  # tables beyond the enumeration could give this release too
        for of_bins in (
            truths[:, 0],
            truths[:, 1],
            truths[:, :2].sum(axis=1),
            truths[:, 2],
            truths[:, 3],
            truths[:, 2:].sum(axis=1),
        ):
            n_all += 1
            n_disclosed += is_disclosed(of_bins.min(), of_bins.max(), policy.k)
    return n_all, n_disclosed


@pytest.mark.parametrize("base", [1, 3])
def test_no_small_number_of_events_is_disclosed_by_the_rows_of_a_life_table(base):
    n_all, n_disclosed = replay_life_tables(replace(POLICY, k=3, rounding_base=base), 9)
    assert n_all > 100
    assert n_disclosed == 0


def test_control_events_without_the_censored_beside_them_are_disclosed():
    policy = replace(POLICY, k=3, rounding_base=1)
    assert replay_life_tables(policy, 9, show=two_columns_apart)[1] > 0


def few_events_in_the_second_bin(policy: Policy) -> tuple[list[float], list[float]]:
    """Edges and survival of 100 people: 20 die on day 10, 4 on day 40, 20 are censored on day 50, 56 are followed to day 60."""
    curve = pl.DataFrame(
        {"time": [10.0, 40.0, 50.0, 60.0], "at_risk": [100, 80, 76, 56], "events": [20, 4, 0, 0],
         "censored": [0, 0, 20, 56], "survival": [0.8, 0.76, 0.76, 0.76]}
    ).with_columns(lower=pl.col("survival"), upper=pl.col("survival"))  # fmt: skip
    table = Gate(policy).release(SurvivalCurves("Death", None, {"All": curve}, {"All": 100}, 0, 60.0)).table
    return list(table.column("time_days")), list(table.column("survival"))


def events_behind(survival: list[float], n: int) -> list[int]:
    """Deaths in each bin, from the curve alone and supposing that nobody was censored before them."""
    return [round(n * (before - after)) for before, after in pairwise(survival)]


def test_the_curve_itself_tells_events_of_bins_with_many_leavers_unless_the_policy_wants_events_too():
    # The default policy accepts this: a bin stands for ten leavers, and how many of them died can be read off the curve.
    edges, survival = few_events_in_the_second_bin(POLICY)
    assert edges == [0.0, 30.0, 60.0]
    assert events_behind(survival, 100) == [20, 4]
    edges, survival = few_events_in_the_second_bin(POLICY.tightened(bin_events=10))
    assert edges == [0.0, 60.0]
    assert events_behind(survival, 100) == [24]


def test_a_departure_of_one_person_does_not_move_the_edges_into_view():
    # Each person alone on a day of their own: 40 people, and no exact time of any of them comes out.
    days = np.arange(1, 41) * 7.0 + 0.123
    at_risk = 40 - np.arange(40)
    curve = pl.DataFrame(
        {
            "time": days,
            "at_risk": at_risk,
            "events": [1] * 40,
            "censored": [0] * 40,
            "survival": np.cumprod(1 - 1 / at_risk),
        }
    ).with_columns(lower=pl.col("survival"), upper=pl.col("survival"))
    release = Gate(POLICY).release(SurvivalCurves("Death", None, {"All": curve}, {"All": 40}, 0, 365.0))
    assert not any(str(day) in str(release.to_dict()) for day in days)
    # Control: the exact table is full of them.
    assert all(str(day) in str(curve.to_dict(as_series=False)) for day in days)


# --- Refusals -------------------------------------------------------------------------------------------------------


def refusal(n: int) -> str:
    with pytest.raises(DisclosureError) as refused:
        Gate(POLICY).release(yes_no(0, n))
    return str(refused.value)


def test_a_refusal_reads_the_same_whatever_the_small_number_is():
    assert len({refusal(n) for n in range(1, 10)}) == 1
    # Control: what is said is not said of everything.
    assert Gate(POLICY).release(yes_no(0, 10)) is not None

"""What holds for every result that passes the gate, whatever the people."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.disclosure import DisclosureError, Gate, Policy, ReleasedTable, Suppressed, released_from_dict, rules
from workbench.disclosure.life_table import LifeTable
from workbench.statistics.results import (
    Attrition,
    AttritionStep,
    GroupSummary,
    LevelSummary,
    NumberSummary,
    PeopleCount,
    RegressionFit,
    SurvivalCurves,
    Term,
    TestGroup,
    TestResult,
)

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SIZES = st.integers(0, 150)
# A threshold of 12 with a base of 5 is one at which a rounded difference of two large counts could be below it.
POLICIES = st.sampled_from(
    [Policy.load(preset=preset) for preset in ("minimal", "default", "strict")]
    + [Policy.load().tightened(k=12), Policy.load().tightened(rounding_base=10)]
)


@st.composite
def attritions(draw):
    counts = sorted(draw(st.lists(st.integers(0, 300), min_size=2, max_size=7)), reverse=True)
    return Attrition(tuple(AttritionStep(f"step {n}", a, b) for n, (a, b) in enumerate(pairwise(counts))))


@st.composite
def summaries(draw):
    n_groups = draw(st.integers(1, 3))
    per_group = st.tuples(*[SIZES] * n_groups)
    n_levels = draw(st.integers(2, 4))
    levels = tuple(draw(per_group) for _ in range(n_levels))
    missing = draw(st.tuples(*[st.integers(0, 25)] * n_groups))
    n = tuple(sum(level[g] for level in levels) + missing[g] for g in range(n_groups))
    known = tuple(n[g] - missing[g] for g in range(n_groups))
    names = tuple(f"level {number}" for number in range(n_levels))
    half = tuple(known[g] // 2 for g in range(n_groups))
    rest = tuple(known[g] - half[g] for g in range(n_groups))
    number = NumberSummary(
        "x", "X", "mmHg", known, missing, (120.0,) * n_groups, (15.0,) * n_groups,
        tuple(120.0 * each for each in known), (170.0,) * n_groups, (165.0,) * n_groups,
    )  # fmt: skip
    return GroupSummary(
        by="Group" if n_groups > 1 else None,
        groups=tuple(f"g{g}" for g in range(n_groups)),
        n=n,
        variables=(
            LevelSummary("a", "A", names, levels, missing),
            LevelSummary("b", "B", ("no", "yes"), (half, rest), missing, yes_no=True),
            number,
        ),
        n_missing_group=draw(st.integers(0, 20)),
    )


@st.composite
def survival_curves(draw):
    frames, n = {}, {}
    for group in ("no", "yes")[: draw(st.integers(1, 2))]:
        days = np.array(draw(st.lists(st.integers(0, 500), min_size=1, max_size=12)))
        size = draw(st.integers(10, 120))
        rng = np.random.default_rng(draw(st.integers(0, 10_000)))
        time = rng.choice(np.union1d(days, np.arange(0, 500, 25)), size)
        died = rng.random(size) < draw(st.sampled_from([0.05, 0.5, 0.95]))
        unique = np.unique(time)
        at_risk = np.array([(time >= t).sum() for t in unique])
        events = np.array([(died & (time == t)).sum() for t in unique])
        survival = np.cumprod(1 - events / at_risk)
        frames[group] = pl.DataFrame(
            {"time": unique.astype(float), "at_risk": at_risk, "events": events,
             "censored": np.array([(~died & (time == t)).sum() for t in unique]), "survival": survival,
             "std_err": survival, "lower": survival, "upper": survival}
        )  # fmt: skip
        n[group] = size
    return SurvivalCurves("Death", "Group", frames, n, draw(st.integers(0, 30)), float(draw(st.integers(60, 600))))


@st.composite
def group_tests(draw):
    groups = []
    for label in ("no", "yes"):
        events = draw(SIZES)
        groups.append(TestGroup(label, events + draw(SIZES), events, draw(st.floats(1, 150))))
    return TestResult("Log-rank test", "Group", "Death", 3.2, 1, 0.07, tuple(groups), draw(st.integers(0, 30)))


@st.composite
def regressions(draw):
    events, others = draw(st.tuples(SIZES, SIZES)), draw(st.tuples(SIZES, SIZES))
    term = Term(
        "sex", "Sex", 0.5, 0.1, 5.0, 1e-6, "female", "male", n=events[0] + others[0], events=events[0],
        n_reference=events[1] + others[1], events_reference=events[1],
    )  # fmt: skip
    return RegressionFit(
        "Cox",
        "Death",
        (term,),
        sum(events) + sum(others),
        sum(events),
        draw(st.integers(0, 30)),
        -90.0,
        -100.0,
        converged=True,
        iterations=4,
    )


people_counts = st.tuples(SIZES, SIZES).map(lambda pair: PeopleCount("Cohort", min(pair), max(pair)))
results = st.one_of(attritions(), summaries(), survival_curves(), group_tests(), regressions(), people_counts)


def released(gate: Gate, result) -> ReleasedTable | None:
    """The released table, or None where the whole result is refused."""
    try:
        release = gate.release(result)
    except DisclosureError:
        return None
    return release if isinstance(release, ReleasedTable) else release.table


def shown_counts(table: ReleasedTable) -> list[int]:
    names = [column.name for column in table.columns if column.kind == "count"]
    return [cell for name in names for cell in table.column(name) if isinstance(cell, int)]


@given(results, POLICIES)
@FEW
def test_a_shown_count_is_a_multiple_of_the_base_and_never_small(result, policy):
    table = released(Gate(policy), result)
    for count in shown_counts(table) if table else []:
        assert count % policy.rounding_base == 0
        # 0 stands where nothing can be otherwise (cumulative counts at time 0) or for an expectation, not for people.
        assert count == 0 or count >= policy.k or isinstance(result, TestResult)


@given(results)
@FEW
def test_the_same_result_gives_the_same_bytes(result):
    one, other = released(Gate(), result), released(Gate(), result)
    assert one == other
    assert str(one) == str(other)


@given(results)
@FEW
def test_what_is_released_survives_the_journey_through_json(result):
    table = released(Gate(), result)
    if table is not None:
        assert released_from_dict(table.to_dict()) == table


@given(results, st.integers(10, 40))
@FEW
def test_a_tightened_policy_never_releases_more(result, k):
    loose, tight = (released(Gate(policy), result) for policy in (Policy.load(), Policy.load().tightened(k=k)))
    n_shown = [len(shown_counts(table)) if table else 0 for table in (loose, tight)]
    assert n_shown[1] <= n_shown[0]


@given(attritions())
@FEW
def test_attrition_adds_up(result):
    table = Gate().release(result)
    for row in table.rows:
        before, left_out, after = row[1:]
        if all(isinstance(cell, int) for cell in (before, left_out, after)):
            assert before - left_out == after
    ends = [cell for cell in (table.cell(0, "n_before"), table.cell(-1, "n_after")) if isinstance(cell, int)]
    if len(ends) == 2:
        assert sum(cell for cell in table.column("n_excluded") if isinstance(cell, int)) == ends[0] - ends[1]


@given(attritions(), POLICIES)
@FEW
def test_no_two_released_people_counts_differ_by_a_few(result, policy):
    truth = [result.steps[0].n_before, *(step.n_after for step in result.steps)]
    table = Gate(policy).release(result)
    shown = [table.cell(0, "n_before"), *table.column("n_after")]
    kept = [exact for exact, cell in zip(truth, shown, strict=True) if isinstance(cell, int)]
    assert all(before - after >= policy.k for before, after in pairwise(kept))


@given(summaries(), POLICIES)
@FEW
def test_a_percentage_follows_from_shown_counts_alone(result, policy):
    table = released(Gate(policy), result)
    for group, n in zip(result.groups, result.n, strict=True) if table else []:
        size = rules.rounded(n, policy)
        for row in range(len(table.rows)):
            count, percent = table.cell(row, f"{group}__n"), table.cell(row, f"{group}__percent")
            assert isinstance(percent, Suppressed) == isinstance(count, Suppressed)
            if isinstance(count, int):
                missing = [
                    each[table.column_names.index(f"{group}__n")]
                    for each in table.rows
                    if each[0] == table.cell(row, "variable") and each[1] == "missing"
                ]
                known = [size - each for each in missing if isinstance(each, int)]
                assert percent in {min(100.0, 100.0 * count / whole) for whole in [size, *known]}


@given(st.lists(st.integers(0, 150), min_size=2, max_size=6), st.integers(0, 40), POLICIES)
@FEW
def test_hidden_levels_are_never_alone_and_stand_for_many(counts, n_missing, policy):
    hidden = rules.hidden_levels(counts, n_missing, policy)
    shown = [n for level, n in enumerate(counts) if level not in hidden]
    assert all(n >= policy.k and sum(counts) - n >= policy.k for n in shown)
    if hidden and shown:
        assert len(hidden) >= 2
        assert sum(counts[level] for level in hidden) >= 2 * policy.k


@given(survival_curves())
@FEW
def test_every_shown_bin_stands_for_ten_leavers_in_every_group(result):
    try:
        release = Gate().release(result)
    except DisclosureError:
        return
    for group, curve in result.curves.items():
        edges = [row[1] for row in release.table.rows if row[0] == group]
        days, leavers = curve["time"].to_numpy(), (curve["events"] + curve["censored"]).to_numpy()
        days = np.minimum(days, result.horizon_days)
        for start, end in pairwise(edges):
            inside = (days > start) & (days <= end) | ((start == 0) & (days == 0))
            assert leavers[inside].sum() >= 10
            assert leavers[days > start].sum() + leavers[(days == 0) & (start == 0)].sum() >= 10
        shown = [row[3] for row in release.table.rows if row[0] == group]
        for edge, survival in zip(edges[1:], shown[1:], strict=True):
            steps = curve.filter(pl.col("time") <= edge)["survival"]
            assert survival == (steps[-1] if len(steps) else 1.0)


@given(survival_curves())
@FEW
def test_a_coarser_grid_has_the_sums_of_the_finer_ones_leavers(result):
    fine, coarse = [0.0, 30.0, 60.0, 90.0, 180.0, 600.0], [0.0, 90.0, 600.0]
    for curve in result.curves.values():
        on_fine, on_coarse = LifeTable.of(curve, fine), LifeTable.of(curve, coarse)
        places = [fine.index(edge) for edge in coarse]
        for name in ("staying", "events", "censored", "at_risk"):
            assert getattr(on_fine, name)[places].tolist() == getattr(on_coarse, name).tolist()
        assert -np.diff(on_fine.staying).sum() == -np.diff(on_coarse.staying).sum() == on_fine.n

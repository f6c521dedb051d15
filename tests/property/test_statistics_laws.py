"""Laws of mergeable statistics, for any people: identity, associativity, additivity, and a faithful encoding."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.statistics.columns import column
from workbench.statistics.cox import DeathTimes
from workbench.statistics.event_table import EventTable, round_times
from workbench.statistics.moments import Moments
from workbench.statistics.records import decode, encode
from workbench.statistics.table_one import TableOne
from workbench.survival import Cox, KaplanMeier, LogRank

DEATH = column("death", "time_to_event", label="Death")
AGE = column("age", "number", label="Age")
ARM = column("arm", "category", label="Arm", levels=["a", "b"])
SITE = column("site", "category", label="Site", levels=["x", "y", "z"])

SCHEMA = {"death_days": pl.Float64, "death_event": pl.Boolean, "age": pl.Float64, "arm": pl.String, "site": pl.String}
PERSON = st.tuples(
    st.none() | st.integers(0, 30).map(lambda quarter: quarter / 4),
    st.none() | st.booleans(),
    st.none() | st.floats(20, 100),
    st.none() | st.sampled_from(["a", "b"]),
    st.none() | st.sampled_from(["x", "y", "z"]),
)
PEOPLE = st.lists(PERSON, max_size=40).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA, orient="row"))
COUNTING = [
    KaplanMeier(DEATH, ARM),
    LogRank(DEATH, ARM),
    LogRank(DEATH, ARM, strata=SITE),
    TableOne([ARM, SITE], by=ARM),
]


@pytest.mark.parametrize("analysis", COUNTING, ids=lambda analysis: type(analysis).__name__)
@given(one=PEOPLE, two=PEOPLE, three=PEOPLE)
def test_counts_of_disjoint_people_add_exactly_in_any_order(analysis, one, two, three):
    a, b, c = (analysis.local(people, None) for people in (one, two, three))
    nobody = analysis.local(one.clear(), None)
    assert a.merge(nobody) == a == nobody.merge(a)
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c)) == analysis.local(pl.concat([one, two, three]), None)


@pytest.mark.parametrize("analysis", [*COUNTING, TableOne([AGE], by=ARM)], ids=lambda analysis: type(analysis).__name__)
@given(people=PEOPLE)
def test_a_statistic_survives_its_encoding_byte_by_byte(analysis, people):
    statistic = analysis.local(people, None)
    assert decode(encode(statistic)) == statistic
    assert encode(decode(encode(statistic))) == encode(statistic)


@given(people=PEOPLE)
def test_the_table_accounts_for_everybody(people):
    table = KaplanMeier(DEATH, ARM).local(people, None)
    assert table.n.sum() + table.n_missing == people.height
    assert ((table.at_risk - table.events - table.censored) >= 0).all()
    assert (table.events.sum(axis=1) + table.censored.sum(axis=1) == table.n).all()


numbers = st.lists(st.floats(-1e6, 1e6), max_size=30).map(lambda values: np.array(values, dtype=float))


def moments(values):
    return Moments.by_column(values[:, None])


def assert_like(one, other, scale):
    assert one.n == other.n
    assert one.mean == pytest.approx(other.mean, rel=1e-10, abs=1e-10 * scale)
    assert one.centred_squares == pytest.approx(other.centred_squares, rel=1e-10, abs=1e-10 * scale**2)


@given(numbers, numbers, numbers)
def test_moments_add_to_rounding_in_any_order(x, y, z):
    scale = 1 + max(np.abs(np.concatenate([x, y, z])), default=0)
    a, b, c = map(moments, (x, y, z))
    nobody = moments(np.empty(0))
    assert a.merge(nobody) == a == nobody.merge(a)
    assert_like(a.merge(b).merge(c), a.merge(b.merge(c)), scale)
    assert_like(a.merge(b).merge(c), moments(np.concatenate([x, y, z])), scale)


@given(numbers, numbers)
def test_the_two_largest_of_all_are_among_the_two_largest_of_each_part(x, y):
    analysis = TableOne([AGE])
    x, y = (pl.DataFrame({"age": values}, schema={"age": pl.Float64}) for values in (x, y))
    parts = analysis.local(x).merge(analysis.local(y)).parts[0]
    sizes = sorted([0.0, 0.0, *x["age"].abs(), *y["age"].abs()])
    assert (parts.second_largest[0], parts.largest[0]) == tuple(sizes[-2:])
    assert parts.total[0] == pytest.approx(sum(sizes))


deaths = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.floats(0.5, 2))).map(
    lambda rows: DeathTimes.of(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=float),
        np.array([row[2] for row in rows], dtype=float),
    )
)


@given(deaths, deaths)
def test_event_times_of_strata_join_in_order(one, two):
    both = one.merge(two)
    keys = list(zip(both.stratum.tolist(), both.time.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert both.deaths.sum() == one.deaths.sum() + two.deaths.sum()
    assert both.weight.sum() == pytest.approx(one.weight.sum() + two.weight.sum())
    assert one.merge(DeathTimes.empty()) == one == DeathTimes.empty().merge(one)


COMPLETE = st.lists(
    st.tuples(
        st.integers(1, 12).map(float),
        st.booleans(),
        st.floats(20, 100),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["x", "y", "z"]),
    ),
    max_size=25,
).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA, orient="row"))

# Twelve people on whom every Cox model below can be estimated; hypothesis adds others to them.
SEED = pl.DataFrame(
    [
        (float(day), day % 3 != 0, 40.0 + 7 * (day * 5 % 12), "ab"[day * 7 % 12 % 2], "xyz"[day % 3])
        for day in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    ],
    schema=SCHEMA,
    orient="row",
)


def near(one, other):
    """Records are equal up to rounding: arrays and numbers to 1e-10 of their size, the rest exactly."""
    for name, value in vars(one).items():
        counterpart = getattr(other, name)
        if hasattr(value, "__dataclass_fields__"):
            near(value, counterpart)
        elif isinstance(value, float | np.ndarray):
            scale = max(1.0, float(np.max(np.abs(counterpart), initial=0)))
            assert value == pytest.approx(counterpart, rel=1e-10, abs=1e-10 * scale, nan_ok=True), name
        else:
            assert value == counterpart, name


@settings(max_examples=40)
@pytest.mark.parametrize("strata", [None, SITE], ids=["one baseline", "by site"])
@given(one=COMPLETE, two=COMPLETE)
def test_each_round_of_a_cox_model_adds_over_any_people(strata, one, two):
    analysis = Cox(DEATH, [AGE, ARM], strata=strata)
    two = pl.concat([SEED, two])
    parts, everybody, state = (one, two), pl.concat([one, two]), None
    for _ in range(3):  # who there is, sums over risk sets, second moments
        a, b = (analysis.local(people, state) for people in parts)
        nobody = analysis.local(one.clear(), state)
        near(a.merge(b), analysis.local(everybody, state))
        near(a.merge(nobody), a)
        assert decode(encode(a)) == a
        state = analysis.finish(a.merge(b)).state
        assert decode(encode(state)) == state


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30), st.floats(1e-3, 1e3))
def test_rounding_moves_a_time_by_less_than_one_part_in_ten_to_the_ten(times, unit):
    times = np.array(times) * unit
    assert np.all(np.abs(round_times(times) - times) <= 1e-10 * times)
    assert np.array_equal(round_times(round_times(times)), round_times(times))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.booleans()), min_size=1, max_size=40))
def test_at_risk_counts_those_who_entered_before_and_have_not_left(rows):
    entry = np.array([row[0] for row in rows], dtype=float)
    time = entry + np.array([row[1] for row in rows])
    table = EventTable.of(time, np.array([row[2] for row in rows]), entry=entry)
    by_hand = [int(((entry < t) & (t <= time)).sum()) for t in table.time]
    assert table.at_risk[0].tolist() == by_hand

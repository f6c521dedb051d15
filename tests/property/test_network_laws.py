"""What crosses between sites comes back as it was; tables on a grid add up and become coarser in either order."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.cohorts import Cohort, age_years, codelist, death, diagnosis, measure, sex, time_to, variable
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.variable_form import variable_from_dict, variable_to_dict
from workbench.disclosure import Policy
from workbench.federation.errors import REFUSAL_CODES, Refusal
from workbench.federation.gate_a import Asked, life_table, steps
from workbench.federation.messages import About, Reply, Request
from workbench.statistics.columns import column
from workbench.statistics.cox_rounds import SumsWanted
from workbench.statistics.grid_table import GridLadder, GridTable, OnRung, RungsOffered
from workbench.statistics.newton import Climb
from workbench.statistics.records import decode, encode, from_plain, to_plain
from workbench.statistics.results import Attrition, AttritionStep
from workbench.statistics.step_counts import StepCounts, TableCounts
from workbench.statistics.table_one import TableOne
from workbench.survival import GridKaplanMeier, StratifiedCox, StratifiedLogRank

POLICY = Policy.load()
EDGES = (0.0, 3.0, 5.0, 8.0, 12.0)
GROUPS = ("a", "b")
PERSON = st.tuples(st.none() | st.integers(0, 20).map(float), st.booleans(), st.sampled_from([-1, 0, 1]))
PEOPLE = st.lists(PERSON, max_size=80)


def grid(people, edges=EDGES) -> GridTable:
    days = np.array([np.nan if day is None else day for day, _, _ in people], dtype=float)
    event = np.array([event and day is not None for day, event, _ in people], dtype=bool)
    group = np.array([group for _, _, group in people], dtype=np.int64)
    return GridTable.of(days, event, edges_days=edges, group=group, groups=GROUPS)


@given(PEOPLE, PEOPLE, PEOPLE)
def test_grid_tables_of_disjoint_people_add_exactly_in_any_order(one, two, three):
    a, b, c = map(grid, (one, two, three))
    assert a.merge(grid([])) == a == grid([]).merge(a)
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c)) == grid([*one, *two, *three])
    assert decode(encode(a)) == a


@given(PEOPLE, PEOPLE, st.sets(st.sampled_from(EDGES[1:-1])))
def test_coarsening_commutes_with_merging_and_is_counting_on_the_coarser_grid(one, two, inner):
    edges = (0.0, *sorted(inner), EDGES[-1])
    a, b = grid(one), grid(two)
    assert a.merge(b).coarsened(edges) == a.coarsened(edges).merge(b.coarsened(edges)) == grid([*one, *two], edges)


@given(PEOPLE)
def test_everybody_is_in_a_bin_followed_to_the_end_or_missing(people):
    table = grid(people)
    assert table.n.sum() + table.n_missing == len(people)
    assert (table.remaining[:, -1] == table.completed).all()
    assert (table.told_until((2, 3)).n == table.n).all()


@given(
    st.lists(
        st.tuples(st.integers(0, 20).map(float), st.booleans(), st.sampled_from([0, 1])), min_size=20, max_size=400
    )
)
def test_what_gate_a_lets_out_of_a_life_table_has_no_small_cell(people):
    ladder = GridLadder(("30 days", "whole follow-up"), (grid(people), grid(people, (0.0, 12.0))))

    class Told:
        def total(self, state):
            if state is None:
                return ladder
            place = ladder.rungs.index(state.rung)
            return GridLadder((state.rung,), (ladder.tables[place],))

    try:
        offered = life_table(Asked(None, None, Told()), POLICY).statistic
    except Refusal:
        return
    for offer in offered.offers:
        table = life_table(Asked(None, offer, Told()), POLICY).statistic.tables[0]
        for group, n_told in enumerate(offer.n_told):
            assert (table.leavers_and_completed[group, :n_told] >= POLICY.k).all()
            followed_on = table.completed[group] if n_told < len(table.edges_days) - 1 else 0
            assert followed_on == 0 or followed_on >= POLICY.k
        farther = OnRung(offer.rung, tuple(n + 1 for n in offer.n_told))
        with pytest.raises(Refusal):
            life_table(Asked(None, farther, Told()), POLICY)


@given(st.lists(st.integers(0, 300), min_size=2, max_size=8).map(lambda counts: sorted(counts, reverse=True)))
def test_what_gate_a_lets_out_of_an_attrition_never_tells_few_people(counts):
    labels = [f"step {number}" for number in range(len(counts) - 1)]
    attrition = Attrition(tuple(map(AttritionStep, labels, counts, counts[1:])))
    if counts[-1] < POLICY.k:
        with pytest.raises(Refusal, match="cohort_too_small"):
            steps(attrition, POLICY)
        return
    told = [n for n in steps(attrition, POLICY).counts if n is not None]
    assert told[-1] == counts[-1]
    assert all(n >= POLICY.k for n in told)
    assert all(before - after >= POLICY.k for before, after in pairwise(told))


offers = st.lists(
    st.builds(OnRung, st.sampled_from(["x", "y", "z"]), st.tuples(st.integers(1, 5), st.integers(1, 5))),
    unique_by=lambda offer: offer.rung,
).map(lambda found: RungsOffered(tuple(sorted(found, key=lambda offer: offer.rung))))


@given(offers, offers, offers)
def test_what_every_site_offers_does_not_depend_on_the_order_of_the_sites(one, two, three):
    assert one.merge(two) == two.merge(one)
    assert one.merge(two).merge(three) == one.merge(two.merge(three))
    assert one.merge(one) == one


AGE, SEX = variable("age_years", age_years()), variable("sex", sex())
HEART_FAILURE = variable(
    "heart_failure", diagnosis(codelist("heart_failure")).before_index(), label="Heart failure before"
)
PRESSURE = variable("pressure", measure("systolic_blood_pressure_mmhg").last())
DIED = time_to(death(), name="death", label="Death")
variables = st.sampled_from([AGE, SEX, HEART_FAILURE, PRESSURE])
groups = st.sampled_from([SEX, HEART_FAILURE])
analyses = st.one_of(
    st.builds(TableOne, st.lists(variables, min_size=1, max_size=3), by=st.none() | groups),
    st.builds(
        GridKaplanMeier,
        st.just(DIED),
        st.none() | groups,
        horizon_years=st.sampled_from([1.0, 5.0]),
        grid=st.none() | st.just("90 days"),
    ),
    st.builds(StratifiedLogRank, st.just(DIED), groups),
    st.builds(
        StratifiedCox,
        st.just(DIED),
        st.lists(variables, min_size=1, max_size=3, unique_by=lambda asked: asked.name).map(tuple),
        ties=st.sampled_from(["efron", "breslow"]),
        confidence=st.sampled_from([0.9, 0.95]),
    ),
)
cohorts = st.builds(
    lambda years: Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first()).require(
        "old enough", age_years() >= years
    ),
    st.integers(18, 90),
)


def states_of(analysis):
    if isinstance(analysis, GridKaplanMeier):
        return OnRung("90 days", (3, 2))
    if isinstance(analysis, StratifiedCox):
        frame = pl.DataFrame({"x": [1.0, 2.0, 4.0], "y_days": [1.0, 2.0, 3.0], "y_event": [True, False, True]})
        small = StratifiedCox(column("y", "time_to_event"), [column("x", "number")])
        return SumsWanted(small.local(frame), Climb.start(1))
    return None


@given(cohorts, analyses, st.booleans())
def test_a_request_comes_back_as_it_was(cohort, analysis, later):
    request = Request(
        request_id="a" * 32,
        site="northgate",
        ask="run",
        purpose="scientific_research",
        modalities=("clinical", "genomic"),
        model="0" * 12,
        policy="cw-sdc-1 version 1.0",
        expires_at=1_800_000_000,
        snapshot=4 if later else None,
        cohort=cohort,
        analysis=analysis,
        state=states_of(analysis) if later else None,
    )
    again = Request.decode(request.encode())
    assert again.encode() == request.encode()
    assert (again.cohort, again.state) == (request.cohort, request.state)
    assert type(again.analysis) is type(request.analysis)
    assert again.analysis.variables == request.analysis.variables
    assert again.question == request.question


counts = st.none() | st.integers(0, 10**6)
statistics = st.one_of(
    st.none(),
    st.builds(
        lambda told: StepCounts(tuple(told), (False,) * (len(told) - 1)), st.lists(counts, min_size=2, max_size=6)
    ),
    st.builds(lambda n: TableCounts((("northgate", "person", n, n),)), st.integers(10, 10**6)),
    PEOPLE.map(grid),
    offers,
)


@given(statistics, st.none() | st.sampled_from(sorted(REFUSAL_CODES)))
def test_a_reply_comes_back_as_it_was(statistic, code):
    about = About(3, "2026-11-24T00:00:00+00:00", "permit-1", "cw-sdc-1 version 1.0, default", "0" * 12, 2)
    reply = Reply("f" * 64, "northgate", statistic, code, (("pressure", "dominance"),), about)
    assert Reply.decode(reply.encode()) == reply
    assert statistic is None or from_plain(json.loads(json.dumps(to_plain(statistic)))) == statistic


@pytest.mark.parametrize("asked", [AGE, SEX, HEART_FAILURE, PRESSURE, DIED], ids=lambda asked: asked.name)
def test_a_variable_comes_back_as_it_was(asked):
    assert variable_from_dict(json.loads(json.dumps(variable_to_dict(asked)))) == asked


def test_a_column_of_a_plain_frame_cannot_travel():
    with pytest.raises(DefinitionError, match="no site could find its values"):
        variable_to_dict(column("anything", "number"))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "a", "label": "A"}, "has the keys name, label, expression"),
        ({"name": "a", "label": "A", "expression": {"type": "age_years"}, "sql": "1"}, "and no others"),
        ({"name": 1, "label": "A", "expression": {"type": "age_years"}}, r"variable\.name: must be text"),
        ({"name": "a", "label": "A", "expression": {"type": "age_in_years"}}, "Did you mean 'age_years'"),
        ({"name": "a b", "label": "A", "expression": {"type": "age_years"}}, "a b"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused_with_its_place(form, words):
    with pytest.raises(DefinitionError, match=words):
        variable_from_dict(form)

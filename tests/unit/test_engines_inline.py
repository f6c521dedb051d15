"""The inline engine: units, rounds, one tree of merging, one BLAS thread."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl
import pytest
from threadpoolctl import threadpool_info

from workbench.engines.inline import run
from workbench.engines.merging import merge_in_pairs
from workbench.engines.people import FramePeople, SplitFrame, Unit
from workbench.statistics.columns import column
from workbench.statistics.errors import AnalysisError
from workbench.statistics.protocols import NextRound

PEOPLE = pl.DataFrame({"x": [1, 2, 3, 4, 5], "site": ["B", "A", "B", "A", "A"], "bucket": [0, 1, 1, 0, 1]})


@dataclass(frozen=True)
class Sum:
    """A statistic that remembers how it was merged."""

    total: int
    story: str

    def merge(self, other):
        return Sum(self.total + other.total, f"({self.story}+{other.story})")


@dataclass(frozen=True)
class Rounds:
    """Add x in each of so many rounds; the state counts them."""

    n_rounds: int
    variables: tuple = (column("x", "number"),)
    seen: list = field(default_factory=list)

    def local(self, people, state):
        self.seen.append(
            (state, people.columns, {i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"})
        )
        values = people["x"].to_list()
        return Sum(sum(values) * (state or 1), "".join(map(str, values)))

    def finish(self, total):
        last = max(state or 1 for state, *_ in self.seen)
        return total if last == self.n_rounds else NextRound(last + 1)


def test_buckets_merge_within_their_site_before_sites_merge():
    total = run(Rounds(1), SplitFrame(PEOPLE, "site", "bucket"))
    assert total == Sum(15, "((4+25)+(1+3))")


def test_without_buckets_each_site_is_one_unit():
    assert run(Rounds(1), SplitFrame(PEOPLE, "site")) == Sum(15, "(245+13)")


def test_a_plain_frame_is_one_undivided_unit():
    assert run(Rounds(1), FramePeople(PEOPLE)) == Sum(15, "12345")


def test_neighbours_merge_in_pairs_and_the_odd_one_waits():
    parts = [Sum(1, letter) for letter in "abcde"]
    assert merge_in_pairs(parts).story == "(((a+b)+(c+d))+e)"


def test_each_round_is_given_the_state_of_the_one_before():
    analysis = Rounds(3)
    assert run(analysis, FramePeople(PEOPLE)).total == 45
    assert [state for state, *_ in analysis.seen] == [None, 2, 3]


def test_local_sees_the_columns_that_it_asked_for_and_nothing_else_on_one_blas_thread():
    analysis = Rounds(1)
    run(analysis, FramePeople(PEOPLE))
    ((_, columns, threads),) = analysis.seen
    assert columns == ["x"]
    assert threads == {1}


def test_an_analysis_that_prepares_does_so_once_for_each_unit():
    prepared = []

    @dataclass(frozen=True)
    class Preparing(Rounds):
        def prepare(self, people):
            prepared.append(people.height)
            return people

    run(Preparing(3), SplitFrame(PEOPLE, "site"))
    assert prepared == [3, 2]


def test_rounds_that_never_end_are_stopped_with_advice():
    with pytest.raises(AnalysisError, match="Rounds did not finish within 7 rounds. Ask for more rounds, or simplify"):
        run(Rounds(100), FramePeople(PEOPLE), max_rounds=7)


def test_a_missing_column_is_named_before_anything_is_computed():
    with pytest.raises(AnalysisError, match="There is no column 'x'. Did you mean 'xx'"):
        run(Rounds(1), FramePeople(PEOPLE.rename({"x": "xx"})))


def test_a_cohort_without_units_is_refused():
    with pytest.raises(AnalysisError, match="no people to analyse"):
        run(Rounds(1), SplitFrame(PEOPLE.clear(), "site"))


def test_people_without_a_site_belong_to_no_unit():
    people = PEOPLE.with_columns(site=pl.Series(["A", None, None, "B", "B"]))
    with pytest.raises(AnalysisError, match="'site' has missing values .2.: these people belong to no unit"):
        SplitFrame(people, "site")


def test_a_split_by_an_unknown_column_names_the_nearest():
    with pytest.raises(AnalysisError, match="no column 'sight' to split by. Did you mean 'site'"):
        SplitFrame(PEOPLE, "sight")


def test_units_are_sorted_by_site_then_by_bucket():
    assert SplitFrame(PEOPLE, "site", "bucket").units() == (Unit("A", 0), Unit("A", 1), Unit("B", 0), Unit("B", 1))

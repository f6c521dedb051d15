"""Survival on a grid, worked by hand and against the exact curve."""

import numpy as np
import polars as pl
import pytest
from scipy.io import arff

from data_catalog.sources.whas500 import whas500_file
from workbench.disclosure import DisclosureError, Gate, Policy, Suppressed
from workbench.statistics import AnalysisError
from workbench.statistics.columns import column
from workbench.statistics.grid_table import GridTable, RungsOffered
from workbench.survival import GridKaplanMeier, kaplan_meier, survival_at
from workbench.survival.grid_survival import grid_curve

DIED = column("death", "time_to_event", label="Death")
FAILING = column("failing", "yes_no", label="Heart failure")
# How far the estimate may lie from the product-limit estimate at the same times, grid by grid: what its docstring says.
NEAR = {"30 days": 0.003, "90 days": 0.003, "180 days": 0.0032, "landmarks": 0.01, "365 days": 0.01}


@pytest.fixture(scope="module")
def whas500() -> pl.DataFrame:
    rows, _ = arff.loadarff(whas500_file())
    return pl.DataFrame(
        {
            "death_days": rows["lenfol"].astype(float),
            "death_event": rows["fstat"] == b"1",
            "failing": rows["chf"] == b"1",
        }
    )


def test_ten_people_on_two_bins_by_hand():
    # Bins (0, 10] and (10, 20]. First bin: 10 enter, 2 die, 2 are censored: 2 / (10 − 1) die. Day 0 and day 10 belong to it.
    # Second bin: 6 enter, 3 die, 1 is censored on day 15: 3 / (6 − 0.5). Two are followed to day 20 or beyond.
    days = np.array([0.0, 10.0, 5.0, 10.0, 11.0, 12.0, 20.0, 15.0, 20.0, 99.0])
    died = np.array([True, True, False, False, True, True, True, False, False, True])
    group = np.zeros(10, dtype=np.int64)
    table = GridTable.of(days, died, edges_days=(0, 10, 20), group=group, groups=("All",))
    assert table.events.tolist() == [[2, 3]]
    assert table.censored.tolist() == [[2, 1]]
    assert table.completed.tolist() == [2]
    curve = grid_curve(table)
    first, second = 1 - 2 / 9, (1 - 2 / 9) * (1 - 3 / 5.5)
    assert curve["survival"].to_list() == pytest.approx([first, second])
    assert curve["at_risk"].to_list() == [10, 6]
    # Greenwood with n − c / 2: S² (2 / (9 · 7) + 3 / (5.5 · 2.5)).
    assert curve["std_err"].to_list() == pytest.approx(
        [first * np.sqrt(2 / 63), second * np.sqrt(2 / 63 + 3 / (5.5 * 2.5))]
    )


def test_where_nobody_is_censored_within_a_bin_it_is_the_product_limit_estimate(whas500):
    # In WHAS500 nobody is censored in the first year.
    people = whas500.filter(pl.col("death_days") > 0)
    curve = GridKaplanMeier(DIED, grid="90 days").finish(GridKaplanMeier(DIED, grid="90 days").local(people))
    first_year = curve.grids["90 days"]["All"].head(4)
    exact = survival_at(kaplan_meier(people["death_days"], people["death_event"]), [90, 180, 270, 360])
    for name in ("survival", "std_err", "lower", "upper"):
        assert first_year[name].to_list() == pytest.approx(exact[name].to_list(), abs=1e-12)


@pytest.mark.parametrize("by", [None, FAILING], ids=["all", "by heart failure"])
def test_it_lies_near_the_product_limit_estimate_on_every_grid(whas500, by):
    analysis = GridKaplanMeier(DIED, by)
    for rung, curves in analysis.finish(analysis.local(whas500)).grids.items():
        for group, curve in curves.items():
            people = whas500 if by is None else whas500.filter(pl.col("failing") == (group == "yes"))
            exact = survival_at(kaplan_meier(people["death_days"], people["death_event"]), curve["time"].to_list())
            assert (exact["survival"] - curve["survival"]).abs().max() <= NEAR.get(rung, 0.03)


def test_the_gate_shows_the_finest_grid_that_passes_and_says_what_the_estimate_is(whas500):
    analysis = GridKaplanMeier(DIED, FAILING)
    released = Gate().release(analysis.finish(analysis.local(whas500)))
    assert released.rung == "landmarks"
    # Nobody is censored in the first year, so this is the share who are alive.
    well = whas500.filter(~pl.col("failing"))
    assert released.table.cell(("no", 365.0), "survival") == pytest.approx((well["death_days"] > 365).mean(), abs=1e-12)
    assert "at risk for half of it" in str(released)
    assert released.grid_days[-1] == released.horizon_days == 5 * 365.25


def test_the_gate_shows_no_grid_that_the_policy_has_not(whas500):
    analysis = GridKaplanMeier(DIED, FAILING)
    stricter = Policy.load().tightened(finest_rung="365 days")
    released = Gate(stricter).release(analysis.finish(analysis.local(whas500)))
    assert released.rung in [rung.name for rung in stricter.ladder]


def test_a_curve_that_is_told_in_part_stops_there(whas500):
    analysis = GridKaplanMeier(DIED, FAILING, grid="landmarks")
    ladder = analysis.local(whas500)
    table = ladder.tables[0].told_until((6, 3))
    released = Gate().release(analysis.finish(type(ladder)(ladder.rungs, (table,))))
    frame = released.table.to_frame()
    assert frame.filter(pl.col("group") == "yes")["time_days"].to_list() == [0, 30, 180, 365]
    ill = whas500.filter("failing")
    assert released.table.cell(("yes", 365.0), "survival") == pytest.approx((ill["death_days"] > 365).mean(), abs=1e-12)
    assert frame.filter(pl.col("group") == "no").height == 7
    # Those who go on being followed are not counted as censored.
    assert released.table.cell(("yes", 365.0), "censored") in (0, Suppressed("differencing"))


def test_sites_without_a_grid_in_common_are_refused():
    with pytest.raises(DisclosureError, match="On no grid") as refused:
        GridKaplanMeier(DIED).finish(RungsOffered(()))
    assert refused.value.code == "cell_too_small"


def test_questions_that_make_no_sense_are_refused_in_words():
    with pytest.raises(AnalysisError, match=r"'monthly' is not a grid of the ladder.*30 days"):
        GridKaplanMeier(DIED, grid="monthly")
    with pytest.raises(AnalysisError, match="Give whole years, such as 5, or 1.5 or 3.5"):
        GridKaplanMeier(DIED, horizon_years=4.003)
    table = GridTable.of(
        np.array([1.0]), np.array([True]), edges_days=(0, 5, 9), group=np.zeros(1, np.int64), groups=("All",)
    )
    with pytest.raises(AnalysisError, match="leaving out inner edges only"):
        table.coarsened((0, 4, 9))
    with pytest.raises(AnalysisError, match="another grid"):
        table.merge(table.coarsened((0, 9)))

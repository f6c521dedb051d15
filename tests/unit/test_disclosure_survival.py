"""Survival curves as the gate shows them, by hand and on WHAS500. k = 10, base 5."""

from __future__ import annotations

import io
from importlib.metadata import files

import numpy as np
import polars as pl
import pytest
from scipy.io import arff

from workbench.disclosure import DisclosureError, Gate, Policy, Suppressed
from workbench.disclosure.life_table import LifeTable
from workbench.statistics.results import SurvivalCurves

GATE = Gate()
YEAR = 365.25
NEAR = Suppressed("differencing")
SMALL = Suppressed("small_count", 10)


def product_limit(days: np.ndarray, died: np.ndarray) -> pl.DataFrame:
    """The exact table, by the definition: S = ∏ (1 − d/n). The limits are S ∓ 0.01 here; the gate only looks them up."""
    time = np.unique(days)
    at_risk = np.array([(days >= t).sum() for t in time])
    events = np.array([(died & (days == t)).sum() for t in time])
    censored = np.array([(~died & (days == t)).sum() for t in time])
    survival = np.cumprod(1 - events / at_risk)
    return pl.DataFrame(
        {
            "time": time.astype(float),
            "at_risk": at_risk,
            "events": events,
            "censored": censored,
            "survival": survival,
            "std_err": np.zeros_like(survival),
            "lower": survival - 0.01,
            "upper": survival + 0.01,
        }
    )


def curves(
    horizon_days: float, by: str | None = None, n_missing: int = 0, **groups: tuple[list, list]
) -> SurvivalCurves:
    frames = {
        group: product_limit(np.asarray(days, dtype=float), np.asarray(died, dtype=bool))
        for group, (days, died) in groups.items()
    }
    n = {group: len(days) for group, (days, _) in groups.items()}
    return SurvivalCurves("Death", by, frames, n, n_missing, horizon_days)


def leaving(*at: tuple[float, int, int]) -> tuple[list, list]:
    """Days, and whether they died, of people who leave: (day, how many die, how many are censored)."""
    days = [day for day, deaths, censored in at for _ in range(deaths + censored)]
    died = [flag for _, deaths, censored in at for flag in [True] * deaths + [False] * censored]
    return days, died


def test_survival_is_looked_up_at_the_edges_of_the_finest_grid_that_passes():
    # 100 people; 20 die on day 10, 20 on day 40, 10 are censored on day 50, 50 are followed to day 60.
    result = GATE.release(curves(60, All=leaving((10, 20, 0), (40, 20, 0), (50, 0, 10), (60, 0, 50))))
    assert result.rung == "30 days"
    assert result.grid_days == (0.0, 30.0, 60.0)
    assert result.table.column("survival") == pytest.approx((1.0, 0.8, 0.6))
    assert result.table.column("lower")[1:] == pytest.approx((0.79, 0.59))
    assert result.table.column("time_years") == (0.0, 30 / YEAR, 60 / YEAR)
    assert result.table.column("at_risk") == (100, 80, 50)  # follow-up of at least 0, 30, 60 days


def test_a_bin_that_stands_for_few_leavers_makes_the_grid_coarser():
    # Of 9 deaths up to day 30 and 11 up to day 60 neither grid of 30 days can be shown; of 20 up to day 90 one can.
    days = leaving((10, 9, 0), (40, 11, 0), (180, 0, 80))
    result = GATE.release(curves(180, All=days))
    assert result.rung == "90 days"
    assert result.table.column("survival") == pytest.approx((1.0, 0.8, 0.8))


def test_one_group_that_fails_makes_the_grid_coarser_for_all():
    fine, coarse = leaving((10, 20, 0), (40, 20, 0), (60, 0, 50)), leaving((10, 5, 0), (40, 20, 0), (60, 0, 50))
    assert GATE.release(curves(60, "Shock", no=fine, yes=fine)).rung == "30 days"
    result = GATE.release(curves(60, "Shock", no=fine, yes=coarse))
    assert result.rung == "90 days"
    assert result.grid_days == (0.0, 60.0)


def test_follow_up_beyond_the_horizon_ends_at_the_horizon():
    result = GATE.release(curves(60, All=leaving((10, 20, 0), (40, 20, 0), (100, 25, 0), (300, 0, 35))))
    assert result.table.column("survival") == pytest.approx((1.0, 0.8, 0.6))
    assert result.table.column("at_risk") == (100, 80, 60)
    assert (result.table.column("events")[-1], result.table.column("censored")[-1]) == (40, 60)


def test_the_curve_stops_where_fewer_than_ten_are_left():
    # 9 of 49 stay after day 30: what happens to them is not shown.
    result = GATE.release(curves(90, All=leaving((10, 20, 20), (50, 3, 0), (80, 2, 4))))
    assert result.rung == "30 days"
    assert result.grid_days == (0.0, 30.0, 60.0, 90.0)
    assert result.table.column("time_days") == (0.0, 30.0)
    assert result.table.column("at_risk") == (50, SMALL)
    assert result.median["All"] == Suppressed("curve_stopped")  # 29/49 = 0.59 survive day 30


def test_events_and_censored_are_shown_together_and_apart_from_their_neighbours():
    # Cumulative deaths 20, 40, 45 and censored 0, 10, 30: at day 30 nobody is censored, and day 60 has 5 deaths less
    # than day 90, so only the last is shown.
    result = GATE.release(curves(90, All=leaving((10, 20, 0), (40, 20, 10), (70, 5, 20))))
    assert result.table.column("events") == (0, NEAR, NEAR, 45)
    assert result.table.column("censored") == (0, NEAR, NEAR, 30)


def test_people_who_leave_exactly_on_an_edge_do_not_make_a_small_difference_at_risk():
    # 12 leave in the first bin, but 9 of them on day 30 itself: 100 and 97 have follow-up of at least 0 and 30 days.
    result = GATE.release(curves(60, All=leaving((10, 3, 0), (30, 9, 0), (60, 0, 88))))
    assert result.rung == "30 days"
    assert result.table.column("at_risk") == (100, NEAR, 90)


def test_the_median_is_told_as_the_bin_that_holds_it():
    result = GATE.release(
        curves(60, "Shock", no=leaving((10, 20, 0), (60, 0, 50)), yes=leaving((10, 20, 0), (40, 30, 0), (60, 0, 20)))
    )
    assert result.median == {
        "no": None,
        "yes": (30.0, 60.0),
    }  # 20/70 = 0.29 die; 40/70 and then 20/70 survive... by hand


def test_the_caption_counts_people_events_and_missing():
    result = GATE.release(curves(60, n_missing=12, All=leaving((10, 20, 0), (40, 21, 0), (60, 0, 60))))
    assert result.caption == "People: 100. Events: 40. Missing: 10."
    assert "Shown on the grid: 30 days." in " ".join(result.table.notes)


def test_a_small_group_is_refused_by_name():
    large = leaving((10, 20, 0), (60, 0, 50))
    with pytest.raises(DisclosureError, match=r"level 'yes' of 'Shock'.*\[cohort_too_small\]") as refused:
        GATE.release(curves(60, "Shock", no=large, yes=leaving((10, 9, 0))))
    assert not any(character.isdigit() for character in str(refused.value))


def test_a_policy_that_asks_for_events_refuses_a_curve_with_few():
    few = curves(60, All=leaving((10, 5, 5), (60, 4, 50)))
    assert GATE.release(few).rung == "30 days"
    with pytest.raises(DisclosureError, match=r"longer horizon.*\[cell_too_small\]"):
        Gate(Policy.load().tightened(bin_events=10)).release(few)


def test_the_strict_preset_wants_events_in_every_bin_too():
    strict = Gate(Policy.load(preset="strict"))
    result = strict.release(curves(60, All=leaving((10, 25, 0), (40, 5, 30), (60, 0, 50))))
    assert result.grid_days == (0.0, 60.0)


def test_somebody_who_leaves_on_day_0_leaves_in_the_first_bin():
    table = LifeTable.of(
        product_limit(np.array([0.0] * 15 + [30.0] * 20), np.array([True] * 15 + [False] * 20)), (0, 30)
    )
    assert table.staying.tolist() == [35, 0]
    assert table.events.tolist() == [0, 15]


@pytest.fixture(scope="module")
def whas500() -> pl.DataFrame:
    """500 people with acute myocardial infarction (Worcester Heart Attack Study), as scikit-survival packs them."""
    path = next(file for file in files("scikit-survival") or [] if file.name == "whas500.arff")
    records, _ = arff.loadarff(io.StringIO(path.locate().read_text()))
    return pl.DataFrame(
        {"days": records["lenfol"], "died": records["fstat"] == b"1", "heart_failure": records["chf"] == b"1"}
    )


@pytest.fixture(scope="module")
def whas500_curves(whas500) -> SurvivalCurves:
    groups = {
        label: tuple(whas500.filter(pl.col("heart_failure") == value)[name].to_list() for name in ("days", "died"))
        for label, value in (("no", False), ("yes", True))
    }
    return curves(5 * YEAR, "Heart failure", **groups)


LANDMARKS = (0.0, 30.0, 180.0, 365.0, 1.5 * YEAR, 3.5 * YEAR, 5 * YEAR)


def test_whas500_by_heart_failure_passes_on_the_landmarks(whas500_curves):
    result = GATE.release(whas500_curves)
    assert result.rung == "landmarks"
    assert result.grid_days == LANDMARKS


def test_whas500_fails_on_the_finer_grids(whas500_curves):
    policy = Policy.load()
    names = [rung.name for rung in policy.ladder]
    for rung in policy.ladder[: names.index("landmarks")]:
        edges = rung.edges_days(5 * YEAR)
        tables = [LifeTable.of(curve, edges).until_stop(policy) for curve in whas500_curves.curves.values()]
        assert not all(table.passes(policy) for table in tables), rung.name


def test_whas500_counts_at_the_landmarks(whas500, whas500_curves):
    # Counted from the rows: people of the group with follow-up of at least the landmark, to the nearest 5.
    table = GATE.release(whas500_curves).table
    sick = whas500.filter("heart_failure")["days"]
    exact = [int((sick >= day).sum()) for day in LANDMARKS]
    assert exact == [155, 121, 94, 77, 59, 26, 15]
    shown = [row[6] for row in table.rows if row[0] == "yes"]
    assert shown == [155, 120, 95, 75, 60, 25, 15]


def test_whas500_survival_at_a_year_is_the_share_alive_since_nobody_is_censored_before(whas500, whas500_curves):
    assert whas500.filter(~pl.col("died"))["days"].min() == 368
    result = GATE.release(whas500_curves)
    for label, value in (("no", False), ("yes", True)):
        group = whas500.filter(pl.col("heart_failure") == value)
        alive = (group["days"] > 365).mean()
        shown = [row[3] for row in result.table.rows if row[0] == label and row[1] == 365.0]
        assert shown == [pytest.approx(alive)]


def test_whas500_median_with_heart_failure_is_told_as_a_bin(whas500_curves):
    assert GATE.release(whas500_curves).median == {"no": None, "yes": (180.0, 365.0)}

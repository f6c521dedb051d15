"""Table 1 as the gate shows it. k = 10, base 5."""

from __future__ import annotations

import math

import pytest

from workbench.disclosure import DisclosureError, Gate, Suppressed
from workbench.statistics.results import GroupSummary, LevelSummary, NumberSummary

GATE = Gate()
SMALL = Suppressed("small_count", 10)
SECONDARY = Suppressed("secondary")


def number(mean=(67.0321, 76.2049), sd=(14.4921, 12.3511), n=(345, 155), n_missing=(0, 0), **more) -> NumberSummary:
    fields = {
        "total": tuple(m * size for m, size in zip(mean, n, strict=True)),
        "largest": (104.0, 102.0),
        "second_largest": (101.0, 99.0),
    }
    return NumberSummary("age_years", "Age", "years", n=n, n_missing=n_missing, mean=mean, sd=sd, **{**fields, **more})


def yes_no(no: tuple[int, ...], yes: tuple[int, ...], n_missing=(0, 0)) -> LevelSummary:
    return LevelSummary("shock", "Shock", ("no", "yes"), (no, yes), n_missing, yes_no=True)


def release(*variables, n=(345, 155), groups=("no", "yes"), by="Heart failure", n_missing_group=0):
    return GATE.release(GroupSummary(by, groups, n, variables, n_missing_group))


def test_means_are_shown_to_three_digits_of_their_spread():
    table = release(number())
    row = ("age_years", "mean")
    assert (table.cell(row, "no__mean"), table.cell(row, "no__sd")) == (67.0, 14.5)
    assert (table.cell(row, "yes__mean"), table.cell(row, "yes__sd")) == (76.2, 12.4)
    assert table.cell(row, "characteristic") == "Age (years), mean (SD)"


def test_the_difference_of_numbers_is_of_the_exact_moments():
    # (76.2049 − 67.0321) / √((14.4921² + 12.3511²) / 2) = 9.1728 / 13.4640 = 0.681
    assert release(number()).cell(("age_years", "mean"), "difference") == 0.681


def test_a_mean_of_too_few_values_is_hidden_and_so_is_its_difference():
    table = release(number(n=(345, 9), n_missing=(0, 146)))
    assert table.cell(("age_years", "mean"), "yes__mean") == Suppressed("too_few_people")
    assert table.cell(("age_years", "mean"), "yes__sd") == Suppressed("too_few_people")
    assert table.cell(("age_years", "mean"), "difference") == Suppressed("ingredient")
    assert table.cell(("age_years", "mean"), "no__mean") == 67.0


def test_a_mean_that_two_people_make_is_hidden():
    table = release(number(largest=(104.0, 9000.0), second_largest=(101.0, 2000.0)))
    assert table.cell(("age_years", "mean"), "yes__mean") == Suppressed("dominance")


def test_a_value_that_everybody_shares_is_hidden():
    table = release(number(sd=(14.5, 0.0)))
    assert table.cell(("age_years", "mean"), "yes__mean") == Suppressed("group_attribute")


def test_percentages_are_of_rounded_counts():
    table = release(yes_no((306, 128), (39, 27)))
    assert (table.cell("shock", "no__n"), table.cell("shock", "yes__n")) == (40, 25)
    assert table.cell("shock", "no__percent") == 100 * 40 / 345
    assert table.cell("shock", "yes__percent") == 100 * 25 / 155


def test_the_difference_of_a_yes_no_variable_is_of_the_shown_percentages():
    # p = 40/345 = 0.11594 and 25/155 = 0.16129: 0.04535 / √((0.10250 + 0.13528) / 2) = 0.132
    assert release(yes_no((306, 128), (39, 27))).cell("shock", "difference") == 0.132


def test_only_yes_is_shown_of_a_yes_no_variable():
    table = release(yes_no((306, 128), (39, 27)))
    assert [(row[0], row[1]) for row in table.rows] == [("shock", "yes")]


def test_few_who_have_it_and_few_who_do_not_are_both_hidden():
    table = release(yes_no((338, 5), (7, 150)))
    assert table.cell("shock", "no__n") == SMALL
    assert table.cell("shock", "no__percent") == Suppressed("small_count")
    assert table.cell("shock", "yes__n") == Suppressed("group_attribute")
    assert table.cell("shock", "difference") == Suppressed("ingredient")


def test_a_full_group_is_hidden_like_a_nearly_full_one():
    full, nearly = release(yes_no((300, 0), (45, 155))), release(yes_no((300, 9), (45, 146)))
    assert full.cell("shock", "yes__n") == nearly.cell("shock", "yes__n") == Suppressed("group_attribute")


def test_missing_values_are_shown_where_they_are_many_and_percentages_are_then_of_the_known():
    table = release(yes_no((245, 128), (39, 27), n_missing=(61, 0)))
    assert table.cell(("shock", "missing"), "no__n") == 60
    assert table.cell(("shock", "missing"), "yes__n") == SMALL
    assert table.cell(("shock", "yes"), "no__percent") == 100 * 40 / (345 - 60)
    assert table.cell(("shock", "yes"), "yes__percent") == 100 * 25 / 155


def test_few_missing_values_look_like_none():
    few, none = release(yes_no((305, 128), (40, 27))), release(yes_no((301, 128), (40, 27), n_missing=(4, 0)))
    assert few == none
    assert "fewer than 10 (or none)" in " ".join(few.notes)


def age_bands(no: tuple[int, ...], yes: tuple[int, ...], n_missing=(0, 0)) -> LevelSummary:
    levels = tuple(f"band {number}" for number in range(len(no)))
    return LevelSummary("age_band", "Age band", levels, tuple(zip(no, yes, strict=True)), n_missing)


def test_hidden_levels_of_a_category_look_alike():
    table = release(age_bands((120, 60, 75, 90), (20, 100, 31, 4)))
    assert table.column("yes__n") == (20, 100, SECONDARY, SECONDARY)
    assert table.column("no__n") == (120, 60, 75, 90)
    assert table.cell(0, "difference") == Suppressed("ingredient")


def test_the_difference_of_a_category_is_over_all_its_levels():
    # Shares 0.5, 0.3, 0.2 and 0.3, 0.3, 0.4. Over the last two: d = (0, −0.2); S = mean of (0.21, −0.06; 0.16) and
    # (0.21, −0.12; 0.24) = (0.21, −0.09; 0.20), determinant 0.0339; d′S⁻¹d = 0.04 × 0.21 / 0.0339 = 0.24779; root 0.498.
    table = release(age_bands((50, 30, 20), (30, 30, 40)), n=(100, 100))
    assert table.cell(0, "difference") == 0.498
    assert table.column("difference")[1:] == (None, None)


def test_with_three_groups_the_largest_difference_is_shown():
    variable = NumberSummary(
        "x", "X", None, (100,) * 3, (0,) * 3, (1.0, 2.0, 4.0), (1.0,) * 3, (100.0, 200.0, 400.0), (4.0,) * 3, (4.0,) * 3
    )
    table = release(variable, n=(100,) * 3, groups=("a", "b", "c"))
    assert table.cell("x", "difference") == 3.0


def test_one_group_has_no_difference():
    variable = LevelSummary("shock", "Shock", ("no", "yes"), ((400,), (100,)), (0,), yes_no=True)
    table = release(variable, n=(500,), groups=("All",), by=None)
    assert "difference" not in table.column_names
    assert table.caption == "People: 500."


def test_there_is_no_column_for_all_groups_together():
    table = release(yes_no((306, 128), (39, 27)))
    assert table.column_names == (
        "variable", "level", "characteristic",
        "no__n", "no__percent", "no__mean", "no__sd", "yes__n", "yes__percent", "yes__mean", "yes__sd", "difference",
    )  # fmt: skip


def test_the_caption_counts_people_and_those_of_unknown_group():
    assert release(number()).caption == "People: 500. Group unknown: <10."
    assert release(number(), n_missing_group=12).caption == "People: 500. Group unknown: 10."


def test_a_small_group_refuses_the_table_by_name():
    with pytest.raises(DisclosureError, match=r"level 'yes' of 'Heart failure'.*\[cohort_too_small\]"):
        release(number(n=(345, 9)), n=(345, 9))
    with pytest.raises(DisclosureError, match="the cohort"):
        release(n=(9,), groups=("All",), by=None)


def test_the_printed_table_joins_count_and_percentage():
    lines = str(release(number(), yes_no((306, 128), (39, 27)))).splitlines()
    assert lines[1].split("  ")[0] == "Characteristic"
    assert "Heart failure: no (n = 345)" in lines[1]
    assert any("67.0 (14.5)" in line and "76.2 (12.4)" in line for line in lines)
    assert any("40 (11.6 %)" in line and "25 (16.1 %)" in line for line in lines)


@pytest.mark.parametrize(("sd", "shown"), [(1234.5, 1234), (12.345, 12.3), (0.012345, 0.0123)])
def test_spreads_have_three_digits_whatever_their_size(sd, shown):
    mean = 100 * sd
    table = release(number(mean=(mean, mean), sd=(sd, sd), largest=(mean, mean), second_largest=(mean, mean)))
    assert table.cell("age_years", "no__sd") == shown
    assert math.isclose(table.cell("age_years", "no__mean"), mean, rel_tol=1e-3)

"""What the gate makes of attrition, counts of people, tests and regressions. k = 10, base 5."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from workbench.disclosure import DisclosureError, Gate, Policy, Suppressed
from workbench.disclosure.vocabulary import REFUSALS
from workbench.statistics.results import (
    Attrition,
    AttritionStep,
    PeopleCount,
    RegressionFit,
    Term,
    TestGroup,
    TestResult,
)

GATE = Gate()
SMALL = Suppressed("small_count", 10)
NEAR = Suppressed("differencing")
COMBINED = Suppressed("combined")


def attrition(*counts: int, cannot_exclude: tuple[int, ...] = ()) -> Attrition:
    return Attrition(
        tuple(
            AttritionStep(f"step {number}", before, after, cannot_exclude=number in cannot_exclude)
            for number, (before, after) in enumerate(pairwise(counts), start=1)
        )
    )


def rows(result: Attrition, gate: Gate = GATE) -> list[tuple]:
    return [row[1:] for row in gate.release(result).rows]


def test_steps_that_leave_out_many_are_shown_rounded_and_add_up():
    assert rows(attrition(1003, 612, 488)) == [(1005, 395, 610), (610, 120, 490)]


def test_a_step_that_leaves_out_a_few_is_counted_with_the_next():
    # 500 → 495 leaves out 5, which 500 less 495 would tell.
    assert rows(attrition(500, 495, 400)) == [(500, COMBINED, NEAR), (NEAR, 100, 400)]


def test_a_step_that_leaves_out_nobody_looks_like_one_that_leaves_out_a_few():
    assert rows(attrition(500, 500, 400)) == rows(attrition(500, 495, 400))


def test_the_last_count_is_shown_rather_than_one_too_near_to_it():
    assert rows(attrition(500, 400, 396)) == [(500, COMBINED, NEAR), (NEAR, 105, 395)]


def test_if_hardly_anybody_is_left_out_only_the_end_is_shown():
    assert rows(attrition(500, 498, 495)) == [(NEAR, COMBINED, NEAR), (NEAR, NEAR, 495)]


def test_a_step_that_cannot_exclude_shows_an_exact_zero():
    result = attrition(500, 500, 400, cannot_exclude=(1,))
    assert rows(result) == [(500, 0, 500), (500, 100, 400)]


def test_a_step_declared_to_exclude_nobody_that_does_is_a_mistake():
    with pytest.raises(ValueError, match="'step 1' is declared to leave nobody out, and does"):
        GATE.release(attrition(500, 499, cannot_exclude=(1,)))


def test_small_cohorts_are_hidden_and_so_is_what_leads_to_them():
    assert rows(attrition(500, 60, 4)) == [(500, 440, 60), (60, Suppressed("ingredient"), SMALL)]


def test_the_attrition_of_a_handful_shows_nothing():
    assert rows(attrition(8, 3)) == [(SMALL, Suppressed("ingredient"), SMALL)]


def test_attrition_says_what_is_combined_and_why_cells_are_hidden():
    table = GATE.release(attrition(500, 495, 400))
    assert table.caption == "Before: 500. Kept: 400."
    assert "stands in the last of them" in " ".join(table.notes)
    assert "so that the few people between two counts cannot be worked out" in " ".join(table.notes)
    assert "cw-sdc-1" in table.policy


def test_people_are_counted_out_of_the_catalog():
    table = GATE.release(PeopleCount("Heart failure", 123, 1004))
    assert table.rows == (("Heart failure", 125, 1005),)
    assert table.caption == "People: 125."


def test_a_cohort_of_nearly_everybody_hides_the_catalogs_count():
    assert GATE.release(PeopleCount("Everybody", 495, 500)).rows == (("Everybody", 495, NEAR),)


def test_a_small_cohort_is_hidden():
    assert GATE.release(PeopleCount("Few", 0, 500)).rows == (("Few", SMALL, 500),)


def log_rank(*groups: tuple[str, int, int], n_missing: int = 0) -> TestResult:
    return TestResult(
        method="Log-rank test",
        by="Shock",
        event_label="Death",
        statistic=12.3456,
        degrees_of_freedom=1,
        p_value=0.000441,
        groups=tuple(TestGroup(label, n, events, events + 1.5) for label, n, events in groups),
        n_missing=n_missing,
    )


def test_a_test_keeps_its_statistic_and_rounds_its_counts():
    result = GATE.release(log_rank(("no", 461, 183), ("yes", 39, 24), n_missing=12))
    assert (result.statistic, result.degrees_of_freedom, result.p_value) == (12.3456, 1, 0.000441)
    assert result.table.rows == (("no", 460, 185, 185), ("yes", 40, 25, 25))  # 184.5 is rounded to 184, then to 185
    assert result.caption == "χ² = 12.35, degrees of freedom 1, p <0.001. People: 500. Events: 210. Missing: 10."


def test_a_test_with_a_small_group_is_refused_by_name_and_without_a_count():
    with pytest.raises(DisclosureError, match=r"level 'yes' of 'Shock'.*\[cohort_too_small\]") as refused:
        GATE.release(log_rank(("no", 461, 183), ("yes", 9, 9)))
    assert refused.value.code == "cohort_too_small"
    with pytest.raises(DisclosureError, match=r"level 'yes' of 'Shock'.*longer follow-up.*\[cell_too_small\]"):
        GATE.release(log_rank(("no", 461, 183), ("yes", 39, 9)))


def test_events_of_nearly_a_whole_group_are_hidden():
    table = GATE.release(log_rank(("no", 461, 183), ("yes", 39, 30))).table
    assert table.cell("yes", "events") == Suppressed("group_attribute")
    assert "Events: suppressed." in table.caption


AGE = Term("age_years", "Age", 0.3, 0.05, 6.0, 2e-9, unit="years", per=10)
SEX = Term(
    "sex", "Sex", math.log(2), 0.1, 6.9, 4e-12, reference="female", level="male",
    n=302, events=101, n_reference=198, events_reference=114,
)  # fmt: skip
FIT = RegressionFit(
    method="Cox proportional hazards", event_label="Death", terms=(AGE, SEX), n=500, n_events=215, n_missing=3,
    log_likelihood=-1100.0, log_likelihood_null=-1120.0, converged=True, iterations=4,
)  # fmt: skip


def test_a_regression_keeps_its_coefficients_and_rounds_its_counts():
    result = GATE.release(FIT)
    table = result.table
    assert (result.n, result.n_events, result.n_missing) == (500, 215, SMALL)
    assert table.column("label") == ("Age (+10 years)", "Sex: female (reference)", "Sex: male")
    assert table.cell(("sex", "male"), "hazard_ratio") == pytest.approx(2.0)
    # exp(log 2 ± 1.959964 × 0.1)
    assert table.cell(("sex", "male"), "lower") == pytest.approx(1.6440, abs=1e-4)
    assert table.cell(("sex", "male"), "upper") == pytest.approx(2.4330, abs=1e-4)
    assert table.cell(("sex", "male"), "p_value") == 4e-12
    assert (table.cell(("sex", "male"), "n"), table.cell(("sex", "male"), "events")) == (300, 100)
    assert (table.cell(("sex", "female"), "n"), table.cell(("sex", "female"), "events")) == (200, 115)
    assert table.cell(("sex", "female"), "hazard_ratio") == 1.0
    assert table.cell("age_years", "n") is None
    assert result.caption == "People: 500. Events: 215. Missing: <10."


def test_the_whole_model_is_tested_against_none():
    result = GATE.release(FIT)
    assert result.likelihood_ratio == 40.0  # 2 × (1120 − 1100)
    assert result.degrees_of_freedom == 2
    assert result.p_value == pytest.approx(math.exp(-20.0))  # chi-square with two degrees of freedom


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": 9}, r"level 'male' of 'Sex'.*\[cell_too_small\]"),
        ({"n": 9, "events": 9}, r"level 'male' of 'Sex'"),
        ({"events_reference": 0}, r"level 'female' of 'Sex'"),
        ({"n_reference": None}, r"level 'female' of 'Sex'"),
    ],
)
def test_a_small_level_or_reference_refuses_the_model_by_name(change, message):
    fit = replace(FIT, terms=(AGE, replace(SEX, **change)))
    with pytest.raises(DisclosureError, match=message) as refused:
        GATE.release(fit)
    assert not any(character.isdigit() for character in str(refused.value))


def test_a_model_with_too_many_coefficients_is_refused():
    with pytest.raises(DisclosureError, match=r"Leave covariates out.*\[too_many_parameters\]"):
        GATE.release(replace(FIT, n_events=19))
    with pytest.raises(DisclosureError, match="cohort_too_small"):
        GATE.release(replace(FIT, n=9))


def test_if_nearly_a_whole_level_had_the_event_no_levels_events_are_shown():
    fit = replace(FIT, terms=(replace(SEX, events=295),), n_events=409)
    table = GATE.release(fit).table
    assert table.column("events") == (Suppressed("secondary"), Suppressed("secondary"))


def test_a_fit_that_did_not_settle_or_has_no_estimate_says_so():
    endless = replace(AGE, log_hazard_ratio=700.0, std_err=math.nan)
    result = GATE.release(replace(FIT, terms=(endless, SEX), converged=False))
    assert result.table.cell("age_years", "hazard_ratio") is None
    assert not result.converged
    assert "did not settle" in " ".join(result.table.notes)
    assert "without a finite estimate" in " ".join(result.table.notes)


def test_free_text_of_a_fit_does_not_pass():
    result = GATE.release(replace(FIT, warnings=("person 1234567890 has 3 events",)))
    assert "1234567890" not in str(result) + result._repr_html_() + str(result.to_dict())


def test_an_unknown_result_is_refused_and_so_is_a_derived_one():
    @dataclass(frozen=True)
    class MoreThanCounted(PeopleCount):
        people: tuple[int, ...] = ()

    for given in ([1, 2, 3], None, "500 people", MoreThanCounted("x", 100, 500, (1, 2))):
        with pytest.raises(DisclosureError, match=r"Known: Attrition.*\[stat_not_registered\]"):
            GATE.release(given)


def test_refusal_codes_are_a_closed_list():
    with pytest.raises(ValueError, match="Did you mean 'cell_too_small'"):
        DisclosureError("cell_to_small", "")
    assert set(REFUSALS) == {
        *("stat_not_registered", "cohort_too_small", "cell_too_small", "differencing", "too_many_parameters")
    }


def test_every_release_names_its_policy():
    gate = Gate(Policy.load(preset="strict"))
    assert gate.release(PeopleCount("x", 123, 1004)).policy == "cw-sdc-1 version 1.0, strict"

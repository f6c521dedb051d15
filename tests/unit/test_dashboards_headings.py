"""Headings of a run's results: what tells apart those that would have the same."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from workbench.cohorts import Cohort, age_years, codelist, diagnosis, genotyped
from workbench.dashboards.headings import headings_of, who_of
from workbench.disclosure import Column, ReleasedRegression, ReleasedTable

BASE = Cohort.entry("first heart failure", diagnosis(codelist("heart_failure")).first())
GENOTYPED = BASE.exclude("no genome", genotyped())


def model(*labels: str) -> ReleasedRegression:
    table = ReleasedTable(
        name="regression",
        title="Death: Cox model",
        columns=(Column("label", "Covariate"),),
        rows=tuple((label,) for label in labels),
    )
    return ReleasedRegression(
        table=table,
        method="Cox model",
        event_label="Death",
        n=100,
        n_events=50,
        n_missing=0,
        confidence=0.95,
        likelihood_ratio=1.0,
        degrees_of_freedom=1,
        p_value=0.5,
        converged=True,
    )


def titles(*asked: tuple[Cohort, ReleasedRegression]) -> list[str]:
    """Return the titles of the results of a run that asked this."""
    names = [f"regression_{number}" for number in range(len(asked))]
    bundle = SimpleNamespace(
        cohorts=lambda: {cohort.digest: cohort for cohort, _ in asked},
        record={
            "questions": [
                {"table": name, "cohort": cohort.digest} for name, (cohort, _) in zip(names, asked, strict=True)
            ]
        },
    )
    results = {name: result for name, (_, result) in zip(names, asked, strict=True)}
    return [heading.title for heading in headings_of(bundle, results).values()]


def test_a_title_that_stands_once_stays_as_it_is():
    assert titles((BASE, model("Age"))) == ["Death: Cox model"]


def test_models_of_different_people_say_in_which_step_they_differ():
    young = BASE.require("under 60", age_years() < 60)
    assert titles((BASE, model("Age")), (young, model("Age")), (GENOTYPED, model("Age"))) == [
        "Death: Cox model: whole cohort",
        "Death: Cox model: under 60",
        "Death: Cox model: left out: no genome",
    ]


def test_models_of_the_same_people_say_what_they_adjust_for_beyond_the_others():
    assert titles((BASE, model("Sex: female", "Sex: male")), (BASE, model("Sex: female", "Sex: male", "Age"))) == [
        "Death: Cox model: fewer covariates",
        "Death: Cox model: Age",
    ]


def test_models_that_differ_in_nothing_that_is_told_are_numbered():
    assert titles((BASE, model("Age")), (BASE, model("Age"))) == [
        "Death: Cox model (1 of 2)",
        "Death: Cox model (2 of 2)",
    ]


@pytest.mark.parametrize(("cohort", "who"), [(None, ""), (GENOTYPED, "first heart failure; left out: no genome")])
def test_whom_a_step_leaves_out_does_not_read_as_whom_it_keeps(cohort, who):
    assert who_of(cohort) == who

"""Searching concepts for a cohort: by words or by code, in wide steps of how many people have them."""

from __future__ import annotations

import pytest

from data_catalog import Catalog
from data_catalog.errors import UnknownNameError
from data_catalog.sources import whas500
from workbench import Study
from workbench.disclosure import Gate, Policy
from workbench.disclosure.suppressed import Suppressed
from workbench.statistics.results import ConceptFound, ConceptsFound


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    catalog = Catalog.create(tmp_path_factory.mktemp("search") / "catalog", open_to_everyone=True)
    catalog.ingest(whas500(), site="worcester", basis="open_data")
    with Study.open(catalog, purpose="scientific_research") as opened:
        yield opened


def test_every_word_has_to_be_in_the_name_and_the_general_concept_comes_first(study):
    names = study.concepts("infarct myocard", kind="diagnosis").column("name")
    assert names[0] == "Myocardial infarction"
    assert "Acute Q wave myocardial infarction" in names
    assert all("infarct" in name.casefold() for name in names)


def test_a_code_finds_its_concept(study):
    found = study.concepts("84114007", kind="diagnosis")
    assert found.column("name") == ("Heart failure",)
    assert found.column("concept_id") == ("316139",)


def test_a_concept_counts_the_people_of_those_below_it(study):
    # The 500 people of WHAS500 all had an acute infarction, each of one of two kinds (mitype: 153 Q wave, 347 non-Q wave).
    found = study.concepts("myocardial infarction", kind="diagnosis")
    assert dict(zip(found.column("name"), found.column("people"), strict=True)) == {
        "Myocardial infarction": "200 to 999",
        "Acute myocardial infarction": "200 to 999",
        "Acute Q wave myocardial infarction": "50 to 199",
        "Acute non-Q wave myocardial infarction": "200 to 999",
    }


def test_nothing_typed_finds_nothing_and_another_kind_looks_in_another_domain(study):
    assert study.concepts("  ", kind="diagnosis").rows == ()
    assert study.concepts("heart failure", kind="visit").rows == ()


def test_an_unknown_kind_is_answered_with_the_nearest(study):
    with pytest.raises(UnknownNameError, match="Did you mean 'diagnosis'"):
        study.concepts("heart", kind="diagnoses")


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, Suppressed("small_count", 10)),
        (9, Suppressed("small_count", 10)),
        (10, "10 to 49"),
        (49, "10 to 49"),
        (5000, "5,000 or more"),
    ],
)
def test_people_are_told_in_steps_so_wide_that_no_difference_is_small(n, shown):
    found = ConceptsFound("x", (ConceptFound(1, "X", "SNOMED", "1", n),), 1)
    assert Gate(Policy.load()).release(found).column("people") == (shown,)


def test_a_reader_is_told_how_many_matches_are_not_shown():
    found = ConceptsFound("x", (ConceptFound(1, "X", "SNOMED", "1", 0),), 57)
    assert Gate(Policy.load()).release(found).caption == "Concepts: 1 of 57."

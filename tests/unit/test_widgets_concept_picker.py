"""Choosing codes by clicking: shipped codelists by kind, or a search whose every answer is in words."""

from __future__ import annotations

import pytest

from data_catalog import Catalog
from data_catalog.errors import CatalogError
from data_catalog.sources import whas500
from widgets.concept_picker import ConceptPicker
from workbench import Study
from workbench.cohorts import Codelist, Cohort, Concept, DefinitionError, codelist, diagnosis


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    catalog = Catalog.create(tmp_path_factory.mktemp("picker") / "catalog", open_to_everyone=True)
    catalog.ingest(whas500(), site="worcester", basis="open_data")
    with Study.open(catalog, purpose="scientific_research") as opened:
        yield opened


@pytest.fixture
def picker(study):
    return ConceptPicker(study.concepts, "diagnosis")


def search(picker, words):
    picker.search.value = words
    return [label for label, _ in picker.hits.options]


def test_a_search_shows_names_people_in_wide_steps_and_codes(picker):
    found = search(picker, "heart failure")
    assert found[0] == "SNOMED 84114007 · Heart failure · 50 to 199 people", (
        "the code is not what a narrow list cuts off"
    )
    assert "Concepts: " in picker.message.value


def test_what_is_chosen_becomes_a_codelist_that_a_study_can_count(picker, study):
    search(picker, "myocardial infarction")
    picker.hits.index = (0, 1)
    picker.add.click()
    codes = picker.codes
    assert codes.name == "myocardial_infarction_and_others"
    assert [concept.descendants for concept in codes.concepts] == [True, True]
    counted = study.count(Cohort.entry("an infarction of any kind", diagnosis(codes).first()))
    assert counted.column("n") == (500,)


def test_a_concept_can_be_chosen_alone_and_is_not_chosen_twice(picker):
    search(picker, "84114007")
    picker.hits.index = (0,)
    picker.below.value = False
    picker.add.click()
    picker.add.click()
    assert picker.codes == Codelist("heart_failure", "1", (Concept(316139, "Heart failure", descendants=False),))


def test_what_was_chosen_can_be_taken_away_again(picker):
    search(picker, "84114007")
    picker.hits.index = (0,)
    picker.add.click()
    picker.chosen.index = (0,)
    picker.remove.click()
    with pytest.raises(DefinitionError, match="No concept is chosen yet"):
        _ = picker.codes


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("  ", "Type words of a name"),
        ("<b>gout</b>", "No diagnosis in the catalog&#x27;s vocabularies is called “&lt;b&gt;gout"),
    ],
)
def test_an_empty_search_and_one_that_finds_nothing_are_answered_in_words(picker, words, answer):
    search(picker, "heart")
    search(picker, words)
    assert answer in picker.message.value
    assert picker.hits.options == ()


def test_buttons_without_a_selection_say_what_to_select(picker):
    picker.add.click()
    assert "Select some of the concepts found first." in picker.message.value
    picker.remove.click()
    assert "Select some of the chosen concepts first." in picker.message.value


def test_leaving_the_field_by_the_button_searches_once(study):
    asked = []

    def find(text, *, kind):
        asked.append((text, kind))
        return study.concepts(text, kind=kind)

    picker = ConceptPicker(find, "diagnosis")
    picker.search.value = "heart"
    picker.search_now.click()
    assert asked == [("heart", "diagnosis")]


def test_a_search_that_fails_says_why_and_can_be_tried_again(study):
    answers = [CatalogError("The catalog cannot be reached."), None]

    def find(text, *, kind):
        fault = answers.pop(0)
        if fault is not None:
            raise fault
        return study.concepts(text, kind=kind)

    picker = ConceptPicker(find, "diagnosis")
    assert search(picker, "heart") == []
    assert 'role="alert">The catalog cannot be reached.' in picker.message.value
    picker.search_now.click()
    assert picker.hits.options != ()


@pytest.mark.parametrize(
    ("kind", "there", "elsewhere"),
    [
        ("diagnosis", "heart_failure", "beta_blocker"),
        ("drug", "beta_blocker", "heart_failure"),
        ("procedure", "heart_transplant", "statin"),
        ("observation", "history_of_myocardial_infarction", "myocardial_infarction"),
        ("visit", "inpatient_visit", "heart_failure"),
    ],
)
def test_the_codelists_of_the_workbench_are_offered_by_kind(study, kind, there, elsewhere):
    offered = [codes for _, codes in ConceptPicker(study.concepts, kind).source.options]
    assert codelist(there) in offered
    assert codelist(elsewhere) not in offered


def test_a_codelist_made_elsewhere_is_kept_whole_beside_the_others(picker):
    own = Codelist("my_list", "7", (Concept(316139, "Heart failure", taken_from="a book"),))
    picker.show(own)
    assert picker.codes == own
    picker.source.value = codelist("heart_failure")
    assert picker.codes == codelist("heart_failure")

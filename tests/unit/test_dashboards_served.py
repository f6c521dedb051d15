"""What a served dashboard asks, refuses and shows; without a browser."""

from __future__ import annotations

import socket

import pytest

from data_catalog.errors import CatalogError, WorkbenchError
from workbench.cohorts import codelist_names
from workbench.dashboards import serve_dashboard
from workbench.dashboards.narrowed import only_groups
from workbench.dashboards.questions import CONDITIONS, Choices, Questions
from workbench.dashboards.served import CARRIERS, COHORT, LIVE, MODELS, STORED, SURVIVAL, Chosen, Pages
from workbench.disclosure import DisclosureError
from workbench.templates import BundleError, open_bundle


@pytest.fixture(scope="module")
def catalog(infarction):
    return infarction.folder


@pytest.fixture
def questions(catalog):
    asked = Questions(catalog, purpose="education")
    yield asked
    asked.close()


def said(alert) -> str:
    """Return the words of an alert."""
    return alert.objects[0].object


INFARCTION = Choices(entry="myocardial_infarction")


def test_what_is_chosen_is_a_cohort_that_can_be_read():
    chosen = Choices(youngest=40, oldest=80, people="women", highest_lvef_percent=35, outcome="atrial_fibrillation")
    assert chosen.followed_and_genotyped.step_labels == (
        "first heart failure",
        "aged 40 or over",
        "aged 80 or under",
        "women",
        "LVEF of 35 % or less",
        "Atrial fibrillation by then",
        "genome sequenced",
    )
    assert chosen.followed.steps[-1].action == "exclude", "an outcome cannot happen to those who had it"
    assert Choices(youngest=0).cohort.steps == ()


def test_every_condition_has_its_codelist():
    assert set(CONDITIONS.values()) <= set(codelist_names())


def test_no_more_sorts_of_data_are_asked_for_than_the_choices_need(questions):
    assert questions.study(Choices()).provenance.modalities == ("clinical",)
    assert questions.study(Choices(highest_lvef_percent=40)).provenance.modalities == ("clinical", "imaging")
    assert questions.study(Choices(), genomes=True).provenance.modalities == ("clinical", "genomic")


def test_answers_have_passed_the_gate(questions):
    attrition = questions.attrition(INFARCTION)
    assert attrition.rows[-1][attrition.column_names.index("n_after")] % 5 == 0
    curves, test = questions.survival(INFARCTION)
    assert curves.groups == ("female", "male")
    assert 0 < test.p_value < 1
    assert questions.survival(Choices(entry="myocardial_infarction", by="nothing"))[1] is None
    assert questions.characteristics(INFARCTION).title == "Characteristics by Sex"


def test_a_cohort_that_is_too_small_is_refused(questions):
    with pytest.raises(DisclosureError, match="too few people"):
        questions.survival(Choices(entry="myocardial_infarction", oldest=35))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry", "nonsense"),
        ("youngest", 900),
        ("gene", "TTN'; DROP"),
        ("view", "model"),
        ("years", 7.7),
        ("people", "1 OR 1=1"),
    ],
)
def test_what_is_not_possible_is_refused_wherever_it_comes_from(name, value):
    with pytest.raises(ValueError, match=name):
        Chosen(**{name: value})


def test_an_address_that_asks_for_what_there_is_not_is_answered_in_words_and_the_rest_of_it_heeded(catalog):
    pages = Pages(None, catalog, purpose="education", title="T")
    pages._refuse({"entry": "nonsense", "youngest": 50})
    assert pages.chosen.youngest == 50
    shown = pages._show(LIVE, COHORT)
    assert "The address asks for what there is not: entry = nonsense." in said(shown[0])
    pages.close()


def test_after_an_error_what_was_shown_before_stays_and_is_called_old(catalog):
    pages = Pages(None, catalog, purpose="education", title="T")
    pages.chosen.param.update(entry="myocardial_infarction")
    good = pages._show(LIVE, SURVIVAL)
    pages.chosen.param.update(oldest=35)
    shown = pages._show(LIVE, SURVIVAL)
    assert "too few people" in said(shown[0])
    assert "What was shown before stands below; it is not what was asked." in said(shown[0])
    assert list(shown[1:]) == list(good)
    pages.chosen.param.update(view=CARRIERS)
    assert "What was shown before" not in said(pages._show(LIVE, CARRIERS)[0]), "of another view nothing is kept"
    pages.close()


def test_groups_that_are_left_out_are_gone_from_the_table_and_the_caption_says_whom_it_counts(questions):
    curves, _ = questions.survival(INFARCTION)
    narrowed = only_groups(curves, ["male"])
    assert narrowed.groups == ("male",)
    assert set(narrowed.table.column("group")) == {"male"}
    assert narrowed.table.caption.startswith("All groups together: People:")
    assert only_groups(curves, ["male", "female"]) == curves


def test_a_server_without_anything_to_show_or_a_free_port_is_refused_in_words(catalog, tmp_path):
    with pytest.raises(WorkbenchError, match="name the folder of a bundle, or --catalog FOLDER, or both"):
        serve_dashboard()
    with pytest.raises(BundleError, match="There is nothing at"):
        serve_dashboard(tmp_path / "none")
    with pytest.raises(CatalogError, match="There is no catalog at"):
        serve_dashboard(catalog=tmp_path / "none")
    with pytest.raises(WorkbenchError, match="'fun' is not a purpose"):
        serve_dashboard(catalog=catalog, purpose="fun")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(WorkbenchError, match=f"Port {port} of this machine is taken"):
            serve_dashboard(catalog=catalog, port=port)


def test_an_empty_highest_lvef_asks_for_no_measurement_and_only_percentages_are_taken(catalog):
    pages = Pages(None, catalog, purpose="education", title="T")
    field = pages._highest_lvef()
    assert (field.value, pages.chosen.as_choices().highest_lvef_percent) == ("", None)
    field.value = "40 %"
    assert pages.chosen.lvef == 40
    for wrong in ("0", "forty", "140"):
        field.value = wrong
        assert (field.error_state, pages.chosen.lvef) == (True, 40)
    field.value = ""
    assert (field.error_state, pages.chosen.lvef) == (False, None)
    assert pages.chosen.param.lvef.serialize(None) == "", "what is missing in an address would stay as it was"
    pages.close()


def test_models_are_no_choice_among_answers_of_a_catalog(catalog, infarction_run):
    pages = Pages(open_bundle(infarction_run.folder), catalog, purpose="education", title="T")
    assert "Models" in pages._tabs(STORED).options
    assert "Models" not in pages._tabs(LIVE).options
    pages.chosen.param.update(source=LIVE, view=MODELS)
    pages._leave_models()
    assert pages.chosen.view == COHORT
    pages.close()


def test_groups_that_an_address_hides_and_the_run_has_not_are_named_and_the_others_stay_hidden(infarction_run):
    pages = Pages(open_bundle(infarction_run.folder), None, purpose="education", title="T")
    pages.chosen.hidden = ["yes", "perhaps"]
    pages._forget_unknown_groups()
    assert pages.chosen.hidden == ["yes"]
    assert "The address hides what there is not: perhaps." in said(pages._show(STORED, SURVIVAL)[0])
    pages.close()

"""The cohort builder without a browser: traits are set and buttons pressed, and the definition is what code would make."""

from __future__ import annotations

import re
from html import unescape

import pytest

from data_catalog import Catalog
from data_catalog.governance.modalities import MODALITIES
from data_catalog.sources import whas500
from widgets import CohortBuilder
from widgets.history import History
from workbench import Study, cohorts
from workbench.cohorts import (
    Cohort,
    DefinitionError,
    age_years,
    at_first,
    at_least,
    carrier,
    codelist,
    days_after_entry,
    death,
    diagnosis,
    end_of_observation,
    measure,
    protocol,
    sex,
    to_yaml,
)

INFARCTION = diagnosis(codelist("acute_myocardial_infarction")).first()
ENTERED = Cohort.entry("first acute myocardial infarction", INFARCTION)
STEPS = (
    ENTERED.require("aged at least 65 years", age_years() >= 65)
    .require("female", sex() == "female")
    .exclude("slow", measure("heart_rate_per_min").on_index().first() < 60)
)
IN_CODE = ENTERED.require("two of three", at_least(2, age_years() >= 75, sex() == "female", age_years() < 50))
MUST_FAIL = ENTERED.require("carriers", carrier("TTN"))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    made = Catalog.create(tmp_path_factory.mktemp("builder") / "catalog", open_to_everyone=True)
    made.ingest(whas500(), site="worcester", basis="open_data")
    return made


@pytest.fixture(scope="module")
def study(catalog):
    with Study.open(catalog, purpose="scientific_research", modalities=tuple(MODALITIES)) as opened:
        yield opened


@pytest.fixture
def clinical(catalog):
    with Study.open(catalog, purpose="scientific_research") as opened:
        yield opened


@pytest.fixture
def builder(study):
    return CohortBuilder(study, STEPS)


class Counted:
    """A study that also keeps which definitions it was asked to count."""

    def __init__(self, study):
        self.study, self.asked = study, []
        self.provenance, self.sites, self.concepts = study.provenance, study.sites, study.concepts

    def attrition(self, cohort):
        self.asked.append(cohort)
        return self.study.attrition(cohort)


def words(control) -> str:
    """The text of an HTML control."""
    return unescape(re.sub(r"<[^>]+>", " ", control.value)).strip()


def press(builder, action, place):
    builder.step_list.rows[place].buttons[action].click()


def labels(builder):
    return [step.label for step in builder.cohort.steps]


def people(builder, place):
    return words(builder.step_list.rows[place]._people)


def enter(builder):
    builder.entry_editor.form.picker.source.value = codelist("acute_myocardial_infarction")
    builder.entry_editor.apply.click()


def add_age(builder, limit="65"):
    builder.step_editor.kind.value = "age"
    builder.step_editor.form.comparison.limit.value = limit
    builder.step_editor.apply.click()


def test_a_cohort_clicked_together_is_the_object_that_code_makes(study):
    builder = CohortBuilder(study)
    enter(builder)
    add_age(builder)
    builder.step_editor.kind.value = "lab or vital sign"
    form = builder.step_editor.form
    form.measure.value = next(value for label, value in form.measure.options if label == "Heart rate")
    form.pick.value, form.when.choice.value = "the first", "on the day of entry"
    form.comparison.word.value, form.comparison.limit.value = "below", "60"
    builder.step_editor.action.value = "leave out people with this"
    builder.step_editor.label.value = "slow"
    builder.step_editor.apply.click()
    builder.follow_up.choice.value = "some days after entry"
    expected = (
        ENTERED.require("aged at least 65 years", age_years() >= 65)
        .exclude("slow", measure("heart_rate_per_min").on_index().first() < 60)
        .exit(days_after_entry(365))
    )
    assert builder.cohort == expected
    assert builder.cohort.digest == expected.digest


def test_the_copied_code_makes_the_same_definition(builder):
    builder.copy.click()
    made = {}
    exec(builder.code.code.value, made)
    assert made["cohort"] == STEPS
    assert builder.code.layout.display != "none"
    assert builder.to_code() == builder.code.code.value


@pytest.mark.parametrize("cohort", [STEPS, IN_CODE, ENTERED.exit(at_first(death())), MUST_FAIL])
def test_every_name_that_the_code_uses_is_imported_from_the_public_page(study, cohort):
    code = CohortBuilder(study, cohort).to_code()
    names = re.match(r"from workbench\.cohorts import (.*)", code).group(1).split(", ")
    assert set(names) <= set(cohorts.__all__)


def test_every_step_shows_the_people_that_the_attrition_has(builder, study):
    attrition = study.attrition(STEPS)
    shown = [people(builder, place) for place in range(-1, 3)]
    for text, n in zip(shown, attrition.column("n_after")[1:], strict=True):
        assert text.startswith(f"{n:,} people" if isinstance(n, int) else ("not shown", f"{n} people")), text
    assert words(builder.count) == f"{attrition.column('n_after')[-1]:,} people in the cohort."
    assert words(builder.step_list.children[0]).startswith("Allowed for scientific research")


def test_one_change_is_one_count_and_nothing_is_counted_while_a_form_is_filled_in(study):
    counting = Counted(study)
    builder = CohortBuilder(counting, ENTERED)
    assert counting.asked == [ENTERED]
    builder.step_editor.kind.value = "age"
    builder.step_editor.form.comparison.limit.value = "65"
    builder.step_editor.label.value = "old"
    builder.path.value = "elsewhere.yaml"
    assert len(counting.asked) == 1
    builder.step_editor.apply.click()
    assert counting.asked == [ENTERED, builder.cohort]
    press(builder, "edit", 0)
    builder.step_editor.cancel.click()
    builder.copy.click()
    assert len(counting.asked) == 2
    builder.follow_up.choice.value = "some days after entry"
    builder.follow_up.days.value = 30
    assert len(counting.asked) == 4


def fields(control):
    yield control
    for child in getattr(control, "children", ()):
        yield from fields(child)


def test_no_field_sends_what_is_typed_before_it_is_left(builder):
    for kind in builder.step_editor.kind.options:
        builder.step_editor.kind.value = kind
        typed = [field for field in fields(builder) if hasattr(field, "continuous_update")]
        assert typed
        assert [field.description for field in typed if field.continuous_update and field.description != "Python"] == []


def test_every_control_has_a_name(builder):
    for kind in builder.step_editor.kind.options:
        builder.step_editor.kind.value = kind
        for control in fields(builder):
            if (hasattr(control, "value") and hasattr(control, "disabled")) or hasattr(control, "on_click"):
                assert control.description, f"a control of the form for {kind} has no name: {control!r}"


def test_steps_can_be_moved_turned_and_removed(builder):
    press(builder, "down", 0)
    assert labels(builder) == ["female", "aged at least 65 years", "slow"]
    press(builder, "up", 2)
    assert labels(builder) == ["female", "slow", "aged at least 65 years"]
    press(builder, "turn", 1)
    assert [step.action for step in builder.cohort.steps] == ["require", "require", "require"]
    press(builder, "remove", 0)
    assert labels(builder) == ["slow", "aged at least 65 years"]
    assert builder.step_list.rows[0].buttons["up"].disabled
    assert not builder.step_list.rows[0].buttons["down"].disabled


def test_the_buttons_of_a_row_say_what_they_do_to_which_step(builder):
    names = [made.description for made in builder.step_list.rows[1].buttons.values()]
    assert names == [
        "Change: female",
        "Keep or leave out: female",
        "Move up: female",
        "Move down: female",
        "Remove: female",
    ]


def test_a_step_is_changed_where_it_stands(builder):
    press(builder, "edit", 0)
    assert builder.step_editor.form.comparison.limit.value == "65"
    assert builder.step_editor.label.value == "aged at least 65 years"
    builder.step_editor.form.comparison.limit.value = "75"
    builder.step_editor.label.value = "aged at least 75 years"
    builder.step_editor.apply.click()
    assert builder.cohort == (
        ENTERED.require("aged at least 75 years", age_years() >= 75)
        .require("female", sex() == "female")
        .exclude("slow", measure("heart_rate_per_min").on_index().first() < 60)
    )


def test_the_entry_event_can_be_changed_and_keeps_the_steps(builder):
    press(builder, "edit", -1)
    assert builder.entry_editor.which.value == "the first on record"
    builder.entry_editor.which.value = "the earliest while observed"
    builder.entry_editor.prior_days.value = 30
    builder.entry_editor.label.value = ""
    builder.entry_editor.apply.click()
    entry = builder.cohort.entry_event
    assert entry.events == diagnosis(codelist("acute_myocardial_infarction"))
    assert entry.prior_observation_days == 30
    assert entry.label == "earliest acute myocardial infarction"
    assert builder.cohort.steps == STEPS.steps


def test_undo_goes_back_to_the_beginning_and_redo_comes_forward_again(study):
    builder = CohortBuilder(study)
    enter(builder)
    add_age(builder)
    after = builder.cohort
    builder.undo.click()
    assert builder.cohort == ENTERED
    builder.undo.click()
    assert builder.undo.disabled
    with pytest.raises(DefinitionError, match="no entry event yet"):
        _ = builder.cohort
    assert builder.editor.children == (builder.entry_editor,)
    builder.redo.click()
    builder.redo.click()
    assert builder.cohort == after
    assert builder.redo.disabled


def test_something_new_after_an_undo_forgets_what_was_undone(builder):
    builder.undo.click()
    press(builder, "remove", 2)
    builder.undo.click()
    assert builder.cohort == STEPS
    press(builder, "remove", 0)
    assert builder.redo.disabled


def test_a_history_of_the_same_state_twice_has_it_once():
    history = History(1).then(2).then(2)
    assert history.undo() == History(1, (), (2,))
    assert history.undo().undo().redo().redo().redo() == history


def test_a_step_that_is_half_filled_in_survives_what_is_done_elsewhere(builder):
    builder.step_editor.kind.value = "age"
    builder.step_editor.form.comparison.limit.value = "80"
    press(builder, "down", 0)
    builder.undo.click()
    assert builder.step_editor.form.comparison.limit.value == "80"


def test_a_definition_is_saved_and_loaded_again(builder, study, tmp_path):
    builder.path.value = str(tmp_path / "mine.yaml")
    builder.save.click()
    assert (tmp_path / "mine.yaml").read_text("utf-8") == to_yaml(STEPS)
    assert words(builder.message).startswith("Saved as ")
    builder.save.click()
    assert "in place of what was there" in words(builder.message)
    other = CohortBuilder(study)
    other.path.value = str(tmp_path / "mine.yaml")
    other.load.click()
    assert other.cohort == STEPS
    other.undo.click()
    assert other.undo.disabled


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("absent.yaml", None, "absent.yaml"),
        ("broken.yaml", "schema_version: [", "This is no YAML that can be read"),
        ("other.yaml", "schema_version: 1\nentry: 3\n", "other.yaml"),
        ("cohort.txt", "x", "a definition is kept as .yaml"),
    ],
)
def test_a_file_that_holds_no_definition_is_refused_in_words_and_nothing_changes(
    builder, tmp_path, name, content, answer
):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    counted = builder.count.value
    builder.path.value = str(tmp_path / name)
    builder.load.click()
    assert answer in words(builder.message)
    assert 'role="alert"' in builder.message.value
    assert builder.cohort == STEPS
    assert builder.count.value == counted


def test_what_cannot_be_taken_over_is_said_beside_the_button_and_what_was_filled_in_stays(builder):
    add_age(builder, "old")
    assert "“old” is no number" in words(builder.step_editor.message)
    assert builder.step_editor.form.comparison.limit.value == "old"
    assert builder.cohort == STEPS
    add_age(builder, "65")
    assert "Two steps are called 'aged at least 65 years'" in words(builder.step_editor.message)
    add_age(builder, "70")
    assert builder.step_editor.message.value == ""
    assert labels(builder)[-1] == "aged at least 70 years"


def test_a_definition_that_the_forms_cannot_show_works_is_counted_and_can_be_moved(study):
    cohort = IN_CODE.require("female", sex() == "female")
    builder = CohortBuilder(study, cohort)
    assert "Written in code; the forms have no control for it." in words(builder.step_list.rows[0]._words)
    assert "Written in code" not in words(builder.step_list.rows[1]._words)
    assert people(builder, 0)
    press(builder, "edit", 0)
    assert "“two of three” says something that these forms have no control for." in words(builder.message)
    press(builder, "down", 0)
    assert labels(builder) == ["female", "two of three"]
    assert "Written in code" in words(builder.step_list.rows[1]._words)
    assert builder.cohort.steps == cohort.steps[::-1]


def test_an_entry_event_that_the_forms_cannot_show_is_said_to_be_so(study):
    builder = CohortBuilder(study, Cohort.entry("died", death()))
    assert "Written in code" in words(builder.step_list.rows[-1]._words)
    press(builder, "edit", -1)
    assert "“died” says something" in words(builder.message)
    assert builder.editor.children == (builder.step_editor,)


def test_a_rule_that_ends_follow_up_and_has_no_control_is_kept_and_said_in_words(study):
    cohort = ENTERED.exit(at_first(death()))
    builder = CohortBuilder(study, cohort)
    assert builder.follow_up.choice.value == "what the code says"
    assert "Follow-up ends on the day of the first death" in words(builder.follow_up.words)
    add_age(builder)
    assert builder.cohort.exit_rule == at_first(death())
    builder.follow_up.choice.value = "the end of observation"
    assert builder.cohort.exit_rule == end_of_observation()
    builder.undo.click()
    assert builder.cohort.exit_rule == at_first(death())


def test_a_count_that_fails_is_said_in_words_and_the_last_good_one_stays_marked_as_old(clinical):
    builder = CohortBuilder(clinical, ENTERED)
    good = words(builder.count)
    builder.cohort = MUST_FAIL
    assert "genomic data, but this study was opened for clinical data" in words(builder.message)
    assert words(builder.count) == f"This definition was not counted. Before: {good}"
    assert "cw-old" in builder.step_list._dom_classes
    assert people(builder, -1).startswith("500 people")
    assert people(builder, 0) == ""
    builder.undo.click()
    assert words(builder.count) == good
    assert builder.message.value == ""
    assert "cw-old" not in builder.step_list._dom_classes


def test_an_error_that_nobody_foresaw_shows_its_name_and_nothing_that_it_says(catalog):
    opened = Study.open(catalog, purpose="scientific_research")
    builder = CohortBuilder(opened, ENTERED)
    opened.close()
    add_age(builder)
    assert words(builder.message) == "This failed with ConnectionException. What was there stays."
    assert words(builder.count).startswith("This definition was not counted. Before: 500 people")
    assert labels(builder) == ["aged at least 65 years"], "the definition needs no data"


def test_only_what_the_study_may_ask_for_is_offered_and_the_rest_is_said(clinical, study):
    offered = CohortBuilder(clinical, ENTERED)
    assert "gene" not in offered.step_editor.kind.options
    assert "ECG measure" not in offered.step_editor.kind.options
    said = words(offered.children[1])
    assert said.startswith(
        "This study was opened for clinical data, so steps that need waveform, imaging and genomic data are not"
    )
    everything = CohortBuilder(study, ENTERED)
    assert {"gene", "variant", "genome sequenced", "imaging measure"} <= set(everything.step_editor.kind.options)
    assert "This study was opened for" not in "".join(
        words(each) for each in everything.children if hasattr(each, "value")
    )


def test_small_numbers_are_hidden_as_the_gate_hides_them(study):
    builder = CohortBuilder(study, ENTERED.require("very old", age_years() >= 104))
    assert words(builder.count) == "Fewer than 10 people in the cohort, or none."
    assert people(builder, 0) == "<10 people"
    assert "Why some numbers are not shown" in words(builder.step_list.children[-1])


def test_words_of_a_definition_are_no_markup(study):
    builder = CohortBuilder(study, ENTERED.require("<img src=x onerror=alert(1)>", age_years() >= 65))
    bundle = builder._repr_mimebundle_()
    for html in (builder.step_list.rows[0]._words.value, bundle["text/html"]):
        assert "<img" not in html
        assert "&lt;img" in html
    builder.copy.click()
    assert "<img" not in builder.code._copy.value


def test_the_builder_stands_in_words_where_there_is_no_kernel(builder, study):
    bundle = builder._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"].endswith(protocol(STEPS))
    assert "Kept (female): sex female." in bundle["text/html"]
    assert "A cohort without an entry event." in CohortBuilder(study)._repr_mimebundle_()["text/plain"]
    assert repr(builder) == f"CohortBuilder(study, {STEPS!r})"


def test_what_is_set_must_be_a_definition(builder):
    with pytest.raises(DefinitionError, match="takes a cohort definition, not 'heart failure'"):
        builder.cohort = "heart failure"
    assert builder.cohort == STEPS


def test_a_step_that_is_added_leaves_its_form_before_people_are_counted(study):
    asked = Counted(study)
    builder = CohortBuilder(asked, ENTERED)
    builder.step_editor.kind.value = "age"
    form = builder.step_editor.form
    form.comparison.limit.value = "40"
    while_counted = []

    def count(cohort):
        while_counted.append(builder.step_editor.form)
        return study.attrition(cohort)

    asked.attrition = count
    builder.step_editor.apply.click()
    assert len(while_counted) == 1
    assert while_counted[0] is not form, "what is written while it counts stays"
    assert while_counted[0] is builder.step_editor.form

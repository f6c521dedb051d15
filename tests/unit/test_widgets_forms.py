"""The forms of the cohort builder: whatever one shows, it gives back as it was; what it cannot show, it says so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_catalog import Catalog
from data_catalog.model.measures import MEASURES
from data_catalog.sources import whas500
from widgets.forms import kind_for, kinds
from workbench import Study
from workbench.cohorts import (
    Codelist,
    Concept,
    DefinitionError,
    age_years,
    allele_count,
    at_least,
    carrier,
    codelist,
    death,
    diagnosis,
    drug,
    genotyped,
    measure,
    observation,
    procedure,
    sex,
    site,
    visit,
)
from workbench.cohorts.consequences import CLINICAL_SIGNIFICANCES, CONSEQUENCE_CLASSES, CONSEQUENCES
from workbench.cohorts.windows import Window

SITES = ("northgate", "riverside")
FAILURE = diagnosis(codelist("heart_failure"))
LVEF = measure("lvef_percent", methods=["cmr", "echocardiography"]).nearest(before_days=90, after_days=30)
OWN = Codelist("my_list", "7", (Concept(316139, "Heart failure", taken_from="a book"), Concept(4, "x", excluded=True)))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    catalog = Catalog.create(tmp_path_factory.mktemp("forms") / "catalog", open_to_everyone=True)
    catalog.ingest(whas500(), site="worcester", basis="open_data")
    with Study.open(catalog, purpose="scientific_research") as opened:
        yield opened


@pytest.fixture(scope="module")
def forms(study):
    """Every kind with its form, made once."""
    return {kind: kind.make() for kind in kinds(study.concepts, SITES)}


def shown(criterion, forms):
    """Show a criterion and return the kind that shows it, and what its form then gives."""
    kind = kind_for(criterion, forms)
    assert kind is not None, f"there is no form for {criterion!r}"
    forms[kind].show(criterion)
    return kind.name, forms[kind].criterion()


@pytest.mark.parametrize(
    ("name", "criterion"),
    [
        ("diagnosis", FAILURE.before_index()),
        ("diagnosis", diagnosis(OWN).on_or_before_index()),
        ("diagnosis", diagnosis(Codelist("heart_failure", "1", (Concept(316139, "Heart failure"),))).on_index()),
        ("drug", drug(codelist("beta_blocker")).within(before_days=365)),
        ("procedure", procedure(codelist("heart_transplant")).after_index()),
        ("observation", observation(codelist("history_of_myocardial_infarction")).between_days(None, None)),
        ("visit", visit(codelist("inpatient_visit")).between_days(-365, -31)),
        ("lab or vital sign", measure("nt_probnp_pg_ml").last() > 125),
        ("lab or vital sign", measure("potassium_mmol_l").before_index().first().between(3.5, 5)),
        ("ECG measure", measure("qrs_duration_ms", methods=["automated"]).on_index().first() >= 120),
        ("imaging measure", LVEF <= 40),
        (
            "imaging measure",
            measure("lvef_percent", methods=["echocardiography", "cmr"]).between_days(30, 60).last() < 35.5,
        ),
        ("gene", carrier("TTN", consequence="truncating", max_population_frequency=0.001)),
        ("gene", carrier(["MYH7", "MYBPC3"], clinical_significance=["pathogenic", "likely_pathogenic"], min_copies=2)),
        ("variant", allele_count("2-178527202-C-T") >= 2),
        ("genome sequenced", genotyped()),
        ("age", age_years() >= 18),
        ("age", age_years().between(40, 79)),
        ("sex", sex() == "female"),
        ("hospital", site(*SITES) == "riverside"),
    ],
)
def test_each_kind_shows_a_criterion_and_gives_it_back_as_it_was(forms, name, criterion):
    kind, given_back = shown(criterion, forms)
    assert kind == name
    assert given_back == criterion
    assert repr(given_back) == repr(criterion), "40 and 40.0 are equal, but not the same definition"


@pytest.mark.parametrize(
    "criterion",
    [
        FAILURE.within(after_days=365).count() >= 2,
        at_least(2, age_years() >= 75, sex() == "female", FAILURE.before_index()),
        ~FAILURE.before_index(),
        (age_years() >= 18) & genotyped(),
        age_years() != 40,
        FAILURE.between_days(None, 30),
        FAILURE.first().after_index(),
        FAILURE.first().days_from_index() <= -30,
        death().after_index(),
        measure("creatinine_mg_dl").before_index(),
        measure("creatinine_mg_dl", with_implausible=True).last() > 2,
        measure("creatinine_mg_dl").between_days(None, None).last() > 2,
        LVEF.method() == "cmr",
        carrier("TTN", consequence="stop_gained"),
        carrier("TTN", clinical_significance="benign"),
        allele_count("2-178527202-C-T") < 1,
        sex().is_in(["female", "male"]),
        site("elsewhere") == "elsewhere",
    ],
    ids=repr,
)
def test_what_the_forms_have_no_control_for_is_not_shown(forms, criterion):
    assert kind_for(criterion, forms) is None


def test_there_is_a_control_for_every_measure_and_for_every_order_of_its_methods(forms):
    for name, definition in MEASURES.items():
        for methods in ([], definition.methods, definition.methods[::-1], definition.methods[:1]):
            criterion = measure(name, methods=methods).last() >= sum(definition.plausible) / 2
            assert shown(criterion, forms)[1] == criterion


days = st.integers(-3650, 3650)
windows = st.one_of(
    st.tuples(days, days).map(sorted).map(lambda ends: Window(*ends)),
    st.sampled_from([Window(), Window(None, -1), Window(None, 0), Window(0, None), Window(1, None), Window(None, 7)]),
)
limits = st.one_of(st.integers(6, 84), st.floats(6, 84, allow_nan=False))
lvef = st.builds(
    lambda pick, window, methods: measure("lvef_percent", methods=methods).choose(pick, window),
    st.sampled_from(["first", "last", "nearest"]),
    windows,
    st.permutations(["cmr", "echocardiography"]).flatmap(lambda order: st.sampled_from([order, order[:1], []])),
)
criteria = st.one_of(
    st.builds(
        lambda events, window: events._in(window),
        st.sampled_from([FAILURE, drug(codelist("statin")), death()]),
        windows,
    ),
    st.builds(lambda value, limit: value <= limit, lvef, limits),
    st.builds(lambda value, ends: value.between(*sorted(ends)), lvef, st.tuples(limits, limits)),
    st.builds(
        carrier,
        st.sampled_from(["TTN", "LMNA", ("MYH7", "PLN")]),
        consequence=st.sampled_from([(), *CONSEQUENCE_CLASSES, *CONSEQUENCES]),
        max_population_frequency=st.none() | st.floats(0, 1),
        clinical_significance=st.lists(st.sampled_from(CLINICAL_SIGNIFICANCES), max_size=2),
        min_copies=st.sampled_from([1, 2]),
    ),
)


@settings(max_examples=150, deadline=None)
@given(criterion=criteria)
def test_a_form_that_says_it_can_show_a_criterion_never_gives_back_another(forms, criterion):
    kind = kind_for(criterion, forms)
    if kind is not None:
        forms[kind].show(criterion)
        assert repr(forms[kind].criterion()) == repr(criterion)


def form_called(name, forms):
    return next(form for kind, form in forms.items() if kind.name == name)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "Limit: there is no number yet"),
        ("forty", "“forty” is no number"),
        ("1,000", "no commas"),
        ("nan", "must be a finite number"),
        ("3", "can never hold"),
    ],
)
def test_a_limit_that_is_no_number_is_answered_in_words(forms, typed, answer):
    form = form_called("imaging measure", forms)
    form.show(LVEF <= 40)
    form.comparison.limit.value = typed
    with pytest.raises(DefinitionError, match=answer):
        form.criterion()


@pytest.mark.parametrize(
    ("name", "field", "typed", "answer"),
    [
        ("gene", "gene", " , ", "Gene: there is none yet"),
        ("gene", "gene", "ttn", "capitals and digits"),
        ("gene", "frequency", "2", "from 0 to 1"),
        ("variant", "variant", "rs1234", "does not name a variant"),
        ("hospital", "hospitals", (), "No hospital is chosen yet"),
    ],
)
def test_what_cannot_be_meant_is_answered_in_words(study, name, field, typed, answer):
    form = next(kind.make() for kind in kinds(study.concepts, SITES) if kind.name == name)
    if name == "gene":
        form.gene.value = "TTN"
    getattr(form, field).value = typed
    with pytest.raises(DefinitionError, match=answer):
        form.criterion()


def test_the_nearest_of_the_whole_record_is_answered_in_words(forms):
    form = form_called("lab or vital sign", forms)
    form.show(measure("creatinine_mg_dl").last() > 2)
    form.pick.value = "the nearest to entry"
    with pytest.raises(DefinitionError, match="needs a window"):
        form.criterion()


def test_a_window_that_ends_before_it_begins_is_answered_in_words(forms):
    form = form_called("diagnosis", forms)
    form.show(FAILURE.between_days(-365, -31))
    form.when.to_day.value = -400
    with pytest.raises(DefinitionError, match="ends before it begins"):
        form.criterion()


@pytest.mark.parametrize(
    ("criterion", "label"),
    [
        (FAILURE.before_index(), "heart failure before entry"),
        (LVEF <= 40, "Left ventricular ejection fraction at most 40 %"),
        (measure("potassium_mmol_l").last().between(3.5, 5), "Potassium between 3.5 and 5 mmol/L"),
        (carrier("TTN", consequence="truncating"), "carrier of a truncating TTN variant"),
        (carrier("TTN"), "carrier of a TTN variant"),
        (age_years() >= 18, "aged at least 18 years"),
        (genotyped(), "genome sequenced"),
        (site(*SITES).is_in(SITES), "patient of northgate or riverside"),
    ],
)
def test_a_label_is_proposed_from_what_was_filled_in(forms, criterion, label):
    kind = kind_for(criterion, forms)
    forms[kind].show(criterion)
    assert forms[kind].suggestion() == label

"""Whatever text a user writes into a definition, it is kept exactly or refused, and never becomes code."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench.cohorts as language
from workbench.cohorts import Codelist, Cohort, Concept, DefinitionError, age_years, diagnosis, from_yaml, to_yaml
from workbench.cohorts.compile import compile_cohort
from workbench.cohorts.serialise import from_dict, from_json, to_dict, to_json

# Letters of any script, quotes, brackets, YAML's and SQL's signs; no line ends and no control characters.
texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60).filter(str.strip)
BUILDERS = {name: getattr(language, name) for name in language.__all__}


def cohort_called(entry, step, concept):
    heart_failure = Codelist(concept, concept, (Concept(316139, concept),))
    return Cohort.entry(entry, diagnosis(heart_failure).first()).require(step, age_years() >= 40)


@given(entry=texts, step=texts, concept=texts)
def test_any_text_survives_yaml_json_and_repr(entry, step, concept):
    if entry == step:
        step += "2"
    cohort = cohort_called(entry, step, concept)
    assert from_yaml(to_yaml(cohort)) == cohort
    assert from_json(to_json(cohort)) == cohort
    rebuilt = eval(repr(cohort), BUILDERS)
    assert rebuilt == cohort
    assert rebuilt.digest == cohort.digest


@given(text=texts)
def test_the_query_does_not_depend_on_what_things_are_called(text):
    named = compile_cohort(cohort_called(text + "1", text + "2", text))
    plain = compile_cohort(cohort_called("a", "b", "c"))
    assert (named.sql, named.parameters) == (plain.sql, plain.parameters)
    assert named.step_labels == (text + "1", text + "2")


@given(text=st.text(st.characters(categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=5))
def test_line_ends_and_control_characters_are_refused(text):
    with pytest.raises(DefinitionError, match="The label of the entry event must be"):
        cohort_called(f"a{text}b", "step", "concept")


@given(limit=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6))
def test_a_limit_keeps_its_value_and_equal_limits_have_equal_digests(limit):
    cohort, same = (
        Cohort.entry("a", language.death()).require("b", age_years() >= value) for value in (limit, float(limit))
    )
    assert from_json(to_json(cohort)) == cohort
    assert cohort.digest == same.digest


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoilt(draw):
    """A good definition with something else in one place."""
    data = json.loads(to_json(cohort_called("entry", "step", "concept")))
    place = data
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            place[key] = draw(plain_data)
            return data
        place = inner


@given(data=spoilt())
def test_a_spoilt_definition_is_read_as_written_or_refused_in_words(data):
    try:
        cohort = from_dict(data)
    except DefinitionError:
        return  # refused in words; any other error fails the test
    # What was read says what was written; a default that was spelt out may be left out again.
    assert from_dict(to_dict(cohort)) == cohort
    assert cohort.entry_event.label == data["entry_event"]["label"]

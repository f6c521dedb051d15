"""Two engines that share nothing but the definition say the same of any people: DuckDB and plain Python."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_engine import Event, Person

from workbench.cohorts import (
    Cohort,
    age_years,
    codelist,
    days_after_entry,
    death,
    diagnosis,
    end_of_observation,
    measure,
    sex,
    time_to,
    variable,
)

FIRST_DAY = date(2014, 1, 1)
PRESSURE = "systolic_blood_pressure_mmhg"
# Few days and few concepts, so that ties and edges are hit often.
days = st.integers(0, 40).map(lambda n: FIRST_DAY + timedelta(days=n))
lists = st.sampled_from(["heart_failure", "myocardial_infarction", "atrial_fibrillation"]).map(codelist)
conditions = st.builds(
    Event, st.integers(1, 10**6), days, st.sampled_from([316139, 4229440, 4329847, 2140000001, 313217, 0])
)
readings = st.builds(
    Event, st.integers(1, 10**6), days, st.just(3004249), st.sampled_from([110.0, 140.0, 150.0]), st.booleans()
)
births = st.tuples(st.integers(1940, 1990), st.sampled_from([None, 1]), st.sampled_from([None, 1, 20]))


def unique(events):
    return st.lists(events, max_size=5, unique_by=lambda event: event.key)


people = st.lists(
    st.builds(
        Person,
        st.integers(1, 50),
        births,
        st.sampled_from(["male", "female", None]),
        st.lists(st.tuples(days, days).map(sorted).map(tuple), min_size=1, max_size=2),
        st.fixed_dictionaries({"condition": unique(conditions), "measurement": unique(readings)}),
        st.none() | days,
    ),
    max_size=6,
    unique_by=lambda person: person.id,
)
windows = st.integers(0, 20)


@st.composite
def criteria(draw, depth=2):
    kinds = ["diagnosis", "reading", "age", "sex", "pressure"] + (["and", "or", "not"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "diagnosis":
        events = diagnosis(draw(lists))
        placed = [events.before_index(), events.on_index(), events.after_index(), events.on_or_before_index()]
        return draw(st.sampled_from([*placed, events.within(before_days=draw(windows), after_days=draw(windows))]))
    if kind == "reading":
        return measure(PRESSURE).within(before_days=draw(windows), after_days=draw(windows))
    if kind == "age":
        return age_years() >= draw(st.integers(30, 70))
    if kind == "sex":
        return sex() == draw(st.sampled_from(["female", "male"]))
    if kind == "pressure":
        chosen = draw(st.sampled_from(["first", "last", "nearest"]))
        reading = measure(PRESSURE, with_implausible=draw(st.booleans()))
        reading = (
            reading.nearest(before_days=draw(windows), after_days=draw(windows))
            if chosen == "nearest"
            else getattr(reading, chosen)()
        )
        return draw(st.sampled_from([reading <= 140, reading > 110, reading.between(140, 150)]))
    if kind == "not":
        return ~draw(criteria(depth=depth - 1))
    one, two = draw(criteria(depth=depth - 1)), draw(criteria(depth=depth - 1))
    return one & two if kind == "and" else one | two


@st.composite
def definitions(draw):
    events = diagnosis(draw(lists))
    events = draw(st.sampled_from([events, events.first(), events.last()]))
    cohort = Cohort.entry("entry", events, prior_observation_days=draw(st.sampled_from([0, 5])))
    for number in range(draw(st.integers(0, 3))):
        add = cohort.require if draw(st.booleans()) else cohort.exclude
        cohort = add(f"step {number}", draw(criteria()))
    return cohort.exit(draw(st.sampled_from([end_of_observation(), days_after_entry(0), days_after_entry(10)])))


VARIABLES = (
    variable("age", age_years(), label="Age"),
    variable("latest", measure(PRESSURE).last(), label="Latest"),
    time_to(death(), name="death", label="Death"),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(definition=definitions(), people=people)
def test_they_agree_on_entry_steps_follow_up_values_and_attrition(both_engines, definition, people):
    both_engines(definition, people, VARIABLES)


@settings(max_examples=60, deadline=None)
@given(definition=definitions())
def test_a_definition_can_be_written_read_and_rebuilt_from_its_repr(definition):
    import workbench.cohorts as language
    from workbench.cohorts.serialise import from_json, from_yaml, to_json, to_yaml

    assert from_yaml(to_yaml(definition)) == definition
    assert from_json(to_json(definition)) == definition
    rebuilt = eval(repr(definition), {name: getattr(language, name) for name in language.__all__})
    assert rebuilt == definition
    assert rebuilt.digest == definition.digest

"""Two engines that share nothing but the definition say the same of any people: DuckDB and plain Python."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_engine import METHOD_CONCEPTS, Annotation, Event, Person, Variant

from workbench.cohorts import (
    Codelist,
    Cohort,
    Concept,
    age_years,
    allele_count,
    at_first,
    at_least,
    carrier,
    codelist,
    days_after_entry,
    death,
    diagnosis,
    drug,
    earliest_of,
    end_of_observation,
    genotyped,
    measure,
    observation,
    procedure,
    sex,
    site,
    time_to,
    visit,
)

FIRST_DAY = date(2014, 1, 1)
LAST = 12
PRESSURE = "systolic_blood_pressure_mmhg"
# Few days and few concepts, so that ties and edges are hit often.
days = st.integers(0, LAST).map(lambda n: FIRST_DAY + timedelta(days=n))
CONCEPTS = {316139: "Heart failure", 4229440: "Chronic congestive heart failure", 4329847: "Myocardial infarction"}
shipped = st.sampled_from(["heart_failure", "myocardial_infarction"]).map(codelist)
concepts = st.builds(
    lambda concept, descendants, excluded: Concept(
        concept, CONCEPTS[concept], descendants=descendants, excluded=excluded
    ),
    st.sampled_from(sorted(CONCEPTS)),
    st.booleans(),
    st.booleans(),
)
own = (
    st.lists(concepts, min_size=1, max_size=3, unique_by=lambda concept: concept.id)
    .filter(lambda given: not all(concept.excluded for concept in given))
    .map(lambda given: Codelist("own", "1", tuple(given)))
)
lists = shipped | own
codes = st.sampled_from([316139, 4229440, 4329847, 2140000001, 0])
coded = st.builds(Event, st.integers(1, 10**6), days, codes)
PRESSURE_CONCEPT, LVEF_CONCEPT, QTC_CONCEPT = 3004249, 3027172, 2140000040


def readings_of(concept, values, methods=(0,)):
    return st.builds(
        Event,
        st.integers(1, 10**6),
        days,
        st.just(concept),
        st.sampled_from([None, *values]),
        st.booleans(),
        st.sampled_from(methods),
    )


readings = readings_of(PRESSURE_CONCEPT, [110.0, 140.0, 150.0])
echoes = readings_of(LVEF_CONCEPT, [30.0, 40.0, 60.0], [METHOD_CONCEPTS["cmr"], METHOD_CONCEPTS["echocardiography"], 0])
recordings = readings_of(QTC_CONCEPT, [400.0, 480.0], [METHOD_CONCEPTS["physician"], METHOD_CONCEPTS["automated"], 5])
VARIANTS = (
    Variant("one", "2-100-C-T", (Annotation("TTN", "stop_gained", 0.00001, "pathogenic&likely_pathogenic"),)),
    Variant(
        "one",
        "2-200-G-A",
        (Annotation("TTN", "missense_variant", 0.2), Annotation("MYH7", "stop_gained")),
        in_bits=True,
    ),
    Variant(
        "one",
        "14-300-A-AT",
        (Annotation("MYH7", "frameshift_variant", 0.001, "benign"), Annotation("MYH7", "intron_variant", 0.001)),
    ),
    Variant("two", "2-100-C-T", (Annotation("TTN", "stop_gained", None, "uncertain_significance"),), in_bits=True),
    Variant("two", "X-400-T-C", (), in_bits=True),
)
copies = st.dictionaries(st.sampled_from(VARIANTS), st.sampled_from([0, 1, 1, 2, None]), max_size=4)
# Most people are observed throughout; some in one or two stretches.
throughout = st.just([(FIRST_DAY, FIRST_DAY + timedelta(days=LAST))])
stretches = st.lists(st.tuples(days, days).map(sorted).map(tuple), min_size=1, max_size=2)
births = st.tuples(st.integers(1940, 1990), st.sampled_from([None, 1]), st.sampled_from([None, 1, 20]))


def unique(events):
    return st.lists(events, max_size=6, unique_by=lambda event: event.key)


people = st.lists(
    st.builds(
        Person,
        st.integers(1, 50),
        births,
        st.sampled_from(["male", "female", None]),
        throughout | stretches,
        st.fixed_dictionaries(
            {
                "condition": unique(coded),
                "drug": unique(coded),
                "procedure": unique(coded),
                "observation": unique(coded),
                "visit": unique(coded),
                "measurement": unique(readings),
                "ecg": unique(recordings),
                "imaging": unique(echoes),
            }
        ),
        st.none() | days,
        st.sampled_from(["a", "a", "b"]),
        st.sampled_from([frozenset(), frozenset({"one"}), frozenset({"two"}), frozenset({"one", "two"})]),
        copies,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda person: person.id,
)
reach = st.integers(0, LAST // 2)
pressures = st.booleans().map(lambda kept: measure(PRESSURE, with_implausible=kept))


def with_methods(name, methods):
    asked = st.lists(st.sampled_from(methods), max_size=2, unique=True)
    return st.builds(lambda some, kept: measure(name, methods=some, with_implausible=kept), asked, st.booleans())


ejection_fractions = with_methods("lvef_percent", ["cmr", "echocardiography"])
intervals = with_methods("qtc_fridericia_ms", ["automated", "physician"])
events = st.one_of(
    lists.map(diagnosis),
    lists.map(diagnosis),
    lists.map(drug),
    lists.map(procedure),
    lists.map(observation),
    lists.map(visit),
    pressures,
    ejection_fractions,
    intervals,
    st.just(death()),
)


@st.composite
def placed(draw, what):
    """Events, or one of them, in a window around the index date."""
    kind = draw(st.sampled_from(["before", "on_or_before", "on", "on_or_after", "after", "within", "between"]))
    if kind == "within":
        return what.within(before_days=draw(reach), after_days=draw(reach))
    if kind == "between":
        first, last = sorted(draw(st.tuples(st.integers(-6, 6), st.integers(-6, 6))))
        return what.between_days(draw(st.sampled_from([first, None])), draw(st.sampled_from([last, None])))
    return getattr(what, f"{kind}_index")()


@st.composite
def chosen(draw, what, pick=None):
    """One of some events: out of the whole record, or out of a window."""
    pick = pick or draw(st.sampled_from(["first", "last", "nearest"]))
    if pick == "nearest":
        return what.nearest(before_days=draw(reach), after_days=draw(reach))
    return getattr(draw(placed(what)) if draw(st.booleans()) else what, pick)()


@st.composite
def counts(draw):
    what = draw(events)
    return (draw(placed(what)) if draw(st.booleans()) else what).count()


carriers = st.builds(
    lambda genes, effects, share, classes, copies: carrier(
        genes, consequence=effects, max_population_frequency=share, clinical_significance=classes, min_copies=copies
    ),
    st.sampled_from(["TTN", "MYH7", ["TTN", "MYH7"]]),
    st.sampled_from([(), "truncating", "missense", ["stop_gained", "intron_variant"]]),
    st.sampled_from([None, None, 0.001, 0.00001]),
    st.sampled_from([(), (), "pathogenic", ["benign", "likely_pathogenic"]]),
    st.sampled_from([1, 1, 2]),
)
alleles = st.sampled_from([variant.name for variant in VARIANTS] + ["2-100-C-G"]).map(allele_count)


@st.composite
def comparisons(draw):
    reading = draw(chosen(draw(pressures)))
    ejection_fraction = draw(chosen(draw(ejection_fractions)))
    distance = draw(chosen(draw(events))).days_from_index()
    age, number, copies = age_years(), draw(counts()), draw(alleles)
    return draw(
        st.sampled_from(
            [
                *(ejection_fraction <= 40, ejection_fraction.method().is_in(ejection_fraction.method().levels[:1])),
                *(number >= 1, number == 0, number != 1, distance >= -3, distance.between(-5, 0)),
                *(copies >= 1, copies == 0, copies.between(1, 2), site("a") == "a", site("b", "a") == "b"),
                *(reading <= 140, reading > 110, reading == 140, reading != 140, reading.between(120, 140)),
                *(age >= 50, age < 60, age != 45, age == 64, age.between(30, 70)),
                *(sex() == "female", sex() != "female", sex().is_in(["male", "female"])),
            ]
        )
    )


@st.composite
def criteria(draw, depth=2):
    simple = ["events", "one event", "comparison", "comparison", "carrier"]
    kind = draw(st.sampled_from(simple + (["and", "or", "not", "at least"] if depth else [])))
    if kind == "events":
        return draw(placed(draw(events)))
    if kind == "one event":
        return draw(placed(draw(chosen(draw(events)))))
    if kind == "comparison":
        return draw(comparisons())
    if kind == "carrier":
        return draw(carriers | st.just(genotyped()))
    if kind == "not":
        return ~draw(criteria(depth=depth - 1))
    if kind == "at least":
        several = draw(st.lists(criteria(depth=depth - 1), min_size=2, max_size=4, unique=True))
        return at_least(draw(st.integers(1, len(several))), *several)
    one, two = draw(criteria(depth=depth - 1)), draw(criteria(depth=depth - 1))
    return one & two if kind == "and" else one | two


@st.composite
def definitions(draw):
    entry = draw(events)
    entry = draw(st.sampled_from([entry, entry.first(), entry.last()]))
    cohort = Cohort.entry("entry", entry, prior_observation_days=draw(st.sampled_from([0, 0, 5])))
    for number in range(draw(st.integers(0, 3))):
        add = cohort.require if draw(st.booleans()) else cohort.exclude
        cohort = add(f"step {number}", draw(criteria()))
    return cohort.exit(draw(exits()))


@st.composite
def exits(draw):
    simple = [end_of_observation(), days_after_entry(0), days_after_entry(10)]
    at_events = [at_first(draw(events)), at_first(draw(events).after_index())]
    several = [earliest_of(days_after_entry(8), *at_events), earliest_of(at_events[0], end_of_observation())]
    return draw(st.sampled_from([*simple, *at_events, *several]))


@st.composite
def wanted(draw):
    """Variables of every kind."""
    return (
        age_years().named("age_years"),
        sex().named("sex"),
        *(
            draw(chosen(draw(pressures), pick=pick)).named(f"{pick}_pressure_mmhg")
            for pick in ("first", "last", "nearest")
        ),
        draw(chosen(draw(ejection_fractions))).named("lvef_percent"),
        draw(chosen(draw(intervals))).method().named("qtc_method"),
        draw(chosen(draw(events))).days_from_index().named("distance_days", label="Distance"),
        draw(counts()).named("n_days", label="Days"),
        draw(alleles).named("n_alleles"),
        draw(carriers).named("carrier", label="Carrier"),
        site("b").named("site"),
        *(draw(criteria(depth=2)).named(f"criterion_{n}", label="Criterion") for n in (1, 2)),
        time_to(draw(events), name="event", label="Event"),
        time_to(draw(events).after_index(), name="later_event", label="Event after the index date"),
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(definition=definitions(), people=people, variables=wanted())
def test_they_agree_on_entry_steps_follow_up_values_and_attrition(both_engines, definition, people, variables):
    both_engines(definition, people, variables, VARIANTS)


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


def crowd(seed, n_people=60):
    """People with so many events on so few days that every edge and tie occurs."""
    dice = random.Random(seed)
    day = lambda: FIRST_DAY + timedelta(days=dice.randrange(LAST))  # noqa: E731
    keys = iter(dice.sample(range(10**6), 40 * n_people))

    def events_of(kind):
        concepts = [3004249] if kind == "measurement" else [*CONCEPTS, 2140000001, 0]
        values = [None, 110.0, 120.0, 130.0, 140.0, 150.0] if kind == "measurement" else [None]
        some = range(dice.randrange(10))
        return [Event(next(keys), day(), dice.choice(concepts), dice.choice(values), dice.random() < 0.8) for _ in some]

    return [
        Person(
            number,
            born=(dice.randrange(1940, 1990), dice.choice([None, 1]), dice.choice([None, 1, 8, 20])),
            sex=dice.choice(["male", "female", None]),
            periods=[tuple(sorted((day(), day()))) for _ in range(dice.randrange(1, 4))],
            events={kind: events_of(kind) for kind in ("condition", "observation", "visit", "measurement")},
            died=day() if dice.random() < 0.5 else None,
        )
        for number in range(n_people)
    ]


def everything():
    """A definition with every kind of event in every kind of window, and with every choice among them."""
    kinds = [diagnosis(codelist("heart_failure")), observation(codelist("heart_failure")), death(), measure(PRESSURE)]
    cohort = Cohort.entry("entry", diagnosis(codelist("myocardial_infarction")))
    for kind in kinds:
        one = [kind.first(), kind.last(), kind.nearest(before_days=5, after_days=5), kind.before_index().last()]
        for what in (kind, *one):
            windows = [what.before_index(), what.on_index(), what.within(before_days=1, after_days=2)]
            for where in (*windows, what.between_days(None, None)):
                cohort = cohort.require(repr(where), where)
    return cohort.exit(days_after_entry(3))


@pytest.mark.parametrize("seed", range(3))
def test_they_agree_on_a_crowd_full_of_ties(both_engines, seed):
    pressure = measure(PRESSURE)
    readings = {
        "first": pressure.first(),
        "last": pressure.last(),
        "nearest": pressure.nearest(before_days=6, after_days=6),
        "last_before": pressure.before_index().last(),
        "first_after": pressure.after_index().first(),
    }
    variables = [
        *(reading.named(f"{name}_mmhg") for name, reading in readings.items()),
        age_years().named("age_years"),
        time_to(death(), name="death", label="Death"),
        time_to(visit(codelist("heart_failure")).after_index(), name="visit", label="Visit"),
    ]
    both_engines(everything(), crowd(seed), variables)

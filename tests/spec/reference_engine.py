"""A second opinion on cohorts: one person after the other, in plain Python. Slow, obvious, and without a line of the compiler's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from workbench.cohorts.demographics import AgeYears, Sex, Site
from workbench.cohorts.event_values import Count, DaysFromIndex, ReadingMethod
from workbench.cohorts.events import Death, Diagnosis, Drug, Observation, Procedure, Visit
from workbench.cohorts.exits import AtFirst, DaysAfterEntry, EarliestOf
from workbench.cohorts.expressions import AllOf, AnyOf, AtLeast, Between, Compare, IsIn, Not
from workbench.cohorts.genotypes import AlleleCount, Carrier, Genotyped
from workbench.cohorts.outcomes import TimeTo
from workbench.cohorts.readings import Measure
from workbench.cohorts.selection import SelectedEvent, SelectedReading, Within

if TYPE_CHECKING:
    from workbench.cohorts.definition import Cohort

METHOD_CONCEPTS = {"cmr": 2140000050, "echocardiography": 4230911, "physician": 2140000052, "automated": 2140000051}
KINDS = {Diagnosis: "condition", Drug: "drug", Procedure: "procedure", Observation: "observation", Visit: "visit"}
KINDS_OF_READINGS = {"measurement": "measurement", "waveform_feature": "ecg", "image_feature": "imaging"}


@dataclass(frozen=True)
class Event:
    """One row of an event table: key, day, concept, and for readings the value and the concept of the method."""

    key: int
    day: date
    concept: int = 0
    value: float | None = None
    plausible: bool = True
    method: int = 0


@dataclass(frozen=True)
class Annotation:
    """What is said of a variant: gene, effect, frequency elsewhere, clinical classes."""

    gene: str
    consequence: str
    frequency: float | None = None
    significance: str | None = None


@dataclass(frozen=True)
class Variant:
    """A row of a file of variants, and in which of the two layouts it is kept."""

    file: str
    name: str
    annotations: tuple[Annotation, ...] = ()
    in_bits: bool = False


@dataclass
class Person:
    """Everything that is known of one person. ``copies`` leaves out variants of which the person has none."""

    id: int
    born: tuple[int, int | None, int | None] = (1950, None, None)
    sex: str | None = None
    periods: list[tuple[date, date]] = field(default_factory=list)
    events: dict[str, list[Event]] = field(default_factory=dict)
    died: date | None = None
    site: str = "a"
    files: frozenset[str] = frozenset()
    copies: dict[Variant, int | None] = field(default_factory=dict)

    def copies_of(self, variant: Variant) -> int | None:
        return self.copies.get(variant, 0) if variant.file in self.files else None


@dataclass(frozen=True)
class World:
    """What is known besides people: the descendants of each concept, itself included, and the variants."""

    descendants: dict[int, set[int]]
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True)
class Entered:
    """A person who entered: index and end of follow-up, what each step says, and the values asked for."""

    start: date
    end: date
    passed: tuple[bool, ...]
    values: dict[str, Any]


def members(definition: Cohort, people: list[Person], world: World, variables: tuple = ()) -> dict[int, Entered]:
    """Return who enters."""
    found = {}
    for person in people:
        entry = _index(definition, person, world)
        if entry is None:
            continue
        start, last = entry
        end = min([last, *_ends(definition.exit_rule, person, start, world)])
        passed = []
        for step in definition.steps:
            met = _value(step.criterion, person, start, world, sure=True)
            passed.append(met if step.action == "require" else not met)
        values: dict[str, Any] = {}
        for variable in variables:
            if isinstance(variable.expression, TimeTo):
                values |= _time_to(variable, person, start, end, world)
            else:
                values[variable.name] = _value(variable.expression, person, start, world, sure=False)
        found[person.id] = Entered(start, end, tuple(passed), values)
    return found


def _index(definition: Cohort, person: Person, world: World) -> tuple[date, date] | None:
    wanted = definition.entry_event
    events = wanted.events
    if isinstance(events, SelectedEvent | SelectedReading):
        chosen = _chosen(events, person, date(2000, 1, 1), world)  # any day serves: the first stays the first
        candidates = [chosen.day] if chosen else []
    else:
        candidates = sorted(event.day for event in _events(events, person, world))
    for day in candidates:
        ends = [e for s, e in person.periods if s + timedelta(days=wanted.prior_observation_days) <= day <= e]
        if ends:
            return day, max(ends)
    return None


def _ends(rule: Any, person: Person, start: date, world: World) -> list[date]:
    if isinstance(rule, EarliestOf):
        return [end for part in rule.rules for end in _ends(part, person, start, world)]
    if isinstance(rule, DaysAfterEntry):
        return [start + timedelta(days=rule.days)]
    if isinstance(rule, AtFirst):
        return [e.day for e in _events(rule.events, person, world) if _day(e, start) >= rule.from_day]
    return []


def _events(events: Any, person: Person, world: World) -> list[Event]:
    if isinstance(events, Death):
        return [Event(0, person.died)] if person.died else []
    if isinstance(events, Measure):
        return [
            e
            for e in person.events.get(KINDS_OF_READINGS[events.definition.table], [])
            if e.concept in events.definition.concept_ids
            and e.value is not None
            and (e.plausible or events.with_implausible)
            and (not events.methods or e.method in [METHOD_CONCEPTS[name] for name in events.methods])
        ]
    included: set[int] = set()
    excluded: set[int] = set()
    for concept in events.codes.concepts:
        ids = {concept.id} | (world.descendants.get(concept.id, set()) if concept.descendants else set())
        (excluded if concept.excluded else included).update(ids)
    return [e for e in person.events.get(KINDS[type(events)], []) if e.concept in included - excluded]


def _day(event: Event, index: date) -> int:
    return (event.day - index).days


def _inside(day: int, window: Any) -> bool:
    if window is None:
        return True
    return (window.from_day is None or day >= window.from_day) and (window.to_day is None or day <= window.to_day)


def _chosen(selected: Any, person: Person, index: date, world: World) -> Event | None:
    events = [e for e in _events(selected.events, person, world) if _inside(_day(e, index), selected.window)]
    if isinstance(selected.events, Measure) and selected.events.methods:
        for method in selected.events.methods:  # the first of them by which there is any reading
            by_it = [e for e in events if e.method == METHOD_CONCEPTS[method]]
            if by_it:
                events = by_it
                break
    preferred = [METHOD_CONCEPTS[name] for name in _methods(selected)]
    rank = lambda e: preferred.index(e.method) if e.method in preferred else len(preferred)  # noqa: E731
    order = {
        "first": lambda e: (_day(e, index), rank(e), e.key),
        "last": lambda e: (-_day(e, index), rank(e), e.key),
        "nearest": lambda e: (abs(_day(e, index)), _day(e, index), rank(e), e.key),
    }[selected.pick]
    return min(events, key=order, default=None)


def _methods(selected: Any) -> tuple[str, ...]:
    return selected.events.definition.methods if isinstance(selected.events, Measure) else ()


def _value(expression: Any, person: Person, index: date, world: World, *, sure: bool) -> Any:  # noqa: C901  one branch a kind
    """The value, None if missing. If *sure*, a comparison with a missing value is a no; else it is None as well."""
    again = lambda part: _value(part, person, index, world, sure=sure)  # noqa: E731
    if isinstance(expression, AllOf):
        return _kleene_and([again(part) for part in expression.criteria])
    if isinstance(expression, AnyOf):
        return _kleene_not(_kleene_and([_kleene_not(again(part)) for part in expression.criteria]))
    if isinstance(expression, Not):
        return _kleene_not(again(expression.criterion))
    if isinstance(expression, AtLeast):
        answers = [again(part) for part in expression.criteria]
        if answers.count(True) >= expression.n:
            return True
        return False if answers.count(True) + answers.count(None) < expression.n else None
    if isinstance(expression, Compare | Between | IsIn):
        value = again(expression.value)
        if value is None:
            return False if sure else None
        return _holds(expression, value)
    if isinstance(expression, Within):
        if isinstance(expression.events, SelectedEvent | SelectedReading):
            event = _chosen(expression.events, person, index, world)
            return event is not None and _inside(_day(event, index), expression.window)
        return any(_inside(_day(e, index), expression.window) for e in _events(expression.events, person, world))
    if isinstance(expression, Carrier):
        carried = any(_asked_for(expression, v) and _carries(person, v, expression) for v in world.variants)
        return carried if person.files or sure else None
    if isinstance(expression, Genotyped):
        return bool(person.files)
    return _number_or_category(expression, person, index, world)


def _number_or_category(expression: Any, person: Person, index: date, world: World) -> Any:
    if isinstance(expression, SelectedReading):
        event = _chosen(expression, person, index, world)
        return None if event is None else event.value
    if isinstance(expression, DaysFromIndex):
        event = _chosen(expression.chosen, person, index, world)
        return None if event is None else _day(event, index)
    if isinstance(expression, ReadingMethod):
        event = _chosen(expression.reading, person, index, world)
        names = {concept: name for name, concept in METHOD_CONCEPTS.items()}
        return None if event is None else names.get(event.method)
    if isinstance(expression, Count):
        events = _events(expression.events, person, world)
        return len({e.day for e in events if _inside(_day(e, index), expression.window)})
    if isinstance(expression, AlleleCount):
        copies = [person.copies_of(v) for v in world.variants if v.name == expression.variant]
        return max((n for n in copies if n is not None), default=None)
    if isinstance(expression, AgeYears):
        year, month, day = person.born
        birthday_to_come = month is not None and day is not None and (index.month, index.day) < (month, day)
        return index.year - year - birthday_to_come
    if isinstance(expression, Site):
        return person.site if person.site in expression.names else None
    assert isinstance(expression, Sex)
    return person.sex


def _kleene_and(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _kleene_not(answer: Any) -> bool | None:
    return None if answer is None else not answer


def _holds(comparison: Any, value: Any) -> bool:
    if isinstance(comparison, Between):
        return comparison.low <= value <= comparison.high
    if isinstance(comparison, IsIn):
        return value in comparison.among
    assert comparison.operator in ("<", "<=", ">", ">=", "==", "!=")
    return bool(eval(f"value {comparison.operator} limit", {}, {"value": value, "limit": comparison.limit}))


def _carries(person: Person, variant: Variant, wanted: Carrier) -> bool:
    return (person.copies_of(variant) or 0) >= wanted.min_copies


def _asked_for(wanted: Carrier, variant: Variant) -> bool:
    def says_so(annotation: Annotation) -> bool:
        limit, classes = wanted.max_population_frequency, wanted.clinical_significance
        said = re.split("[&/]", annotation.significance or "")
        return (
            annotation.gene in wanted.genes
            and (not wanted.consequence or annotation.consequence in wanted.consequence)
            and (limit is None or annotation.frequency is None or annotation.frequency <= limit)
            and (not classes or any(word in classes for word in said))
        )

    return any(says_so(annotation) for annotation in variant.annotations)


def _time_to(variable: Any, person: Person, start: date, end: date, world: World) -> dict[str, Any]:
    days = [_day(e, start) for e in _events(variable.expression.events, person, world)]
    first = min((day for day in days if day >= variable.expression.from_day), default=None)
    followed = (end - start).days
    seen = first is not None and first <= followed
    return {f"{variable.name}_days": float(first if seen else followed), f"{variable.name}_event": seen}

"""A second opinion on cohorts: one person after the other, in plain Python. Slow, obvious, and without a line of the compiler's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from workbench.cohorts.definition import Cohort, DaysAfterEntry
from workbench.cohorts.demographics import AgeYears, Sex
from workbench.cohorts.events import Death, Diagnosis, Measure, Observation, Visit
from workbench.cohorts.expressions import AllOf, AnyOf, Between, Compare, IsIn, Not
from workbench.cohorts.outcomes import TimeTo
from workbench.cohorts.selection import SelectedEvent, SelectedReading, Within


@dataclass(frozen=True)
class Event:
    """One row of an event table: key, day, concept, and for readings the value."""

    key: int
    day: date
    concept: int = 0
    value: float | None = None
    plausible: bool = True


@dataclass
class Person:
    """Everything that is known of one person."""

    id: int
    born: tuple[int, int | None, int | None] = (1950, None, None)
    sex: str | None = None
    periods: list[tuple[date, date]] = field(default_factory=list)
    events: dict[str, list[Event]] = field(default_factory=dict)
    died: date | None = None


@dataclass(frozen=True)
class Entered:
    """A person who entered: index and end of follow-up, what each step says, and the values asked for."""

    start: date
    end: date
    passed: tuple[bool, ...]
    values: dict[str, Any]


def members(
    definition: Cohort, people: list[Person], parents: dict[int, set[int]], variables: tuple = ()
) -> dict[int, Entered]:
    """Return who enters. *parents* gives the descendants of each concept, itself included."""
    found = {}
    for person in people:
        entry = _index(definition, person, parents)
        if entry is None:
            continue
        start, last = entry
        end = last
        if isinstance(definition.exit_rule, DaysAfterEntry):
            end = min(last, start + timedelta(days=definition.exit_rule.days))
        passed = []
        for step in definition.steps:
            met = bool(_value(step.criterion, person, start, parents))
            passed.append(met if step.action == "require" else not met)
        values: dict[str, Any] = {}
        for variable in variables:
            if isinstance(variable.expression, TimeTo):
                values |= _time_to(variable, person, start, end, parents)
            else:
                values[variable.name] = _value(variable.expression, person, start, parents)
        found[person.id] = Entered(start, end, tuple(passed), values)
    return found


def _index(definition: Cohort, person: Person, parents: dict[int, set[int]]) -> tuple[date, date] | None:
    wanted = definition.entry_event
    events = wanted.events
    if isinstance(events, SelectedEvent | SelectedReading):
        days = sorted(event.day for event in _events(events.events, person, parents))
        candidates = [] if not days else [days[-1] if events.pick == "last" else days[0]]
    else:
        candidates = sorted(event.day for event in _events(events, person, parents))
    for day in candidates:
        ends = [e for s, e in person.periods if s + timedelta(days=wanted.prior_observation_days) <= day <= e]
        if ends:
            return day, max(ends)
    return None


def _events(events: Any, person: Person, parents: dict[int, set[int]]) -> list[Event]:
    if isinstance(events, Death):
        return [Event(0, person.died)] if person.died else []
    if isinstance(events, Measure):
        return [
            e
            for e in person.events.get("measurement", [])
            if e.concept in events.definition.concept_ids
            and e.value is not None
            and (e.plausible or events.with_implausible)
        ]
    table = {Diagnosis: "condition", Observation: "observation", Visit: "visit"}[type(events)]
    included: set[int] = set()
    excluded: set[int] = set()
    for concept in events.codes.concepts:
        ids = {concept.id} | (parents.get(concept.id, set()) if concept.descendants else set())
        (excluded if concept.excluded else included).update(ids)
    return [e for e in person.events.get(table, []) if e.concept in included - excluded]


def _day(event: Event, index: date) -> int:
    return (event.day - index).days


def _inside(day: int, window: Any) -> bool:
    return (window.from_day is None or day >= window.from_day) and (window.to_day is None or day <= window.to_day)


def _chosen(selected: Any, person: Person, index: date, parents: dict[int, set[int]]) -> Event | None:
    events = [
        e
        for e in _events(selected.events, person, parents)
        if selected.window is None or _inside(_day(e, index), selected.window)
    ]
    order = {
        "first": lambda e: (_day(e, index), e.key),
        "last": lambda e: (-_day(e, index), e.key),
        "nearest": lambda e: (abs(_day(e, index)), _day(e, index), e.key),
    }[selected.pick]
    return min(events, key=order, default=None)


def _value(expression: Any, person: Person, index: date, parents: dict[int, set[int]]) -> Any:  # noqa: C901  one branch a kind
    again = lambda part: _value(part, person, index, parents)  # noqa: E731
    if isinstance(expression, AllOf):
        return all(again(part) for part in expression.criteria)
    if isinstance(expression, AnyOf):
        return any(again(part) for part in expression.criteria)
    if isinstance(expression, Not):
        return not again(expression.criterion)
    if isinstance(expression, Compare):
        value, limit = again(expression.value), expression.limit
        tests = {"<": -1, "<=": -1, ">": 1, ">=": 1, "==": 0, "!=": 0}
        assert expression.operator in tests
        return value is not None and eval(f"value {expression.operator} limit", {}, {"value": value, "limit": limit})
    if isinstance(expression, Between):
        value = again(expression.value)
        return value is not None and expression.low <= value <= expression.high
    if isinstance(expression, IsIn):
        return again(expression.value) in expression.among
    if isinstance(expression, Within):
        if isinstance(expression.events, SelectedEvent | SelectedReading):
            event = _chosen(expression.events, person, index, parents)
            return event is not None and _inside(_day(event, index), expression.window)
        return any(_inside(_day(e, index), expression.window) for e in _events(expression.events, person, parents))
    if isinstance(expression, SelectedReading):
        event = _chosen(expression, person, index, parents)
        return None if event is None else event.value
    if isinstance(expression, AgeYears):
        year, month, day = person.born
        birthday_to_come = month is not None and day is not None and (index.month, index.day) < (month, day)
        return index.year - year - birthday_to_come
    assert isinstance(expression, Sex)
    return person.sex


def _time_to(variable: Any, person: Person, start: date, end: date, parents: dict[int, set[int]]) -> dict[str, Any]:
    days = [_day(e, start) for e in _events(variable.expression.events, person, parents)]
    first = min((day for day in days if day >= variable.expression.from_day), default=None)
    followed = (end - start).days
    seen = first is not None and first <= followed
    return {f"{variable.name}_days": float(first if seen else followed), f"{variable.name}_event": seen}

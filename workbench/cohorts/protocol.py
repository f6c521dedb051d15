"""A definition as the sentences of a study protocol."""

from __future__ import annotations

from dataclasses import Field, fields, is_dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from workbench.cohorts.codelists import Codelist
from workbench.cohorts.definition import DaysAfterEntry
from workbench.cohorts.demographics import AgeYears, Sex
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.events import Death, Diagnosis, Measure, Observation, Visit
from workbench.cohorts.expressions import AllOf, AnyOf, Between, Compare, IsIn, Not
from workbench.cohorts.selection import Events, SelectedEvent, SelectedReading, Within

if TYPE_CHECKING:
    from workbench.cohorts.definition import Cohort, Entry
    from workbench.cohorts.windows import Window

_COMPARED = {
    "<": "below",
    "<=": "of at most",
    ">": "above",
    ">=": "of at least",
    "==": "of exactly",
    "!=": "other than",
}


def protocol(definition: Cohort) -> str:
    """Return a definition in English: a line for entry, each criterion, the end of follow-up and each codelist.

    Examples
    --------
    >>> from workbench.cohorts import Cohort, age_years, codelist, diagnosis
    >>> cohort = Cohort.entry("heart failure", diagnosis(codelist("heart_failure")).first())
    >>> print(protocol(cohort.require("adults", age_years() >= 18)))
    People enter on the day of the first diagnosis of heart failure, if they are observed on that day.
    Kept (adults): age of at least 18 years.
    Follow-up ends with the observation period.
    Codelist heart_failure, version 2026-11: Heart failure (316139) and its descendants.
    """
    lines = [_entry_words(definition.entry_event)]
    for step in definition.steps:
        kept = "Kept" if step.action == "require" else "Left out"
        lines.append(f"{kept} ({step.label}): {_words(step.criterion)}.")
    rule = definition.exit_rule
    after = f" {_days(rule.days)} after entry, or" if isinstance(rule, DaysAfterEntry) else ""
    lines.append(f"Follow-up ends{after} with the observation period{', whichever is earlier' if after else ''}.")
    return "\n".join([*lines, *map(_meaning, _codelists(definition))])


def _entry_words(entry: Entry) -> str:
    days = entry.prior_observation_days
    enough = f" and have been for at least {_days(days)}" if days else ""
    if isinstance(entry.events, Events):
        return f"People enter on the earliest day of {_words(entry.events)} on which they are observed{enough}."
    return f"People enter on the day of {_words(entry.events)}, if they are observed on that day{enough}."


def _codelists(part: object) -> list[Codelist]:
    """The codelists anywhere inside, each once, in the order of the definition."""
    if isinstance(part, Codelist):
        return [part]
    inner = part if isinstance(part, tuple) else [getattr(part, field.name) for field in _fields(part)]
    return list(dict.fromkeys(found for item in inner for found in _codelists(item)))


def _fields(part: object) -> tuple[Field[Any], ...]:
    return fields(part) if is_dataclass(part) else ()


def _meaning(codes: Codelist) -> str:
    named: dict[bool, list[str]] = {True: [], False: []}
    for concept in codes.concepts:
        below = " and its descendants" if concept.descendants else ""
        named[concept.excluded].append(f"{concept.name} ({concept.id}){below}")
    without = f"; without {', '.join(named[True])}" if named[True] else ""
    return f"Codelist {codes.name}, version {codes.version}: {', '.join(named[False])}{without}."


@singledispatch
def _words(part: object) -> str:
    raise DefinitionError(f"{part!r} has no words in a protocol.")


@_words.register(Diagnosis)
@_words.register(Observation)
@_words.register(Visit)
def _coded(events: Diagnosis | Observation | Visit) -> str:
    kind = {Diagnosis: "a diagnosis of", Observation: "a record of", Visit: "a visit of the kind"}[type(events)]
    return f"{kind} {_named(events.codes)}"


@_words.register(Death)
def _death(_events: Death) -> str:
    return "death"


@_words.register(Measure)
def _measure(events: Measure) -> str:
    return f"a reading of {_small(events.definition.label)}"


@_words.register(SelectedEvent)
@_words.register(SelectedReading)
def _selected(chosen: SelectedEvent | SelectedReading) -> str:
    what = _words(chosen.events).removeprefix("a ")
    return f"the {chosen.pick} {what}{_when(chosen.window)}"


@_words.register(Within)
def _within(criterion: Within) -> str:
    return f"{_words(criterion.events)}{_when(criterion.window)}"


@_words.register(AgeYears)
def _age(_age: AgeYears) -> str:
    return "age"


@_words.register(Sex)
def _sex(_sex: Sex) -> str:
    return "sex"


@_words.register(Compare)
def _compare(criterion: Compare) -> str:
    unit = criterion.value.unit
    return f"{_words(criterion.value)} {_COMPARED[criterion.operator]} {criterion.limit}{f' {unit}' if unit else ''}"


@_words.register(Between)
def _between(criterion: Between) -> str:
    unit = criterion.value.unit
    return f"{_words(criterion.value)} from {criterion.low} to {criterion.high}{f' {unit}' if unit else ''}"


@_words.register(IsIn)
def _is_in(criterion: IsIn) -> str:
    return f"{_words(criterion.value)} {' or '.join(criterion.among)}"


@_words.register(AllOf)
def _all_of(criterion: AllOf) -> str:
    return " and ".join(_grouped(part) for part in criterion.criteria)


@_words.register(AnyOf)
def _any_of(criterion: AnyOf) -> str:
    return " or ".join(_grouped(part) for part in criterion.criteria)


@_words.register(Not)
def _not(criterion: Not) -> str:
    return f"not {_grouped(criterion.criterion)}"


def _grouped(criterion: object) -> str:
    words = _words(criterion)
    return f"({words})" if isinstance(criterion, AllOf | AnyOf | Not) else words


def _named(codes: Codelist) -> str:
    return codes.name.replace("_", " ")


def _small(label: str) -> str:
    return label[0].lower() + label[1:]


def _days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"


def _when(window: Window | None) -> str:
    """A window in words; both of its edges belong to it."""
    if window is None or (window.from_day is None and window.to_day is None):
        return ""
    first, last = window.from_day, window.to_day
    if first == last:
        return " on the index date" if first == 0 else f" on day {first} from the index date"
    if first is None:
        return f" {_edge(last)} or earlier"
    if last is None:
        return f" {_edge(first)} or later"
    return f" from {_edge(first)} to {_edge(last)}"


def _edge(day: int | None) -> str:
    if not day:
        return "the index date"
    return f"{_days(abs(day))} {'before' if day < 0 else 'after'} the index date"

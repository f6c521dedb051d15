"""A definition as the sentences of a study protocol."""

from __future__ import annotations

from dataclasses import Field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from workbench.cohorts.codelists import Codelist
from workbench.cohorts.exits import AtFirst, DaysAfterEntry, parts_of
from workbench.cohorts.selection import Events
from workbench.cohorts.windows import Window
from workbench.cohorts.words import count_of_days, in_words, joined, when, without_article

if TYPE_CHECKING:
    from workbench.cohorts.definition import Cohort, Entry
    from workbench.cohorts.exits import Exit


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
        lines.append(f"{kept} ({step.label}): {in_words(step.criterion)}.")
    lines.append(_exit_words(definition.exit_rule))
    return "\n".join([*lines, *map(_meaning, _codelists(definition))])


def _entry_words(entry: Entry) -> str:
    days = entry.prior_observation_days
    enough = f" and have been for at least {count_of_days(days)}" if days else ""
    if isinstance(entry.events, Events):
        return f"People enter on the earliest day of {in_words(entry.events)} on which they are observed{enough}."
    return f"People enter on the day of {in_words(entry.events)}, if they are observed on that day{enough}."


def _exit_words(rule: Exit) -> str:
    ends = []
    for part in parts_of(rule):
        if isinstance(part, DaysAfterEntry):
            ends.append(f"{count_of_days(part.days)} after entry")
        elif isinstance(part, AtFirst):
            after = when(Window(part.from_day, None)) if part.from_day else " on or after the index date"
            ends.append(f"on the day of the first {without_article(part.events)}{after}")
    if not ends:
        return "Follow-up ends with the observation period."
    return f"Follow-up ends {joined([*ends, 'with the observation period'], ' or', comma=True)}, whichever is {'earlier' if len(ends) == 1 else 'earliest'}."


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

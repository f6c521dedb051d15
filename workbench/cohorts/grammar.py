"""The closed list of what a saved definition may contain, and what each place in it may hold.

Reading, and the published schema, follow from the dataclasses: their fields, type hints and docstrings.
"""

from __future__ import annotations

import re
import types
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from workbench.cohorts import (
    codelists,
    definition,
    demographics,
    event_values,
    events,
    exits,
    expressions,
    genotypes,
    readings,
    selection,
    variables,
    windows,
)

PARTS: tuple[type, ...] = (
    definition.Cohort,
    definition.Entry,
    definition.Step,
    exits.EndOfObservation,
    exits.DaysAfterEntry,
    exits.AtFirst,
    exits.EarliestOf,
    codelists.Codelist,
    codelists.Concept,
    events.Diagnosis,
    events.Drug,
    events.Procedure,
    events.Observation,
    events.Visit,
    events.Death,
    readings.Measure,
    selection.SelectedEvent,
    selection.SelectedReading,
    selection.Within,
    windows.Window,
    demographics.AgeYears,
    demographics.Sex,
    demographics.Site,
    event_values.Count,
    event_values.DaysFromIndex,
    event_values.ReadingMethod,
    genotypes.Carrier,
    genotypes.Genotyped,
    genotypes.AlleleCount,
    expressions.Compare,
    expressions.Between,
    expressions.IsIn,
    expressions.AllOf,
    expressions.AnyOf,
    expressions.AtLeast,
    expressions.Not,
)
# Families of parts that a field may ask for.
_FAMILIES: tuple[type, ...] = (
    selection.Events,
    expressions.Criterion,
    expressions.Number,
    expressions.Category,
    exits.Exit,
)
_NAMES: dict[str, Any] = {part.__name__: part for part in (*PARTS, *_FAMILIES)} | {
    "Action": definition.Action,
    "Operator": expressions.Operator,
    "Pick": selection.Pick,
    "VariableKind": variables.VariableKind,
}


@cache
def field_types(part: type) -> dict[str, Any]:
    """Return the resolved type of each field of *part*, in order."""
    hints = get_type_hints(part, localns=_NAMES)
    return {field.name: hints[field.name] for field in fields(part)}


@cache
def required_fields(part: type) -> frozenset[str]:
    """Return the fields of *part* that have no default."""
    return frozenset(
        field.name for field in fields(part) if field.default is MISSING and field.default_factory is MISSING
    )


def members(annotation: Any) -> tuple[Any, ...]:
    """Return what a union allows, or the annotation alone."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def item_type(annotation: Any) -> Any | None:
    """Return the type of the items if *annotation* is a tuple of any length."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def choices(annotation: Any) -> tuple[Any, ...]:
    """Return the values that a Literal lists, or nothing."""
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def parts_allowed(annotation: Any) -> dict[str, type]:
    """Return, by name, the parts that may stand where *annotation* does."""
    families = tuple(member for member in members(annotation) if isinstance(member, type))
    return {name_of(part): part for part in PARTS if issubclass(part, families)}


def name_of(part: type) -> str:
    """Return how a saved definition calls *part*; parts that need no ``type`` go by their class."""
    return str(getattr(part, "type_name", part.__name__))


def is_typed(part: type) -> bool:
    """Say whether a saved *part* carries the key ``type``."""
    return hasattr(part, "type_name")


@cache
def described(part: type) -> tuple[str, dict[str, str]]:
    """Return the summary of a part's docstring, and what it says of each field."""
    text = re.sub(r"\n    ", "\n", part.__doc__ or "")
    summary, _, rest = text.partition("\n\n")
    found: dict[str, str] = {}
    pattern = re.compile(r"^(\w+) : .*\n((?:    .*\n?)+)", re.MULTILINE)
    for name, words in pattern.findall(rest):
        found[name] = " ".join(words.split())
    return " ".join(summary.split()), found

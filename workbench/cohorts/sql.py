"""What the compiler's SQL is made of: checked names, bound values, and the columns of the event tables.

Nothing that a user writes gets into the text of a query: values are bound parameters, and the names of
relations and columns are checked, because they cannot be bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.cohorts.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN_PREFIX = "cw_"  # of the query's own relations, so that none hides one of the caller's
_RELATION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,2}")


@dataclass(frozen=True)
class EventTable:
    """The columns by which the data model tells one event of a table from another, when it was, what, and how it was found."""

    name: str
    event_id: str
    start_date: str
    concept_id: str
    method_id: str | None = None


EVENT_TABLES = {
    table.name: table
    for table in (
        EventTable("condition_occurrence", "condition_occurrence_id", "condition_start_date", "condition_concept_id"),
        EventTable("drug_exposure", "drug_exposure_id", "drug_exposure_start_date", "drug_concept_id"),
        EventTable("procedure_occurrence", "procedure_occurrence_id", "procedure_date", "procedure_concept_id"),
        EventTable("observation", "observation_id", "observation_date", "observation_concept_id"),
        EventTable("visit_occurrence", "visit_occurrence_id", "visit_start_date", "visit_concept_id"),
        EventTable("measurement", "measurement_id", "measurement_date", "measurement_concept_id"),
        EventTable(
            "waveform_feature",
            "waveform_feature_id",
            "waveform_feature_date",
            "waveform_feature_concept_id",
            "algorithm_concept_id",
        ),
        EventTable(
            "image_feature", "image_feature_id", "image_feature_date", "image_feature_concept_id", "method_concept_id"
        ),
        # Deaths have no key of their own: the person's id serves. They have no value either, so ties do not matter.
        EventTable("death", "person_id", "death_date", "cause_concept_id"),
    )
}


@dataclass
class Parameters:
    """The values of a query, each under one name however often it is used."""

    values: dict[str, Any] = field(default_factory=dict)
    _names: dict[tuple[type, Any], str] = field(default_factory=dict)

    def bind(self, value: str | float) -> str:
        """Return the placeholder that stands for *value*."""
        key = (type(value), value)
        if key not in self._names:
            self._names[key] = f"cw{len(self._names) + 1}"
            self.values[self._names[key]] = value
        return f"${self._names[key]}"


def checked_relation(name: str, what: str) -> str:
    """Return *name* if it can stand in a query as the name of a relation, with at most database and schema before it.

    Raises
    ------
    DefinitionError
        If not, or if it begins like the query's own relations.
    """
    if not isinstance(name, str) or not _RELATION.fullmatch(name):
        raise DefinitionError(f"{what} must be a plain name such as 'population' or 'lake.main.person', not {name!r}.")
    if name.lower().startswith(OWN_PREFIX):
        raise DefinitionError(f"{what} cannot begin with {OWN_PREFIX!r}, as the query's own relations do: {name!r}.")
    return name


def quoted(name: str) -> str:
    """Quote the name of a column."""
    return '"' + name.replace('"', '""') + '"'


def cte(name: str, lines: Iterable[str], *, materialized: bool = False) -> str:
    """Return one named part of a query. A part that is read more than once is computed once if *materialized*."""
    body = "\n".join(f"    {line}" for line in lines)
    return f"{name} AS {'MATERIALIZED ' if materialized else ''}(\n{body}\n)"

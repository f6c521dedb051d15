"""What the model is made of: a field, a table, and short ways to write them down so that a declaration reads as a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data_catalog.errors import UnknownNameError, did_you_mean

Kind = Literal["fact", "person", "vocabulary", "reference", "governance", "provenance"]
Schema = Literal["main", "genomics", "governance", "provenance"]

OMOP = "OMOP CDM 5.4"
IMAGING = "MI-CDM"
WAVEFORM = "OHDSI waveform extension"
OURS = "Cardio Workbench"


@dataclass(frozen=True)
class Field:
    """One column of a table.

    Parameters
    ----------
    name : str
        Lower case, also where a published list writes capitals.
    type : str
        DuckDB type: ``BIGINT``, ``VARCHAR``, ``DATE``, ``TIMESTAMP``, ``DOUBLE``, …
    description : str
        What it holds, in one sentence.
    required : bool
        Ingestion refuses rows without it.
    primary_key : bool
        It is the row's key or a part of it. ``person_id`` is unique in a catalog, every other key within a site.
    references : str, optional
        The field that must hold the value too, as ``table.field``.
    unit : str, optional
        UCUM unit.
    added : bool
        True if the table's published standard does not have it.
    flagged_when_missing : bool
        The standard requires it, sources often lack it: rows without it are kept and flagged, not refused.
    """

    name: str
    type: str
    description: str
    required: bool = False
    primary_key: bool = False
    references: str | None = None
    unit: str | None = None
    added: bool = False
    flagged_when_missing: bool = False

    @property
    def target(self) -> tuple[str, str] | None:
        """Table and field that it refers to, or None."""
        if self.references is None:
            return None
        table, field = self.references.split(".")
        return table, field


@dataclass(frozen=True)
class Table:
    """One table of the model.

    Parameters
    ----------
    name : str
        Unique in the model, whatever the schema.
    description : str
        What one row stands for.
    kind : str
        ``fact``: clinical events of a person. ``person``: other rows of one person. ``vocabulary``: concepts and how they
        hang together. ``reference``: rows that stand for no one person. ``governance``, ``provenance``.
    fields : tuple of Field
        In the standard's order; ours come last.
    standard : str
        Who defined it: "OMOP CDM 5.4", "MI-CDM", "OHDSI waveform extension", "Cardio Workbench".
    schema : str
        "main", "genomics", "governance" or "provenance".
    start_date, end_date : str, optional
        The fields that say when the event was: dates, or moments where the standard has no date.
    concept : str, optional
        The field with the standard concept of what the row is about.
    person_through : str, optional
        Where the standard gives rows no person: the field that refers to the row that has one.
    partitioned_by, sorted_by : tuple of str
        How the data files are laid out: one folder for each combination, rows inside in this order.
    """

    name: str
    description: str
    kind: Kind
    fields: tuple[Field, ...]
    standard: str = OMOP
    schema: Schema = "main"
    start_date: str | None = None
    end_date: str | None = None
    concept: str | None = None
    person_through: str | None = None
    partitioned_by: tuple[str, ...] = ("site",)
    sorted_by: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """Return the field called *name*.

        Raises
        ------
        UnknownNameError
            If there is none; the message names the nearest.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise UnknownNameError(
            f"{name!r} is not a field of the table {self.name!r}. {did_you_mean(name, self.field_names, show=60)}"
        )

    @property
    def field_names(self) -> tuple[str, ...]:
        """Every field, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The fields that together are unique within a site; empty if the standard gives no key."""
        return tuple(field.name for field in self.fields if field.primary_key)

    @property
    def required(self) -> tuple[str, ...]:
        """The fields without which a row is refused."""
        return tuple(field.name for field in self.fields if field.required)

    @property
    def references(self) -> dict[str, str]:
        """For each field that refers to another, what it refers to (``table.field``)."""
        return {field.name: field.references for field in self.fields if field.references is not None}


def key(name: str, description: str, *, type: str = "BIGINT") -> Field:  # noqa: A002
    """Declare the row's key, or a part of it."""
    return Field(name, type, description, required=True, primary_key=True)


def required(name: str, type: str, description: str, *, unit: str | None = None) -> Field:  # noqa: A002
    """Declare a field that every row must have."""
    return Field(name, type, description, required=True, unit=unit)


def optional(name: str, type: str, description: str, *, unit: str | None = None) -> Field:  # noqa: A002
    """Declare a field that may be empty."""
    return Field(name, type, description, unit=unit)


def expected(name: str, type: str, description: str) -> Field:  # noqa: A002
    """Declare a field that the standard requires and many sources lack: empty is allowed here, and flagged."""
    return Field(name, type, description, flagged_when_missing=True)


def refers(
    name: str,
    target: str,
    description: str,
    *,
    required: bool = False,
    type: str = "BIGINT",  # noqa: A002
) -> Field:
    """Declare a reference: *target* is a table whose key is ``<table>_id``, or ``table.field``."""
    references = target if "." in target else f"{target}.{target}_id"
    return Field(name, type, description, required=required, references=references)


def concept(name: str, description: str, *, required: bool = False) -> Field:
    """Declare a reference to the vocabulary. Concept 0 means that no standard concept was found."""
    return refers(name, "concept", description, required=required)


def source_text(name: str, description: str) -> Field:
    """Declare what the source wrote, kept word for word."""
    return Field(name, "VARCHAR", description)


def person() -> Field:
    """Declare whose row it is."""
    return refers("person_id", "person", "Whose row this is.", required=True)


def record_type(name: str) -> Field:
    """Declare how the record came about."""
    return concept(
        name, "What kind of record it comes from: hospital system, claim, registry, study file.", required=True
    )


def care_context() -> tuple[Field, Field, Field]:
    """Declare by whom and during which contact with care an event was recorded."""
    return (
        refers("provider_id", "provider", "Professional who was in charge or wrote it down."),
        refers("visit_occurrence_id", "visit_occurrence", "Contact with care during which it happened."),
        refers("visit_detail_id", "visit_detail", "Part of that contact, such as the days on one ward."),
    )

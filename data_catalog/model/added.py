"""The columns that every table, or every table of a kind, has beside its standard's: written once, here."""

from __future__ import annotations

from dataclasses import replace

from data_catalog.model.fields import Field, Table


def _added(name: str, type: str, description: str) -> Field:  # noqa: A002
    return Field(name, type, description, added=True)


_SITE = Field("site", "VARCHAR", "Hospital that the row comes from.", required=True, added=True)
_CATALOG_WIDE_SITE = _added(
    "site", "VARCHAR", "Hospital that the row is about; empty if it is about the whole catalog."
)
_PERSON = replace(
    _added("person_id", "BIGINT", "Whose row this is, found through the row that it belongs to."),
    references="person.person_id",
)
_CODING = (
    _added("source_code", "VARCHAR", "Code that the standard concept was mapped from."),
    _added("source_vocabulary", "VARCHAR", "Coding system of that code."),
)
_ORIGIN = (
    _added("source_file", "VARCHAR", "File that the row comes from."),
    _added("mapping_version", "VARCHAR", "Name and version of the mapping that made the row."),
    _added(
        "source_row",
        "BIGINT",
        "Number of the row, or of the record, in that file, from 1; empty where the row has the key that the file gives it.",
    ),
)
_RULE = _added(
    "mapping_rule", "VARCHAR", "Place in the mapping, and how the concept was found, if a code list decided."
)
_INGEST = _added("ingest_id", "VARCHAR", "Ingest that brought the row: see provenance.ingest.")
_RELATION = _added(
    "mapping_relation",
    "VARCHAR",
    "How the standard concept stands to the source's code: exact, broad, narrow, unmapped.",
)
_FLAGS = _added(
    "quality_flags", "VARCHAR[]", "Plausibility rules that the row breaks; an empty list if it breaks none."
)
_CANONICAL = (
    _added("value_canonical", "DOUBLE", "The value in the one unit that the catalog uses for this concept."),
    _added("unit_canonical", "VARCHAR", "That unit (UCUM)."),
)
_WITH_CANONICAL_VALUE = frozenset({"measurement", "observation", "image_feature", "waveform_feature"})


def with_added_columns(table: Table) -> Table:
    """Return *table* with the columns that are ours: site, provenance, quality flags, the canonical value.

    Sorting that the declaration leaves open is filled in too: events by what they are, then by person.
    """
    added: list[Field] = []
    if table.person_through is not None:
        added.append(_PERSON)
    if table.kind == "fact":
        added += [*_CODING, *_ORIGIN, _RULE, _RELATION, _FLAGS]
    elif table.kind == "person":
        added += [*_ORIGIN, _FLAGS]
    if table.name in _WITH_CANONICAL_VALUE:
        added += _CANONICAL
    if table.kind not in ("governance", "provenance") or table.name == "person_link":
        added.append(_INGEST)
    added.append(_SITE if "site" in table.partitioned_by else _CATALOG_WIDE_SITE)
    sorted_by = table.sorted_by
    if table.kind == "fact" and not sorted_by:
        sorted_by = (table.concept, "person_id") if table.concept else ("person_id",)
    return replace(table, fields=(*table.fields, *added), sorted_by=sorted_by)

"""The data dictionary: every field of the model, as a frame and as text."""

from __future__ import annotations

import textwrap

import polars as pl

from data_catalog.model.fields import OURS, Field, Table
from data_catalog.model.registry import TABLES, table

_WIDTH = 110


def data_dictionary() -> pl.DataFrame:
    """Return the data dictionary.

    Returns
    -------
    DataFrame, one row a field, in the model's order
        ``schema``, ``table``, ``field``, ``type`` (DuckDB's), ``required``, ``key`` (true if it is the key or a part of it),
        ``references`` (``table.field``), ``unit`` (UCUM), ``standard`` (who defined the field), ``description``.
    """
    return pl.DataFrame(
        [_row(owner, field) for owner in TABLES.values() for field in owner.fields],
        schema={
            "schema": pl.String,
            "table": pl.String,
            "field": pl.String,
            "type": pl.String,
            "required": pl.Boolean,
            "key": pl.Boolean,
            "references": pl.String,
            "unit": pl.String,
            "standard": pl.String,
            "description": pl.String,
        },
        orient="row",
    )


def describe_table(name: str) -> str:
    """Return the dictionary of one table as text.

    Raises
    ------
    UnknownNameError
        If the model has no such table; the message names the nearest.
    """
    described = table(name)
    title = f"{described.schema}.{described.name} ({described.standard})"
    lines = [title, *textwrap.wrap(described.description, _WIDTH), ""]
    name_width = max(len(field.name) for field in described.fields)
    type_width = max(len(field.type) for field in described.fields)
    indent = " " * (2 + name_width + 2 + type_width + 2)
    for field in described.fields:
        head = f"  {field.name:<{name_width}}  {field.type:<{type_width}}  "
        # A long name must not squeeze the text into a sliver.
        width = max(_WIDTH, len(indent) + 40)
        lines += textwrap.wrap(
            f"{field.description}{_remarks(field)}", width, initial_indent=head, subsequent_indent=indent
        )
    return "\n".join(lines)


def _row(owner: Table, field: Field) -> tuple[str | bool | None, ...]:
    return (
        owner.schema,
        owner.name,
        field.name,
        field.type,
        field.required,
        field.primary_key,
        field.references,
        field.unit,
        OURS if field.added else owner.standard,
        field.description,
    )


def _remarks(field: Field) -> str:
    remarks = [
        "key" if field.primary_key else "required" if field.required else "",
        "the standard requires it; rows without it are kept and flagged" if field.flagged_when_missing else "",
        _reference(field),
        f"unit {field.unit}" if field.unit else "",
        "not in the standard" if field.added else "",
    ]
    said = "; ".join(remark for remark in remarks if remark)
    return f" [{said}]" if said else ""


def _reference(field: Field) -> str:
    if field.target is None:
        return ""
    return "a concept" if field.target[0] == "concept" else f"refers to {field.references}"

"""The JSON Schema of saved definitions, made from the dataclasses, so that other programs can check and complete them."""

from __future__ import annotations

import json
from typing import Any

from workbench.cohorts import grammar
from workbench.cohorts.definition import Cohort
from workbench.cohorts.encoding import SCHEMA_VERSION, TYPE_KEY, VERSION_KEY

SCHEMA_FILE = "definition.schema.json"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def definition_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a saved definition."""
    top = _part(Cohort)
    version = {"description": "Version of this format.", "const": SCHEMA_VERSION}
    return {
        "$schema": _DRAFT,
        "title": "Cohort definition of the Cardio Workbench",
        **top,
        "properties": {VERSION_KEY: version, **top["properties"]},
        "required": [VERSION_KEY, *top["required"]],
        "$defs": {grammar.name_of(part): _part(part) for part in grammar.PARTS if part is not Cohort},
    }


def schema_text() -> str:
    """Return the schema as the text of the file that is published with the package."""
    return json.dumps(definition_schema(), indent=2, ensure_ascii=False) + "\n"


def _part(part: type) -> dict[str, Any]:
    summary, words = grammar.described(part)
    properties: dict[str, Any] = {}
    if grammar.is_typed(part):
        properties[TYPE_KEY] = {"const": grammar.name_of(part)}
    for name, annotation in grammar.field_types(part).items():
        description = {"description": words[name]} if name in words else {}
        properties[name] = {**description, **_place(annotation)}
    required = [name for name in properties if name == TYPE_KEY or name in grammar.required_fields(part)]
    return {
        "description": summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _place(annotation: Any) -> dict[str, Any]:
    """Return the schema of a place that *annotation* describes."""
    item = grammar.item_type(annotation)
    if item is not None:
        return {"type": "array", "items": _place(item)}
    choices = grammar.choices(annotation)
    if choices:
        return {"enum": list(choices)}
    scalars = [_SCALARS[member] for member in grammar.members(annotation) if member in _SCALARS]
    parts = [{"$ref": f"#/$defs/{name}"} for name in grammar.parts_allowed(annotation)]
    if not parts:
        return {"type": scalars[0] if len(scalars) == 1 else scalars}
    options = [*parts, *({"type": kind} for kind in scalars)]
    return options[0] if len(options) == 1 else {"oneOf": options}

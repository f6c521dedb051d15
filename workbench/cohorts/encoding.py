"""Parts of a definition as plain dictionaries, lists, text and numbers; and the digest made of them.

What has its default value is not written, so that a later release can add an option without changing what
earlier definitions look like, or their digests.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.cohorts.definition import Cohort
    from workbench.cohorts.variables import Variable

SCHEMA_VERSION = 1
TYPE_KEY = "type"
VERSION_KEY = "schema_version"
_NAMES = ("label", "name", "version", "taken_from")  # of steps, codelists and concepts: they find nobody


def encode(part: object) -> Any:
    """Return *part* as plain data. Parts with a type name say it first; the other keys stand in the order of the fields."""
    if isinstance(part, tuple):
        return [encode(item) for item in part]
    if not is_dataclass(part):
        return part
    type_name = getattr(part, "type_name", None)
    written = {} if type_name is None else {TYPE_KEY: type_name}
    for field in fields(part):
        value = getattr(part, field.name)
        if field.default is MISSING or value != field.default:
            written[field.name] = encode(value)
    return written


def to_dict(definition: Cohort) -> dict[str, Any]:
    """Return a definition as plain data with its ``schema_version``, in a stable order of keys."""
    return {VERSION_KEY: SCHEMA_VERSION, **encode(definition)}


def canonical_json(definition: Cohort) -> str:
    """Return the one JSON text of a definition: sorted keys, no spaces, ASCII."""
    return json.dumps(to_dict(definition), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def meaning(definition: Cohort, variables: Iterable[Variable]) -> str:
    """Return a digest of whom a definition finds and what is asked of them, whatever both, steps and codelists are called."""
    asked = [_unnamed(encode(variable.expression)) for variable in variables]
    text = json.dumps([_unnamed(encode(definition)), asked], sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _unnamed(form: Any) -> Any:
    if isinstance(form, dict):
        return {key: _unnamed(value) for key, value in form.items() if key not in _NAMES}
    return [_unnamed(each) for each in form] if isinstance(form, list) else form


def digest(definition: Cohort) -> str:
    """Return the SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(definition).encode("ascii")).hexdigest()

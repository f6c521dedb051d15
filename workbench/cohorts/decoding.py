"""Reading parts of a definition from plain data: whatever is not understood is refused, with its place in the file."""

from __future__ import annotations

from typing import Any

from data_catalog.errors import WorkbenchError, did_you_mean
from workbench.cohorts import grammar
from workbench.cohorts.encoding import TYPE_KEY
from workbench.cohorts.errors import DefinitionError

DEEPEST = 50
_SCALARS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text (put it in quotes if it looks like a number or a date)",
}


def decode(annotation: Any, data: Any, path: str, *, depth: int = 0) -> Any:
    """Return the part that *data* describes.

    Parameters
    ----------
    annotation : type
        What may stand here.
    data : dict, list, str, int, float, bool or None
        What does.
    path : str
        Its place in the file, for messages: ``steps[2].criterion``.
    depth : int
        How deep it lies.

    Raises
    ------
    DefinitionError
        If anything is missing, unknown, of the wrong kind or makes no sense; the message begins with the place.
    """
    if depth > DEEPEST:
        raise DefinitionError(f"{path}: nested more than {DEEPEST} deep. Split it into several steps.")
    allowed = grammar.members(annotation)
    if data is None and type(None) in allowed:
        return None
    item = grammar.item_type(annotation)
    if item is not None:
        return _decode_list(item, data, path, depth)
    choices = grammar.choices(annotation)
    if choices:
        if data not in choices:
            raise DefinitionError(f"{path}: {data!r} is not allowed here. {did_you_mean(str(data), choices)}")
        return data
    scalar = next((kind for kind in _SCALARS if kind in allowed), None)
    if scalar is not None:
        return _check_scalar(scalar, data, path)
    return decode_part(grammar.parts_allowed(annotation), data, path, depth=depth)


def _decode_list(item: Any, data: Any, path: str, depth: int) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise DefinitionError(f"{path}: must be a list, not {data!r}.")
    return tuple(decode(item, entry, f"{path}[{n}]", depth=depth + 1) for n, entry in enumerate(data))


def _check_scalar(kind: type, data: Any, path: str) -> Any:
    accepted: tuple[type, ...] = (int, float) if kind is float else (kind,)
    if not isinstance(data, accepted) or (isinstance(data, bool) and kind is not bool):
        raise DefinitionError(f"{path}: must be {_SCALARS[kind]}, not {data!r}.")
    return data


def decode_part(allowed: dict[str, type], data: Any, path: str, *, depth: int = 0) -> Any:
    """Return the one of the *allowed* parts, by name, that *data* describes; see :func:`decode`."""
    if not isinstance(data, dict):
        raise DefinitionError(f"{path}: must hold {' or '.join(allowed)} with its keys, not {data!r}.")
    part, rest = _which(allowed, data, path)
    types = grammar.field_types(part)
    for key in rest:
        if key not in types:
            keys = (TYPE_KEY, *types) if grammar.is_typed(part) else types
            raise DefinitionError(
                f"{_inside(path, str(key))}: {key!r} is not a key of {grammar.name_of(part)}. {did_you_mean(str(key), keys)}"
            )
    for key in types:
        if key in grammar.required_fields(part) and key not in rest:
            raise DefinitionError(f"{_inside(path, key)}: missing. {grammar.name_of(part)} needs {key!r}.")
    values = {key: decode(types[key], value, _inside(path, key), depth=depth + 1) for key, value in rest.items()}
    try:
        return part(**values)
    except WorkbenchError as error:
        raise DefinitionError(f"{path or 'the definition'}: {error}") from error


def _which(allowed: dict[str, type], data: dict[Any, Any], path: str) -> tuple[type, dict[Any, Any]]:
    if len(allowed) == 1:
        part = next(iter(allowed.values()))
        if not grammar.is_typed(part):
            return part, data
    name = data.get(TYPE_KEY)
    if not isinstance(name, str) or name not in allowed:
        wrong = "missing" if TYPE_KEY not in data else f"{name!r} is not allowed here"
        raise DefinitionError(f"{_inside(path, TYPE_KEY)}: {wrong}. {did_you_mean(str(name), allowed, show=20)}")
    return allowed[name], {key: value for key, value in data.items() if key != TYPE_KEY}


def _inside(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key

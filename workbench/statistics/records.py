"""Values that partitions of people hand over: equal by content, and written as one canonical run of bytes.

A record is a frozen dataclass of arrays, numbers, texts, tuples and other records. Two computers that hold
equal records write the same bytes, so that a digest of the bytes stands for the value; and the form is
plain JSON, so that whoever checks what leaves a site can read the names and sizes of everything in it.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import math
from typing import Any, ClassVar

import numpy as np

from data_catalog.errors import did_you_mean
from workbench.statistics.errors import AnalysisError

_ARRAY_TYPES: dict[str, Any] = {"<f8": np.float64, "<i8": np.int64, "|b1": np.bool_}


class Record:
    """Base of the frozen dataclasses that travel between engines; declare them with ``eq=False``."""

    _kinds: ClassVar[dict[str, type[Record]]] = {}

    def __init_subclass__(cls) -> None:
        """Make the class known to :func:`decode` by its name."""
        Record._kinds[cls.__name__] = cls

    def __eq__(self, other: object) -> bool:
        """Compare by content; arrays must agree in type, shape and every element (nan equals nan)."""
        if type(self) is not type(other):
            return NotImplemented
        return all(_same(value, getattr(other, name)) for name, value in _fields(self).items())

    def __hash__(self) -> int:
        """Hash the canonical bytes."""
        return hash(encode(self))


def encode(record: Record) -> bytes:
    """Write a record as canonical JSON: sorted keys, no spaces, arrays as little-endian bytes in base64.

    Parameters
    ----------
    record : Record
        A statistic or the state of a round.

    Returns
    -------
    bytes
        ASCII; equal records give equal bytes.
    """
    return json.dumps(to_plain(record), sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def add_told(one: int | None, other: int | None) -> int | None:
    """Add two counts, either of which may not have been told (None); then the sum is not known either."""
    return None if one is None or other is None else one + other


def to_plain(record: Record) -> Any:
    """Return a record as dictionaries, lists, texts and numbers: what :func:`encode` writes down, for use inside a message."""
    return _to_json(record)


def from_plain(data: Any) -> Any:
    """Read back what :func:`to_plain` gave.

    Raises
    ------
    AnalysisError
        If it is no such record; see :func:`decode`.
    """
    try:
        return _from_json(data)
    except (KeyError, TypeError, ValueError, binascii.Error) as problem:
        if isinstance(problem, AnalysisError):
            raise
        raise AnalysisError(f"This is not an encoded statistic ({problem}). Give what `to_plain` gave.") from problem


def decode(data: bytes) -> Any:
    """Read back what :func:`encode` wrote.

    Raises
    ------
    AnalysisError
        If the bytes are not such a record: only known kinds, their own fields and three array types are
        accepted.
    """
    try:
        plain = json.loads(data)
    except ValueError as problem:
        raise AnalysisError(
            f"These bytes are not an encoded statistic ({problem}). Send what `encode` wrote."
        ) from problem
    return from_plain(plain)


def _fields(record: Record) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}  # type: ignore[arg-type]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        )
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def _to_json(value: Any) -> Any:
    if isinstance(value, Record):
        return {"record": type(value).__name__, "fields": {k: _to_json(v) for k, v in _fields(value).items()}}
    if isinstance(value, np.ndarray):
        kind = value.dtype.newbyteorder("<").str
        if kind not in _ARRAY_TYPES:
            raise AnalysisError(f"An array of type {kind!r} cannot be encoded. Allowed: {', '.join(_ARRAY_TYPES)}.")
        raw = np.ascontiguousarray(value, dtype=kind).tobytes()
        return {"array": kind, "shape": list(value.shape), "base64": base64.b64encode(raw).decode("ascii")}
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise AnalysisError(f"A {type(value).__name__} cannot be part of a record. Use arrays, numbers, texts or tuples.")


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "record" in value:
        return _record(value["record"], value["fields"])
    if "array" in value:
        raw = np.frombuffer(base64.b64decode(value["base64"], validate=True), dtype=_ARRAY_TYPES[value["array"]])
        return raw.reshape(value["shape"]).copy()
    return float(value["float"])


def _record(kind: str, fields: dict[str, Any]) -> Record:
    if kind not in Record._kinds:
        raise AnalysisError(f"{kind!r} is not a kind of statistic. {did_you_mean(kind, Record._kinds)}")
    return Record._kinds[kind](**{name: _from_json(content) for name, content in fields.items()})

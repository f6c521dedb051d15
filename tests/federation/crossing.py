"""Looks at everything that crossed between processes, for what must not: rows, identifiers, cells of few people."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

K = 10
LONGEST = 150  # 61 bins of 30 days in five years, for two groups; nothing that crosses is as long as a list of people
# Whole numbers that count no people: bins of a grid, steps of Newton's method, numbers of versions and snapshots.
SPLIT = {"events", "censored", "completed"}
NO_PEOPLE = {"n_told", "n_steps", "n_creeping", "version", "snapshot", "consent_epoch"}


def offences(messages: Iterable[bytes], identifiers: Iterable[int | str] = ()) -> list[str]:
    """Say of each thing that should not have crossed what it is and where; nothing if all is well."""
    found = []
    hidden = _forms(identifiers)
    for message in messages:
        data = json.loads(message)
        raw = [message, *(base64.b64decode(value["base64"]) for _, value in _walk(data, "") if _is_array(value))]
        found += [f"an identifier in {len(each)} bytes" for each in raw if _holds(each, hidden)]
        for definition in ("cohort", "analysis"):  # what is asked counts nobody; its numbers are days and ages
            data.pop(definition, None)
        found += [f"{path}: {words}" for path, value in _walk(data, "") for words in _wrong(path, value)]
    return found


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict) and value.get("record") == "GridTable":
        # The cells of a life table are the leavers of its bins; how many of them had the event may cross.
        value = {
            **value,
            "fields": {k: v for k, v in value["fields"].items() if k not in SPLIT},
            "cells": _cells(value["fields"]),
        }
    if isinstance(value, dict) and not _is_array(value):
        for key, each in value.items():
            yield from _walk(each, f"{path}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _walk(each, f"{path}[{number}]")


def _cells(fields: dict[str, Any]) -> list[int]:
    """Leavers of the bins that are told; at the horizon with those who are followed to it, before it these on their own."""
    events, censored = (_array(fields[name]) for name in ("events", "censored"))
    completed, n_told = _array(fields["completed"]), _array(fields["n_told"])
    cells = []
    for group, told in enumerate(n_told):
        leavers = (events + censored)[group, :told].tolist()
        if told == events.shape[1]:
            leavers[-1] += int(completed[group])
        else:
            leavers.append(int(completed[group]))
        cells += leavers
    return cells


def _array(value: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(value["base64"]), value["array"]).reshape(value["shape"])


def _is_array(value: Any) -> bool:
    return isinstance(value, dict) and "array" in value


def _wrong(path: str, value: Any) -> Iterator[str]:
    name = path.rsplit(".", 1)[-1].split("[")[0]
    if _is_array(value):
        array = np.frombuffer(base64.b64decode(value["base64"]), value["array"])
        if array.size > LONGEST:
            yield f"an array of {array.size}"
        if array.dtype.kind == "i" and name not in NO_PEOPLE and ((array > 0) & (array < K)).any():
            yield "a cell of few people"
        if name in ("largest", "second_largest") and array.any():
            yield "a value of one person"
        if name == "time" and array.size:
            yield "days on which people left"
    elif isinstance(value, list) and len(value) > LONGEST:
        yield f"a list of {len(value)}"
    elif isinstance(value, int) and not isinstance(value, bool) and name not in NO_PEOPLE and 0 < value < K:
        yield "a count of few people"


def _forms(identifiers: Iterable[int | str]) -> dict[int, set[bytes]]:
    """How identifiers might be hidden in bytes, by length: as text, in base64, as a little-endian integer or float."""
    forms: dict[int, set[bytes]] = {}
    for identifier in identifiers:
        text = str(identifier).encode()
        hidden = [text, base64.b64encode(text)]
        if isinstance(identifier, int):
            hidden += [struct.pack("<q", identifier), struct.pack("<d", identifier)]
        for form in hidden:
            forms.setdefault(len(form), set()).add(form)
    return forms


def _holds(content: bytes, forms: dict[int, set[bytes]]) -> bool:
    return any(
        content[start : start + length] in wanted
        for length, wanted in forms.items()
        for start in range(len(content) - length + 1)
    )

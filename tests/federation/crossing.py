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
    identifiers = list(identifiers)
    for message in messages:
        data = json.loads(message)
        for definition in ("cohort", "analysis"):  # what is asked counts nobody; its numbers are days and ages
            data.pop(definition, None)
        found += [f"{path}: {words}" for path, value in _walk(data, "") for words in _wrong(path, value)]
        raw = [message, *(base64.b64decode(value["base64"]) for _, value in _walk(data, "") if _is_array(value))]
        found += [
            f"an identifier in {len(each)} bytes" for each in raw if any(_holds(each, one) for one in identifiers)
        ]
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


def _holds(content: bytes, identifier: int | str) -> bool:
    forms = [str(identifier).encode(), base64.b64encode(str(identifier).encode())]
    if isinstance(identifier, int):
        forms += [struct.pack("<q", identifier), struct.pack("<d", identifier)]
    return any(form in content for form in forms)

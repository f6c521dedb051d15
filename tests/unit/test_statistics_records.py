"""Records: equal by content, one canonical run of bytes, and nothing else can be read back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest

from workbench.statistics.errors import AnalysisError
from workbench.statistics.event_table import EventTable
from workbench.statistics.records import Record, decode, encode


@dataclass(frozen=True, eq=False)
class Everything(Record):
    array: np.ndarray
    text: str
    number: float
    nested: tuple
    nothing: None = None


def everything(number=1.5):
    return Everything(np.array([[1, 2], [3, 4]]), "Größe", number, (1, True, EventTable.empty()))


def test_the_bytes_of_a_table_are_plain_json_and_never_change():
    assert encode(EventTable.of(np.array([2.0]), np.array([True]))) == (
        b'{"fields":{"censored":{"array":"<i8","base64":"AAAAAAAAAAA=","shape":[1,1]},'
        b'"entries":{"array":"<i8","base64":"AAAAAAAAAAA=","shape":[1,1]},'
        b'"events":{"array":"<i8","base64":"AQAAAAAAAAA=","shape":[1,1]},'
        b'"from_start":{"array":"<i8","base64":"AQAAAAAAAAA=","shape":[1]},'
        b'"groups":["all"],"n_missing":0,"time":{"array":"<f8","base64":"AAAAAAAAAEA=","shape":[1]}},'
        b'"record":"EventTable"}'
    )


@pytest.mark.parametrize("number", [1.5, -0.1, math.inf, -math.inf, math.nan])
def test_what_is_decoded_equals_what_was_encoded(number):
    record = everything(number)
    assert decode(encode(record)) == record
    assert encode(decode(encode(record))) == encode(record)
    assert hash(decode(encode(record))) == hash(record)


def test_records_differ_by_any_field():
    assert everything(1.5) != everything(1.6)
    assert Everything(np.array([1]), "", 0.0, ()) != Everything(np.array([1.0]), "", 0.0, ())
    assert everything() != "something else"


def test_the_memory_layout_of_an_array_does_not_matter():
    rows = np.arange(6).reshape(2, 3)
    columns = np.asfortranarray(rows)
    assert encode(Everything(rows, "", 0.0, ())) == encode(Everything(columns, "", 0.0, ()))


@pytest.mark.parametrize("value", [{"a": 1}, np.array(["text"]), object()], ids=["mapping", "texts", "object"])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(AnalysisError, match="cannot be part of a record|cannot be encoded"):
        encode(Everything(np.array([1]), "", 0.0, (value,)))


@pytest.mark.parametrize(
    "change",
    [
        {"record": "EventTabel"},
        {"fields": {}},
        {"fields": {"groups": {"array": "|O8", "shape": [1], "base64": ""}}},
        {"fields": {"groups": {"array": "<i8", "shape": [2], "base64": "AQAAAAAAAAA="}}},
        {"fields": {"groups": {"array": "<i8", "shape": [1], "base64": "!"}}},
    ],
    ids=["unknown kind", "no fields", "objects", "wrong shape", "no base64"],
)
def test_bytes_that_no_site_would_send_are_refused(change):
    message = json.loads(encode(EventTable.empty())) | change
    with pytest.raises(AnalysisError, match=r"not an encoded statistic|Did you mean 'EventTable'"):
        decode(json.dumps(message).encode())


def test_bytes_that_are_not_json_are_refused():
    with pytest.raises(AnalysisError, match="not an encoded statistic"):
        decode(b"\x80\x04K\x01.")

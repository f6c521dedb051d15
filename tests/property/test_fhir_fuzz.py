"""Whatever happens to the bytes of a FHIR export, it is staged with every resource accounted for, or refused in words."""

import json
import random
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data_catalog import Catalog
from data_catalog.errors import WorkbenchError
from data_catalog.lake import writer
from data_catalog.sources import FhirFolder
from data_catalog.sources.base import IngestContext

CODE = {"coding": [{"system": "http://snomed.info/sct", "code": "22298006", "display": "MI"}], "text": "MI"}
WHO = {"subject": {"reference": "Patient/a"}, "encounter": {"reference": "Encounter/e"}}
QUANTITY = {"value": 142.5, "comparator": "<", "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
RESOURCES = [
    {"resourceType": "Patient", "id": "a", "gender": "male", "birthDate": "1950-02-03", "deceasedDateTime": "2021-01-01T00:00:00Z"},
    {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"}, "period": {"start": "2020-01-01", "end": "2020-01-09"}, **WHO},
    {"resourceType": "Condition", "id": "c", "code": CODE, "onsetDateTime": "2020-01-02T10:00:00+01:00", **WHO},
    {"resourceType": "Observation", "id": "o", "status": "final", "code": CODE, "effectiveDateTime": "2020-01", "valueQuantity": QUANTITY, "component": [{"code": CODE, "valueRange": {"low": QUANTITY}}], **WHO},
    {"resourceType": "MedicationRequest", "id": "m", "authoredOn": "2020-01-01", "medicationCodeableConcept": CODE, "dispenseRequest": {"expectedSupplyDuration": {"value": 4, "code": "wk"}, "numberOfRepeatsAllowed": 2}, **WHO},
    {"resourceType": "Procedure", "id": "p", "status": "completed", "code": CODE, "performedPeriod": {"start": "2020-01-01"}, **WHO},
    {"resourceType": "Consent", "id": "k", "status": "active", "scope": {"coding": [{"code": "research"}]}, "patient": WHO["subject"], "dateTime": "2020-01-01", "provision": {"type": "permit", "period": {"end": "2030"}}},
    {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:b", "resource": {"resourceType": "AllergyIntolerance", "code": CODE, "patient": WHO["subject"], "recordedDate": "2020"}}]},
]  # fmt: skip
EXPORT = "".join(json.dumps(resource) + "\n" for resource in RESOURCES).encode()
# What breaks readers: other types, other sizes, other dates, signs that mean something to JSON, to SQL or to a terminal.
ODDITIES = [b"null", b"[]", b"{}", b'""', b"-1e999", b"123456789012345678901234567890", b'"9999-99-99"', b"'", b"\\", b"\x00", b"\xff", b"\n", b"{" * 2000,
            b'"\\ud800"', b'"\\u0000"', "ü".encode("latin-1"), b'"0000-00-00T99:99:99Z"', b'"5874898-01-01"', b"true", b'"urn:uuid:"', b'"Patient?identifier="']  # fmt: skip
VALUES = [
    None,
    [],
    {},
    "",
    0,
    -1,
    1e308,
    True,
    "x" * 5000,
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    [[[]]],
    {"coding": [None]},
    [None],
    "'; DROP",
    "\x00",
]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    catalog = Catalog.create(tmp_path_factory.mktemp("fuzz") / "catalog")
    with writer(catalog.folder) as connection:
        yield connection


def staged(folder, connection, content):
    """Stage the bytes as an export; None if they are refused in words."""
    for old in folder.iterdir():
        old.unlink()
    (folder / "all.ndjson").write_bytes(content)
    try:
        return FhirFolder(folder).stage(connection, IngestContext("centre", bytes(32)))
    except WorkbenchError:
        return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(EXPORT)), st.integers(0, 30), st.sampled_from(ODDITIES)), min_size=1, max_size=3
    )
)
@example(changes=[(len(EXPORT) - 1, 1, b"")])
def test_bytes_that_are_replaced_are_staged_or_refused(changes, connection, tmp_path):
    content = EXPORT
    for start, length, oddity in changes:
        content = content[:start] + oddity + content[start + length :]
    staged(tmp_path, connection, content)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_parts_that_are_replaced_are_staged_with_every_resource_accounted_for(seed, connection, tmp_path):
    chance = random.Random(seed)
    lines = []
    for copy in range(12):
        resources = json.loads(json.dumps(RESOURCES[1:]).replace('"id": "', f'"id": "{copy}'))
        for _ in range(chance.randint(1, 6)):
            _replace_somewhere(resources, chance.choice(VALUES), chance)
        lines += [json.dumps(resource) for resource in [*resources, RESOURCES[0]]]
    source = staged(tmp_path, connection, "\n".join(lines).encode())
    if source is None:
        return
    written = " UNION ".join(
        f"SELECT _file, _row FROM {relation}"
        for table, relation in source.relations.items()
        if table not in ("concept", "concept_ancestor", "observation_period", "person_link", "death")
    )
    (n_written,) = connection.execute(f"SELECT count(*) FROM ({written})").fetchone()
    # Each line has one resource; one of several components may be left out beside the others, so there can be more.
    assert n_written + sum(part.n_rows for part in source.left_out) >= sum(source.n_read.values())


def _replace_somewhere(resources, value, chance):
    """Put *value* in the place of a part of a resource, at any depth."""
    place = chance.choice(resources)
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(place[key], dict | list) and chance.random() < 0.7:
            place = place[key]
        else:
            place[key] = deepcopy(value)  # the next change may be inside it
            return

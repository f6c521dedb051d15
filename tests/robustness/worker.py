"""A process of its own that reads or writes a catalog, for the tests beside it: ``python worker.py DO PLACE ARGUMENT…``."""

from __future__ import annotations

import ctypes
import json
import os
import select
import struct
import sys
import time

import polars as pl

from data_catalog import Catalog, WorkbenchError
from data_catalog.lake import open_reader
from data_catalog.sources import MappedTable

MAPPING = {
    "mapping": "ward",
    "version": "1",
    "person": {"id": "record", "birth": "born", "sex": {"column": "sex", "values": {"M": "male", "F": "female"}}},
    "observation_period": {"start": "admitted", "end": "admitted + 30 days"},
    "measurements": [
        {"column": "sbp", "concept": "Systolic blood pressure [LOINC 8480-6]", "unit": "mmHg", "date": "admitted"}
    ],
}
# Of one snapshot: people, people counted by ingests, observation periods, measurements, ingests. An ingest writes all of them.
WHOLE = (
    "SELECT (SELECT count(*) FROM lake.main.person), (SELECT coalesce(sum(n_read), 0) FROM lake.provenance.ingest), "
    "(SELECT count(*) FROM lake.main.observation_period), (SELECT count(*) FROM lake.main.measurement), "
    "(SELECT count(*) FROM lake.provenance.ingest)"
)


def batch(first: int, people: int) -> MappedTable:
    """People with the record numbers from *first* on."""
    columns = {
        "record": [f"MRN-{number:07d}" for number in range(first, first + people)],
        "born": ["1950-03-01"] * people,
        "sex": ["M"] * people,
        "admitted": ["2020-01-10"] * people,
        "sbp": ["120"] * people,
    }
    return MappedTable(pl.DataFrame(columns), MAPPING)


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def write(place: str, first: str, people: str, batches: str = "1") -> None:
    """Bring in *batches* of *people* each."""
    catalog = Catalog.open(place)
    sources = [batch(int(first) + number * int(people), int(people)) for number in range(int(batches))]
    say("ready")
    for source in sources:
        say(catalog.ingest(source, site="ward-3", basis="open_data").snapshot_id)


def told_to_stop() -> bool:
    """Say whether whoever started this process has closed its standard input."""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def read(place: str) -> None:
    """Ask one open connection again and again until told to stop, and say what it answered."""
    seen = set()
    with open_reader(place) as connection:
        say("ready")
        while not told_to_stop():
            seen.add(tuple(map(int, connection.execute(WHOLE).fetchall()[0])))
    say(sorted(seen))


def study(place: str) -> None:
    """Open a study again and again until told to stop, ask it twice, and say how many people it had, by snapshot."""
    from workbench.cohorts import Cohort, measure
    from workbench.study import Study

    everyone = Cohort.entry("a blood pressure", measure("systolic_blood_pressure_mmhg").first())
    seen = set()
    say("ready")
    while not told_to_stop():
        with Study.open(place, purpose="scientific_research") as one:
            before = one._connection.execute(WHOLE).fetchall()[0]
            seen.add((one.provenance.snapshot.snapshot_id, len(one.people(everyone)), *map(int, before)))
            time.sleep(0.05)
            after = one._connection.execute(WHOLE).fetchall()[0]
            assert before == after
    say(sorted(seen))


def read_only(place: str) -> None:
    """Read once, as somebody whom permissions of files stop even if that is root; say how many people there are."""
    if os.geteuid() == 0:
        # capget(2), capset(2): of root's capabilities none is left that overrules permissions of files, the lowest four.
        system, header, have = (
            ctypes.CDLL(None, use_errno=True),
            struct.pack("<Ii", 0x20080522, 0),
            (ctypes.c_uint32 * 6)(),
        )
        system.capget(header, have)
        have[0:3] = [have[0] & ~0xF, have[1] & ~0xF, 0]
        if system.capset(header, have) != 0:
            raise OSError(ctypes.get_errno(), "capset")
    assert not os.access(place, os.W_OK)
    say("ready")
    with open_reader(place) as connection:
        say(connection.execute("SELECT count(*) FROM lake.main.person").fetchall()[0][0])


if __name__ == "__main__":
    try:
        {"write": write, "read": read, "study": study, "read_only": read_only}[sys.argv[1]](*sys.argv[2:])
    except WorkbenchError as error:
        say({"error": type(error).__name__, "message": str(error)})

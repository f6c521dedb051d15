"""Processes that read and write one catalog, and what a catalog holds to the last bit."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from data_catalog import Catalog
from data_catalog.address import PostgresAddress
from data_catalog.lake import open_reader, writer
from data_catalog.model import TABLES, table_address

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKER = Path(__file__).with_name("worker.py")


class Worker:
    """A process that runs ``worker.py``. It says what it does in lines of JSON, the first of them "ready"."""

    def __init__(self, do: str, place: str, *arguments: object) -> None:
        command = [sys.executable, str(WORKER), do, place, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said(expect="ready")

    def said(self, expect: object = None) -> Any:
        line = self.process.stdout.readline()
        said = json.loads(line) if line else self.process.stderr.read()
        assert expect is None or said == expect, said
        return said

    def result(self) -> list[Any]:
        """Tell it to stop if it can be told, and return everything that it says until it ends."""
        out, error = self.process.communicate(timeout=300)
        assert self.process.returncode == 0, error
        return [json.loads(line) for line in out.splitlines()]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Any]:
    """Start a worker; those that still run at the end of the test are killed."""
    workers: list[Worker] = []

    def started(do: str, catalog: Catalog, *arguments: object) -> Worker:
        workers.append(Worker(do, str(catalog.address), *arguments))
        return workers[-1]

    yield started
    for worker in workers:
        worker.kill()


@pytest.fixture
def bring_in():
    """Bring people in from this process: as ``start("write", …)`` does, without waiting for Python to start."""
    spec = importlib.util.spec_from_file_location("catalog_worker", WORKER)
    worker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worker)

    def brought(catalog: Catalog, first: int, people: int) -> int:
        return catalog.ingest(worker.batch(first, people), site="ward-3", basis="open_data").snapshot_id

    return brought


@pytest.fixture
def catalog(new_place) -> Catalog:
    place, options = new_place
    return Catalog.create(place, title="Ward 3", **options)


@pytest.fixture
def digests():
    return _digests


@pytest.fixture
def orphans():
    return _orphans


def _digests(catalog: Catalog, snapshot: int) -> dict[str, tuple[int, int | None]]:
    """Return, of every table that tests write to, how many rows it has and a digest of all of them, in whatever order.

    Columns that say where a row comes from are left out: a catalog of an older model has none.
    """
    written = (
        "person",
        "person_link",
        "observation_period",
        "measurement",
        "ingest",
        "ingest_issue",
        "setting",
        "permit",
    )
    later = ("ingest_id", "source_row", "mapping_rule", "source_digests", "rules_digest", "replaces")
    parts = [
        f"SELECT '{name}', count(*), bit_xor(hash(t)) FROM "
        f"(SELECT {', '.join(f.name for f in TABLES[name].fields if f.name not in later)} FROM {table_address(TABLES[name])}) AS t"
        for name in written
    ]
    with open_reader(catalog.address, snapshot=snapshot) as connection:
        return {name: (n, digest) for name, n, digest in connection.execute(" UNION ALL ".join(parts)).fetchall()}


def _orphans(catalog: Catalog) -> list[str]:
    """Open the catalog for writing, and return the data files that no snapshot knows."""
    schema = f".{catalog.address.schema}" if isinstance(catalog.address, PostgresAddress) else ""
    with writer(catalog.address) as connection:
        known = connection.execute(
            f"SELECT path FROM __ducklake_metadata_lake{schema}.ducklake_data_file "
            f"UNION ALL SELECT path FROM __ducklake_metadata_lake{schema}.ducklake_delete_file"
        ).fetchall()
    names = {Path(path).name for (path,) in known}
    files = [path for path in (catalog.folder / "data").rglob("*") if path.is_file()]
    assert len(names) <= len(files)
    return sorted(str(path) for path in files if path.name not in names)

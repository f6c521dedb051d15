"""Readers and a writer in processes of their own: whole snapshots, one writer at a time."""

from __future__ import annotations

import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from data_catalog import Catalog, CatalogError, lake, write_lock
from data_catalog.lake import open_reader, transaction, writer
from data_catalog.write_lock import AnotherWriterError

pytestmark = pytest.mark.slow  # several processes at work for minutes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE, BATCHES = 200, 4


def test_two_processes_read_whole_snapshots_while_a_third_ingests(catalog, start):
    """Every ingest adds 200 people with a period and a measurement each; more or fewer of any is a half snapshot."""
    unpinned = start("read", catalog)
    pinned = start("study", catalog)
    written = start("write", catalog, 1, PEOPLE, BATCHES).result()
    assert len(written) == BATCHES, written
    whole = [(n * PEOPLE,) * 4 + (n,) for n in range(BATCHES + 1)]
    seen = [tuple(counts) for counts in unpinned.result()[-1]]
    assert set(seen) <= set(whole)
    assert len(seen) > 1, "the reader saw no ingest happen, so it proves nothing"
    by_snapshot = {snapshot: n for n, snapshot in enumerate([1, *written])}
    for snapshot, cohort, *counts in pinned.result()[-1]:
        assert (cohort, tuple(counts)) == (counts[0], whole[by_snapshot[snapshot]])


def test_a_long_query_does_not_keep_a_writer_from_committing(catalog, bring_in):
    with open_reader(catalog.address) as connection:
        connection.execute("BEGIN TRANSACTION")
        assert connection.execute("SELECT count(*) FROM lake.main.person").fetchall() == [(0,)]
        bring_in(catalog, 1, 5)
        assert connection.execute("SELECT count(*) FROM lake.main.person").fetchall() == [(0,)]
        connection.execute("COMMIT")
        assert connection.execute("SELECT count(*) FROM lake.main.person").fetchall() == [(5,)]


def test_a_second_writer_waits_for_the_first(catalog, start, orphans):
    first = start("write", catalog, 1, 100)
    second = start("write", catalog, 1001, 100)
    assert sorted(first.result() + second.result()) == [2, 3]
    assert catalog.snapshot().snapshot_id == 3
    assert orphans(catalog) == []


def test_a_second_writer_that_waits_in_vain_is_told_so(catalog, monkeypatch):
    monkeypatch.setattr(write_lock, "PATIENCE_SECONDS", 0.2)
    with writer(catalog.address) as first:
        with (
            pytest.raises(
                AnotherWriterError, match="Another ingest is at work on the catalog .* Nothing was written; try again"
            ),
            writer(catalog.address),
        ):
            pass
        with transaction(first, author="first", message="the first one goes on"):
            first.execute("INSERT INTO lake.provenance.setting (name, value) VALUES ('colour', 'red')")
    with writer(catalog.address):
        assert catalog.snapshot().message == "the first one goes on"


def test_a_program_that_does_not_keep_to_the_lock_makes_a_commit_fail_in_words(catalog):
    """Another DuckLake client changes the table that an ingest writes to, between its start and its commit."""
    words = "could not be committed: another program was writing at the same time; try again"
    with closing(lake._connect_for(catalog.address)) as stranger, writer(catalog.address) as connection:
        lake._attach(stranger, catalog.address)
        with pytest.raises(CatalogError, match=words), transaction(connection, author="a", message="b"):  # noqa: PT012
            connection.execute("INSERT INTO lake.provenance.setting (name, value) VALUES ('colour', 'red')")
            stranger.execute("ALTER TABLE lake.provenance.setting ADD COLUMN more VARCHAR")
    with open_reader(catalog.address) as connection:
        names = connection.execute("SELECT name FROM lake.provenance.setting").fetchall()
    assert ("title",) in names
    assert ("colour",) not in names


def test_a_server_that_still_works_for_a_killed_writer_is_waited_for(postgres_url, tmp_path, monkeypatch):
    """Its lock may be gone while its commit is on the way: nothing may be taken for left over until that has ended."""
    catalog = Catalog.create(postgres_url, data=tmp_path / "catalog")
    monkeypatch.setattr(write_lock, "PATIENCE_SECONDS", 0.2)
    with closing(lake._connect_for(catalog.address)) as killed:
        lake._attach(killed, catalog.address)
        with pytest.raises(AnotherWriterError), writer(catalog.address):
            pass
    with writer(catalog.address):
        pass


def test_writers_of_two_catalogs_do_not_wait_for_each_other(catalog, new_place, request, tmp_path, monkeypatch):
    monkeypatch.setattr(write_lock, "PATIENCE_SECONDS", 0.2)
    options = {"data": tmp_path / "other"} if new_place[1] else {}
    other = Catalog.create(
        request.getfixturevalue("postgres_server").url("other") if options else tmp_path / "other", **options
    )
    with writer(catalog.address), writer(other.address):
        pass


@pytest.mark.skipif(
    sys.platform != "linux", reason="root gives up its rights over files here, which it can on Linux only"
)
def test_who_may_only_read_can_do_so_after_an_ingest_and_is_told_what_a_crash_asks_of_the_owner(tmp_path, start):
    catalog = Catalog.create(tmp_path / "catalog")
    start("write", catalog, 1, 50).result()
    with read_only(catalog.folder):
        assert start("read_only", catalog).result() == [50]
    cut_off = start("write", catalog, 1001, 5000)
    time.sleep(0.5)
    cut_off.kill()
    with read_only(catalog.folder):
        (answer,) = start("read_only", catalog).result()
    if isinstance(answer, dict):
        assert "Its owner puts that right with: workbench catalog upgrade" in answer["message"]
        with writer(catalog.address):
            pass
        with read_only(catalog.folder):
            (answer,) = start("read_only", catalog).result()
    assert answer in (50, 5050)


@pytest.mark.skipif(
    sys.platform != "linux", reason="root gives up its rights over files here, which it can on Linux only"
)
def test_who_may_not_read_the_data_is_told_so(tmp_path, start):
    catalog = Catalog.create(tmp_path / "catalog")
    with read_only(catalog.folder):
        (catalog.folder / "data").chmod(0o000)
        (answer,) = start("read_only", catalog).result()
    assert answer["message"].startswith("You may not read the data of the catalog at ")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)

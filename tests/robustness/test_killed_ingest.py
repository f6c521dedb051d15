"""kill -9 in the middle of an ingest, at moments drawn at random: the catalog is as it was, or as it was to become."""

from __future__ import annotations

import random
import time

import pytest

PEOPLE = 3000
ADDED = {"person": PEOPLE, "person_link": PEOPLE, "observation_period": PEOPLE, "measurement": PEOPLE, "ingest": 1}


@pytest.mark.parametrize("tries", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_an_ingest_that_is_killed_leaves_a_whole_catalog_and_no_files(catalog, start, digests, orphans, tries, request):
    seed = request.config.getoption("randomly_seed", default=0)
    chance = random.Random(f"{seed} {tries}")
    first = start("write", catalog, 1, PEOPLE)
    began = time.monotonic()
    first.result()
    seconds = time.monotonic() - began
    snapshot = catalog.snapshot().snapshot_id
    before = digests(catalog, snapshot)
    assert before["person"][0] == before["measurement"][0] == PEOPLE
    outcomes = []
    for number in range(1, tries + 1):
        worker = start("write", catalog, 1 + number * PEOPLE, PEOPLE)
        # The first surely in the middle, the others also after the end.
        after = chance.uniform(0, (0.5 if number == 1 else 1.05) * seconds)
        time.sleep(after)
        worker.kill()
        newest = catalog.snapshot().snapshot_id
        outcomes.append(
            f"{number}: killed after {after:.2f} s, {'committed' if newest > snapshot else 'nothing written'}"
        )
        print(f"seed {seed}, {outcomes[-1]}")  # noqa: T201  shown if the test fails
        assert digests(catalog, snapshot) == before
        assert newest - snapshot in (0, 1)
        if newest > snapshot:
            now = digests(catalog, newest)
            assert {name: now[name][0] - before[name][0] for name in before} == {
                name: ADDED.get(name, 0) for name in before
            }
            snapshot, before = newest, now
        assert digests(catalog, newest) == before
        assert orphans(catalog) == []
    assert any("nothing written" in outcome for outcome in outcomes), outcomes
    last = start("write", catalog, 1 + (tries + 1) * PEOPLE, PEOPLE).result()
    assert last == [snapshot + 1]

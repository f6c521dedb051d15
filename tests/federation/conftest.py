"""Fixtures of the tests across sites."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from three_hospitals import KEY, SITES, Thirds, third

from data_catalog import Catalog
from workbench.federation import Network
from workbench.study import Study


@pytest.fixture(scope="session")
def thirds(tmp_path_factory) -> Thirds:
    folder = tmp_path_factory.mktemp("thirds")
    pooled = Catalog.create(folder / "pooled", title="All three", pseudonym_key=KEY)
    for number, site in enumerate(SITES):
        Catalog.create(folder / site, title=site, pseudonym_key=KEY).ingest(third(number), site=site, basis="open_data")
        pooled.ingest(third(number), site=site, basis="open_data")
    return Thirds(folder, pooled.folder)


@pytest.fixture(scope="module")
def network(thirds):
    with Network.open(thirds.catalogs, purpose="scientific_research") as opened:
        yield opened


@pytest.fixture(scope="module")
def pooled(thirds):
    with Study.open(thirds.pooled, purpose="scientific_research") as opened:
        yield opened

"""Three hospitals with a third of the people of WHAS500 each, in catalogs of their own; and one catalog with all of them."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import polars as pl
from scipy.io import arff

from data_catalog.sources import MappedTable
from data_catalog.sources.whas500 import whas500_file, whas500_mapping
from workbench.engines import inline
from workbench.engines.rounds import run_rounds
from workbench.federation.network import _Question
from workbench.federation.site import Site

if TYPE_CHECKING:
    from pathlib import Path

SITES = ("ashfield", "brookside", "claymore")
KEY = b"k" * 32


@dataclass(frozen=True)
class Thirds:
    """One catalog a site, and one with all sites: the same people, with the same ids."""

    folder: Path
    pooled: Path

    @property
    def catalogs(self) -> dict[str, Path]:
        return {site: self.folder / site for site in SITES}


def whas500_frame() -> pl.DataFrame:
    rows, _ = arff.loadarff(whas500_file())
    columns = {
        name: rows[name].astype(str) if rows[name].dtype.kind == "S" else rows[name] for name in rows.dtype.names
    }
    return pl.DataFrame(columns)


def third(number: int) -> MappedTable:
    return MappedTable(whas500_frame().gather_every(len(SITES), number), whas500_mapping())


class InProcess:
    """A transport without processes: the gateways answer in this one. ``sent`` and ``received`` keep every message."""

    def __init__(self, catalogs, *, policy=None):
        self.gateways = {site: Site(site, catalog, policy) for site, catalog in catalogs.items()}
        self.sent: list[tuple[str, bytes]] = []
        self.received: list[tuple[str, bytes]] = []

    @property
    def sites(self):
        return sorted(self.gateways)

    def ask(self, site, message):
        self.sent.append((site, message))
        reply = self.gateways[site].answer(message)
        self.received.append((site, reply))
        return reply

    def close(self):
        for gateway in self.gateways.values():
            gateway.close()


class Recording:
    """Wraps a transport and keeps every byte that crosses it; ``before`` is called with the site and the number of the message."""

    def __init__(self, inner, before=lambda site, number: None):
        self.inner, self.before = inner, before
        self.sent: list[tuple[str, bytes]] = []
        self.received: list[tuple[str, bytes]] = []
        self._lock = Lock()

    @property
    def sites(self):
        return self.inner.sites

    def ask(self, site, message):
        with self._lock:
            number = sum(each == site for each, _ in self.sent)
            self.sent.append((site, message))
        self.before(site, number)
        reply = self.inner.ask(site, message)
        with self._lock:
            self.received.append((site, reply))
        return reply

    def close(self):
        self.inner.close()


def exact(network, analysis, cohort):
    """What a network finishes in, before it is released."""
    question = _Question("run", cohort, analysis, network.sites)
    return network._answer(question, lambda: run_rounds(analysis, lambda state: network._total(question, state)))


def exact_inline(study, analysis, cohort):
    """The same of a study."""
    return inline.run(analysis, study._people_of(analysis, cohort))

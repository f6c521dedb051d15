"""Writing the five hospitals to a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.errors import WorkbenchError
from data_catalog.synthetic.simulation import Simulation, simulate
from data_catalog.synthetic.sites import SITES
from data_catalog.synthetic.tables import record_numbers
from data_catalog.synthetic.truth import truth_of
from data_catalog.synthetic.vcf import records_of, write_vcf

if TYPE_CHECKING:
    from pathlib import Path

FEWEST_PEOPLE, MOST_PEOPLE = 100, 200_000


@dataclass(frozen=True)
class Hospital:
    """The files of one hospital: a folder of tables, its consents, its genotypes."""

    site: str
    omop: Path
    consent: Path
    genotypes: Path


@dataclass(frozen=True)
class Hospitals:
    """The files of all hospitals, and the planted truth, which no analysis reads."""

    sites: tuple[Hospital, ...]
    truth: Path
    people: int
    seed: int


def write_hospitals(folder: Path, *, people: int = 10_000, seed: int = 1) -> Hospitals:
    """Write the files of five synthetic hospitals.

    Parameters
    ----------
    folder : Path
        Where to; made if it is not there. Each hospital gets a folder of its name with ``omop/<table>.parquet``,
        ``consent.parquet`` and ``genotypes.vcf.gz``; ``truth.json`` stands beside them. Files of an earlier run are replaced.
    people : int
        Rows of ``person`` over all hospitals, from 100 to 200,000.
    seed : int
        Not negative. The same seed and number of people give the same bytes.

    Raises
    ------
    WorkbenchError
        If *people* or *seed* is out of range, or the folder cannot be written to.
    """
    _check(people, seed)
    simulation = simulate(people, seed)
    try:
        sites = tuple(_write_site(simulation, index, folder / site.name) for index, site in enumerate(SITES))
        truth = folder / "truth.json"
        truth.write_text(json.dumps(truth_of(simulation), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(
            f"The hospitals cannot be written to {folder}: {error.strerror}. Choose a folder that you may write to."
        ) from None
    return Hospitals(sites, truth, people, seed)


def _check(people: int, seed: int) -> None:
    if isinstance(people, bool) or not isinstance(people, int) or not FEWEST_PEOPLE <= people <= MOST_PEOPLE:
        raise WorkbenchError(
            f"{people!r} people cannot be made. Allowed: a whole number from {FEWEST_PEOPLE:,} to {MOST_PEOPLE:,}; "
            "with 10,000 every planted question can be answered."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise WorkbenchError(f"{seed!r} is not a seed. Give a whole number of at least 0.")


def _write_site(simulation: Simulation, index: int, folder: Path) -> Hospital:
    hospital = Hospital(SITES[index].name, folder / "omop", folder / "consent.parquet", folder / "genotypes.vcf.gz")
    hospital.omop.mkdir(parents=True, exist_ok=True)
    for name, table in simulation.tables.items():
        _of_site(table, index).write_parquet(hospital.omop / f"{name}.parquet")
    numbers = np.array(record_numbers(simulation.people))
    person = simulation.consents.rows["row"].to_numpy()
    consents = simulation.consents.rows.with_columns(
        site=pl.Series(simulation.people.site[person]), record_number=pl.Series(numbers[person])
    ).sort("row", "modality", "recorded_at")
    _of_site(consents, index).select(
        "record_number", "modality", "purpose", "status", "valid_from", "recorded_at"
    ).write_parquet(hospital.consent)
    rows = np.flatnonzero((simulation.people.site == index) & simulation.sequenced)
    # Missing calls have a stream for each site, so that sites can be written in any order.
    records = records_of(simulation.genomes, rows, np.random.default_rng([simulation.seed, index]))
    write_vcf(hospital.genotypes, numbers[rows].tolist(), records)
    return hospital


def _of_site(table: pl.DataFrame, index: int) -> pl.DataFrame:
    return table.filter(pl.col("site") == index).drop("site")

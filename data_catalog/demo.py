"""The catalogs that the workbench demonstrates itself on: open to everyone, and the same each time they are made.

Five hospitals of synthetic patients, and five hundred real ones of a published study.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog.catalog import Catalog
from data_catalog.errors import CatalogError
from data_catalog.governance.basis import CONSENT
from data_catalog.lake import is_catalog
from data_catalog.sources import ConsentTable, OmopFolder, VcfFile
from data_catalog.sources.whas500 import whas500

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from data_catalog.synthetic import Hospital

SITE = "worcester"
TITLE = "Worcester Heart Attack Study (WHAS500)"
HOSPITALS_TITLE = "Five synthetic heart centres"
PEOPLE = 10_000
SEED = 1
TRUTH_FILE = "planted-truth.json"
SITES_FILE = "sites.yaml"
GENOME_BUILD = "GRCh38"

# The data are public or of nobody, so the key protects nobody; a fixed one makes every demo catalog alike, down to the last
# digit of a sum.
_KEY = hashlib.sha256(b"cardio-workbench demo catalog").digest()


def demo_catalog(folder: Path | str) -> Catalog:
    """Return the catalog of WHAS500 at *folder*, making it first if the folder is new or empty.

    Raises
    ------
    CatalogError
        If the folder holds something else.
    """
    folder = Path(folder)
    if is_catalog(folder):
        return Catalog.open(folder)
    with _made_beside(folder) as unfinished:
        _new_catalog(unfinished, title=TITLE).ingest(whas500(), site=SITE, basis="open_data")
    return Catalog.open(folder)


def hospitals_catalog(
    folder: Path | str, *, people: int = PEOPLE, seed: int = SEED, tell: Callable[[str], None] = lambda _: None
) -> Catalog:
    """Return the catalog of the five synthetic heart centres at *folder*, making it first if the folder is new or empty.

    What was planted in the data (hazard ratios, variants, who is seen at two hospitals) is written beside them to
    ``planted-truth.json``, which no analysis reads.

    Parameters
    ----------
    folder : Path
        Where it is, or is made.
    people : int
        Patients of all hospitals together.
    seed : int
        Two catalogs of one size and seed have the same contents.
    tell : function of str
        Is told of each step.

    Raises
    ------
    CatalogError
        If the folder holds something else.
    """
    folder = Path(folder)
    if is_catalog(folder):
        return Catalog.open(folder)
    with _hospital_files(folder, people, seed, tell) as (hospitals, truth), _made_beside(folder) as unfinished:
        catalog = _new_catalog(unfinished, title=HOSPITALS_TITLE)
        for hospital in hospitals:
            _ingest(catalog, hospital, tell)
        _keep_truth(truth, unfinished)
    return Catalog.open(folder)


def hospital_catalogs(
    folder: Path | str, *, people: int = PEOPLE, seed: int = SEED, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Catalog]:
    """Return the five synthetic heart centres as five catalogs, ``folder/<site>``, made first if the folder is new or empty.

    See :func:`hospitals_catalog`, which holds the same data in one; ``planted-truth.json`` lies in *folder*, and ``sites.yaml``,
    by which a network finds them.

    Raises
    ------
    CatalogError
        If the folder holds something else.
    """
    folder = Path(folder)
    made = {child.name: Catalog.open(child) for child in sorted(folder.glob("*")) if is_catalog(child)}
    if made:
        return made
    with _hospital_files(folder, people, seed, tell) as (hospitals, truth), _made_beside(folder) as unfinished:
        unfinished.mkdir()
        for hospital in hospitals:
            catalog = _new_catalog(unfinished / hospital.site, title=f"Synthetic heart centre {hospital.site}")
            _ingest(catalog, hospital, tell)
        _keep_truth(truth, unfinished)
        listed = "".join(f"  {hospital.site}: {{catalog: {hospital.site}}}\n" for hospital in hospitals)
        (unfinished / SITES_FILE).write_text(f"sites:\n{listed}", encoding="utf-8")
    return {hospital.site: Catalog.open(folder / hospital.site) for hospital in hospitals}


def _new_catalog(folder: Path, *, title: str) -> Catalog:
    return Catalog.create(folder, title=title, open_to_everyone=True, pseudonym_key=_KEY)


@contextmanager
def _hospital_files(
    folder: Path, people: int, seed: int, tell: Callable[[str], None]
) -> Iterator[tuple[tuple[Hospital, ...], Path]]:
    """Write the files that the hospitals have, for as long as they are being read."""
    from data_catalog.synthetic import write_hospitals

    if folder.exists() and any(folder.iterdir()):
        raise CatalogError(f"{folder} is not empty, so no catalog was made there. Name an empty or a new folder.")
    with tempfile.TemporaryDirectory(prefix="hospitals-") as files:
        tell(f"Inventing {people:,} patients of five heart centres …")
        written = write_hospitals(Path(files), people=people, seed=seed)
        yield written.sites, written.truth


def _ingest(catalog: Catalog, hospital: Hospital, tell: Callable[[str], None]) -> None:
    """Bring in what one hospital has: clinical data with ECGs and images, then consents, then genotypes."""
    tell(f"Bringing in {hospital.site}: records, ECGs and images, consents, genotypes …")
    for source in (
        OmopFolder(hospital.omop),
        ConsentTable(hospital.consent),
        VcfFile(hospital.genotypes, build=GENOME_BUILD),
    ):
        catalog.ingest(source, site=hospital.site, basis=CONSENT)


@contextmanager
def _made_beside(folder: Path) -> Iterator[Path]:
    """Give a folder to work in, and move it to its place when whole: an interrupted run leaves no half catalog."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    yield unfinished
    if folder.exists():
        folder.rmdir()
    unfinished.rename(folder)


def _keep_truth(truth: Path, folder: Path) -> None:
    kept = folder / TRUTH_FILE
    shutil.copyfile(truth, kept)
    kept.chmod(0o600)

"""The version of the model that a catalog was made with. It rises whenever tables or columns are added to the declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from data_catalog.errors import CatalogError

if TYPE_CHECKING:
    from data_catalog.reader import Queries

SETTING = "model_version"
# What each version added. Catalogs of the first recorded no version.
VERSIONS = {
    1: "the first",
    2: "features of images and signals have a concept, a date and a method; consent epochs and tombstones",
    3: "a row knows its ingest, its place in the file and the rule that made it; an ingest knows its files by their digests",
}
MODEL_VERSION = max(VERSIONS)


class OlderCatalogError(CatalogError):
    """The catalog has to be upgraded before this workbench can read it."""


class NewerCatalogError(CatalogError):
    """The catalog was made or upgraded by a newer workbench than this one."""


def recorded_version(connection: Queries) -> int | None:
    """Return the version of the model that *connection* sees; None if what it sees is no catalog of the workbench."""
    try:
        rows = connection.execute("SELECT value FROM lake.provenance.setting WHERE name = ?", [SETTING]).fetchall()
    except duckdb.CatalogException:
        return None
    return int(rows[0][0]) if rows else 1


def check_version(version: int | None, place: object) -> int:
    """Return *version*, that of the catalog at *place*, if this workbench can work with it.

    Raises
    ------
    OlderCatalogError, NewerCatalogError
        If it is another one; the message says what to do.
    CatalogError
        If there is none.
    """
    _check_not_newer(version, place)
    if version is not None and version < MODEL_VERSION:
        raise OlderCatalogError(
            f"The catalog at {place} has version {version} of the model; this workbench works with version {MODEL_VERSION}. Back it up, "
            f"then add what is missing:\n  workbench catalog backup BACKUP-FOLDER --catalog {place}\n"
            f"  workbench catalog upgrade --catalog {place}"
        )
    return MODEL_VERSION


def check_upgradable(version: int | None, place: object) -> int:
    """Return *version* if the catalog at *place* has it or can be brought up from it; see :func:`check_version`."""
    return _check_not_newer(version, place)


def _check_not_newer(version: int | None, place: object) -> int:
    if version is None:
        raise CatalogError(
            f"{place} is a DuckLake, but not a catalog of the workbench, or one whose making was cut off. In that case remove it and "
            "make it again: workbench catalog create."
        )
    if version > MODEL_VERSION:
        raise NewerCatalogError(
            f"The catalog at {place} has version {version} of the model, and this workbench knows versions up to {MODEL_VERSION}. Install a "
            "newer release of cardio-workbench."
        )
    return version

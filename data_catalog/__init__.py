"""The data of the Cardio Workbench: brought in, harmonised, described and governed."""

from data_catalog.catalog import Catalog, CatalogDescription, Snapshot
from data_catalog.errors import CatalogError, IngestError, PermitError, UnknownNameError, WorkbenchError

__all__ = [
    "Catalog",
    "CatalogDescription",
    "CatalogError",
    "IngestError",
    "PermitError",
    "Snapshot",
    "UnknownNameError",
    "WorkbenchError",
]

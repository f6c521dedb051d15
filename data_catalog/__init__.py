"""The data of the Cardio Workbench: brought in, harmonised, described and governed."""

from data_catalog.catalog import Catalog, Snapshot
from data_catalog.errors import (
    CatalogError,
    GovernanceError,
    IngestError,
    PermitError,
    UnknownNameError,
    WorkbenchError,
)

__all__ = [
    "Catalog",
    "CatalogError",
    "GovernanceError",
    "IngestError",
    "PermitError",
    "Snapshot",
    "UnknownNameError",
    "WorkbenchError",
]

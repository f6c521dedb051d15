"""The error that a cohort definition raises while it is built or read."""

from __future__ import annotations

from data_catalog.errors import WorkbenchError


class DefinitionError(WorkbenchError):
    """A cohort definition says something that cannot be meant. Raised where it is written, before any data are asked."""

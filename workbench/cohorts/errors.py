"""The errors of cohort definitions: what cannot be meant, and what a study may not be asked."""

from __future__ import annotations

from data_catalog.errors import WorkbenchError


class DefinitionError(WorkbenchError):
    """A cohort definition says something that cannot be meant. Raised where it is written, before any data are asked."""


class ModalityError(WorkbenchError):
    """A cohort or a variable reads a sort of data that the study was not opened for."""

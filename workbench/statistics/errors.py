"""What an analysis says when it cannot be done as asked."""

from __future__ import annotations

from data_catalog.errors import WorkbenchError


class AnalysisError(WorkbenchError, ValueError):
    """These people, or these options, cannot be analysed as asked."""


class NotEstimableError(AnalysisError):
    """The data do not determine a coefficient."""

"""What an analysis says when it cannot be done as asked."""

from __future__ import annotations

from data_catalog.errors import WorkbenchError


class AnalysisError(WorkbenchError, ValueError):
    """These people, or these options, cannot be analysed as asked.

    Messages of analyses say what is wrong but not with how many people: a message passes no disclosure gate.
    """


class NotEstimableError(AnalysisError):
    """The data do not determine a coefficient."""

"""Notebook controls that build and show workbench objects."""

from widgets.cohort_builder import CohortBuilder

__all__ = ["CohortBuilder"]

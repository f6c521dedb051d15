"""The disclosure gate: what may be shown of an exact result, and how."""

from workbench.disclosure.errors import DisclosureError
from workbench.disclosure.released import (
    Cell,
    Column,
    Released,
    ReleasedRegression,
    ReleasedSurvival,
    ReleasedTable,
    ReleasedTest,
    released_from_dict,
)
from workbench.disclosure.suppressed import Suppressed

__all__ = [
    "Cell",
    "Column",
    "DisclosureError",
    "Released",
    "ReleasedRegression",
    "ReleasedSurvival",
    "ReleasedTable",
    "ReleasedTest",
    "Suppressed",
    "released_from_dict",
]

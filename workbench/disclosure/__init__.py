"""The disclosure gate: what may be shown of an exact result, and how."""

from workbench.disclosure.errors import DisclosureError, PolicyError
from workbench.disclosure.gate import Gate
from workbench.disclosure.policy import Policy, Rung
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
from workbench.disclosure.sites import SitesAsked
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.vocabulary import REFUSALS, SUPPRESSION_REASONS

__all__ = [
    "REFUSALS",
    "SUPPRESSION_REASONS",
    "Cell",
    "Column",
    "DisclosureError",
    "Gate",
    "Policy",
    "PolicyError",
    "Released",
    "ReleasedRegression",
    "ReleasedSurvival",
    "ReleasedTable",
    "ReleasedTest",
    "Rung",
    "SitesAsked",
    "Suppressed",
    "released_from_dict",
]

"""The one family of errors that users see, and how a message names the nearest thing that exists."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class WorkbenchError(Exception):
    """A mistake that a user can mend. The message names what was given, what is allowed and what to do."""


class CatalogError(WorkbenchError):
    """The catalog cannot be made, opened or read as asked."""


class IngestError(WorkbenchError):
    """A source was refused. Nothing of it was written and the catalog is as it was."""


class UnknownNameError(WorkbenchError):
    """A name that the model, the vocabulary or the mapping does not have."""


class PermitError(WorkbenchError):
    """The permit does not allow what was asked."""


class GovernanceError(WorkbenchError):
    """Nobody was found to record a statement of, or the statement is none. Nothing was changed."""


def did_you_mean(given: str, allowed: Iterable[str], *, show: int = 12) -> str:
    """Say in one sentence which allowed name is nearest to *given*, and list the allowed ones.

    Parameters
    ----------
    given : str
        What the user wrote.
    allowed : iterable of str
        The names that would have been accepted.
    show : int
        How many allowed names to list at most.
    """
    names = sorted(set(allowed))
    nearest = get_close_matches(given, names, n=1)
    hint = f"Did you mean {nearest[0]!r}? " if nearest else ""
    more = f" … ({len(names)} in all)" if len(names) > show else ""
    return f"{hint}Allowed: {', '.join(names[:show])}{more}." if names else f"{hint}None are defined."

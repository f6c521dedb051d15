"""What the gate raises when a result cannot be shown in any form, and when a policy is used wrongly."""

from __future__ import annotations

from data_catalog.errors import WorkbenchError, did_you_mean
from workbench.disclosure.vocabulary import REFUSALS


class DisclosureError(WorkbenchError):
    """A result is refused. The message says what to do and never how many people were found.

    Parameters
    ----------
    code : str
        One of the refusal codes in :data:`workbench.disclosure.vocabulary.REFUSALS`.
    advice : str
        What would help, in words; names of variables, groups and levels only, no counts.
    """

    def __init__(self, code: str, advice: str) -> None:
        if code not in REFUSALS:
            raise ValueError(f"{code!r} is not a refusal code. {did_you_mean(code, REFUSALS)}")
        super().__init__(f"{REFUSALS[code]} {advice} [{code}]")
        self.code = code
        self.advice = advice


class PolicyError(WorkbenchError):
    """A disclosure policy that does not exist, is not complete, or would be loosened."""

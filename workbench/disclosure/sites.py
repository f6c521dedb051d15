"""Which sites stand behind a result of a network: never fewer in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class SitesAsked:
    """The sites of a question, and what became of it at each.

    Attributes
    ----------
    asked, answered : tuple of str
        Sorted.
    refused : mapping of str to str
        Site and refusal code.
    unreachable : mapping of str to str
        Site and what happened, in words.
    withheld : mapping of str to mapping of str to str
        For each variable that is left out of the result: the sites that keep it to themselves, each with its code.
    """

    asked: tuple[str, ...]
    answered: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    unreachable: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reader must know, for the notes of a table."""
        said = [f"Sites asked: {_listed(self.asked)}. Answered: {_listed(self.answered)}."]
        said += [f"Refused: {site} ({code})." for site, code in sorted(self.refused.items())]
        said += [f"Unreachable: {site} ({words})." for site, words in sorted(self.unreachable.items())]
        for variable, codes in sorted(self.withheld.items()):
            where = ", ".join(f"{site} ({code})" for site, code in sorted(codes.items()))
            said.append(f"Not shown: {variable}, which a site keeps to itself: {where}.")
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, which :meth:`from_dict` reads back."""
        return {
            "asked": list(self.asked),
            "answered": list(self.answered),
            "refused": dict(self.refused),
            "unreachable": dict(self.unreachable),
            "withheld": {variable: dict(codes) for variable, codes in self.withheld.items()},
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> SitesAsked:
        """Read the JSON form that :meth:`to_dict` writes."""
        return cls(
            tuple(form["asked"]), tuple(form["answered"]), form["refused"], form["unreachable"], form["withheld"]
        )


def _listed(sites: tuple[str, ...]) -> str:
    return ", ".join(sites) or "none"

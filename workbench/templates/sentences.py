"""What a template found, in sentences: shown in the notebook, and kept for the command line and the report."""

from __future__ import annotations

from typing import Any

FINDINGS_MIME = "application/vnd.cardio-workbench.findings+json"


class Findings(tuple[str, ...]):
    """Sentences that quote released values. In a notebook they show as a paragraph each."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(self)

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            "text/plain": str(self),
            "text/markdown": "\n\n".join(self),
            FINDINGS_MIME: {"sentences": list(self)},
        }


def findings(*sentences: str) -> Findings:
    """Return the findings of a notebook; as the last line of a cell they are shown and kept.

    Parameters
    ----------
    *sentences : str
        Each a sentence of its own, with the numbers put in by an f-string.

    Raises
    ------
    ValueError
        If there is none, or one is empty.
    """
    cleaned = Findings(" ".join(sentence.split()) for sentence in sentences)
    if not cleaned or not all(cleaned):
        raise ValueError("Findings are one sentence or more, none of them empty.")
    return cleaned

"""What studies were asked and what the gate let out, written down for the bundle of a run.

Nothing is written down unless somebody listens: a notebook that a template run executes does, everybody else does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.cohorts.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.cohorts.definition import Cohort
    from workbench.disclosure import Released


@dataclass(frozen=True)
class Question:
    """One question to a study, and what came of it.

    Parameters
    ----------
    study : mapping
        What the study rests on, as plain data.
    asked : str
        The study's method: "open", "attrition", "count", "concepts", "contents", "run", "people", "trace".
    analysis : str
        The analysis as code; empty where there is none.
    cohort : Cohort or None
    answer : released result or None
        None where nothing was asked yet, and where individuals were shown, who are kept nowhere.
    """

    study: Mapping[str, Any]
    asked: str
    analysis: str
    cohort: Cohort | None
    answer: Released | None

    def to_dict(self) -> dict[str, Any]:
        """Return the question as plain data for a notebook's output."""
        cohort = None
        if self.cohort is not None:
            cohort = {"title": self.cohort.title, "digest": self.cohort.digest, "yaml": to_yaml(self.cohort)}
        return {
            "study": dict(self.study),
            "asked": self.asked,
            "analysis": self.analysis,
            "cohort": cohort,
            "answer": None if self.answer is None else self.answer.to_dict(),
        }


_written: list[Question] | None = None


def listen() -> None:
    """Begin to write questions down."""
    global _written
    _written = [] if _written is None else _written


def stop() -> None:
    """Stop, and forget what nobody took."""
    global _written
    _written = None


def is_listening() -> bool:
    """Whether questions are written down."""
    return _written is not None


def write_down(question: Question) -> None:
    """Add a question; without a listener it is forgotten at once."""
    if _written is not None:
        _written.append(question)


def take() -> list[Question]:
    """Return the questions since the last time."""
    taken = list(_written or ())
    if _written is not None:
        _written.clear()
    return taken

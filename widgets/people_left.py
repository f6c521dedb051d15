"""People left by each step, in words and as a bar."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from workbench.disclosure import ReleasedTable
    from workbench.disclosure.table import Cell


@dataclass(frozen=True)
class Left:
    """People before and after a step as the gate released them, and everybody who may be studied.

    ``label`` is what the attrition calls the step.
    """

    label: str
    before: Cell
    after: Cell
    everybody: Cell

    @property
    def words(self) -> str:
        """How many are left: "1,230 people", "<10 people"; "not shown" where the gate hides more."""
        if isinstance(self.after, Suppressed):
            return "not shown" if self.after.below is None else f"{self.after} people"
        return f"{self.after:,} people"

    def as_html(self) -> str:
        """Return the words, the share of the step before, and a bar whose full length is everybody."""
        why = f' title="{escape(self.after.words)}"' if isinstance(self.after, Suppressed) else ""
        share = _percent(self.after, self.before)
        of = "" if share is None else f'<div class="cw-share">{share:.0f} % of those before</div>'
        length = _percent(self.after, self.everybody)
        bar = "" if length is None else f'<div class="cw-bar"><div style="width: {min(length, 100):.0f}%"></div></div>'
        return f"<div{why}>{escape(self.words)}</div>{bar}{of}"

    def as_row(self) -> str:
        """Return the line above the first step: everybody, and how many of them may be studied."""
        return f'<div class="cw-everybody"><span>{escape(self.label)}</span> <span>{escape(self.words)}</span></div>'


NOT_COUNTED = Left("everybody who may be studied", None, Suppressed("combined"), None)


def people_left(attrition: ReleasedTable | None) -> tuple[Left, dict[str, Left]]:
    """Return who may be studied, and by its label who is left after each step of the definition."""
    if attrition is None:
        return NOT_COUNTED, {}
    labels, before, after = (attrition.column(name) for name in ("label", "n_before", "n_after"))
    rows = [Left(str(a), b, c, after[0]) for a, b, c in zip(labels, before, after, strict=True)]
    return rows[0], {row.label: row for row in rows[1:]}


def in_the_cohort(attrition: ReleasedTable | None) -> str:
    """Return how many people are in the cohort, as a sentence; nothing if nobody was counted."""
    if attrition is None:
        return ""
    n = attrition.column("n_after")[-1]
    if isinstance(n, int):
        return f"{n:,} people in the cohort."
    if isinstance(n, Suppressed) and n.below is not None:
        return f"Fewer than {n.below} people in the cohort, or none."
    return "The number of people in the cohort is not shown: it is too near that of another step."


def _percent(part: Cell, whole: Cell) -> float | None:
    return 100 * part / whole if isinstance(part, int) and isinstance(whole, int) and whole else None


def why_hidden(attrition: ReleasedTable | None) -> str:
    """Return as HTML what the gate says of the numbers that it hides, to be opened by who wants to know; nothing if it hides none."""
    if attrition is None or not any(isinstance(cell, Suppressed) for cell in attrition.column("n_after")):
        return ""
    notes = "".join(f"<li>{escape(each)}</li>" for each in attrition.notes)
    return f"<details><summary>Why some numbers are not shown</summary><ul>{notes}</ul></details>"

"""How many of the people left at each step have an ECG, images or a genome: shown beside the attrition, and as safe as it.

A yield cuts the people left into those with such data and those without, so three attacks are open that a single falling series
does not know. The rest, people left less those with data, may be small: it is held to the same rules as the yield. A
later step may leave just those with data, or just those without, because it asks for them; the difference of such a count and a
yield would be the few whom that step leaves out for another reason. And a definition may put one yield inside another, say
images only where there is an ECG; their difference would be a small group again. So a yield is shown only if it, and its rest,
stand k apart from every other count that is shown, in truth and as rounded; but for counts that have nobody in common.

What a step has by construction is no secret: who was required to have a genotype has one, so that yield is the count of
people left, and is shown or hidden with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.disclosure import rules
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import Attrition

COLUMNS = {
    "waveform": Column("n_with_ecg", "Of them with ECG", kind="count"),
    "imaging": Column("n_with_imaging", "with imaging", kind="count"),
    "genomic": Column("n_with_genome", "with genome", kind="count"),
}


@dataclass(frozen=True)
class _Part:
    """The people left at one step, cut by whether they have data of one modality."""

    modality: str
    n_with: int
    n_without: int


class _ShownTogether:
    """The counts that are shown: people left, and parts of them."""

    def __init__(self, left: Sequence[int], policy: Policy) -> None:
        self._left = left
        self._parts: list[_Part] = []
        self._policy = policy

    def take(self, part: _Part) -> bool:
        """Show *part* as well, if it stands far enough from all that is shown; say whether it does."""
        counts = (part.n_with, part.n_without)
        if min(counts) < self._policy.k:
            return False
        if not all(self._apart(one, other) for one in counts for other in self._left):
            return False
        if not all(self._apart(*pair) for shown in self._parts for pair in _comparable(part, shown)):
            return False
        self._parts.append(part)
        return True

    def _apart(self, one: int, other: int) -> bool:
        return rules.apart(one, other, self._policy)


def _comparable(one: _Part, other: _Part) -> list[tuple[int, int]]:
    """The pairs of counts of which one may hold the people of the other."""
    pairs = [(one.n_with, other.n_with), (one.n_without, other.n_without)]
    if one.modality == other.modality:
        return pairs  # nobody is both with and without
    return [*pairs, (one.n_with, other.n_without), (one.n_without, other.n_with)]


def release_yields(result: Attrition, start: Cell, left: Sequence[Cell], policy: Policy) -> dict[str, list[Cell]]:
    """Return, by modality, one cell a step.

    Parameters
    ----------
    result : Attrition
        With ``modalities``.
    start : int or Suppressed
        People before the first step, as they are shown.
    left : sequence of int or Suppressed
        People left after each step, as they are shown.
    """
    steps = result.steps
    truth = [step.n_after for step, cell in zip(steps, left, strict=True) if isinstance(cell, int)]
    if isinstance(start, int):
        truth.append(steps[0].n_before)
    shown = _ShownTogether(truth, policy)
    return {name: _one_modality(name, result, left, shown, policy) for name in result.modalities}


def _one_modality(
    name: str, result: Attrition, left: Sequence[Cell], shown: _ShownTogether, policy: Policy
) -> list[Cell]:
    cells: dict[int, Cell] = {}
    open_places: list[tuple[int, _Part]] = []
    for place, step in enumerate(result.steps):
        n_with = step.n_with[result.modalities.index(name)]
        equal_to = _known_equal(name, result, place)
        if equal_to is not None:
            if result.steps[equal_to].n_after != n_with:
                raise ValueError(
                    f"Step {step.label!r} is declared to leave {name} data to all or to the next step, and does not."
                )
            cells[place] = left[equal_to]
        elif not isinstance(left[place], int):
            cells[place] = Suppressed("ingredient")
        else:
            open_places.append((place, _Part(name, n_with, step.n_after - n_with)))
    # As in the attrition, the last count is what is asked for; then from the first on.
    for place, part in [*open_places[-1:], *open_places[:-1]]:
        cells[place] = rules.rounded(part.n_with, policy) if shown.take(part) else _hidden(part, left[place], policy)
    return [cells[place] for place in range(len(result.steps))]


def _known_equal(name: str, result: Attrition, place: int) -> int | None:
    """The step whose people left are, by construction, those with data at *place*."""
    if name in result.steps[place].all_have:
        return place
    later = place + 1
    if later < len(result.steps) and result.steps[later].keeps_those_with == name:
        return later
    return None


def _hidden(part: _Part, left: Cell, policy: Policy) -> Suppressed:
    # Where both parts may be small, saying which one is could, with an earlier step's reason, leave a single possibility.
    if not isinstance(left, int) or rules.possible(left, policy)[0] < 2 * policy.k - 1:
        return Suppressed("too_few_people")
    if part.n_with < policy.k:
        return Suppressed("small_count", policy.k)
    return Suppressed("group_attribute" if part.n_without < policy.k else "differencing")

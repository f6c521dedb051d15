"""How many of the people left at each step have an ECG, images or a genome: shown beside the attrition, and as safe as it.

A yield cuts the people left into those with such data and those without, so three attacks are open that a single falling series
does not know. The rest, people left less those with data, may be small: it is held to the same rules as the yield. A
later step may leave just those with data, or just those without, because it asks for them; the difference of such a count and a
yield would be the few whom that step leaves out for another reason. And a definition may put one yield inside another, say
images only where there is an ECG; their difference would be a small group again. So a yield is shown only if it, and its rest,
stand k apart from every other count that is shown, in truth and as rounded; but for counts that by what they count have nobody in common.

What a step has by construction is no secret: who was required to have a genotype has one, so that yield is the count of
people left, and is shown or hidden with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from workbench.disclosure import rules
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import Attrition, AttritionStep

COLUMNS = {
    "waveform": Column("n_with_ecg", "Of them with ECG", kind="count"),
    "imaging": Column("n_with_imaging", "with imaging", kind="count"),
    "genomic": Column("n_with_genome", "with genome", kind="count"),
}


@dataclass(frozen=True)
class _Count:
    """A count of people, and the modalities of which, by what it counts, all of them have data, or none."""

    n: int
    all_have: frozenset[str] = frozenset()
    none_have: frozenset[str] = frozenset()

    def shares_nobody_with(self, other: _Count) -> bool:
        return bool(self.all_have & other.none_have or self.none_have & other.all_have)


@dataclass(frozen=True)
class _Part:
    """The people left at one step, cut by whether they have data of one modality."""

    having: _Count
    lacking: _Count

    @classmethod
    def of(cls, step: AttritionStep, modality: str, n_with: int) -> Self:
        here = frozenset({modality})
        return cls(
            _Count(n_with, all_have=step.all_have | here),
            _Count(_told(step.n_after) - n_with, all_have=step.all_have, none_have=here),
        )


def _told(n: int | None) -> int:
    if n is None:
        raise ValueError("Where a site keeps a count to itself, there are no yields.")
    return n


class _ShownTogether:
    """The counts that are shown: people left, and parts of them."""

    def __init__(self, left: Sequence[_Count], policy: Policy) -> None:
        self._shown = list(left)
        self._policy = policy

    def take(self, part: _Part) -> bool:
        """Show *part* as well, if it stands far enough from all that is shown; say whether it does."""
        counts = (part.having, part.lacking)
        if not all(count.n >= self._policy.k and self._stands_apart(count) for count in counts):
            return False
        self._shown += counts
        return True

    def _stands_apart(self, count: _Count) -> bool:
        return all(
            count.shares_nobody_with(other) or rules.apart(count.n, other.n, self._policy) for other in self._shown
        )


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
    counts = [
        _Count(_told(step.n_after), step.all_have)
        for step, cell in zip(steps, left, strict=True)
        if isinstance(cell, int)
    ]
    if isinstance(start, int):
        counts.append(_Count(_told(steps[0].n_before)))
    shown = _ShownTogether(counts, policy)
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
            open_places.append((place, _Part.of(step, name, n_with)))
    # As in the attrition, the last count is what is asked for; then from the first on.
    for place, part in [*open_places[-1:], *open_places[:-1]]:
        cells[place] = rules.rounded(part.having.n, policy) if shown.take(part) else _hidden(part, left[place], policy)
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
    if part.having.n < policy.k:
        return Suppressed("small_count", policy.k)
    return Suppressed("group_attribute" if part.lacking.n < policy.k else "differencing")

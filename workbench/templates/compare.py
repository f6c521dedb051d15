"""Two sets of released results compared value by value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from workbench.disclosure import ReleasedTable, Suppressed
from workbench.templates.outputs import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.disclosure import Cell, Released

Verdict = Literal["identical", "within tolerance", "different"]

TOLERANCE = 1e-9
"""Relative, and only for numbers that are no counts: sums in another order, or of another build of a library, differ by less."""
_NOTHING = 1e-12  # below it two numbers are both nought
MISSING = "(not there)"


@dataclass(frozen=True)
class Difference:
    """One value that is not the same.

    Parameters
    ----------
    result, where : str
        The result, and the place in it: row and column of its table, or what it carries beside it.
    was, now : str
        The value in the bundle and in the rerun, in full.
    relative : float or None
        How far apart two numbers are, as a share of the larger one; None where that says nothing.
    """

    result: str
    where: str
    was: str
    now: str
    relative: float | None = None


@dataclass(frozen=True)
class Comparison:
    """What comparing came to: how many values are identical and within tolerance, and every one that is different.

    ``withheld`` says of each result how many values differ that are not told.
    """

    n_identical: int
    n_within: int
    largest_within: float
    differences: tuple[Difference, ...]
    withheld: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_different(self) -> int:
        """How many values are different."""
        return len(self.differences) + sum(self.withheld.values())

    @property
    def n_values(self) -> int:
        """How many values were compared."""
        return self.n_identical + self.n_within + self.n_different

    def without_values(self) -> Comparison:
        """Return the same with each result named and the number of its differences, and none of the values."""
        withheld = dict(Counter(each.result for each in self.differences))
        return Comparison(self.n_identical, self.n_within, self.largest_within, (), withheld)

    @property
    def verdict(self) -> Verdict:
        """The worst that was found."""
        if self.n_different:
            return "different"
        return "within tolerance" if self.n_within else "identical"


def compare(was: Mapping[str, Released], now: Mapping[str, Released], *, tolerance: float = TOLERANCE) -> Comparison:
    """Compare the results of two runs.

    Counts, texts, suppressed values and empty cells have to be the same; other numbers may differ by *tolerance*. Titles, notes and
    captions are texts and have to be the same too.
    """
    n_identical = n_within = 0
    largest = 0.0
    differences = []
    for result in dict.fromkeys([*was, *now]):
        before, after = (dict(_values(each[result])) if result in each else {} for each in (was, now))
        for place in dict.fromkeys([*before, *after]):
            one, other = before.get(place, MISSING), after.get(place, MISSING)
            apart = None if one is MISSING or other is MISSING else _apart(one, other, exact=place[2])
            if apart == 0:
                n_identical += 1
            elif apart is not None and apart <= tolerance:
                n_within, largest = n_within + 1, max(largest, apart)
            else:
                said = apart if apart is not None and apart != float("inf") else None
                differences.append(Difference(result, place[0], _shown(one), _shown(other), said))
    return Comparison(n_identical, n_within, largest, tuple(differences))


Place = tuple[str, int, bool]  # what it is called, which one of that name, whether it has to be exact


def _values(result: Released) -> Iterator[tuple[Place, Any]]:
    table = table_of(result)
    for name in ("title", "caption", "policy"):
        yield (name, 0, True), getattr(table, name)
    for number, note in enumerate(table.notes, 1):
        yield (f"note {number}", 0, True), note
    yield ("columns", 0, True), ", ".join(table.column_names)
    seen: dict[str, int] = {}
    for row in table.rows:
        label = _label(table, row)
        seen[label] = number = seen.get(label, 0) + 1
        for column, cell in zip(table.columns, row, strict=True):
            yield (f"{label}: {column.name}", number, column.kind == "count"), cell
    if not isinstance(result, ReleasedTable):
        form = result.to_dict()
        for name in sorted(set(form) - {"table"}):
            for where, value in _leaves(name, form[name]):
                yield (where, 0, False), value


def _label(table: ReleasedTable, row: tuple[Cell, ...]) -> str:
    """Call a row by its texts, and by its time where it has one: what makes it another row, not another value."""
    texts = [
        f"{cell:g} {column.kind}" if isinstance(cell, float | int) else str(cell)
        for column, cell in zip(table.columns, row, strict=True)
        if (column.kind == "text" and isinstance(cell, str) and cell)
        or (column.name == "time_days" and cell is not None)
    ]
    return ", ".join(texts) or "row"


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and "pairs" in value:
        for key, each in value["pairs"]:
            yield from _leaves(f"{name} of {key}", each)
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            yield from _leaves(f"{name} {number}", each)
    elif isinstance(value, dict) and "suppressed" in value:
        yield name, Suppressed.from_dict(value)
    else:
        yield name, value


def _apart(one: Any, other: Any, *, exact: bool) -> float | None:
    """Return how far apart two values are: 0 if they are the same, None or infinity if no tolerance can make them so."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
    if not numbers:
        return 0.0 if type(one) is type(other) and one == other else None
    if one == other:
        return 0.0
    if exact or (isinstance(one, int) and isinstance(other, int)):
        return float("inf")
    apart = abs(one - other)
    return float(apart / max(abs(one), abs(other))) if apart > _NOTHING else _NOTHING


def _shown(value: Any) -> str:
    if value is None:
        return "(empty)"
    return repr(value) if isinstance(value, float) else str(value)

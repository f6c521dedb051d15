"""Numbers as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import ipywidgets

from widgets.labelled import dropdown, number, show_if
from workbench.cohorts import DefinitionError
from workbench.cohorts.expressions import Between, Compare

if TYPE_CHECKING:
    from workbench.cohorts.expressions import Criterion, Number


def number_in(field: ipywidgets.Text) -> float:
    """Return the number in a field.

    Raises
    ------
    DefinitionError
        If there is none; the message names the field.
    """
    written = field.value.strip()
    try:
        return float(written)
    except ValueError:
        given = f"“{written}” is no number" if written else "there is no number yet"
        raise DefinitionError(
            f"{field.description}: {given}. Write one such as 40 or 0.001, with a point for decimals and no commas."
        ) from None


class Comparison(ipywidgets.HBox):
    """A number against one limit or two."""

    SIGNS: ClassVar[dict[str, str]] = {"at most": "<=", "at least": ">=", "below": "<", "above": ">"}
    BETWEEN: ClassVar[str] = "between"

    def __init__(self, word: str = "at most", *, unit: str = "") -> None:
        self.word = dropdown("Value", [*self.SIGNS, self.BETWEEN], value=word, layout=ipywidgets.Layout(width="auto"))
        self.limit = number("Limit")
        self.upper = number("Upper limit")
        self.unit = ipywidgets.Label(unit)
        super().__init__([self.word, self.limit, self.upper, self.unit])
        self.add_class("cw-row")
        self.word.observe(lambda _: self._show_upper(), "value")
        self._show_upper()

    def of(self, value: Number) -> Criterion:
        """Return the criterion that *value* compares so.

        Raises
        ------
        DefinitionError
            If a limit is missing or no number, or no value can meet it.
        """
        if self.word.value == self.BETWEEN:
            return value.between(number_in(self.limit), number_in(self.upper))
        return Compare(value, self.SIGNS[self.word.value], number_in(self.limit))  # type: ignore[arg-type]

    @classmethod
    def can_show(cls, criterion: Criterion) -> bool:
        """Say whether there are controls for this comparison."""
        if isinstance(criterion, Compare):
            return criterion.operator in cls.SIGNS.values()
        return isinstance(criterion, Between)

    def show(self, criterion: Criterion) -> None:
        """Show the limits of a comparison."""
        if isinstance(criterion, Between):
            self.word.value = self.BETWEEN
            self.limit.value, self.upper.value = str(criterion.low), str(criterion.high)
        elif isinstance(criterion, Compare):
            self.word.value = next(word for word, sign in self.SIGNS.items() if sign == criterion.operator)
            self.limit.value = str(criterion.limit)

    @property
    def words(self) -> str:
        """The comparison as a label says it: "at most 40 %"."""
        limits = [self.limit.value.strip()]
        if self.word.value == self.BETWEEN:
            limits += ["and", self.upper.value.strip()]
        return " ".join(filter(None, [self.word.value, *limits, self.unit.value]))

    def _show_upper(self) -> None:
        show_if(self.word.value == self.BETWEEN, self.upper)

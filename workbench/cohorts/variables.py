"""What an analysis asks of each person: a named value, its unit, and the expression that finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.cohorts.checks import check_column_name, check_text
from workbench.cohorts.errors import DefinitionError

if TYPE_CHECKING:
    from workbench.cohorts.expressions import Expression

VariableKind = Literal["number", "category", "yes_no", "time_to_event"]


@dataclass(frozen=True)
class Variable:
    """A value of each person in a cohort.

    Parameters
    ----------
    name : str
        Column name, with its unit where it has one: ``age_years``, ``systolic_blood_pressure_mmhg``.
    label : str
        How tables and axes call it: "Age", "Systolic blood pressure".
    kind : {"number", "category", "yes_no", "time_to_event"}
        What the columns hold.
    expression : Expression
        How the value is found, relative to the index date.
    unit : str, optional
        Unit as printed, e.g. "years", "mmHg".
    levels : tuple of str
        The values that a category can take, reference first. Declared, not looked up: every partition must use
        the same ones.

    Raises
    ------
    DefinitionError
        If the name cannot be a column, the label is empty, or the expression does not give values of that kind.
    """

    name: str
    label: str
    kind: VariableKind
    expression: Expression
    unit: str | None = None
    levels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_column_name(self.name, "The name of a variable")
        check_text(self.label, f"The label of {self.name!r}")
        given = getattr(self.expression, "variable_kind", self.kind)
        if given != self.kind:
            raise DefinitionError(f"{self.name!r} cannot be a {self.kind} variable: {self.expression!r} is {given}.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the people frame: one, or ``<name>_days`` and ``<name>_event`` for a time to event."""
        if self.kind == "time_to_event":
            return (f"{self.name}_days", f"{self.name}_event")
        return (self.name,)


def variable(name: str, expression: Expression, *, label: str | None = None) -> Variable:
    """Name the value of an expression, so that an analysis can ask for it.

    Parameters
    ----------
    name : str
        Column name: small letters, digits and underscores.
    expression : Expression
        A number, a category, a criterion (a yes or no) or a time to an event. Unit and levels come from it.
    label : str, optional
        How tables call it; age, sex and measures bring their own.

    Raises
    ------
    DefinitionError
        If the name cannot be a column, the expression has no value for each person, or there is no label.

    Examples
    --------
    >>> from workbench.cohorts import age_years, variable
    >>> variable("age_years", age_years()).unit
    'years'
    """
    kind = getattr(expression, "variable_kind", None)
    if kind is None:
        hint = (
            getattr(expression, "usage", "") or "Give age_years(), sex(), measure(…).last(), a criterion or time_to(…)."
        )
        raise DefinitionError(f"{name!r} needs an expression with a value for each person, not {expression!r}. {hint}")
    label = expression.label if label is None else label
    if label is None:
        raise DefinitionError(f"{name!r} needs a label: how tables are to call it, as in label='Heart failure before'.")
    return Variable(name, label, kind, expression, unit=expression.unit, levels=expression.levels)

"""What an analysis asks of each person: a named value, its unit, and the expression that finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
        The values that a category can take, reference first. Declared, not looked up: every partition must use the same ones.
    """

    name: str
    label: str
    kind: VariableKind
    expression: Expression
    unit: str | None = None
    levels: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the people frame: one, or ``<name>_days`` and ``<name>_event`` for a time to event."""
        if self.kind == "time_to_event":
            return (f"{self.name}_days", f"{self.name}_event")
        return (self.name,)

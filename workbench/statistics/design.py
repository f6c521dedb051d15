"""From covariates to the columns of a regression: one for a number, one for each level but the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data_catalog.errors import did_you_mean
from workbench.statistics import columns
from workbench.statistics.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import polars as pl

    from workbench.cohorts.variables import Variable


@dataclass(frozen=True)
class DesignColumn:
    """One column of a design matrix.

    Attributes
    ----------
    variable : Variable
        The covariate it comes from.
    per : float
        What one step of a number is: the column is the number divided by it.
    level, reference : str or None
        For a category or yes/no variable: the level that the column marks, and what it is compared with.
    """

    variable: Variable
    per: float = 1.0
    level: str | None = None
    reference: str | None = None

    @property
    def title(self) -> str:
        """How messages call it: 'Age' or 'Diabetes: yes'."""
        return self.variable.label if self.level is None else f"{self.variable.label}: {self.level}"


def design_columns(covariates: Sequence[Variable], per: Mapping[str, float]) -> tuple[DesignColumn, ...]:
    """Return the columns that covariates make, in their order.

    Parameters
    ----------
    covariates : sequence of Variable
        Numbers, categories and yes/no variables, each once.
    per : mapping of str to float
        For numbers by name, the step that a hazard ratio is for (10 for "per 10 years"); 1 where not given.

    Raises
    ------
    AnalysisError
        If there is no covariate, one occurs twice or is a time to event, or ``per`` names no number or is
        not positive.
    """
    if not covariates:
        raise AnalysisError("A regression needs at least one covariate.")
    names = [variable.name for variable in covariates]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise AnalysisError(f"Covariates occur twice: {', '.join(sorted(repeated))}. Name each once.")
    _check_steps(per, [variable.name for variable in covariates if variable.kind == "number"])
    return tuple(column for variable in covariates for column in _columns_of(variable, per))


def design_matrix(people: pl.DataFrame, design: Sequence[DesignColumn]) -> npt.NDArray[np.float64]:
    """Return the design matrix, shape (n_people, n_columns); nan where the covariate is missing."""
    matrix = np.empty((people.height, len(design)))
    read: dict[str, npt.NDArray[np.int64]] = {}
    for place, column in enumerate(design):
        variable = column.variable
        if column.level is None:
            matrix[:, place] = columns.numbers(people[variable.name])
            matrix[:, place] /= column.per
            continue
        if variable.name not in read:
            read[variable.name] = columns.codes(people, variable)
        level = read[variable.name]
        marked = level == columns.levels_of(variable).index(column.level)
        matrix[:, place] = np.where(level == columns.MISSING, np.nan, marked)
    return matrix


def _columns_of(variable: Variable, per: Mapping[str, float]) -> tuple[DesignColumn, ...]:
    if variable.kind == "number":
        return (DesignColumn(variable, per=float(per.get(variable.name, 1.0))),)
    reference, *others = columns.levels_of(variable)
    return tuple(DesignColumn(variable, level=level, reference=reference) for level in others)


def _check_steps(per: Mapping[str, float], numbers: Sequence[str]) -> None:
    for name, step in per.items():
        if name not in numbers:
            raise AnalysisError(f"per names {name!r}, which is no numeric covariate. {did_you_mean(name, numbers)}")
        if not (step > 0 and np.isfinite(step)):
            raise AnalysisError(f"per[{name!r}] is {step}. Give a positive step, such as 10 for 'per 10 years'.")

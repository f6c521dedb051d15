"""The description of a cohort that papers print as Table 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from workbench.statistics import columns
from workbench.statistics.errors import AnalysisError
from workbench.statistics.moments import LevelCounts, NumberStatistics
from workbench.statistics.records import Record, add_told
from workbench.statistics.results import GroupSummary, LevelSummary, NumberSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl

    from workbench.cohorts.variables import Variable


@dataclass(frozen=True, eq=False)
class TableOneStatistic(Record):
    """Sizes of the groups, and moments or level counts of each variable: additive over any people.

    A part is None where a site keeps a variable to itself, and ``n_missing_group`` likewise.
    """

    n: npt.NDArray[np.int64]
    n_missing_group: int | None
    parts: tuple[NumberStatistics | LevelCounts | None, ...]

    def merge(self, other: Self) -> Self:
        """Add the contribution of other people."""
        parts: Any = zip(self.parts, other.parts, strict=True)
        return type(self)(
            self.n + other.n,
            add_told(self.n_missing_group, other.n_missing_group),
            tuple(None if one is None or two is None else one.merge(two) for one, two in parts),
        )


@dataclass(frozen=True, init=False)
class TableOne:
    """Summarise variables, by group if asked.

    Parameters
    ----------
    variables : sequence of Variable
        Numbers, categories and yes/no variables: the rows, in this order.
    by : Variable, optional
        A category or yes/no variable whose levels are the groups. People of unknown group are counted apart.

    Raises
    ------
    AnalysisError
        If there is no variable, or one cannot be a row (a time to event) or a group (a number).
    """

    rows: tuple[Variable, ...]
    by: Variable | None

    def __init__(self, variables: Sequence[Variable], by: Variable | None = None) -> None:
        """Check what can be summarised before any people are asked for."""
        if not variables:
            raise AnalysisError("Table 1 needs at least one variable.")
        for variable in variables:
            if variable.kind == "time_to_event":
                raise AnalysisError(
                    f"{variable.name!r} is a time_to_event and has no mean that censoring leaves alone. "
                    "Describe it by Kaplan–Meier; Table 1 takes numbers, categories and yes/no variables."
                )
            if variable.kind != "number":
                columns.levels_of(variable)
        if by is not None:
            columns.levels_of(by)
        object.__setattr__(self, "rows", tuple(variables))
        object.__setattr__(self, "by", by)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Everything that is asked of each person: the rows and the group."""
        return self.rows if self.by is None else (*self.rows, self.by)

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels of the groups; one, "All", if there are none."""
        return ("All",) if self.by is None else columns.levels_of(self.by)

    def local(self, people: pl.DataFrame, state: None = None) -> TableOneStatistic:  # noqa: ARG002  one round only
        """Return what one partition of people contributes."""
        group = np.zeros(people.height, np.int64) if self.by is None else columns.codes(people, self.by)
        placed = group != columns.MISSING
        parts = tuple(self._part(people, variable, group, placed) for variable in self.rows)
        n = np.bincount(group[placed], minlength=len(self.groups))
        return TableOneStatistic(n, int((~placed).sum()), parts)

    def finish(self, total: TableOneStatistic) -> GroupSummary:
        """Return the exact table; without the variables that a site keeps to itself."""
        pairs = zip(self.rows, total.parts, strict=True)
        return GroupSummary(
            by=None if self.by is None else self.by.label,
            groups=self.groups,
            n=_whole(total.n),
            variables=tuple(
                _numbers(variable, part) if isinstance(part, NumberStatistics) else _levels(variable, part)
                for variable, part in pairs
                if part is not None
            ),
            n_missing_group=total.n_missing_group,
        )

    def _part(
        self,
        people: pl.DataFrame,
        variable: Variable,
        group: npt.NDArray[np.int64],
        placed: npt.NDArray[np.bool_],
    ) -> NumberStatistics | LevelCounts:
        if variable.kind == "number":
            values = columns.numbers(people[variable.name])
            return NumberStatistics.of(values[placed], group[placed], len(self.groups))
        level = columns.codes(people, variable)
        n_levels = len(columns.levels_of(variable))
        return LevelCounts.of(level[placed], group[placed], n_levels=n_levels, n_groups=len(self.groups))


def _numbers(variable: Variable, part: NumberStatistics) -> NumberSummary:
    moments = part.moments
    return NumberSummary(
        name=variable.name,
        label=variable.label,
        unit=variable.unit,
        n=_whole(moments.n),
        n_missing=_whole(part.n_missing),
        mean=tuple(float(mean) if n else None for mean, n in zip(moments.mean, moments.n, strict=True)),
        sd=tuple(None if np.isnan(sd) else float(sd) for sd in moments.sd),
        total=tuple(part.total.tolist()),
        largest=tuple(part.largest.tolist()),
        second_largest=tuple(part.second_largest.tolist()),
    )


def _levels(variable: Variable, part: LevelCounts) -> LevelSummary:
    return LevelSummary(
        name=variable.name,
        label=variable.label,
        levels=columns.levels_of(variable),
        counts=tuple(_whole(row) for row in part.counts),
        n_missing=_whole(part.n_missing),
        yes_no=variable.kind == "yes_no",
    )


def _whole(counts: npt.NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(counts.tolist())

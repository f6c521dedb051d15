"""What can be said of one person: numbers, categories and criteria, as immutable values that read like sentences.

A criterion is met or not met; there is no third answer. A comparison with a missing value is not met, so its
negation ``~`` is. ``repr`` of every part is code that rebuilds it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Literal, NoReturn

from data_catalog.errors import did_you_mean
from workbench.cohorts.checks import plain_number
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.cohorts.variables import VariableKind

Operator = Literal["<", "<=", ">", ">=", "==", "!="]


class Expression(Node):
    """A part that has a value for each person, and so can become a variable."""

    variable_kind: ClassVar[VariableKind]

    @property
    def label(self) -> str | None:
        """How tables call the value if nobody says otherwise."""
        return None

    @property
    def unit(self) -> str | None:
        """The unit as printed."""
        return None

    @property
    def levels(self) -> tuple[str, ...]:
        """The values that a category can take."""
        return ()


class Criterion(Expression):
    """A yes or a no for each person. Combine with ``&``, ``|`` and ``~``."""

    variable_kind = "yes_no"
    usage = "Each side must be a criterion; put comparisons in parentheses: (age_years() >= 40) & (sex() == 'female')."

    def __and__(self, other: object) -> Criterion:
        return AllOf((self, other)) if isinstance(other, Criterion) else self._refuse("&", other)

    def __or__(self, other: object) -> Criterion:
        return AnyOf((self, other)) if isinstance(other, Criterion) else self._refuse("|", other)

    def __invert__(self) -> Criterion:
        return Not(self)


def as_criterion(value: object, what: str) -> Criterion:
    """Return *value* if it is a criterion.

    Raises
    ------
    DefinitionError
        If not; the message tells how to make one of what was given.
    """
    if isinstance(value, Criterion):
        return value
    hint = value.usage if isinstance(value, Node) else "Compare a value with a number, or give events a window."
    raise DefinitionError(f"{what} needs a criterion (a yes or a no for each person), not {value!r}. {hint}")


class _Comparable(Expression):
    """A value of which ``==`` makes a criterion; with another part of a definition ``==`` still says whether they are the same."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, part.name) == getattr(other, part.name) for part in fields(self))  # type: ignore[arg-type]

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, part.name) for part in fields(self))))  # type: ignore[arg-type]


class Number(_Comparable):
    """A number for each person, or missing. Compare it with a number to get a criterion."""

    variable_kind = "number"
    usage = "It is a number: compare it with one, as in (age_years() >= 40), each comparison in parentheses."

    @property
    def possible(self) -> tuple[float, float] | None:
        """The lowest and highest value that there can be, where that is known."""
        return None

    def _compare(self, operator: Operator, other: object) -> Criterion:
        if isinstance(other, Node):
            self._refuse(operator, other)
        return Compare(self, operator, other)  # type: ignore[arg-type]

    def __lt__(self, other: object) -> Criterion:
        return self._compare("<", other)

    def __le__(self, other: object) -> Criterion:
        return self._compare("<=", other)

    def __gt__(self, other: object) -> Criterion:
        return self._compare(">", other)

    def __ge__(self, other: object) -> Criterion:
        return self._compare(">=", other)

    def __eq__(self, other: object) -> bool | Criterion:  # type: ignore[override]
        return self._compare("==", other) if isinstance(other, int | float | str) else super().__eq__(other)

    def __ne__(self, other: object) -> bool | Criterion:  # type: ignore[override]
        return self._compare("!=", other) if isinstance(other, int | float | str) else super().__ne__(other)

    __hash__ = _Comparable.__hash__

    def between(self, low: float, high: float) -> Between:
        """Return the criterion that the number lies from *low* to *high*, both included.

        Raises
        ------
        DefinitionError
            If low is above high, or no value can lie there.
        """
        return Between(self, low, high)


class Category(_Comparable):
    """One of a few declared levels for each person, or missing."""

    variable_kind = "category"
    usage = "It is a category: compare it with one of its levels, as in (sex() == 'female'), each comparison in parentheses."

    def __eq__(self, other: object) -> bool | Criterion:  # type: ignore[override]
        return self.is_in([other]) if isinstance(other, int | float | str) else super().__eq__(other)

    def __ne__(self, other: object) -> bool | Criterion:  # type: ignore[override]
        if not isinstance(other, int | float | str):
            return super().__ne__(other)
        excluded = self.is_in([other]).among
        return self.is_in(level for level in self.levels if level not in excluded)

    __hash__ = _Comparable.__hash__

    def is_in(self, levels: Iterable[object]) -> IsIn:
        """Return the criterion that the category is one of *levels*.

        Raises
        ------
        DefinitionError
            If a level is not declared; the message names the nearest.
        """
        if isinstance(levels, str):
            raise DefinitionError(f".is_in() takes a list of levels: write .is_in([{levels!r}]).")
        return IsIn(self, tuple(levels))  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class Compare(Criterion):
    """A number against a limit. Not met if the number is missing.

    Parameters
    ----------
    value : Number
        What is compared.
    operator : {"<", "<=", ">", ">=", "==", "!="}
        How.
    limit : float
        With what, in the value's unit.
    """

    type_name = "compare"
    value: Number
    operator: Operator
    limit: float

    def __post_init__(self) -> None:
        limit = plain_number(self.limit, f"The limit that {self.value!r} is compared with")
        object.__setattr__(self, "limit", limit)
        if self.value.possible is not None:
            low, high = self.value.possible
            holds = {
                "<": low < limit,
                "<=": low <= limit,
                ">": high > limit,
                ">=": high >= limit,
                "==": low <= limit <= high,
                "!=": True,
            }
            if not holds[self.operator]:
                _refuse_unreachable(self.value, repr(self))

    def __repr__(self) -> str:
        return f"{self.value!r} {self.operator} {self.limit!r}"


@dataclass(frozen=True, repr=False)
class Between(Criterion):
    """A number in a range, both ends included. Not met if the number is missing.

    Parameters
    ----------
    value : Number
        What is compared.
    low : float
        Lowest value that meets it, in the value's unit.
    high : float
        Highest value that meets it.
    """

    type_name = "between"
    value: Number
    low: float
    high: float

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            limit = plain_number(getattr(self, name), f"The {name} end of {self.value!r}.between()")
            object.__setattr__(self, name, limit)
        if self.low > self.high:
            raise DefinitionError(
                f"{self!r} can never hold: {self.low} is above {self.high}. Give the lower limit first."
            )
        if self.value.possible is not None and (
            self.high < self.value.possible[0] or self.low > self.value.possible[1]
        ):
            _refuse_unreachable(self.value, repr(self))

    def __repr__(self) -> str:
        return f"{self.value!r}.between({self.low!r}, {self.high!r})"


def _refuse_unreachable(value: Number, criterion: str) -> NoReturn:
    low, high = value.possible or (-math.inf, math.inf)
    reach = f"of {low} or more" if high == math.inf else f"from {low} to {high}"
    raise DefinitionError(
        f"{criterion} can never hold: only values {reach} {value.unit or ''} are taken. Is the limit in that unit?"
    )


@dataclass(frozen=True, repr=False)
class IsIn(Criterion):
    """A category that is one of several levels. Not met if the category is missing.

    Parameters
    ----------
    value : Category
        What is compared.
    among : tuple of str
        The levels that meet it; kept in the order in which the category declares them.
    """

    type_name = "is_in"
    value: Category
    among: tuple[str, ...]

    def __post_init__(self) -> None:
        for level in self.among:
            if level not in self.value.levels:
                raise DefinitionError(
                    f"{level!r} is not a level of {self.value!r}. {did_you_mean(str(level), self.value.levels)}"
                )
        if not self.among:
            raise DefinitionError(f"{self.value!r}.is_in([]) can never hold. Allowed: {', '.join(self.value.levels)}.")
        object.__setattr__(self, "among", tuple(level for level in self.value.levels if level in self.among))

    def __repr__(self) -> str:
        if len(self.among) == 1:
            return f"{self.value!r} == {self.among[0]!r}"
        return f"{self.value!r}.is_in({list(self.among)!r})"


class _Group(Criterion):
    """Criteria joined by one word. Groups of the same kind inside one another are one group."""

    sign: ClassVar[str]
    criteria: tuple[Criterion, ...]

    def __post_init__(self) -> None:
        flat: list[Criterion] = []
        for part in self.criteria:
            criterion = as_criterion(part, f"{self.type_name}")
            flat += criterion.criteria if isinstance(criterion, type(self)) else (criterion,)
        if len(flat) < 2:
            raise DefinitionError(f"{self.type_name} joins two criteria or more, not {len(flat)}.")
        object.__setattr__(self, "criteria", tuple(flat))

    def __repr__(self) -> str:
        return f" {self.sign} ".join(_in_parentheses(part) for part in self.criteria)


@dataclass(frozen=True, repr=False)
class AllOf(_Group):
    """Criteria that must all be met.

    Parameters
    ----------
    criteria : tuple of Criterion
        Two or more.
    """

    type_name = "all_of"
    sign = "&"
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, repr=False)
class AnyOf(_Group):
    """Criteria of which at least one must be met.

    Parameters
    ----------
    criteria : tuple of Criterion
        Two or more.
    """

    type_name = "any_of"
    sign = "|"
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, repr=False)
class AtLeast(Criterion):
    """Criteria of which some number must be met.

    Parameters
    ----------
    n : int
        How many at least.
    criteria : tuple of Criterion
        Two or more, each another one.
    """

    type_name = "at_least"
    n: int
    criteria: tuple[Criterion, ...]

    def __post_init__(self) -> None:
        for part in self.criteria:
            as_criterion(part, "at_least()")
        n_criteria = len(self.criteria)
        if n_criteria < 2:
            raise DefinitionError(f"at_least() counts two criteria or more, not {n_criteria}.")
        if not isinstance(self.n, int) or isinstance(self.n, bool) or not 1 <= self.n <= n_criteria:
            raise DefinitionError(
                f"at_least() begins with how many of its {n_criteria} criteria must be met, from 1 to {n_criteria}, "
                f"not {self.n!r}: at_least(2, first, second, third)."
            )
        twice = next((part for part in self.criteria if self.criteria.count(part) > 1), None)
        if twice is not None:
            raise DefinitionError(f"at_least() is given {twice!r} twice, so that it would count for two. Give it once.")

    def __repr__(self) -> str:
        return f"at_least({self.n}, {', '.join(map(repr, self.criteria))})"


def at_least(n: int, *criteria: Criterion) -> AtLeast:
    """Return the criterion that *n* or more of some criteria are met.

    Parameters
    ----------
    n : int
        From 1 to the number of criteria.
    *criteria : Criterion
        Two or more.

    Raises
    ------
    DefinitionError
        If *n* does not fit, one of them is no criterion, or one is given twice.

    Examples
    --------
    >>> from workbench.cohorts import age_years, codelist, diagnosis, sex
    >>> kidney = diagnosis(codelist("chronic_kidney_disease", version="2026-11")).before_index()
    >>> at_least(2, age_years() >= 75, sex() == "female", kidney)
    at_least(2, age_years() >= 75, sex() == 'female', diagnosis(codelist('chronic_kidney_disease', version='2026-11')).before_index())
    """
    return AtLeast(n, criteria)


@dataclass(frozen=True, repr=False)
class Not(Criterion):
    """A criterion that must not be met. A comparison with a missing value is not met, so its negation is.

    Parameters
    ----------
    criterion : Criterion
        What must not be so.
    """

    type_name = "not"
    criterion: Criterion

    def __post_init__(self) -> None:
        as_criterion(self.criterion, "~")

    def __repr__(self) -> str:
        return f"~{_in_parentheses(self.criterion)}"


def _in_parentheses(criterion: Criterion) -> str:
    bare = isinstance(criterion, Between | Not) or not isinstance(criterion, Compare | IsIn | _Group)
    return repr(criterion) if bare else f"({criterion!r})"

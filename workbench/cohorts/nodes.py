"""What every part of a cohort definition shares: it is a value, and it says in words when it is used wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.variables import variable

if TYPE_CHECKING:
    from workbench.cohorts.variables import Variable


class Node:
    """A part of a definition. Immutable, hashable; equal parts are interchangeable.

    ``type_name`` is how a saved definition calls it, ``usage`` the sentence that helps whoever used it wrongly.
    """

    type_name: ClassVar[str]
    usage: ClassVar[str] = ""

    def named(self, name: str, *, label: str | None = None) -> Variable:
        """Return the value as a variable: a column *name* that tables call *label*.

        Raises
        ------
        DefinitionError
            If the name cannot be a column, there is no label, or the part has no value for each person.
        """
        return variable(name, self, label=label)  # type: ignore[arg-type]  # it refuses what has no value

    def __bool__(self) -> NoReturn:
        raise DefinitionError(
            f"{self!r} is neither true nor false before it meets data, so `and`, `or`, `not`, `if` and chained comparisons "
            "cannot use it. Join criteria with & (and), | (or), ~ (not), each comparison in parentheses: "
            "(age_years() >= 40) & (sex() == 'female'). For a range write age_years().between(40, 79)."
        )

    def _refuse(self, sign: str, other: object) -> NoReturn:
        raise DefinitionError(f"{sign} cannot be used between {self!r} and {other!r}. {self.usage}")

    def __and__(self, other: object) -> Any:
        self._refuse("&", other)

    def __or__(self, other: object) -> Any:
        self._refuse("|", other)

    def __rand__(self, other: object) -> Any:
        self._refuse("&", other)

    def __ror__(self, other: object) -> Any:
        self._refuse("|", other)

    def __invert__(self) -> Any:
        raise DefinitionError(f"~ cannot be used on {self!r}. {self.usage}")

    def __lt__(self, other: object) -> Any:
        self._refuse("<", other)

    def __le__(self, other: object) -> Any:
        self._refuse("<=", other)

    def __gt__(self, other: object) -> Any:
        self._refuse(">", other)

    def __ge__(self, other: object) -> Any:
        self._refuse(">=", other)

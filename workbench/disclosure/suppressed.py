"""A hidden value as a type: it stays hidden in arithmetic and cannot be mistaken for a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from data_catalog.errors import UnknownNameError, did_you_mean
from workbench.disclosure.vocabulary import SUPPRESSION_REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, repr=False)
class Suppressed:
    """A value that exists and is not shown.

    Arithmetic with it gives a suppressed value again. It has no order, no truth value and is no number:
    comparing it with ``<``, testing it with ``if`` or passing it to ``float`` raises TypeError.

    Parameters
    ----------
    reason : str
        A word of :data:`workbench.disclosure.vocabulary.SUPPRESSION_REASONS`.
    below : int, optional
        The policy's threshold, printed as ``<10``. Only for a count that is below it (zero included).

    Raises
    ------
    UnknownNameError
        If the reason is not one of the list.
    """

    reason: str
    below: int | None = None

    # Tells NumPy to leave the arithmetic to this class; it would wrap the value in an object array.
    __array_ufunc__ = None

    def __post_init__(self) -> None:
        if self.reason not in SUPPRESSION_REASONS:
            raise UnknownNameError(
                f"{self.reason!r} is not a reason for hiding a value. {did_you_mean(self.reason, SUPPRESSION_REASONS)}"
            )

    @property
    def words(self) -> str:
        """Why the value is hidden, as a table's note says it."""
        return SUPPRESSION_REASONS[self.reason]

    def __str__(self) -> str:
        return "suppressed" if self.below is None else f"<{self.below}"

    def __repr__(self) -> str:
        below = "" if self.below is None else f", below={self.below}"
        return f"Suppressed({self.reason!r}{below})"

    def __format__(self, format_spec: str) -> str:
        # f"{share:.1f} %" in a findings paragraph prints the word instead of failing on the number format.
        return str(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, which :meth:`from_dict` reads back."""
        form: dict[str, Any] = {"suppressed": self.reason}
        if self.below is not None:
            form["below"] = self.below
        return form

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Suppressed:
        """Read the JSON form that :meth:`to_dict` writes."""
        return cls(form["suppressed"], form.get("below"))

    def _unknown(self, _other: object = None, _third: object = None) -> Suppressed:
        return Suppressed(self.reason)  # whatever comes out is hidden, but no longer known to be below a threshold

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _unknown
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _unknown
    __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = __round__ = _unknown

    def _no_order(self, _other: object) -> NoReturn:
        raise TypeError(f"A suppressed value cannot be compared ({self.words}); test isinstance(value, Suppressed).")

    __lt__ = __le__ = __gt__ = __ge__ = _no_order

    def _no_number(self) -> NoReturn:
        raise TypeError(f"A suppressed value is not a number ({self.words}); test isinstance(value, Suppressed).")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = _no_number

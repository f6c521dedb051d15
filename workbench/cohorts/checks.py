"""Checks that parts of a definition make of what they are given, so that the same mistake gets the same sentence."""

from __future__ import annotations

import math
import re
import unicodedata

from workbench.cohorts.errors import DefinitionError

LONGEST_TEXT = 200
MOST_DAYS = 36_525  # a hundred years: more is a slip of the pen, and would leave the calendar
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,62}")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, halves of characters, line and paragraph ends


def check_text(value: object, what: str) -> None:
    """Refuse *value* unless it is one line of text; *what* names it in the message.

    Raises
    ------
    DefinitionError
        If it is no text, empty, longer than 200 characters, or holds line ends or control characters.
    """
    if not isinstance(value, str) or not value.strip():
        raise DefinitionError(f"{what} must be text that says something, not {value!r}.")
    if len(value) > LONGEST_TEXT:
        raise DefinitionError(f"{what} has {len(value)} characters; at most {LONGEST_TEXT} are allowed.")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in value):
        raise DefinitionError(f"{what} must be one line without control characters, not {value!r}.")


def check_days(value: object, what: str, *, minimum: int = 0) -> None:
    """Refuse *value* unless it is a whole number of days from *minimum* to a hundred years.

    Raises
    ------
    DefinitionError
        The message names *what*, the value and the range.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= MOST_DAYS:
        raise DefinitionError(
            f"{what} must be a whole number of days from {minimum} to {MOST_DAYS} (a hundred years), not {value!r}."
        )


def plain_number(value: object, what: str) -> int | float:
    """Return *value* in its one written form: a whole number as int, any other as float.

    Raises
    ------
    DefinitionError
        If it is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DefinitionError(f"{what} must be a number such as 40, not {value!r}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DefinitionError(f"{what} must be a finite number, not {value!r}.")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def check_column_name(value: object, what: str) -> None:
    """Refuse *value* unless it can be a column: small letters, digits and underscores, a letter first, at most 63.

    Raises
    ------
    DefinitionError
        The message names *what* and gives an example.
    """
    if not isinstance(value, str) or not _COLUMN.fullmatch(value):
        raise DefinitionError(
            f"{what} must be small letters, digits and underscores, beginning with a letter, at most 63 of them "
            f"(such as 'age_years'), not {value!r}."
        )

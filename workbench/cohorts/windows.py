"""Windows of time around the index date, in whole days, both ends included."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench.cohorts.checks import MOST_DAYS, check_days
from workbench.cohorts.errors import DefinitionError


@dataclass(frozen=True, repr=False)
class Window:
    """Days counted from the index date: 0 is the index date itself, −1 the day before, 1 the day after.

    Parameters
    ----------
    from_day : int, optional
        First day that belongs to the window; no limit if not given.
    to_day : int, optional
        Last day that belongs to the window; no limit if not given.
    """

    from_day: int | None = None
    to_day: int | None = None

    def __post_init__(self) -> None:
        for name in ("from_day", "to_day"):
            if getattr(self, name) is not None:
                check_days(getattr(self, name), f"{name} of a window", minimum=-MOST_DAYS)
        if self.from_day is not None and self.to_day is not None and self.from_day > self.to_day:
            raise DefinitionError(
                f"A window from day {self.from_day} to day {self.to_day} can never hold: it ends before it begins. "
                "Days before the index date are negative; give the earlier day first."
            )

    def __repr__(self) -> str:
        return f"Window({self.from_day!r}, {self.to_day!r})"

    @property
    def n_days(self) -> float:
        """How many days belong to the window; infinitely many if an end is open."""
        return math.inf if self.from_day is None or self.to_day is None else self.to_day - self.from_day + 1

    @property
    def code(self) -> str:
        """The method call that makes this window: ``before_index()``."""
        named = {
            (None, -1): "before_index()",
            (None, 0): "on_or_before_index()",
            (0, 0): "on_index()",
            (0, None): "on_or_after_index()",
            (1, None): "after_index()",
        }
        if (self.from_day, self.to_day) in named:
            return named[self.from_day, self.to_day]
        reach = self.reach
        return f"between_days({self.from_day!r}, {self.to_day!r})" if reach is None else f"within({reach})"

    @property
    def reach(self) -> str | None:
        """Days before and after as arguments, if the index date lies in the window and both ends are given."""
        if self.from_day is None or self.to_day is None or not self.from_day <= 0 <= self.to_day:
            return None
        return f"before_days={-self.from_day}, after_days={self.to_day}"


BEFORE_INDEX = Window(None, -1)
ON_OR_BEFORE_INDEX = Window(None, 0)
ON_INDEX = Window(0, 0)
ON_OR_AFTER_INDEX = Window(0, None)
AFTER_INDEX = Window(1, None)


def around_index(before_days: int | None, after_days: int | None) -> Window:
    """Return the window from *before_days* before to *after_days* after the index date; what is not given is 0.

    Raises
    ------
    DefinitionError
        If neither is given, or one is no whole number of days from 0 on.
    """
    if before_days is None and after_days is None:
        raise DefinitionError(
            "Say how far from the index date: before_days=90, after_days=30, or both. "
            "For the index date alone write .on_index()."
        )
    before, after = before_days or 0, after_days or 0
    for name, days in (("before_days", before), ("after_days", after)):
        if isinstance(days, int) and days < 0:
            raise DefinitionError(
                f"{name} counts days and cannot be negative ({days}). "
                "For a window that leaves out the index date write .between_days(-365, -31) or .between_days(30, 60)."
            )
        check_days(days, name)
    return Window(-before, after)

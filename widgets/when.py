"""When an event has to be, counted from the day of entry."""

from __future__ import annotations

from typing import ClassVar

import ipywidgets

from widgets.labelled import dropdown, row, show_if, whole_number
from workbench.cohorts.checks import MOST_DAYS
from workbench.cohorts.windows import (
    AFTER_INDEX,
    BEFORE_INDEX,
    ON_INDEX,
    ON_OR_AFTER_INDEX,
    ON_OR_BEFORE_INDEX,
    Window,
)


class When(ipywidgets.VBox):
    """Choose a window of time; ``window`` is what was chosen."""

    ANY: ClassVar[str] = "at any time"
    AROUND: ClassVar[str] = "within some days of entry"
    BETWEEN: ClassVar[str] = "between two days"
    NAMED: ClassVar[dict[str, Window]] = {
        "before entry": BEFORE_INDEX,
        "by the day of entry": ON_OR_BEFORE_INDEX,
        "on the day of entry": ON_INDEX,
        "from the day of entry on": ON_OR_AFTER_INDEX,
        "after entry": AFTER_INDEX,
        ANY: Window(),
    }

    def __init__(self, window: Window = ON_OR_BEFORE_INDEX) -> None:
        self.choice = dropdown("When", [*self.NAMED, self.AROUND, self.BETWEEN])
        self.before = whole_number("Days before", 90)
        self.after = whole_number("Days after", 30)
        self.from_day = whole_number("From day", -365, smallest=-MOST_DAYS)
        self.to_day = whole_number("to day", -31, smallest=-MOST_DAYS)
        sign = ipywidgets.Label("0 is the day of entry, −1 the day before")
        self._around, self._between = row(self.before, self.after), row(self.from_day, self.to_day, sign)
        super().__init__([self.choice, self._around, self._between])
        self.choice.observe(lambda _: self._show_days(), "value")
        self.show(window)

    @property
    def window(self) -> Window:
        """The window, in days from the day of entry.

        Raises
        ------
        DefinitionError
            If it ends before it begins.
        """
        if self.choice.value == self.AROUND:
            return Window(-self.before.value, self.after.value)
        if self.choice.value == self.BETWEEN:
            return Window(self.from_day.value, self.to_day.value)
        return self.NAMED[self.choice.value]

    @property
    def words(self) -> str:
        """The window as a label says it."""
        return "around entry" if self.choice.value in (self.AROUND, self.BETWEEN) else self.choice.value

    @classmethod
    def can_show(cls, window: Window) -> bool:
        """Say whether there are controls for this window; there are none if one end only is open, but for the usual ones."""
        return window in cls.NAMED.values() or None not in (window.from_day, window.to_day)

    def show(self, window: Window) -> None:
        """Show a window."""
        name = next((name for name, named in self.NAMED.items() if named == window), None)
        if name is not None:
            self.choice.value = name
        elif window.from_day is not None and window.to_day is not None:
            # Days before and after are the plainer words; they can say windows that hold the day of entry.
            if window.reach is not None:
                self.choice.value = self.AROUND
                self.before.value, self.after.value = -window.from_day, window.to_day
            else:
                self.choice.value = self.BETWEEN
                self.from_day.value, self.to_day.value = window.from_day, window.to_day
        self._show_days()

    def _show_days(self) -> None:
        show_if(self.choice.value == self.AROUND, self._around)
        show_if(self.choice.value == self.BETWEEN, self._between)

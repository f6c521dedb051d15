"""When an event has to be, counted from the day of entry."""

from __future__ import annotations

import ipywidgets

from widgets.labelled import dropdown, whole_number
from workbench.cohorts.windows import (
    AFTER_INDEX,
    BEFORE_INDEX,
    ON_INDEX,
    ON_OR_AFTER_INDEX,
    ON_OR_BEFORE_INDEX,
    Window,
)

AROUND = "within days of entry"
_NAMED = {
    "before entry": BEFORE_INDEX,
    "before entry or on that day": ON_OR_BEFORE_INDEX,
    "on the day of entry": ON_INDEX,
    "on the day of entry or later": ON_OR_AFTER_INDEX,
    "after entry": AFTER_INDEX,
}


class When(ipywidgets.HBox):
    """Choose a window of time; ``window`` is what was chosen."""

    def __init__(self, window: Window = ON_OR_BEFORE_INDEX) -> None:
        self.choice = dropdown("When", [*_NAMED, AROUND], layout=ipywidgets.Layout(width="auto"))
        self.before = whole_number("Days before", 90)
        self.after = whole_number("Days after", 30)
        super().__init__([self.choice, self.before, self.after], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.choice.observe(lambda _: self._show_days(), "value")
        self.show(window)

    @property
    def window(self) -> Window:
        """The window, in days from the day of entry."""
        if self.choice.value == AROUND:
            return Window(-self.before.value, self.after.value)
        return _NAMED[self.choice.value]

    def show(self, window: Window | None) -> bool:
        """Show *window* and return True, or return False if there is no choice for it here."""
        for name, named in _NAMED.items():
            if named == window:
                self.choice.value = name
                self._show_days()
                return True
        if window is None or window.reach is None or window.from_day is None or window.to_day is None:
            return False
        self.choice.value = AROUND
        self.before.value, self.after.value = -window.from_day, window.to_day
        self._show_days()
        return True

    def _show_days(self) -> None:
        for field in (self.before, self.after):
            field.layout.display = "" if self.choice.value == AROUND else "none"

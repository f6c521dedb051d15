"""What ends follow-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import ipywidgets

from widgets.labelled import dropdown, note, show_if, whole_number
from workbench.cohorts import days_after_entry, end_of_observation, protocol
from workbench.cohorts.exits import DaysAfterEntry, EndOfObservation

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.cohorts import Cohort
    from workbench.cohorts.exits import Exit


class FollowUp(ipywidgets.HBox):
    """Choose what ends follow-up; each choice is told to *change* at once. A rule that has no control here is kept as it is.

    Parameters
    ----------
    change : callable
        ``change(rule)``.
    """

    END: ClassVar[str] = "the end of observation"
    DAYS: ClassVar[str] = "some days after entry"
    WRITTEN: ClassVar[str] = "what the code says"

    def __init__(self, change: Callable[[Exit], None]) -> None:
        self._change = change
        self._is_showing = False
        self.choice = dropdown("Follow-up ends with", [self.END, self.DAYS], layout=ipywidgets.Layout(width="auto"))
        self.days = whole_number("Days after entry", 365)
        self.words = ipywidgets.HTML()
        super().__init__([self.choice, self.days, self.words])
        self.add_class("cw-row")
        self.choice.observe(lambda _: self._choose(), "value")
        self.days.observe(lambda _: self._choose(), "value")

    def show(self, cohort: Cohort) -> None:
        """Show the rule of a definition."""
        self._is_showing = True
        rule = cohort.exit_rule
        named = {EndOfObservation: self.END, DaysAfterEntry: self.DAYS}.get(type(rule), self.WRITTEN)
        self.choice.options = [self.END, self.DAYS, *([self.WRITTEN] if named == self.WRITTEN else [])]
        self.choice.value = named
        if isinstance(rule, DaysAfterEntry):
            self.days.value = rule.days
        show_if(named == self.DAYS, self.days)
        self.words.value = note(_sentence(cohort)) if named == self.WRITTEN else ""
        show_if(named == self.WRITTEN, self.words)
        self._is_showing = False

    def _choose(self) -> None:
        if self._is_showing or self.choice.value == self.WRITTEN:
            return
        self._change(end_of_observation() if self.choice.value == self.END else days_after_entry(self.days.value))


def _sentence(cohort: Cohort) -> str:
    """The sentence of the protocol on the end of follow-up."""
    return next(line for line in protocol(cohort).splitlines() if line.startswith("Follow-up ends"))

"""The definition as a list of steps, each with the people left after it and the buttons that change it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import ipywidgets

from widgets.labelled import icon_button, show_if
from widgets.people_left import people_left, why_hidden
from workbench.cohorts import Cohort, protocol
from workbench.cohorts.words import in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from widgets.people_left import Left
    from workbench.cohorts.definition import Step
    from workbench.disclosure import ReleasedTable

_VERBS = {"require": "Keep", "exclude": "Leave out"}
_BUTTONS = {
    "edit": "Change",
    "turn": "Keep or leave out",
    "up": "Move up",
    "down": "Move down",
    "remove": "Remove",
}
ENTRY = -1


class StepList(ipywidgets.VBox):
    """Entry and steps from the top; what is clicked is told to *act*, by name and place.

    Rows are kept and filled anew, so that the keyboard's place is not lost when a step moves.

    Parameters
    ----------
    act : callable
        ``act(action, place)`` with the action "edit", "up", "down", "turn" or "remove", and the place of the step from 0; the entry
        event has place −1 and can be edited only.
    """

    def __init__(self, act: Callable[[str, int], None]) -> None:
        self._act = act
        self._nothing = ipywidgets.HTML(
            "<p><em>Nobody enters yet. Choose the event that makes people enter; its day is their day of entry.</em></p>"
        )
        self._everybody, self._why_hidden = ipywidgets.HTML(), ipywidgets.HTML()
        self.rows: dict[int, _Row] = {}
        super().__init__()
        self.add_class("cw-steps")

    def show(
        self,
        cohort: Cohort | None,
        attrition: ReleasedTable | None,
        *,
        is_old: bool,
        can_edit: Callable[[int], bool],
    ) -> None:
        """Show a definition, and beside each step the people left by an attrition; in grey if it is of an earlier definition."""
        if is_old:
            self.add_class("cw-old")
        else:
            self.remove_class("cw-old")
        if cohort is None:
            self.children = [self._nothing]
            return
        everybody, left = people_left(attrition)
        self._everybody.value, self._why_hidden.value = everybody.as_row(), why_hidden(attrition)
        entry = cohort.entry_event
        # The first sentence of the protocol says who enters, also where there is no form for it.
        shown = [_Shown("Enter", entry.label, protocol(Cohort(entry)).splitlines()[0])]
        shown += [_Shown.of(step) for step in cohort.steps]
        last = len(cohort.steps) - 1
        for place, each in enumerate(shown, start=ENTRY):
            held = self.rows.setdefault(place, _Row(self._act, place))
            held.show(each, left.get(each.label), can_edit=can_edit(place), is_first=place == 0, is_last=place == last)
        self.children = [self._everybody, *(self.rows[place] for place in range(ENTRY, last + 1)), self._why_hidden]

    def focus(self, action: str, place: int) -> None:
        """Put the keyboard's place on a button of a row, or on its first one where that cannot be pressed; nowhere if the row has gone."""
        held = self.rows.get(place)
        if held is not None and held in self.children:
            held.buttons["edit" if held.buttons[action].disabled else action].focus()


@dataclass(frozen=True)
class _Shown:
    """What a row says of an entry event or a step."""

    verb: str
    label: str
    words: str

    @classmethod
    def of(cls, step: Step) -> _Shown:
        return cls(_VERBS[step.action], step.label, in_words(step.criterion))


class _Row(ipywidgets.HBox):
    """One line of the list."""

    def __init__(self, act: Callable[[str, int], None], place: int) -> None:
        self._is_entry = place == ENTRY
        self._words, self._people = ipywidgets.HTML(), ipywidgets.HTML()
        self._words.add_class("cw-words")
        self._people.add_class("cw-people")
        self.buttons = {action: icon_button(action, partial(act, action, place)) for action in _BUTTONS}
        buttons = ipywidgets.HBox(tuple(self.buttons.values()))
        buttons.add_class("cw-buttons")
        super().__init__([self._words, self._people, buttons])
        self.add_class("cw-step")

    def show(self, step: _Shown, left: Left | None, *, can_edit: bool, is_first: bool, is_last: bool) -> None:
        in_code = "" if can_edit else '<div class="cw-in-code">Written in code; the forms have no control for it.</div>'
        self._words.value = (
            f'<div><span class="cw-verb cw-{step.verb.split()[0].lower()}">{step.verb}</span> <strong>{escape(step.label)}</strong></div>'
            f'<div class="cw-condition">{escape(step.words)}</div>{in_code}'
        )
        self._people.value = "" if left is None else left.as_html()
        for action, made in self.buttons.items():
            made.description = made.tooltip = f"{_BUTTONS[action]}: {step.label}"
            show_if(action == "edit" or not self._is_entry, made)
        self.buttons["up"].disabled, self.buttons["down"].disabled = is_first, is_last

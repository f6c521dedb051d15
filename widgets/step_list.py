"""The definition as a list of steps, each with the people left after it and the buttons that change it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from widgets.labelled import icon_button
from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.cohorts import Cohort
    from workbench.disclosure import ReleasedTable

_WORDS = {"require": "Keep", "exclude": "Leave out"}


class StepList(ipywidgets.VBox):
    """Entry and steps from the top; what is clicked is told to *act*, by name and place.

    Parameters
    ----------
    act : callable
        ``act(action, place)`` with the action "edit", "up", "down", "turn" or "remove", and the place of the step from 0; the entry
        event has place −1 and can be edited only.
    """

    def __init__(self, act: Callable[[str, int], None]) -> None:
        self._act = act
        self.buttons: dict[tuple[str, int], ipywidgets.Button] = {}
        super().__init__(layout=ipywidgets.Layout(width="100%"))

    def show(self, cohort: Cohort | None, attrition: ReleasedTable | None, *, is_old: bool) -> None:
        """Show a definition, and beside each step the people left by an attrition (in grey if it is of an earlier definition)."""
        self.buttons = {}
        if cohort is None:
            self.children = [
                ipywidgets.HTML("<em>No entry event yet. Choose what makes a person enter, and when.</em>")
            ]
            return
        left = _people_left(attrition)
        shade = "color: var(--jp-ui-font-color2, #666)" if is_old else ""
        rows = [self._row(-1, "Enter", cohort.entry_event.label, left, shade, ("edit",))]
        for place, step in enumerate(cohort.steps):
            actions = ("edit", "turn", "up", "down", "remove")
            rows.append(self._row(place, _WORDS[step.action], step.label, left, shade, actions))
        self.children = rows

    def _row(
        self, place: int, verb: str, label: str, left: dict[str, str], shade: str, actions: tuple[str, ...]
    ) -> ipywidgets.HBox:
        words = ipywidgets.HTML(
            f"<strong>{verb}:</strong> {escape(label)}", layout=ipywidgets.Layout(flex="1 1 auto", min_width="12em")
        )
        people = ipywidgets.HTML(
            f'<span style="{shade}">{escape(left.get(label, ""))}</span>',
            layout=ipywidgets.Layout(width="11em", flex="0 0 auto"),
        )
        made = [self._button(action, place, label) for action in actions]
        return ipywidgets.HBox([words, people, *made], layout=ipywidgets.Layout(flex_flow="row wrap"))

    def _button(self, action: str, place: int, label: str) -> ipywidgets.Button:
        icon, name = {
            "edit": ("pencil", f"Change: {label}"),
            "turn": ("exchange", f"Keep or leave out: {label}"),
            "up": ("arrow-up", f"Move up: {label}"),
            "down": ("arrow-down", f"Move down: {label}"),
            "remove": ("trash", f"Remove: {label}"),
        }[action]
        made = icon_button(icon, name, lambda: self._act(action, place))
        self.buttons[action, place] = made
        return made


def _people_left(attrition: ReleasedTable | None) -> dict[str, str]:
    """People left by the label of the step, in words."""
    if attrition is None:
        return {}
    return dict(zip(map(str, attrition.column("label")), map(_people, attrition.column("n_after")), strict=True))


def _people(cell: Any) -> str:
    if isinstance(cell, Suppressed):
        return f"{cell} people" if cell.below else "not shown"
    return f"{cell:,} people"

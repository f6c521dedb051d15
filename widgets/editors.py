"""Where a step or the entry event is filled in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import ipywidgets

from widgets.forms import CODED, CodedForm, Form, Kind, kind_for
from widgets.labelled import button, dropdown, note, row, show_if, text, whole_number
from workbench.cohorts.definition import Entry, Step
from workbench.cohorts.selection import Events, SelectedEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from widgets.concept_picker import FindConcepts
    from workbench.cohorts.definition import Action
    from workbench.cohorts.selection import Pick


class _Editor(ipywidgets.VBox):
    """A choice of kinds, the form of the kind chosen, a label, and the button that takes it over.

    Parameters
    ----------
    kinds : sequence of Kind
        What can be chosen.
    below : sequence of Widget
        Controls of the editor's own, below the form.
    apply, cancel : callable
        What the buttons do.
    """

    def __init__(
        self,
        kinds: Sequence[Kind],
        below: Sequence[ipywidgets.Widget],
        *,
        apply: Callable[[], None],
        cancel: Callable[[], None],
    ) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._forms: dict[str, Form] = {}
        self.title, self.message = ipywidgets.HTML(), ipywidgets.HTML()
        self.kind = dropdown("What", list(self._kinds))
        self._place = ipywidgets.VBox()
        self.label = text("Label", "as the attrition calls it; proposed if left empty")
        self.apply = button("", apply, primary=True)
        self.cancel = button("Cancel", cancel)
        buttons = row(self.apply, self.cancel)
        super().__init__([self.title, self.kind, self._place, *below, self.label, self.message, buttons])
        self.add_class("cw-editor")
        self.kind.observe(lambda _: self._show_form(), "value")
        self._show_form()

    @property
    def form(self) -> Form:
        """The form of the kind chosen; made when it is first needed."""
        chosen = self.kind.value
        if chosen not in self._forms:
            self._forms[chosen] = self._kinds[chosen].make()
        return self._forms[chosen]

    def head(self, title: str, *, apply: str, can_cancel: bool) -> None:
        """Say what is edited, and what the button does."""
        self.title.value = f"<h4>{title}</h4>"
        self.apply.description = apply
        show_if(can_cancel, self.cancel)

    def say(self, words: str) -> None:
        """Say why what was filled in cannot be taken over; nothing takes away what was said."""
        self.message.value = note(words, role="alert")

    def clear(self) -> None:
        """Forget what was filled in; the kind stays, because many steps come in rows of a kind."""
        self._forms.clear()
        self.label.value = ""
        self.say("")
        self._show_form()

    def _show_form(self) -> None:
        self._place.children = [self.form]


class StepEditor(_Editor):
    """One step of a definition; see :class:`_Editor`."""

    ACTIONS: ClassVar[dict[str, Action]] = {"keep people with this": "require", "leave out people with this": "exclude"}

    def __init__(self, kinds: Sequence[Kind], *, apply: Callable[[], None], cancel: Callable[[], None]) -> None:
        self.action = dropdown("Action", list(self.ACTIONS))
        super().__init__(kinds, [self.action], apply=apply, cancel=cancel)

    @property
    def step(self) -> Step:
        """The step that was filled in.

        Raises
        ------
        DefinitionError
            If something is missing or cannot be.
        """
        criterion = self.form.criterion()
        return Step(self.ACTIONS[self.action.value], self.label.value.strip() or self.form.suggestion(), criterion)

    def can_show(self, step: Step) -> bool:
        """Say whether there is a form for the step's criterion."""
        return kind_for(step.criterion, self._kinds.values()) is not None

    def show(self, step: Step) -> None:
        """Show a step that can be shown."""
        kind = kind_for(step.criterion, self._kinds.values())
        if kind is not None:
            self.clear()
            self.kind.value, self.label.value = kind.name, step.label
            self.form.show(step.criterion)
            self.action.value = next(words for words, action in self.ACTIONS.items() if action == step.action)

    def clear(self) -> None:
        """Forget what was filled in."""
        super().clear()
        self.action.index = 0


class EntryEditor(_Editor):
    """The event that makes people enter; see :class:`_Editor`."""

    PICKS: ClassVar[dict[str, Pick]] = {"the first on record": "first", "the last on record": "last"}
    OBSERVED: ClassVar[str] = "the earliest while observed"

    def __init__(self, find_concepts: FindConcepts, *, apply: Callable[[], None], cancel: Callable[[], None]) -> None:
        self.which = dropdown("Which", [*self.PICKS, self.OBSERVED])
        self.prior_days = whole_number("Days of observation before, at least", 0)
        kinds = [Kind(name, "clinical", partial(_untimed, find_concepts, name), lambda _: False) for name in CODED]
        super().__init__(kinds, [self.which, self.prior_days], apply=apply, cancel=cancel)

    @property
    def entry(self) -> Entry:
        """The entry event that was filled in.

        Raises
        ------
        DefinitionError
            If no concept was chosen.
        """
        form: CodedForm = self.form
        which, events = self.which.value, form.events
        name = f"{which.split()[1]} {form.picker.codes.name.replace('_', ' ')}"
        chosen = events if which == self.OBSERVED else events.choose(self.PICKS[which])
        return Entry(self.label.value.strip() or name, chosen, self.prior_days.value)

    def can_show(self, entry: Entry) -> bool:
        """Say whether the event is of a kind that has a form."""
        return getattr(_events(entry), "type_name", "") in CODED

    def show(self, entry: Entry) -> None:
        """Show an entry event that can be shown."""
        self.clear()
        events, chosen = _events(entry), entry.events
        self.kind.value, self.label.value = events.type_name, entry.label
        self.form.picker.show(events.codes)  # type: ignore[attr-defined]
        pick = chosen.pick if isinstance(chosen, SelectedEvent) else None
        self.which.value = next((words for words, each in self.PICKS.items() if each == pick), self.OBSERVED)
        self.prior_days.value = entry.prior_observation_days


def _untimed(find_concepts: FindConcepts, kind: str) -> CodedForm:
    form = CodedForm(find_concepts, kind)
    show_if(False, form.when)  # noqa: FBT003  the entry event sets the day that windows count from
    return form


def _events(entry: Entry) -> Events:
    return entry.events if isinstance(entry.events, Events) else entry.events.events

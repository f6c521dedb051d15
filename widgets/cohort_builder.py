"""Build a cohort by clicking: the same definition object that code makes, with people counted after every change."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets

from data_catalog.errors import WorkbenchError
from widgets import editing
from widgets.forms import CodedForm, forms
from widgets.history import History
from widgets.labelled import button, dropdown, note, text, whole_number
from widgets.step_list import StepList
from workbench.cohorts import (
    Cohort,
    DefinitionError,
    days_after_entry,
    end_of_observation,
    protocol,
    read_definition,
    write_definition,
)
from workbench.cohorts.definition import Entry, Step
from workbench.cohorts.exits import DaysAfterEntry, EndOfObservation
from workbench.cohorts.selection import Events, SelectedEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.disclosure import ReleasedTable

ENTRY_KINDS = ("diagnosis", "drug", "procedure", "visit", "observation")
_FIRST, _EARLIEST = "the first on record", "the earliest while observed"
_KEEP, _LEAVE_OUT = "keep people with this", "leave out people with this"
_ACTIONS = {_KEEP: "require", _LEAVE_OUT: "exclude"}
_END, _DAYS = "the end of observation", "days after entry"


class AsksOfData(Protocol):
    """What the builder asks of data; a :class:`workbench.study.Study` is one. Everything that it returns is safe to show."""

    def concepts(self, text: str, *, kind: str) -> ReleasedTable:
        """Return concepts found."""
        ...

    def attrition(self, cohort: Cohort) -> ReleasedTable:
        """Return the people left by each step."""
        ...


class CohortBuilder(ipywidgets.VBox):
    """Build a cohort definition by clicking.

    Parameters
    ----------
    study : Study
        Where concepts are searched and people counted; every number shown has passed its gate.
    cohort : Cohort, optional
        A definition to begin with.

    Attributes
    ----------
    cohort : Cohort
        The definition as it is now; the same object that code would make. It can be set, too.

    Examples
    --------
    >>> from widgets import CohortBuilder                                                # doctest: +SKIP
    >>> builder = CohortBuilder(study)                                                   # doctest: +SKIP
    >>> study.attrition(builder.cohort)                                                  # doctest: +SKIP
    """

    def __init__(self, study: AsksOfData, cohort: Cohort | None = None) -> None:
        self._study = study
        self._history: History[Cohort | None] = History(cohort)
        self._attrition: ReleasedTable | None = None
        self._editing: int | None = None
        self._make_controls()
        super().__init__(
            [
                ipywidgets.HTML("<h3>Cohort</h3>"),
                self.step_list,
                self.count,
                self.message,
                self._toolbar(),
                self.editor,
                self._file_bar(),
                self.code,
            ],
            layout=ipywidgets.Layout(width="100%", max_width="70em"),
        )
        self.add_class("workbench-cohort-builder")
        self._count()
        self._show_editor()

    @property
    def cohort(self) -> Cohort:
        """The definition as it is now.

        Raises
        ------
        DefinitionError
            If there is no entry event yet.
        """
        if self._history.now is None:
            raise DefinitionError("The cohort has no entry event yet: choose one in the builder and add it.")
        return self._history.now

    @cohort.setter
    def cohort(self, cohort: Cohort) -> None:
        self._go(self._history.then(cohort))

    def __repr__(self) -> str:
        return f"CohortBuilder(study, {self._history.now!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the controls where they can be shown, and the definition in words anywhere else."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            words = "A cohort without an entry event." if self._history.now is None else protocol(self._history.now)
            data["text/plain"], data["text/html"] = words, f"<pre>{note(words)}</pre>"
        return bundle

    # The controls, from the top.

    def _make_controls(self) -> None:
        self.step_list = StepList(self._act)
        self.count = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        self.undo = button("Undo", lambda: self._go(self._history.undo()))
        self.redo = button("Redo", lambda: self._go(self._history.redo()))
        self.new_step = button("New step", lambda: self._edit(None))
        self.forms = forms(self._study.concepts)
        self.entry_forms = {kind: CodedForm(self._study.concepts, kind) for kind in ENTRY_KINDS}
        for form in self.entry_forms.values():
            form.when.layout.display = "none"  # the entry event sets the day that windows count from
        self.kind = dropdown("What", list(self.forms))
        self.label = text("Label", "as the attrition calls it; proposed if left empty")
        self.action = dropdown("Do", list(_ACTIONS))
        self.apply = button("Add this step", self._attempt_apply, primary=True)
        self.which = dropdown("Which", [_FIRST, _EARLIEST])
        self.prior_days = whole_number("Days of observation before", 0)
        self.exit = dropdown("Follow-up ends with", [_END, _DAYS])
        self.exit_days = whole_number("Days", 365)
        self.editor = ipywidgets.VBox(
            layout=ipywidgets.Layout(border="1px solid var(--jp-border-color2, #ccc)", padding="8px")
        )
        self.path = text("File", "cohort.yaml", layout=ipywidgets.Layout(width="22em"))
        self.code = ipywidgets.Textarea(
            description="Python", rows=8, layout=ipywidgets.Layout(width="100%", display="none")
        )
        self.kind.observe(lambda _: self._show_editor(), "value")
        self.exit.observe(lambda _: self._show_exit_days(), "value")

    def _toolbar(self) -> ipywidgets.HBox:
        set_exit = button("Set the end", lambda: self._attempt(self._set_exit))
        end = [self.exit, self.exit_days, set_exit]
        return ipywidgets.HBox(
            [self.undo, self.redo, self.new_step, *end], layout=ipywidgets.Layout(flex_flow="row wrap")
        )

    def _file_bar(self) -> ipywidgets.HBox:
        bar = [
            self.path,
            button("Save", lambda: self._attempt(self._save)),
            button("Load", lambda: self._attempt(self._load)),
            button("Copy as Python", lambda: self._attempt(self._copy_code)),
        ]
        return ipywidgets.HBox(bar, layout=ipywidgets.Layout(flex_flow="row wrap"))

    @property
    def _edits_entry(self) -> bool:
        return self._history.now is None or self._editing == -1

    def _show_editor(self) -> None:
        """Show the form of what is edited: the entry event, a step that there is, or a new one."""
        kinds = list(self.entry_forms if self._edits_entry else self.forms)
        if list(self.kind.options) != kinds:
            self.kind.options = kinds
        form = (self.entry_forms if self._edits_entry else self.forms)[self.kind.value]
        own = [self.which, self.prior_days] if self._edits_entry else [self.action]
        title = "Entry event" if self._edits_entry else ("New step" if self._editing is None else "Change the step")
        self.apply.description = {"New step": "Add this step", "Entry event": "Set the entry event"}.get(
            title, "Change it"
        )
        self.editor.children = [
            ipywidgets.HTML(f"<strong>{title}</strong>"),
            self.kind,
            form,
            *own,
            self.label,
            self.apply,
        ]

    def _show_exit_days(self) -> None:
        self.exit_days.layout.display = "" if self.exit.value == _DAYS else "none"

    # What a click does.

    def _act(self, action: str, place: int) -> None:
        if action == "edit":
            self._attempt(lambda: self._edit(place))
            return
        changes: dict[str, Callable[[Cohort], Cohort]] = {
            "turn": lambda cohort: editing.turned(cohort, place),
            "up": lambda cohort: editing.moved(cohort, place, -1),
            "down": lambda cohort: editing.moved(cohort, place, 1),
            "remove": lambda cohort: editing.without_step(cohort, place),
        }
        self._go(self._history.then(changes[action](self.cohort)))

    def _edit(self, place: int | None) -> None:
        """Put the step at *place* into the editor: None is a new one, −1 the entry event."""
        self._editing, self.label.value = place, ""
        if place == -1:
            self._show_entry(self.cohort.entry_event)
        elif place is not None:
            self._show_step(self.cohort.steps[place])
        self._show_editor()

    def _show_entry(self, entry: Entry) -> None:
        chosen = entry.events
        events = chosen.events if isinstance(chosen, SelectedEvent) else chosen
        form = self.entry_forms.get(getattr(events, "type_name", ""))
        if form is None or (isinstance(chosen, SelectedEvent) and chosen.pick != "first"):
            raise self._cannot_show(entry.label, entry.events)
        self.kind.options = list(self.entry_forms)
        self.kind.value = events.type_name  # type: ignore[union-attr]  # it was found by it
        form.picker.show(events.codes)  # type: ignore[union-attr]  # events of these kinds have codes
        self.which.value = _FIRST if isinstance(chosen, SelectedEvent) else _EARLIEST
        self.prior_days.value, self.label.value = entry.prior_observation_days, entry.label

    def _show_step(self, step: Step) -> None:
        for kind, form in self.forms.items():
            if form.show(step.criterion):
                self.kind.options = list(self.forms)
                self.kind.value, self.label.value = kind, step.label
                self.action.value = next(words for words, action in _ACTIONS.items() if action == step.action)
                return
        raise self._cannot_show(step.label, step.criterion)

    def _cannot_show(self, label: str, part: object) -> DefinitionError:
        self._editing = None
        return DefinitionError(
            f"“{label}” says something that these forms have no control for: {part!r}. It stays as it is, is counted, and can be moved or "
            "removed; change it in code."
        )

    def _attempt_apply(self) -> None:
        self._attempt(self._apply)

    def _apply(self) -> None:
        """Take over what is in the editor."""
        if self._edits_entry:
            form = self.entry_forms[self.kind.value]
            events: Events | SelectedEvent = form.events
            if self.which.value == _FIRST:
                events = form.events.first()  # type: ignore[assignment]  # coded events are no readings
            label = (
                self.label.value.strip() or f"{self.which.value.split()[1]} {form.picker.codes.name.replace('_', ' ')}"
            )
            cohort = editing.with_entry(self._history.now, Entry(label, events, self.prior_days.value))
        else:
            chosen = self.forms[self.kind.value]
            step = Step(
                _ACTIONS[self.action.value],  # type: ignore[arg-type]  # the values are the two actions
                self.label.value.strip() or chosen.suggestion(),
                chosen.criterion(),
            )
            cohort = editing.with_step(self.cohort, step, self._editing)
        self._editing, self.label.value = None, ""
        self._go(self._history.then(cohort))

    def _set_exit(self) -> None:
        rule = end_of_observation() if self.exit.value == _END else days_after_entry(self.exit_days.value)
        self._go(self._history.then(self.cohort.exit(rule)))

    def _save(self) -> None:
        path = self._chosen_path()
        write_definition(self.cohort, path)
        self.message.value = note(f"Saved to {path}.", role="status")

    def _load(self) -> None:
        self._go(self._history.then(read_definition(self._chosen_path())))

    def _chosen_path(self) -> Path:
        return Path(self.path.value.strip() or "cohort.yaml")

    def _copy_code(self) -> None:
        """Show the code that rebuilds the definition, ready to be copied, and put it into a new cell where there is a notebook."""
        self.code.value = self.to_code()
        self.code.layout.display = ""
        shell = _shell()
        if shell is not None:
            shell.set_next_input(self.code.value)

    def to_code(self) -> str:
        """Return Python that makes the same definition."""
        written = repr(self.cohort)
        names = sorted({node.id for node in ast.walk(ast.parse(written)) if isinstance(node, ast.Name)})
        return f"from workbench.cohorts import {', '.join(names)}\n\ncohort = {written}\n"

    # From one definition to the next.

    def _attempt(self, do: Callable[[], None]) -> None:
        """Do what was clicked; say in words why it cannot be done. What was there stays."""
        try:
            do()
        except (WorkbenchError, OSError) as error:
            self.message.value = note(str(error), role="alert")

    def _go(self, history: History[Cohort | None]) -> None:
        self._history = history
        self.message.value = ""
        self._editing = None
        self._count()
        self._show_editor()

    def _count(self) -> None:
        """Count the people left by every step, once; if that fails, the last counts stay and are marked old."""
        cohort = self._history.now
        self.undo.disabled, self.redo.disabled = not self._history.past, not self._history.future
        is_old = False
        if cohort is None:
            self._attrition = None
        else:
            self._show_exit(cohort)
            try:
                self._attrition = self._study.attrition(cohort)
            except WorkbenchError as error:
                is_old = self._attrition is not None
                self.message.value = note(str(error), role="alert")
        self.step_list.show(cohort, self._attrition, is_old=is_old)
        self.count.value = note(_said(self._attrition, is_old=is_old), role="status")

    def _show_exit(self, cohort: Cohort) -> None:
        rule = cohort.exit_rule
        if isinstance(rule, EndOfObservation | DaysAfterEntry):
            self.exit.value = _DAYS if isinstance(rule, DaysAfterEntry) else _END
            if isinstance(rule, DaysAfterEntry):
                self.exit_days.value = rule.days
        self._show_exit_days()


def _said(attrition: ReleasedTable | None, *, is_old: bool) -> str:
    if attrition is None:
        return "Nobody has been counted yet."
    left = attrition.column("n_after")[-1]
    people = (
        f"{left:,} people in the cohort" if isinstance(left, int) else "Too few people in the cohort to say how many"
    )
    return f"{people} (of the definition before; this one could not be counted)" if is_old else people


def _shell() -> Any:
    """The notebook's shell, if there is one that can take a cell."""
    from IPython.core.getipython import get_ipython

    return get_ipython()

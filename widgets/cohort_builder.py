"""Build a cohort by clicking: the same definition object that code makes, with people counted after every change."""

from __future__ import annotations

from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets

from data_catalog.errors import WorkbenchError
from data_catalog.governance.modalities import MODALITIES
from widgets import editing
from widgets.code_panel import CodePanel, as_python
from widgets.editors import EntryEditor, StepEditor
from widgets.follow_up import FollowUp
from widgets.forms import kinds
from widgets.history import History
from widgets.labelled import button, note, row, show_if, text
from widgets.people_left import in_the_cohort
from widgets.step_list import ENTRY, StepList
from workbench.cohorts import Cohort, DefinitionError, protocol, read_definition, write_definition
from workbench.cohorts.modalities import in_order, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.cohorts.exits import Exit
    from workbench.disclosure import ReleasedTable
    from workbench.study import Provenance


class AsksOfData(Protocol):
    """What the builder asks of data; a :class:`workbench.study.Study` is one. Everything that it returns is safe to show."""

    provenance: Provenance

    @property
    def sites(self) -> tuple[str, ...]:
        """The hospitals."""
        ...

    def concepts(self, text: str, *, kind: str) -> ReleasedTable:
        """Return concepts found."""
        ...

    def attrition(self, cohort: Cohort) -> ReleasedTable:
        """Return the people left by each step."""
        ...


class CohortBuilder(ipywidgets.VBox):
    """Build a cohort definition by clicking.

    Whatever is clicked makes a new definition, and its people are counted once. A count that fails leaves the last one in grey.

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
        self._place: int | None = None  # of what is edited: None is a step that is still to be added
        self._make_controls()
        super().__init__(self._laid_out())
        self.add_class("cw-builder")
        self._count()
        self._edit(None)

    @property
    def cohort(self) -> Cohort:
        """The definition as it is now.

        Raises
        ------
        DefinitionError
            If there is no entry event yet, or what is set is no definition.
        """
        if self._history.now is None:
            raise DefinitionError("The cohort has no entry event yet: choose one in the builder and set it.")
        return self._history.now

    @cohort.setter
    def cohort(self, cohort: Cohort) -> None:
        if not isinstance(cohort, Cohort):
            raise DefinitionError(f"The builder takes a cohort definition, not {cohort!r}.")
        self._go(self._history.then(cohort))

    def to_code(self) -> str:
        """Return Python that makes the same definition.

        Raises
        ------
        DefinitionError
            If there is no entry event yet.
        """
        return as_python(self.cohort)

    def __repr__(self) -> str:
        return f"CohortBuilder(study, {self._history.now!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Show the controls where they can be shown, and the definition in words anywhere else."""
        words = "A cohort without an entry event." if self._history.now is None else protocol(self._history.now)
        head = "Cohort builder (its controls need a running kernel). The definition:"
        return {
            **super()._repr_mimebundle_(**kwargs),
            "text/plain": f"{head}\n{words}",
            "text/html": f"<p>{head}</p><p>{'<br>'.join(map(escape, words.splitlines()))}</p>",
        }

    # The controls, from the top.

    def _make_controls(self) -> None:
        study, allowed = self._study, self._study.provenance.modalities
        offered = [kind for kind in kinds(study.concepts, study.sites) if kind.modality in allowed]
        self.step_list = StepList(self._act)
        self.follow_up = FollowUp(self._set_exit)
        self.count = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        self.step_editor = StepEditor(offered, apply=self._apply, cancel=lambda: self._edit(None))
        self.entry_editor = EntryEditor(study.concepts, apply=self._apply, cancel=lambda: self._edit(None))
        self.editor = ipywidgets.VBox()
        self.undo = button("Undo", lambda: self._go(self._history.undo()))
        self.redo = button("Redo", lambda: self._go(self._history.redo()))
        self.path = text("File", "cohort.yaml", value="cohort.yaml", layout=ipywidgets.Layout(width="20em"))
        self.save = button("Save", lambda: self._attempt(self._save))
        self.load = button("Load", lambda: self._attempt(self._load))
        self.copy = button("Copy as Python", lambda: self._attempt(lambda: self.code.show(self.to_code())))
        self.code = CodePanel()

    def _laid_out(self) -> list[ipywidgets.Widget]:
        missing = _not_offered(self._study.provenance.modalities)
        left = ipywidgets.VBox([self.step_list, self.follow_up])
        sides = ipywidgets.HBox([left, self.editor])
        for side in (left, self.editor):
            side.add_class("cw-side")
        sides.add_class("cw-sides")
        return [
            _style(),
            *([ipywidgets.HTML(note(missing))] if missing else []),
            sides,
            self.count,
            self.message,
            row(self.undo, self.redo, self.path, self.save, self.load, self.copy),
            self.code,
        ]

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
        # The keyboard's place goes along with a step that moves.
        self.step_list.focus(action, place + {"up": -1, "down": 1}.get(action, 0))

    def _edit(self, place: int | None) -> None:
        """Put what stands at *place* into the editor: None is a new step, −1 the entry event."""
        if place is not None and not self._can_edit(place):
            part = self.cohort.entry_event if place == ENTRY else self.cohort.steps[place]
            raise DefinitionError(
                f"“{part.label}” says something that these forms have no control for. It stays as it is, is counted, and can be "
                "moved or removed; change it in code."
            )
        self._place = place
        if self._editor is self.entry_editor:
            if place == ENTRY:
                self.entry_editor.show(self.cohort.entry_event)
            self.entry_editor.head("Who enters", apply="Set the entry event", can_cancel=place == ENTRY)
        elif place is None:
            self.step_editor.clear()
            self.step_editor.head("New step", apply="Add this step", can_cancel=False)
        else:
            self.step_editor.show(self.cohort.steps[place])
            self.step_editor.head("Change a step", apply="Change this step", can_cancel=True)
        self.editor.children = [self._editor]

    @property
    def _editor(self) -> EntryEditor | StepEditor:
        """The editor of what is edited."""
        return self.entry_editor if self._history.now is None or self._place == ENTRY else self.step_editor

    def _can_edit(self, place: int) -> bool:
        if place == ENTRY:
            return self.entry_editor.can_show(self.cohort.entry_event)
        return self.step_editor.can_show(self.cohort.steps[place])

    def _apply(self) -> None:
        """Take over what is in the editor, or say beside it why that cannot be."""
        made: list[Cohort] = []
        fault = _fault_of(lambda: made.append(self._filled_in()))
        self._editor.say(fault)
        for cohort in made:
            self._go(self._history.then(cohort), is_from_editor=True)

    def _filled_in(self) -> Cohort:
        """Return the definition with what is in the editor."""
        if self._editor is self.entry_editor:
            return editing.with_entry(self._history.now, self.entry_editor.entry)
        return editing.with_step(self.cohort, self.step_editor.step, self._place)

    def _set_exit(self, rule: Exit) -> None:
        self._attempt(lambda: self._go(self._history.then(self.cohort.exit(rule))))

    def _save(self) -> None:
        path = self._chosen_path()
        replaced = ", in place of what was there" if path.exists() else ""
        write_definition(self.cohort, path)
        self._say(f"Saved as {path}{replaced}.")

    def _load(self) -> None:
        path = self._chosen_path()
        self._go(self._history.then(read_definition(path)))
        if not self.message.value:
            self._say(f"Loaded from {path}.")

    def _chosen_path(self) -> Path:
        return Path(self.path.value.strip() or "cohort.yaml").expanduser()

    # From one definition to the next.

    def _attempt(self, do: Callable[[], None]) -> None:
        """Do what was clicked, and say in words why it cannot be done; what was there stays."""
        fault = _fault_of(do)
        if fault:
            self._say(fault, role="alert")

    def _say(self, words: str, *, role: str = "status") -> None:
        self.message.value = note(words, role=role)

    def _go(self, history: History[Cohort | None], *, is_from_editor: bool = False) -> None:
        self.message.value = ""
        is_new, self._history = history is not self._history, history
        if is_from_editor:
            # Before people are counted: what somebody writes meanwhile would go into a form that is about to be taken away.
            self._edit(None)
        if not is_new:
            return
        self.code.hide()
        self._count()
        self._leave_editor()

    def _leave_editor(self) -> None:
        """Leave a step that was being changed, for it may have moved; a new one that is half filled in stays."""
        if self._place is not None or self.editor.children != (self._editor,):
            self._edit(None)

    def _count(self) -> None:
        """Count the people left by every step, once; until that is done, and if it fails, the last counts stand in grey."""
        cohort = self._history.now
        self.undo.disabled, self.redo.disabled = not self._history.past, not self._history.future
        self.save.disabled = self.copy.disabled = cohort is None
        show_if(cohort is not None, self.follow_up)
        if cohort is None:
            self._attrition = None
            self._show_count("")
            return
        self.follow_up.show(cohort)
        self._show_count("Counting …")
        fault = _fault_of(self._ask)
        if fault:
            self._say(fault, role="alert")
        self._show_count("This definition was not counted." if fault else "")

    def _ask(self) -> None:
        self._attrition = self._study.attrition(self.cohort)

    def _show_count(self, unsettled: str) -> None:
        """Show the numbers that there are; *unsettled* says why they are not those of the definition, if they are not."""
        self.step_list.show(self._history.now, self._attrition, is_old=bool(unsettled), can_edit=self._can_edit)
        counted = in_the_cohort(self._attrition)
        if unsettled:
            counted = f"{unsettled} Before: {counted}" if counted else unsettled
        slow = " cw-late" if unsettled.startswith("Counting") else ""
        self.count.value = f'<div class="cw-count{slow}" role="status">{escape(counted)}</div>'


# JupyterLab takes keys for its own that are pressed on a list or a button: an arrow key would leave the builder, "a" would insert a
# cell. It leaves alone a control that has this attribute, which no stock control can be given from Python.
_KEEP_KEYS = (
    "this.closest('.cw-builder').addEventListener('focusin', "
    "(event) => event.target.setAttribute('data-lm-suppress-shortcuts', ''))"
)


def _style() -> ipywidgets.HTML:
    """The style sheet; it works without being seen. When it is there it lets the builder have its keys."""
    sheet = resources.files("widgets").joinpath("cohort_builder.css").read_text("utf-8")
    return ipywidgets.HTML(f'<style onload="{_KEEP_KEYS}">{sheet}</style>', layout=ipywidgets.Layout(display="none"))


def _fault_of(do: Callable[[], None]) -> str:
    """Do it, and return in words why it could not be done; nothing if it was."""
    try:
        do()
    except (WorkbenchError, OSError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  raised here it would stand in a log that nobody reads
        # The message of an error that is not ours could hold a value of somebody.
        return f"This failed with {type(error).__name__}. What was there stays."
    return ""


def _not_offered(allowed: tuple[str, ...]) -> str:
    missing = in_order([name for name in MODALITIES if name not in allowed])
    if not missing:
        return ""
    return (
        f"This study was opened for {listed(allowed)} data, so steps that need {listed(missing)} data are not offered. "
        f"To have them, open the study with modalities={tuple(MODALITIES)!r}."
    )

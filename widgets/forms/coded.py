"""Diagnoses, drugs, procedures, observations and visits: events that a codelist finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.concept_picker import ConceptPicker, FindConcepts
from widgets.forms.form import Form
from widgets.when import When
from workbench.cohorts import diagnosis, drug, observation, procedure, visit
from workbench.cohorts.selection import Within

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.cohorts.codelists import Codelist
    from workbench.cohorts.expressions import Criterion
    from workbench.cohorts.selection import Events

CODED: dict[str, Callable[[Codelist], Events]] = {
    "diagnosis": diagnosis,
    "drug": drug,
    "procedure": procedure,
    "observation": observation,
    "visit": visit,
}


class CodedForm(Form):
    """Events of a codelist, and when.

    Parameters
    ----------
    find_concepts : callable
        As for :class:`widgets.concept_picker.ConceptPicker`.
    kind : str
        One of :data:`CODED`.
    """

    def __init__(self, find_concepts: FindConcepts, kind: str) -> None:
        self._kind = kind
        self.picker = ConceptPicker(find_concepts, kind)
        self.when = When()
        super().__init__([self.picker, self.when])

    @property
    def events(self) -> Events:
        """The events, whenever they are."""
        return CODED[self._kind](self.picker.codes)

    def criterion(self) -> Criterion:
        """Return whether there is such an event at that time."""
        return Within(self.events, self.when.window)

    @staticmethod
    def can_show(kind: str, criterion: Criterion) -> bool:
        """Say whether the criterion is that there is an event of this kind in a window."""
        return (
            isinstance(criterion, Within)
            and getattr(criterion.events, "type_name", "") == kind
            and When.can_show(criterion.window)
        )

    def show(self, criterion: Criterion) -> None:
        """Show an event in a window."""
        if isinstance(criterion, Within):
            self.picker.show(criterion.events.codes)  # type: ignore[union-attr]  # events of these kinds have codes
            self.when.show(criterion.window)

    def suggestion(self) -> str:
        """Return e.g. "type 2 diabetes before entry"."""
        return f"{self.picker.codes.name.replace('_', ' ')} {self.when.words}"

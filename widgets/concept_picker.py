"""Find concepts by what somebody types, and gather them into a codelist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import ipywidgets

from data_catalog.errors import WorkbenchError
from data_catalog.harmonise.vocabulary import shipped_vocabulary
from widgets.labelled import button, choices, dropdown, note, text
from workbench.cohorts import Codelist, Concept, DefinitionError, codelist, codelist_names
from workbench.cohorts.concept_search import KINDS

if TYPE_CHECKING:
    from workbench.disclosure import ReleasedTable

OWN = "concepts that I choose"


class FindConcepts(Protocol):
    """How the picker searches: :meth:`workbench.study.Study.concepts`."""

    def __call__(self, text: str, *, kind: str) -> ReleasedTable:
        """Return columns ``code``, ``name``, ``people``, ``concept_id``."""
        ...


class ConceptPicker(ipywidgets.VBox):
    """Choose a codelist of the workbench, or search the catalog's vocabulary and gather concepts; ``codes`` is the codelist.

    Parameters
    ----------
    find_concepts : callable
        ``find_concepts(text, kind=kind)``; called when somebody searches, never on each keystroke.
    kind : str
        What the concepts are of: diagnosis, drug, procedure, observation, visit.
    """

    def __init__(self, find_concepts: FindConcepts, kind: str) -> None:
        self._find_concepts = find_concepts
        self._kind = kind
        self._chosen: tuple[Concept, ...] = ()
        self.source = dropdown("Codes", [OWN, *_shipped(kind)])
        self.search = text("Search", "words or a code, then Enter")
        self.hits = choices("Found")
        self.below = ipywidgets.Checkbox(value=True, description="with everything below it", indent=False)
        self.chosen = choices("Chosen", rows=3)
        self.message = ipywidgets.HTML()
        self.add = button("Add to the chosen", self._add)
        self.remove = button("Remove from the chosen", self._remove)
        self._own = ipywidgets.VBox(
            [
                ipywidgets.HBox([self.search, button("Search", self._search)]),
                self.message,
                self.hits,
                ipywidgets.HBox([self.add, self.below]),
                self.chosen,
                self.remove,
            ]
        )
        super().__init__([self.source, self._own])
        self.search.observe(lambda _: self._search(), "value")
        self.source.observe(lambda _: self._show_own(), "value")

    @property
    def codes(self) -> Codelist:
        """The codelist.

        Raises
        ------
        DefinitionError
            If no concept was chosen.
        """
        if self.source.value != OWN:
            return codelist(self.source.value)
        if not self._chosen:
            raise DefinitionError(
                "No concept is chosen yet. Search, select one of those found, and add it to the chosen."
            )
        name = re.sub(r"\W+", "_", self._chosen[0].name.casefold()).strip("_")
        return Codelist(name if len(self._chosen) == 1 else f"{name}_and_others", "1", self._chosen)

    def show(self, codes: Codelist) -> None:
        """Show a codelist."""
        shipped = codes.name in self.source.options and codes == codelist(codes.name)
        self.source.value = codes.name if shipped else OWN
        self._choose(() if shipped else codes.concepts)

    def _search(self) -> None:
        try:
            found = self._find_concepts(self.search.value, kind=self._kind)
        except WorkbenchError as error:
            self.message.value = note(str(error), role="alert")
            return
        rows = zip(*(found.column(name) for name in ("name", "code", "people", "concept_id")), strict=True)
        self.hits.options = [
            (f"{name} · {code} · {people} people", (int(concept_id), str(name)))
            for name, code, people, concept_id in rows
        ]
        self.message.value = note(
            found.caption if found.rows else f"Nothing is called “{self.search.value}”.", role="status"
        )

    def _add(self) -> None:
        held = {concept.id for concept in self._chosen}
        picked = [Concept(i, name, descendants=self.below.value) for i, name in self.hits.value if i not in held]
        if not picked and not self.hits.value:
            self.message.value = note("Select one of the concepts found first.", role="alert")
        self._choose((*self._chosen, *picked))

    def _remove(self) -> None:
        self._choose(tuple(concept for concept in self._chosen if concept not in self.chosen.value))

    def _choose(self, concepts: tuple[Concept, ...]) -> None:
        self._chosen = concepts
        self.chosen.options = [(_said(concept), concept) for concept in concepts]

    def _show_own(self) -> None:
        self._own.layout.display = "" if self.source.value == OWN else "none"


def _said(concept: Concept) -> str:
    without = "without " if concept.excluded else ""
    return f"{without}{concept.name}{' and everything below it' if concept.descendants else ''}"


def _shipped(kind: str) -> list[str]:
    """The workbench's codelists whose first concept is of this kind."""
    domain, _ = KINDS[kind]
    domains = {concept.concept_id: concept.domain_id for concept in shipped_vocabulary()}
    return [name for name in codelist_names() if domains.get(codelist(name).concepts[0].id) == domain]

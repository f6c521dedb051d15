"""Find concepts by what somebody types, and gather them into a codelist."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import ipywidgets

from data_catalog.errors import WorkbenchError
from data_catalog.harmonise.vocabulary import shipped_vocabulary
from widgets.labelled import button, choices, dropdown, note, row, show_if, text
from workbench.cohorts import Codelist, Concept, DefinitionError, codelist, codelist_names
from workbench.cohorts.checks import LONGEST_TEXT
from workbench.cohorts.concept_search import KINDS

if TYPE_CHECKING:
    from workbench.disclosure import ReleasedTable


class FindConcepts(Protocol):
    """How the picker searches: :meth:`workbench.study.Study.concepts`."""

    def __call__(self, text: str, *, kind: str) -> ReleasedTable:
        """Return columns ``code``, ``name``, ``people``, ``concept_id``."""
        ...


class ConceptPicker(ipywidgets.VBox):
    """Choose a codelist of the workbench, or search the catalog's vocabularies and gather concepts; ``codes`` is the codelist.

    Parameters
    ----------
    find_concepts : callable
        ``find_concepts(text, kind=kind)``; called when somebody searches, never on each keystroke.
    kind : str
        What the concepts are of: diagnosis, drug, procedure, observation, visit.
    """

    OWN: ClassVar[str] = "concepts that I search for"

    def __init__(self, find_concepts: FindConcepts, kind: str) -> None:
        self._find_concepts = find_concepts
        self._kind = kind
        self._chosen: tuple[Concept, ...] = ()
        self._searched = ""
        self.source = dropdown("Codes", _sources(kind))
        self.search = text("Search", "words or a code, then Enter")
        self.search_now = button("Search", self._search)
        self.hits = choices("Found", rows=6)
        self.below = ipywidgets.Checkbox(value=True, description="with everything below it", indent=False)
        self.below.layout.width = "auto"
        self.chosen = choices("Chosen", rows=3)
        self.message = ipywidgets.HTML()
        self.add = button("Add to the chosen", self._add)
        self.remove = button("Remove from the chosen", self._remove)
        self.search.layout.flex = "1 1 14em"
        self._hits = ipywidgets.VBox([self.hits, row(self.add, self.below)])
        self._list = ipywidgets.VBox([self.chosen, row(self.remove)])
        self._own = ipywidgets.VBox([row(self.search, self.search_now), self.message, self._hits, self._list])
        super().__init__([self.source, self._own])
        self.search.observe(lambda _: self._search(), "value")
        self.source.observe(lambda _: self._show_what_is_needed(), "value")
        self._show_what_is_needed()

    @property
    def codes(self) -> Codelist:
        """The codelist.

        Raises
        ------
        DefinitionError
            If no concept was chosen.
        """
        if self.source.value != self.OWN:
            return self.source.value
        if not self._chosen:
            raise DefinitionError(
                "No concept is chosen yet. Search, select some of those found, and add them to the chosen."
            )
        return _gathered(self._chosen)

    def show(self, codes: Codelist) -> None:
        """Show a codelist. One that was not made here is offered whole, beside those of the workbench."""
        made_here = codes == _gathered(codes.concepts)
        given = [] if made_here or codes in _shipped(self._kind) else [codes]
        self.source.options = [*_sources(self._kind), *((_called(each), each) for each in given)]
        self.source.value = self.OWN if made_here else codes
        self._choose(codes.concepts if made_here else ())

    def _search(self) -> None:
        """Search, unless it is what was searched for last: leaving the field to click the button does it twice."""
        wanted = self.search.value.strip()
        if wanted and wanted == self._searched:
            return
        self._searched = ""
        self.hits.options = []
        try:
            self._say(self._found(wanted) if wanted else "Type words of a name, or a code, to search for.")
        except WorkbenchError as error:
            self._say(str(error), role="alert")
        self._show_what_is_needed()

    def _found(self, wanted: str) -> str:
        """Show what is found, and return in words how much that is."""
        found = self._find_concepts(wanted, kind=self._kind)
        self._searched = wanted
        rows = zip(*(found.column(name) for name in ("name", "code", "people", "concept_id")), strict=True)
        self.hits.options = [
            (f"{code} · {name} · {_people(people)}", (int(str(concept_id)), str(name)))
            for name, code, people, concept_id in rows
        ]
        nothing = f"No {self._kind} in the catalog's vocabularies is called “{wanted}”. Try fewer or other words."
        return found.caption if found.rows else nothing

    def _add(self) -> None:
        held = {concept.id for concept in self._chosen}
        picked = [Concept(i, name, descendants=self.below.value) for i, name in self.hits.value if i not in held]
        if not self.hits.value:
            self._say("Select some of the concepts found first.", role="alert")
        self._choose((*self._chosen, *picked))

    def _remove(self) -> None:
        if not self.chosen.value:
            self._say("Select some of the chosen concepts first.", role="alert")
        self._choose(tuple(concept for concept in self._chosen if concept not in self.chosen.value))

    def _choose(self, concepts: tuple[Concept, ...]) -> None:
        self._chosen = concepts
        self.chosen.options = [(_said(concept), concept) for concept in concepts]
        self._show_what_is_needed()

    def _say(self, words: str, *, role: str = "status") -> None:
        self.message.value = note(words, role=role)

    def _show_what_is_needed(self) -> None:
        show_if(self.source.value == self.OWN, self._own)
        show_if(bool(self.hits.options), self._hits)
        show_if(bool(self._chosen), self._list)


def _gathered(concepts: tuple[Concept, ...]) -> Codelist:
    """Return concepts as a codelist that is called after the first of them."""
    name = re.sub(r"\W+", "_", concepts[0].name.casefold()).strip("_") or f"concept_{concepts[0].id}"
    more = "" if len(concepts) == 1 else "_and_others"
    return Codelist(f"{name[: LONGEST_TEXT - len(more)]}{more}", "1", concepts)


def _said(concept: Concept) -> str:
    without = "without " if concept.excluded else ""
    return f"{without}{concept.name}{' and everything below it' if concept.descendants else ''}"


def _people(cell: Any) -> str:
    return "nobody" if cell == "none" else f"{cell} people"


def _called(codes: Codelist) -> str:
    return f"{codes.name.replace('_', ' ')} (version {codes.version})"


def _sources(kind: str) -> list[tuple[str, Any]]:
    return [(ConceptPicker.OWN, ConceptPicker.OWN), *((_called(codes), codes) for codes in _shipped(kind))]


@cache
def _shipped(kind: str) -> tuple[Codelist, ...]:
    """The newest of the workbench's codelists, as far as their first concept is of this kind."""
    domain, _ = KINDS[kind]
    domains = {concept.concept_id: concept.domain_id for concept in shipped_vocabulary()}
    lists = map(codelist, codelist_names())
    return tuple(codes for codes in lists if domains.get(codes.concepts[0].id) == domain)

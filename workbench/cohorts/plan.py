"""Which tables, codelists and events one query reads, so that each is read once however often a definition uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data_catalog.governance.modalities import CLINICAL
from data_catalog.model.measures import METHODS
from workbench.cohorts.genotype_plan import GenotypePlan
from workbench.cohorts.modalities import modality_of
from workbench.cohorts.readings import Measure
from workbench.cohorts.sql import EVENT_TABLES, OWN_PREFIX, EventTable, Parameters, cte

if TYPE_CHECKING:
    from workbench.cohorts.codelists import Concept
    from workbench.cohorts.selection import Events

# Concept id, whether its descendants belong to it, whether it is taken away.
ConceptSet = tuple[tuple[int, bool, bool], ...]
OUT_OF_RANGE = "value_out_of_range"  # the flag that ingest sets on a reading outside its measure's plausible range


@dataclass
class Source:
    """One kind of event in one query: its rows, and the facts of each person that are made of them."""

    name: str
    events: Events
    set_number: int | None
    n_reads: int = 0
    facts: dict[str, str] = field(default_factory=dict)  # SQL of the aggregate -> its column


class Plan:
    """What one query reads. Filled while criteria become SQL, then written out as the query's named parts."""

    def __init__(self, database: str, population: str) -> None:
        self.database = database
        self.population = population
        self.parameters = Parameters()
        self.genotypes = GenotypePlan(database, self.parameters)
        self._sets: dict[ConceptSet, int] = {}
        self._sources: dict[Events, Source] = {}
        self._reads_person = False

    def table(self, name: str) -> str:
        """Return a table of the data model, as the query calls it."""
        return f"{self.database}.main.{name}"

    def read(self, events: Events) -> str:
        """Return the part that has the rows of *events*: ``person_id``, ``site``, ``event_id``, ``event_date``.

        Readings have ``value`` too and, where the data tell the method, ``method_rank``: 0 for the preferred one.
        """
        source = self._source(events)
        source.n_reads += 1
        return source.name

    def fact(self, events: Events, aggregate: str) -> str:
        """Return the column with what *aggregate* makes of a person's events; null if there are none.

        The aggregate may use ``day`` (days from the index date), ``event_id`` and, of a measure, ``value`` and ``method_rank``.
        """
        source = self._source(events)
        if not source.facts:
            source.n_reads += 1
        column = source.facts.setdefault(aggregate, f"fact_{len(source.facts) + 1}")
        return f"{source.name}_facts.{column}"

    def person(self, column: str) -> str:
        """Return a column of the person table."""
        self._reads_person = True
        return f"{OWN_PREFIX}person.{column}"

    @property
    def modalities(self) -> frozenset[str]:
        """The sorts of data that the query reads. Who people are, and when they are observed, is clinical."""
        read = {modality_of(source.events.table) for source in self._sources.values()}
        return frozenset({CLINICAL, *read, *self.genotypes.modalities})

    def _source(self, events: Events) -> Source:
        if events not in self._sources:
            number = len(self._sources) + 1
            name = f"{OWN_PREFIX}{events.type_name}_{number}"
            self._sources[events] = Source(name, events, self._set_number(events))
        return self._sources[events]

    def _set_number(self, events: Events) -> int | None:
        wanted = _concept_set(events)
        return None if wanted is None else self._sets.setdefault(wanted, len(self._sets) + 1)

    def event_parts(self) -> list[str]:
        """Return the parts up to the rows of each kind of event."""
        tables = {source.events.table: EVENT_TABLES[source.events.table] for source in self._sources.values()}
        parts = self._concept_parts() if self._sets else []
        parts += [self._table_part(table) for table in tables.values()]
        return parts + [self._source_part(source) for source in self._sources.values()]

    def _concept_parts(self) -> list[str]:
        """What each codelist means at each site: named concepts, descendants by that site's vocabulary, less the exclusions."""
        rows = [
            f"({number}, {self.parameters.bind(concept_id)}::BIGINT, {descendants}, {excluded})"
            for wanted, number in self._sets.items()
            for concept_id, descendants, excluded in wanted
        ]
        return [
            cte(f"{OWN_PREFIX}sites", [f"SELECT DISTINCT site FROM {self.population}"]),
            cte(f"{OWN_PREFIX}named(set_number, concept_id, descendants, excluded)", [f"VALUES {', '.join(rows)}"]),
            cte(
                f"{OWN_PREFIX}meant",
                [
                    "SELECT n.set_number, n.excluded, s.site, n.concept_id FROM cw_named n CROSS JOIN cw_sites s",
                    "UNION ALL",
                    "SELECT n.set_number, n.excluded, a.site, a.descendant_concept_id",
                    f"FROM cw_named n JOIN {self.table('concept_ancestor')} a ON a.ancestor_concept_id = n.concept_id",
                    "WHERE n.descendants",
                ],
            ),
            cte(
                f"{OWN_PREFIX}concepts",
                [
                    "SELECT set_number, site, concept_id FROM cw_meant",
                    "GROUP BY set_number, site, concept_id HAVING NOT bool_or(excluded)",
                ],
                materialized=True,
            ),
        ]

    def _table_part(self, table: EventTable) -> str:
        """The rows of one event table that some codelist of the query finds; the table is read here and nowhere else."""
        sources = [source for source in self._sources.values() if source.events.table == table.name]
        columns = ["t.person_id", "t.site", f"t.{table.event_id} AS event_id", f"t.{table.start_date} AS event_date"]
        lines, conditions = [f"FROM {self.table(table.name)} t"], [f"t.{table.start_date} IS NOT NULL"]
        numbers = sorted({source.set_number for source in sources if source.set_number is not None})
        if numbers:
            columns.append("c.set_number")
            lines.append(f"JOIN cw_concepts c ON c.concept_id = t.{table.concept_id} AND c.site = t.site")
            conditions.append(f"c.set_number IN ({', '.join(map(str, numbers))})")
        if any(isinstance(source.events, Measure) for source in sources):
            flag = self.parameters.bind(OUT_OF_RANGE)
            columns.append("t.value_canonical AS value")
            columns.append(f"coalesce(list_contains(t.quality_flags, {flag}), FALSE) AS implausible")
            columns += [] if table.method_id is None else [f"t.{table.method_id} AS method_id"]
        return cte(
            OWN_PREFIX + table.name,
            [f"SELECT {', '.join(columns)}", *lines, f"WHERE {' AND '.join(conditions)}"],
            materialized=sum(source.n_reads for source in sources) > 1,
        )

    def _source_part(self, source: Source) -> str:
        columns = ["person_id", "site", "event_id", "event_date"]
        conditions = [] if source.set_number is None else [f"set_number = {source.set_number}"]
        if isinstance(source.events, Measure):
            columns.append("value")
            conditions.append("isfinite(value)")  # neither null nor "not a number"
            conditions += [] if source.events.with_implausible else ["NOT implausible"]
            if source.events.ranked_methods:
                rank = self._method_rank(source.events)
                columns.append(f"{rank} AS method_rank")
                conditions += [f"{rank} < {len(source.events.methods)}"] if source.events.methods else []
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return cte(source.name, [f"SELECT {', '.join(columns)} FROM {OWN_PREFIX}{source.events.table}{where}"])

    def _method_rank(self, events: Measure) -> str:
        """The place of a reading's method in the order of preference; behind all of them if it is another, or not known."""
        ranked = events.ranked_methods
        cases = (f"WHEN {self.parameters.bind(METHODS[name].concept_id)} THEN {n}" for n, name in enumerate(ranked))
        return f"(CASE method_id {' '.join(cases)} ELSE {len(ranked)} END)"

    def fact_parts(self) -> list[str]:
        """Return the parts with the facts of each person who enters, one for each kind of event that is asked about."""
        facts = [self._fact_part(source) for source in self._sources.values() if source.facts]
        return facts + self.genotypes.parts()

    def _fact_part(self, source: Source) -> str:
        value = ""
        if isinstance(source.events, Measure):
            value = ", s.value, s.method_rank" if source.events.ranked_methods else ", s.value"
        facts = [f"{aggregate} AS {column}" for aggregate, column in source.facts.items()]
        return cte(
            f"{source.name}_facts",
            [
                f"SELECT person_id, site, {', '.join(facts)}",
                "FROM (",
                f"    SELECT e.person_id, e.site, s.event_id, s.event_date - e.cohort_start_date AS day{value}",
                f"    FROM {source.name} s JOIN cw_entry e ON e.person_id = s.person_id AND e.site = s.site",
                ")",
                "GROUP BY person_id, site",
            ],
        )

    def joins(self) -> str:
        """Return the joins that bring facts and demographics to the row of a person."""
        parts = [(f"{source.name}_facts", "") for source in self._sources.values() if source.facts]
        parts += [(name, "") for name in self.genotypes.relations]
        if self._reads_person:
            parts.append((f"{OWN_PREFIX}person", f"{self.table('person')} "))
        return "".join(
            f"\nLEFT JOIN {relation}{name} ON {name}.person_id = cw_entry.person_id AND {name}.site = cw_entry.site"
            for name, relation in parts
        )


def _concept_set(events: Events) -> ConceptSet | None:
    """Return the concepts that find *events*; None if every row of the table is one of them."""
    if isinstance(events, Measure):
        return tuple((concept_id, False, False) for concept_id in events.definition.concept_ids)
    concepts: tuple[Concept, ...] | None = getattr(getattr(events, "codes", None), "concepts", None)
    if concepts is None:
        return None
    return tuple((concept.id, concept.descendants, concept.excluded) for concept in concepts)

"""Whose a row is: for each table, the SQL condition by which the rows of some people are found, so that none is forgotten.

Most tables have a person's number, or refer to a row that has one. A few hold the key of a row of a table that another of their
fields names; what belongs to the people among them is found through the keys of the people's own rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from data_catalog.lake import quoted
from data_catalog.model.registry import TABLES

if TYPE_CHECKING:
    from data_catalog.model.fields import Table

# A relation with a table's rows and its columns, or None if there are no rows to look into.
RowsOf = Callable[[str], "tuple[str, frozenset[str]] | None"]

# Domains of the vocabulary: the name that `cost` writes, the concept that `fact_relationship` writes, the table that is meant.
_DOMAINS = (
    ("Person", 56, "person"),
    ("Visit", 8, "visit_occurrence"),
    ("Condition", 19, "condition_occurrence"),
    ("Drug", 13, "drug_exposure"),
    ("Procedure", 10, "procedure_occurrence"),
    ("Device", 17, "device_exposure"),
    ("Measurement", 21, "measurement"),
    ("Observation", 27, "observation"),
    ("Specimen", 36, "specimen"),
    ("Note", 5085, "note"),
)
_PERSON_DOMAIN = 56

# Tables whose rows stand for no person, and why. Genotypes are held by position in `variant`: they are taken out of there one
# by one, by the module of genotypes, and not as rows.
NOBODYS = {
    "care_site": "institutions",
    "provider": "professionals",
    "metadata": "statements about the data as a whole",
    "cdm_source": "the source as a whole",
    "cohort_definition": "definitions",
    "callset": "files",
    "variant": "everybody's genotypes, taken out one by one",
    "variant_annotation": "what is known of variants",
    "permit": "users",
    "consent_epoch": "the catalog as a whole",
    "tombstone": "hashes; they are what is left of people who have left",
    "ingest": "counts",
    "ingest_issue": "counts",
    "setting": "the catalog as a whole",
}


def tables_of_people() -> tuple[Table, ...]:
    """Return the tables that hold rows of people, in an order in which they can be emptied: a row before the row it is found through."""
    through_others = [table for table in TABLES.values() if table.name in _FOUND_OTHERWISE]
    through_one = [table for table in TABLES.values() if table.person_through is not None]
    with_person = [
        table for table in TABLES.values() if "person_id" in table.field_names and table.person_through is None
    ]
    # `location` is found through `person`, which therefore comes last.
    return (*through_others, *through_one, *sorted(with_person, key=lambda table: table.name == "person"))


def belongs_to_sql(table: Table, people: str, rows_of: RowsOf) -> str | None:
    """Return the condition that is true for the rows of *table* that belong to *people*, or None if none of its rows can.

    Parameters
    ----------
    table : Table
        Any table of the model.
    people : str
        A SELECT of one column of person ids.
    rows_of : callable
        For the name of a table, the relation with its rows (as it stands after FROM) and its columns; None if there is none.
    """
    rows = rows_of(table.name)
    if rows is None or table.name in NOBODYS or table.kind == "vocabulary":
        return None
    _, columns = rows
    if table.name in _FOUND_OTHERWISE:
        conditions = list(_FOUND_OTHERWISE[table.name](people, rows_of))
    else:
        conditions = [f"person_id IN ({people})"] if "person_id" in columns else []
        target = table.field(table.person_through).target if table.person_through else None
        if table.person_through and target:
            keys = _keys(target[0], people, rows_of)
            conditions += [f"{quoted(table.person_through)} IN ({keys})"] if keys else []
    return " OR ".join(f"coalesce({condition}, false)" for condition in conditions) or None


def _keys(name: str, people: str, rows_of: RowsOf) -> str | None:
    """SELECT of the keys of the people's rows of a table."""
    rows = rows_of(name)
    if rows is None or "person_id" not in rows[1]:
        return None
    (key,) = TABLES[name].primary_key
    return f"SELECT {quoted(key)} FROM {rows[0]} WHERE person_id IN ({people})"


def _costs(people: str, rows_of: RowsOf) -> Iterator[str]:
    yield from _by_domain("cost_event_id", "cost_domain_id", 0, people, rows_of)
    if plans := _keys("payer_plan_period", people, rows_of):
        yield f"payer_plan_period_id IN ({plans})"


def _links(people: str, rows_of: RowsOf) -> Iterator[str]:
    for side in (1, 2):
        yield from _by_domain(f"fact_id_{side}", f"domain_concept_id_{side}", 1, people, rows_of)


def _by_domain(key: str, domain: str, written_as: int, people: str, rows_of: RowsOf) -> Iterator[str]:
    """Rows whose key is that of a row of the people in the table that the domain names.

    A domain that is not known here may mean any table. Then a key that any row of the people has is enough: better to lose a
    link of somebody else's than to keep one of somebody who has left.
    """
    known = {table: (name, str(concept))[written_as] for name, concept, table in _DOMAINS}
    names = ", ".join(f"'{name}'" for name in known.values())
    unknown = f"CAST({domain} AS VARCHAR) NOT IN ({names})"
    for table in TABLES.values():
        if "person_id" not in table.field_names or len(table.primary_key) != 1 or table.schema != "main":
            continue
        keys = _keys(table.name, people, rows_of)
        if keys is None:
            continue
        named = f"CAST({domain} AS VARCHAR) = '{known[table.name]}' OR " if table.name in known else ""
        yield f"({named}{unknown}) AND {key} IN ({keys})"


def _subjects(people: str, rows_of: RowsOf) -> Iterator[str]:
    """Rows of cohorts that came with the source: their subjects are people, unless the definition says visits or another domain."""
    definitions = rows_of("cohort_definition")
    others = ", ".join(str(concept) for _, concept, _ in _DOMAINS if concept != _PERSON_DOMAIN)
    of_others = f"SELECT cohort_definition_id FROM {definitions[0]} WHERE subject_concept_id" if definitions else None
    yield f"subject_id IN ({people})" + (
        f" AND cohort_definition_id NOT IN ({of_others} IN ({others}))" if of_others else ""
    )
    visits = _keys("visit_occurrence", people, rows_of)
    if of_others and visits:
        yield f"cohort_definition_id IN ({of_others} = 8) AND subject_id IN ({visits})"


def _addresses(people: str, rows_of: RowsOf) -> Iterator[str]:
    """Places where these people live and, as far as the site's data know, nobody else does and no institution is."""
    person, care_site = rows_of("person"), rows_of("care_site")
    if person is None or "location_id" not in person[1]:
        return
    home = f"SELECT location_id FROM {person[0]} WHERE location_id IS NOT NULL AND person_id"
    alone = f"location_id IN ({home} IN ({people})) AND location_id NOT IN ({home} NOT IN ({people}))"
    if care_site is not None and "location_id" in care_site[1]:
        alone += f" AND location_id NOT IN (SELECT location_id FROM {care_site[0]} WHERE location_id IS NOT NULL)"
    yield alone


_FOUND_OTHERWISE: dict[str, Callable[[str, RowsOf], Iterator[str]]] = {
    "cost": _costs,
    "fact_relationship": _links,
    "cohort": _subjects,
    "location": _addresses,
}

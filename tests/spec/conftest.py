"""Cohorts as tables: a few people and events in, who enters and what they are found to be out; on DuckDB and on plain Python."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from data_catalog.model import TABLES
from data_catalog.model.measures import measure_named
from workbench.cohorts.attrition import attrition_sql
from workbench.cohorts.compile import compile_cohort

sys.path.insert(0, str(Path(__file__).parent))
from reference_engine import Event, Person, members

SEX_CONCEPTS = {"male": 8507, "female": 8532, None: 0}
# Heart failure (316139) and what is one: chronic congestive heart failure (4229440).
DESCENDANTS = {316139: {316139, 4229440}, 4229440: {4229440}, 4329847: {4329847, 2140000001}, 313217: {313217}}
_EVENT_TABLES = {
    "condition": ("condition_occurrence", "condition_occurrence_id", "condition_concept_id", "condition_start_date"),
    "observation": ("observation", "observation_id", "observation_concept_id", "observation_date"),
    "visit": ("visit_occurrence", "visit_occurrence_id", "visit_concept_id", "visit_start_date"),
    "measurement": ("measurement", "measurement_id", "measurement_concept_id", "measurement_date"),
}
_USED = (*(names[0] for names in _EVENT_TABLES.values()), "person", "observation_period", "death", "concept_ancestor")


def rows(table: str) -> list[dict[str, str]]:
    """Read a table drawn with | between the cells."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def people_from(people: str, **tables: str) -> list[Person]:
    """People (id, born, sex, from, to) and their events (id, date, concept or measure and value)."""
    known: dict[int, Person] = {}
    for row in rows(people):
        born = [int(part) for part in row.get("born", "1950").split("-")]
        person = known.setdefault(int(row["id"]), Person(int(row["id"])))
        person.born = (born[0], *born[1:], *[None] * (3 - len(born)))[:3]
        person.sex = row.get("sex") or None
        start, end = row.get("from", "2000-01-01"), row.get("to", "2030-12-31")
        person.periods.append((date.fromisoformat(start), date.fromisoformat(end)))
    key = 0
    for kind, table in tables.items():
        for row in rows(table):
            key += 1
            person, day = known[int(row["id"])], date.fromisoformat(row["date"])
            if kind == "died":
                person.died = day
            elif kind == "measurement":
                concept = measure_named(row["measure"]).concept_ids[0]
                event = Event(key, day, concept, float(row["value"]), row.get("flag", "") == "")
                person.events.setdefault(kind, []).append(event)
            else:
                person.events.setdefault(kind, []).append(Event(key, day, int(row["concept"])))
    return list(known.values())


def load(people: list[Person]) -> duckdb.DuckDBPyConnection:
    """Make a database with these people in the tables of the model."""
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS lake")
    for name in _USED:
        columns = ", ".join(f'"{f.name}" {f.type}' for f in TABLES[name].fields)
        connection.execute(f"CREATE TABLE lake.main.{name} ({columns})")
    connection.execute("CREATE TEMP TABLE population (person_id BIGINT, site VARCHAR, bucket INTEGER)")
    for ancestor, descendants in DESCENDANTS.items():
        for descendant in descendants:
            values = {"ancestor_concept_id": ancestor, "descendant_concept_id": descendant}
            insert(connection, "lake.main.concept_ancestor", values)
    for person in people:
        insert_person(connection, person)
        for kind, events in person.events.items():
            insert_events(connection, person, kind, events)
    return connection


def insert(connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, object]) -> None:
    values = {"site": "a", **values}
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def insert_person(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    born = dict(zip(("year_of_birth", "month_of_birth", "day_of_birth"), person.born, strict=True))
    whose = {"person_id": person.id}
    insert(connection, "lake.main.person", whose | born | {"gender_concept_id": SEX_CONCEPTS[person.sex]})
    insert(connection, "population", whose | {"bucket": person.id % 4})
    for start, end in person.periods:
        period = {"observation_period_start_date": start, "observation_period_end_date": end}
        insert(connection, "lake.main.observation_period", whose | period)
    if person.died:
        insert(connection, "lake.main.death", whose | {"death_date": person.died})


def insert_events(connection: duckdb.DuckDBPyConnection, person: Person, kind: str, events: list[Event]) -> None:
    table, key, concept, when = _EVENT_TABLES[kind]
    for event in events:
        values: dict[str, object] = {"person_id": person.id, key: event.key, concept: event.concept, when: event.day}
        if kind == "measurement":
            values |= {
                "value_canonical": event.value,
                "quality_flags": [] if event.plausible else ["value_out_of_range"],
            }
        insert(connection, f"lake.main.{table}", values)


def run_on_duckdb(definition, people, variables=()):
    """Return, by person, what the compiled query says: start, end, passed steps, values."""
    compiled = compile_cohort(definition, variables)
    with load(people) as connection:
        connection.execute(f"CREATE TEMP TABLE found AS {compiled.sql}", dict(compiled.parameters))
        kept = connection.execute(attrition_sql(compiled, "found")).fetchall()[0]
        result = connection.execute("SELECT * FROM found")
        names = [column[0] for column in result.description]
        found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {row["person_id"]: row for row in found}, kept


@pytest.fixture
def both_engines():
    """Run a definition on DuckDB and on the reference engine, and check that they agree on everything."""

    def run(definition, people, variables=()):
        found, kept = run_on_duckdb(definition, people, variables)
        expected = members(definition, people, DESCENDANTS, tuple(variables))
        assert set(found) == set(expected)
        for person, entered in expected.items():
            row = found[person]
            assert (row["cohort_start_date"], row["cohort_end_date"]) == (entered.start, entered.end)
            passed = tuple(row[f"passed_{n}"] for n in range(1, len(entered.passed) + 1))
            assert passed == entered.passed
            for name, value in entered.values.items():
                assert row[name] == pytest.approx(value), name
        steps = range(len(definition.steps) + 1)
        left = [sum(all(entered.passed[:n]) for entered in expected.values()) for n in steps]
        assert list(kept) == left
        return {person: entered for person, entered in expected.items() if all(entered.passed)}

    return run


@pytest.fixture
def cohort_spec(both_engines):
    """State who is in a cohort, and what is found of them, for people and events drawn as tables."""

    def check(definition, *, expected_ids, people="id\n1", variables=(), expected=None, **tables):
        inside = both_engines(definition, people_from(people, **tables), variables)
        assert set(inside) == set(expected_ids)
        for person, values in (expected or {}).items():
            assert {name: inside[person].values[name] for name in values} == values

    return check


@pytest.fixture
def load_people():
    """Make a database of people drawn as tables; close it at the end of the test."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make(people: str, **tables: str) -> duckdb.DuckDBPyConnection:
        opened.append(load(people_from(people, **tables)))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()

"""Cohorts as tables: a few people and events in, who enters and what they are found to be out; on DuckDB and on plain Python."""

from __future__ import annotations

import random
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from data_catalog.model import TABLES, table_address
from data_catalog.model.measures import measure_named
from workbench.cohorts.attrition import attrition_sql, members_where
from workbench.cohorts.compile import COHORT_COLUMNS, compile_cohort, compile_variables

sys.path.insert(0, str(Path(__file__).parent))
from reference_engine import METHOD_CONCEPTS, Annotation, Event, Person, Variant, World, members

SEX_CONCEPTS = {"male": 8507, "female": 8532, None: 0}
# Heart failure (316139) and what is one: chronic congestive heart failure (4229440).
DESCENDANTS = {316139: {316139, 4229440}, 4229440: {4229440}, 4329847: {4329847, 2140000001}, 313217: {313217}}
_EVENT_TABLES = {
    "condition": ("condition_occurrence", "condition_occurrence_id", "condition_concept_id", "condition_start_date"),
    "drug": ("drug_exposure", "drug_exposure_id", "drug_concept_id", "drug_exposure_start_date"),
    "procedure": ("procedure_occurrence", "procedure_occurrence_id", "procedure_concept_id", "procedure_date"),
    "observation": ("observation", "observation_id", "observation_concept_id", "observation_date"),
    "visit": ("visit_occurrence", "visit_occurrence_id", "visit_concept_id", "visit_start_date"),
    "measurement": ("measurement", "measurement_id", "measurement_concept_id", "measurement_date"),
    "ecg": ("waveform_feature", "waveform_feature_id", "waveform_feature_concept_id", "waveform_feature_date"),
    "imaging": ("image_feature", "image_feature_id", "image_feature_concept_id", "image_feature_date"),
}
_READINGS = {"measurement": None, "ecg": "algorithm_concept_id", "imaging": "method_concept_id"}
_USED = (
    *(names[0] for names in _EVENT_TABLES.values()),
    *("person", "observation_period", "death", "concept_ancestor"),
    *("callset", "sample", "variant", "variant_annotation"),
)


def rows(table: str) -> list[dict[str, str]]:
    """Read a table drawn with | between the cells."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def people_from(people: str, *, variants: tuple[Variant, ...] = (), **tables: str) -> list[Person]:
    """People (id, born, sex, from, to, site) and their events (id, date, concept or measure, value and method) and genotypes."""
    known: dict[int, Person] = {}
    for row in rows(people):
        born = [int(part) for part in row.get("born", "1950").split("-")]
        person = known.setdefault(int(row["id"]), Person(int(row["id"])))
        person.born = (born[0], *born[1:], *[None] * (3 - len(born)))[:3]
        person.sex = row.get("sex") or None
        person.site = row.get("site") or "a"
        start, end = row.get("from", "2000-01-01"), row.get("to", "2030-12-31")
        person.periods.append((date.fromisoformat(start), date.fromisoformat(end)))
    key = 0
    for kind, table in tables.items():
        for row in rows(table):
            key += 1
            person = known[int(row["id"])]
            if kind == "genotype":
                add_genotype(person, row, variants)
                continue
            day = date.fromisoformat(row["date"])
            if kind == "died":
                person.died = day
            elif kind in _READINGS:
                concept = measure_named(row["measure"]).concept_ids[0]
                method = METHOD_CONCEPTS.get(row.get("method", ""), 0)
                event = Event(key, day, concept, float(row["value"]), row.get("flag", "") == "", method)
                person.events.setdefault(kind, []).append(event)
            else:
                person.events.setdefault(kind, []).append(Event(key, day, int(row["concept"])))
    return list(known.values())


def add_genotype(person: Person, row: dict[str, str], variants: tuple[Variant, ...]) -> None:
    """A row names a file that the person is in, or a variant and how many copies the person has; "." is no call."""
    if row.get("file"):
        person.files |= {row["file"]}
    for variant in variants:
        if variant.name == row.get("variant"):
            person.files |= {variant.file}
            person.copies[variant] = None if row["copies"] == "." else int(row["copies"])


def variants_from(table: str) -> tuple[Variant, ...]:
    """Variants: file, variant, gene, consequence, frequency, significance, layout; lines of one variant are its annotations."""
    found: dict[tuple[str, str], Variant] = {}
    for row in rows(table):
        frequency = float(row["frequency"]) if row.get("frequency") else None
        annotation = Annotation(row["gene"], row["consequence"], frequency, row.get("significance") or None)
        key = (row.get("file", "f"), row["variant"])
        known = found.get(key, Variant(*key, in_bits=row.get("layout") == "bits"))
        found[key] = Variant(*key, (*known.annotations, annotation), known.in_bits)
    return tuple(found.values())


def load(people: list[Person], variants: tuple[Variant, ...] = ()) -> duckdb.DuckDBPyConnection:
    """Make a database with these people in the tables of the model."""
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS lake")
    connection.execute("CREATE SCHEMA lake.genomics")
    for name in _USED:
        columns = ", ".join(f'"{f.name}" {f.type}' for f in TABLES[name].fields)
        connection.execute(f"CREATE TABLE {table_address(TABLES[name])} ({columns})")
    connection.execute("CREATE TEMP TABLE population (person_id BIGINT, site VARCHAR, bucket INTEGER)")
    sites = sorted({"a", *(person.site for person in people)})
    for site in sites:
        for ancestor, descendants in DESCENDANTS.items():
            for descendant in descendants:
                values = {"ancestor_concept_id": ancestor, "descendant_concept_id": descendant, "site": site}
                insert(connection, "lake.main.concept_ancestor", values)
    for person in people:
        insert_person(connection, person)
        for kind, events in person.events.items():
            insert_events(connection, person, kind, events)
    for site in sites:
        for file in sorted({variant.file for variant in variants} | {f for person in people for f in person.files}):
            insert_file(connection, site, file, [person for person in people if person.site == site], variants)
    return connection


def insert_file(connection, site: str, file: str, people: list[Person], variants: tuple[Variant, ...]) -> None:
    """One file of genotypes of one hospital: people in an order of their own, variants in the layout that each says."""
    inside = [person for person in people if file in person.files]
    if not inside:
        return
    random.Random(len(inside)).shuffle(inside)
    whose = {"site": site, "callset_id": file}
    for place, person in enumerate(inside):
        insert(connection, "lake.genomics.sample", whose | {"sample_index": place, "person_id": person.id})
    for number, variant in enumerate(v for v in variants if v.file == file):
        chrom, position, ref, alt = variant.name.split("-")
        values = {"variant_index": number, "chrom": chrom, "pos_1based": int(position), "ref": ref, "alt": alt}
        codes = [3 if person.copies_of(variant) is None else person.copies_of(variant) for person in inside]
        if variant.in_bits:
            packed = bytearray((len(codes) + 3) // 4)
            for place, code in enumerate(codes):
                packed[place // 4] |= code << 2 * (place % 4)
            values["gt2"] = bytes(packed)
        else:
            values |= {
                name: [n for n, code in enumerate(codes) if code == wanted]
                for name, wanted in {"het": 1, "hom": 2, "miss": 3}.items()
            }
        insert(connection, "lake.genomics.variant", whose | values)
        for said in variant.annotations:
            told = {"gene_symbol": said.gene, "consequence": said.consequence, "population_af": said.frequency}
            told |= {"clinical_significance": said.significance, "variant_index": number}
            insert(connection, "lake.genomics.variant_annotation", whose | told)


def insert(connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, object]) -> None:
    values = {"site": "a", **values}
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def insert_person(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    born = dict(zip(("year_of_birth", "month_of_birth", "day_of_birth"), person.born, strict=True))
    whose = {"person_id": person.id, "site": person.site}
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
        values: dict[str, object] = {"person_id": person.id, "site": person.site}
        values |= {key: event.key, concept: event.concept, when: event.day}
        if kind in _READINGS:
            flags = [] if event.plausible else ["value_out_of_range"]
            values |= {"value_canonical": event.value, "quality_flags": flags}
            values |= {} if _READINGS[kind] is None else {_READINGS[kind]: event.method}
        insert(connection, f"lake.main.{table}", values)


def run_on_duckdb(definition, people, variables=(), variants=()):
    """Return, by person, what the compiled query says: start, end, passed steps, values. Variables are found in two ways, which agree."""
    compiled = compile_cohort(definition, variables)
    with load(people, variants) as connection:
        connection.execute(f"CREATE TEMP TABLE found AS {compiled.sql}", dict(compiled.parameters))
        kept = connection.execute(attrition_sql(compiled, "found")).fetchall()[0]
        found = fetch(connection, "SELECT * FROM found")
        columns = [*COHORT_COLUMNS, *(name for variable in variables for name in variable.columns)]
        selected = ", ".join(f'"{column}"' for column in columns)
        connection.execute(
            f"CREATE TEMP TABLE kept AS SELECT {', '.join(COHORT_COLUMNS)} FROM found WHERE {members_where(compiled)}"
        )
        later = compile_variables(variables, members="kept")
        afterwards = fetch(connection, later.sql, dict(later.parameters))
        at_once = fetch(connection, f"SELECT {selected} FROM found WHERE {members_where(compiled)}")
    assert afterwards == at_once
    return found, kept


def fetch(connection, sql, parameters=None):
    result = connection.execute(sql, parameters)
    names = [column[0] for column in result.description]
    return {row[0]: dict(zip(names, row, strict=True)) for row in result.fetchall()}


@pytest.fixture
def both_engines():
    """Run a definition on DuckDB and on the reference engine, and check that they agree on everything."""

    def run(definition, people, variables=(), variants=()):
        found, kept = run_on_duckdb(definition, people, variables, variants)
        expected = members(definition, people, World(DESCENDANTS, tuple(variants)), tuple(variables))
        assert set(found) == set(expected)
        for person, entered in expected.items():
            row = found[person]
            assert (row["cohort_start_date"], row["cohort_end_date"]) == (entered.start, entered.end)
            passed = tuple(row[f"passed_{n}"] for n in range(1, len(entered.passed) + 1))
            assert passed == entered.passed
            for name, value in entered.values.items():
                assert row[name] == (value if value is None else pytest.approx(value)), name
        steps = range(len(definition.steps) + 1)
        left = [sum(all(entered.passed[:n]) for entered in expected.values()) for n in steps]
        assert list(kept) == left
        return {person: entered for person, entered in expected.items() if all(entered.passed)}

    return run


@pytest.fixture
def cohort_spec(both_engines):
    """State who is in a cohort, and what is found of them, for people, events and genotypes drawn as tables."""

    def check(definition, *, expected_ids, people="id\n1", variables=(), expected=None, variants="", **tables):
        known = variants_from(variants) if variants else ()
        inside = both_engines(definition, people_from(people, variants=known, **tables), variables, known)
        assert set(inside) == set(expected_ids)
        for person, values in (expected or {}).items():
            assert {name: inside[person].values[name] for name in values} == values

    return check


@pytest.fixture
def load_people():
    """Make a database of people drawn as tables; close it at the end of the test."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make(people: str, *, variants: str = "", **tables: str) -> duckdb.DuckDBPyConnection:
        known = variants_from(variants) if variants else ()
        opened.append(load(people_from(people, variants=known, **tables), known))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()

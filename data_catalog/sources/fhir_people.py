"""Patients of FHIR: pseudonyms, the link to the site's own numbers, ``person``, ``death``, and by which names others refer to them.

Concept ids of sex, race and ethnicity are those of HL7's FHIR-to-OMOP guide (https://hl7.org/fhir/uv/omop), maps RaceClass,
EthnicityClass and GenderClass; its ids for the other and the unknown sex are no standard concepts and are left at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.harmonise.identity import key_parameters, person_id_sql
from data_catalog.lake import literal
from data_catalog.sources.base import LeftOut, counted
from data_catalog.sources.fhir_kinds import EHR
from data_catalog.sources.fhir_read import table_of
from data_catalog.sources.fhir_sql import day_sql, moment_sql

if TYPE_CHECKING:
    import duckdb

    from data_catalog.sources.base import IngestContext

NAMES = "_fhir_name"

_PATIENTS = "_fhir_people"
_SEX = {"male": 8507, "female": 8532}
_RACES = {"2106-3": 8527, "2054-5": 8516, "2028-9": 8515, "1002-5": 8657, "2076-8": 8557}
_ETHNICITIES = {"2135-2": 38003563, "2186-5": 38003564}
_EXTENSION = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
NO_BIRTH_YEAR = "Patient without a year of birth"
HELD_ALREADY = "Patient whom the catalog holds already (their new events are taken)"


def stage_people(connection: duckdb.DuckDBPyConnection, context: IngestContext) -> tuple[list[LeftOut], list[str]]:
    """Stage ``person``, ``death`` and ``person_link``, and make the table ``NAMES``: by which names resources refer to whom.

    Returns
    -------
    list of LeftOut
        Patients who were not staged, by cause.
    list of str
        What a reader has to know.
    """
    site = literal(context.site)
    # The numbers that link a patient: the resource's id and the medical record number (identifier of type MR).
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _fhir_number AS WITH numbered AS (SELECT id, unnest(identifier) AS number FROM "
        f"{table_of('Patient')}) SELECT id, id AS number, true AS own FROM {table_of('Patient')} UNION "
        "SELECT id, trim(number.value), false FROM numbered WHERE trim(number.value) <> '' AND trim(number.value) <> id "
        "AND list_contains(list_transform(number.type.coding, lambda c: c.code), 'MR')"
    )
    (n_shared,) = connection.execute(
        "SELECT count(*) FROM (SELECT number FROM _fhir_number GROUP BY number HAVING count(DISTINCT id) > 1)"
    ).fetchall()[0]
    # A number that two patients share leads to neither, unless it is the id of one of them.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _fhir_number AS SELECT * FROM _fhir_number "
        "QUALIFY own OR (count(*) OVER (PARTITION BY number) = 1)"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_PATIENTS} AS WITH linked AS ("
        "SELECT n.id, arg_min(l.person_id, (NOT n.own, l.person_id)) AS person_id FROM _fhir_number AS n "
        "JOIN lake.governance.person_link AS l ON l.source_id = n.number WHERE l.site = $site GROUP BY n.id) "
        f"SELECT p.*, coalesce(l.person_id, {person_id_sql('p.id')}) AS person_id, TRY_CAST(left(p.birthDate, 4) AS INTEGER) AS year "
        f"FROM {table_of('Patient')} AS p LEFT JOIN linked AS l USING (id)",
        key_parameters(context.pseudonym_key, site=context.site),
    )
    n_without, n_held = connection.execute(
        f"SELECT count(*) FILTER (NOT {_IS_HELD} AND year IS NULL), count(*) FILTER ({_IS_HELD}) FROM {_PATIENTS}"
    ).fetchall()[0]
    connection.execute(f"DELETE FROM {_PATIENTS} WHERE year IS NULL AND NOT {_IS_HELD}")
    _stage_names(connection, site)
    _stage_person(connection)
    _stage_links(connection, site)
    notes = _stage_deaths(connection, site)
    if n_shared:
        notes.append(
            f"{counted(n_shared, 'medical record number is', 'medical record numbers are')} shared by several patients and leads to none of them."
        )
    left_out = [LeftOut(NO_BIRTH_YEAR, n_without, n_without), LeftOut(HELD_ALREADY, n_held, n_held)]
    return [part for part in left_out if part.n_rows], notes


_IS_HELD = "(person_id IN (SELECT person_id FROM lake.main.person))"


def _stage_names(connection: duckdb.DuckDBPyConnection, site: str) -> None:
    """Names of patients in references: their id, the uuid that a bundle calls them by, and system|value of each identifier."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {NAMES} AS WITH names AS ("
        f"SELECT id AS name, person_id, 1 AS rank FROM {_PATIENTS} UNION ALL "
        f"SELECT substr(_url, 10), person_id, 2 FROM {_PATIENTS} WHERE starts_with(_url, 'urn:uuid:') UNION ALL "
        f"SELECT i.system || '|' || i.value, person_id, 2 FROM (SELECT unnest(identifier) AS i, person_id FROM {_PATIENTS}) UNION ALL "
        f"SELECT source_id, person_id, 3 FROM lake.governance.person_link WHERE site = {site}) "
        "SELECT name, any_value(person_id) AS person_id FROM (SELECT * FROM names WHERE name IS NOT NULL "
        "QUALIFY rank = min(rank) OVER (PARTITION BY name)) GROUP BY name HAVING count(DISTINCT person_id) = 1"
    )


def _stage_person(connection: duckdb.DuckDBPyConnection) -> None:
    race, ethnicity = _category("race"), _category("ethnicity")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _staged_person AS SELECT person_id, "
        f"{_translated('gender', _SEX)} AS gender_concept_id, year AS year_of_birth, "
        "month(born) AS month_of_birth, day(exact) AS day_of_birth, CAST(exact AS TIMESTAMP) AS birth_datetime, "
        f"CASE WHEN len(race) = 1 THEN {_translated('race[1].code', _RACES)} ELSE 0 END AS race_concept_id, "
        f"CASE WHEN len(ethnicity) = 1 THEN {_translated('ethnicity[1].code', _ETHNICITIES)} ELSE 0 END AS ethnicity_concept_id, "
        f"gender AS gender_source_value, {_said('race')} AS race_source_value, {_said('ethnicity')} AS ethnicity_source_value, "
        f"_row, _file FROM (SELECT *, {race} AS race, {ethnicity} AS ethnicity, "
        f"CASE WHEN length(birthDate) >= 7 THEN {day_sql('birthDate')} END AS born, "
        f"CASE WHEN length(birthDate) >= 10 THEN {day_sql('birthDate')} END AS exact FROM {_PATIENTS}) WHERE NOT {_IS_HELD}"
    )


def _category(what: str) -> str:
    """SQL of the codings in the OMB categories of an extension of US Core."""
    extension = f"list_filter(extension, lambda e: e.url = '{_EXTENSION}{what}')[1].extension"
    return f"list_transform(list_filter({extension}, lambda e: e.url = 'ombCategory'), lambda e: e.valueCoding)"


def _translated(text: str, concepts: dict[str, int]) -> str:
    cases = " ".join(f"WHEN '{code}' THEN {concept}" for code, concept in concepts.items())
    return f"CASE {text} {cases} ELSE 0 END"


def _said(codings: str) -> str:
    return f"nullif(array_to_string(list_transform({codings}, lambda c: coalesce(c.display, c.code)), '; '), '')"


def _stage_links(connection: duckdb.DuckDBPyConnection, site: str) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _staged_person_link AS SELECT n.number AS source_id, p.person_id, p._row, p._file "
        f"FROM _fhir_number AS n JOIN {_PATIENTS} AS p USING (id) "
        f"WHERE n.number NOT IN (SELECT source_id FROM lake.governance.person_link WHERE site = {site})"
    )
    connection.execute("DROP TABLE _fhir_number")


def _stage_deaths(connection: duckdb.DuckDBPyConnection, site: str) -> list[str]:
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _staged_death AS SELECT person_id, {day_sql('deceasedDateTime')} AS death_date, "
        f"{moment_sql('deceasedDateTime')} AS death_datetime, {EHR} AS death_type_concept_id, 'exact' AS mapping_relation, _row, _file "
        f"FROM {_PATIENTS} WHERE {day_sql('deceasedDateTime')} IS NOT NULL "
        f"AND person_id NOT IN (SELECT person_id FROM lake.main.death WHERE site = {site})"
    )
    n_undated, n_partial = connection.execute(
        f"SELECT count(*) FILTER (deceasedBoolean OR deceasedDateTime IS NOT NULL AND {day_sql('deceasedDateTime')} IS NULL), "
        f"count(*) FILTER (length(deceasedDateTime) < 10 AND {day_sql('deceasedDateTime')} IS NOT NULL) FROM {_PATIENTS}"
    ).fetchall()[0]
    notes = []
    if n_undated:
        notes.append(
            f"{counted(n_undated, 'person is', 'people are')} said to have died, without a day: no death is recorded."
        )
    if n_partial:
        notes.append(
            f"{counted(n_partial, 'death is', 'deaths are')} known by month or year only: the first day of that month or year is recorded."
        )
    return notes

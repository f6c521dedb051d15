"""FHIR resources as rows about people, all in one shape: what, when, during which visit, with which result, or why it is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.harmonise.identity import key_parameters
from data_catalog.lake import literal
from data_catalog.sources.base import UNKNOWN, LeftOut
from data_catalog.sources.fhir_codes import CODES
from data_catalog.sources.fhir_kinds import DEVICE_USES, EHR, MEDICATIONS
from data_catalog.sources.fhir_people import NAMES
from data_catalog.sources.fhir_read import table_of
from data_catalog.sources.fhir_sql import day_sql, first_code_sql, is_about_sql, key_sql, moment_sql, name_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from data_catalog.sources.base import IngestContext
    from data_catalog.sources.fhir_kinds import Kind

EVENTS, VISITS = "_fhir_event", "_fhir_visit"
_VISIT_NAMES = "_fhir_visit_name"
COLUMNS = {
    "kind": "VARCHAR",
    "id": "VARCHAR",
    "part": "VARCHAR",
    "_file": "INTEGER",
    "_row": "BIGINT",
    "reason": "VARCHAR",
    "person_id": "BIGINT",
    "subject_name": "VARCHAR",
    "visit_occurrence_id": "BIGINT",
    "table_name": "VARCHAR",
    "concept_id": "BIGINT",
    "source_concept_id": "BIGINT",
    "source_code": "VARCHAR",
    "source_vocabulary": "VARCHAR",
    "source_value": "VARCHAR",
    "relation": "VARCHAR",
    "rule": "VARCHAR",
    "type_concept_id": "BIGINT",
    "is_partial": "BOOLEAN",
    "start_date": "DATE",
    "start_datetime": "TIMESTAMP",
    "end_date": "DATE",
    "end_datetime": "TIMESTAMP",
    "value_as_number": "DOUBLE",
    "operator_concept_id": "BIGINT",
    "value_as_concept_id": "BIGINT",
    "value_as_string": "VARCHAR",
    "value_source_value": "VARCHAR",
    "unit_code": "VARCHAR",
    "unit_source_value": "VARCHAR",
    "range_low": "DOUBLE",
    "range_high": "DOUBLE",
    "status_source_value": "VARCHAR",
    "stop_reason": "VARCHAR",
    "quantity": "DOUBLE",
    "refills": "INTEGER",
    "days_supply": "INTEGER",
    "sig": "VARCHAR",
    "route_source_value": "VARCHAR",
    "dose_unit_source_value": "VARCHAR",
    "lot_number": "VARCHAR",
    "unique_device_id": "VARCHAR",
}
_TABLE_OF_DOMAIN = {
    "Condition": "condition_occurrence",
    "Procedure": "procedure_occurrence",
    "Measurement": "measurement",
    "Observation": "observation",
    "Device": "device_exposure",
    "Drug": "drug_exposure",
}
# The guide's map EncounterClass, and two sorts of inpatients of v3-ActCode: concept, and how it stands to the class.
_VISITS = {
    "AMB": (9202, "exact"),
    "IMP": (9201, "exact"),
    "ACUTE": (9201, "broad"),
    "NONAC": (9201, "broad"),
    "EMER": (9203, "exact"),
    "OBSENC": (262, "narrow"),
    "VR": (722455, "exact"),
    "HH": (581476, "exact"),
}
# The guide's maps EncounterAdmitSource and EncounterDischargeDisposition.
_CAME_FROM = {
    "hosp-trans": 38004515,
    "emd": 8670,
    "outp": 8756,
    "born": 38004515,
    "gp": 8940,
    "mp": 8940,
    "nursing": 8676,
    "psych": 8971,
    "rehab": 38004254,
}
_WENT_TO = {
    "home": 8536,
    "alt-home": 8536,
    "other-hcf": 33007,
    "hosp": 8546,
    "long": 38004277,
    "aadvice": 32216,
    "exp": 32218,
    "psy": 8971,
    "rehab": 32266,
    "snf": 8863,
}
_NO_VISIT = {"entered-in-error": "entered in error", "cancelled": "cancelled", "planned": "planned, not begun"}


def stage_visits(connection: duckdb.DuckDBPyConnection, context: IngestContext) -> None:
    """Stage ``visit_occurrence`` and make the table ``VISITS``: by which names resources refer to which visit, or why to none."""
    concept = " ".join(f"WHEN {literal(code)} THEN {concept}" for code, (concept, _) in _VISITS.items())
    relation = " ".join(f"WHEN {literal(code)} THEN '{relation}'" for code, (_, relation) in _VISITS.items())
    start, end = 'r.period."start"', 'r.period."end"'
    key = key_sql("'Encounter/' || r.id")
    reason = _reason(
        "Encounter",
        "r.status",
        _NO_VISIT,
        "r.subject",
        [(f"{day_sql(start)} IS NULL", "without a day that can be read")],
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {VISITS} AS SELECT r.id, r._url, {reason} AS reason, {name_sql('r.subject')} AS subject_name, "
        f"p.person_id, CASE WHEN ({reason}) IS NULL THEN {key} END AS visit_occurrence_id, "
        f'CASE r."class".code {concept} ELSE 0 END AS visit_concept_id, '
        f"{day_sql(start)} AS visit_start_date, {moment_sql(start)} AS visit_start_datetime, length({start}) < 10 AS is_partial, "
        f"{day_sql(end)} AS visit_end_date, {moment_sql(end)} AS visit_end_datetime, "
        f'r."class".code AS class_code, CASE WHEN r."class".system LIKE \'%v3-ActCode\' THEN \'ActCode\' ELSE r."class".system END AS class_system, '
        f"{first_code_sql('r.hospitalization.admitSource')} AS admitted_from, "
        f"{first_code_sql('r.hospitalization.dischargeDisposition')} AS discharged_to, r._row, r._file "
        f"FROM {table_of('Encounter')} AS r {_join_person('r.subject')}",
        key_parameters(context.pseudonym_key, site=context.site),
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _staged_visit_occurrence AS SELECT visit_occurrence_id, person_id, visit_concept_id, "
        f"visit_start_date, visit_start_datetime, visit_end_date, visit_end_datetime, {EHR} AS visit_type_concept_id, "
        "class_code AS visit_source_value, 0 AS visit_source_concept_id, admitted_from AS admitted_from_source_value, "
        f"{_translated('admitted_from', _CAME_FROM)} AS admitted_from_concept_id, discharged_to AS discharged_to_source_value, "
        f"{_translated('discharged_to', _WENT_TO)} AS discharged_to_concept_id, class_code AS source_code, class_system AS source_vocabulary, "
        f"coalesce(CASE class_code {relation} END, 'unmapped') AS mapping_relation, 'Encounter: its class' AS mapping_rule, _row, _file FROM {VISITS} WHERE reason IS NULL"
    )


def stage_helpers(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables by which drugs find their medication and devices their time of use."""
    medication = table_of("Medication")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {MEDICATIONS} AS SELECT name, any_value(code) AS code FROM ("
        f"SELECT id AS name, code FROM {medication} UNION SELECT substr(_url, 10), code FROM {medication} WHERE starts_with(_url, 'urn:uuid:')) "
        "GROUP BY name"
    )
    period = 'coalesce(timingDateTime, timingPeriod."start") AS start_text, timingPeriod."end" AS end_text'
    performed = 'coalesce(performedDateTime, performedPeriod."start"), NULL'
    procedures = f"{table_of('Procedure')} WHERE status IS NOT DISTINCT FROM 'completed'"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {DEVICE_USES} AS SELECT name, arg_min(start_text, start_text) AS start_text, "
        "arg_min(end_text, start_text) AS end_text FROM ("
        f"SELECT {name_sql('device')} AS name, {period} FROM {table_of('DeviceUseStatement')} "
        "WHERE status IS DISTINCT FROM 'entered-in-error' UNION ALL "
        f"SELECT {name_sql('d.manipulated')}, {performed} FROM (SELECT *, unnest(focalDevice) AS d FROM {procedures}) UNION ALL "
        f"SELECT {name_sql('d')}, {performed} FROM (SELECT *, unnest(usedReference) AS d FROM {procedures})) "
        "WHERE name IS NOT NULL AND start_text IS NOT NULL GROUP BY name"
    )


def begin_events(connection: duckdb.DuckDBPyConnection, context: IngestContext, kinds: Iterable[Kind]) -> None:
    """Make the empty table ``EVENTS``, and the names of visits that events of *kinds* refer to: new ones, and the catalog's."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {EVENTS} ({columns})")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_VISIT_NAMES} AS SELECT name, any_value(visit_occurrence_id) AS visit_occurrence_id FROM ("
        f"SELECT id AS name, visit_occurrence_id FROM {VISITS} WHERE reason IS NULL UNION "
        f"SELECT substr(_url, 10), visit_occurrence_id FROM {VISITS} WHERE reason IS NULL AND starts_with(_url, 'urn:uuid:')) GROUP BY name"
    )
    held = f"(SELECT visit_occurrence_id FROM lake.main.visit_occurrence WHERE site = {literal(context.site)})"
    referred = [f"SELECT {name_sql(kind.encounter)} AS name FROM {kind.rows}" for kind in kinds]
    (has_visits,) = connection.execute(f"SELECT EXISTS {held}").fetchall()[0]
    if has_visits and referred:
        key = key_sql("'Encounter/' || name")
        connection.execute(
            f"INSERT INTO {_VISIT_NAMES} SELECT * FROM (SELECT name, {key} AS visit_occurrence_id FROM "
            f"(SELECT DISTINCT name FROM ({' UNION ALL '.join(referred)}) WHERE name NOT IN (SELECT name FROM {_VISIT_NAMES}))) "
            f"WHERE visit_occurrence_id IN {held}",
            key_parameters(context.pseudonym_key, site=context.site),
        )


def add_events(connection: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Add the rows of one kind to ``EVENTS``."""
    cases = " ".join(f"WHEN {literal(domain)} THEN '{_TABLE_OF_DOMAIN[domain]}'" for domain in kind.domains)
    table = f"CASE c.domain {cases} ELSE {kind.table} END" if cases else kind.table
    reason = _reason(
        kind.name,
        kind.status,
        kind.not_happened,
        kind.subject,
        [
            *((condition, why) for condition, why in kind.left_out),
            (f"{day_sql(kind.start)} IS NULL", "without a day that can be read"),
            (f"{kind.code} IS NULL OR c.source_value IS NULL", "without a code or words for what it is"),
        ],
    )
    columns = {
        "kind": literal(kind.name),
        "id": "r.id",
        "part": kind.part,
        "_file": "r._file",
        "_row": "r._row",
        "reason": reason,
        "person_id": "p.person_id",
        "subject_name": name_sql(kind.subject),
        "visit_occurrence_id": "e.visit_occurrence_id",
        "table_name": table,
        "concept_id": "c.concept_id",
        "source_concept_id": "c.source_concept_id",
        "source_code": "c.code",
        "source_vocabulary": "c.vocabulary",
        "source_value": "c.source_value",
        "relation": "c.relation",
        "rule": f"{literal(kind.name + ': ')} || c.rule",
        "type_concept_id": str(kind.type_concept_id),
        "is_partial": f"length({kind.start}) < 10",
        "start_date": day_sql(kind.start),
        "start_datetime": moment_sql(kind.start),
        "end_date": day_sql(kind.end),
        "end_datetime": moment_sql(kind.end),
    } | dict(kind.columns)
    value = f"LEFT JOIN {CODES} AS v ON v.said = {kind.value}" if not kind.value.startswith("NULL") else ""
    connection.execute(
        f"INSERT INTO {EVENTS} BY NAME SELECT {', '.join(f'{sql} AS {name}' for name, sql in columns.items())} "
        f"FROM {kind.rows} {_join_person(kind.subject)} "
        f"LEFT JOIN {_VISIT_NAMES} AS e ON e.name = {name_sql(kind.encounter)} "
        f"LEFT JOIN {CODES} AS c ON c.said = {kind.code} {value}"
    )


def said_sql(kind: Kind) -> list[str]:
    """Return the SELECTs of every codeable concept that rows of *kind* hold."""
    return [f"SELECT {said} FROM {kind.rows}" for said in (kind.code, kind.value) if not said.startswith("NULL")]


def left_out_events(connection: duckdb.DuckDBPyConnection) -> list[LeftOut]:
    """Count the visits and events that are left out, by cause: resources, and the people whom they are about."""
    rows = connection.execute(
        "SELECT reason, count(DISTINCT coalesce(CAST(person_id AS VARCHAR), subject_name)), count(DISTINCT id) FROM ("
        f"SELECT reason, person_id, subject_name, 'Encounter' AS kind, id FROM {VISITS} WHERE reason IS NOT NULL UNION ALL "
        f"SELECT reason, person_id, subject_name, kind, id FROM {EVENTS} WHERE reason IS NOT NULL) "
        "GROUP BY kind, reason ORDER BY kind, reason"
    ).fetchall()
    return [LeftOut(reason, n_people, n_rows) for reason, n_people, n_rows in rows]


def _translated(code: str, concepts: Mapping[str, int]) -> str:
    cases = " ".join(f"WHEN {literal(known)} THEN {concept}" for known, concept in concepts.items())
    return f"CASE WHEN {code} IS NOT NULL THEN CASE {code} {cases} ELSE 0 END END"


def _join_person(subject: str) -> str:
    # One comparison of names: with a second condition on the left side alone, DuckDB compares every row with every name.
    return (
        f"LEFT JOIN {NAMES} AS p ON p.name = CASE WHEN {is_about_sql(subject, 'Patient')} THEN {name_sql(subject)} END"
    )


def _reason(
    kind: str, status: str, not_happened: Mapping[str, str], subject: str, further: Iterable[tuple[str, str]]
) -> str:
    """SQL of why a row is left out, or null: the first reason that holds."""
    conditions = [
        *((f"{status} = {literal(word)}", why) for word, why in not_happened.items()),
        (f"NOT {is_about_sql(subject, 'Patient')}", "about something other than a patient"),
        ("p.person_id IS NULL", f"of {UNKNOWN}"),
        *further,
    ]
    cases = (f"WHEN {condition} THEN {literal(kind + ' ' + why)}" for condition, why in conditions)
    return f"CASE {' '.join(cases)} END"

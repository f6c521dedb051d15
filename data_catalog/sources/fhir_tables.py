"""Rows of FHIR resources in the tables of the model, and the stretch of time in which each person was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.harmonise.identity import key_parameters
from data_catalog.lake import literal
from data_catalog.model import TABLES
from data_catalog.sources.fhir_codes import UNITS
from data_catalog.sources.fhir_events import EVENTS
from data_catalog.sources.fhir_kinds import EHR
from data_catalog.sources.fhir_sql import key_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from data_catalog.sources.base import IngestContext

_PREFIX = {
    "condition_occurrence": "condition",
    "procedure_occurrence": "procedure",
    "drug_exposure": "drug",
    "device_exposure": "device",
    "measurement": "measurement",
    "observation": "observation",
}
_FOUND = {
    "value_as_number": "value_as_number",
    "value_as_concept_id": "value_as_concept_id",
    "value_source_value": "value_source_value",
    "unit_concept_id": "u.unit_concept_id",
    "unit_source_value": "unit_source_value",
}
# What a table has beside who, what and when: its column, and the SQL over an event.
_FURTHER: dict[str, dict[str, str]] = {
    "condition_occurrence": {"condition_status_source_value": "status_source_value", "stop_reason": "stop_reason"},
    "procedure_occurrence": {},
    "drug_exposure": {
        "drug_exposure_end_date": "coalesce(end_date, start_date + (days_supply - 1))",
        "verbatim_end_date": "end_date",
        "stop_reason": "stop_reason",
        "refills": "refills",
        "quantity": "quantity",
        "days_supply": "days_supply",
        "sig": "sig",
        "lot_number": "lot_number",
        "route_source_value": "route_source_value",
        "dose_unit_source_value": "dose_unit_source_value",
    },
    "device_exposure": {"unique_device_id": "unique_device_id"},
    "measurement": {
        **_FOUND,
        "operator_concept_id": "operator_concept_id",
        "range_low": "range_low",
        "range_high": "range_high",
    },
    "observation": {**_FOUND, "value_as_string": "value_as_string"},
}


def stage_tables(connection: duckdb.DuckDBPyConnection, context: IngestContext) -> dict[str, str]:
    """Stage every table that events go to; return the temporary relations."""
    found = connection.execute(f"SELECT DISTINCT table_name FROM {EVENTS} WHERE reason IS NULL").fetchall()
    staged = {}
    for (name,) in sorted(found):
        columns = ", ".join(f"{sql} AS {column}" for column, sql in _columns(name).items())
        # Units are asked for where they are said: a join of every row on an empty code would be slow.
        units = f"LEFT JOIN {UNITS} AS u ON u.code = unit_code" if "unit_concept_id" in _FURTHER[name] else ""
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _staged_{name} AS SELECT {columns}, _row, _file FROM {EVENTS} {units} "
            f"WHERE table_name = {literal(name)} AND reason IS NULL",
            key_parameters(context.pseudonym_key, site=context.site),
        )
        staged[name] = f"_staged_{name}"
    return staged


def _columns(name: str) -> Mapping[str, str]:
    table, prefix = TABLES[name], _PREFIX[name]
    start = str(table.start_date)
    columns = {
        table.primary_key[0]: key_sql("kind || '/' || id || part"),
        "person_id": "person_id",
        f"{prefix}_concept_id": "concept_id",
        start: "start_date",
        f"{start}time": "start_datetime",
        f"{prefix}_type_concept_id": "type_concept_id",
        "visit_occurrence_id": "visit_occurrence_id",
        f"{prefix}_source_value": "source_value",
        f"{prefix}_source_concept_id": "source_concept_id",
        "source_code": "source_code",
        "source_vocabulary": "source_vocabulary",
        "mapping_relation": "relation",
        "mapping_rule": "rule",
    }
    if table.end_date is not None:
        columns |= {table.end_date: "end_date", f"{table.end_date}time": "end_datetime"}
    return columns | _FURTHER[name]


def stage_periods(connection: duckdb.DuckDBPyConnection, context: IngestContext, staged: Mapping[str, str]) -> str:
    """Stage ``observation_period``: one for each person who has none, from the first to the last day with a record; return its relation.

    Days before birth, before 1900, after the day of the ingest or after the day of death do not count: they are slips, kept and
    flagged where they stand. What began before the first day with a record, or is recorded for the future, moves no end.
    """
    days = []
    for name, relation in staged.items():
        table = TABLES[name]
        if table.kind == "fact" and name != "death":
            days.append(f"SELECT person_id, {table.start_date} AS day FROM {relation}")
            if table.end_date is not None:
                days.append(f"SELECT person_id, {table.end_date} FROM {relation} WHERE {table.end_date} IS NOT NULL")
    if not days:
        days.append("SELECT NULL::BIGINT AS person_id, NULL::DATE AS day")
    site, key = literal(context.site), key_sql("'period/' || person_id")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _staged_observation_period AS "
        f"SELECT {key} AS observation_period_id, person_id, "
        f"min(day) AS observation_period_start_date, max(day) AS observation_period_end_date, {EHR} AS period_type_concept_id, "
        "any_value(p._row) AS _row, any_value(p._file) AS _file "
        f"FROM ({' UNION ALL '.join(days)}) JOIN _staged_person AS p USING (person_id) "
        "LEFT JOIN (SELECT person_id, min(death_date) AS death_date FROM _staged_death GROUP BY person_id) AS d USING (person_id) "
        "WHERE day >= make_date(greatest(p.year_of_birth, 1900), 1, 1) AND day <= least(current_date, d.death_date) "
        f"AND person_id NOT IN (SELECT person_id FROM lake.main.observation_period WHERE site = {site}) GROUP BY person_id",
        key_parameters(context.pseudonym_key, site=context.site),
    )
    return "_staged_observation_period"

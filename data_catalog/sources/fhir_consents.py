"""FHIR consents to research as statements of consent. A yes that the catalog could not keep to the letter is left out and counted.

A no is taken at its widest, a yes at its narrowest: a permission that is limited by recipient, by single data or by exceptions is
none here, while a refusal that is limited so is a refusal. Without a class of data, every sort of data is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.governance.consents import EVERY_PURPOSE, GIVEN, WITHDRAWN
from data_catalog.governance.modalities import CLINICAL, MODALITIES
from data_catalog.lake import literal
from data_catalog.sources.base import UNKNOWN, LeftOut
from data_catalog.sources.fhir_people import NAMES
from data_catalog.sources.fhir_read import table_of
from data_catalog.sources.fhir_sql import first_code_sql, is_about_sql, name_sql

if TYPE_CHECKING:
    import duckdb

    from data_catalog.sources.base import IngestContext

_SAYS = "person_id, modality, purpose, status, valid_from, recorded_at"
# Kinds of FHIR resource that are a sort of data of their own; every other kind is clinical.
_MODALITY_OF_KIND = {"ImagingStudy": "imaging", "Media": "imaging", "MolecularSequence": "genomic"}
# Codes of v3-ActReason by the purposes of the catalog.
_PURPOSES = {
    "HRESCH": "scientific_research",
    "CLINTRCH": "scientific_research",
    "BIORCH": "scientific_research",
    "DISRCH": "scientific_research",
    "PUBHLTH": "public_health",
    "TRAIN": "education",
    "HQUALIMP": "care_improvement",
}
_RESEARCH = "scientific_research"


def stage_consents(connection: duckdb.DuckDBPyConnection, context: IngestContext) -> list[LeftOut]:
    """Stage ``consent`` with the statements that are new; return what was left out, by cause."""
    site = literal(context.site)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _fhir_said AS {_judged()}")
    kinds = " ".join(f"WHEN {literal(kind)} THEN '{modality}'" for kind, modality in _MODALITY_OF_KIND.items())
    purposes = " ".join(f"WHEN {literal(code)} THEN '{purpose}'" for code, purpose in _PURPOSES.items())
    every = f"[{', '.join(literal(name) for name in MODALITIES)}]"
    # A refusal holds for every sort of data and purpose that it does not clearly spare.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _fhir_statement AS WITH wide AS (SELECT *, "
        f"unnest(CASE WHEN len(kinds) > 0 AND kinds_known THEN list_distinct(list_transform(kinds, lambda k: CASE k {kinds} ELSE '{CLINICAL}' END)) "
        f"ELSE {every} END) AS modality, "
        f"CASE WHEN len(purposes) > 0 AND purposes_known THEN list_distinct(list_transform(purposes, lambda p: CASE p {purposes} END)) "
        f"WHEN says_yes THEN ['{_RESEARCH}'] ELSE ['{EVERY_PURPOSE}'] END AS purposes_meant FROM _fhir_said WHERE reason IS NULL), "
        "one AS (SELECT *, unnest(purposes_meant) AS purpose FROM wide) "
        f"SELECT id, person_id, modality, purpose, CASE WHEN says_yes THEN '{GIVEN}' ELSE '{WITHDRAWN}' END AS status, "
        "valid_from, recorded_at, _row, _file FROM one "
        f"UNION ALL SELECT id, person_id, modality, purpose, '{WITHDRAWN}', valid_until, recorded_at, _row, _file FROM one "
        "WHERE says_yes AND valid_until IS NOT NULL"
    )
    new = f"({_SAYS}) NOT IN (SELECT ({_SAYS}) FROM lake.governance.consent WHERE site = {site})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _staged_consent AS SELECT {_SAYS}, min(_row) AS _row, min(_file) AS _file FROM _fhir_statement "
        f"WHERE {new} GROUP BY {_SAYS}"
    )
    rows = connection.execute(
        "SELECT reason, count(DISTINCT coalesce(CAST(person_id AS VARCHAR), subject_name)), count(*) FROM _fhir_said "
        "WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
    ).fetchall()
    n_people, n_again = connection.execute(
        "SELECT count(DISTINCT person_id), count(DISTINCT id) FROM _fhir_statement WHERE id NOT IN "
        f"(SELECT min(id) FROM _fhir_statement WHERE {new} GROUP BY {_SAYS})"
    ).fetchall()[0]
    left_out = [LeftOut(reason, people, n) for reason, people, n in rows]
    return (
        [*left_out, LeftOut("Consent that says what another or the catalog says already", n_people, n_again)]
        if n_again
        else left_out
    )


def _judged() -> str:
    """SELECT of each consent: whom it is of, whether it says yes, about what, since when; or why it is left out."""
    provision = "r.provision"
    codes = f"list_transform({provision}.purpose, lambda c: c.code)"
    known_purposes = ", ".join(literal(code) for code in _PURPOSES)
    actions = f'list_transform({provision}."action", lambda a: {first_code_sql("a")})'
    is_limited = (
        f'(len({provision}.actor) > 0 OR len({provision}."data") > 0 OR len({provision}.code) > 0 OR len({provision}.securityLabel) > 0 '
        f"OR len({provision}.provision) > 0 OR NOT kinds_known OR NOT purposes_known "
        f"OR len({actions}) > 0 AND NOT list_has_any({actions}, ['use', 'access']))"
    )
    reasons = (
        ("r.status = 'entered-in-error'", "entered in error"),
        ("coalesce(r.status, '') NOT IN ('active', 'inactive', 'rejected')", "not decided yet"),
        ("NOT is_of_research", "that is not about research"),
        (f"NOT {is_about_sql('r.patient', 'Patient')} OR p.person_id IS NULL", f"of {UNKNOWN}"),
        ("r.status = 'active' AND coalesce(says, '') NOT IN ('permit', 'deny')", "that says neither yes nor no"),
        ("valid_from IS NULL OR recorded_at IS NULL", "without a day that can be read"),
        ("recorded_at > now()", "recorded in the future"),
        (f"says_yes AND {is_limited}", "limited in a way that the catalog could not keep to"),
    )
    cases = " ".join(f"WHEN {condition} THEN {literal('Consent ' + why)}" for condition, why in reasons)
    research = "['research', 'RESEARCH']"
    categories = f"list_transform(r.category, lambda g: {first_code_sql('g')})"
    begins, ends = _instant(f'{provision}.period."start"'), _instant(f'{provision}.period."end"')
    changed = _instant("r.meta.lastUpdated")
    said = _instant("r.dateTime")
    return (
        f"SELECT r.*, p.person_id, CASE {cases} END AS reason FROM (SELECT r.*, "
        f'{name_sql("r.patient")} AS subject_name, {provision}."type" AS says, '
        f"coalesce(r.status = 'active' AND {provision}.\"type\" = 'permit', false) AS says_yes, "
        f"coalesce({first_code_sql('r.scope')} = 'research' OR list_has_any({categories}, {research}), false) AS is_of_research, "
        f'list_transform({provision}."class", lambda c: c.code) AS kinds, {codes} AS purposes, '
        f"coalesce(len(list_filter({provision}.\"class\", lambda c: c.system IS DISTINCT FROM 'http://hl7.org/fhir/resource-types' OR c.code IS NULL)), 0) = 0 "
        f"AS kinds_known, coalesce(len(list_filter({codes}, lambda c: coalesce(c, '') NOT IN ({known_purposes}))), 0) = 0 AS purposes_known, "
        # A consent that was given and is not active any more ended when that was written down.
        f"CASE WHEN r.status = 'inactive' THEN coalesce({changed}, {said}) ELSE coalesce({begins}, {said}) END "
        f"AS valid_from, {ends} AS valid_until, coalesce({changed}, {said}) AS recorded_at "
        f"FROM {table_of('Consent')} AS r) AS r LEFT JOIN {NAMES} AS p ON p.name = subject_name"
    )


def _instant(text: str) -> str:
    """SQL of a moment with its zone. A day without a time is taken from its beginning in UTC."""
    return (
        f"CASE WHEN regexp_matches({text}, '\\dT.*(Z|[+-]\\d\\d:\\d\\d)$') THEN TRY_CAST({text} AS TIMESTAMPTZ) "
        f"WHEN length({text}) = 10 THEN TRY_CAST({text} || ' 00:00:00+00' AS TIMESTAMPTZ) END"
    )

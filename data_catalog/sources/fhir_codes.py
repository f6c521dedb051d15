"""Codeable concepts of FHIR, each distinct one understood once with the site's vocabulary.

Of several codings the one counts that leads to a standard concept: one that fits exactly, a standard concept's own code rather than
another that maps to it, then the one that a user chose, then the one that comes first. A concept without any is kept with its first
code, unmapped.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from data_catalog.harmonise.codes import EXACT, UNMAPPED, map_codes
from data_catalog.lake import literal, quoted
from data_catalog.sources.fhir_shapes import CODEABLE_CONCEPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

# Code systems of FHIR (https://terminology.hl7.org and national guides) by the name that OMOP's vocabularies have for them.
VOCABULARIES = {
    "http://snomed.info/sct": "SNOMED",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED",
    "http://loinc.org": "LOINC",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "urn:oid:2.16.840.1.113883.6.88": "RxNorm",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "urn:oid:2.16.840.1.113883.12.292": "CVX",
    "http://hl7.org/fhir/sid/ndc": "NDC",
    "http://hl7.org/fhir/sid/icd-10": "ICD10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "urn:oid:2.16.840.1.113883.6.90": "ICD10CM",
    "http://www.cms.gov/Medicare/Coding/ICD10": "ICD10PCS",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm": "ICD10GM",
    "http://fhir.de/CodeSystem/dimdi/icd-10-gm": "ICD10GM",
    "http://fhir.de/CodeSystem/bfarm/ops": "OPS",
    "http://fhir.de/CodeSystem/dimdi/ops": "OPS",
    "http://fhir.de/CodeSystem/bfarm/atc": "ATC",
    "http://fhir.de/CodeSystem/dimdi/atc": "ATC",
    "http://www.whocc.no/atc": "ATC",
    "http://www.ama-assn.org/go/cpt": "CPT4",
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "HCPCS",
    "urn:oid:2.16.840.1.113883.6.285": "HCPCS",
    "http://unitsofmeasure.org": "UCUM",
}
CODES, UNITS = "_fhir_code", "_fhir_unit"
UCUM = "http://unitsofmeasure.org"


def stage_codes(
    connection: duckdb.DuckDBPyConnection, said: Iterable[str], staged: Mapping[str, str], *, site: str
) -> None:
    """Make the table ``CODES``: what each distinct codeable concept means.

    Columns: ``said`` (the JSON text), ``concept_id`` (0 if unmapped), ``domain``, ``source_concept_id``, ``code``, ``vocabulary``,
    ``source_value``, ``relation`` and ``rule``; see :func:`data_catalog.harmonise.codes.map_codes`. And the table ``UNITS``: ``code`` and
    ``unit_concept_id`` of UCUM's units.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Sees the catalog as ``lake``.
    said : iterable of str
        SELECTs of one column of JSON text.
    staged : mapping of str to str
        Staged relations; if ``concept`` is among them it is the vocabulary, else the one that the catalog holds for the site.
    site : str
        The hospital.
    """
    systems = ", ".join(f"({literal(system)}, {literal(name)})" for system, name in VOCABULARIES.items())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _fhir_coding AS "
        f"WITH texts AS (SELECT DISTINCT said FROM ({' UNION ALL '.join(said)}) AS s(said) WHERE said IS NOT NULL), "
        f"parsed AS (SELECT said, json_transform(said, {literal(json.dumps(CODEABLE_CONCEPT))}) AS c FROM texts), "
        "coded AS (SELECT said, c.text AS text, unnest(c.coding) AS coding, generate_subscripts(c.coding, 1) AS place FROM parsed "
        "WHERE len(c.coding) > 0 UNION ALL SELECT said, c.text, NULL, 1 FROM parsed WHERE coalesce(len(c.coding), 0) = 0) "
        "SELECT said, text, place, coalesce(coding.userSelected, false) AS chosen, nullif(trim(coding.code), '') AS code, "
        "coalesce(v.name, coding.system, '') AS vocabulary, coding.display AS display "
        f"FROM coded LEFT JOIN (VALUES {systems}) AS v(system, name) ON v.system = split_part(coding.system, '|', 1)"
    )
    meanings = map_codes(connection, "SELECT vocabulary, code FROM _fhir_coding", site=site, staged=staged)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {CODES} AS SELECT c.said, coalesce(m.concept_id, 0) AS concept_id, m.domain_id AS domain, "
        "coalesce(m.source_concept_id, 0) AS source_concept_id, c.code, CASE WHEN c.code IS NOT NULL THEN nullif(c.vocabulary, '') END "
        f"AS vocabulary, coalesce(c.code, c.text, c.display) AS source_value, coalesce(m.relation, '{UNMAPPED}') AS relation, "
        "coalesce(m.rule, 'no code') AS rule "
        f"FROM _fhir_coding AS c LEFT JOIN {quoted(meanings)} AS m ON m.vocabulary = c.vocabulary AND m.code = c.code "
        f"QUALIFY row_number() OVER (PARTITION BY c.said ORDER BY coalesce(m.concept_id, 0) <> 0 DESC, m.relation = '{EXACT}' DESC, "
        "m.concept_id = m.source_concept_id DESC, c.chosen DESC, c.code IS NOT NULL DESC, c.place) = 1"
    )
    concepts = quoted(staged["concept"]) if "concept" in staged else f"lake.main.concept WHERE site = {literal(site)}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {UNITS} AS SELECT concept_code AS code, min(concept_id) AS unit_concept_id "
        f"FROM (SELECT * FROM {concepts}) WHERE vocabulary_id = 'UCUM' GROUP BY concept_code"
    )

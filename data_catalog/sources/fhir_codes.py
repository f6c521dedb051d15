"""Codeable concepts of FHIR, each distinct one understood once with the site's vocabulary.

Of several codings the one counts that leads to a standard concept: directly rather than through "Maps to", then the one that a
user chose, then the one that comes first. A concept without any is kept with its first code, unmapped.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

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
    """Make the table ``CODES``: what each distinct codeable concept means, one row a standard concept that it maps to.

    Columns: ``said`` (the JSON text), ``part`` (from 1), ``concept_id`` (0 if unmapped), ``domain``, ``source_concept_id``, ``code``,
    ``vocabulary``, ``source_value`` and ``relation``. And the table ``UNITS``: ``code`` and ``unit_concept_id`` of UCUM's units.

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
    concepts = quoted(staged["concept"]) if "concept" in staged else f"lake.main.concept WHERE site = {literal(site)}"
    systems = ", ".join(f"({literal(system)}, {literal(name)})" for system, name in VOCABULARIES.items())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _fhir_coding AS "
        f"WITH texts AS (SELECT DISTINCT said FROM ({' UNION ALL '.join(said)}) AS s(said) WHERE said IS NOT NULL), "
        f"parsed AS (SELECT said, json_transform(said, {literal(json.dumps(CODEABLE_CONCEPT))}) AS c FROM texts), "
        "coded AS (SELECT said, c.text AS text, unnest(c.coding) AS coding, generate_subscripts(c.coding, 1) AS place FROM parsed "
        "WHERE len(c.coding) > 0 UNION ALL SELECT said, c.text, NULL, 1 FROM parsed WHERE coalesce(len(c.coding), 0) = 0) "
        "SELECT said, text, place, coalesce(coding.userSelected, false) AS chosen, trim(coding.code) AS code, "
        "coalesce(v.name, coding.system) AS vocabulary, coding.display AS display "
        f"FROM coded LEFT JOIN (VALUES {systems}) AS v(system, name) ON v.system = split_part(coding.system, '|', 1)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _fhir_meaning AS WITH known AS ("
        f"SELECT vocabulary_id, concept_code, min(concept_id) AS concept_id, arg_min(standard_concept, concept_id) AS standard, "
        f"arg_min(domain_id, concept_id) AS domain FROM (SELECT * FROM {concepts}) "
        "WHERE (vocabulary_id, concept_code) IN (SELECT (vocabulary, code) FROM _fhir_coding) GROUP BY ALL) "
        "SELECT vocabulary_id AS vocabulary, concept_code AS code, k.concept_id AS source_concept_id, k.concept_id, k.domain, true AS directly "
        "FROM known AS k WHERE standard = 'S' UNION ALL "
        "SELECT k.vocabulary_id, k.concept_code, k.concept_id, c.concept_id, c.domain_id, false FROM known AS k "
        f"JOIN (SELECT * FROM lake.main.concept_relationship WHERE site = {literal(site)}) AS r ON r.concept_id_1 = k.concept_id "
        "AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL "
        f"JOIN (SELECT * FROM {concepts}) AS c ON c.concept_id = r.concept_id_2 AND c.standard_concept = 'S' "
        "WHERE k.standard IS DISTINCT FROM 'S' UNION ALL "
        "SELECT vocabulary_id, concept_code, concept_id, NULL, NULL, false FROM known WHERE standard IS DISTINCT FROM 'S'"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {CODES} AS WITH best AS ("
        "SELECT *, EXISTS (FROM _fhir_meaning AS m WHERE m.vocabulary = c.vocabulary AND m.code = c.code AND m.concept_id IS NOT NULL) AS maps, "
        "EXISTS (FROM _fhir_meaning AS m WHERE m.vocabulary = c.vocabulary AND m.code = c.code AND m.directly) AS directly "
        "FROM _fhir_coding AS c QUALIFY row_number() OVER (PARTITION BY said ORDER BY maps DESC, directly DESC, chosen DESC, "
        "code IS NOT NULL DESC, place) = 1) "
        "SELECT b.said, row_number() OVER (PARTITION BY b.said ORDER BY m.concept_id) AS part, coalesce(m.concept_id, 0) AS concept_id, m.domain, "
        "coalesce(m.source_concept_id, 0) AS source_concept_id, b.code, b.vocabulary, coalesce(b.code, b.text, b.display) AS source_value, "
        "CASE WHEN m.concept_id IS NULL THEN 'unmapped' ELSE 'exact' END AS relation FROM best AS b "
        "LEFT JOIN _fhir_meaning AS m ON m.vocabulary = b.vocabulary AND m.code = b.code AND (m.concept_id IS NOT NULL OR NOT b.maps)"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {UNITS} AS SELECT concept_code AS code, min(concept_id) AS unit_concept_id "
        f"FROM (SELECT * FROM {concepts}) WHERE vocabulary_id = 'UCUM' GROUP BY concept_code"
    )

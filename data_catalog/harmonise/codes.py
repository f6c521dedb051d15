"""Codes of a source turned into standard concepts, each with how well the concept fits: exact, broad, narrow or unmapped.

A code is looked for, in this order: in the list that came with the source; in the site's ``source_to_concept_map``; as a standard
concept of the site's vocabulary; through that vocabulary's ``Maps to``; in the short list of cardiovascular codes that ships with the
workbench; and last, the same again for the broader codes that it is a child of (I50.14 → I50.1 → I50), the result then being
broader than what was said. What is not found has concept 0.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import polars as pl

from data_catalog.lake import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

CODE_MAP = "_code_map"
EXACT, BROAD, NARROW, UNMAPPED = "exact", "broad", "narrow", "unmapped"

# How files name coding systems → how OMOP does. FHIR's addresses among them.
_VOCABULARIES = {
    "icd10": "ICD10",
    "icd10who": "ICD10",
    "icd10gm": "ICD10GM",
    "icd10cm": "ICD10CM",
    "icd9cm": "ICD9CM",
    "snomed": "SNOMED",
    "snomedct": "SNOMED",
    "sct": "SNOMED",
    "loinc": "LOINC",
    "ln": "LOINC",
    "rxnorm": "RxNorm",
    "atc": "ATC",
    "ops": "OPS",
    "cvx": "CVX",
    "ndc": "NDC",
    "ucum": "UCUM",
    "http://snomed.info/sct": "SNOMED",
    "http://loinc.org": "LOINC",
    "http://hl7.org/fhir/sid/icd-10": "ICD10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "http://hl7.org/fhir/sid/icd-10-gm": "ICD10GM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
    "http://fhir.de/codesystem/bfarm/icd-10-gm": "ICD10GM",
    "http://fhir.de/codesystem/dimdi/icd-10-gm": "ICD10GM",
    "http://fhir.de/codesystem/bfarm/ops": "OPS",
    "http://fhir.de/codesystem/bfarm/atc": "ATC",
    "http://fhir.de/codesystem/dimdi/atc": "ATC",
    "http://www.whocc.no/atc": "ATC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://hl7.org/fhir/sid/ndc": "NDC",
    "http://unitsofmeasure.org": "UCUM",
}
# National variants share their first characters with the international classification, and a vocabulary may hold only one of them.
_RELATIVES = {
    "ICD10": ("ICD10",),
    "ICD10GM": ("ICD10GM", "ICD10"),
    "ICD10CM": ("ICD10CM", "ICD10"),
}
_ICD = re.compile(r"^([A-Z]\d[0-9A-Z])\.?([0-9A-Z]{0,4})[.\-]*\s*[†*+!#]?\s*(.*)$")
_CERTAINTY = re.compile(r"\b([GVAZ])\b")
# Said of a German diagnosis: suspected, excluded, a state after. None of these is the disease itself.
NOT_PRESENT = {"V": "suspected", "A": "excluded", "Z": "a state after"}


@dataclass(frozen=True)
class Code:
    """A code as vocabularies write it, and what the source adds to it.

    ``qualifier`` is "suspected", "excluded" or "a state after" where a German diagnosis says that the disease is not (or no longer)
    there, else empty.
    """

    vocabulary: str
    code: str
    qualifier: str = ""


@dataclass(frozen=True)
class LocalCode:
    """One line of a list that comes with a source: its code, and the concept that its authors chose."""

    vocabulary: str
    code: str
    concept_id: int
    relation: str = EXACT


def vocabulary_named(written: str) -> str:
    """Return OMOP's name of a coding system: ``ICD-10-GM`` and ``http://fhir.de/CodeSystem/bfarm/icd-10-gm`` → ``ICD10GM``.

    A name that is not known is returned as it is: it may be the site's own.
    """
    plain = written.strip()
    folded = plain.casefold().rstrip("/")
    return _VOCABULARIES.get(folded) or _VOCABULARIES.get(re.sub(r"[\s_-]+", "", folded), plain)


@cache
def as_vocabularies_write(vocabulary: str, written: str) -> Code:
    """Return a source's code in the form of its vocabulary: ``i5014`` of ICD-10-GM → ``I50.14``, ``I79.2*`` → ``I79.2``.

    ICD-10 gets its dot and loses the signs for aetiology, manifestation and side, and German letters of certainty become a qualifier.
    ATC and LOINC lose blanks. Other codes stay as they are.
    """
    name = vocabulary_named(vocabulary)
    plain = written.strip()
    if name in _RELATIVES:
        match = _ICD.match(plain.upper())
        if match is None:
            return Code(name, plain)
        category, rest, said = match.groups()
        certainty = _CERTAINTY.search(said) if name == "ICD10GM" else None
        qualifier = NOT_PRESENT.get(certainty[1], "") if certainty else ""
        return Code(name, f"{category}.{rest}" if rest else category, qualifier)
    if name == "ATC":
        return Code(name, re.sub(r"\s+", "", plain).upper())
    return Code(name, plain)


def broader_codes(code: Code) -> list[str]:
    """Return the codes that *code* is a child of by its very letters, the nearest first: ICD-10 and ATC only."""
    if code.vocabulary in _RELATIVES:
        category, _, rest = code.code.partition(".")
        return [
            *(f"{category}.{rest[:length]}" for length in range(len(rest) - 1, 0, -1)),
            *([category] if rest else []),
        ]
    if code.vocabulary == "ATC":
        return [code.code[:length] for length in (5, 4, 3, 1) if length < len(code.code)]
    return []


@cache
def shipped_codes() -> pl.DataFrame:
    """Return the short list that ships with the workbench: ``vocabulary_id``, ``concept_code``, ``concept_id``, ``relation``."""
    text = resources.files("data_catalog.harmonise").joinpath("codes.tsv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    return pl.DataFrame(rows).select(
        "vocabulary_id", "concept_code", pl.col("concept_id").cast(pl.Int64), "relation", "concept_name"
    )


def map_codes(
    connection: duckdb.DuckDBPyConnection,
    said: str,
    *,
    site: str,
    staged: Mapping[str, str] | None = None,
    local: Iterable[LocalCode] = (),
    into: str = CODE_MAP,
) -> str:
    """Map every code that a source says, and return the name of the temporary table with one row for each.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Sees the catalog as ``lake``.
    said : str
        SELECT of the codes as the source writes them: columns ``vocabulary`` and ``code`` (text). They need not be distinct.
    site : str
        The hospital, whose vocabulary is the one that counts.
    staged : mapping of str to str
        Relations of vocabulary tables (``concept``, ``concept_relationship``, ``source_to_concept_map``) that come in now.
    local : iterable of LocalCode
        The list that came with the source, which goes before everything else.
    into : str
        Name of the table.

    Returns
    -------
    str
        *into*, with the columns ``vocabulary`` and ``code`` (as said), ``concept_id`` (0 if there is none), ``source_concept_id`` (the
        concept of the code itself, 0 if the vocabulary does not have it), ``domain_id`` (of the concept), ``relation`` and ``rule``
        (in words, how the concept was found or why not).
    """
    staged = staged or {}
    pairs = connection.execute(f"SELECT DISTINCT vocabulary, code FROM ({said}) WHERE code IS NOT NULL").fetchall()
    connection.register("_candidates", _candidates(pairs))
    connection.register("_local_codes", _local(local))
    connection.register("_shipped_codes", shipped_codes())
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(into)} AS {_resolved_sql(staged, site)}")
    finally:
        for name in ("_candidates", "_local_codes", "_shipped_codes"):
            connection.unregister(name)
    return into


def _candidates(pairs: Iterable[tuple[str | None, str]]) -> pl.DataFrame:
    """Every code with the codes that may stand for it, in the order in which they are tried; ``nearness`` 0 is the code itself."""
    rows = []
    for vocabulary, written in pairs:
        code = as_vocabularies_write(vocabulary or "", written)
        for nearness, one in enumerate((code.code, *broader_codes(code))):
            for kin, relative in enumerate(_RELATIVES.get(code.vocabulary, (code.vocabulary,))):
                rows.append((vocabulary or "", written, code.qualifier, relative, one, nearness, kin))
    schema = {
        "vocabulary": pl.String,
        "code": pl.String,
        "qualifier": pl.String,
        "vocabulary_id": pl.String,
        "concept_code": pl.String,
        "nearness": pl.Int64,
        "kin": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _local(local: Iterable[LocalCode]) -> pl.DataFrame:
    rows = [(one.vocabulary, one.code, one.concept_id, one.relation) for one in local]
    schema = {"vocabulary": pl.String, "code": pl.String, "concept_id": pl.Int64, "relation": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _resolved_sql(staged: Mapping[str, str], site: str) -> str:
    """The SELECT that picks the best of the candidates for each code."""

    def rows_of(table: str) -> str:
        if table in staged:
            return f"(SELECT * FROM {quoted(staged[table])})"
        return f"(SELECT * FROM lake.main.{table} WHERE site = {literal(site)})"

    concepts, relations, own = (
        rows_of(table) for table in ("concept", "concept_relationship", "source_to_concept_map")
    )
    # Only what the candidates name is read of a vocabulary that may have millions of concepts.
    return f"""
    WITH named AS MATERIALIZED (
        SELECT c.concept_id, c.vocabulary_id, c.concept_code, c.standard_concept FROM {concepts} AS c
        WHERE (c.vocabulary_id, c.concept_code) IN (SELECT (vocabulary_id, concept_code) FROM _candidates)
    ), found AS (
        SELECT a.vocabulary, a.code, l.concept_id, l.relation, 0 AS step, 0 AS nearness, 0 AS kin, 'the list of the source' AS rule
        FROM _candidates AS a JOIN _local_codes AS l
        ON l.code = a.code AND (l.vocabulary = a.vocabulary OR l.vocabulary = '') WHERE a.nearness = 0
        UNION ALL BY NAME
        SELECT a.vocabulary, a.code, m.target_concept_id AS concept_id, '{EXACT}' AS relation, 1 AS step, a.nearness, a.kin,
               'source_to_concept_map ' || m.source_vocabulary_id || ' ' || m.source_code AS rule
        FROM _candidates AS a JOIN {own} AS m ON m.source_vocabulary_id IN (a.vocabulary, a.vocabulary_id)
        AND m.source_code IN (a.code, a.concept_code) WHERE m.target_concept_id <> 0 AND a.nearness = 0
        UNION ALL BY NAME
        SELECT a.vocabulary, a.code, n.concept_id, '{EXACT}' AS relation, 2 AS step, a.nearness, a.kin,
               n.vocabulary_id || ' ' || n.concept_code AS rule
        FROM _candidates AS a JOIN named AS n USING (vocabulary_id, concept_code) WHERE n.standard_concept = 'S'
        UNION ALL BY NAME
        SELECT a.vocabulary, a.code, r.concept_id_2 AS concept_id, '{EXACT}' AS relation, 3 AS step, a.nearness, a.kin,
               n.vocabulary_id || ' ' || n.concept_code || ' Maps to' AS rule
        FROM _candidates AS a JOIN named AS n USING (vocabulary_id, concept_code)
        JOIN {relations} AS r ON r.concept_id_1 = n.concept_id AND r.relationship_id = 'Maps to'
        WHERE coalesce(n.standard_concept, '') <> 'S' AND r.concept_id_2 <> n.concept_id
        UNION ALL BY NAME
        SELECT a.vocabulary, a.code, s.concept_id, s.relation, 4 AS step, a.nearness, a.kin,
               'shipped list ' || s.vocabulary_id || ' ' || s.concept_code AS rule
        FROM _candidates AS a JOIN _shipped_codes AS s USING (vocabulary_id, concept_code)
        WHERE s.concept_id = 0 OR s.concept_id IN (SELECT concept_id FROM {concepts})
    ), best AS (
        SELECT * FROM found
        QUALIFY row_number() OVER (PARTITION BY vocabulary, code ORDER BY nearness, kin, step, concept_id) = 1
    ), itself AS (
        SELECT a.vocabulary, a.code, min_by(n.concept_id, a.kin) AS source_concept_id
        FROM _candidates AS a JOIN named AS n USING (vocabulary_id, concept_code) WHERE a.nearness = 0 AND a.kin = 0 GROUP BY ALL
    ), chosen AS (
        SELECT o.vocabulary, o.code, coalesce(i.source_concept_id, 0) AS source_concept_id,
               CASE WHEN o.qualifier = '' THEN coalesce(b.concept_id, 0) ELSE 0 END AS concept_id,
               CASE WHEN o.qualifier <> '' OR coalesce(b.concept_id, 0) = 0 THEN '{UNMAPPED}'
                    WHEN b.nearness > 0 AND b.relation = '{EXACT}' THEN '{BROAD}' ELSE b.relation END AS relation,
               CASE WHEN o.qualifier <> '' THEN 'said to be ' || o.qualifier ELSE coalesce(b.rule, 'not found') END AS rule
        FROM (SELECT DISTINCT vocabulary, code, qualifier FROM _candidates) AS o
        LEFT JOIN best AS b USING (vocabulary, code) LEFT JOIN itself AS i USING (vocabulary, code)
    )
    SELECT h.vocabulary, h.code, h.concept_id, h.source_concept_id, coalesce(d.domain_id, '') AS domain_id, h.relation, h.rule
    FROM chosen AS h LEFT JOIN (SELECT concept_id, min(domain_id) AS domain_id FROM {concepts}
    WHERE concept_id IN (SELECT concept_id FROM chosen) GROUP BY concept_id) AS d USING (concept_id)
    """

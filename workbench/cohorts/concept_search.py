"""Find concepts in the vocabularies of a catalog's sites, as somebody types who builds a cohort."""

from __future__ import annotations

from data_catalog.errors import UnknownNameError, did_you_mean
from workbench.cohorts.sql import EVENT_TABLES

# Kind of event -> OMOP domain of its concepts, and the table whose rows have them.
KINDS = {
    "diagnosis": ("Condition", "condition_occurrence"),
    "drug": ("Drug", "drug_exposure"),
    "procedure": ("Procedure", "procedure_occurrence"),
    "observation": ("Observation", "observation"),
    "visit": ("Visit", "visit_occurrence"),
}
N_SHOWN = 20


def search_sql(kind: str, *, database: str, population: str) -> str:
    """Return a query for concepts of one kind whose name holds every word asked for, or whose code is the text.

    It takes the parameters ``$words`` (list of VARCHAR, lower case) and ``$text`` (VARCHAR, lower case), and gives up to
    20 rows, best first: ``concept_id``, ``concept_name``, ``vocabulary_id``, ``concept_code``, ``n_people`` (distinct people of
    the population who have the concept or one below it, by the vocabulary of their site), ``n_matches`` (in all).

    Raises
    ------
    UnknownNameError
        If there is no such kind of event.
    """
    if kind not in KINDS:
        raise UnknownNameError(
            f"{kind!r} is no kind of event that concepts are searched for. {did_you_mean(kind, KINDS)}"
        )
    domain, name = KINDS[kind]
    table = EVENT_TABLES[name]
    return f"""
WITH matching AS (
    SELECT DISTINCT concept_id, concept_name, vocabulary_id, concept_code, lower(concept_name) AS name
    FROM {database}.main.concept
    WHERE domain_id = '{domain}' AND standard_concept = 'S'
      AND (lower(concept_code) = $text
           OR len(list_filter($words, lambda word: NOT contains(lower(concept_name), word))) = 0)
), best AS (
    SELECT *, count(*) OVER () AS n_matches FROM matching
    -- the code itself, then names that begin with the text, then short names: they are the general ones
    ORDER BY lower(concept_code) = $text DESC, starts_with(name, $text) DESC, length(name), name, concept_id
    LIMIT {N_SHOWN}
), holders AS (
    SELECT a.ancestor_concept_id AS concept_id, count(DISTINCT e.person_id) AS n_people
    FROM best b
    JOIN {database}.main.concept_ancestor a ON a.ancestor_concept_id = b.concept_id
    JOIN {database}.main.{name} e ON e.{table.concept_id} = a.descendant_concept_id AND e.site = a.site
    SEMI JOIN {population} p ON p.person_id = e.person_id AND p.site = e.site
    GROUP BY a.ancestor_concept_id
)
SELECT concept_id, concept_name, vocabulary_id, concept_code, coalesce(n_people, 0), n_matches
FROM best LEFT JOIN holders USING (concept_id)
ORDER BY lower(concept_code) = $text DESC, starts_with(name, $text) DESC, length(name), name, concept_id
"""

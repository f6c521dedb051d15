"""How FHIR writes dates, references and ids, as SQL: what every kind of resource has in common."""

from __future__ import annotations

from data_catalog.harmonise.identity import keyed_digest_sql


def day_sql(text: str) -> str:
    """SQL of the day that a FHIR date or moment says, in the clock of the place; the first day where only month or year is known."""
    return f"TRY_CAST(CASE length({text}) WHEN 4 THEN {text} || '-01-01' WHEN 7 THEN {text} || '-01' ELSE left({text}, 10) END AS DATE)"


def moment_sql(text: str) -> str:
    """SQL of the moment, in the clock of the place and without its zone; null where no time of day is said."""
    return f"CASE WHEN length({text}) >= 16 THEN TRY_CAST(left({text}, 19) AS TIMESTAMP) END"


def name_sql(reference: str) -> str:
    """SQL of the name by which a reference (a struct) calls its target: the last part of an address, a uuid, or system|value."""
    said = f"({reference}).reference"
    return (
        f"CASE WHEN starts_with({said}, 'urn:uuid:') THEN substr({said}, 10) "
        f"WHEN contains({said}, '?') THEN split_part({said}, 'identifier=', 2) "
        f"WHEN {said} IS NOT NULL THEN split_part(split_part({said}, '/_history/', 1), '/', -1) "
        f"ELSE ({reference}).identifier.system || '|' || ({reference}).identifier.value END"
    )


def is_about_sql(reference: str, kind: str) -> str:
    """SQL of whether a reference can be to a resource of *kind*: where it names a kind, it is that one."""
    said = f"({reference}).reference"
    return (
        f"({said} IS NULL OR NOT contains({said}, '/') AND NOT contains({said}, '?') OR starts_with({said}, '{kind}/') "
        f"OR starts_with({said}, '{kind}?') OR contains({said}, '/{kind}/') OR starts_with({said}, 'urn:'))"
    )


def first_code_sql(concept: str) -> str:
    """SQL of the first code of a concept that is a struct with codings."""
    return f"{concept}.coding[1].code"


def key_sql(name: str) -> str:
    """SQL of the key of a row in the catalog, from what it is made of: 63 bits of a hash with the catalog's key.

    The same resource gets the same key whenever it comes, and nobody without the key gets from one to the other. Its parameters
    are those of :func:`data_catalog.harmonise.identity.key_parameters`. Two of a hundred million rows share a key with a chance of
    about 1 in 2,000; the check of keys at ingest would refuse them.
    """
    digest = keyed_digest_sql(f"$site || '|FHIR|' || {name}")
    return f"CAST(CAST('0x' || left({digest}, 16) AS UBIGINT) >> 1 AS BIGINT)"

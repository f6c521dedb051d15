"""Tombstones: how a catalog knows again somebody who has left it, without holding their number.

A tombstone is a keyed hash, with the key of the catalog's pseudonyms. Whoever brings a file of the hospital in again has the
numbers and the catalog the key, so together they recognise the person; the table alone names nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.harmonise.identity import keyed_digest_sql

if TYPE_CHECKING:
    from data_catalog.reader import Queries

RECORD_NUMBER = "record_number"
PERSON = "person_id"


def digest_sql(identifier: str, value: str, site: str = "site") -> str:
    """Return the SQL of the tombstone of an identifier (``RECORD_NUMBER`` or ``PERSON``), from the SQL of its value and its site.

    It takes the parameters of :func:`data_catalog.harmonise.identity.digest_parameters`.
    """
    # Capitals cannot begin the name of a site, so no tombstone is the digest behind anybody's person id.
    return keyed_digest_sql(f"'TOMBSTONE|{identifier}|' || {site} || '|' || CAST({value} AS VARCHAR)")


def is_withdrawn_sql(identifier: str, value: str) -> str:
    """Return the SQL condition that an identifier is that of somebody who has left the site ``$of_site``.

    For connections that see the catalog as ``lake``. It takes ``$of_site`` and the parameters of
    :func:`data_catalog.harmonise.identity.digest_parameters`.
    """
    return (
        f"{digest_sql(identifier, value, '$of_site')} IN "
        f"(SELECT digest FROM lake.governance.tombstone WHERE site = $of_site AND identifier = '{identifier}')"
    )


def recorded_digests(connection: Queries, identifier: str) -> tuple[str, ...]:
    """Return the tombstones of one sort of identifier."""
    rows = connection.execute(
        "SELECT DISTINCT digest FROM lake.governance.tombstone WHERE identifier = ? ORDER BY digest", [identifier]
    ).fetchall()
    return tuple(row[0] for row in rows)

"""Finding one person of a site by the number that a steward has at hand. No message repeats the number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data_catalog.errors import GovernanceError, did_you_mean
from data_catalog.governance.tombstones import PERSON, RECORD_NUMBER, digest_sql
from data_catalog.harmonise.identity import digest_parameters

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb


@dataclass(frozen=True)
class PersonAtSite:
    """One person: their number in the catalog and the numbers that the site's sources give them.

    ``withdrawn_at`` is when they left the catalog, if they did; nothing else is known of them then.
    """

    site: str
    person_id: int = field(default=0, repr=False)
    record_numbers: tuple[str, ...] = field(default=(), repr=False)
    withdrawn_at: datetime | None = None


def find_person(
    connection: duckdb.DuckDBPyConnection,
    key: bytes,
    *,
    site: str,
    record_number: str | None = None,
    person_id: int | None = None,
) -> PersonAtSite:
    """Return the person of *site* with that record number of the hospital, or that person id of the catalog.

    Raises
    ------
    GovernanceError
        If neither or both are given, or the site or the person is unknown.
    """
    if (record_number is None) == (person_id is None):
        raise GovernanceError("Name one person: either by record_number or by person_id.")
    _require_site(connection, site)
    identifier, value = (RECORD_NUMBER, record_number) if record_number is not None else (PERSON, person_id)
    found = _held(connection, site, identifier, value)
    if found is not None:
        return found
    buried = connection.execute(
        "SELECT min(withdrawn_at) FROM lake.governance.tombstone "
        f"WHERE site = $of_site AND identifier = $identifier AND digest = {digest_sql(identifier, '$value', '$of_site')}",
        {"of_site": site, "identifier": identifier, "value": value, **digest_parameters(key)},
    ).fetchall()[0][0]
    if buried is not None:
        return PersonAtSite(site, withdrawn_at=buried)
    what = "record number" if record_number is not None else "person id"
    raise GovernanceError(
        f"Nobody at {site!r} has this {what} (it is not repeated here). Check the number, with its prefix and leading zeros as the "
        "hospital's files write it, and the site. A person whose data have not arrived yet cannot be found."
    )


def _require_site(connection: duckdb.DuckDBPyConnection, site: str) -> None:
    sites = [row[0] for row in connection.execute("SELECT DISTINCT site FROM lake.provenance.ingest").fetchall()]
    if site not in sites:
        raise GovernanceError(f"{site!r} is not a site of this catalog. {did_you_mean(site, sites)}")


def _held(
    connection: duckdb.DuckDBPyConnection, site: str, identifier: str, value: str | int | None
) -> PersonAtSite | None:
    """The person as the catalog holds them now, or None."""
    if identifier == RECORD_NUMBER:
        found = connection.execute(
            "SELECT DISTINCT person_id FROM lake.governance.person_link WHERE site = ? AND source_id = ?", [site, value]
        ).fetchall()
    else:
        found = connection.execute(
            "SELECT person_id FROM lake.main.person WHERE site = ? AND person_id = ?", [site, value]
        ).fetchall()
    if not found:
        return None
    (person_id,) = found[0]
    numbers = connection.execute(
        "SELECT source_id FROM lake.governance.person_link WHERE site = ? AND person_id = ?", [site, person_id]
    ).fetchall()
    return PersonAtSite(site, int(person_id), tuple(row[0] for row in numbers))

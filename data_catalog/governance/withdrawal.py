"""Withdrawal: a person leaves a catalog, and is not brought in again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from data_catalog import lake
from data_catalog.genotypes import forget_samples
from data_catalog.governance.epochs import begin_epoch, current_epoch
from data_catalog.governance.people import PersonAtSite, find_person
from data_catalog.governance.permits import current_user
from data_catalog.governance.tombstones import PERSON, RECORD_NUMBER, digest_sql
from data_catalog.harmonise.identity import digest_parameters, read_key
from data_catalog.model import TABLES, belongs_to_sql, table_address, tables_of_people

if TYPE_CHECKING:
    import duckdb

    from data_catalog.address import CatalogAddress
    from data_catalog.model import Table

_FROM_NOW_ON = (
    "From now on every question leaves the person out, also one of a study that is open or works on an older snapshot; "
    "files of the site that hold the person are brought in without them."
)
_WHAT_REMAINS = (
    "What remains: reports and results that were published or exported before; the hospital's own files; and, until older "
    "snapshots are expired, the person's rows in data files that no study reads them from any more."
)
_DIFFERENCE = (
    "Do not publish a figure from before beside the same figure from after: what lies between them is one person."
)


@dataclass(frozen=True)
class WithdrawalReport:
    """What a withdrawal did: counts, no identifiers.

    ``n_rows`` counts the rows taken out, by table. If the person had left before, ``already_withdrawn`` is true, nothing was done
    now, and ``withdrawn_at`` is the moment of then.
    """

    site: str
    already_withdrawn: bool
    withdrawn_at: datetime
    consent_epoch: int
    snapshot_id: int
    n_rows: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the report for ``--json``."""
        return asdict(self)

    def __str__(self) -> str:
        if self.already_withdrawn:
            return (
                f"This person left the catalog on {self.withdrawn_at:%Y-%m-%d}: nothing was left to do. "
                f"Consent epoch {self.consent_epoch}."
            )
        rows = ", ".join(f"{n:,} of {table}" for table, n in self.n_rows.items())
        return (
            f"One person left the catalog: snapshot {self.snapshot_id}, consent epoch {self.consent_epoch}.\n"
            f"Rows taken out: {rows}.\n"
            f"{_FROM_NOW_ON}\n{_WHAT_REMAINS}\n{_DIFFERENCE}"
        )


def withdraw(
    address: CatalogAddress, *, site: str, record_number: str | None = None, person_id: int | None = None
) -> WithdrawalReport:
    """Take a person out of the catalog at *address*; see :meth:`data_catalog.catalog.Catalog.withdraw`."""
    with lake.writer(address) as connection:
        key = read_key(lake.folder_of(connection, address))
        person = find_person(connection, key, site=site, record_number=record_number, person_id=person_id)
        if person.withdrawn_at is not None:
            return WithdrawalReport(
                site=site,
                already_withdrawn=True,
                withdrawn_at=person.withdrawn_at,
                consent_epoch=current_epoch(connection),
                snapshot_id=_newest(connection),
                n_rows={},
            )
        withdrawn_at = datetime.now(UTC)
        with lake.transaction(connection, author=current_user(), message="withdraw one person"):
            _bury(connection, key, person, withdrawn_at)
            n_rows = _delete_rows(connection, person)
            epoch = begin_epoch(connection, "a person withdrew")
        return WithdrawalReport(
            site=site,
            already_withdrawn=False,
            withdrawn_at=withdrawn_at,
            consent_epoch=epoch,
            snapshot_id=_newest(connection),
            n_rows=n_rows,
        )


def _bury(connection: duckdb.DuckDBPyConnection, key: bytes, person: PersonAtSite, at: datetime) -> None:
    """Write the tombstones of the person's number here and of every number that the site's sources give them."""
    for identifier, values in ((PERSON, [person.person_id]), (RECORD_NUMBER, list(person.record_numbers))):
        connection.execute(
            "INSERT INTO lake.governance.tombstone (site, identifier, digest, withdrawn_at) "
            f"SELECT $of_site, $identifier, {digest_sql(identifier, 'value', '$of_site')}, $at FROM (SELECT unnest($values) AS value)",
            {
                "of_site": person.site,
                "identifier": identifier,
                "at": at,
                "values": values,
                **digest_parameters(key),
            },
        )


def _delete_rows(connection: duckdb.DuckDBPyConnection, person: PersonAtSite) -> dict[str, int]:
    """Delete every row of the person, in every table; return how many, by table."""
    at_site = f"site = {lake.literal(person.site)}"
    filled = {table.name for table in TABLES.values() if _has_rows(connection, table, at_site)}

    def rows_of(name: str) -> tuple[str, frozenset[str]] | None:
        table = TABLES[name]
        relation = f"(SELECT * FROM {table_address(table)} WHERE {at_site})"
        return (relation, frozenset(table.field_names)) if name in filled else None

    # Genotypes are held by position, a row for everybody, and are taken out one by one together with the row of `sample`.
    n_samples = forget_samples(connection, site=person.site, person_ids=[person.person_id])
    n_rows = {"sample": n_samples} if n_samples else {}
    for table in tables_of_people():
        condition = belongs_to_sql(table, str(int(person.person_id)), rows_of)
        if condition is None:
            continue
        deleted = connection.execute(f"DELETE FROM {table_address(table)} WHERE {at_site} AND ({condition})")
        if n := int(deleted.fetchall()[0][0]):
            n_rows[table.name] = n
    return n_rows


def _has_rows(connection: duckdb.DuckDBPyConnection, table: Table, where: str) -> bool:
    return bool(connection.execute(f"SELECT 1 FROM {table_address(table)} WHERE {where} LIMIT 1").fetchall())


def _newest(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()[0][0])

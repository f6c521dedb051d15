"""Statements of consent: which are possible, and how a single one is recorded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from data_catalog import lake
from data_catalog.errors import GovernanceError, did_you_mean
from data_catalog.governance.epochs import begin_epoch
from data_catalog.governance.modalities import MODALITIES
from data_catalog.governance.people import find_person
from data_catalog.governance.permits import PURPOSES, current_user
from data_catalog.harmonise.identity import read_key

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from data_catalog.address import CatalogAddress

EVERY_PURPOSE = "*"
GIVEN, WITHDRAWN = "given", "withdrawn"
STATUSES = (GIVEN, WITHDRAWN)
# What a statement may say, by field.
ALLOWED: dict[str, tuple[str, ...]] = {
    "modality": tuple(MODALITIES),
    "purpose": (EVERY_PURPOSE, *PURPOSES),
    "status": STATUSES,
}


@dataclass(frozen=True)
class ConsentReport:
    """What was recorded of one person's consent; it does not say whose."""

    site: str
    modalities: tuple[str, ...]
    purpose: str
    status: str
    valid_from: datetime
    consent_epoch: int
    snapshot_id: int

    def to_dict(self) -> dict[str, Any]:
        """Return the report for ``--json``."""
        return asdict(self)

    def __str__(self) -> str:
        purpose = "every purpose" if self.purpose == EVERY_PURPOSE else self.purpose.replace("_", " ")
        is_later = self.valid_from > datetime.now(UTC)
        since = f"{self.valid_from:%Y-%m-%d %H:%M %Z}" if is_later else "now"
        what_happens = (
            "studies that need these data and have this purpose leave the person out, also those that are open or work on an "
            "older snapshot"
            if self.status == WITHDRAWN
            else "studies with this purpose may use the person, once every sort of data that they need is allowed"
        )
        return (
            f"Recorded for one person of {self.site}: {', '.join(self.modalities)} data, {purpose}: {self.status} "
            f"(snapshot {self.snapshot_id}, consent epoch {self.consent_epoch}).\n"
            f"From {since} on, {what_happens}.\n"
            "What remains: earlier statements, which are never overwritten; the data themselves (to delete them: workbench "
            "catalog withdraw); and reports that were published before."
        )


def known_value(field: str, value: str, allowed: Collection[str]) -> str:
    """Return *value* if a statement may say it, else raise GovernanceError with the nearest that it may."""
    if value not in allowed:
        raise GovernanceError(f"{value!r} is not a {field} of a consent. {did_you_mean(value, allowed)}")
    return value


def record_consent(
    address: CatalogAddress,
    *,
    site: str,
    modality: str | Sequence[str],
    status: str,
    purpose: str = EVERY_PURPOSE,
    record_number: str | None = None,
    person_id: int | None = None,
    valid_from: datetime | None = None,
) -> ConsentReport:
    """Record what one person said; see :meth:`data_catalog.catalog.Catalog.record_consent`."""
    modalities = (modality,) if isinstance(modality, str) else tuple(dict.fromkeys(modality))
    for one in modalities:
        known_value("modality", one, ALLOWED["modality"])
    known_value("purpose", purpose, ALLOWED["purpose"])
    known_value("status", status, STATUSES)
    if not modalities:
        raise GovernanceError(f"Say which sort of data it is about. Allowed: {', '.join(MODALITIES)}.")
    if valid_from is not None and valid_from.tzinfo is None:
        raise GovernanceError("valid_from says no time zone. Give it one, such as datetime(2026, 3, 1, tzinfo=UTC).")
    recorded_at = datetime.now(UTC)
    begins = valid_from or recorded_at
    with lake.writer(address) as connection:
        key = read_key(lake.folder_of(connection, address))
        person = find_person(connection, key, site=site, record_number=record_number, person_id=person_id)
        if person.withdrawn_at is not None:
            raise GovernanceError(
                f"This person left the catalog on {person.withdrawn_at:%Y-%m-%d}; nothing can be recorded of them any more."
            )
        with lake.transaction(connection, author=current_user(), message="record a consent"):
            for one in modalities:
                connection.execute(
                    "INSERT INTO lake.governance.consent (site, person_id, modality, purpose, status, valid_from, recorded_at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [site, person.person_id, one, purpose, status, begins, recorded_at],
                )
            epoch = begin_epoch(connection, f"a consent was {'recorded' if status == GIVEN else 'withdrawn'}")
        (snapshot_id,) = connection.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()[0]
    return ConsentReport(site, modalities, purpose, status, begins, epoch, int(snapshot_id))

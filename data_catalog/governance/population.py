"""Whom a study may use: the people whom consent, or another legal basis, allows for its purpose and its sorts of data.

What people have said is read from the newest snapshot, also for a study of an older one: somebody who has changed their mind is
left out of every question asked from then on, whatever snapshot the data come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from data_catalog import lake
from data_catalog.governance.basis import CONSENT
from data_catalog.governance.consents import EVERY_PURPOSE, GIVEN, WITHDRAWN
from data_catalog.governance.epochs import current_epoch
from data_catalog.governance.permits import recorded_permits
from data_catalog.governance.tombstones import PERSON, digest_sql, recorded_digests
from data_catalog.harmonise.identity import digest_parameters, read_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from data_catalog.address import CatalogAddress
    from data_catalog.governance.permits import Permit
    from data_catalog.reader import Queries, Reader

POPULATION = "population"
EVERYBODY = "everybody"


@dataclass(frozen=True)
class Standing:
    """What the newest snapshot says of permits, consents and withdrawals.

    ``statements`` has a row a person who has said anything: ``person_id``, ``site``, ``n_given`` and ``n_withdrawn``, of how many
    of the study's sorts of data the last word is yes or no. ``tombstones`` are digests of people who have left the catalog.
    ``lasts_until`` is the next moment at which a recorded statement begins to hold.
    """

    snapshot_id: int
    epoch: int
    permits: tuple[Permit, ...]
    statements: pa.Table
    tombstones: tuple[str, ...]
    lasts_until: datetime | None

    @classmethod
    def read(cls, place: CatalogAddress | Path, *, purpose: str, modalities: Sequence[str]) -> Standing:
        """Read it from the catalog at *place*, for one purpose and some sorts of data."""
        with lake.open_reader(place) as connection:
            # Read first: what is committed meanwhile makes the next question read again.
            snapshot_id = newest_snapshot(connection)
            asked = {"purpose": purpose, "every": EVERY_PURPOSE, "modalities": list(modalities)}
            return cls(
                snapshot_id=snapshot_id,
                epoch=current_epoch(connection),
                permits=recorded_permits(connection),
                statements=connection.execute(_STATEMENTS, asked).to_arrow_table(),
                tombstones=recorded_digests(connection, PERSON),
                lasts_until=connection.execute(_NEXT_CHANGE, asked).fetchall()[0][0],
            )

    def still_holds(self, newest_snapshot_id: int) -> bool:
        """Say whether nothing can have changed since it was read."""
        lapsed = self.lasts_until is not None and self.lasts_until <= datetime.now(UTC)
        return newest_snapshot_id == self.snapshot_id and not lapsed

    def says_otherwise(self, other: Standing) -> bool:
        """Say whether it may allow other people than *other* does."""
        return self.epoch != other.epoch or self.lasts_until != other.lasts_until


# The last word of each person on each sort of data: what was recorded last counts, and of several recorded at once what holds
# from the latest moment. If all that is equal, a word on this purpose goes before one on every purpose, and no before yes.
_APPLIES = "modality IN (SELECT unnest($modalities)) AND purpose IN ($every, $purpose)"
_STATEMENTS = f"""
WITH last_word AS (
  SELECT person_id, site, modality, arg_max(status, row(recorded_at, valid_from, purpose <> $every, status = '{WITHDRAWN}')) AS status
  FROM lake.governance.consent WHERE {_APPLIES} AND valid_from <= now() GROUP BY person_id, site, modality)
SELECT person_id, site, count(*) FILTER (status = '{GIVEN}') AS n_given, count(*) FILTER (status = '{WITHDRAWN}') AS n_withdrawn
FROM last_word GROUP BY person_id, site
"""
_NEXT_CHANGE = f"SELECT min(valid_from) FROM lake.governance.consent WHERE {_APPLIES} AND valid_from > now()"


def allowed_in_words(purpose: str, modalities: Sequence[str]) -> str:
    """Say what the first step of an attrition asks of people."""
    *others, last = modalities
    data = f"{', '.join(others)} and {last}" if others else last
    return f"Allowed for {purpose.replace('_', ' ')} with {data} data by consent or another legal basis"


def newest_snapshot(connection: Queries) -> int:
    """Return the number of the newest snapshot, also on a connection that sees an older one."""
    return int(connection.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()[0][0])


def choose_population(
    connection: Reader, standing: Standing, folder: Path, *, modalities: Sequence[str], buckets: int
) -> None:
    """Make the temporary tables ``everybody`` and ``population`` on a study's connection.

    ``everybody`` (``person_id``, ``site``, ``legal_basis``) are the people of the snapshot but for those who have since left the
    catalog; ``population`` (``person_id``, ``site``, ``bucket``) those of them whom the study may use. Where the legal basis is
    consent, that takes a yes to each of its sorts of data; with another basis, only a no leaves a person out.
    """
    _choose_everybody(connection, standing, folder)
    choose_allowed(connection, standing, into=POPULATION, modalities=modalities, buckets=buckets)


def choose_allowed(
    connection: Reader, standing: Standing, *, into: str, modalities: Sequence[str], buckets: int
) -> None:
    """Make the temporary table *into* (``person_id``, ``site``, ``bucket``) of those of everybody who allow some sorts of data.

    *standing* was read for these sorts of data.
    """
    connection.register("_statements", standing.statements)
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {into} AS "
            "SELECT p.person_id, p.site, CAST(p.person_id % $buckets AS INTEGER) AS bucket "
            f"FROM {EVERYBODY} AS p LEFT JOIN _statements AS s ON s.person_id = p.person_id AND s.site = p.site "
            "WHERE coalesce(s.n_withdrawn, 0) = 0 AND (p.legal_basis <> $consent OR coalesce(s.n_given, 0) = $wanted)",
            {"buckets": buckets, "consent": CONSENT, "wanted": len(modalities)},
        )
    finally:
        connection.unregister("_statements")


def _choose_everybody(connection: Queries, standing: Standing, folder: Path) -> None:
    people = (
        f"CREATE OR REPLACE TEMP TABLE {EVERYBODY} AS "
        f"SELECT person_id, site, coalesce(legal_basis, {lake.literal(CONSENT)}) AS legal_basis FROM lake.main.person"
    )
    if not standing.tombstones:
        connection.execute(people)
        return
    connection.execute(
        f"{people} WHERE {digest_sql(PERSON, 'person_id')} NOT IN (SELECT unnest($tombstones))",
        {"tombstones": list(standing.tombstones), **digest_parameters(read_key(folder))},
    )

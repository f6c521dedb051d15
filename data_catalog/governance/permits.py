"""Permits: who may ask what, for which purpose, until when."""

from __future__ import annotations

import getpass
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from data_catalog.errors import PermitError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

# The purposes of Regulation (EU) 2025/327, Article 53 (1) a–f.
PURPOSES = {
    "public_health": "public interest in public and occupational health",
    "policy_making": "policy making and regulation",
    "statistics": "official statistics",
    "education": "teaching in health and care",
    "scientific_research": "scientific research in health and care",
    "care_improvement": "better care for those it is given to",
}
OWNER_PERMIT_DAYS = 90
EVERYONE = "*"


class Level(IntEnum):
    """What a permit allows; each level includes the ones before it."""

    DISCOVER = 1
    AGGREGATE = 2
    ROWS = 3
    EXPORT = 4

    @classmethod
    def named(cls, name: str) -> Level:
        """Return the level called *name* ("discover", "aggregate", "rows", "export")."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise PermitError(f"{name!r} is not a level. {did_you_mean(name, [level.word for level in cls])}") from None

    @property
    def word(self) -> str:
        """The level as users write it."""
        return self.name.lower()


@dataclass(frozen=True)
class Permit:
    """The right of one holder to ask questions of one catalog.

    ``holder`` is an operating-system user, or ``*`` for everyone; an empty ``purposes`` allows every purpose.
    """

    permit_id: str
    holder: str
    level: Level
    purposes: tuple[str, ...]
    not_before: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    note: str = ""

    def objection(self, *, user: str, purpose: str, level: Level, at: datetime) -> str | None:
        """Say in words why this permit does not allow *level* for *purpose* to *user* at that moment, or return None."""
        if self.holder not in (EVERYONE, user):
            return f"it is held by another user than {user!r}"
        if self.revoked_at is not None and self.revoked_at <= at:
            return f"it was revoked on {self.revoked_at:%Y-%m-%d}"
        if at < self.not_before:
            return f"it begins on {self.not_before:%Y-%m-%d}"
        if at >= self.expires_at:
            return f"it expired on {self.expires_at:%Y-%m-%d}"
        if self.purposes and purpose not in self.purposes:
            return f"it is for {', '.join(self.purposes)}, not for {purpose}"
        if level > self.level:
            return f"it allows {self.level.word!r} at most, not {level.word!r}"
        return None


def current_user() -> str:
    """Return the operating-system user, who is the user of a study unless a deployment says otherwise."""
    return getpass.getuser()


def known_purpose(purpose: str) -> str:
    """Return *purpose* if there is such a purpose, else raise PermitError with the nearest one."""
    if purpose not in PURPOSES:
        raise PermitError(f"{purpose!r} is not a purpose. {did_you_mean(purpose, PURPOSES)}")
    return purpose


def new_permit(
    holder: str, level: Level, *, purposes: Iterable[str] = (), days: int = OWNER_PERMIT_DAYS, note: str = ""
) -> Permit:
    """Make a permit that begins now and lasts *days* days."""
    now = datetime.now(UTC)
    return Permit(
        permit_id=f"permit-{uuid.uuid4().hex[:12]}",
        holder=holder,
        level=level,
        purposes=tuple(known_purpose(purpose) for purpose in purposes),
        not_before=now,
        expires_at=now + timedelta(days=days),
        note=note,
    )


def record_permit(connection: duckdb.DuckDBPyConnection, permit: Permit) -> None:
    """Write *permit* into the catalog that *connection* may write to."""
    connection.execute(
        "INSERT INTO lake.governance.permit (permit_id, holder, level, purpose, issued_at, not_before, expires_at, note) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            permit.permit_id,
            permit.holder,
            permit.level.word,
            list(permit.purposes),
            permit.not_before,
            permit.not_before,
            permit.expires_at,
            permit.note,
        ],
    )


def recorded_permits(connection: duckdb.DuckDBPyConnection) -> tuple[Permit, ...]:
    """Return every permit of the catalog, the newest first."""
    rows = connection.execute(
        "SELECT permit_id, holder, level, purpose, not_before, expires_at, revoked_at, coalesce(note, '') "
        "FROM lake.governance.permit ORDER BY issued_at DESC, permit_id"
    ).fetchall()
    return tuple(
        Permit(permit_id, holder, Level.named(level), tuple(purposes or ()), start, end, revoked, note)
        for permit_id, holder, level, purposes, start, end, revoked, note in rows
    )


def choose_permit(
    permits: Iterable[Permit], *, user: str, purpose: str, level: Level, permit_id: str | None = None
) -> Permit:
    """Return the permit under which *user* may do this now: the named one, or the one that allows most.

    Raises
    ------
    PermitError
        If no permit allows it; the message says of each permit why not.
    """
    known_purpose(purpose)
    at = datetime.now(UTC)
    candidates = [permit for permit in permits if permit_id in (None, permit.permit_id)]
    if permit_id is not None and not candidates:
        raise PermitError(f"This catalog has no permit {permit_id!r}. See: workbench permit list.")
    allowed, objections = [], []
    for permit in candidates:
        objection = permit.objection(user=user, purpose=purpose, level=level, at=at)
        if objection is None:
            allowed.append(permit)
        else:
            objections.append(f"  {permit.permit_id}: {objection}")
    if not allowed:
        raise PermitError(
            f"No permit lets {user!r} work at level {level.word!r} for {purpose!r}.\n"
            + ("\n".join(objections) or "  This catalog has no permit at all.")
            + "\nAsk the catalog's owner for one."
        )
    return max(allowed, key=lambda permit: permit.level)

"""Permits: who may ask what, for which purpose, until when."""

from __future__ import annotations

import math
import os
import pwd
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from data_catalog.errors import PermitError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

    from data_catalog.reader import Queries

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
_LONGEST_DAYS = 3653  # ten years: what is needed for longer should be asked for again
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

    def state(self, at: datetime) -> str:
        """Say how the permit stands at that moment: "valid", "not yet valid", "expired" or "revoked"."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return "revoked"
        if at >= self.expires_at:
            return "expired"
        return "valid" if at >= self.not_before else "not yet valid"

    def days_left(self, at: datetime) -> int:
        """Days until it expires, a begun one counted as whole; 0 if it allows nothing any more."""
        return 0 if self.state(at) in ("revoked", "expired") else math.ceil((self.expires_at - at) / timedelta(days=1))

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
    """Return the operating-system user whom this process runs as. Environment variables such as LOGNAME can say anything, so none is asked."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # as in a container that was given a number and no name
        return f"uid-{number}"


def known_purpose(purpose: str) -> str:
    """Return *purpose* if there is such a purpose, else raise PermitError with the nearest one."""
    if purpose not in PURPOSES:
        raise PermitError(f"{purpose!r} is not a purpose. {did_you_mean(purpose, PURPOSES)}")
    return purpose


def new_permit(
    holder: str,
    level: Level | str,
    *,
    purposes: Iterable[str] = (),
    days: int = OWNER_PERMIT_DAYS,
    note: str = "",
    not_before: datetime | None = None,
) -> Permit:
    """Make a permit that lasts *days* days from now, or from *not_before*.

    Raises
    ------
    PermitError
        If a level or purpose is none, or the permit would last no day or more than ten years.
    """
    if not 1 <= days <= _LONGEST_DAYS:
        raise PermitError(f"A permit lasts 1 to {_LONGEST_DAYS:,} days, not {days:,}. Issue a new one when it ends.")
    if not holder.strip():
        raise PermitError(f"Say who holds the permit: a user of the operating system, or {EVERYONE!r} for everyone.")
    if not_before is not None and not_before.tzinfo is None:
        raise PermitError("not_before says no time zone. Give it one, such as datetime(2026, 3, 1, tzinfo=UTC).")
    begins = not_before or datetime.now(UTC)
    return Permit(
        permit_id=f"permit-{uuid.uuid4().hex[:12]}",
        holder=holder,
        level=level if isinstance(level, Level) else Level.named(level),
        purposes=tuple(dict.fromkeys(known_purpose(purpose) for purpose in purposes)),
        not_before=begins,
        expires_at=begins + timedelta(days=days),
        note=note,
    )


def require_owner(folder: Path) -> None:
    """Refuse whoever does not own the catalog's folder: permits are the owner's to give and to take.

    Raises
    ------
    PermitError
        If the current user of the operating system is another.
    """
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise PermitError(
            f"Only the owner of the catalog at {folder} issues and revokes permits, and that is {_user_name(owner)!r}, "
            f"not {current_user()!r}. Ask them."
        )


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


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
            datetime.now(UTC),
            permit.not_before,
            permit.expires_at,
            permit.note,
        ],
    )


def revoke_permit(connection: duckdb.DuckDBPyConnection, permit_id: str) -> Permit:
    """Revoke a permit from now on, and return it as it stands then. One that was revoked before stays as it is.

    Raises
    ------
    PermitError
        If there is no such permit; the message names the nearest.
    """
    permits = {permit.permit_id: permit for permit in recorded_permits(connection)}
    permit = permits.get(permit_id)
    if permit is None:
        raise PermitError(f"This catalog has no permit {permit_id!r}. {did_you_mean(permit_id, permits)}")
    if permit.revoked_at is not None:
        return permit
    now = datetime.now(UTC)
    connection.execute(
        "UPDATE lake.governance.permit SET revoked_at = ? WHERE permit_id = ?",
        [now, permit_id],
    )
    return replace(permit, revoked_at=now)


def recorded_permits(connection: Queries) -> tuple[Permit, ...]:
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
    permits = tuple(permits)
    at = datetime.now(UTC)
    candidates = [permit for permit in permits if permit_id in (None, permit.permit_id)]
    if permit_id is not None and not candidates:
        known = [permit.permit_id for permit in permits]
        raise PermitError(
            f"This catalog has no permit {permit_id!r}. {did_you_mean(permit_id, known)}\nSee: workbench permit list."
        )
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
            + "\nAsk the catalog's owner for one; they issue it with: workbench permit issue."
        )
    return max(allowed, key=lambda permit: permit.level)

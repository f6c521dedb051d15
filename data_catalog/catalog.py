"""A catalog: a hospital's harmonised data with snapshots, provenance, consent and permits, in a folder or a database and a folder."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog import lake
from data_catalog.address import DATA_FOLDER, METADATA_FILE, FolderAddress, catalog_address
from data_catalog.backup import BackupReport, back_up
from data_catalog.errors import CatalogError
from data_catalog.governance.consents import EVERY_PURPOSE, record_consent
from data_catalog.governance.permits import (
    EVERYONE,
    OWNER_PERMIT_DAYS,
    Level,
    Permit,
    current_user,
    new_permit,
    record_permit,
    recorded_permits,
    require_owner,
    revoke_permit,
)
from data_catalog.governance.withdrawal import withdraw
from data_catalog.harmonise.identity import KEY_BYTES, key_check, write_key
from data_catalog.ingest import ingest
from data_catalog.model import create_all_sql
from data_catalog.upgrade import UpgradeReport, upgrade
from data_catalog.versions import MODEL_VERSION, SETTING, check_version, recorded_version
from data_catalog.write_lock import LOCK_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from data_catalog.address import CatalogAddress
    from data_catalog.governance.consents import ConsentReport
    from data_catalog.governance.withdrawal import WithdrawalReport
    from data_catalog.quality.ingest_report import IngestReport
    from data_catalog.sources.base import Source

# People are split into this many buckets a site. Every engine computes a bucket by itself and merges in one order, so the
# number belongs to the catalog: with another one, sums would differ in their last digits.
BUCKETS = 16


@dataclass(frozen=True)
class Snapshot:
    """One committed state of a catalog."""

    snapshot_id: int
    time: datetime
    author: str
    message: str


class Catalog:
    """A catalog: in one folder, or with its metadata in a PostgreSQL database that a team shares.

    Make one with :meth:`create`, come back to it with :meth:`open`, bring data in with :meth:`ingest`, and ask questions of it
    through :class:`workbench.study.Study`.

    Examples
    --------
    >>> from data_catalog import Catalog                            # doctest: +SKIP
    >>> catalog = Catalog.create("heart-centre", title="Heart centre")   # doctest: +SKIP
    >>> catalog.snapshots()[-1].message                             # doctest: +SKIP
    'create the catalog'
    """

    def __init__(self, address: CatalogAddress, folder: Path) -> None:
        self.address = address
        self.folder = folder  # of data and key; with SQLite the metadata are there too

    def __repr__(self) -> str:
        return f"Catalog.open({str(self.address)!r})"

    @classmethod
    def create(
        cls,
        place: CatalogAddress | Path | str,
        *,
        data: Path | str | None = None,
        title: str = "",
        open_to_everyone: bool = False,
        pseudonym_key: bytes | None = None,
    ) -> Catalog:
        """Make an empty catalog.

        Parameters
        ----------
        place : Path or str
            Where to make it: a folder, or the URL of a PostgreSQL database, ``postgresql://user@host:port/database?schema=name``.
        data : Path, optional
            For a URL: the folder of the data, which everyone who works with the catalog can reach under this name.
            The folder must not exist yet or be empty.
        title : str
            What reports call it; the folder's name if not given.
        open_to_everyone : bool
            Give everyone, not only its owner, a ``rows`` permit: for data that are synthetic or public already.
        pseudonym_key : bytes, shape (32,), optional
            The key of the pseudonymous person ids, for catalogs that must come out the same when made again; random if not given.

        Raises
        ------
        CatalogError
            If there is something already, or it cannot be written.
        """
        address = catalog_address(place)
        folder = _folder_for(address, data)
        holder = EVERYONE if open_to_everyone else current_user()
        with _made_or_nothing(folder):
            # Only the owner may look into a catalog; sharing it is a decision for them to make.
            (folder / DATA_FOLDER).mkdir()
            folder.chmod(0o700)
            key = pseudonym_key or secrets.token_bytes(KEY_BYTES)
            write_key(folder, key)
            with (
                lake.maker(address, folder) as connection,
                lake.transaction(connection, author=current_user(), message="create the catalog"),
            ):
                for statement in create_all_sql():
                    connection.execute(statement)
                settings = {
                    "title": title or folder.name,
                    "buckets": str(BUCKETS),
                    SETTING: str(MODEL_VERSION),
                    "key_check": key_check(key),
                }
                connection.execute(
                    f"INSERT INTO lake.provenance.setting (name, value) VALUES {', '.join(['(?, ?)'] * len(settings))}",
                    [part for setting in settings.items() for part in setting],
                )
                record_permit(connection, new_permit(holder, Level.ROWS, note="made with the catalog"))
        return cls(address, folder)

    @classmethod
    def open(cls, place: CatalogAddress | Path | str) -> Catalog:
        """Open the catalog in a folder, or behind the URL of a PostgreSQL database.

        Raises
        ------
        CatalogError
            If there is none, or it cannot be reached.
        OlderCatalogError, NewerCatalogError
            If it has another version of the model than this workbench; the message says what to do.
        """
        address = catalog_address(place)
        if isinstance(address, FolderAddress) and not lake.is_catalog(address.folder):
            inside = sorted(path.parent for path in address.folder.glob(f"*/{METADATA_FILE}"))
            if inside:
                raise CatalogError(
                    f"{address} is no catalog but holds some. Name one of them: {', '.join(map(str, inside))}."
                )
            raise CatalogError(
                f"There is no catalog at {address}. Make one with: workbench catalog create {address}, or name another folder "
                "(WORKBENCH_CATALOG names the default one)."
            )
        with lake.open_reader(address) as connection:
            check_version(recorded_version(connection), address)
            return cls(address, lake.folder_of(connection, address))

    @classmethod
    def upgrade(cls, place: CatalogAddress | Path | str) -> UpgradeReport:
        """Add the tables and columns of the present model that the catalog at *place* lacks, all in one snapshot.

        Nothing is taken away and no value changes; a catalog that lacks nothing is left alone. Make a backup before
        (:meth:`backup`): an older workbench does not open the catalog afterwards.

        Returns
        -------
        UpgradeReport
            Versions before and after, and what was added.

        Raises
        ------
        CatalogError
            If there is no catalog, it is newer than this workbench, or adding is not enough. It is then as it was.
        """
        return upgrade(catalog_address(place))

    @classmethod
    def backup(cls, place: CatalogAddress | Path | str, target: Path | str) -> BackupReport:
        """Copy the catalog at *place*, whatever its version, into *target*, a new or empty folder, while nobody writes.

        Of a catalog in a folder the copy is one too. Of one in a database, *target* gets data, key and what pg_dump writes of the
        metadata.

        Raises
        ------
        CatalogError
            If it cannot be copied, or the copy does not hold the same.
        """
        return back_up(catalog_address(place), Path(target))

    def ingest(self, source: Source, *, site: str, basis: str = "consent", replace: bool | str = False) -> IngestReport:
        """Bring *source* in as the data of *site*, all of it in one transaction or nothing.

        The same files a second time change nothing. If mapping, vocabulary or units have changed since, the files are harmonised
        again and their rows take the place of the earlier ones, in a new snapshot.

        Parameters
        ----------
        source : Source
            What to read: :class:`data_catalog.sources.OmopFolder`, :class:`data_catalog.sources.MappedTable`.
        site : str
            The hospital, in lower case letters, digits and hyphens.
        basis : str
            The legal basis on which these people may be studied; "consent" means that consent records decide person by person.
        replace : bool or str
            That these are the corrected files of an earlier ingest, whose rows they take the place of: the one with files of the same
            names, or the one with this id. People who have left the catalog do not come back with them.

        Returns
        -------
        IngestReport
            What was read, written, not mapped and flagged, and what is different from before: counts, no identifiers.

        Raises
        ------
        IngestError
            If the source has a structural fault. The catalog is then as it was.
        """
        return ingest(self.address, source, site=site, basis=basis, replace=replace)

    def withdraw(
        self, *, site: str, record_number: str | None = None, person_id: int | None = None
    ) -> WithdrawalReport:
        """Take one person out of the catalog, for good: every row of theirs, in every table, in one transaction.

        A keyed hash of their numbers stays, so that no later file brings them back. Older snapshots still have their data, but no
        study reads them any more, whatever snapshot it works on. Reports that were published before stay as they are.

        Parameters
        ----------
        site : str
            The hospital.
        record_number, person_id : str or int
            The hospital's number of the person, or the catalog's; one of the two.

        Returns
        -------
        WithdrawalReport
            Counts, no identifiers. If the person had left before, it says so and nothing is done.

        Raises
        ------
        GovernanceError
            If the site or the person is unknown.
        """
        return withdraw(self.address, site=site, record_number=record_number, person_id=person_id)

    def record_consent(
        self,
        *,
        site: str,
        modality: str | Sequence[str],
        status: str,
        purpose: str = EVERY_PURPOSE,
        record_number: str | None = None,
        person_id: int | None = None,
        valid_from: datetime | None = None,
    ) -> ConsentReport:
        """Record what one person has said: that some data may be used for a purpose, or may not any more.

        Nothing is overwritten. What was recorded last counts, for every question asked from now on.

        Parameters
        ----------
        site : str
            The hospital.
        modality : str or sequence of str
            The sorts of data: "clinical", "waveform", "imaging", "genomic".
        status : {"given", "withdrawn"}
            What the person says.
        purpose : str
            What for; "*" for every purpose.
        record_number, person_id : str or int
            The hospital's number of the person, or the catalog's; one of the two.
        valid_from : datetime with a time zone, optional
            From when on it holds; from now on if not given.

        Raises
        ------
        GovernanceError
            If the site, the person or a word of the statement is unknown, or the person has left the catalog.
        """
        return record_consent(
            self.address,
            site=site,
            modality=modality,
            status=status,
            purpose=purpose,
            record_number=record_number,
            person_id=person_id,
            valid_from=valid_from,
        )

    def issue_permit(
        self,
        holder: str,
        level: Level | str,
        *,
        purposes: Sequence[str] = (),
        days: int = OWNER_PERMIT_DAYS,
        note: str = "",
        not_before: datetime | None = None,
    ) -> Permit:
        """Issue a permit. Only the user of the operating system who owns the catalog's folder may.

        Parameters
        ----------
        holder : str
            A user of the operating system, or "*" for everyone.
        level : str
            What it allows, each including the ones before: "discover", "aggregate", "rows", "export".
        purposes : sequence of str
            What for; every purpose if none is named.
        days : int
            How long it lasts, 1 day to ten years.
        note : str
            Why it was issued: an approval's number, a project. No patients.
        not_before : datetime with a time zone, optional
            When it begins; now if not given.

        Raises
        ------
        PermitError
            If the user is not the owner, or a word or number is not allowed.
        """
        require_owner(self.folder)
        permit = new_permit(holder, level, purposes=purposes, days=days, note=note, not_before=not_before)
        with (
            lake.writer(self.address) as connection,
            lake.transaction(connection, author=current_user(), message=f"issue {permit.permit_id}"),
        ):
            record_permit(connection, permit)
        return permit

    def revoke_permit(self, permit_id: str) -> Permit:
        """Revoke a permit from now on, also for studies that are open under it. Only the catalog's owner may.

        Raises
        ------
        PermitError
            If the user is not the owner, or there is no such permit; the message names the nearest.
        """
        require_owner(self.folder)
        with (
            lake.writer(self.address) as connection,
            lake.transaction(connection, author=current_user(), message=f"revoke {permit_id}"),
        ):
            return revoke_permit(connection, permit_id)

    def snapshots(self) -> Sequence[Snapshot]:
        """Return every snapshot, oldest first."""
        with lake.open_reader(self.address) as connection:
            rows = connection.execute(
                "SELECT snapshot_id, snapshot_time, coalesce(author, ''), coalesce(commit_message, '') "
                "FROM lake.snapshots() ORDER BY snapshot_id"
            ).fetchall()
        return tuple(Snapshot(*row) for row in rows)

    @property
    def title(self) -> str:
        """What reports call the catalog."""
        with lake.open_reader(self.address) as connection:
            return str(
                connection.execute("SELECT value FROM lake.provenance.setting WHERE name = 'title'").fetchall()[0][0]
            )

    def permits(self) -> tuple[Permit, ...]:
        """Return every permit, newest first."""
        with lake.open_reader(self.address) as connection:
            return recorded_permits(connection)

    def snapshot(self, snapshot: int | None = None) -> Snapshot:
        """Return the snapshot of that number, or the newest.

        Raises
        ------
        CatalogError
            If there is no such snapshot.
        """
        snapshots = self.snapshots()
        if snapshot is None:
            return snapshots[-1]
        for candidate in snapshots:
            if candidate.snapshot_id == snapshot:
                return candidate
        raise CatalogError(
            f"This catalog has no snapshot {snapshot}. It has {snapshots[0].snapshot_id} to {snapshots[-1].snapshot_id}; "
            "see: workbench catalog snapshots."
        )


def _folder_for(address: CatalogAddress, data: Path | str | None) -> Path:
    """Return the folder that a new catalog is to fill."""
    if isinstance(address, FolderAddress):
        if data is not None:
            raise CatalogError("A catalog in a folder keeps its data there: data= is for the URL of a database.")
        return address.folder
    chosen = data or address.data
    if chosen is None:
        raise CatalogError(
            f"Say in which folder the data of {address} are to be, for everyone who works with it: data='/shared/folder' "
            "(workbench catalog create URL --data FOLDER)."
        )
    return Path(chosen).resolve()


@contextmanager
def _made_or_nothing(folder: Path) -> Iterator[None]:
    """Make *folder*, which must not exist yet or be empty, ours to fill; take away everything again if that fails."""
    existed = folder.exists()
    if existed and (not folder.is_dir() or any(folder.iterdir())):
        hint = (
            f"Open it with Catalog.open({str(folder)!r})."
            if lake.is_catalog(folder)
            else "Name an empty or a new folder."
        )
        raise CatalogError(f"{folder} is not empty, so no catalog was made there. {hint}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Of two who make a catalog in the same place at the same time, only one gets past this.
        (folder / LOCK_FILE).touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise CatalogError(f"No catalog could be made at {folder}: {os.strerror(error.errno or 0)}.") from error
    try:
        yield
    except BaseException as error:
        for made in folder.iterdir():
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        if not existed:
            folder.rmdir()
        if isinstance(error, OSError):
            raise CatalogError(f"No catalog could be made at {folder}: {os.strerror(error.errno or 0)}.") from error
        raise

"""A copy of a whole catalog, made while nobody writes and looked at before it is called one."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_catalog import lake
from data_catalog.address import DATA_FOLDER, METADATA_FILE, FolderAddress
from data_catalog.errors import CatalogError
from data_catalog.harmonise.identity import KEY_FILE
from data_catalog.write_lock import LOCK_FILE

if TYPE_CHECKING:
    from data_catalog.address import CatalogAddress, PostgresAddress

DUMP_FILE = "catalog.sql"
# Not part of a catalog: who is writing, what did not fit into memory, SQLite's index of its log, which it makes again.
_LEFT_OUT = shutil.ignore_patterns(LOCK_FILE, lake.SPILL_FOLDER, f"{METADATA_FILE}-shm")


@dataclass(frozen=True)
class BackupReport:
    """What was copied: where to, how many files of data and how many bytes of them, up to which snapshot."""

    folder: Path
    n_files: int
    n_bytes: int
    snapshot_id: int
    how_to_restore: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**vars(self), "folder": str(self.folder)}

    def __str__(self) -> str:
        return (
            f"Copied the catalog up to snapshot {self.snapshot_id} to {self.folder}: {self.n_files} data files, {self.n_bytes / 1e6:.1f} MB. "
            f"The pseudonym key is in it: keep it as safe as the catalog.\n{self.how_to_restore}"
        )


def back_up(address: CatalogAddress, target: Path) -> BackupReport:
    """Copy the catalog at *address* into the folder *target*; see :meth:`data_catalog.catalog.Catalog.backup`."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CatalogError(f"{target} is not empty, so no backup was made there. Name an empty or a new folder.")
    with lake.open_reader(address) as connection:
        folder = lake.folder_of(connection, address)
    if target.resolve().is_relative_to(folder):
        raise CatalogError(
            f"{target} is inside the catalog. Name a folder outside of it, on another disk if there is one."
        )
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with lake.alone(address):
            newest = _newest(address)
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(address, FolderAddress):
                shutil.copytree(folder, unfinished, ignore=_LEFT_OUT)
            else:
                unfinished.mkdir(mode=0o700)
                shutil.copy2(folder / KEY_FILE, unfinished)
                shutil.copytree(folder / DATA_FOLDER, unfinished / DATA_FOLDER)
                _dump(address, unfinished / DUMP_FILE)
            sizes = _sizes(folder)
    except OSError as error:
        raise CatalogError(
            f"No backup could be made at {target}: {error.strerror}. What there is of it is in {unfinished}."
        ) from None
    unfinished.chmod(0o700)
    if _sizes(unfinished) != sizes or (
        isinstance(address, FolderAddress) and _newest(FolderAddress(unfinished)) != newest
    ):
        raise CatalogError(f"The backup does not hold what the catalog holds, so do not rely on it: {unfinished}.")
    if target.exists():
        target.rmdir()
    unfinished.rename(target)
    return BackupReport(target, len(sizes), sum(sizes.values()), newest, _how_to_restore(address, target))


def _newest(address: CatalogAddress) -> int:
    with lake.open_reader(address) as connection:
        return int(connection.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()[0][0])


def _sizes(folder: Path) -> dict[str, int]:
    data = folder / DATA_FOLDER
    return {str(path.relative_to(data)): path.stat().st_size for path in data.rglob("*") if path.is_file()}


def _dump(address: PostgresAddress, file: Path) -> None:
    program = shutil.which("pg_dump") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"), reverse=True)), None
    )
    if program is None:
        raise CatalogError(
            "pg_dump is needed to copy the metadata of a PostgreSQL catalog. Install it (Debian: apt-get install postgresql-client)."
        )
    schema = '"' + address.schema.replace('"', '""') + '"'
    environment = {**os.environ, **({} if address.password is None else {"PGPASSWORD": address.password})}
    done = subprocess.run(  # noqa: S603  our own words, and names that the address has been taken apart into
        [
            program,
            f"--dbname={address.conninfo()}",
            f"--schema={schema}",
            "--no-owner",
            "--no-privileges",
            f"--file={file}",
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.split()[-40:])
        raise CatalogError(f"pg_dump could not copy the metadata of {address}: {said}")


def _how_to_restore(address: CatalogAddress, target: Path) -> str:
    if isinstance(address, FolderAddress):
        return f"It is a catalog itself: workbench catalog describe --catalog {target}"
    return (
        f"To restore, run {DUMP_FILE} with psql in a database that has no schema {address.schema!r}, put the folder where it is to stay, and "
        f"open the catalog with ?schema={address.schema}&data=FOLDER."
    )

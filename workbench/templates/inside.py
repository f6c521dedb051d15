"""Names that others wrote, kept inside one folder: in a crate's metadata and in an archive."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from pathlib import Path

# A run writes some twenty files and a few megabytes.
MOST_FILES = 2_000
MOST_BYTES = 500_000_000
_DRIVE = re.compile(r"^[A-Za-z]:")
_CHUNK = 1 << 20


def fault_of_name(name: str) -> str | None:
    """Say what is wrong with a name that should be that of a file inside a folder, or None.

    Names are relative, with ``/`` between folders, whatever the system they are read on.
    """
    parts = name.split("/")
    if not name or any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        return "which is no file name"
    if "://" in name or _DRIVE.match(name) or "\\" in name or name.startswith("/"):
        return "which is not a place in the bundle's own folder"
    if ".." in parts:
        return "which leads out of the bundle's folder"
    if "" in parts[:-1] or "." in parts[1:-1]:
        return "which is no plain path"
    return None


def find_inside(folder: Path, name: str) -> Path | None:
    """Return the place of *name* in *folder*; None if a link on the way leads elsewhere or the name is at fault."""
    if fault_of_name(name):
        return None
    place = folder
    for part in Path(name).parts:
        place = place / part
        if place.is_symlink():
            return None
    return place


def unpack(archive: Path, folder: str) -> str | None:
    """Unpack a zip archive into an empty folder; return what is wrong with it, or None.

    Refused are too many or too large files, names that lead out of the folder, links, encrypted files and a name that occurs twice.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            fault = _fault_of_entries(entries)
            if fault:
                return fault
            left = MOST_BYTES
            for entry in entries:
                if entry.is_dir():
                    continue
                place = Path(folder) / entry.filename
                place.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry) as source, place.open("xb") as target:
                    while chunk := source.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:  # what an entry says of its size need not be true
                            return f"it unpacks to more than {MOST_BYTES // 1_000_000} MB."
                        target.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        return f"the archive is damaged or of a kind that is not read here ({type(error).__name__})."
    return None


def _fault_of_entries(entries: list[zipfile.ZipInfo]) -> str | None:
    if len(entries) > MOST_FILES:
        return f"it holds more than {MOST_FILES:,} files."
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        return f"it unpacks to more than {MOST_BYTES // 1_000_000} MB."
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        return "a name occurs twice in it."
    for entry in entries:
        # Read as it is written: the library itself mends names, and a name in need of mending is a trap.
        fault = fault_of_name(entry.orig_filename.rstrip("/"))
        if fault:
            return f"it holds {entry.orig_filename!r}, {fault}."
        if stat.S_ISLNK(entry.external_attr >> 16):
            return f"{entry.filename!r} in it is a link."
        if entry.flag_bits & 1:
            return "it is encrypted. Unpack it, and give the folder."
    return None

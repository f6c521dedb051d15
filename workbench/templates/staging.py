"""A folder that appears when it is whole: written beside its place, moved there at the end, and an older run replaced only then."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from data_catalog.errors import WorkbenchError
from workbench.templates.layout import METADATA, RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What runs wrote before they were bundles.
_OLD_RUN = {"report.html", "executed.ipynb", "findings.json", "tables"}


@contextmanager
def appears_when_whole(
    output: Path, *, foreign: Callable[[Path], list[str]] | None = None, what: str = "run"
) -> Iterator[Path]:
    """Give a new folder to write into; at the end it becomes *output*, and after an error it is gone.

    Parameters
    ----------
    output : Path
    foreign : function
        Takes a folder that is there already and returns what in it is not part of an earlier one of its kind; that of runs if not
        given.
    what : str
        What is written, in words.

    Raises
    ------
    WorkbenchError
        If *output* is not a folder, or holds something else. Said before anything is written.
    """
    place = Path(os.path.abspath(output))  # noqa: PTH100  a link is followed below, and only at the end of the path
    place = place.resolve() if place.is_symlink() else place
    _check_place(place, foreign or _of_no_run, what)
    made = place.with_name(f".{place.name}.{secrets.token_hex(4)}.unfinished")
    try:
        made.mkdir(parents=True)
        yield made
        _move(made, place)
    except OSError as error:
        raise WorkbenchError(f"{output} cannot be written: {os.strerror(error.errno or 0)}.") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _check_place(place: Path, foreign: Callable[[Path], list[str]], what: str) -> None:
    """Refuse a place that holds anything but an earlier run, or whatever is written."""
    if not place.exists():
        return
    if not place.is_dir():
        raise WorkbenchError(
            f"{place} is a file. Name a folder for the {what}: a new one, or that of an earlier {what}."
        )
    if place == Path.cwd():
        raise WorkbenchError(
            f"A {what} has a folder of its own, not the one you are in. Name a new one, such as {what}-1."
        )
    others = foreign(place)
    if others:
        raise WorkbenchError(
            f"{place} holds something that no {what} wrote ({', '.join(others[:3])}{', …' if len(others) > 3 else ''}), so it is not "
            f"replaced. Name a new folder, or that of an earlier {what}."
        )


def _of_no_run(place: Path) -> list[str]:
    """Return what lies in the folder and is not part of an earlier run."""
    names = sorted(each.name for each in place.iterdir())
    if METADATA in names and RUN in names:
        from workbench.templates.bundle import BundleError, open_bundle

        try:
            listed = set(open_bundle(place, check_content=False).files)
        except BundleError:
            return names
        inside = (each.relative_to(place).as_posix() for each in place.rglob("*") if not each.is_dir())
        return sorted(set(inside) - listed - {METADATA})
    return [] if "executed.ipynb" in names and set(names) <= _OLD_RUN else names


def _move(made: Path, place: Path) -> None:
    """Put the finished folder in its place; the older one goes only when the new one is there."""
    if not place.exists():
        made.rename(place)
        return
    older = place.with_name(f".{place.name}.{secrets.token_hex(4)}.older")
    place.rename(older)
    try:
        made.rename(place)
    except OSError:
        older.rename(place)
        raise
    shutil.rmtree(older, ignore_errors=True)

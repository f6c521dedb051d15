"""A bundle read back: checked file by file before anything in it is believed, and its results as the gate released them."""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import polars as pl

from data_catalog.errors import UnknownNameError, WorkbenchError, did_you_mean
from workbench.cohorts.serialise import from_yaml
from workbench.disclosure import released_from_dict
from workbench.templates import layout
from workbench.templates.inside import fault_of_name, find_inside, unpack
from workbench.templates.outputs import table_of
from workbench.templates.record_form import fault_of_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from workbench.cohorts.definition import Cohort
    from workbench.disclosure import Released, ReleasedTable

_LARGEST_JSON = 50_000_000
_NEEDED = (layout.RUN, layout.NOTEBOOK, layout.REPORT, layout.TEMPLATE, layout.ENVIRONMENT)
_HOW = "A bundle is the folder that `workbench template run NAME --output FOLDER` writes."


class BundleError(WorkbenchError):
    """What was given is no bundle, or no longer the one that a run wrote. The message names the file."""


@dataclass(frozen=True)
class Bundle:
    """A run that was written as a bundle. Make one with :func:`open_bundle`.

    Parameters
    ----------
    folder : Path
        Where its files are.
    record : mapping
        What ``run.json`` says: template, parameters, studies, questions, tables, figures, cohorts, findings.
    environment : mapping
        What ``environment.json`` says: Python, distributions, the digest of the workbench's code.
    files : mapping of str to str
        Each file that the crate lists, with its SHA-256.
    """

    folder: Path
    record: Mapping[str, Any]
    environment: Mapping[str, Any]
    files: Mapping[str, str]
    _unpacked: Any = field(default=None, repr=False, compare=False)

    @property
    def template(self) -> str:
        """Name of the template that was run."""
        return str(self.record["template"]["name"])

    @property
    def title(self) -> str:
        """Title of the template."""
        return str(self.record["template"]["title"])

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter with the value that it had, but for the catalog's folder."""
        return dict(self.record["parameters"])

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings in sentences."""
        return tuple(self.record["findings"])

    @property
    def report(self) -> Path:
        """The report."""
        return self.folder / layout.REPORT

    @cached_property
    def _results(self) -> dict[str, Released]:
        found: dict[str, Released] = {}
        for each in self.record["tables"]:
            name = f"{layout.TABLES}/{each['name']}.json"
            try:
                found[each["name"]] = released_from_dict(_read_json(self.folder, name))
            except (KeyError, TypeError, ValueError, AttributeError, WorkbenchError) as error:
                raise BundleError(f"{name} of {self.folder} does not hold a released result ({error}).") from None
        return found

    def results(self) -> dict[str, Released]:
        """Return every released result by its name: tables, survival curves, tests, regressions.

        Raises
        ------
        BundleError
            If a file does not hold what the gate releases.
        """
        return dict(self._results)

    def result(self, name: str) -> Released:
        """Return one released result.

        Raises
        ------
        UnknownNameError
            If the bundle lacks it; the message names the nearest.
        """
        if name not in self._results:
            raise UnknownNameError(f"The bundle has no result {name!r}. {did_you_mean(name, self._results)}")
        return self._results[name]

    def tables(self) -> dict[str, ReleasedTable]:
        """Return every released table by its name; of a result that is more than a table, the table that it is shown as."""
        return {name: table_of(result) for name, result in self._results.items()}

    def altered_copies(self) -> tuple[str, ...]:
        """Return the CSV and Parquet files that do not hold what the exact JSON of their result does."""
        found = []
        for name, table in self.tables().items():
            place = f"{layout.TABLES}/{name}"
            found += [f"{place}.csv"] if not _holds(self.folder / f"{place}.csv", table.to_csv) else []
            found += [f"{place}.parquet"] if not _same_frame(self.folder / f"{place}.parquet", table.to_frame()) else []
        for each in self.record["figures"]:
            place = f"{layout.FIGURES}/{each['name']}.csv"
            found += [place] if not _holds(self.folder / place, self.tables()[each["table"]].to_csv) else []
        return tuple(name for name in found if name in self.files)

    @property
    def unlisted(self) -> tuple[str, ...]:
        """The files in the folder that its metadata do not list."""
        names = (each.relative_to(self.folder).as_posix() for each in sorted(self.folder.rglob("*")) if each.is_file())
        return tuple(name for name in names if name not in self.files and name != layout.METADATA)

    def cohorts(self) -> dict[str, Cohort]:
        """Return the cohort definitions of the run by their names."""
        return {
            each["name"]: from_yaml((self.folder / layout.COHORTS / f"{each['name']}.yaml").read_text("utf-8"))
            for each in self.record["cohorts"]
        }


def open_bundle(path: Path, *, check_content: bool = True) -> Bundle:
    """Open a bundle: a folder, or a ``.zip`` of one.

    Parameters
    ----------
    path : Path
    check_content : bool
        Compare every file with the size and the SHA-256 that the crate's metadata state.

    Raises
    ------
    BundleError
        If it is no bundle, was written by a newer workbench, a file is missing or altered, or a name in its metadata leads out of
        its folder.
    """
    unpacked = None
    if path.is_file() and zipfile.is_zipfile(path):
        unpacked = tempfile.TemporaryDirectory(prefix="workbench-bundle-", ignore_cleanup_errors=True)
        fault = unpack(path, unpacked.name)
        if fault:
            raise BundleError(f"{path} was not opened: {fault}")
    folder = _folder_of(path, unpacked.name if unpacked else None)
    _refuse_newer(folder)
    files = _listed(folder)
    _check_files(folder, files, content=check_content)
    record, environment = _read_json(folder, layout.RUN), _read_json(folder, layout.ENVIRONMENT)
    fault = fault_of_record(record, environment, set(files))
    if fault:
        raise BundleError(f"{folder} is not a bundle that this workbench can read: {fault}")
    return Bundle(folder, record, environment, {name: each[0] for name, each in files.items()}, unpacked)


def _holds(path: Path, write: Callable[[Path], object]) -> bool:
    """Say whether a file is, byte for byte, what *write* writes."""
    with tempfile.TemporaryDirectory(prefix="workbench-bundle-") as folder:
        anew = type(path)(folder) / path.name
        write(anew)
        return path.is_file() and path.read_bytes() == anew.read_bytes()


def _same_frame(path: Path, frame: pl.DataFrame) -> bool:
    """Say whether a Parquet file holds a frame; its bytes depend on the release of the library that wrote it."""
    try:
        found = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError):
        return False
    return found.schema == frame.schema and found.equals(frame)


def _folder_of(path: Path, unpacked: str | None) -> Path:
    """Return the folder with the metadata: the one given, or the one folder in an archive."""
    folder = path if unpacked is None else type(path)(unpacked)
    if not folder.exists():
        raise BundleError(f"There is nothing at {path}. {_HOW}")
    if not folder.is_dir():
        hint = f"Give its folder: {path.parent}." if path.name == layout.METADATA else _HOW
        raise BundleError(f"{path} is a file and not a bundle. {hint}")
    if unpacked is not None and not (folder / layout.METADATA).exists():
        inside = [each for each in folder.iterdir() if (each / layout.METADATA).is_file()]
        folder = inside[0] if len(inside) == 1 else folder
    if not (folder / layout.METADATA).is_file():
        raise BundleError(f"{path} is not a bundle: it has no {layout.METADATA}. {_HOW}")
    return folder


def _refuse_newer(folder: Path) -> None:
    try:
        written = _read_json(folder, layout.RUN).get("format")
    except (BundleError, AttributeError):
        return  # said with its reason when the file's turn comes
    if isinstance(written, int) and written > layout.FORMAT:
        raise BundleError(
            f"{folder} was written by a newer workbench (form {written} of bundles; this one reads up to {layout.FORMAT}). "
            "Install that workbench, or a newer one."
        )


def _listed(folder: Path) -> dict[str, tuple[str, int]]:
    """Return every file that the crate lists, with its SHA-256 and its size."""
    metadata = _read_json(folder, layout.METADATA)
    graph = metadata.get("@graph") if isinstance(metadata, dict) else None
    if not isinstance(graph, list) or not all(isinstance(entity, dict) for entity in graph):
        raise BundleError(f"{layout.METADATA} of {folder} is not the description of a research object (no @graph).")
    files = {}
    for entity in graph:
        kinds = entity.get("@type")
        if "File" not in (kinds if isinstance(kinds, list) else [kinds]):
            continue
        name = unquote(str(entity.get("@id", "")))
        fault = fault_of_name(name)
        if fault:
            raise BundleError(
                f"{layout.METADATA} of {folder} lists {name!r}, {fault}. Nothing was read; the bundle is not to be trusted."
            )
        try:
            files[name] = (str(entity["sha256"]), int(entity["contentSize"]))
        except (KeyError, TypeError, ValueError):
            raise BundleError(
                f"{layout.METADATA} of {folder} does not state sha256 and contentSize of {name!r}."
            ) from None
    for name in _NEEDED:
        if name not in files:
            raise BundleError(
                f"{folder} is not a bundle of the workbench: its {layout.METADATA} does not list {name}. {_HOW}"
            )
    return files


def _check_files(folder: Path, files: Mapping[str, tuple[str, int]], *, content: bool) -> None:
    for name, (digest, size) in files.items():
        path = find_inside(folder, name)
        if path is None:
            raise BundleError(
                f"{name} leads out of {folder} by a link. Nothing of it was read; the bundle is not to be trusted."
            )
        if not path.is_file():
            raise BundleError(f"{name} is missing from {folder}: the bundle is not whole. Copy it again.")
        if content and (path.stat().st_size != size or layout.digest_of_file(path) != digest):
            raise BundleError(
                f"{name} of {folder} was altered: it is not the file that the run wrote (its SHA-256 is not the one in "
                f"{layout.METADATA}). Copy the bundle again, or run the template."
            )


def _read_json(folder: Path, name: str) -> Any:
    path = find_inside(folder, name)
    try:
        if path is None or not path.is_file():
            raise BundleError(f"{name} is missing from {folder}: the bundle is not whole. Copy it again.")
        if path.stat().st_size > _LARGEST_JSON:
            raise BundleError(f"{name} of {folder} is larger than any that a run writes, and was not read.")
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "its text"
        raise BundleError(f"{name} of {folder} is not JSON: a fault at {where}. Copy the bundle again.") from None
    except OSError as error:
        raise BundleError(f"{name} of {folder} cannot be read: {error.strerror}.") from None

"""What ``workbench doctor`` examines: what this machine has and lacks, what each thing is for, and what to do about it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

State = Literal["ok", "missing", "old", "check"]

GIBIBYTE = 1024**3
MEMORY_NEEDED_GIB = 4  # JupyterLab, a kernel and DuckDB beside each other
DISK_NEEDED_GIB = 2  # the environment takes 1.5 GiB, the demo catalog little
PYTHON_NEEDED = (3, 11)
POSTGRESQL_NEEDED = 14  # the oldest that its makers still mend
SECONDS_TO_ANSWER = 20
# A container states its own limit of memory here (control groups, version 2 and 1).
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
EXTRAS = {
    "federation": ("flwr", "one analysis across several hospitals (to come)"),
    "distributed": ("distributed", "one analysis on a cluster inside a hospital (to come)"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What it is.
    state : {"ok", "missing", "old", "check"}
        ``old``: there, but below the oldest release that works. ``check``: it may get in the way.
    found : str
        What there is: a version, a size.
    purpose : str
        What it is for.
    remedy : str
        What to do; empty when there is nothing to do.
    """

    name: str
    state: State
    found: str
    purpose: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at this machine, from what everything needs to what only some things need.

    Returns
    -------
    list of Finding
        The same things in the same order on every machine.
    """
    return [
        examine_python(),
        examine_memory(),
        examine_cores(),
        examine_disk(),
        examine_catalogs(),
        examine_extension_folder(),
        examine_package("JupyterLab", "jupyterlab", "workbench lab, and running templates"),
        examine_inline_plots(os.environ.get("PANEL_INLINE")),
        examine_blas(os.environ),
        examine_program("Chromium", ("chromium", "chromium-browser"), "browser tests", "apt-get install chromium"),
        examine_postgres(os.environ.get("WORKBENCH_CATALOG", "")),
        examine_program(
            "pg_dump",
            ("pg_dump",),
            "backups of catalogs in PostgreSQL",
            "apt-get install postgresql-client",
            oldest=POSTGRESQL_NEEDED,
        ),
        examine_program("PLINK 2", ("plink2",), "checking genetic analyses (to come)", "apt-get install plink2"),
        examine_program("uv", ("uv",), "installing in seconds rather than minutes", "pip install uv"),
        *(examine_extra(extra, module, purpose) for extra, (module, purpose) in EXTRAS.items()),
    ]


def examine_python() -> Finding:
    """Look at the Python that runs this."""
    found = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < PYTHON_NEEDED
    return Finding(
        "Python", "old" if old else "ok", found, "everything", "Install Python 3.11 or later." if old else ""
    )


def examine_memory() -> Finding:
    """Look at the memory that this process may use: the machine's, or its container's where that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    sizes = [size for size in (machine, *map(_number_in, CONTAINER_LIMITS)) if size is not None]
    if not sizes:
        return Finding("Memory", "check", "not told by this system", "everything", f"See to {MEMORY_NEEDED_GIB} GiB.")
    gib = min(sizes) / GIBIBYTE
    scarce = gib < MEMORY_NEEDED_GIB
    remedy = f"{MEMORY_NEEDED_GIB} GiB are comfortable; close other programs or ask for more." if scarce else ""
    return Finding("Memory", "check" if scarce else "ok", f"{gib:.1f} GiB", "everything", remedy)


def examine_cores() -> Finding:
    """Count the cores that this process may use."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    remedy = "It works on one; a notebook feels quicker with two." if n == 1 else ""
    return Finding("Cores", "check" if n == 1 else "ok", str(n), "speed of queries", remedy)


def examine_disk() -> Finding:
    """Look at the room left where this command was called."""
    gib = shutil.disk_usage(Path.cwd()).free / GIBIBYTE
    scarce = gib < DISK_NEEDED_GIB
    remedy = f"Make room: {DISK_NEEDED_GIB} GiB are comfortable." if scarce else ""
    return Finding("Disk", "check" if scarce else "ok", f"{gib:.1f} GiB free", "catalogs and reports", remedy)


def examine_catalogs() -> Finding:
    """Make a catalog in a temporary folder and open it: DuckDB, its DuckLake extension and SQLite have to work for that."""
    name, purpose = "DuckDB with DuckLake", "catalogs"
    try:
        found = version("duckdb")
        from data_catalog.catalog import Catalog

        with tempfile.TemporaryDirectory() as folder:
            Catalog.create(Path(folder) / "catalog", title="Made by workbench doctor").snapshots()
    except PackageNotFoundError:
        return Finding(name, "missing", "not installed", purpose, "Install cardio-workbench again.")
    except Exception as error:  # noqa: BLE001 — whatever stops a catalog from being made is what the user has to hear
        what = " ".join(str(error).split())
        return Finding(name, "missing", found, purpose, f"No catalog could be made: {what}")
    return Finding(name, "ok", found, purpose)


def examine_postgres(default_catalog: str) -> Finding:
    """Ask for the PostgreSQL server of the *default_catalog*, or the one that libpq finds by itself, and for what speaks to it."""
    from data_catalog.errors import CatalogError
    from data_catalog.lake import server_version

    name, purpose = "PostgreSQL server", "catalogs that a team shares"
    is_url = default_catalog.startswith(("postgresql://", "postgres://"))
    try:
        found = server_version(default_catalog if is_url else "postgresql:///postgres")
    except CatalogError as error:
        what = " ".join(str(error).split())
        return Finding(name, "missing", "not reached", purpose, what if is_url else f"If you need one: {what}")
    if int(found.split(".")[0]) < POSTGRESQL_NEEDED:
        return Finding(name, "old", found, purpose, f"Version {POSTGRESQL_NEEDED} or later is needed.")
    return Finding(name, "ok", found, purpose)


def examine_extension_folder(folder: Path | None = None) -> Finding:
    """Look whether DuckDB could put extensions into its *folder*; the ones that catalogs need come with the workbench."""
    folder = folder or Path.home() / ".duckdb" / "extensions"
    nearest = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    writable = os.access(nearest, os.W_OK)
    remedy = "" if writable else "Nothing, unless you install extensions of your own; then make the folder writable."
    found = "writable" if writable else "not writable"
    return Finding("DuckDB extension folder", "ok" if writable else "check", found, "extensions of your own", remedy)


def examine_inline_plots(panel_inline: str | None) -> Finding:
    """Look whether plots in notebooks bring their scripts with them; else they ask a server on the internet."""
    on = (panel_inline or "").casefold() in {"1", "true", "yes", "on"}
    found = "PANEL_INLINE is " + (panel_inline or "not set")
    remedy = "" if on else "workbench lab sets it; elsewhere: export PANEL_INLINE=true."
    return Finding("Plots without internet", "ok" if on else "check", found, "plots in notebooks", remedy)


def examine_blas(environment: Iterable[str]) -> Finding:
    """Look for settings that choose other routines for linear algebra than this machine's own."""
    odd = sorted(name for name in environment if name.startswith("OPENBLAS_") and name != "OPENBLAS_NUM_THREADS")
    remedy = "Last digits and speed can differ from other machines: unset them if you compare results." if odd else ""
    found = f"set: {', '.join(odd)}" if odd else "as the machine suggests"
    return Finding("Linear algebra", "check" if odd else "ok", found, "same digits on every machine", remedy)


def examine_package(name: str, distribution: str, purpose: str) -> Finding:
    """Look for a Python package that comes with the workbench."""
    try:
        return Finding(name, "ok", version(distribution), purpose)
    except PackageNotFoundError:
        return Finding(name, "missing", "not installed", purpose, f"pip install {distribution}")


def examine_extra(extra: str, module: str, purpose: str) -> Finding:
    """Look for an optional part of the workbench."""
    name = f"Extra {extra!r}"
    if importlib.util.find_spec(module) is None:
        return Finding(name, "missing", "not installed", purpose, f"pip install 'cardio-workbench[{extra}]'")
    return Finding(name, "ok", version(module), purpose)


def examine_program(
    name: str, commands: tuple[str, ...], purpose: str, remedy: str, *, oldest: int | None = None
) -> Finding:
    """Look for a program that some things need, under any of its *commands*, and ask it for its version.

    *oldest* is the first major version that will do, if any will not.
    """
    path = next(filter(None, map(_command, commands)), None)
    if path is None:
        return Finding(name, "missing", "not found", purpose, f"If you need it: {remedy}")
    said = _answer(path)
    number = re.search(r"\d+(?:\.\d+)+", said)
    found = number[0] if number else said or "there, and does not say which version"
    if oldest is not None and number and int(number[0].split(".")[0]) < oldest:
        return Finding(name, "old", found, purpose, f"Version {oldest} or later is needed: {remedy}")
    return Finding(name, "ok", found, purpose)


def print_findings(findings: Iterable[Finding], *, as_json: bool = False) -> None:
    """Print *findings*: a table for people, or a JSON list of objects for machines."""
    findings = list(findings)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("What", "State", "Found", "For")
    for one in findings:
        table.add_row(
            one.name, Text(one.state, style="green" if one.state == "ok" else "yellow"), one.found, one.purpose
        )
    console = Console()
    console.print(table)
    for one in findings:
        if one.remedy:
            console.print(f"{one.name}: {one.remedy}", markup=False, highlight=False)


def _number_in(file: Path) -> int | None:
    """Return the number that *file* holds; None if there is no such file or it says "max"."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _command(name: str) -> str | None:
    """Find a program on the path or beside this Python."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def _answer(path: str, run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run) -> str:
    """Return the first line that a program prints when asked for its version."""
    try:
        answer = run([path, "--version"], capture_output=True, text=True, timeout=SECONDS_TO_ANSWER, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return next(iter(answer.stdout.splitlines()), "").strip()

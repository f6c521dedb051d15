"""With what a run was made: Python, every distribution that the workbench needs, and the workbench's own code."""

from __future__ import annotations

import hashlib
import platform
import re
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

OURS = "cardio-workbench"
_PACKAGES = ("data_catalog", "workbench", "widgets")


@cache
def environment() -> dict[str, Any]:
    """Return the environment as plain data, without folders and without addresses.

    Returns
    -------
    dict
        ``python``, ``implementation``, ``system``, ``machine``; ``code``, the digest of the workbench's own code, which tells two
        states of one version apart; and ``distributions``, name to version: what the workbench needs, directly or through others.
        What else is installed cannot change a result, and is left out.
    """
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "code": _code_digest(),
        "distributions": dict(sorted(_needed().items())),
    }


def as_requirements(made: dict[str, Any]) -> str:
    """Return the distributions as a requirements file, without the workbench itself."""
    pins = [f"{name}=={version}" for name, version in made["distributions"].items() if name != OURS]
    return "\n".join([f"# Python {made['python']}, {OURS} {made['distributions'][OURS]}", *pins]) + "\n"


def _needed() -> dict[str, str]:
    """Follow requirements from the workbench on; each name is visited once for every set of extras asked of it."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(OURS, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # of an extra that is not installed
        found[name] = distribution.version
        for line in distribution.requires or ():
            waiting += _asked_for(line, extra)
    return found


def _asked_for(line: str, extra: str) -> list[tuple[str, str]]:
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return []
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
        return []
    name = re.sub(r"[-_.]+", "-", requirement.name).lower()
    return [(name, ""), *((name, wanted) for wanted in sorted(requirement.extras))]


def _code_digest() -> str:
    """SHA-256 over every file of our packages. Templates have digests of their own."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        folder = Path(spec.origin).parent
        files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
        for name, file in sorted(files.items()):
            if "__pycache__" not in name and not name.endswith(".ipynb"):
                content = file.read_bytes().replace(b"\r\n", b"\n")
                digest.update(f"{package}/{name}\0{len(content)}\0".encode() + content)
    return f"sha256:{digest.hexdigest()}"

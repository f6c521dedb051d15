"""Compare the locks in binder/ with pyproject.toml, without network: prints what is out of step and exits with 1."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

CORE, DEV = "requirements.txt", "requirements-dev.txt"
Pins = dict[str, set[str]]


def read_lock(path: Path) -> tuple[Pins, list[str]]:
    """Return the pinned versions of each package (several where they depend on the platform), and what is wrong."""
    pins: Pins = {}
    faults = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        entry = line.split(" #")[0].strip()
        if not entry or entry.startswith("#"):
            continue
        version = re.match(r"[A-Za-z0-9._-]+(?:\[[^\]]*\])?==([^\s;]+)", entry)
        try:
            name = canonicalize_name(Requirement(entry).name)
        except InvalidRequirement:
            version = None
        if version is None:
            faults.append(f"{path.name}:{number}: {entry!r} is not of the form name==version")
        else:
            pins.setdefault(name, set()).add(version[1])
    return pins, faults


def unmet(requirements: list[str], pins: Pins, lock: str) -> list[str]:
    """Say which requirements the lock does not meet: not pinned, or pinned outside the range."""
    faults = []
    for requirement in map(Requirement, requirements):
        versions = pins.get(canonicalize_name(requirement.name), set())
        if not versions:
            faults.append(f"{lock}: {requirement.name} is required by pyproject.toml and not pinned")
        faults += [
            f"{lock}: {requirement.name}=={version} is outside the range of pyproject.toml ({requirement.specifier})"
            for version in sorted(versions)
            if not requirement.specifier.contains(version, prereleases=True)
        ]
    return faults


def compare(root: Path) -> list[str]:
    """Return every way in which the locks of the project at *root* are out of step."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    core, faults = read_lock(root / "binder" / CORE)
    dev, more = read_lock(root / "binder" / DEV)
    faults += more
    faults += unmet(project["dependencies"], core, CORE)
    faults += unmet([*project["dependencies"], *(one for extra in extras.values() for one in extra)], dev, DEV)
    faults += [
        f"{name} is {' / '.join(sorted(core[name]))} in {CORE} and {' / '.join(sorted(dev.get(name, {'absent'})))} in {DEV}"
        for name in sorted(core)
        if core[name] != dev.get(name)
    ]
    return faults


if __name__ == "__main__":
    found = compare(Path(__file__).resolve().parent.parent)
    if found:
        sys.exit("\n".join([*found, "Compile them again: make lock"]))

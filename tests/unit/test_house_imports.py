"""What the packages import is what pyproject.toml declares: nothing is had by the grace of another dependency."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

PACKAGES = ("data_catalog", "workbench", "widgets")


def imported_names(root) -> dict[str, str]:
    """Return each top-level module that the packages import from elsewhere, and one file that does."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names = [node.module or ""]
                else:
                    continue
                found |= {name.split(".")[0]: str(path.relative_to(root)) for name in names}
    return {name: path for name, path in found.items() if name not in {*PACKAGES, *sys.stdlib_module_names}}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(root) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    requirements = [*project["dependencies"], *extras["federation"], *extras["distributed"]]
    return {normal(re.match(r"[A-Za-z0-9._-]+", requirement)[0]) for requirement in requirements}


def test_every_import_is_a_declared_dependency(root):
    distributions = packages_distributions()
    allowed = declared(root)
    undeclared = {
        name: path
        for name, path in imported_names(root).items()
        if not {normal(one) for one in distributions.get(name, [name])} & allowed
    }
    assert undeclared == {}


def test_no_module_imports_the_gpl_package(root):
    assert "sksurv" not in imported_names(root)

"""The checks of locks and notebooks that `make check` runs."""

from __future__ import annotations

import importlib.util
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output


@pytest.fixture
def script(root):
    """Import one of the scripts of `.ci`, which are no package, by its name."""

    def load(name: str):
        spec = importlib.util.spec_from_file_location(name, root / ".ci" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def project(root, tmp_path):
    """A copy of pyproject.toml and the locks, to be spoilt."""
    shutil.copytree(root / "binder", tmp_path / "binder")
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def spoil(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_our_locks_are_in_step_with_pyproject(script, root):
    assert script("check_locks").compare(root) == []


def test_a_new_requirement_is_missing_from_both_locks(script, project):
    spoil(project / "pyproject.toml", "dependencies = [\n", 'dependencies = [\n    "some-library>=2",\n')
    assert script("check_locks").compare(project) == [
        "requirements.txt: some-library is required by pyproject.toml and not pinned",
        "requirements-dev.txt: some-library is required by pyproject.toml and not pinned",
    ]


def test_a_range_that_left_its_pin_behind_is_told(script, project):
    spoil(project / "pyproject.toml", '"pytz"', '"pytz>=2999"')
    first, second = script("check_locks").compare(project)
    assert first.startswith("requirements.txt: pytz==")
    assert first.endswith("outside the range of pyproject.toml (>=2999)")
    assert second.startswith("requirements-dev.txt: pytz==")


def test_locks_that_pin_one_package_differently_are_told(script, project):
    spoil(project / "binder/requirements-dev.txt", "duckdb==1.5.5", "duckdb==1.5.4")
    faults = script("check_locks").compare(project)
    assert "duckdb is 1.5.5 in requirements.txt and 1.5.4 in requirements-dev.txt" in faults


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.example/simple",
        "library @ https://mirror.example/library-1.whl",
        "-e ../library",
        "library==1.0 --hash=sha256:00",
        "library>=1",
    ],
)
def test_a_lock_holds_versions_and_nothing_else(script, project, line):
    path = project / "binder/requirements.txt"
    path.write_text(f"{path.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    assert any(
        f"{line!r} is not of the form name==version" in fault for fault in script("check_locks").compare(project)
    )


def test_our_notebooks_carry_no_outputs(script, root):
    assert script("check_notebooks").compare(root / "notebooks") == []


def test_a_notebook_with_outputs_is_told_with_its_cell(script, tmp_path):
    clean, used = new_code_cell("1 + 1"), new_code_cell("2 + 2", execution_count=1, outputs=[new_output("stream")])
    nbformat.write(new_notebook(cells=[clean, used]), tmp_path / "02_used.ipynb")
    (tmp_path / "03_damaged.ipynb").write_text("{", encoding="utf-8")
    outputs, damaged = script("check_notebooks").compare(tmp_path)
    assert outputs == "02_used.ipynb: cell 2 carries outputs or an execution count"
    assert damaged.startswith("03_damaged.ipynb: not a valid notebook")

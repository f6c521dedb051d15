"""The way tests are run: warnings of our own packages are errors, and a run says what it skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

WITH_A_SKIP = """
import pytest

def test_passes():
    assert 1 + 1 == 2

def test_cannot_run_here():
    pytest.skip("no X-ray machine")

@pytest.mark.slow
def test_takes_minutes():
    assert True
"""


@pytest.fixture
def run_pytest(root: Path, tmp_path: Path):
    """Run a test file under this project's own settings, in a folder of its own."""

    def run(body: str, *options: str) -> subprocess.CompletedProcess[str]:
        for name in ("pyproject.toml", "tests/conftest.py"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes((root / name).read_bytes())
        (tmp_path / "tests/test_sample.py").write_text(body, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("package", ["data_catalog", "workbench.cohorts", "widgets.builder"])
def test_a_warning_from_our_own_packages_is_an_error(run_pytest, package):
    run = run_pytest(
        f"import warnings\n"
        f"def test_warns():\n"
        f"    warnings.warn_explicit('old way', DeprecationWarning, 'module.py', 1, module={package!r})\n"
    )
    assert run.returncode == 1, run.stdout
    assert "DeprecationWarning: old way" in run.stdout


def test_a_warning_from_a_library_is_not_an_error(run_pytest):
    run = run_pytest(
        "import warnings\n"
        "def test_warns():\n"
        "    warnings.warn_explicit('old way', DeprecationWarning, 'module.py', 1, module='some_library')\n"
    )
    assert run.returncode == 0, run.stdout


def test_a_run_ends_with_what_was_skipped_and_what_was_left_out(run_pytest):
    run = run_pytest(WITH_A_SKIP, "-m", "not slow")
    assert run.returncode == 0, run.stdout
    assert "Skipped: 1 test: no X-ray machine" in run.stdout
    assert "Left out: 1 test marked slow; `make test-all` runs them." in run.stdout


def test_so_does_a_run_in_several_processes(run_pytest):
    run = run_pytest(WITH_A_SKIP, "-m", "not slow", "-n", "2", "--dist", "loadfile")
    assert run.returncode == 0, run.stdout
    assert "Skipped: 1 test: no X-ray machine" in run.stdout
    assert "Left out: 1 test marked slow; `make test-all` runs them." in run.stdout


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_a_complete_run_fails_if_anything_was_skipped(run_pytest, processes):
    run = run_pytest(WITH_A_SKIP, "--fail-on-skip", *processes)
    assert run.returncode == 1, run.stdout
    assert "so skipped tests fail it" in run.stdout


def test_a_run_that_skipped_nothing_says_so(run_pytest):
    run = run_pytest("def test_passes():\n    assert 1 + 1 == 2\n", "--fail-on-skip")
    assert run.returncode == 0, run.stdout
    assert "Nothing was skipped." in run.stdout


def test_tests_run_in_random_order_and_print_the_seed(run_pytest):
    run = run_pytest("def test_passes():\n    assert 1 + 1 == 2\n", "-v")
    assert "--randomly-seed=" in run.stdout

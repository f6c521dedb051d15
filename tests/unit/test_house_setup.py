"""What a newcomer meets before anything is installed: make's targets, and the set-up where it cannot work."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

TARGETS = ("demo", "lab", "test", "test-all", "check", "bench", "lock", "clean", "help")


@pytest.fixture
def checkout(root, tmp_path):
    """A checkout without an environment: the files that the set-up reads."""
    shutil.copytree(root / ".ci", tmp_path / ".ci")
    shutil.copytree(root / "binder", tmp_path / "binder")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    return tmp_path


def run(*command: str, folder, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON"))}
    return subprocess.run(
        command, cwd=folder, env=kept | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_make_alone_lists_every_target(checkout):
    listed = [line.split()[0] for line in run("make", folder=checkout).stdout.splitlines()[1:]]
    assert sorted(listed) == sorted(TARGETS)


@pytest.mark.parametrize("target", ["demo", "test"])
def test_without_a_python_that_is_new_enough_make_says_so(checkout, target):
    done = run("make", target, folder=checkout, PYTHON="/nowhere/python3.9")
    assert done.returncode == 2
    assert "PYTHON=/nowhere/python3.9 is not a Python 3.11 or later." in done.stderr
    assert "make PYTHON=/path/to/python3.11" in done.stderr


def test_a_python_that_is_too_old_is_passed_over(checkout, tmp_path):
    old = tmp_path / "python3.8"
    old.write_text("#!/bin/sh\nexit 1  # what sys.exit(sys.version_info < (3, 11)) gives\n", encoding="ascii")
    old.chmod(0o755)
    done = run(".ci/setup", "core", folder=checkout, PYTHON=str(old))
    assert done.returncode == 1
    assert "is not a Python 3.11 or later" in done.stderr


def test_demo_and_lab_need_the_core_only_and_tests_need_everything(checkout):
    plans = {target: run("make", "--dry-run", target, folder=checkout).stdout for target in TARGETS}
    setups = {target: plan.split("\n")[0] for target, plan in plans.items()}
    assert {setups[target] for target in ("demo", "lab")} == {".ci/setup core"}
    assert {setups[target] for target in ("test", "test-all", "check", "bench", "lock")} == {".ci/setup dev"}


def test_an_environment_that_is_up_to_date_is_left_alone_until_its_folder_moves(checkout):
    venv = checkout / ".venv"
    venv.mkdir()
    (venv / ".place").write_text(f"{checkout.resolve()}\n", encoding="utf-8")
    for stamp in (".core-ready", ".dev-ready"):
        (venv / stamp).touch()
    assert ".ci/setup" not in run("make", "--dry-run", "test", folder=checkout).stdout
    moved = checkout.rename(checkout.with_name("moved"))
    assert ".ci/setup dev" in run("make", "--dry-run", "test", folder=moved).stdout


@pytest.mark.parametrize(("changed", "kind"), [("requirements.txt", "core"), ("requirements-dev.txt", "dev")])
def test_a_changed_lock_is_installed_anew(checkout, changed, kind):
    venv = checkout / ".venv"
    venv.mkdir()
    (venv / ".place").write_text(f"{checkout.resolve()}\n", encoding="utf-8")
    for stamp in (".core-ready", ".dev-ready"):
        (venv / stamp).touch()
    later = (venv / ".dev-ready").stat().st_mtime + 60
    os.utime(checkout / "binder" / changed, (later, later))
    target = {"core": "demo", "dev": "test"}[kind]
    assert f".ci/setup {kind}" in run("make", "--dry-run", target, folder=checkout).stdout


def test_the_run_of_the_projects_own_machine_checks_and_tests(root):
    lines = (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make check", "make test"]

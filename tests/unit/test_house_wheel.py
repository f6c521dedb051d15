"""What travels when the workbench is installed rather than cloned."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("data_catalog", "workbench", "widgets")
NO_PACKAGES = "the packages of binder/requirements.txt cannot be installed here (no network, and not in uv's cache)"


def run(*command: object, folder: Path, seconds: int = 600) -> subprocess.CompletedProcess[str]:
    """Run a command that must see nothing of this checkout's environment."""
    kept = ("PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "UV_CACHE_DIR", "UV_DEFAULT_INDEX", "XDG_CACHE_HOME")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, folder=root)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_every_file_of_the_packages(root, names):
    files = {
        str(path.relative_to(root))
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {f"{package}/py.typed" for package in PACKAGES} <= files
    assert sorted(files - names) == []


def test_the_wheel_holds_the_templates(root, names):
    templates = {f"workbench/templates/notebooks/{path.name}" for path in (root / "notebooks").glob("*.ipynb")}
    assert templates
    assert sorted(templates - names) == []


def test_the_wheel_holds_the_licence_and_nothing_else(names):
    info = {name for name in names if ".dist-info/" in name}
    assert any(name.endswith("/licenses/LICENSE") for name in info)
    assert sorted(name for name in names - info if name.split("/")[0] not in PACKAGES) == []
    assert sorted(name for name in names if Path(name).name.startswith(("test_", "conftest"))) == []


def test_an_installed_wheel_runs_the_demo_in_another_folder(wheel, root, tmp_path):
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip("uv is not installed in this environment")
    python = tmp_path / "venv" / "bin" / "python"
    assert run(sys.executable, "-m", "venv", "--without-pip", "venv", folder=tmp_path).returncode == 0
    install = (uv, "pip", "install", "--quiet", "--python", python)
    lock = ("--requirement", root / "binder" / "requirements.txt")
    # From uv's cache if the environment that runs this was just made with it; else from the index.
    if all(run(*install, *option, *lock, folder=tmp_path).returncode for option in (["--offline"], [])):
        pytest.skip(NO_PACKAGES)
    assert run(*install, "--offline", "--no-deps", wheel, folder=tmp_path).returncode == 0
    demo = run(python.with_name("workbench"), "demo", "infarction", "--output", "demo", folder=tmp_path)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    report = next(line.removeprefix("Report: ") for line in demo.stdout.splitlines() if line.startswith("Report: "))
    assert Path(report).is_relative_to(tmp_path)
    assert Path(report).stat().st_size > 10_000

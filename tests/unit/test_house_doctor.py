"""What `workbench doctor` says of a machine."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from workbench.cli import doctor
from workbench.cli.doctor import Finding, examine, print_findings

if TYPE_CHECKING:
    from pathlib import Path


def program(folder: Path, name: str, says: str) -> Path:
    """Put a program called *name* into *folder* that answers --version with *says*."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="ascii")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """A machine whose path holds nothing but one empty folder, which is returned."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return tmp_path


def test_every_finding_that_is_not_ok_says_what_to_do():
    findings = examine()
    assert {finding.name for finding in findings} >= {"Python", "Memory", "Disk", "DuckDB with DuckLake", "JupyterLab"}
    assert all(finding.purpose for finding in findings)
    assert [finding.name for finding in findings if (finding.state == "ok") == bool(finding.remedy)] == []


def test_a_catalog_can_be_made_on_this_machine():
    found = doctor.examine_catalogs()
    assert (found.state, found.remedy) == ("ok", "")


def test_what_stops_a_catalog_from_being_made_is_told(monkeypatch):
    from data_catalog.catalog import Catalog

    def refuse(*_args, **_options):
        raise OSError("no\nspace left")

    monkeypatch.setattr(Catalog, "create", refuse)
    found = doctor.examine_catalogs()
    assert (found.state, found.remedy) == ("missing", "No catalog could be made: no space left")


def test_the_server_of_the_default_catalog_is_asked_for_its_version(postgres_url, postgres_server):
    found = doctor.examine_postgres(postgres_url)
    assert (found.state, found.remedy) == ("ok", "")
    assert found.found == postgres_server.psql("SHOW server_version").split()[0]


def test_a_server_that_is_not_there_is_told_without_the_password():
    found = doctor.examine_postgres("postgresql://anna:secret-word@127.0.0.1:1/catalogs")
    assert found.state == "missing"
    assert found.remedy.startswith(
        "No PostgreSQL server answers at 127.0.0.1, port 1, so the catalog postgresql://anna:***@"
    )
    assert "secret-word" not in repr(found)


def test_who_needs_no_server_is_not_told_to_mend_one(monkeypatch):
    monkeypatch.setenv("PGHOST", "/nowhere")
    found = doctor.examine_postgres("")
    assert (found.state, found.remedy[:16]) == ("missing", "If you need one:")


def test_the_memory_of_a_container_is_its_own_limit(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text(str(3 * doctor.GIBIBYTE), encoding="ascii")
    monkeypatch.setattr(doctor, "CONTAINER_LIMITS", (limit, tmp_path / "absent"))
    found = doctor.examine_memory()
    assert (found.state, found.found) == ("check", "3.0 GiB")


def test_a_container_without_a_limit_has_the_memory_of_its_machine(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("max\n", encoding="ascii")
    monkeypatch.setattr(doctor, "CONTAINER_LIMITS", (limit,))
    assert doctor.examine_memory().found != "not told by this system"


def test_a_program_is_asked_for_its_version(bare_machine):
    program(bare_machine, "postgres", "postgres (PostgreSQL) 16.4 (Debian 16.4-1)")
    found = doctor.examine_program("PostgreSQL", ("postgres", "psql"), "catalogs of a team", "install it", oldest=14)
    assert (found.state, found.found, found.remedy) == ("ok", "16.4", "")


def test_a_program_that_is_too_old_is_called_old(bare_machine):
    program(bare_machine, "psql", "psql (PostgreSQL) 9.6.1")
    found = doctor.examine_program("PostgreSQL", ("postgres", "psql"), "catalogs of a team", "install it", oldest=14)
    assert (found.state, found.remedy) == ("old", "Version 14 or later is needed: install it")


def test_a_program_that_is_not_there_is_missing(bare_machine):
    found = doctor.examine_program("PLINK 2", ("plink2",), "cross-checks", "apt-get install plink2")
    assert (found.state, found.remedy) == ("missing", "If you need it: apt-get install plink2")


def test_an_extra_that_is_not_installed_names_the_extra():
    found = doctor.examine_extra("federation", "no_such_module_anywhere", "running across hospitals")
    assert (found.state, found.remedy) == ("missing", "pip install 'cardio-workbench[federation]'")


@pytest.mark.parametrize(("value", "state"), [("true", "ok"), ("1", "ok"), ("false", "check"), (None, "check")])
def test_plots_need_no_internet_when_panel_is_told_so(value, state):
    assert doctor.examine_inline_plots(value).state == state


def test_settings_that_change_the_last_digits_are_named():
    found = doctor.examine_blas({"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1", "HOME": "/"})
    assert (found.state, found.found) == ("check", "set: OPENBLAS_CORETYPE")


def test_the_extension_folder_is_judged_by_the_nearest_folder_that_exists(tmp_path):
    found = doctor.examine_extension_folder(tmp_path / "not" / "yet" / "there")
    assert (found.state, found.found) == ("ok", "writable")


FINDING = Finding("Chromium", "missing", "not found", "browser tests", "If you need it: apt-get install chromium")


def test_people_read_a_table_and_what_to_do(capsys):
    print_findings([replace(FINDING, name="uv", state="ok", remedy=""), FINDING])
    printed = capsys.readouterr().out
    assert "What" in printed
    assert "missing" in printed
    assert printed.splitlines()[-1] == "Chromium: If you need it: apt-get install chromium"


def test_machines_read_json(capsys):
    print_findings([FINDING], as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {
            "name": "Chromium",
            "state": "missing",
            "found": "not found",
            "purpose": "browser tests",
            "remedy": "If you need it: apt-get install chromium",
        }
    ]

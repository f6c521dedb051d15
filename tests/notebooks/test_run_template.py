"""Running templates: in a kernel of this interpreter, with parameters, and with a plain word when a cell stops."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

from data_catalog.errors import UnknownNameError, WorkbenchError
from workbench.templates import TemplateError, catalog, find_template, open_bundle, run_template

new = nbformat.v4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of small templates of our own."""
    home = tmp_path / "templates"
    home.mkdir()
    monkeypatch.setattr(catalog, "_PACKAGED", home)
    parameters = new.new_code_cell("n = 1", metadata={"tags": ["parameters"]})

    def write(name, *sources):
        cells = [new.new_markdown_cell("# A title"), parameters, new.new_markdown_cell("## The sum")]
        cells += [new.new_code_cell(source) for source in sources]
        nbformat.write(new.new_notebook(cells=cells), home / f"{name}.ipynb")

    write(
        "01_good",
        "import sys, os, hashlib, pathlib\nfrom workbench.templates import findings\n"
        "private = pathlib.Path(os.environ['IPYTHONDIR']).parent\n"
        "findings(f'{n} {hashlib.sha256(sys.executable.encode()).hexdigest()} {private.name} {private.exists()}')",
    )
    write("02_bad", "raise ValueError('the reason')", "never = 'reached'")
    return tmp_path


def test_a_template_runs_in_this_interpreter_with_its_parameters_and_a_profile_of_its_own(folder):
    done = run_template("01", output=folder / "run", parameters={"n": 7})
    (found,) = done.findings
    n, interpreter, profile, was_there = (
        found.split()
    )  # a bundle names no folder, so the interpreter is told by its digest
    assert n == "7"
    assert interpreter == hashlib.sha256(sys.executable.encode()).hexdigest()
    assert profile.startswith("workbench-kernel-")
    assert was_there == "True"
    assert not (Path(tempfile.gettempdir()) / profile).exists(), "the private profile goes with the kernel"
    assert json.loads((folder / "run" / "findings.json").read_text(encoding="utf-8")) == {
        "template": "01_good",
        "findings": [found],
    }
    assert done.report.read_text(encoding="utf-8").count("<h1>A title</h1>") == 1


def test_a_home_that_does_not_exist_is_no_hindrance(folder, monkeypatch):
    for name in ("HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, "/nonexistent")
    assert run_template("01", output=folder / "run").findings[0].startswith("1 ")


def test_a_cell_that_stops_is_named_with_its_heading_and_its_reason(folder):
    with pytest.raises(
        TemplateError, match=r"02_bad stopped in cell 4 of 5, under “The sum”, with ValueError: the reason"
    ):
        run_template("02", output=folder / "run")
    assert [path.name for path in folder.iterdir() if path.name != "templates"] == ["run.stopped.ipynb"]


def test_an_earlier_run_stays_until_a_new_one_is_whole(folder):
    done = run_template("01", output=folder / "run")
    with pytest.raises(TemplateError, match=r"as far as it came is .*run.stopped.ipynb"):
        run_template("02", output=folder / "run")
    assert done.report.exists()
    assert open_bundle(folder / "run").template == "01_good"
    run_template("01", output=folder / "run", parameters={"n": 2})
    assert open_bundle(folder / "run").parameters == {"n": 2}
    assert not (folder / "run.stopped.ipynb").exists(), "what an earlier run stopped at is settled"


def test_a_catalog_reaches_a_notebook_that_has_one_of_its_own_and_its_place_stays_behind(folder, monkeypatch):
    path = folder / "templates" / "03_own.ipynb"
    parameters = new.new_code_cell("catalog = 'somewhere/else'", metadata={"tags": ["parameters"]})
    code = "import os\nfrom workbench.templates import findings\nfindings(f'It is at {catalog}.', str(os.path.isdir(catalog)))"
    nbformat.write(new.new_notebook(cells=[parameters, new.new_code_cell(code)]), path)
    place = folder / "my 'own' cätalog"
    place.mkdir()
    done = run_template("03", output=folder / "run", catalog=place)
    assert done.findings == ("It is at <catalog>.", "True")
    for file in done.folder.rglob("*.*"):
        text = file.read_text(encoding="utf-8", errors="replace")
        assert str(folder) not in text, file.name
        assert "talog'" not in text, file.name
    monkeypatch.chdir(folder)
    (folder / "somewhere" / "else").mkdir(parents=True)
    monkeypatch.delenv("WORKBENCH_CATALOG", raising=False)
    assert run_template("03", output=folder / "run").findings[1] == "True", "its own, from the folder that one is in"


def test_a_folder_of_this_machine_is_no_parameter(folder):
    with pytest.raises(WorkbenchError, match=r"Parameter 'n' is a folder or a file of this machine"):
        run_template("01", output=folder / "run", parameters={"n": str(folder)})


def test_an_unknown_parameter_is_refused_before_anything_runs(folder):
    with pytest.raises(UnknownNameError, match=r"'m' is not a parameter of 01_good. .*Allowed: n"):
        run_template("01", output=folder / "run", parameters={"m": 7})
    assert not (folder / "run").exists()


def test_the_template_on_infarction_answers_its_question(infarction_run):
    done = infarction_run
    assert {path.stem for path in done.tables} == {"attrition", "table_1", "survival", "test", "regression"}
    survival, adjusted = done.findings
    assert "alive after 5 years" in survival
    assert "times the hazard of death" in adjusted
    with (done.folder / "tables" / "regression.csv").open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if (row["variable"], row["level"]) == ("heart_failure", "yes"))
    assert f"{float(row['hazard_ratio']):.2f} times" in adjusted, "the findings quote what the tables hold"


def test_the_cells_of_the_template_on_infarction_are_short_and_it_ends_with_what_it_claims():
    cells = find_template("02").notebook.cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in code) <= 20
    assert code[-1].count("assert ") in {2, 3}
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1

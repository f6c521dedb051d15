"""A bundle made in one place and verified in another: what is the same, what is not, and why. Real catalogs, real runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import polars as pl
import pytest
from scipy.io import arff

from data_catalog import Catalog
from data_catalog.demo import SITE, demo_catalog, hospitals_catalog
from data_catalog.lake import open_reader, writer
from data_catalog.sources import MappedTable
from data_catalog.sources.whas500 import whas500_file, whas500_mapping
from workbench.templates import catalog, open_bundle, run_template, verify_bundle
from workbench.templates.layout import ENVIRONMENT, METADATA, digest_of_file

new = nbformat.v4
TEMPLATE = "02_survival_after_infarction"
PROFILES = {"ro-crate-1.1", "process-run-crate-0.5", "workflow-ro-crate-1.0", "workflow-run-crate-0.5"}
# Answers for the validator's cache, from a folder: it asks the web for nothing but the context of RO-Crate.
SEED = """
import io, sys
from pathlib import Path
from requests import Response
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse

class FromFolder(BaseAdapter):
    def send(self, request, **options):
        body = (Path(sys.argv[1]) / f"context-{request.url.split('/')[-2]}.jsonld").read_bytes()
        response = Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = HTTPResponse(io.BytesIO(body), status=200, headers=dict(response.headers), preload_content=False)
        return response
    def close(self): pass

session = CachedSession(sys.argv[2], backend="sqlite")
session.mount("https://w3id.org/", FromFolder())
session.get("https://w3id.org/ro/crate/1.1/context").raise_for_status()
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Path:
    """A catalog of the demo data that is not the one on which the bundle was made."""
    return demo_catalog(tmp_path_factory.mktemp("another clone") / "catalog").folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """What `workbench demo infarction` leaves, moved away from where it was made."""
    folder = tmp_path_factory.mktemp("clone")
    demo = [
        sys.executable,
        "-m",
        "workbench.cli.main",
        "demo",
        "infarction",
        "--output",
        str(folder / "demo"),
        "--json",
    ]
    done = subprocess.run(demo, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    moved = tmp_path_factory.mktemp("moved") / "bundle"
    shutil.move(folder / "demo" / "infarction-report", moved)
    shutil.rmtree(folder)
    return moved


@pytest.fixture
def copy(bundle, tmp_path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def workbench(*words: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "WORKBENCH_CATALOG"}
    command = [sys.executable, "-m", "workbench.cli.main", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_bundle_made_in_one_place_is_identical_in_another(bundle, elsewhere):
    done = workbench("template", "verify", bundle, "--catalog", elsewhere)
    assert done.returncode == 0, done.stderr
    assert f"{TEMPLATE}: identical. All " in done.stdout
    assert "of 5 results are the same." in done.stdout
    assert "Not the same" not in done.stdout, "neither data nor policy, template or environment"


def test_data_of_one_person_less_are_told_as_the_cause(bundle, tmp_path):
    rows, _ = arff.loadarff(whas500_file())
    columns = {n: rows[n].astype(str) if rows[n].dtype.kind == "S" else rows[n] for n in rows.dtype.names}
    pl.DataFrame(columns).slice(1).write_csv(tmp_path / "whas500.csv")
    key = (demo_catalog(tmp_path / "whole").folder / "pseudonym.key").read_bytes()
    fewer = Catalog.create(tmp_path / "fewer", title="One less", open_to_everyone=True, pseudonym_key=key)
    fewer.ingest(MappedTable(tmp_path / "whas500.csv", whas500_mapping()), site=SITE, basis="open_data")
    done = workbench("template", "verify", bundle, "--catalog", fewer.folder, "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "different"
    assert [cause["kind"] for cause in found["causes"]] == ["data"]
    assert found["causes"][0]["words"].startswith("The clinical data are not those of the bundle")
    places = {(each["result"], each["where"]) for each in found["differences"]}
    assert ("test", "statistic") in places
    assert any(result == "regression" and where.endswith(": hazard_ratio") for result, where in places)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A template that counts, and the clinic that it counts in: forty people, on another basis than consent."""
    home = tmp_path / "templates"
    home.mkdir()
    monkeypatch.setattr(catalog, "_PACKAGED", home)
    first = (
        "%load_ext workbench\nimport os\nfrom workbench import Study\n"
        "from workbench.cohorts import Cohort, codelist, diagnosis"
    )
    second = (
        "study = Study.open(os.environ['WORKBENCH_CATALOG'], purpose='education', snapshot=snapshot)\n"
        "study.count(Cohort.entry('heart failure', diagnosis(codelist('heart_failure')).first()))"
    )
    cells = [new.new_markdown_cell("# How many?"), new.new_code_cell("catalog = ''\nsnapshot = None")]
    cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(new.new_notebook(cells=[*cells, *map(new.new_code_cell, (first, second))]), home / "01_count.ipynb")
    clinic = Catalog.create(tmp_path / "clinic", title="Clinic")
    clinic.ingest(ward("A", 40), site="clinic", basis="public_interest")
    run_template("01", output=tmp_path / "run", catalog=clinic.folder)
    return tmp_path / "run", clinic


def ward(name: str, n: int) -> MappedTable:
    people = pl.DataFrame(
        {"id": [f"{name}-{i}" for i in range(n)], "born": ["1950-01-01"] * n, "seen": ["2020-01-01"] * n}
    )
    mapping = {
        "mapping": "ward",
        "version": "1",
        "person": {"id": "id", "birth": "born"},
        "observation_period": {"start": "seen", "end": "seen + 100 days"},
        "conditions": [{"concept": "Heart failure [SNOMED 84114007]", "date": "seen"}],
    }
    return MappedTable(people, mapping)


@pytest.mark.slow
def test_people_whom_consent_leaves_out_are_told_as_the_cause(small):
    bundle, clinic = small
    with writer(clinic.folder) as connection:
        connection.execute(
            "INSERT INTO lake.governance.consent BY NAME SELECT person_id, site, 'clinical' AS modality, '*' AS purpose, "
            "'withdrawn' AS status, now() AS valid_from, now() AS recorded_at FROM lake.main.person ORDER BY person_id LIMIT 12"
        )
    found = verify_bundle(bundle, catalog=clinic.folder)
    assert found.verdict == "different"
    assert {cause.kind for cause in found.causes} == {"consent"}
    # What it was with the twelve and is without them would tell what they had.
    assert found.comparison.differences == ()
    assert sum(found.comparison.withheld.values()) == found.comparison.n_different > 0
    assert "They are not shown" in str(found)
    assert found.to_dict()["differences"] == []


@pytest.mark.slow
def test_a_catalog_that_has_grown_is_asked_as_of_the_snapshot_of_the_bundle(small):
    bundle, clinic = small
    clinic.ingest(ward("B", 20), site="clinic", basis="public_interest")
    assert verify_bundle(bundle, catalog=clinic.folder).verdict == "identical"


def test_another_library_is_named_and_a_result_without_a_cause_too(small):
    bundle, clinic = small
    (name,) = open_bundle(bundle).tables()
    alter(bundle, f"tables/{name}.json", lambda form: form["rows"][0].__setitem__(1, 50))
    found = verify_bundle(bundle, catalog=clinic.folder)
    assert found.verdict == "different"
    assert [cause.kind for cause in found.causes] == ["result"]
    alter(bundle, ENVIRONMENT, lambda made: made["distributions"].update(numpy="1.0.0", scipy="9.9"))
    found = verify_bundle(bundle, catalog=clinic.folder)
    (cause,) = found.causes
    assert cause.kind == "environment"
    assert "numpy 1.0.0 then" in cause.words
    assert "scipy 9.9 then" in cause.words


@pytest.mark.slow
def test_a_rerun_that_stops_is_different_and_its_cause_is_told(small, tmp_path):
    bundle, _ = small
    other = Catalog.create(tmp_path / "other", title="Other")
    other.ingest(ward("C", 12), site="clinic", basis="public_interest")
    with writer(other.folder) as connection:
        connection.execute("UPDATE lake.governance.permit SET level = 'discover', purpose = ['care_improvement']")
    found = verify_bundle(bundle, catalog=other.folder)
    assert not found.is_same
    assert found.comparison.differences[0].was == "came to its end"
    assert "01_count stopped in cell 5 of 5, under “How many?”, with PermitError" in found.stopped
    assert f"The rerun stopped: {found.stopped}\n" in str(found)
    assert len(found.stopped) > 60, "and is not cut"


@pytest.mark.slow
def test_a_notebook_that_looks_at_individuals_leaves_none_of_them_in_its_bundle(small, tmp_path):
    _, clinic = small
    path = tmp_path / "templates" / "01_count.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[
        -1
    ].source += "\nprint(study.people(Cohort.entry('x', diagnosis(codelist('heart_failure')).first())))"
    notebook.cells.append(
        new.new_code_cell("study.people(Cohort.entry('x', diagnosis(codelist('heart_failure')).first()))")
    )
    nbformat.write(notebook, path)
    done = run_template("01", output=tmp_path / "looked", catalog=clinic.folder)
    with open_reader(clinic.folder) as connection:
        ids = [str(row[0]) for row in connection.execute("SELECT person_id FROM lake.main.person").fetchall()]
    written = "".join(file.read_text("utf-8", errors="replace") for file in done.folder.rglob("*") if file.is_file())
    assert [found for found in ids if found in written] == []
    assert [question["asked"] for question in open_bundle(done.folder).record["questions"]] == [
        "count",
        "people",
        "people",
    ]


def test_a_changed_number_is_named_before_anything_runs(copy):
    path = copy / "tables" / "test.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("1", "2", 1), encoding="utf-8")
    done = workbench("template", "verify", copy, "--catalog", "nowhere")
    assert done.returncode == 2
    assert "tables/test.csv of" in done.stderr
    assert "was altered" in done.stderr


def test_bad_input_ends_with_2_and_a_word(bundle, tmp_path):
    for words, said in [
        (("template", "verify", tmp_path, "--catalog", tmp_path), "is not a bundle"),
        (("template", "verify", bundle, "--catalog", tmp_path / "none"), "There is no catalog at"),
        (("template", "verify", bundle), "say on which to rerun it: --catalog FOLDER"),
    ]:
        done = workbench(*words)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_same_question_gives_the_same_bytes(bundle, elsewhere, tmp_path):
    again = open_bundle(run_template(TEMPLATE, output=tmp_path / "again", catalog=elsewhere).folder)
    before = open_bundle(bundle)
    same = {name for name, digest in before.files.items() if again.files[name] == digest}
    assert {name for name in before.files if name.startswith(("tables/", "cohorts/", "figures/"))} <= same
    assert {"findings.json", "environment.json", "template.ipynb"} <= same


def alter(folder: Path, name: str, change) -> None:
    """Change one file of a bundle, and the crate to go with it."""
    path = folder / name
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    entity = next(each for each in metadata["@graph"] if each["@id"] == name)
    entity |= {"sha256": digest_of_file(path), "contentSize": str(path.stat().st_size)}
    (folder / METADATA).write_text(json.dumps(metadata), encoding="utf-8")


@pytest.fixture(scope="session")
def validator(root, shared, tmp_path_factory) -> list[str]:
    """The command of an independent validator that asks nothing of the web, in an environment of its own that is made once."""
    contexts = shared / "standards" / "ro-crate"
    if not contexts.is_dir():
        pytest.skip("the folder ../shared has no contexts of RO-Crate")
    pin = root / ".ci" / "roc-validator.txt"
    home = root / ".venv" / f"roc-validator-{digest_of_file(pin)[:12]}"
    if not (home / ".ready").exists():
        uv = [str(Path(sys.executable).parent / "uv")]
        for step in (["venv", "--quiet", "--clear", home], ["pip", "install", "--quiet", "--python", home, "-r", pin]):
            made = subprocess.run([*uv, *map(str, step)], capture_output=True, text=True, check=False)
            if made.returncode:
                pytest.skip(f"roc-validator cannot be installed here: {made.stderr.strip().splitlines()[-1]}")
        (home / ".ready").touch()
    cache = tmp_path_factory.mktemp("cache") / "http"
    seed = [home / "bin" / "python", "-c", SEED, contexts, cache]
    subprocess.run([str(word) for word in seed], check=True, capture_output=True)
    return [str(home / "bin" / "rocrate-validator"), "-y", "validate", "--offline", "--cache-path", str(cache)]


def test_an_independent_validator_accepts_the_crate(validator, bundle, tmp_path):
    report = tmp_path / "report.json"
    done = subprocess.run(
        [*validator, "-p", "workflow-run-crate", "--output-format", "json", "--output-file", report, bundle],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["passed"]
    assert found["issues"] == []
    assert set(found["statistics"]["profiles"]) == PROFILES


def test_the_validator_would_have_found_a_fault(validator, copy):
    metadata = json.loads((copy / METADATA).read_text(encoding="utf-8"))
    for entity in metadata["@graph"]:
        entity.pop("instrument", None)
    (copy / METADATA).write_text(json.dumps(metadata), encoding="utf-8")
    done = subprocess.run([*validator, "-p", "workflow-run-crate", copy], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr


@pytest.mark.slow
def test_the_question_of_five_hospitals_is_identical_on_a_catalog_made_again(tmp_path):
    one, other = (hospitals_catalog(tmp_path / name).folder for name in ("one", "other"))
    made = run_template("01", output=tmp_path / "run", catalog=one)
    found = verify_bundle(made.folder, catalog=other)
    assert (found.verdict, found.causes) == ("identical", ())
    study = open_bundle(made.folder).record["studies"][0]
    assert study["modalities"] == ["clinical", "waveform", "imaging", "genomic"]
    assert all(study["data"]["groups"].values())

"""The first template on the five heart centres: it ends with findings that quote its tables."""

from __future__ import annotations

import csv
import re

import pytest

from workbench.templates import find_template, run_template


def test_the_findings_quote_what_the_tables_hold(flagship):
    survival, adjusted, variations = flagship.findings
    assert "were alive after 5 years" in survival
    with next(path for path in flagship.tables if path.stem == "regression").open(encoding="utf-8", newline="") as file:
        rows = {(row["variable"], row["level"]): row for row in csv.DictReader(file)}
    assert f"{float(rows['ttn_truncating', 'yes']['hazard_ratio']):.2f} times the hazard of death" in adjusted
    assert len(re.findall(r"\d\.\d\d \(\d\.\d\d to \d\.\d\d\)", variations)) == 5


def test_the_attrition_tells_ecgs_images_and_genomes(flagship):
    with next(path for path in flagship.tables if path.stem == "attrition").open(encoding="utf-8", newline="") as file:
        first, *_, last = csv.DictReader(file)
    assert first["label"].startswith(
        "Allowed for scientific research with clinical, waveform, imaging and genomic data"
    )
    assert int(first["n_before"]) == 10_000
    assert {"n_with_ecg", "n_with_imaging", "n_with_genome"} <= set(last)
    assert last["n_with_genome"] == last["n_after"], "sequenced people are asked for in the last step"


def test_the_question_that_is_too_small_gets_no_number(flagship):
    with next(path for path in flagship.tables if path.stem.startswith("people")).open(
        encoding="utf-8", newline=""
    ) as file:
        (row,) = csv.DictReader(file)
    assert row["n"] == ""
    assert row["n__suppressed"] == "small_count"


@pytest.mark.slow
@pytest.mark.parametrize("hospital", ["eastfield", "hillcrest", "lakeside", "northgate", "riverside"])
def test_each_hospital_can_ask_it_of_its_own_patients(hospital_by_site, hospital, tmp_path):
    done = run_template("01", output=tmp_path / "run", catalog=hospital_by_site[hospital].folder)
    survival, adjusted, variations = done.findings
    assert "at 1 hospital with heart failure" in survival
    assert re.search(r"\d\.\d\d times the hazard of death", adjusted)
    assert variations.count(": ") == 6, "each variation is told, if only that it is not shown"


def test_its_cells_are_short_and_it_ends_with_what_it_claims():
    cells = find_template("01").notebook.cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in code) <= 20
    assert code[-1].count("assert ") in {2, 3}
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1

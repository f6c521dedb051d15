"""The command line: nouns and verbs, text or JSON on standard output, mistakes in words on standard error, exit 0, 1 or 2."""

import io
import json
import sys

import click
import polars as pl
import pytest
import typer

from workbench.cli.main import app, main
from workbench.cohorts import Cohort, age_years, carrier, codelist, diagnosis
from workbench.cohorts.serialise import write_definition


@pytest.fixture
def workbench(monkeypatch, capsys):
    """Run a command line; return its exit code, standard output and standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        shown = capsys.readouterr()
        return int(stopped.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture(scope="module")
def demo(infarction):
    return infarction.folder


def commands(group: click.Group, *before: str):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


ALL = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_every_command_explains_itself(workbench, words, command):
    code, out, _ = workbench(*words, "--help")
    assert code == 0
    assert (command.help or "").splitlines()[0].rstrip(".")[:40] in " ".join(out.split())
    assert "\\[" not in out
    if len(words) > 1:
        assert f"Example: workbench {' '.join(words)}" in command.epilog


def test_genotypes_follow_their_people_into_the_catalog(workbench, tmp_path):
    (tmp_path / "omop").mkdir()
    pl.DataFrame({"person_id": [1, 2], "person_source_value": ["A1", "A2"]}).with_columns(
        gender_concept_id=8507, year_of_birth=1950, race_concept_id=0, ethnicity_concept_id=0
    ).write_csv(tmp_path / "omop" / "person.csv")
    vcf = tmp_path / "exome.vcf"
    rows = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT A1 A2\n1 5 . A G . PASS . GT 0/1 0/.\n"
    vcf.write_text("##fileformat=VCFv4.3\n" + rows.replace(" ", "\t"))
    where = ("--catalog", tmp_path / "catalog", "--site", "clinic", "--basis", "synthetic")
    assert workbench("catalog", "create", tmp_path / "catalog")[0] == 0
    assert workbench("catalog", "ingest", "omop", tmp_path / "omop", *where)[0] == 0
    for words, advice in (
        (("vcf", vcf), "--build GRCh38"),
        (("vcf", vcf, "--build", "GRCh38", "--half-calls", "ref"), "Did you mean 'refuse'"),
        (("vcf", vcf, "--build", "GRCh38", "--half-calls", "refuse"), "row 1"),
        (("vcf",), "Say which file to ingest"),
    ):
        code, _, err = workbench("catalog", "ingest", *words, *where)
        assert code == 1
        assert advice in err
    code, out, _ = workbench(
        "catalog", "ingest", "vcf", vcf, "--build", "GRCh38", "--half-calls", "reference", *where, "--json"
    )
    assert code == 0
    report = json.loads(out)
    assert {table["table"]: table["n_rows"] for table in report["tables"]} == {"callset": 1, "sample": 2, "variant": 1}
    assert report["notes"] == [
        "exome.vcf: 1 call with one allele missing, taken with the reference allele for the missing one"
    ]


def test_a_table_goes_from_draft_to_catalog(workbench, tmp_path):
    n = 30
    frame = pl.DataFrame(
        {"id": range(n), "sex": ["M", "F"] * (n // 2), "visit": ["2020-01-01"] * n, "sbp": [100 + i for i in range(n)]}
    )
    frame.write_csv(tmp_path / "visits.csv")
    catalog, mapping = tmp_path / "catalog", tmp_path / "visits.yaml"
    assert workbench("catalog", "create", catalog, "--title", "Clinic")[0] == 0
    code, out, _ = workbench("catalog", "ingest", "tables", tmp_path / "visits.csv", "--draft", mapping)
    assert code == 0
    assert "read it line by line" in out
    ingest = (
        "catalog",
        "ingest",
        "tables",
        tmp_path / "visits.csv",
        "--mapping",
        mapping,
        "--site",
        "clinic",
        "--catalog",
        catalog,
    )
    code, out, _ = workbench(*ingest, "--basis", "synthetic", "--json")
    assert code == 0
    assert {t["table"]: t["n_rows"] for t in json.loads(out)["tables"]}["measurement"] == n
    code, out, _ = workbench("catalog", "snapshots", "--catalog", catalog)
    assert "ingest tables data of clinic" in out
    code, out, _ = workbench("catalog", "describe", "--catalog", catalog, "--json")
    assert ["clinic", "measurement", 30, 30] in json.loads(out)["rows"]


def test_a_draft_never_overwrites_a_file(workbench, tmp_path):
    (tmp_path / "mapping.yaml").write_text("precious")
    code, _, err = workbench("catalog", "ingest", "tables", tmp_path / "x.csv", "--draft", tmp_path / "mapping.yaml")
    assert code == 1
    assert "exists already and is not overwritten" in err
    assert (tmp_path / "mapping.yaml").read_text() == "precious"


def test_a_saved_cohort_is_counted_and_its_attrition_told(workbench, demo, tmp_path):
    cohort = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
    write_definition(cohort.require("aged 65 or over", age_years() >= 65), tmp_path / "cohort.yaml")
    code, out, _ = workbench("cohort", "count", tmp_path / "cohort.yaml", "--catalog", demo, "--json")
    # WHAS500: 328 of the 500 people were 65 or older (counted in the file); the gate rounds to 5.
    assert (code, json.loads(out)["rows"][0][1]) == (0, 330)
    code, out, _ = workbench("cohort", "attrition", tmp_path / "cohort.yaml", "--catalog", demo)
    assert code == 0
    assert "aged 65 or over" in out


def test_a_definition_is_counted_among_those_who_allow_the_sorts_of_data_that_it_reads(workbench, demo, tmp_path):
    cohort = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
    write_definition(cohort.exclude("carries", carrier("TTN")), tmp_path / "cohort.yaml")
    asked = ("cohort", "attrition", tmp_path / "cohort.yaml", "--catalog", demo)
    code, out, _ = workbench(*asked)
    assert code == 0
    assert "with clinical and genomic data" in out
    assert "with genome" in out
    assert "with imaging" not in out
    code, out, _ = workbench(*asked, "--modality", "imaging")
    assert (code, "with imaging" in out) == (0, True)
    code, _, err = workbench(*asked, "--modality", "image")
    assert (code, "'image' is not a sort of data" in err) == (1, True)


def test_the_catalog_can_be_named_by_the_environment(workbench, demo, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CATALOG", str(demo))
    code, out, _ = workbench("permit", "list")
    assert code == 0
    assert "holder *  level rows" in out


@pytest.fixture
def clinic(workbench, tmp_path):
    """A catalog of thirty people with record numbers, made by command."""
    n = 30
    pl.DataFrame({"id": [f"MRN-{7000 + i}" for i in range(n)], "visit": ["2020-01-01"] * n}).write_csv(
        tmp_path / "visits.csv"
    )
    mapping = "mapping: visits\nversion: '1'\nperson: {id: id, birth: visit - 60 years}\n"
    (tmp_path / "visits.yaml").write_text(mapping + "observation_period: {start: visit, end: visit}\n")
    catalog = tmp_path / "catalog"
    assert workbench("catalog", "create", catalog)[0] == 0
    ingest = ("catalog", "ingest", "tables", tmp_path / "visits.csv", "--mapping", tmp_path / "visits.yaml")
    code, _, err = workbench(*ingest, "--catalog", catalog, "--site", "clinic")
    assert code == 0, err
    return catalog


def test_consents_come_in_by_file_and_one_by_one(workbench, clinic, tmp_path):
    header = "record_number,modality,purpose,status,valid_from,recorded_at"
    said = [f"MRN-{7000 + i},clinical,*,given,2020-01-01T09:00:00Z,2020-01-01T09:00:00Z" for i in range(20)]
    (tmp_path / "consent.csv").write_text("\n".join([header, *said]))
    at = ("--catalog", clinic, "--site", "clinic")
    code, out, _ = workbench("catalog", "ingest", "consents", tmp_path / "consent.csv", *at)
    assert (code, "consent: 20 rows of 20 people" in out) == (0, True)
    one = ("--record-number", "MRN-7003", "--modality", "genomic", "--modality", "imaging", "--status", "withdrawn")
    code, out, _ = workbench("catalog", "consent", *at, *one)
    assert code == 0
    assert "Recorded for one person of clinic: genomic, imaging data, every purpose: withdrawn" in out
    assert "7003" not in out
    assert json.loads(workbench("catalog", "consent", *at, *one, "--json")[1])["consent_epoch"] == 3


def test_a_person_is_withdrawn_by_a_number_on_standard_input(workbench, clinic, monkeypatch):
    command = ("catalog", "withdraw", "--catalog", clinic, "--site", "clinic", "--record-number", "-")
    monkeypatch.setattr(sys, "stdin", io.StringIO("MRN-7003\n"))
    code, out, err = workbench(*command)
    assert (code, err) == (0, "")
    for words in ("One person left the catalog", "From now on", "What remains"):
        assert words in out
    assert "7003" not in out
    monkeypatch.setattr(sys, "stdin", io.StringIO("MRN-7003\n"))
    again = json.loads(workbench(*command, "--json")[1])
    assert (again["already_withdrawn"], again["n_rows"]) == (True, {})
    for given, words in (("MRN-9999\n", "has this record number"), ("\n", "No record number came")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        code, out, err = workbench(*command)
        assert (code, out) == (1, "")
        assert words in err
        assert "9999" not in err


def test_a_permit_is_issued_listed_and_revoked(workbench, clinic):
    at = ("--catalog", clinic)
    issue = ("permit", "issue", *at, "--holder", "ada", "--purpose", "education", "--note", "Approval 12", "--days", 30)
    issued = json.loads(workbench(*issue, "--json")[1])
    assert (issued["level"], issued["state"], issued["days_left"]) == ("aggregate", "valid", 30)
    code, out, _ = workbench("permit", "list", *at)
    assert code == 0
    assert f"{issued['permit_id']}  holder ada  level aggregate  purposes education  valid, 30 days left" in out
    code, out, _ = workbench("permit", "revoke", issued["permit_id"], *at)
    assert code == 0
    assert "It allows nothing from then on" in out
    assert "What remains: results" in out
    states = {p["permit_id"]: p["state"] for p in json.loads(workbench("permit", "list", *at, "--json")[1])}
    assert sorted(states.values()) == ["revoked", "valid"]
    code, out, err = workbench("permit", "issue", *at, "--holder", "ada", "--not-before", "2020-01-01", "--days", 1)
    assert "expired  2020-01-01 to 2020-01-02" in out
    code, out, err = workbench("permit", "revoke", "permit-nothing", *at)
    assert (code, out) == (1, "")
    assert "PermitError: This catalog has no permit 'permit-nothing'" in err


def test_the_data_dictionary_can_be_asked_for_a_table(workbench):
    code, out, _ = workbench("catalog", "dictionary", "measurement")
    assert code == 0
    assert "value_canonical" in out
    code, out, _ = workbench("catalog", "dictionary", "measures")
    assert "systolic_blood_pressure_mmhg" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("catalog", "describe", "--catalog", "nowhere"), "CatalogError: There is no catalog at nowhere"),
        (("catalog", "ingest", "omob", "x"), "IngestError: 'omob' is not a format. Did you mean 'omop'"),
        (("catalog", "ingest", "tables", "x.csv"), "needs a mapping file"),
        (("catalog", "ingest", "whas500"), "Say which hospital the data are of: --site NAME"),
        (("catalog", "dictionary", "mesurement"), "Did you mean 'measurement'"),
        (("template", "run", "09_nothing", "--output", "x"), "'09_nothing' is not a template"),
        (("cohort", "count", "cohort.txt", "--catalog", "nowhere"), "There is no catalog at nowhere"),
    ],
)
def test_a_mistake_is_told_in_words_on_standard_error(workbench, words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = workbench(*words)
    assert (code, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


def test_a_fault_of_our_own_shows_no_data(workbench, demo, monkeypatch):
    from workbench.study import Study

    def fail(*_args, **_options):
        raise ValueError("MRN-0000012345 is odd")

    monkeypatch.delenv("WORKBENCH_DEBUG", raising=False)
    monkeypatch.setattr(Study, "contents", fail)
    code, out, err = workbench("catalog", "describe", "--catalog", demo)
    assert (code, out) == (1, "")
    assert "failed with ValueError in test_cli.py" in err
    assert "MRN" not in err
    monkeypatch.setenv("WORKBENCH_DEBUG", "1")
    with pytest.raises(ValueError, match="is odd"):
        main()


@pytest.mark.parametrize("words", [("catalogue",), ("catalog", "create"), ("cohort", "count", "--colour")])
def test_a_command_that_cannot_be_understood_exits_with_2(workbench, words):
    code, _, err = workbench(*words)
    assert code == 2
    assert "Traceback" not in err


def test_the_version_is_told(workbench):
    assert workbench("--version")[1].startswith("cardio-workbench 0.")

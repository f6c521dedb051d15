"""Record numbers and person ids are planted in a hospital's file and looked for in everything that a run shows or writes."""

import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest
import yaml
from scipy.io import arff

from data_catalog import Catalog
from data_catalog.demo import SITE
from data_catalog.lake import open_reader
from data_catalog.model import TABLES, table_address
from data_catalog.sources import MappedTable
from data_catalog.sources.whas500 import whas500_file, whas500_mapping
from workbench.cohorts import Cohort, codelist, diagnosis
from workbench.study import Study

TEMPLATE = "02_survival_after_infarction"


def forms(identifier: int | str) -> list[bytes]:
    """How an identifier might be hidden in bytes: as text, as repr, and a number as a little-endian integer or float."""
    found = [str(identifier).encode(), repr(identifier).encode()]
    if isinstance(identifier, int):
        found += [
            f"{identifier:,}".encode(),
            f"{identifier:x}".encode(),
            struct.pack("<q", identifier),
            struct.pack("<d", identifier),
        ]
    else:
        found += [identifier.encode("utf-16-le"), identifier.removeprefix("MRN-").encode()]
    return found


def finds(identifiers: list[int | str], content: bytes) -> set[int | str]:
    return {identifier for identifier in identifiers if any(form in content for form in forms(identifier))}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> tuple[Catalog, list[int | str], str]:
    """The WHAS500 people with ten-digit record numbers of their own, ingested; the identifiers; and the text of the ingest report."""
    folder = tmp_path_factory.mktemp("hospital")
    rows, _ = arff.loadarff(whas500_file())
    columns = {
        name: rows[name].astype(str) if rows[name].dtype.kind == "S" else rows[name] for name in rows.dtype.names
    }
    records = [f"MRN-{8_000_000_000 + 7919 * number}" for number in range(len(rows))]
    pl.DataFrame({"record": records, **columns}).write_csv(folder / "admissions.csv")
    mapping = yaml.safe_load(whas500_mapping().read_text(encoding="utf-8"))
    mapping["person"]["id"] = "record"
    catalog = Catalog.create(folder / "catalog", title="Hospital with record numbers")
    report = catalog.ingest(MappedTable(folder / "admissions.csv", mapping), site=SITE, basis="public_interest")
    with open_reader(catalog.folder) as connection:
        ids = [row[0] for row in connection.execute("SELECT person_id FROM lake.main.person").fetchall()]
    return catalog, [*records, *ids], str(report) + repr(report)


@pytest.fixture(scope="module")
def shown(hospital, tmp_path_factory, unpacked) -> dict[str, bytes]:
    """Everything that a run of the template shows: each file that it writes, and what the command prints."""
    catalog, _, _ = hospital
    output = tmp_path_factory.mktemp("run") / "bundle"
    command = [
        sys.executable,
        "-m",
        "workbench.cli.main",
        "template",
        "run",
        TEMPLATE,
        "--output",
        str(output),
        "-p",
        f"catalog={catalog.folder}",  # the older way of naming it: as a parameter it would be written into the notebook
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    files = {
        str(file.relative_to(output)): unpacked(file.read_bytes()) for file in Path(output).rglob("*") if file.is_file()
    }
    return files | {"standard output": done.stdout, "standard error": done.stderr}


def test_the_ids_that_are_looked_for_have_at_least_ten_digits(hospital):
    _, identifiers, _ = hospital
    assert len(identifiers) == 1000
    assert all(len(str(identifier).removeprefix("MRN-")) >= 10 for identifier in identifiers)


def test_no_identifier_is_in_the_report_the_notebook_the_tables_or_what_is_printed(hospital, shown):
    _, identifiers, _ = hospital
    assert {"report.html", "executed.ipynb"} <= set(shown)
    for name, content in shown.items():
        assert not finds(identifiers, content), f"{name} holds identifiers"


def test_no_place_of_this_machine_is_in_the_bundle(hospital, shown):
    catalog, _, _ = hospital
    places = [
        catalog.folder,
        Path.home(),
        Path.cwd(),
        Path(sys.prefix),
        Path(tempfile.gettempdir()),
        catalog.folder.parent,
    ]
    words = [str(place).encode() for place in places if len(place.parts) > 1]
    for name, content in shown.items():
        if not name.startswith("standard"):  # the command itself says where the report is
            assert [word for word in words if word in content] == [], name
    assert words[0] in shown["report.html"] + words[0], "the search would have found it"


def test_no_identifier_is_in_the_ingest_report(hospital):
    _, identifiers, report = hospital
    assert not finds(identifiers, report.encode())


def test_the_search_would_have_found_them(hospital, shown):
    _, identifiers, _ = hospital
    record, person = identifiers[3], identifiers[-3]
    report = shown["report.html"]
    for planted in (*forms(record), *forms(person)):
        assert finds(identifiers, report + planted), planted


def test_a_refused_file_names_no_record_number(hospital, tmp_path):
    catalog, identifiers, _ = hospital
    text = (catalog.folder.parent / "admissions.csv").read_text()
    (tmp_path / "broken.csv").write_text(text.replace(",83.0,", ",eighty-three,", 1))
    (tmp_path / "mapping.yaml").write_text(whas500_mapping().read_text().replace("id: row number", "id: record"))
    command = [sys.executable, "-m", "workbench.cli.main", "catalog", "ingest", "tables", str(tmp_path / "broken.csv")]
    options = ["--mapping", str(tmp_path / "mapping.yaml"), "--site", SITE, "--catalog", str(catalog.folder)]
    done = subprocess.run([*command, *options], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"not a number" in done.stderr
    assert not finds(identifiers, done.stdout + done.stderr)


# --- Consent, withdrawal, permits -------------------------------------------------------------------------------------


def run_workbench(*words: object, stdin: str = "") -> tuple[int, bytes]:
    """Run a command as a steward does; return its exit code and what it printed on either stream."""
    command = [sys.executable, "-m", "workbench.cli.main", *map(str, words)]
    done = subprocess.run(command, input=stdin.encode(), capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def consent_file(path: Path, numbers: list[str], *, modality: str = "clinical") -> Path:
    n = len(numbers)
    columns = {"record_number": numbers, "modality": [modality] * n, "purpose": ["*"] * n, "status": ["given"] * n}
    moments = {"valid_from": ["2024-01-01T09:00:00Z"] * n, "recorded_at": ["2024-01-02T09:00:00Z"] * n}
    pl.DataFrame(columns | moments).write_csv(path)
    return path


@pytest.fixture(scope="module")
def governed(hospital, tmp_path_factory) -> tuple[Catalog, list[int | str], dict[str, bytes]]:
    """A copy of the hospital's catalog in which consents came in, were refused, and a person left: catalog, identifiers, what was printed."""
    original, identifiers, _ = hospital
    folder = tmp_path_factory.mktemp("governed")
    catalog = Catalog.open(shutil.copytree(original.folder, folder / "catalog"))
    records = [one for one in identifiers if isinstance(one, str)]
    stranger = "MRN-9900000000"
    said = consent_file(folder / "consent.csv", [*records[:50], stranger])
    wrong = consent_file(folder / "wrong.csv", records[:5], modality=records[7])
    at = ("--catalog", catalog.folder, "--site", SITE)
    number = ("--record-number", "-")
    commands = {
        "consents": (("catalog", "ingest", "consents", said, *at), "", 0),
        "consents, refused": (("catalog", "ingest", "consents", wrong, *at), "", 1),
        "consent": (("catalog", "consent", *at, *number, "--modality", "genomic", "--status", "withdrawn"), records[3], 0),
        "consent of a stranger": (("catalog", "consent", *at, *number, "--modality", "genomic", "--status", "given"), stranger, 1),
        "withdrawal": (("catalog", "withdraw", *at, *number), records[4], 0),
        "withdrawal again": (("catalog", "withdraw", *at, *number, "--json"), records[4], 0),
        "withdrawal of a stranger": (("catalog", "withdraw", *at, *number), stranger, 1),
        "consents again": (("catalog", "ingest", "consents", said, *at, "--json"), "", 0),
        "permit": (("permit", "issue", "--catalog", catalog.folder, "--holder", "ada", "--json"), "", 0),
        "permits": (("permit", "list", "--catalog", catalog.folder), "", 0),
        "snapshots": (("catalog", "snapshots", "--catalog", catalog.folder), "", 0),
        "contents": (("catalog", "describe", "--catalog", catalog.folder), "", 0),
    }  # fmt: skip
    printed = {}
    for name, (words, stdin, expected) in commands.items():
        code, printed[name] = run_workbench(*words, stdin=stdin)
        assert code == expected, (name, printed[name].decode())
    return catalog, [*identifiers, stranger], printed


def test_no_identifier_is_in_what_consents_withdrawals_and_permits_print(governed):
    _, identifiers, printed = governed
    for name, content in printed.items():
        assert not finds(identifiers, content), f"{name} shows identifiers"
    assert b"One person left the catalog" in printed["withdrawal"]
    assert b"people who have left the catalog" in printed["consents again"]


def test_no_identifier_is_in_commit_messages_provenance_epochs_tombstones_or_permits(governed):
    catalog, identifiers, _ = governed
    assert not finds(identifiers, repr(catalog.snapshots()).encode())
    with open_reader(catalog.folder) as connection:
        for name in ("provenance.ingest", "provenance.ingest_issue", "provenance.setting", "governance.consent_epoch",
                     "governance.tombstone", "governance.permit"):  # fmt: skip
            rows = connection.execute(f"SELECT * FROM lake.{name}").fetchall()
            assert not finds(identifiers, repr(rows).encode()), name
        assert connection.execute("SELECT count(*) FROM lake.governance.tombstone").fetchall() == [(2,)]


def test_who_has_left_is_in_no_table_any_more_and_nowhere_in_a_study(governed):
    catalog, identifiers, _ = governed
    left = identifiers[4]
    with open_reader(catalog.folder, snapshot=2) as connection:
        link = "SELECT person_id FROM lake.governance.person_link WHERE source_id = ?"
        ((person,),) = connection.execute(link, [left]).fetchall()
    with open_reader(catalog.folder) as connection:
        for table in TABLES.values():
            rows = connection.execute(f"SELECT * FROM {table_address(table)}").fetchall()
            assert not finds([left, person], repr(rows).encode()), table.name
    with Study.open(catalog, purpose="scientific_research", snapshot=2) as study:
        shown = repr(study) + repr(study.provenance) + str(study.contents())
        people = study.people(Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first()))
    assert not finds(identifiers, shown.encode())
    assert people.height == 499
    assert person not in people["person_id"].to_list()

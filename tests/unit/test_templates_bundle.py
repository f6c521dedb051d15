"""A bundle is read with suspicion: what is missing, altered, newer, or leads elsewhere is refused in words."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import nbformat
import polars as pl
import pytest

from data_catalog.errors import UnknownNameError, WorkbenchError
from workbench.cohorts import Cohort, codelist, diagnosis
from workbench.disclosure import Column, ReleasedTable, ReleasedTest, Suppressed
from workbench.journal import Question
from workbench.plots.mime import FIGURE_MIME, QUESTIONS_MIME, TABLE_MIME, as_base64
from workbench.templates import BundleError, open_bundle
from workbench.templates.bundle import Bundle
from workbench.templates.catalog import Template
from workbench.templates.contents import write_contents
from workbench.templates.crate import write_crate
from workbench.templates.inside import fault_of_name
from workbench.templates.layout import METADATA, NOTEBOOK, REPORT, RUN, digest_of_file
from workbench.templates.sentences import findings
from workbench.templates.staging import appears_when_whole

COHORT = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
TABLE = ReleasedTable(
    name="table_1",
    title="Who they are",
    columns=(Column("group", "Group"), Column("n", "People", kind="count"), Column("mean", "Mean", kind="number")),
    rows=(("men", 120, 0.1 + 0.2), ("women", Suppressed("small_count", 10), None), ("=cmd()", 5000, -1.5)),
    policy="cw-sdc-1",
)
TEST = ReleasedTest(TABLE, "Log-rank", "sex", "Death", 3.84, 1, 0.05)
STUDY = {
    "catalog": "Heart centre",
    "snapshot": {"id": 2, "time": "2026-01-02T03:04:05+00:00"},
    "data": {"method": "cw-content-1", "digest": "sha256:1", "groups": {"clinical": "sha256:2"}},
    "consent": {"epoch": 1, "left_out": "sha256:3"},
    "modalities": ["clinical"],
    "permit": "permit-1",
    "purpose": "education",
    "policy": {"label": "cw-sdc-1", "digest": "sha256:4"},
    "engine": "inline",
    "seed": 0,
}
new = nbformat.v4
DRIVE, LINK = "C:/Windows/system.ini", 0o120777


def executed() -> nbformat.NotebookNode:
    """A notebook that has asked twice, and shown a figure, another table and a finding."""
    asked = [Question(STUDY, "attrition", "", COHORT, TABLE), Question(STUDY, "run", "LogRank()", COHORT, TEST)]
    figure = {
        "title": "A figure",
        "caption": "C.",
        "picture": "<svg/>",
        "png": as_base64(b"PNG"),
        "table": TABLE.to_dict(),
    }
    other = ReleasedTable("table_1", "Another", TABLE.columns, TABLE.rows[:1])
    shown = [
        {QUESTIONS_MIME: [question.to_dict() for question in asked]},
        {FIGURE_MIME: figure},
        {TABLE_MIME: other.to_dict()},
        findings("One thing.")._repr_mimebundle_(),
    ]
    outputs = [new.new_output("display_data", data=data) for data in shown]
    return new.new_notebook(cells=[new.new_markdown_cell("# Title"), new.new_code_cell("ask()", outputs=outputs)])


@pytest.fixture
def bundle(tmp_path):
    """A bundle, written without running anything."""
    parameters = new.new_code_cell("catalog = ''\nyears = 5.0", metadata={"tags": ["parameters"]})
    notebook = new.new_notebook(cells=[new.new_markdown_cell("# Title\n\nWhy?"), parameters])
    nbformat.write(notebook, tmp_path / "01_why.ipynb")
    template, folder, now = Template("01_why", tmp_path / "01_why.ipynb"), tmp_path / "run-1", datetime.now(UTC)
    folder.mkdir()
    record = write_contents(folder, template, executed(), given={"years": 3.0})
    (folder / REPORT).write_text("<!doctype html>", encoding="utf-8")
    nbformat.write(notebook, folder / NOTEBOOK)
    write_crate(folder, template, record, started=now, ended=now)
    return folder


def change(folder, name: str, change) -> None:
    """Change one file of a bundle and its line in the crate, as somebody would who wants it not to be seen."""
    path = folder / name
    if not name.endswith(".json"):
        path.write_bytes(change(path.read_bytes()))
    elif name != METADATA:
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")
    metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    if name == METADATA:
        change(metadata)
    else:
        entity = next(each for each in metadata["@graph"] if each["@id"] == name)
        entity |= {"sha256": digest_of_file(path), "contentSize": str(path.stat().st_size)}
    (folder / METADATA).write_text(json.dumps(metadata), encoding="utf-8")


def zipped(folder, target, *, top: str = "", extra=()) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, top + path.relative_to(folder).as_posix())
        for name, content in extra:
            archive.writestr(name, content)


def test_a_bundle_gives_its_results_back_as_the_gate_released_them(bundle):
    opened = open_bundle(bundle)
    assert opened.results() == {"table_1": TABLE, "table_1_2": TEST, "table_1_3": opened.result("table_1_3")}
    assert opened.tables()["table_1"].cell("women", "n") == Suppressed("small_count", 10)
    assert opened.tables()["table_1"].cell("men", "mean") == 0.1 + 0.2, "to the last digit"
    assert opened.result("table_1_2").p_value == 0.05
    assert opened.result("table_1_3").title == "Another"
    assert opened.cohorts() == {"infarction": COHORT}
    assert opened.findings == ("One thing.",)
    assert opened.parameters == {"years": 3.0}
    assert (opened.template, opened.title) == ("01_why", "Title")


def test_each_result_is_there_as_csv_parquet_and_json_and_each_figure_as_svg_and_png(bundle):
    files = set(open_bundle(bundle).files)
    assert {f"tables/table_1.{ending}" for ending in ("csv", "parquet", "json")} <= files
    assert {f"figures/table_1.{ending}" for ending in ("csv", "svg", "png")} <= files
    assert (bundle / "figures/table_1.png").read_bytes() == b"PNG"
    assert "'=cmd()" in (bundle / "tables/table_1.csv").read_text(encoding="utf-8"), "no formula for a spreadsheet"


def test_the_record_ties_questions_to_cohorts_studies_and_tables(bundle):
    record = open_bundle(bundle).record
    assert record["studies"] == [STUDY]
    assert [each["table"] for each in record["questions"]] == ["table_1", "table_1_2"]
    assert {each["cohort"] for each in record["questions"]} == {COHORT.digest}
    assert record["figures"][0]["table"] == "table_1"


def test_a_result_that_the_bundle_lacks_is_answered_with_the_nearest(bundle):
    with pytest.raises(UnknownNameError, match=r"no result 'tabel_1'. Did you mean 'table_1'\?"):
        open_bundle(bundle).result("tabel_1")


def test_a_changed_number_is_named_by_its_file(bundle):
    path = bundle / "tables" / "table_1.json"
    path.write_text(path.read_text(encoding="utf-8").replace("120", "130"), encoding="utf-8")
    with pytest.raises(BundleError, match=r"tables/table_1.json of .*run-1 was altered"):
        open_bundle(bundle)


@pytest.mark.parametrize("name", ["tables/table_1.csv", "tables/table_1.parquet", "figures/table_1.csv"])
def test_a_copy_that_was_altered_and_listed_anew_is_found_by_its_result(bundle, name):
    assert open_bundle(bundle).altered_copies() == ()
    change(bundle, name, lambda content: content[:-9] + b"999999999")
    assert open_bundle(bundle).altered_copies() == (name,)


def test_parquet_with_another_number_is_found_too(bundle):
    def altered(content):
        frame = pl.read_parquet(content)
        made = BytesIO()
        frame.with_columns(pl.lit(frame.height).alias(frame.columns[-1])).write_parquet(made)
        return made.getvalue()

    change(bundle, "tables/table_1.parquet", altered)
    assert open_bundle(bundle).altered_copies() == ("tables/table_1.parquet",)


def test_a_file_that_no_run_wrote_is_named(bundle):
    assert open_bundle(bundle).unlisted == ()
    (bundle / "tables" / "people.csv").write_text("x")
    assert open_bundle(bundle).unlisted == ("tables/people.csv",)


def test_a_file_that_is_missing_is_named(bundle):
    (bundle / "tables" / "table_1.csv").unlink()
    with pytest.raises(BundleError, match=r"tables/table_1.csv is missing from .*: the bundle is not whole"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    "name", ["../outside.txt", "tables/../../outside.txt", "/etc/hostname", DRIVE, "..%2Foutside.txt"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused_before_anything_is_read(bundle, name):
    (bundle.parent / "outside.txt").write_text("secret", encoding="utf-8")
    entity = {"@id": name, "@type": "File", "sha256": "0" * 64, "contentSize": "6"}
    change(bundle, METADATA, lambda metadata: metadata["@graph"].append(entity))
    with pytest.raises(BundleError, match="not to be trusted") as refused:
        open_bundle(bundle)
    assert "secret" not in str(refused.value)


def test_a_link_that_leads_out_of_the_folder_is_refused(bundle):
    outside = bundle.parent / "outside.json"
    shutil.move(bundle / "tables" / "table_1.json", outside)
    (bundle / "tables" / "table_1.json").symlink_to(outside)
    with pytest.raises(BundleError, match=r"tables/table_1.json leads out of .* by a link"):
        open_bundle(bundle)


def test_a_folder_of_the_bundle_that_is_a_link_is_refused(bundle):
    shutil.move(bundle / "tables", bundle.parent / "elsewhere")
    (bundle / "tables").symlink_to(bundle.parent / "elsewhere")
    with pytest.raises(BundleError, match="by a link"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("tables/table_1.csv", None),
        ("a\\b", "not a place"),
        ("\\\\server\\share", "not a place"),
        ("file:///etc/passwd", "not a place"),
        ("d:x", "not a place"),
        ("a/./b", "no plain path"),
        ("a//b", "no plain path"),
        ("a\nb", "no file name"),
        ("", "no file name"),
    ],
)
def test_names_are_judged_the_same_on_every_system(name, fault):
    found = fault_of_name(name)
    assert found is None if fault is None else fault in found


def test_a_bundle_of_a_newer_workbench_says_so(bundle):
    change(bundle, RUN, lambda record: record.update(format=2, studies="another form"))
    with pytest.raises(
        BundleError, match=r"written by a newer workbench \(form 2 of bundles; this one reads up to 1\)"
    ):
        open_bundle(bundle)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda record: record.pop("studies"), "run.json lacks 'studies'"),
        (lambda record: record["studies"][0].update(seed="0"), "run.json: studies: seed is not of the kind"),
        (lambda record: record["tables"].append({"name": "x", "kind": "table", "title": ""}), "tables/x.json, which"),
        (
            lambda record: record["tables"].append({"name": "../x", "kind": "table", "title": ""}),
            r"tables/../x.json, which",
        ),
    ],
)
def test_a_record_of_another_form_is_refused(bundle, spoil, words):
    change(bundle, RUN, spoil)
    with pytest.raises(BundleError, match=words):
        open_bundle(bundle)


def test_a_table_that_no_gate_releases_is_refused(bundle):
    change(bundle, "tables/table_1.json", lambda form: form.update(rows=[["men"]]))
    with pytest.raises(BundleError, match=r"tables/table_1.json of .* does not hold a released result"):
        open_bundle(bundle).results()


def test_what_is_no_bundle_is_told_from_one(bundle, tmp_path):
    with pytest.raises(BundleError, match=r"There is nothing at .*nowhere"):
        open_bundle(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match=r"is not a bundle: it has no ro-crate-metadata.json"):
        open_bundle(tmp_path / "empty")
    with pytest.raises(BundleError, match=r"is a file and not a bundle. Give its folder"):
        open_bundle(bundle / METADATA)
    (bundle / METADATA).write_text("{", encoding="utf-8")
    with pytest.raises(BundleError, match=r"is not JSON: a fault at line 1"):
        open_bundle(bundle)


@pytest.mark.parametrize("text", ["[]", "{}", '{"@graph": [1]}', "[" * 100_000, '"\\ud800"'])
def test_metadata_of_another_form_are_no_description(bundle, text):
    (bundle / METADATA).write_text(text, encoding="utf-8")
    with pytest.raises(BundleError, match="not the description|not JSON"):
        open_bundle(bundle)


def test_another_research_object_is_no_bundle_of_ours(bundle):
    change(bundle, METADATA, lambda metadata: metadata.update({"@graph": []}))
    with pytest.raises(
        BundleError, match=r"not a bundle of the workbench: its ro-crate-metadata.json does not list run.json"
    ):
        open_bundle(bundle)


@pytest.mark.parametrize("top", ["", "run-1/"])
def test_an_archive_is_opened_like_its_folder(bundle, tmp_path, top):
    zipped(bundle, tmp_path / "run-1.zip", top=top, extra=[("__MACOSX/x", "")] if top else [])
    opened = open_bundle(tmp_path / "run-1.zip")
    assert opened.results()["table_1"] == TABLE
    assert opened.folder.is_dir()


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", DRIVE, "a\\..\\evil.txt"])
def test_an_archive_that_leads_out_of_its_folder_is_not_unpacked(bundle, tmp_path, name):
    entry = zipfile.ZipInfo("x")
    entry.filename = name  # past what the library mends
    zipped(bundle, tmp_path / "evil.zip", extra=[(entry, "evil")])
    with pytest.raises(BundleError, match="was not opened: it holds"):
        open_bundle(tmp_path / "evil.zip")
    assert not list(tmp_path.parent.rglob("evil.txt"))


def test_an_archive_with_a_link_a_double_or_too_much_is_not_unpacked(bundle, tmp_path, monkeypatch):
    link = zipfile.ZipInfo("link")
    link.external_attr = LINK << 16
    assert stat.S_ISLNK(LINK)
    zipped(bundle, tmp_path / "link.zip", extra=[(link, "/etc/passwd")])
    with pytest.raises(BundleError, match="'link' in it is a link"):
        open_bundle(tmp_path / "link.zip")
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(bundle, tmp_path / "double.zip", extra=[("run.json", "{}")])
    with pytest.raises(BundleError, match="a name occurs twice"):
        open_bundle(tmp_path / "double.zip")
    zipped(bundle, tmp_path / "run.zip")
    monkeypatch.setattr("workbench.templates.inside.MOST_FILES", 3)
    with pytest.raises(BundleError, match="more than 3 files"):
        open_bundle(tmp_path / "run.zip")
    monkeypatch.setattr("workbench.templates.inside.MOST_FILES", 300)
    monkeypatch.setattr("workbench.templates.inside.MOST_BYTES", 1000)
    with pytest.raises(BundleError, match="unpacks to more than"):
        open_bundle(tmp_path / "run.zip")


def test_a_damaged_archive_is_told(bundle, tmp_path):
    zipped(bundle, tmp_path / "run.zip")
    content = bytearray((tmp_path / "run.zip").read_bytes())
    content[200:260] = b"\xff" * 60
    (tmp_path / "run.zip").write_bytes(content)
    with pytest.raises(BundleError, match="archive is damaged|it holds"):
        open_bundle(tmp_path / "run.zip")


def test_a_folder_appears_only_when_it_is_whole(tmp_path):
    def stopped_by_hand() -> None:
        with appears_when_whole(tmp_path / "run") as made:
            (made / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_by_hand()
    assert list(tmp_path.iterdir()) == []
    with appears_when_whole(tmp_path / "run") as made:
        (made / "whole").touch()
        assert not (tmp_path / "run").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "whole").exists()


def test_an_earlier_run_is_replaced_when_the_new_one_is_there(bundle):
    with appears_when_whole(bundle) as made:
        (made / "new").touch()
        assert isinstance(open_bundle(bundle), Bundle)
    assert [path.name for path in bundle.iterdir()] == ["new"]
    assert [path.name for path in bundle.parent.iterdir() if "run-1" in path.name] == ["run-1"]


def test_what_no_run_wrote_is_never_replaced(bundle, tmp_path):
    (bundle / "my-notes.txt").write_text("mine", encoding="utf-8")
    words = r"holds something that no run wrote \(my-notes.txt\), so it is not replaced"
    with pytest.raises(WorkbenchError, match=words), appears_when_whole(bundle):
        pass
    assert (bundle / "my-notes.txt").read_text(encoding="utf-8") == "mine"
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match="is a file. Name a folder"), appears_when_whole(tmp_path / "file"):
        pass


def test_the_folder_one_is_in_is_no_place_for_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkbenchError, match="not the one you are in"), appears_when_whole(tmp_path / "."):
        pass

"""What a dashboard is made of: only released results, everything escaped, one script named by its digest."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from html.parser import HTMLParser

import nbformat
import polars as pl
import pytest

from data_catalog.errors import UnknownNameError, WorkbenchError
from workbench.cohorts import Cohort, codelist, diagnosis
from workbench.dashboards import publish_dashboard
from workbench.dashboards.content import page_of
from workbench.disclosure import Column, ReleasedTable, Suppressed
from workbench.journal import Question
from workbench.plots.mime import FIGURE_MIME, QUESTIONS_MIME, as_base64
from workbench.templates import BundleError, open_bundle
from workbench.templates.catalog import Template
from workbench.templates.contents import write_contents
from workbench.templates.crate import write_crate
from workbench.templates.layout import NOTEBOOK, REPORT

EVIL = "</script><script>alert('x')</script>"
COHORT = Cohort.entry(f"infarction {EVIL}", diagnosis(codelist("myocardial_infarction")).first())
TABLE = ReleasedTable(
    name="table_1",
    title=f"Characteristics by Sex {EVIL}",
    columns=(
        Column("characteristic", "Characteristic"),
        Column("men__n", "men", kind="count", heading="men (n = 120)"),
        Column("women__n", "women", kind="count", heading="women (n = 80)"),
    ),
    rows=((f"Diabetes {EVIL}", 60, 40), ("Shock", Suppressed("small_count", 10), None)),
)
STUDY = {
    "catalog": "Heart centre",
    "snapshot": {"id": 2, "time": "2026-01-02T03:04:05+00:00"},
    "data": {"method": "cw-content-1", "digest": None, "groups": {"clinical": None}},
    "consent": {"epoch": 1, "left_out": None},
    "modalities": ["clinical", "genomic"],
    "permit": "permit-1",
    "purpose": "scientific_research",
    "policy": {"label": "cw-sdc-1", "digest": "sha256:4"},
    "engine": "inline",
    "seed": 0,
}
new = nbformat.v4


@pytest.fixture
def bundle(tmp_path):
    return make_bundle(tmp_path, picture="<svg xmlns='http://www.w3.org/2000/svg'><title>people</title></svg>")


def make_bundle(folder, *, picture: str):
    """Write a bundle of one table, which asked of carriers, without running anything."""
    question = Question(STUDY, "run", "TableOne(by=carrier('TTN'))", COHORT, TABLE)
    figure = {"title": "F", "caption": "C", "picture": picture, "png": as_base64(b"PNG"), "table": TABLE.to_dict()}
    data = [{QUESTIONS_MIME: [question.to_dict()]}, {FIGURE_MIME: figure}]
    cell = new.new_code_cell("ask()", outputs=[new.new_output("display_data", data=each) for each in data])
    source = new.new_notebook(cells=[new.new_markdown_cell(f"# Title {EVIL}\n\nWhy {EVIL}?")])
    nbformat.write(source, folder / "01_why.ipynb")
    template, made, now = Template("01_why", folder / "01_why.ipynb"), folder / "bundle", datetime.now(UTC)
    made.mkdir()
    record = write_contents(made, template, new.new_notebook(cells=[cell]), given={})
    (made / REPORT).touch()
    nbformat.write(source, made / NOTEBOOK)
    write_crate(made, template, record, started=now, ended=now)
    return made


class Scripts(HTMLParser):
    """Collects the content of every script element as a browser would see it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], str]] = []

    def handle_starttag(self, tag, attrs):
        if tag == "script":
            self.found.append((dict(attrs), ""))

    def handle_data(self, data):
        if self.lasttag == "script" and self.found:
            attributes, before = self.found.pop()
            self.found.append((attributes, before + data))

    def handle_endtag(self, tag):
        self.lasttag = ""


def test_nothing_that_comes_from_data_is_markup_and_the_one_script_is_named_by_its_digest(bundle, tmp_path):
    text = publish_dashboard(bundle, tmp_path / "out").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    scripts = Scripts()
    scripts.feed(text)
    (data_attributes, data), (_, script) = scripts.found
    assert data_attributes["type"] == "application/json"
    assert json.loads(data)["title"] == f"Title {EVIL}"
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert f"script-src &#39;sha256-{digest}&#39;" in policy
    assert policy.startswith("default-src &#39;none&#39;")
    assert "http" not in policy


def test_the_page_asks_for_nothing_from_anywhere(bundle, tmp_path):
    text = publish_dashboard(bundle, tmp_path / "out").read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\s\"'<>\\)]+", text)) - {"http://www.w3.org/2000/svg"}
    assert addresses == set()
    assert len(text) < 120_000


def test_a_table_by_groups_says_which_column_belongs_to_which_and_hides_what_the_gate_hides(bundle):
    page = page_of(open_bundle(bundle))
    (card,) = page["cards"]
    assert (card["by"], card["groups"]) == (f"Sex {EVIL}", ["men", "women"])
    assert [column["group"] for column in card["table"]["columns"]] == [None, "men", "women"]
    assert card["table"]["rows"][1]["cells"] == ["Shock", "<10", ""]
    assert card["who"] == f"infarction {EVIL}"


def test_results_are_found_by_what_they_are_about(bundle):
    page = page_of(open_bundle(bundle))
    assert page["cards"][0]["views"] == ["cohort", "carriers"]
    assert [view["name"] for view in page["views"]] == ["Cohort", "Carriers"]
    about = dict(page["about"])
    assert about["Data"] == "Heart centre, snapshot 2"
    assert about["Data digest"] == "withheld: too few people"
    assert about["Sorts of data"] == "clinical, genomic"


def test_the_files_that_can_be_saved_are_there(bundle, tmp_path):
    publish_dashboard(bundle, tmp_path / "out")
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    tables = {f"files/tables/table_1.{ending}" for ending in ("csv", "parquet", "json")}
    assert files == {"index.html", "files/figures/table_1.svg", "files/figures/table_1.png", *tables}


def test_numbers_to_save_are_written_from_what_the_gate_released_and_not_copied(bundle, tmp_path):
    bundle = open_bundle(bundle)
    for ending in ("csv", "parquet"):
        (bundle.folder / "tables" / f"table_1.{ending}").write_text("garbage")
    publish_dashboard(bundle, tmp_path / "out")
    made = tmp_path / "out" / "files" / "tables"
    table = bundle.tables()["table_1"]
    assert pl.read_parquet(made / "table_1.parquet").equals(table.to_frame())
    table.to_csv(tmp_path / "expected.csv")
    assert (made / "table_1.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()


@pytest.mark.parametrize(
    "picture",
    [
        "<svg><script>x</script></svg>",
        "<svg onload='x()'/>",
        "<svg><a href='javascript:x()'/></svg>",
        "<svg><foreignObject/></svg>",
    ],
)
def test_a_picture_that_could_do_more_than_be_seen_is_left_out(tmp_path, picture):
    bundle = make_bundle(tmp_path, picture=picture)
    text = publish_dashboard(bundle, tmp_path / "out").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "files" / "figures" / "table_1.svg").exists()
    assert (tmp_path / "out" / "files" / "figures" / "table_1.png").exists()
    assert "table_1.svg" not in text


def test_a_result_that_the_bundle_lacks_is_answered_with_the_nearest(bundle, tmp_path):
    with pytest.raises(UnknownNameError, match=r"no result 'tabel_1'. Did you mean 'table_1'\?"):
        publish_dashboard(bundle, tmp_path / "out", only=["tabel_1"])
    assert not (tmp_path / "out").exists()


def test_only_a_dashboard_is_replaced_by_one(bundle, tmp_path):
    publish_dashboard(bundle, tmp_path / "out")
    publish_dashboard(bundle, tmp_path / "out", only=["table_1"])
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(WorkbenchError, match=r"holds something that no dashboard wrote \(mine.txt\)"):
        publish_dashboard(bundle, tmp_path / "out")
    with pytest.raises(WorkbenchError, match="holds something that no dashboard wrote"):
        publish_dashboard(bundle, bundle)


def test_what_is_no_bundle_is_no_dashboard(tmp_path):
    with pytest.raises(BundleError, match="There is nothing at"):
        publish_dashboard(tmp_path / "none", tmp_path / "out")

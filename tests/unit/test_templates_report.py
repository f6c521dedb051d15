"""The report: one file, everything from data escaped, nothing fetched, nothing of foreign HTML."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import nbformat
import pytest

from workbench.disclosure import Column, ReleasedTable, Suppressed
from workbench.plots.mime import FIGURE_MIME, PROVENANCE_MIME, TABLE_MIME
from workbench.templates.outputs import collect_findings, collect_results
from workbench.templates.report import write_report
from workbench.templates.sentences import FINDINGS_MIME

EVIL = "<script>alert('x')</script>"
TABLE = ReleasedTable(
    name="table_1",
    title=f"Title {EVIL}",
    columns=(Column("group", "Group"), Column("n", "People", kind="count")),
    rows=((EVIL, 120), ("small", Suppressed("small_count", 10))),
    caption="People: 130.",
    notes=(f"Note {EVIL}",),
    policy="cw-sdc-1",
)
new = nbformat.v4


def cell(source: str, **outputs: object) -> nbformat.NotebookNode:
    """A code cell that has shown one output, given by a word for its form."""
    mimes = {"table": TABLE_MIME, "figure": FIGURE_MIME, "findings": FINDINGS_MIME, "about": PROVENANCE_MIME}
    mimes |= {"html": "text/html", "plain": "text/plain", "markdown": "text/markdown"}
    data = {mimes[name]: content for name, content in outputs.items()}
    return new.new_code_cell(source, outputs=[new.new_output("display_data", data=data)] if data else [])


def write(folder, *cells) -> str:
    write_report(new.new_notebook(cells=list(cells)), folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def figure(**more: object) -> dict[str, object]:
    plot = {"html": "<svg></svg>", "picture": "<svg/>", "title": f"T {EVIL}", "caption": f"C {EVIL}"}
    return {**plot, "table": TABLE.to_dict(), **more}


@pytest.fixture
def page(tmp_path):
    return write(
        tmp_path,
        new.new_markdown_cell(f"# Survival {EVIL}\n\nA question? {EVIL}"),
        cell("x = 1"),
        cell(f"y = '{EVIL}'", table=TABLE.to_dict()),
        cell("plot", figure=figure()),
        cell("findings()", findings={"sentences": [f"62 % lived {EVIL}."]}),
        cell("study.provenance", about={"rows": [["Snapshot", f"3 {EVIL}"]]}),
        cell("frame", html=f"<b>foreign</b>{EVIL}<img src='https://example.org/a.png'>", plain=f"plain {EVIL}"),
        cell("text", markdown=f"*said* {EVIL} ![a](https://example.org/b.png)"),
    )


def test_nothing_that_comes_from_data_is_markup(page):
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") > 8


def test_html_of_other_libraries_is_left_out_and_their_text_kept(page):
    assert "foreign" not in page
    assert "plain &lt;script&gt;" in page


def test_the_page_forbids_itself_to_fetch_anything(page):
    policy = unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1])
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_a_report_without_plots_needs_no_script(page):
    assert "<script" not in page
    assert len(page) < 60_000


def test_the_head_has_title_findings_and_what_the_results_rest_on(page):
    head = page[: page.index("<main")]
    assert "<h1>Survival &lt;script&gt;" in head
    assert "62\u00a0% lived" in head, "a number and its percent sign stay on one line"
    for name in ("Snapshot", "Cardio Workbench", "Run"):
        assert f"<dt>{name}</dt>" in head


def test_code_is_closed_and_neighbours_that_show_nothing_share_one_disclosure(page):
    first = page.index('<details class="code">')
    assert page[first : page.index("</details>", first)].count("<pre") == 2
    assert '<details class="code" open' not in page


def test_a_table_shown_twice_keeps_the_ids_of_the_page_apart(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.count("120</td>") == 2
    assert page.count("&lt;10</td>") == 2


def test_figures_have_a_caption_and_their_numbers_as_a_table(page):
    start = page.index("<figure")
    drawn = page[start : page.index("</figure>", start)]
    assert "<figcaption>C &lt;script" in drawn
    assert "Show as table" in drawn
    assert "<table" in drawn


def test_every_element_that_is_opened_is_closed(page):
    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.wrong = [], []

        def handle_starttag(self, tag, attrs):
            if tag not in {"meta", "link", "img", "br", "hr", "input"}:
                self.open.append(tag)

        def handle_startendtag(self, tag, attrs):
            pass

        def handle_endtag(self, tag):
            if not self.open or self.open.pop() != tag:
                self.wrong.append(tag)

    reader = Reader()
    reader.feed(page)
    assert (reader.open, reader.wrong) == ([], [])


def test_a_plot_brings_bokeh_once_and_its_json_cannot_end_the_script(tmp_path):
    item = '{"doc": {"title": "</script><script>alert(1)</script>"}}'
    page = write(tmp_path, cell("a", figure=figure(item=item, html="")), cell("b", figure=figure(item=item, html="")))
    assert "</script><script>alert(1)" not in page
    assert page.count("<script>") == 2, "BokehJS, and what draws the figures"
    assert page.count('class="plot"') == 2
    assert "'unsafe-eval'" in unescape(page)


def test_what_ran_into_an_error_stream_is_left_out_and_print_is_kept(tmp_path):
    printed = new.new_code_cell(
        "print()",
        outputs=[
            new.new_output("stream", name="stdout", text="said <aloud>"),
            new.new_output("stream", name="stderr", text="a warning"),
        ],
    )
    page = write(tmp_path, printed)
    assert "said &lt;aloud&gt;" in page
    assert "a warning" not in page


def test_tables_are_collected_once_and_by_names_that_serve_as_file_names():
    other = ReleasedTable("Table_1", "Other", (Column("n", "People", kind="count"),), ((5,),))
    odd = ReleasedTable("../Odd näme", "Odd", (Column("n", "People", kind="count"),), ((5,),))
    notebook = new.new_notebook(
        cells=[
            cell("a", table=TABLE.to_dict()),
            cell("b", figure=figure()),
            cell("c", table=other.to_dict()),
            cell("d", table=odd.to_dict()),
        ]
    )
    assert collect_results(notebook) == {"table_1": TABLE, "table_1_2": other, "odd_n_me": odd}


def test_findings_of_several_cells_are_collected_in_order():
    notebook = new.new_notebook(
        cells=[cell("a", findings={"sentences": ["One."]}), cell("b", findings={"sentences": ["Two.", "Three."]})]
    )
    assert collect_findings(notebook) == ["One.", "Two.", "Three."]

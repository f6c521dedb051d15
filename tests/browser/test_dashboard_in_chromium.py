"""A published dashboard, opened as a reader opens it: from disk, with the network off, on a desk and on a telephone."""

from __future__ import annotations

import csv
import json
import re
import shutil
from itertools import product

import pytest

from data_catalog.lake import open_reader
from workbench.dashboards import publish_dashboard

pytestmark = pytest.mark.browser

BY = "Heart failure in hospital"
VIEWS = ["All results", "Cohort", "Survival", "Models"]
# Counts that a reader sees: whole numbers alone, before a percentage, in parentheses after the people at risk, or in a flow chart.
COUNTS = """() => {
  const found = []
  for (const table of document.querySelectorAll('main table')) {
    const heads = [...table.querySelectorAll('th')].map((head) => head.textContent)
    for (const row of table.querySelectorAll('tbody tr')) [...row.cells].forEach((cell, place) => {
      const n = /^(People|Events|At risk|Censored|Left out)/.test(heads[place]) ? /^([\\d,]+)$/ : /^([\\d,]+) \\([\\d.]+ %\\)$/
      const match = n.exec(cell.textContent)
      if (match && cell.className === 'number') found.push(match[1])
    })
  }
  for (const text of document.querySelectorAll('main svg text')) {
    for (const match of text.textContent.matchAll(/^([\\d,]+) \\(([\\d,]+)\\)$|^([\\d,]+) (?:people|person)/g)) found.push(...match.slice(1).filter(Boolean))
  }
  return found.map((number) => Number(number.replaceAll(',', '')))
}"""


@pytest.fixture(scope="module")
def made(infarction, infarction_run, tmp_path_factory):
    """The catalog, the bundle of a run on it, and the page that was published."""
    published = publish_dashboard(infarction_run.folder, tmp_path_factory.mktemp("dashboard") / "published")
    return infarction, infarction_run.folder, published


def open_page(browser, path, width: int, hash_: str = ""):
    """Open a file with the network off; note what it asks for and complains of."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, accept_downloads=True)
    opened = context.new_page()
    opened.asked, opened.complaints = [], []
    opened.on("request", lambda asked: opened.asked.append(asked.url))
    opened.on("console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto(path.as_uri() + hash_)
    opened.wait_for_selector("#said:not(:empty)")
    return opened


@pytest.fixture(params=(1280, 390), ids=lambda width: f"{width} px")
def page(request, browser, made):
    opened = open_page(browser, made[2], request.param)
    yield opened
    opened.context.close()


@pytest.fixture
def desk(browser, made):
    opened = open_page(browser, made[2], 1280)
    yield opened
    opened.context.close()


def headings(page) -> list[str]:
    return page.locator("main h2").all_inner_texts()


def cells(page, result: str) -> list[list[str]]:
    return page.locator(f"#result-{result} tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )


def test_it_asks_for_nothing_complains_of_nothing_and_never_scrolls_sideways(page, made):
    assert [url for url in page.asked if url != made[2].as_uri() and not url.startswith("data:")] == []
    assert page.complaints == []
    for view in VIEWS:
        page.get_by_role("button", name=view, exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], view


def test_every_result_has_its_table_and_what_is_drawn_has_it_beside(page):
    assert len(headings(page)) == 5
    for card in page.locator("main section").all():
        assert card.locator("table tbody tr").count() > 0
        for drawn in card.locator(".plot > svg").all():
            assert len(drawn.get_attribute("aria-label")) > 40
    plots = page.locator(".plot > svg")
    assert plots.count() == 2
    box, table = plots.first.bounding_box(), page.locator("#result-survival table").bounding_box()
    if page.viewport_size["width"] > 1000:
        assert table["x"] > box["x"] + box["width"], "beside it"
    else:
        assert table["y"] > box["y"] + box["height"], "under it"


def test_no_text_of_a_plot_lies_on_another_or_leaves_its_plot(page):
    for number in range(page.locator(".plot > svg").count()):
        boxes = (
            page.locator(".plot > svg")
            .nth(number)
            .evaluate(
                """(svg) => { const frame = svg.getBoundingClientRect()
            return [...svg.querySelectorAll('text')].map((text) => { const {left, right, top, bottom} = text.getBoundingClientRect()
                return {text: text.textContent, left: left - frame.left, right: frame.right - right, box: [left, right, top, bottom]} }) }"""
            )
        )
        assert len(boxes) > 15
        for at, one in enumerate(boxes):
            assert one["left"] >= -1, one["text"]
            assert one["right"] >= -1, one["text"]
            for other in boxes[at + 1 :]:
                (left, right, top, bottom), (left2, right2, top2, bottom2) = one["box"], other["box"]
                apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 2 or bottom2 <= top + 2
                assert apart, (one["text"], other["text"])


def test_a_group_that_is_left_out_is_gone_from_plots_and_tables(page):
    assert page.locator("#plot-survival polyline").count() == 2
    page.get_by_role("group", name=BY).get_by_label("yes").uncheck()
    assert page.locator("#plot-survival polyline").count() == 1
    assert {row[0] for row in cells(page, "survival")} == {"no"}
    assert [row[0] for row in cells(page, "test")] == ["no"]
    assert not any(": yes" in head for head in page.locator("#result-table_1 th").all_inner_texts())
    page.get_by_role("group", name=BY).get_by_label("no").uncheck()
    assert page.locator("#plot-survival svg").count() == 0
    assert "No group is chosen" in page.locator("#result-survival").inner_text()
    page.get_by_role("button", name="Show everything").click()
    assert page.locator("#plot-survival polyline").count() == 2


def test_views_words_and_follow_up_narrow_what_is_shown(desk):
    desk.get_by_role("button", name="Models").click()
    assert headings(desk) == ["Death from any cause: Cox proportional hazards model"]
    assert desk.get_by_role("group", name=BY).is_hidden(), "nothing here is compared by groups"
    assert desk.get_by_label("Follow-up").is_hidden()
    n_rows = len(cells(desk, "regression"))
    desk.get_by_role("searchbox", name="Find in tables").fill("blood pressure")
    assert len(cells(desk, "regression")) == 2 < n_rows
    assert desk.locator("#plot-regression rect").count() == 2, "the plot follows the table"
    desk.get_by_role("searchbox", name="Find in tables").fill("no such word")
    assert "No table holds “no such word”" in desk.locator("main").inner_text()
    desk.get_by_role("button", name="Show everything").click()
    whole = len(cells(desk, "survival"))
    desk.get_by_role("combobox", name="Follow-up").select_option(label="up to 1.5 years")
    assert 0 < len(cells(desk, "survival")) < whole
    assert max(float(row[1]) for row in cells(desk, "survival")) == 1.5


def test_the_address_keeps_what_was_chosen_and_back_undoes_it(browser, desk, made):
    desk.get_by_role("button", name="Survival").click()
    desk.get_by_role("group", name=BY).get_by_label("no").uncheck()
    address = desk.url
    assert "view=survival" in address
    again = open_page(browser, made[2], 1280, "#" + address.partition("#")[2])
    assert headings(again) == headings(desk)
    assert not again.get_by_role("group", name=BY).get_by_label("no").is_checked()
    again.context.close()
    desk.go_back()
    assert desk.get_by_role("group", name=BY).get_by_label("no").is_checked()
    desk.go_back()
    assert len(headings(desk)) == 5


def test_an_address_that_names_what_is_not_there_is_answered_in_words(browser, made):
    opened = open_page(browser, made[2], 1280, "#view=genes&until=77")
    said = opened.locator("#said").inner_text()
    assert "This page has no results called “genes”, and no results at 77 years." in said
    assert len(headings(opened)) == 5
    opened.context.close()


def test_what_is_shown_is_saved_as_shown(desk, tmp_path):
    desk.get_by_role("group", name=BY).get_by_label("yes").uncheck()
    with desk.expect_download() as caught:
        desk.locator("#result-survival").get_by_role("button", name="What is shown, as CSV").click()
    caught.value.save_as(tmp_path / "shown.csv")
    with (tmp_path / "shown.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == desk.locator("#result-survival th").all_inner_texts()
    assert rows == cells(desk, "survival")


def test_the_links_lead_to_files_that_are_there(desk, made):
    links = desk.locator(".files a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert len(links) >= 15
    assert [link for link in links if not (made[2].parent / link).is_file()] == []


def crawl(page) -> list[int]:
    """Go through every view, with and without each group, and return the counts that were seen."""
    seen = []
    for view, unchecked in product(VIEWS, ([], ["no"], ["yes"])):
        page.get_by_role("button", name=view, exact=True).click()
        group = page.get_by_role("group", name=BY)
        for name in unchecked:
            if group.is_visible():
                group.get_by_label(name).uncheck()
        seen += page.evaluate(COUNTS)
        if page.get_by_role("button", name="Show everything").is_visible():
            page.get_by_role("button", name="Show everything").click()
    return seen


def test_no_count_below_the_threshold_and_no_identifier_is_anywhere(page, made):
    catalog, _, published = made
    seen = crawl(page)
    assert len(seen) > 200
    assert sorted({n for n in seen if 0 < n < 10}) == []
    with open_reader(catalog.folder) as connection:
        ids = [row[0] for row in connection.execute("SELECT person_id FROM lake.main.person").fetchall()]
    text = page.content() + "".join(
        file.read_text("utf-8", errors="replace") for file in published.parent.rglob("*") if file.is_file()
    )
    assert [each for each in ids if str(each) in text] == []
    assert len(ids) == 500


def test_the_crawl_would_have_found_a_count_below_the_threshold(browser, made, tmp_path):
    published = shutil.copytree(made[2].parent, tmp_path / "spoilt") / "index.html"
    text = published.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="page">(.*?)</script>', text, re.DOTALL)[1]
    content = json.loads(data)
    survival = next(card for card in content["cards"] if card["id"] == "survival")
    survival["table"]["rows"][3]["cells"][3] = "7"
    published.write_text(text.replace(data, json.dumps(content).replace("<", "\\u003c")), encoding="utf-8")
    opened = open_page(browser, published, 1280)
    assert 7 in crawl(opened)
    opened.context.close()


def test_in_the_dark_and_on_paper_it_stays_legible(desk):
    for media, paper in (({"color_scheme": "dark"}, "rgb(20, 25, 30)"), ({"media": "print"}, "rgb(255, 255, 255)")):
        desk.emulate_media(**media)
        assert desk.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        desk.emulate_media(color_scheme="light", media="screen")


def test_everything_can_be_reached_and_named_by_keyboard(desk):
    names = desk.evaluate(
        """() => [...document.querySelectorAll('button, input, select, a, summary, [tabindex]')].filter((one) => one.offsetParent).map((one) =>
            one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim() || '')"""
    )
    assert len(names) > 25
    assert "" not in names
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    assert desk.url.endswith("#results")
    assert len(headings(desk)) == 5


@pytest.fixture(scope="module", params=(1280, 800, 390), ids=lambda width: f"{width} px")
def models(request, browser, flagship, tmp_path_factory):
    """The dashboard of the first template, whose run has several models of one kind and an attrition with many columns."""
    published = publish_dashboard(flagship.folder, tmp_path_factory.mktemp("flagship") / "published")
    opened = open_page(browser, published, request.param)
    yield opened
    opened.context.close()


def test_the_flow_chart_is_drawn_once_at_every_width(models):
    charts = models.locator(".cw-flow svg").evaluate_all("all => all.map((one) => one.getBoundingClientRect().width)")
    assert sorted(width > 0 for width in charts) == [False, True]


def test_results_of_one_kind_are_told_apart_by_their_headings(models):
    titles = headings(models)
    assert len(set(titles)) == len(titles)
    told = [title.rpartition(": ")[2] for title in titles if "Cox" in title]
    assert told == [
        "whole cohort",
        "LVEF by magnetic resonance",
        "LVEF by echocardiography",
        "under 60 at entry",
        "60 or over at entry",
        "sequenced by entry",
    ]


def test_nothing_of_a_table_is_cut_off_and_only_a_telephone_scrolls_it_sideways(models):
    cut = models.locator(".scroll").evaluate_all(
        """all => all.filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
            .map((one) => [one.getAttribute('aria-label'), one.scrollHeight - one.clientHeight])"""
    )
    assert [each for each in cut if each[1] > 1] == [], "the page scrolls down, its tables do not"
    if models.viewport_size["width"] >= 800:
        assert cut == []
    first = models.locator("#result-attrition td").first.bounding_box()
    assert first["width"] >= 170, "a sentence is not a tower of words"


def test_no_line_goes_through_the_names_of_a_forest_plot_and_none_is_cut(models):
    crossed, names = models.evaluate(
        """() => { const crossed = [], names = []
        for (const plot of document.querySelectorAll('[id^=plot-regression] > svg')) {
            const lines = [...plot.querySelectorAll('line')].map((line) => line.getBoundingClientRect())
            for (const text of plot.querySelectorAll('text[text-anchor=start]')) {
                names.push(text.textContent)
                const box = text.getBoundingClientRect()
                if (lines.some((line) => line.left > box.left && line.right < box.right && line.top < box.bottom - 1 && line.bottom > box.top + 1)) crossed.push(text.textContent)
            }
        }
        return [crossed, names] }"""
    )
    assert crossed == []
    assert len(names) >= 5 * 8
    assert [name for name in names if name.endswith("…")] == []
    assert "Left ventricular ejection fraction (+10 %)" in " ".join(names)


def test_the_axis_of_time_is_labelled_in_whole_years(models):
    ticks = models.locator("#plot-survival svg text.soft[text-anchor=middle]").all_text_contents()
    assert ticks == ["0", "1", "2", "3", "4", "5"]

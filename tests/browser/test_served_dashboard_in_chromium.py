"""The served dashboard, used as a person uses it: a run beside live questions, on a desk and on a telephone."""

from __future__ import annotations

import csv
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from data_catalog.lake import open_reader

pytestmark = pytest.mark.browser

# Every table and every text of a plot, wherever in the page's parts it is; and the counts among them.
TABLES = """() => { const found = []
  const walk = (root) => { for (const one of root.querySelectorAll('*')) { if (one.shadowRoot) walk(one.shadowRoot); if (one.tagName === 'TABLE') found.push(one) } }
  walk(document)
  return found.map((table) => [...table.querySelectorAll('tr')].map((row) => [...row.cells].map((cell) => cell.textContent.trim()))) }"""
DRAWN = """() => { const found = []
  const walk = (root) => { for (const one of root.querySelectorAll('*')) { if (one.shadowRoot) walk(one.shadowRoot); if (one.tagName.toLowerCase() === 'text') found.push(one.textContent.trim()) } }
  walk(document)
  return found }"""
CUT_OFF = """() => { const found = []
  const walk = (root) => { for (const one of root.querySelectorAll('*')) { if (one.shadowRoot) walk(one.shadowRoot)
    const box = one.tagName === 'TABLE' ? one.parentElement : null
    if (box && box.scrollWidth > box.clientWidth + 1) found.push([one.textContent.slice(0, 60), box.scrollWidth, box.clientWidth]) } }
  walk(document)
  return found }"""
BUSY = """() => { let busy = false
  const walk = (root) => { for (const one of root.querySelectorAll('*')) { if (one.shadowRoot) walk(one.shadowRoot)
    busy ||= /pn-loading|MuiLinearProgress-indeterminate/.test(one.getAttribute('class') ?? '') } }
  walk(document)
  return busy }"""


@pytest.fixture(scope="module")
def server(infarction_run, hospitals, tmp_path_factory):
    """A dashboard of the run that also asks the five hospitals; gives its address."""
    log = tmp_path_factory.mktemp("log") / "server.log"
    words = ["dashboard", "serve", str(infarction_run.folder), "--catalog", str(hospitals.folder), "--no-open"]
    with log.open("w") as said:
        process = subprocess.Popen([sys.executable, "-m", "workbench.cli.main", *words], stdout=said, stderr=said)
    address = wait_for(process, log)
    yield address
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)


def wait_for(process: subprocess.Popen, log) -> str:
    for _ in range(240):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            try:
                urllib.request.urlopen(found[0], timeout=30).close()
            except OSError:
                pass
            else:
                return found[0]
        assert process.poll() is None, log.read_text()
        time.sleep(0.5)
    raise AssertionError(log.read_text())


def visit(browser, address: str, width: int = 1280):
    context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(address)
    expect(page.get_by_role("button", name="Carriers")).to_be_visible(timeout=60_000)
    return page


@pytest.fixture
def live(browser, server):
    page = visit(browser, f"{server}/?source=live&view=survival&entry=heart_failure")
    shows(page, "Death from any cause: survival by Sex")
    yield page
    page.context.close()


def shows(page, words: str) -> None:
    expect(page.get_by_text(words).first).to_be_visible(timeout=60_000)


def table(page, heading: str) -> list[list[str]]:
    """Return the first table with a heading, as it is shown."""
    return next(rows for rows in page.evaluate(TABLES) if any(cell.startswith(heading) for cell in rows[0]))


def choose(page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("menuitem", name=option, exact=True).click()


def test_it_answers_this_machine_only_and_asks_nobody_else(browser, server):
    port = urlsplit(server).port
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for other in others:
        with socket.socket() as tried:
            tried.settimeout(2)
            assert tried.connect_ex((other, port)) != 0, other
    page = visit(browser, f"{server}/?view=survival")
    shows(page, "Death from any cause: survival by Heart failure in hospital")
    hosts = {urlsplit(url).netloc for url in page.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {f"127.0.0.1:{port}"}
    assert page.complaints == []
    page.context.close()


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
def test_a_run_is_shown_with_its_tables_beside_and_its_groups_to_choose(browser, server, width):
    page = visit(browser, f"{server}/?view=survival", width)
    shows(page, "Death from any cause: survival by Heart failure in hospital")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 600:
        expect(page.get_by_label("yes", exact=True)).not_to_be_visible()  # a telephone reads first
        page.get_by_role("button", name="drawer").first.click()
    expect(page.get_by_label("yes", exact=True)).to_be_visible(timeout=20_000)
    page.get_by_label("yes", exact=True).uncheck()
    shows(page, "All groups together: People: 465")
    assert {row[0] for row in table(page, "Heart failure in hospital")[1:]} == {"no"}
    again = visit(browser, page.url, width)
    shows(again, "All groups together: People: 465")
    assert {row[0] for row in table(again, "Heart failure in hospital")[1:]} == {"no"}, "the address keeps it"
    again.context.close()
    page.context.close()


def test_on_a_desk_the_controls_are_beside_and_whole_tables_are_seen(browser, server):
    page = visit(browser, f"{server}/?view=survival")
    shows(page, "Death from any cause: survival by Heart failure in hospital")
    expect(page.get_by_role("radio", name="Answers of the catalog")).to_be_visible(timeout=20_000)
    for query, column in (("view=survival", "Time (years)"), ("view=cohort", "Step"), ("view=model", "Covariate")):
        page.goto(f"{server}/?source=run&{query}")
        expect(page.get_by_role("columnheader", name=column).first).to_be_visible(timeout=60_000)
        page.wait_for_timeout(1_000)
        cut = page.evaluate(CUT_OFF)
        assert cut == [], query
    assert page.evaluate(CUT_OFF.replace("+ 1", "- 1000")) != [], "the tables were found"
    page.goto(f"{server}/?source=run&view=cohort")
    step = page.get_by_role("rowheader", name="Allowed for").first
    expect(step).to_be_visible(timeout=60_000)
    assert step.bounding_box()["width"] >= 180, "a sentence is not a tower of words"
    page.context.close()


def test_a_result_says_whom_it_is_about_and_a_test_says_what_it_comes_to_once(live):
    assert live.get_by_text("Who: first heart failure; aged 18 or over").count() == 2
    assert live.get_by_text("χ²").count() == 1
    expect(live.get_by_role("button", name="Models")).to_have_count(0)
    live.get_by_role("radio", name="Results of the run").check()
    expect(live.get_by_role("button", name="Models")).to_be_visible(timeout=30_000)
    live.get_by_role("button", name="Models").click()
    expect(live.get_by_text("Save regression.csv")).to_be_visible(timeout=30_000)
    live.get_by_role("radio", name="Answers of the catalog").check()
    shows(live, "People kept by each step")
    expect(live.get_by_role("button", name="Models")).to_have_count(0)


def test_an_answer_follows_what_is_chosen_and_the_address_too(browser, live):
    choose(live, "Outcome", "Atrial fibrillation")
    shows(live, "Whoever dies before it counts as followed until then.")
    shows(live, "Atrial fibrillation: survival by Sex")
    assert "outcome=atrial_fibrillation" in live.url
    again = visit(browser, live.url)
    shows(again, "Atrial fibrillation: survival by Sex")
    again.context.close()
    live.go_back()
    shows(live, "Death from any cause: survival by Sex")


def test_while_it_is_asking_it_says_so(live):
    live.get_by_role("spinbutton", name="Youngest").or_(live.get_by_label("Youngest at entry (years)")).first.fill("41")
    live.keyboard.press("Enter")
    live.wait_for_function(BUSY, timeout=10_000, polling=20)
    live.wait_for_function(f"() => !({BUSY})()", timeout=60_000)
    assert "youngest=41" in live.url


def test_carriers_are_compared_and_too_few_of_them_are_not_told(browser, server):
    page = visit(browser, f"{server}/?source=live&view=carriers&entry=heart_failure")
    shows(page, "Death from any cause: survival by Truncating TTN variant")
    assert "(n" in " ".join(table(page, "Characteristic")[0])
    page.get_by_label("Gene (HGNC symbol)").fill("LMNA")
    page.keyboard.press("Enter")
    shows(page, "too few people")
    shows(page, "What was shown before stands below; it is not what was asked.")
    shows(page, "Death from any cause: survival by Truncating TTN variant")
    page.context.close()


def test_an_address_that_asks_for_what_there_is_not_is_answered_in_words(browser, server):
    page = visit(browser, f"{server}/?source=live&view=cohort&entry=nonsense&youngest=900")
    shows(page, "The address asks for what there is not: entry = nonsense, youngest = 900.")
    shows(page, "People kept by each step")
    page.context.close()


def test_the_numbers_are_saved_as_they_are(live, tmp_path):
    with live.expect_download() as caught:
        live.get_by_text("Save survival.csv").click()
    caught.value.save_as(tmp_path / "survival.csv")
    with (tmp_path / "survival.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = table(live, "Sex")[1:]
    assert len(rows) == len(shown)
    assert [row["group"] for row in rows] == [row[0] for row in shown]
    assert [f"{float(row['survival']):.3f}" for row in rows] == [
        row[2].split()[0].replace("\u00a0", " ").split()[0] for row in shown
    ]


def counts_of(page) -> list[int]:
    """Return every count of people or events that the page shows."""
    found = []
    for head, *rows in page.evaluate(TABLES):
        for row in rows:
            for heading, cell in zip(head, row, strict=False):
                plain = cell.replace("\u00a0", " ")
                alone = re.match(r"(People|Events|At risk|Censored|Left out|Of them|with )", heading)
                match = re.fullmatch(r"([\d,]+)", plain) if alone else re.match(r"([\d,]+) \([\d.]+ %\)", plain)
                found += [match[1]] if match else []
    for text in page.evaluate(DRAWN):
        match = re.fullmatch(r"([\d,]+) \(([\d,]+|–)\)", text) or re.match(r"([\d,]+) (?:people|person)", text)
        found += [each for each in match.groups() if each != "–"] if match else []
    return [int(number.replace(",", "")) for number in found]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_no_count_below_the_threshold_and_no_identifier_is_anywhere(browser, server, hospitals, width):
    seen, text = [], ""
    asked = [
        "source=run&view=cohort",
        "source=run&view=survival",
        "source=run&view=model",
        "source=live&view=cohort&by=type_2_diabetes",
        "source=live&view=survival&entry=cardiomyopathy&outcome=atrial_fibrillation",
        "source=live&view=survival&lvef=35&youngest=70&by=chronic_kidney_disease",
        "source=live&view=carriers&people=women",
        "source=live&view=carriers&gene=MYH7&effect=missense",
    ]
    for query in asked:
        page = visit(browser, f"{server}/?{query}", width)
        expect(page.get_by_text("Disclosure policy:").or_(page.get_by_text("too few")).first).to_be_visible(
            timeout=60_000
        )
        page.wait_for_timeout(1_000)
        seen += counts_of(page)
        text += page.content() + str(page.evaluate(TABLES)) + str(page.evaluate(DRAWN))
        page.context.close()
    assert len(seen) > 150
    assert sorted({n for n in seen if 0 < n < 10}) == []
    with open_reader(hospitals.folder) as connection:
        ids = [row[0] for row in connection.execute("SELECT source_id FROM lake.governance.person_link").fetchall()]
    assert len(ids) > 1_000
    assert [each for each in ids if each in text] == []

"""The report of the first template, opened as a reader opens it: from a file, without a network, on a desk and on a telephone."""

from __future__ import annotations

import io
from itertools import combinations

import pytest

from data_catalog.demo import demo_catalog
from workbench.templates import run_template

pytestmark = pytest.mark.browser

TEMPLATE = "01_survival_after_infarction"
WIDTHS = (1280, 390)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Where every visible text of every plot stands, in pixels of the page.
TEXTS = """
() => {
  const pen = document.createElement('canvas').getContext('2d'), found = []
  for (const view of Bokeh.index) {
    if (!view.frame) continue
    const page = view.el.getBoundingClientRect()
    for (const renderer of view.model.renderers) {
      const glyph = renderer.glyph
      if (!renderer.visible || !glyph || glyph.type !== 'Text') continue
      const data = renderer.data_source.data
      const value = (spec, i) => spec?.field !== undefined ? data[spec.field][i] : (spec?.value ?? spec)
      for (let i = 0; i < data[glyph.x.field].length; i++) {
        const size = parseFloat(value(glyph.text_font_size, i)) || 12
        pen.font = `${value(glyph.text_font_style, i)} ${size}px ${value(glyph.text_font, i)}`
        const lines = String(value(glyph.text, i)).split('\\n')
        const width = Math.max(...lines.map((line) => pen.measureText(line).width)), height = size * lines.length
        const x = page.left + view.frame.x_scale.compute(value(glyph.x, i)) + (value(glyph.x_offset, i) || 0)
        const y = page.top + view.frame.y_scale.compute(value(glyph.y, i)) + (value(glyph.y_offset, i) || 0)
        const share = {left: 0, center: 0.5, right: 1}[value(glyph.text_align, i)] ?? 0
        found.push({text: lines.join(' '), middle: x + (0.5 - share) * width, left: x - share * width,
                    right: x + (1 - share) * width, top: y - height / 2, bottom: y + height / 2,
                    x: Number(value(glyph.x, i)), tags: renderer.tags, plot: view.model.id,
                    page_left: page.left, page_right: page.right})
      }
    }
  }
  return found
}
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    catalog = demo_catalog(folder / "catalog")
    return run_template(TEMPLATE, output=folder / "run", parameters={"catalog": str(catalog.folder)}).report


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=WIDTHS, ids=lambda width: f"{width} px")
def page(request, browser, report):
    """The report at one width, with what the page asked for and complained of."""
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    opened.asked, opened.complaints = [], []
    opened.on("request", lambda asked: opened.asked.append(asked.url))
    opened.on("console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.goto(report.as_uri())
    opened.wait_for_function(
        "[...document.querySelectorAll('figure')].every((figure) => figure.querySelector('div')?.offsetHeight > 100)"
    )
    opened.wait_for_timeout(500)
    yield opened
    opened.close()


def test_it_asks_for_nothing_from_anywhere_and_complains_of_nothing(page, report):
    outside = [url for url in page.asked if url != report.as_uri() and not url.startswith(("data:", "blob:"))]
    assert outside == []
    assert page.complaints == []


def test_the_page_never_scrolls_sideways(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_every_figure_says_how_many_people_events_and_missing_values_it_stands_on(page):
    captions = [caption for caption in page.locator("figcaption").all_inner_texts() if "People:" in caption]
    assert len(captions) >= 2
    assert all("Events:" in caption and "Missing:" in caption for caption in captions)


def test_the_axes_are_named_with_their_units(page):
    words = {text["text"] for text in page.evaluate(TEXTS)}
    titles = page.evaluate(
        "[...Bokeh.index].filter((v) => v.frame).flatMap((v) => [v.model.title?.text, ...v.model.below.map((a) => a.axis_label)])"
    )
    said = words | {title for title in titles if title}
    assert {"Years since admission", "Survival probability (%)"} <= said
    assert any("Hazard ratio" in one and "log" in one for one in said)


def test_the_people_at_risk_stand_under_the_ticks_of_the_axis(page):
    timed = [text for text in page.evaluate(TEXTS) if text["tags"] == ["by time"]]
    ticks = {text["x"]: text["middle"] for text in timed if "(" not in text["text"]}
    numbers = [text for text in timed if "(" in text["text"]]
    assert len(ticks) >= 4
    assert len(numbers) == 2 * len(ticks)
    for number in numbers:
        assert number["middle"] == pytest.approx(ticks[number["x"]], abs=1)


def test_no_text_of_a_plot_lies_on_another_or_leaves_its_plot(page):
    texts = page.evaluate(TEXTS)
    assert len(texts) > 20
    for one, two in combinations(texts, 2):
        if one["plot"] != two["plot"]:
            continue
        apart = (
            one["right"] <= two["left"]
            or two["right"] <= one["left"]
            or one["bottom"] <= two["top"]
            or two["bottom"] <= one["top"]
        )
        assert apart, (one["text"], two["text"])
    for text in texts:
        assert text["left"] >= text["page_left"] - 1, text["text"]
        assert text["right"] <= text["page_right"] + 1, text["text"]


def test_the_groups_can_be_told_apart_without_colour(page):
    lines = page.evaluate(
        """() => [...Bokeh.index].filter((v) => v.frame).flatMap((v) => v.model.renderers)
            .filter((r) => r.glyph?.type === 'Line').map((r) => JSON.stringify(r.glyph.line_dash.value ?? r.glyph.line_dash))"""
    )
    markers = page.evaluate(
        """() => [...Bokeh.index].filter((v) => v.frame).flatMap((v) => v.model.renderers)
            .filter((r) => r.glyph?.type === 'Scatter').map((r) => r.glyph.marker.value)"""
    )
    assert len(lines) == 2
    assert len(set(lines)) == 2
    assert len(set(markers[:2])) == 2


def test_the_curves_are_legible_in_grey(page):
    pil = pytest.importorskip("PIL.Image")
    picture = pil.open(io.BytesIO(page.locator("figure").filter(has_text="Survival by").first.screenshot())).convert(
        "L"
    )
    dark = sum(1 for value in picture.getdata() if value < 150)
    # Two lines of 2 px across the plot, marks and text: far more than this if drawn, and dark enough on white.
    assert dark > 1500
    assert picture.getextrema()[1] == 255


def test_every_figure_has_its_numbers_as_a_table(page):
    figures = page.locator("figure")
    for number in range(figures.count()):
        figure = figures.nth(number)
        if "People:" in figure.locator("figcaption").inner_text() and figure.locator("summary").count():
            figure.locator("summary").first.click()
            assert figure.locator("table").first.is_visible()
            figure.locator("summary").first.click()


def test_what_is_drawn_has_a_text_for_those_who_do_not_see_it(page):
    labels = page.evaluate(
        "[...document.querySelectorAll('figure [role=img]')].map((one) => one.getAttribute('aria-label'))"
    )
    assert labels
    assert all(label and len(label) > 40 for label in labels)
    assert page.locator("html").get_attribute("lang") == "en"

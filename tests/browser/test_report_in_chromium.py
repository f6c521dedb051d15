"""The report of the first template, opened as a reader opens it: from a file, without a network, on a desk and on a telephone."""

from __future__ import annotations

import io
import re
from itertools import combinations

import pytest

pytestmark = pytest.mark.browser

TEMPLATE = "02_survival_after_infarction"
WIDTHS = (1280, 390)
# Every text that the browser has drawn in a plot, and where, in pixels: figures are SVG, so their texts are elements that it has
# measured itself. An outline and a filling of the same text count once.
TEXTS = """
() => {
  const found = new Map()
  const look = (root, plot) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) look(element.shadowRoot, plot)
      const text = element.textContent.trim()
      if (element.tagName.toLowerCase() !== 'text' || !text) continue
      const {left, right, top, bottom} = element.getBoundingClientRect(), box = plot.getBoundingClientRect()
      const one = {text, left, right, top, bottom, middle: (left + right) / 2, plot: plot.id, plot_left: box.left, plot_right: box.right}
      found.set([plot.id, text, Math.round(left), Math.round(top)].join(), one)
    }
  }
  for (const plot of document.querySelectorAll('.plot')) look(plot, plot)
  return [...found.values()]
}
"""


def grey(screenshot: bytes):
    pil = pytest.importorskip("PIL.Image")
    return pil.open(io.BytesIO(screenshot)).convert("L")


@pytest.fixture(scope="module")
def report(infarction_run):
    return infarction_run.report


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
    # Plots fit themselves to their width in several passes, which take longer on a busy machine: wait until nothing moves.
    for _ in range(40):
        before = opened.evaluate(TEXTS)
        opened.wait_for_timeout(500)
        if before and before == opened.evaluate(TEXTS):
            break
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
    assert {"Years since admission", "Survival probability (%)", "Hazard ratio (logarithmic scale)"} <= words


def under_the_axis(page):
    """Return the labels of the axis of time, and the numbers of people beneath it."""
    texts = page.evaluate(TEXTS)
    (axis,) = [text for text in texts if text["text"] == "Years since admission"]
    survival = [text for text in texts if text["plot"] == axis["plot"]]
    beneath = [text for text in survival if text["top"] > axis["bottom"]]
    ticks = [
        text for text in survival if 0 < axis["top"] - text["bottom"] < 12 and re.fullmatch(r"[0-9.]+", text["text"])
    ]
    return ticks, [text for text in beneath if re.fullmatch(r"(<10|[0-9,]+) \([0-9,<–]+\)", text["text"])]


def test_the_axis_of_time_is_labelled_in_whole_years(page):
    ticks, _ = under_the_axis(page)
    assert [tick["text"] for tick in ticks] == ["0", "1", "2", "3", "4", "5"]


def test_the_people_at_risk_stand_at_the_times_of_the_marks(page):
    ticks, numbers = under_the_axis(page)
    zero, five = ticks[0]["middle"], ticks[-1]["middle"]
    released = (0, 30 / 365.25, 180 / 365.25, 365 / 365.25, 1.5, 3.5, 5)
    assert len(numbers) >= 2 * 3, "a row for each group"
    for number in numbers:
        years = 5 * (number["middle"] - zero) / (five - zero)
        assert min(abs(years - time) for time in released) < 0.02, number["text"]


def test_a_telephone_shows_fewer_numbers_beneath_than_a_desk(page):
    _, numbers = under_the_axis(page)
    assert (len(numbers) >= 2 * 5) == (page.viewport_size["width"] == 1280)


def test_no_text_of_a_plot_lies_on_another_or_leaves_its_plot(page):
    texts = page.evaluate(TEXTS)
    assert len(texts) > 40
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
        assert text["left"] >= text["plot_left"] - 1, text["text"]
        assert text["right"] <= text["plot_right"] + 1, text["text"]


def test_the_flow_chart_fits_and_its_texts_stay_in_their_boxes(page):
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.cw-flow svg')].filter((svg) => svg.getBoundingClientRect().width > 0).flatMap((svg) => {
            const boxes = [...svg.querySelectorAll('rect')].map((rect) => rect.getBoundingClientRect())
            return [...svg.querySelectorAll('text')].filter((text) => {
                const {left, right, top, bottom} = text.getBoundingClientRect()
                return !boxes.some((box) => box.left < left && right < box.right && box.top < top && bottom < box.bottom)
            }).map((text) => text.textContent)
        })"""
    )
    assert outside == []
    shown = page.evaluate(
        "[...document.querySelectorAll('.cw-flow svg')].filter((svg) => svg.getBoundingClientRect().width > 0).length"
    )
    assert shown == 1, "the layout for which there is room, and only that"


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
    picture = grey(page.locator("figure").filter(has_text="Survival by").first.screenshot())
    dark = sum(n for value, n in enumerate(picture.histogram()) if value < 150)
    # Two lines of 2 px across the plot, marks and text: far more than this if drawn, and dark enough on white.
    assert dark > 1500
    assert picture.getextrema()[1] == 255


def test_in_the_dark_the_page_turns_over_and_its_plots_with_it(page):
    page.emulate_media(color_scheme="dark")
    picture = grey(page.locator("figure").filter(has_text="Survival by").first.screenshot())
    page.emulate_media(color_scheme="light")
    shades = picture.histogram()
    paper = max(range(256), key=shades.__getitem__)
    light = sum(n for value, n in enumerate(shades) if value > 110)
    assert paper < 40
    assert light > 1500, "lines, marks and text stand out from the dark paper"


def test_on_paper_stand_the_still_pictures(page):
    page.emulate_media(media="print")
    shown = page.evaluate(
        "[...document.querySelectorAll('.still')].map((img) => img.complete && img.naturalWidth > 0 && img.offsetHeight > 100)"
    )
    plots = page.evaluate("[...document.querySelectorAll('.plot')].map((plot) => plot.offsetHeight)")
    page.emulate_media(media="screen")
    assert shown == [True, True]
    assert plots == [0, 0]


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

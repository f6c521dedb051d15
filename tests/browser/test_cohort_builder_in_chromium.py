"""The cohort builder in a real JupyterLab: clicked by names as screen readers say them, by mouse and by keyboard, wide and narrow."""

from __future__ import annotations

import os

import nbformat
import pytest
from playwright.sync_api import TimeoutError  # noqa: A004  it is raised in place of the built-in one

from workbench import Study
from workbench.cli.lab import lab_command, lab_environment
from workbench.cohorts import Cohort, age_years, carrier, codelist, diagnosis, genotyped, measure

pytestmark = pytest.mark.browser

MODALITIES = ("clinical", "waveform", "imaging", "genomic")
OPEN = f"""import os
from widgets import CohortBuilder
from workbench import Study
from workbench.cohorts import *
study = Study.open(os.environ["WORKBENCH_CATALOG"], purpose="scientific_research", modalities={MODALITIES!r})
"""
EMPTY = OPEN + "builder = CohortBuilder(study)\nbuilder"
WRITTEN = (
    OPEN
    + """cohort = (
    Cohort.entry("first heart failure", diagnosis(codelist("heart_failure")).first())
    .require("adults", age_years() >= 18)
    .exclude("two of three", at_least(2, age_years() >= 75, sex() == "female", age_years() < 50))
    .require("female", sex() == "female")
    .exit(at_first(death()))
)
builder = CohortBuilder(study, cohort)
builder"""
)
FLAGSHIP = (
    Cohort.entry("first heart failure", diagnosis(codelist("heart_failure")).first())
    .require("aged at least 18 years", age_years() >= 18)
    .require(
        "LVEF at most 40 %",
        measure("lvef_percent", methods=("cmr", "echocardiography")).nearest(before_days=90, after_days=30) <= 40,
    )
    .require("genome sequenced", genotyped())
    .require(
        "carrier of a truncating TTN variant",
        carrier("TTN", consequence="truncating", max_population_frequency=0.001),
    )
)
# What Chromium tells a screen reader of the controls inside the builder: role and name, each once.
CONTROLS = ("button", "textbox", "combobox", "listbox", "spinbutton", "checkbox")
CONTRAST = """(selector) => {
    const mixed = (over, under) => over.slice(0, 3).map((part, i) => part * over[3] + under[i] * (1 - over[3]))
    const parsed = (colour) => { const n = colour.match(/[0-9.]+/g).map(Number); return n.length > 3 ? n : [...n, 1] }
    const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    return [...document.querySelectorAll(selector)].filter((element) => element.offsetWidth).map((element) => {
        const layers = []
        for (let each = element; each; each = each.parentElement) layers.push(parsed(getComputedStyle(each).backgroundColor))
        const ground = layers.reverse().reduce((under, over) => mixed(over, under), [255, 255, 255])
        const ink = mixed(parsed(getComputedStyle(element).color), ground)
        const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x)
        return (a + 0.05) / (b + 0.05)
    })
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory, hospitals, start_server, free_port, token):
    """A running JupyterLab with two notebooks that show a builder: one without a cohort, one with a cohort written in code."""
    folder = tmp_path_factory.mktemp("builder")
    (folder / "work").mkdir()
    for name, source in (("empty", EMPTY), ("written", WRITTEN)):
        cells = [nbformat.v4.new_code_cell(each) for each in (source, "print(builder.cohort.digest)")]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / "work" / f"{name}.ipynb")
    port = free_port()
    command = [
        *lab_command(folder / "work", port=port, open_browser=False),
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
    ]
    homes = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    environment = lab_environment(folder / "work", hospitals.folder) | {name: str(folder / "home") for name in homes}
    environment["PATH"] = os.defpath
    with start_server(command, environment, folder=folder, address=f"http://127.0.0.1:{port}") as running:
        yield running


@pytest.fixture(autouse=True)
def _asks_this_machine_only(lab):
    yield
    assert lab.asked_outside() == []


class Clicks:
    """A builder on a page, used as a person uses it: by the names of its controls."""

    def __init__(self, page) -> None:
        self.page, self.root = page, page.locator(".cw-builder")
        self.root.wait_for(timeout=90_000)

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def press(self, name) -> None:
        self._settled()
        self.button(name).click()

    def choose(self, name, option) -> None:
        self._settled()
        self.root.get_by_label(name, exact=True).select_option(label=option)

    def fill(self, name, words) -> None:
        self._settled()
        self.root.get_by_label(name, exact=True).fill(words)

    def _settled(self) -> None:
        """Wait until the kernel has done all that was asked of it: what it changes could move a button from under the mouse."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestKernelInfo()")

    def steps(self) -> list[str]:
        return self.root.locator(".cw-step strong").all_inner_texts()

    def has_steps(self, *labels) -> None:
        """Wait until these are the steps, and counted."""
        try:
            self.page.wait_for_function(
                "(labels) => !document.querySelector('.cw-late, .cw-old') && "
                "[...document.querySelectorAll('.cw-step strong')].map((each) => each.textContent).join('|') === labels",
                arg="|".join(labels),
                timeout=60_000,
            )
        except TimeoutError as error:
            raise AssertionError(f"The builder shows: {self.root.inner_text()}") from error

    def count(self) -> str:
        return self.root.get_by_role("status").filter(has_text="people in the cohort").inner_text()


@pytest.fixture
def written(lab):
    """The builder with a cohort that was written in code."""
    page = lab.open("lab/workspaces/written/tree/written.ipynb?reset")
    lab.run_all(page)
    clicks = Clicks(page)
    clicks.has_steps("first heart failure", "adults", "two of three", "female")
    yield clicks
    page.close()


def test_the_flagship_cohort_is_built_by_clicks_and_its_code_gives_the_same_people(lab, hospitals):
    page = lab.open("lab/workspaces/clicks/tree/empty.ipynb?reset")
    lab.run_cell(page, 0)
    builder = Clicks(page)
    builder.choose("What", "diagnosis")
    builder.choose("Codes", "heart failure (version 2026-11)")
    builder.choose("Which", "the first on record")
    builder.press("Set the entry event")
    labels = ["first heart failure"]
    builder.has_steps(*labels)

    def add(label) -> None:
        builder.press("Add this step")
        labels.append(label)
        builder.has_steps(*labels)

    builder.choose("What", "age")
    builder.choose("Value", "at least")
    builder.fill("Limit", "18")
    add("aged at least 18 years")
    builder.choose("What", "imaging measure")
    builder.choose("Measure", "Left ventricular ejection fraction")
    builder.choose("Method", "cardiac magnetic resonance before echocardiography")
    builder.choose("Reading", "the nearest to entry")
    builder.choose("When", "within some days of entry")
    builder.fill("Days before", "90")
    builder.fill("Days after", "30")
    builder.fill("Limit", "40")
    builder.fill("Label", "LVEF at most 40 %")
    add("LVEF at most 40 %")
    builder.choose("What", "genome sequenced")
    add("genome sequenced")
    builder.choose("What", "gene")
    builder.fill("Gene", "TTN")
    builder.choose("Effect", "truncating")
    builder.fill("Highest population frequency", "0.001")
    add("carrier of a truncating TTN variant")

    # One step too many, by a search, and back again.
    carriers = builder.count()
    builder.choose("What", "diagnosis")
    builder.fill("Search", "hypertension")
    builder.press("Search")
    found = builder.root.get_by_label("Found", exact=True)
    found.locator("option", has_text="Essential hypertension").first.wait_for(timeout=30_000)
    found.select_option(index=0)
    builder.press("Add to the chosen")
    builder.root.get_by_label("Chosen", exact=True).locator("option").wait_for(timeout=30_000)
    builder.choose("When", "before entry")
    builder.choose("Action", "leave out people with this")
    builder.fill("Label", "hypertension before")
    builder.press("Add this step")
    builder.has_steps(*labels, "hypertension before")
    assert builder.count() != carriers
    builder.press("Undo")
    builder.has_steps(*labels)
    assert builder.count() == carriers

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    builder.press("Copy as Python")
    builder.press("Copy to the clipboard")
    builder.root.get_by_text("Copied.").wait_for()
    made: dict[str, Cohort] = {}
    exec(page.evaluate("navigator.clipboard.readText()"), made)
    assert made["cohort"] == FLAGSHIP
    with Study.open(hospitals, purpose="scientific_research", modalities=MODALITIES) as study:
        n = study.attrition(made["cohort"]).column("n_after")[-1]
        assert n >= 100, "the hospitals have so many carriers with heart failure"
        assert carriers == f"{n:,} people in the cohort."
    assert lab.run_cell(page, 1).strip() == FLAGSHIP.digest
    page.close()


def test_what_no_form_can_show_is_said_stays_and_can_be_moved_by_keyboard_alone(written):
    page = written.page
    written.root.get_by_text("Written in code; the forms have no control for it.").wait_for()
    assert written.root.get_by_text("Follow-up ends on the day of the first death").is_visible()
    written.press("Change: two of three")
    written.root.get_by_role("alert").filter(has_text="says something that these forms have no control for").wait_for()
    written.button("Move down: adults").focus()
    page.keyboard.press("Enter")
    written.has_steps("first heart failure", "two of three", "adults", "female")
    page.wait_for_function("document.activeElement.title === 'Move down: adults'")
    page.keyboard.press("Space")
    written.has_steps("first heart failure", "two of three", "female", "adults")
    # At the end it can go no further: the keyboard stays with the step.
    page.wait_for_function("document.activeElement.title === 'Change: adults'")
    # Arrows, letters and "dd" are shortcuts of JupyterLab, which would leave the builder, insert a cell, delete it.
    what = written.root.get_by_label("What", exact=True)
    what.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.activeElement.selectedOptions?.[0].textContent === 'drug'")
    page.keyboard.type("age")
    written.root.get_by_label("Limit", exact=True).focus()
    page.keyboard.type("dd 00 bb")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    written.button("Add this step").focus()
    page.keyboard.press("Enter")
    written.root.get_by_role("alert").filter(has_text="“dd 00 bb” is no number").wait_for()
    assert page.locator(".jp-Notebook .jp-Cell").count() == 2


def test_chromium_has_a_name_for_every_control_to_tell_a_screen_reader(written):
    for kind in written.root.get_by_label("What", exact=True).locator("option").all_inner_texts():
        written.choose("What", kind.replace("\u00a0", " "))
        written.page.wait_for_timeout(300)
        session = written.page.context.new_cdp_session(written.page)
        root = session.send("Runtime.evaluate", {"expression": "document.querySelector('.cw-builder')"})["result"]
        tree = session.send("Accessibility.queryAXTree", {"objectId": root["objectId"]})["nodes"]
        told = [
            (node["role"]["value"].lower(), node.get("name", {}).get("value", ""))
            for node in tree
            if not node["ignored"]
        ]
        controls = [(role, name) for role, name in told if role in CONTROLS]
        assert len(controls) > 20
        assert [each for each in controls if not each[1].strip()] == []
        names = [name for role, name in controls if role == "button"]
        assert len(names) == len(set(names)), "two buttons of one name cannot be told apart by ear"
        assert "status" in {role for role, _ in told}
        session.detach()


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_a_desk_and_a_telephone_and_is_legible_by_day_and_by_night(written, width):
    page = written.page
    if width < 600:
        for command, options in (
            ("application:toggle-left-area", {}),
            ("application:toggle-side-tabbar", {"side": "left"}),
            ("application:toggle-side-tabbar", {"side": "right"}),
        ):
            page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [command, options])
    page.set_viewport_size({"width": width, "height": 900})
    for kind in ("imaging measure", "diagnosis", "gene"):
        written.choose("What", kind)
        page.wait_for_timeout(500)
        edges = page.evaluate("""() => {
            const root = document.querySelector('.cw-builder').getBoundingClientRect()
            return [...document.querySelectorAll('.cw-builder :is(button, input, select, textarea)')]
                .filter((each) => each.offsetWidth).map((each) => each.getBoundingClientRect())
                .filter((box) => box.right > root.right + 1 || box.left < root.left - 1).length
        }""")
        assert edges == 0, f"a control of the form for {kind} sticks out of the page at {width} px"
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.cw-builder'))")
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        page.wait_for_function(
            "(night) => document.body.dataset.jpThemeLight === String(!night)", arg=theme.endswith("Dark")
        )
        page.wait_for_timeout(500)
        texts = ".cw-builder :is(strong, h4, label, .cw-condition, .cw-share, .cw-verb, .cw-people, .cw-count, .cw-in-code, select)"
        contrasts = page.evaluate(CONTRAST, texts)
        assert len(contrasts) > 20
        assert min(contrasts) >= 4.5, theme

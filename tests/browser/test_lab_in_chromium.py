"""JupyterLab as ``workbench lab`` starts it: tiles open notebooks, these run, and nothing is fetched from anywhere."""

from __future__ import annotations

import os

import pytest

from workbench.cli.lab import lab_command, lab_environment, prepare_folder
from workbench.cli.launcher import tiles

pytestmark = pytest.mark.browser

TEMPLATE = "02_survival_after_infarction.ipynb"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, hospitals, start_server, free_port, token):
    """A running JupyterLab on a folder of its own."""
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CATALOG", str(hospitals.folder))
        catalog = prepare_folder(folder / "work")
    port = free_port()
    command = [
        *lab_command(folder / "work", port=port, open_browser=False),
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
    ]
    homes = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    environment = lab_environment(folder / "work", catalog) | {name: str(folder / "home") for name in homes}
    environment["PATH"] = os.defpath  # no program beside this interpreter is needed
    with start_server(command, environment, folder=folder, address=f"http://127.0.0.1:{port}") as running:
        yield running


def open_path(page) -> str:
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.path", timeout=120_000)
    return page.evaluate("window.jupyterapp.shell.currentWidget.context.path")


def test_it_opens_at_the_launcher_and_a_click_on_a_tile_opens_its_notebook(lab):
    page = lab.open("")
    shown = page.locator(".jp-LauncherCard[data-category='Cardio Workbench']")
    shown.first.wait_for(timeout=180_000)
    assert [title.strip() for title in shown.all_inner_texts()] == [tile.title for tile in tiles()]
    assert shown.locator("svg").count() == len(tiles())
    for tile in tiles():
        page.locator(".lm-TabBar-tabLabel", has_text="Launcher").first.click()
        page.get_by_title(tile.description, exact=True).first.click()
        page.wait_for_function(
            "(path) => window.jupyterapp.shell.currentWidget?.context?.path === path",
            arg=tile.notebook,
            timeout=120_000,
        )
    assert lab.asked_outside() == []
    page.close()


def test_nothing_asks_whether_news_are_wanted(lab):
    page = lab.open("lab/workspaces/news?reset")
    page.wait_for_selector(".jp-LauncherCard", timeout=180_000)
    page.wait_for_timeout(1500)
    assert page.get_by_text("Would you like to get notified about official Jupyter news?").count() == 0
    page.close()


@pytest.mark.parametrize(
    "notebook",
    [pytest.param(tile.notebook, marks=() if tile.notebook.startswith("01") else pytest.mark.slow) for tile in tiles()],
)
def test_whatever_a_notebook_shows_has_a_rich_form_and_a_text_beside_it(lab, notebook):
    page = lab.open(f"lab/workspaces/forms/tree/{notebook}?reset")
    outputs = [output for cell in lab.run_all(page) for output in cell]
    page.close()
    assert [output["error"] for output in outputs if output["type"] == "error"] == []
    shown = [set(output["forms"]) for output in outputs if output["type"] == "execute_result"]
    assert len(shown) >= 6
    for forms in shown:
        assert "text/plain" in forms
        assert forms & {"text/html", "text/markdown"}, forms
    assert lab.asked_outside() == []


def test_plots_are_drawn_without_any_network_and_again_after_the_page_was_reloaded(lab):
    page = lab.open(f"lab/workspaces/plots/tree/{TEMPLATE}?reset")
    for _ in range(2):
        lab.run_all(page)
        # The plots are pictures of lines and texts (SVG).
        for words, drawn in (
            ("plot_survival(", "Years since admission"),
            ("plot_forest(", "Hazard ratio (95 % interval)"),
        ):
            lab.show_cell(page, words)
            page.locator(".bk-Figure svg text", has_text=drawn).first.wait_for(timeout=20_000)
        page.reload()
        page.wait_for_timeout(1000)
    page.close()
    assert lab.asked_outside() == []

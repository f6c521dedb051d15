"""JupyterLab as ``workbench lab`` starts it: the template runs from top to bottom and its plots are drawn without any network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

from workbench.cli.lab import lab_command, lab_environment, prepare_folder

pytestmark = pytest.mark.browser

TOKEN = "only-for-this-test"  # guards a server on the loopback address for a minute
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
NOTEBOOK = "02_survival_after_infarction.ipynb"


SHOW_CELL = """async (words) => {
    const notebook = window.jupyterapp.shell.currentWidget.content
    const place = notebook.widgets.findIndex((cell) => cell.model.sharedModel.getSource().includes(words))
    notebook.activeCellIndex = place
    await notebook.scrollToItem(place, 'start')
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A running JupyterLab; its address."""
    folder = tmp_path_factory.mktemp("lab")
    catalog = prepare_folder(folder / "work")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = lab_command(folder / "work", port=port, open_browser=False)
    environment = lab_environment(folder / "work", catalog)
    home = {
        name: str(folder / "home") for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    options = [f"--IdentityProvider.token={TOKEN}", "--LabApp.expose_app_in_browser=True"]
    log = (folder / "log").open("w")
    server = subprocess.Popen(
        [*command, *options], env={**environment, **home}, stdout=log, stderr=log, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=1)
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.25)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)
        log.close()


def test_the_template_runs_and_draws_without_any_network(lab, chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{lab}/lab/workspaces/test/tree/{NOTEBOOK}?reset&token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        page.wait_for_function(
            """async () => {
                const session = window.jupyterapp?.shell.currentWidget?.sessionContext
                if (!session) return false
                await session.ready
                const kernel = session.session?.kernel
                return kernel?.connectionStatus === 'connected' && kernel.status === 'idle'
            }""",
            timeout=90_000,
        )
        assert page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(
            "window.jupyterapp.shell.currentWidget.content.widgets.filter((c) => c.model.type === 'code')"
            ".every((c) => c.model.executionCount !== null)",
            timeout=120_000,
        )
        page.wait_for_timeout(2000)
        errors = page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").all_inner_texts()
        # JupyterLab draws only the cells in view, and the plots are pictures of lines and texts (SVG).
        for words, drawn in (
            ("plot_survival(", "Years since admission"),
            ("plot_forest(", "Hazard ratio (95 % interval)"),
        ):
            page.evaluate(SHOW_CELL, words)
            page.locator(".bk-Figure svg text", has_text=drawn).first.wait_for(timeout=20_000)
        browser.close()
    assert errors == []
    outside = [url for url in asked if not url.startswith((lab, lab.replace("http", "ws"), "data:", "blob:"))]
    assert outside == []

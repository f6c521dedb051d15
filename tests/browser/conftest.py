"""What the browser tests share: one Chromium for the run, and JupyterLab as a person sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOKEN = "only-for-this-test"  # guards a server on the loopback address for a minute

# Not async: Playwright takes the promise of an answer for a yes.
NOTEBOOK_IS_READY = """() => {
    const app = window.jupyterapp, notebook = app?.shell.currentWidget, session = notebook?.sessionContext
    const kernel = session?.session?.kernel
    return notebook?.content.widgets?.length && app.commands.hasCommand('notebook:run-all-cells')
        && session?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === 'idle'
}"""
ALL_CELLS_RAN = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter((cell) => cell.model.type === 'code').every((cell) => cell.model.executionCount !== null)"""
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets.filter((cell) => cell.model.type === 'code')
    .map((cell) => cell.model.sharedModel.getOutputs().map((one) => ({
        type: one.output_type, forms: Object.keys(one.data ?? {}), error: one.evalue ?? null,
    })))"""
PRINTED = """(place) => window.jupyterapp.shell.currentWidget.content.widgets[place].model.sharedModel.getOutputs()
    .filter((one) => one.output_type === 'stream').map((one) => [one.text].flat().join('')).join('')"""
SHOW_CELL = """async (words) => {
    const notebook = window.jupyterapp.shell.currentWidget.content
    const place = notebook.widgets.findIndex((cell) => cell.model.sharedModel.getSource().includes(words))
    notebook.activeCellIndex = place
    await notebook.scrollToItem(place, 'start')
}"""


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def token() -> str:
    """What the servers of these tests are told to ask for."""
    return TOKEN


@pytest.fixture(scope="session")
def free_port():
    """The function that finds a free port of this machine."""
    return _free_port


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class Lab:
    """A running JupyterLab, its process and its address; pages that are opened in it, and what they asked for."""

    browser: Any
    process: subprocess.Popen
    address: str
    asked: list[str] = field(default_factory=list)

    def open(self, place: str) -> Any:
        """Open a place of the server, such as ``lab`` or ``lab/tree/notebook.ipynb``."""
        page = self.browser.new_page(viewport={"width": 1280, "height": 1000})
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.goto(f"{self.address}/{place}{'&' if '?' in place else '?'}token={TOKEN}")
        return page

    def run_all(self, page: Any, *, seconds: int = 180) -> list[list[dict[str, Any]]]:
        """Run the notebook that is open, and return the outputs of each code cell: type, forms, error."""
        # Run before the kernel is connected, JupyterLab would ask which kernel is meant, and wait for ever.
        page.wait_for_function(NOTEBOOK_IS_READY, timeout=180_000)
        assert page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(ALL_CELLS_RAN, timeout=seconds * 1000)
        return page.evaluate(OUTPUTS)

    def run_cell(self, page: Any, place: int) -> str:
        """Run one cell of the notebook that is open, and return what it printed."""
        page.wait_for_function(NOTEBOOK_IS_READY, timeout=180_000)
        page.evaluate("(place) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = place }", place)
        assert page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
        return page.evaluate(PRINTED, place)

    def show_cell(self, page: Any, words: str) -> None:
        """Scroll to the cell with these words: JupyterLab draws only the cells in view."""
        page.evaluate(SHOW_CELL, words)

    def asked_outside(self) -> list[str]:
        """Return the addresses beyond the server that any page asked for."""
        here = urlsplit(self.address).netloc
        return [url for url in self.asked if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != here]


@contextmanager
def running_lab(
    browser: Any, command: Sequence[str], environment: dict[str, str], *, folder: Path, address: str
) -> Iterator[Lab]:
    """Start a server, wait until it answers, and stop it with all that it started."""
    log = folder / "server.log"
    with log.open("w") as writing:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=writing, stderr=writing, start_new_session=True
        )
        try:
            for _ in range(480):
                try:
                    urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=1)
                    break
                except OSError:
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.25)
            else:
                raise AssertionError(f"the server did not answer within two minutes\n{log.read_text()}")
            yield Lab(browser, process, address)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="session")
def start_server(browser):
    """The function that starts a JupyterLab; used as ``with start_server(command, environment, folder=…, address=…) as lab``."""

    def start(command: Sequence[str], environment: dict[str, str], *, folder: Path, address: str) -> Any:
        return running_lab(browser, command, environment, folder=folder, address=address)

    return start

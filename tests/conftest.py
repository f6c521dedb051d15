"""What every test can ask for, and the closing list of what a run skipped and why."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from data_catalog import Catalog

ROOT = Path(__file__).resolve().parent.parent
NO_SAMPLE_DATA = "the sample data folder ../shared is not beside this checkout"
NO_CHROMIUM = "no Chromium on this machine (Debian and Ubuntu: apt-get install chromium)"

_skipped: pytest.StashKey[Counter[str]] = pytest.StashKey()
_left_out: pytest.StashKey[Counter[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of sample data beside the checkout; the test is skipped where there is none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(NO_SAMPLE_DATA)
    return folder


@pytest.fixture(scope="session")
def hospitals(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The catalog of the five synthetic heart centres, at its full size. Made once a run: a test must not write to it."""
    from data_catalog.demo import hospitals_catalog

    return hospitals_catalog(tmp_path_factory.mktemp("hospitals") / "catalog")


@pytest.fixture(scope="session")
def hospital_by_site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Catalog]:
    """The same people as in ``hospitals``, in a catalog for each site. Made once a run: a test must not write to it."""
    from data_catalog.demo import hospital_catalogs

    return hospital_catalogs(tmp_path_factory.mktemp("by-site") / "catalogs")


def find_chromium() -> str | None:
    """Return the path of the Chromium that browser tests drive, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, for Playwright's ``executable_path``; the test is skipped where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    return path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fail-on-skip",
        action="store_true",
        help="Exit with status 1 if any test was skipped: for a machine that is meant to have everything.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_skipped] = Counter()
    config.stash[_left_out] = Counter()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and find_chromium() is None:
        pytest.skip(NO_CHROMIUM)


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        kind = "slow" if item.get_closest_marker("slow") else "not selected"
        item.config.stash[_left_out][kind] += 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        session.config.stash[_skipped][reason.removeprefix("Skipped: ")] += 1
    if session.config.getoption("--fail-on-skip") and session.config.stash[_skipped] and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped, left_out = config.stash[_skipped], config.stash[_left_out]
    terminalreporter.section("What was skipped, and why")
    for reason, n in sorted(skipped.items()):
        terminalreporter.write_line(f"Skipped: {_tests(n)}: {reason}")
    if not skipped:
        terminalreporter.write_line("Nothing was skipped.")
    if left_out["slow"]:
        terminalreporter.write_line(f"Left out: {_tests(left_out['slow'])} marked slow; `make test-all` runs them.")
    if left_out["not selected"]:
        terminalreporter.write_line(
            f"Left out: {_tests(left_out['not selected'])} that the command line did not select."
        )
    if skipped and config.getoption("--fail-on-skip"):
        terminalreporter.write_line(
            "A complete run was asked for (--fail-on-skip), so skipped tests fail it.", red=True
        )


def _tests(n: int) -> str:
    return "1 test" if n == 1 else f"{n} tests"

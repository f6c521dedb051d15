"""What Binder would make of this checkout: the recipe that repo2docker derives, and the same steps taken on this machine.

There is no container here. The system below the recipe (Ubuntu, conda) is stood in for by a virtual environment with the Jupyter
packages of repo2docker's own lock; from there on the steps are the recipe's, word for word.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from workbench.cli.lab import write_settings
from workbench.cli.launcher import tiles

REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
CANNOT_INSTALL = f"{REPO2DOCKER} cannot be installed here (no network?)"
# What the image brings along beside Python: conda's names, and those of the package index.
BASE = {
    "ipykernel": "ipykernel",
    "ipywidgets": "ipywidgets",
    "jupyter-offlinenotebook": "jupyter-offlinenotebook",
    "jupyter-resource-usage": "jupyter-resource-usage",
    "jupyter_server": "jupyter-server",
    "jupyterhub-base": "jupyterhub",
    "jupyterlab": "jupyterlab",
    "notebook": "notebook",
}
USER = "jovyan"
MOST_MEMORY_BYTES = 1_000_000_000  # a Binder pod is promised little more than that


@dataclass(frozen=True)
class Step:
    """One instruction of the recipe: its word, and what follows it on the line."""

    word: str
    rest: str


@dataclass(frozen=True)
class Recipe:
    """What repo2docker derived: the steps of the Dockerfile, what it said meanwhile, and where it is installed."""

    steps: list[Step]
    log: str
    home: Path

    def of(self, word: str) -> list[str]:
        return [step.rest for step in self.steps if step.word == word]


def read_steps(dockerfile: str) -> list[Step]:
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\s*\n", " ", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in joined.splitlines() if re.match(r"[A-Z]+ ", line)]


def environment_for_pip() -> dict[str, str]:
    """What says where packages come from, and nothing else of this environment."""
    kept = ("LANG", "SSL_CERT_FILE", "TMPDIR", "http_proxy", "https_proxy", "no_proxy")
    return {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name in kept}


def run(command: list[str | Path], *, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800, check=False)


@pytest.fixture(scope="module")
def home(root, tmp_path_factory) -> Path:
    """A fresh copy of what a clone of this checkout would hold, in the place of the image's user."""
    if shutil.which("git") is None or not (root / ".git").exists():
        pytest.skip("this is no clone: what Binder would get cannot be told")
    folder = tmp_path_factory.mktemp("image") / "home" / USER
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def recipe(home, tmp_path_factory) -> Recipe:
    """The recipe of the image, derived without making it."""
    place = tmp_path_factory.mktemp("repo2docker")
    environment = environment_for_pip() | {"HOME": str(place), "PATH": os.environ["PATH"]}
    assert run([sys.executable, "-m", "venv", "venv"], folder=place, environment=environment).returncode == 0
    python = place / "venv" / "bin" / "python"
    if run([python, "-m", "pip", "install", "--quiet", REPO2DOCKER], folder=place, environment=environment).returncode:
        pytest.skip(CANNOT_INSTALL)
    derive = [python.with_name("jupyter-repo2docker"), "--no-build", "--debug", "."]
    derived = run(derive, folder=home, environment=environment)
    assert derived.returncode == 0, derived.stderr
    where = run(
        [python, "-c", "import repo2docker; print(repo2docker.__path__[0])"], folder=place, environment=environment
    )
    return Recipe(read_steps(derived.stdout), derived.stderr, Path(where.stdout.strip()))


def test_repo2docker_takes_the_python_that_we_name(recipe):
    assert "Building conda environment for python=3.11" in recipe.log
    assert "unspecified" not in recipe.log


def test_the_image_installs_the_lock_then_runs_our_two_scripts_and_nothing_else_of_ours(recipe):
    ours = [rest for rest in recipe.of("RUN") if "binder" in rest or "pip install" in rest]
    assert ours == [
        '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"',
        "chmod +x binder/postBuild",
        "./binder/postBuild",
        'chmod +x "${REPO_DIR}/binder/start"',
    ]
    assert 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in recipe.of("ENV")


def test_the_lock_is_installed_before_the_checkout_is_copied_so_that_a_changed_notebook_rebuilds_little(recipe):
    order = [(step.word, step.rest) for step in recipe.steps]
    lock = next(place for place, (word, rest) in enumerate(order) if word == "RUN" and "requirements.txt" in rest)
    copied = next(place for place, (word, rest) in enumerate(order) if word == "COPY" and " src/ " in rest)
    built = order.index(("RUN", "./binder/postBuild"))
    assert lock < copied < built


def test_the_start_script_sets_what_workbench_lab_sets_and_then_runs_the_server(root, tmp_path):
    shown = run([root / "binder" / "start", "env"], folder=tmp_path, environment={"PATH": os.defpath})
    assert shown.returncode == 0, shown.stderr
    variables = dict(line.split("=", 1) for line in shown.stdout.splitlines())
    expected = write_settings(tmp_path / ".workbench-lab")
    assert set(variables) >= {*expected, "WORKBENCH_CATALOG"}
    for name, value in expected.items():
        if name.startswith("JUPYTER_CONFIG") or name == "JUPYTER_PATH":
            value = value.split(os.pathsep)[0]
        assert variables[name] == value.replace(str(tmp_path), str(root)), name


def test_the_badge_opens_a_notebook_that_is_there(root):
    assert (root / badge_place(root).removeprefix("lab/tree/")).is_file()


def badge_place(root: Path) -> str:
    """Return the place in JupyterLab that the README's badge leads to."""
    (address,) = re.findall(r"\]\((https://mybinder\.org/v2/[^)]+)\)", (root / "README.md").read_text("utf-8"))
    (place,) = parse_qs(urlsplit(address).query)["urlpath"]
    return place


def follow(recipe: Recipe, places: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the variables of the image and the commands that its user runs while it is made.

    Where the image has its folders, *places* names those of this machine. Commands of root make the system, which is stood in for.
    """
    variables = {"NB_USER": USER, "NB_UID": "1000", "PATH": "/usr/local/bin:/usr/bin:/bin", **places}
    commands, user = [], "root"

    def expanded(text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda name: variables[name[1]], text)

    for step in recipe.steps:
        if step.word in ("ENV", "ARG"):
            for assignment in shlex.split(step.rest):
                name, equals, value = assignment.partition("=")
                if equals and name not in places:
                    variables[name] = expanded(value)
        elif step.word == "USER":
            user = expanded(step.rest)
        elif step.word == "RUN" and user == USER:
            commands.append(step.rest)
    return variables, commands


def base_packages(recipe: Recipe) -> list[str]:
    lock = (recipe.home / "buildpacks" / "conda" / "environment.py-3.11-linux-64.lock").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"/([A-Za-z0-9_.-]+)-(\d[^-/]*)-[^-/]+\.conda", lock))
    return [f"{ours}=={pinned[theirs]}" for theirs, ours in BASE.items()]


@pytest.fixture(scope="module")
def image(recipe, home) -> dict[str, str]:
    """The steps of the recipe, taken; the variables that its programs run with."""
    places = {"HOME": str(home), "APP_BASE": str(home.parents[1] / "srv")}
    variables, commands = follow(recipe, places)
    prefix = Path(variables["NB_PYTHON_PREFIX"])
    environment = environment_for_pip() | variables
    assert run([sys.executable, "-m", "venv", prefix], folder=home, environment=environment).returncode == 0
    based = run(
        [prefix / "bin" / "pip", "install", "--quiet", *base_packages(recipe)], folder=home, environment=environment
    )
    if based.returncode:
        pytest.skip("the Jupyter packages of Binder's image cannot be installed here (no network?)")
    for command in commands:
        done = run(["bash", "-c", command], folder=home, environment=environment)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return variables


@pytest.fixture(scope="module")
def binder(image, recipe, home, start_server, free_port, token):
    """JupyterLab as a Binder hub starts it in a container of this image."""
    port, base = free_port(), "/user/cardio-workbench-1a2b3c4d/"
    options = {"base_url": base, "token": token, "trust_xheaders": "True"}
    command = [
        f"{image['NB_PYTHON_PREFIX']}/bin/python",
        str(recipe.home / "buildpacks" / "repo2docker-entrypoint"),
        "jupyter-lab",
        "--ip=127.0.0.1",  # in the container 0.0.0.0
        f"--port={port}",
        *(f"--{app}.{name}={value}" for app in ("NotebookApp", "ServerApp") for name, value in options.items()),
        "--LabApp.expose_app_in_browser=True",
        *(["--allow-root"] if os.geteuid() == 0 else []),  # the container's user is not root
    ]
    with start_server(command, image, folder=home, address=f"http://127.0.0.1:{port}{base.rstrip('/')}") as running:
        yield running


@contextmanager
def watched_memory(process: subprocess.Popen):
    """Measure the memory of a process and all its descendants ten times a second; gives a list whose last entry is the peak."""
    peaks, stop = [0], threading.Event()

    def measure() -> None:
        while not stop.wait(0.1):
            total = 0
            try:
                for one in (tree := psutil.Process(process.pid), *tree.children(recursive=True)):
                    total += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue  # one of them ended in between
            peaks.append(max(peaks[-1], total))

    watcher = threading.Thread(target=measure, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        stop.set()
        watcher.join()


def errors_of(outputs) -> list[str]:
    return [output["error"] for cell in outputs for output in cell if output["type"] == "error"]


@pytest.mark.slow
@pytest.mark.browser
def test_the_badge_opens_its_template_which_runs_in_less_than_a_gigabyte(binder, root, home, capsys):
    page = binder.open(badge_place(root))
    with watched_memory(binder.process) as peaks:
        outputs = binder.run_all(page)
    found = page.evaluate(FINDINGS)
    page.close()
    with capsys.disabled():
        sys.stdout.write(f"\n[server and kernel took {peaks[-1] / 1e6:.0f} MB at their peak] ")
    assert errors_of(outputs) == []
    assert found == findings_in(home / "notebooks" / "workbench-demo" / "report")
    assert peaks[-1] < MOST_MEMORY_BYTES
    assert binder.asked_outside() == []


def findings_in(report: Path) -> list[str]:
    """Return the findings of a run that was made together with the image."""
    return json.loads((report / "findings.json").read_text(encoding="utf-8"))["findings"]


@pytest.mark.slow
@pytest.mark.browser
def test_every_tile_opens_a_notebook_that_runs(binder, home):
    page = binder.open("lab/workspaces/tiles?reset")
    found = []
    for tile in tiles():
        page.locator(".lm-TabBar-tabLabel", has_text="Launcher").first.click(timeout=180_000)
        page.get_by_title(tile.description, exact=True).first.click()
        page.wait_for_function(IS_OPEN, arg=f"notebooks/{tile.notebook}", timeout=120_000)
        assert errors_of(binder.run_all(page)) == []
        found.append(page.evaluate(FINDINGS))
    page.close()
    reports = home / "notebooks" / "workbench-demo"
    assert found == [None, findings_in(reports / "report"), findings_in(reports / "infarction-report")]
    assert binder.asked_outside() == []


IS_OPEN = "(path) => window.jupyterapp.shell.currentWidget?.context?.path === path"
FINDINGS = """() => window.jupyterapp.shell.currentWidget.content.widgets.filter((cell) => cell.model.type === 'code')
    .flatMap((cell) => cell.model.sharedModel.getOutputs())
    .map((one) => one.data?.['application/vnd.cardio-workbench.findings+json']?.sentences).find((found) => found) ?? null"""

"""Every example of README and docs runs as it stands, page by page, in an empty folder.

What a page may hold:

- ```` ```python ````: run in order; the blocks of a page share their names, as the cells of a notebook do.
- ```` ```console ````: lines that begin with ``$ workbench`` are run and must succeed. ``git``, ``make`` and ``cd`` are shown
  only; nothing else may be. A backslash continues a line.
- ```` ```text ```` right after python, and the lines under a command: what is printed. Each line has to occur, in that order; ``…``
  stands for anything.
- A language and a file name, ```` ```yaml mapping.yaml ````: the file that the page talks about, written before it goes on.

Other fences are shown only.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
# These make whole runs and catalogs; tests of what they show run with every `make test`.
MINUTES = {
    "ask-several-hospitals.md",
    "consent-and-permits.md",
    "dashboards.md",
    "operate-a-catalog.md",
    "reproduce-a-run.md",
}
SHOWN_ONLY = {"git", "make", "cd"}
SECONDS_FOR_A_COMMAND = 300


@dataclass(frozen=True)
class Block:
    """One fenced block: what is after the fence (``words``), what is in it, and where it stands."""

    words: tuple[str, ...]
    text: str
    line: int

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""


def blocks_of(page: str) -> list[Block]:
    return [
        Block(tuple(token.info.split()), token.content, token.map[0] + 1)
        for token in MarkdownIt().parse(page)
        if token.type == "fence"
    ]


def commands_of(console: str) -> list[tuple[str, list[str]]]:
    """Split a console block into commands, each with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in console.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            raise ValueError(f"a console block begins with a command ('$ …'), not with {line!r}")
    return found


def first_line_not_printed(expected: list[str], printed: str) -> str | None:
    """Return the first of *expected* that does not occur after the ones before it, or None."""
    rest = printed.splitlines()
    for line in expected:
        pattern = ".*".join(re.escape(part.strip()) for part in line.split("…"))
        at = next((at for at, said in enumerate(rest) if re.search(pattern, said)), None)
        if line.strip(" …") and at is None:
            return line
        rest = rest[at + 1 :] if at is not None else rest
    return None


def run_command(command: str, folder: Path) -> str:
    """Run one command of a page as a reader would, and return what it prints on either stream."""
    words = shlex.split(command)
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}",
        "COLUMNS": "160",
        "NO_COLOR": "1",
    }
    environment.pop("WORKBENCH_CATALOG", None)
    done = subprocess.run(
        [str(scripts / words[0]), *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_FOR_A_COMMAND,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class Reader:
    """Goes through a page and does what it says."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.names: dict[str, object] = {"__name__": "__example__"}
        self.printed: str | None = None

    def read(self, block: Block) -> None:
        where = f"{self.page.name}:{block.line}"
        printed, self.printed = self.printed, None
        if len(block.words) > 1:
            file = self.folder / block.words[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            self.printed = self.run_python(block, where)
        elif block.language == "console":
            self.run_console(block, where)
        elif block.language == "text" and printed is not None:
            missing = first_line_not_printed(block.text.splitlines(), printed)
            assert missing is None, f"{where}: {missing!r} is not among what was printed:\n{printed}"

    def run_python(self, block: Block, where: str) -> str:
        printed = io.StringIO()
        code = compile("\n" * block.line + block.text, where, "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, self.names)
        return printed.getvalue()

    def run_console(self, block: Block, where: str) -> None:
        for command, expected in commands_of(block.text):
            program = command.split()[0]
            if program in SHOWN_ONLY:
                continue
            assert program == "workbench", f"{where}: no test runs {program!r}; show it as text, or use workbench"
            printed = run_command(command, self.folder)
            missing = first_line_not_printed(expected, printed)
            assert missing is None, f"{where}: {missing!r} is not among what {command!r} printed:\n{printed}"


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow if page.name in MINUTES else ()) for page in PAGES],
    ids=lambda page: page.name,
)
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reader = Reader(page, tmp_path)
    for block in blocks_of(page.read_text(encoding="utf-8")):
        reader.read(block)
    assert PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def read_page(text: str, folder: Path) -> None:
    reader = Reader(Path("page.md"), folder)
    for block in blocks_of(text):
        reader.read(block)


def test_a_python_example_that_fails_fails_its_page(tmp_path):
    with pytest.raises(ZeroDivisionError):
        read_page("```python\nn = 0\n```\ntext\n```python\n1 / n\n```\n", tmp_path)


def test_what_python_prints_is_compared(tmp_path):
    read_page("```python\nprint('a 1 b')\nprint('c')\n```\n```text\na … b\nc\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="'d' is not among"):
        read_page("```python\nprint('c')\n```\n```text\nd\n```\n", tmp_path)


def test_a_command_that_fails_fails_its_page(tmp_path):
    with pytest.raises(AssertionError, match="ended with 2"):
        read_page("```console\n$ workbench no-such-noun\n```\n", tmp_path)


def test_what_a_command_prints_is_compared(tmp_path):
    read_page("```console\n$ workbench --version\ncardio-workbench …\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="'another-workbench' is not among"):
        read_page("```console\n$ workbench --version\nanother-workbench\n```\n", tmp_path)


def test_a_command_that_no_test_runs_may_not_be_shown(tmp_path):
    with pytest.raises(AssertionError, match="no test runs 'curl'"):
        read_page("```console\n$ curl example.org\n```\n", tmp_path)


def test_a_file_of_a_page_is_there_for_its_commands(tmp_path):
    read_page("```csv people.csv\nid\n1\n```\n", tmp_path)
    assert (tmp_path / "people.csv").read_text(encoding="utf-8") == "id\n1\n"

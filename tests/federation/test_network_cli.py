"""``workbench network``: status and counts over several catalogs, for people and for machines."""

import io
import json
import sys

import pytest
from questions import OVER_60
from three_hospitals import SITES, InProcess
from typer.testing import CliRunner

from data_catalog.errors import WorkbenchError
from workbench.cli.main import app
from workbench.cohorts import write_definition
from workbench.federation import Network, NetworkError


def run(*words):
    return CliRunner().invoke(app, ["network", *map(str, words)])


def sites_file(thirds, folder, *, without=()):
    lines = [
        f"  {site}: {folder / 'nowhere' if site in without else catalog}" for site, catalog in thirds.catalogs.items()
    ]
    file = folder / "sites.yaml"
    file.write_text("sites:\n" + "\n".join(lines) + "\n")
    return file


def test_the_status_of_every_site_is_said_in_words_and_as_json(thirds, tmp_path):
    file = sites_file(thirds, tmp_path, without=("claymore",))
    done = run("status", "--sites", file)
    assert done.exit_code == 1, "somebody who only looks at the exit code learns that a site is missing"
    said = done.output.splitlines()
    assert [line.split(":")[0] for line in said] == list(SITES)
    assert "answered: snapshot 2" in said[0]
    assert "refused [no_catalog]: There is no catalog where the site looks for one" in said[2]
    found = json.loads(run("status", "--sites", file, "--json").output)
    assert [each["outcome"] for each in found] == ["answered", "answered", "refused"]
    assert found[0]["about"]["policy"] == "cw-sdc-1 version 1.0, default"


def test_a_cohort_is_counted_over_all_sites_or_not_at_all(thirds, tmp_path):
    definition = tmp_path / "cohort.yaml"
    write_definition(OVER_60, definition)
    whole, broken = sites_file(thirds, tmp_path), tmp_path / "broken"
    counted = json.loads(run("run", definition, "--sites", whole, "--json").output)
    assert counted["rows"] == [["infarction", 360, 500]]
    assert counted["sites"]["answered"] == list(SITES)
    broken.mkdir()
    file = sites_file(thirds, broken, without=("brookside",))
    refused = run("run", definition, "--sites", file, "--analysis", "attrition")
    assert isinstance(refused.exception, WorkbenchError)
    assert "brookside refused [no_catalog]" in str(refused.exception)
    partial = run("run", definition, "--sites", file, "--analysis", "attrition", "--allow-partial")
    assert partial.exit_code == 0
    assert "Refused: brookside (no_catalog)." in partial.output


def test_of_a_folder_the_sites_file_is_read_so_a_stray_folder_is_no_site_and_a_missing_one_is_missed(thirds, tmp_path):
    folder = tmp_path / "hospitals"
    for name in ("", ".ipynb_checkpoints"):
        (folder / name).mkdir()
    for site, catalog in thirds.catalogs.items():
        (folder / site).symlink_to(catalog)
    (folder / "sites.yaml").write_text("sites:\n" + "".join(f"  {site}: {{catalog: {site}}}\n" for site in SITES))
    done = run("status", "--sites", folder)
    assert [line.split(":")[:2] for line in done.output.splitlines()] == [[site, " answered"] for site in SITES]
    assert done.exit_code == 0
    (folder / "brookside").unlink()
    assert "brookside: refused [no_catalog]" in run("status", "--sites", folder).output


def test_a_folder_without_a_sites_file_is_refused_with_what_to_write(thirds, tmp_path):
    (tmp_path / "ashfield").symlink_to(thirds.catalogs["ashfield"])
    for folder in (tmp_path, thirds.catalogs["ashfield"]):
        refused = run("status", "--sites", folder)
        assert isinstance(refused.exception, NetworkError)
        assert f"{folder} has no sites.yaml" in str(refused.exception)
        assert f"write {folder / 'sites.yaml'}:\nsites:\n  northgate: {{catalog:" in str(refused.exception)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_a_terminal_shows_how_many_sites_have_answered(thirds, monkeypatch, stream, shown):
    monkeypatch.setattr("sys.stderr", stream())
    with Network.open({}, purpose="education", transport=InProcess(thirds.catalogs), progress=True) as network:
        network.status()
        assert ("Asking the sites" in sys.stderr.getvalue()) == shown
        assert ("/3 [" in sys.stderr.getvalue()) == shown

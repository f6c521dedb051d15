"""``workbench network``: status and counts over several catalogs, for people and for machines."""

import json

from questions import OVER_60
from three_hospitals import SITES
from typer.testing import CliRunner

from data_catalog.errors import WorkbenchError
from workbench.cli.main import app
from workbench.cohorts import write_definition


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
    said = run("status", "--sites", file).output.splitlines()
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


def test_a_folder_with_a_catalog_for_each_site_is_a_network_file_too(thirds, tmp_path):
    folder = tmp_path / "hospitals"
    folder.mkdir()
    for site, catalog in thirds.catalogs.items():
        (folder / site).symlink_to(catalog)
    (folder / "planted-truth.json").write_text("{}")
    assert [line.split(":")[:2] for line in run("status", "--sites", folder).output.splitlines()] == [
        [site, " answered"] for site in SITES
    ]

"""The command line on a catalog in PostgreSQL, named by its URL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_catalog.address import catalog_address


@pytest.fixture
def workbench():
    def run(*words: str, catalog: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "workbench"), *words]
        environment = {**os.environ, "WORKBENCH_CATALOG": catalog}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.slow
def test_a_catalog_is_made_filled_read_and_upgraded_by_its_url(workbench, postgres_server, postgres_url, tmp_path):
    word = postgres_server.password
    url = postgres_url.replace("steward@", f"steward:{word}@").replace(f"passfile={postgres_server.passfile}&", "")
    done = [
        workbench("catalog", "create", url, "--data", str(tmp_path / "data"), "--title", "Ward 3"),
        workbench("catalog", "ingest", "whas500", "--site", "worcester", "--basis", "open_data", catalog=url),
        workbench("catalog", "snapshots", "--json", catalog=url),
        workbench("catalog", "describe", "--catalog", url),
        workbench("catalog", "upgrade", catalog=url),
        workbench("permit", "list", catalog=url),
    ]
    assert [each.returncode for each in done] == [0] * len(done), [each.stderr for each in done]
    assert [each["snapshot_id"] for each in json.loads(done[2].stdout)] == [0, 1, 2]
    assert "worcester" in done[3].stdout
    assert "nothing was changed" in done[4].stdout
    assert [each.args[1:] for each in done if word in each.stdout + each.stderr] == []


def test_what_cannot_be_reached_is_said_without_a_stack_and_without_the_password(workbench, postgres_url):
    schema = catalog_address(postgres_url).schema
    refused = workbench("catalog", "snapshots", catalog=f"postgresql://anna:secret-word@127.0.0.1:1/x?schema={schema}")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("CatalogError: No PostgreSQL server answers at 127.0.0.1, port 1")
    assert "secret-word" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_database_needs_a_folder_for_the_data(workbench, postgres_url):
    refused = workbench("catalog", "create", postgres_url)
    assert refused.returncode == 1
    assert "workbench catalog create URL --data FOLDER" in refused.stderr

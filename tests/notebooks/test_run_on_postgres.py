"""A template on a catalog in PostgreSQL: the same findings, and a bundle that knows neither server nor password."""

from __future__ import annotations

import pytest

from data_catalog import Catalog
from data_catalog.address import catalog_address
from data_catalog.demo import SITE, demo_catalog
from data_catalog.sources import whas500
from workbench.templates import run_template

TEMPLATE = "02_survival_after_infarction"


@pytest.mark.slow
def test_a_run_on_postgres_finds_the_same_and_keeps_no_address(postgres_server, postgres_url, tmp_path):
    schema, word = catalog_address(postgres_url).schema, postgres_server.password
    url = f"postgresql://steward:{word}@127.0.0.1:{postgres_server.port}/catalogs?schema={schema}"
    catalog = Catalog.create(url, data=tmp_path / "data", open_to_everyone=True)
    catalog.ingest(whas500(), site=SITE, basis="open_data")
    run = run_template(TEMPLATE, output=tmp_path / "run", catalog=url)
    in_a_folder = run_template(TEMPLATE, output=tmp_path / "other", catalog=demo_catalog(tmp_path / "folder").folder)
    assert run.findings == in_a_folder.findings
    for file in (path for path in (tmp_path / "run").rglob("*") if path.is_file()):
        held = file.read_bytes()
        assert word.encode() not in held, file
        assert schema.encode() not in held, file

"""The demo catalogs: the same contents each time they are made, in one catalog or in one a hospital."""

from __future__ import annotations

import json

import pytest
import yaml

from data_catalog import Catalog, CatalogError
from data_catalog.demo import SITES_FILE, TRUTH_FILE, hospital_catalogs, hospitals_catalog
from data_catalog.lake import open_reader, quoted
from data_catalog.model import TABLES, table_address

PEOPLE = 400
# Moments of the making, and keys drawn at it; everything else has to be the same.
_OF_THE_MAKING = {
    "ingest": ("ingested_at",),
    "permit": None,
    "consent_epoch": ("began_at",),
}


def contents(catalog: Catalog, *, site: str | None = None) -> dict[str, list[tuple]]:
    """Every row of every table, sorted, but for what says when the catalog was made."""
    found = {}
    with open_reader(catalog.folder) as connection:
        for table in TABLES.values():
            left_out = _OF_THE_MAKING.get(table.name, ())
            if left_out is None:
                continue
            names = [field.name for field in table.fields if field.name not in left_out]
            here = "" if site is None else f"WHERE site = '{site}'"
            rows = connection.execute(
                f"SELECT {', '.join(map(quoted, names))} FROM {table_address(table)} {here}"
            ).fetchall()
            found[table.name] = sorted(rows, key=repr)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return hospitals_catalog(tmp_path_factory.mktemp("first") / "catalog", people=PEOPLE, seed=7)


def test_one_seed_makes_the_same_catalog_twice(made, tmp_path):
    again = hospitals_catalog(tmp_path / "catalog", people=PEOPLE, seed=7)
    first, second = contents(made), contents(again)
    assert first == second
    filled = {name for name, rows in first.items() if rows}
    assert {"person", "measurement", "waveform_feature", "image_feature", "variant", "sample", "consent"} <= filled


@pytest.mark.slow
def test_a_catalog_a_hospital_holds_what_the_common_one_holds_of_it(made, tmp_path):
    by_site = hospital_catalogs(tmp_path / "sites", people=PEOPLE, seed=7)
    assert sorted(by_site) == ["eastfield", "hillcrest", "lakeside", "northgate", "riverside"]
    assert (tmp_path / "sites" / TRUTH_FILE).is_file()
    listed = yaml.safe_load((tmp_path / "sites" / SITES_FILE).read_text("utf-8"))["sites"]
    assert listed == {site: {"catalog": site} for site in by_site}
    of_site = contents(by_site["lakeside"])
    common = contents(made, site="lakeside")
    for of_the_whole in ("setting", "consent_epoch"):  # these belong to a catalog, not to a site
        del of_site[of_the_whole], common[of_the_whole]
    assert of_site == common


def test_a_catalog_that_is_there_is_opened_and_a_folder_with_something_else_is_refused(made, tmp_path):
    assert hospitals_catalog(made.folder, people=PEOPLE, seed=99).snapshots() == made.snapshots()
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CatalogError, match="is not empty, so no catalog was made there"):
        hospitals_catalog(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_truth_lies_beside_the_catalog_for_its_owner_alone_and_the_hospitals_files_are_gone(made):
    kept = made.folder / TRUTH_FILE
    assert kept.stat().st_mode & 0o077 == 0
    assert json.loads(kept.read_text(encoding="utf-8"))["seed"] == 7
    assert not list(made.folder.rglob("*.vcf.gz"))
    assert not list(made.folder.parent.glob("*.unfinished"))

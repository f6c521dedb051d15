"""The flagship's run on the five hospitals: no record number and no person id in anything that it shows or writes."""

from __future__ import annotations

import re
from io import BytesIO

import polars as pl
import pytest

from data_catalog.lake import open_reader


@pytest.fixture(scope="module")
def identifiers(hospitals) -> dict[str, list[str]]:
    """Record numbers, and person ids, of everybody in the catalog."""
    with open_reader(hospitals.folder) as connection:
        rows = connection.execute("SELECT source_id, person_id FROM lake.governance.person_link").fetchall()
    return {"record numbers": [source for source, _ in rows], "person ids": [str(person) for _, person in rows]}


def words(content: bytes) -> set[str]:
    """Every run of letters, digits and hyphens, and every run of digits alone, of a file."""
    text = content.decode("utf-8", errors="ignore")
    return set(re.findall(r"[A-Za-z0-9-]+", text)) | set(re.findall(r"\d+", text))


def test_nothing_that_the_flagship_writes_names_a_person(flagship, identifiers, unpacked):
    files = [path for path in flagship.folder.rglob("*") if path.is_file()]
    assert {"report.html", "executed.ipynb"} <= {path.name for path in files}
    for path in files:
        found = words(unpacked(path.read_bytes()))
        for kind, known in identifiers.items():
            assert not found.intersection(known), f"{path.name} holds {kind}"


def test_the_search_would_have_found_them(flagship, identifiers, unpacked):
    report = flagship.report.read_bytes()
    for known in identifiers.values():
        assert words(unpacked(report + f'<td>"{known[7]}"</td>'.encode())).intersection(known)


def test_it_would_have_found_them_in_a_compressed_table_too(identifiers, unpacked):
    for kind, known in identifiers.items():
        leaked = pl.DataFrame({"leaked": known[5:20]})
        for column in [leaked] if kind == "record numbers" else [leaked, leaked.cast(pl.Int64)]:
            written = BytesIO()
            column.write_parquet(written, statistics=False)
            assert len(words(unpacked(written.getvalue())).intersection(known)) == 15

"""The draft of a mapping: what can be read off the columns, nothing that might name a person, and it ingests once completed."""

import polars as pl
import yaml

from data_catalog import Catalog
from data_catalog.sources import MappedTable
from data_catalog.sources.draft import draft_mapping
from data_catalog.sources.mapping import MappingFile


def clinic(tmp_path):
    n = 40
    frame = pl.DataFrame(
        {
            "mrn": [f"MRN-{i:010d}" for i in range(n)],
            "sex": ["M", "F"] * (n // 2),
            "date_of_birth": ["1950-01-01", "1960-02-02"] * (n // 2),
            "visit_date": ["2020-05-05", "2021-06-06"] * (n // 2),
            "sbp": [120 + i for i in range(n)],
            "heart_rate": [60 + i for i in range(n)],
            "smoker": ["yes", "no"] * (n // 2),
            "family_name": [f"Name{i}" for i in range(n)],
        }
    )
    frame.write_csv(tmp_path / "clinic.csv")
    return tmp_path / "clinic.csv"


def test_known_columns_find_their_place(tmp_path):
    draft = yaml.safe_load(draft_mapping(clinic(tmp_path)))
    assert draft["person"] == {
        "id": "mrn",
        "birth": "date_of_birth",
        "sex": {"column": "sex", "values": {"F": "female", "M": "male"}},
    }
    assert draft["dates"] == {"index": "visit_date"}
    assert [(m["column"], m["concept"], m["unit"]) for m in draft["measurements"]] == [
        ("sbp", "Systolic blood pressure [LOINC 8480-6]", "mm[Hg]"),
        ("heart_rate", "Heart rate [LOINC 8867-4]", "/min"),
    ]


def test_a_draft_names_no_value_that_only_one_row_has(tmp_path):
    draft = draft_mapping(clinic(tmp_path))
    assert "smoker: values no, yes" in draft
    assert "family_name: text" in draft
    assert "MRN-" not in draft
    assert "Name1" not in draft


def test_a_draft_can_be_ingested_as_it_is(tmp_path):
    file = clinic(tmp_path)
    mapping = tmp_path / "clinic.yaml"
    mapping.write_text(draft_mapping(file))
    assert MappingFile.read(mapping).name == "clinic"
    report = Catalog.create(tmp_path / "catalog").ingest(
        MappedTable(file, mapping), site="clinic", basis="public_interest"
    )
    assert {table.table: table.n_rows for table in report.tables if table.table in ("person", "measurement")} == {
        "person": 40,
        "measurement": 80,
    }

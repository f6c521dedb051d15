"""The data dictionary: one row a field, and a table as text that a person can read."""

import polars as pl
import pytest

from data_catalog.errors import UnknownNameError
from data_catalog.model import TABLES, data_dictionary, describe_table


def test_there_is_one_row_for_each_field():
    dictionary = data_dictionary()
    assert dictionary.height == sum(len(table.fields) for table in TABLES.values())
    assert dictionary.select("table", "field").is_unique().all()
    assert dictionary.columns == [
        "schema",
        "table",
        "field",
        "type",
        "required",
        "key",
        "references",
        "unit",
        "standard",
        "description",
    ]


def test_a_row_says_everything_about_its_field():
    rows = data_dictionary().filter(pl.col("table") == "drug_exposure")
    assert rows.row(by_predicate=pl.col("field") == "days_supply", named=True) == {
        "schema": "main",
        "table": "drug_exposure",
        "field": "days_supply",
        "type": "INTEGER",
        "required": False,
        "key": False,
        "references": None,
        "unit": "d",
        "standard": "OMOP CDM 5.4",
        "description": "Number of days for which the supply is meant.",
    }
    person = rows.row(by_predicate=pl.col("field") == "person_id", named=True)
    assert (person["required"], person["references"]) == (True, "person.person_id")


def test_a_column_of_ours_in_a_table_of_the_standard_is_ours():
    rows = data_dictionary().filter(pl.col("table") == "measurement")
    ours = rows.filter(pl.col("standard") == "Cardio Workbench")["field"].to_list()
    assert ours[-4:] == ["value_canonical", "unit_canonical", "ingest_id", "site"]
    assert "value_as_number" not in ours


def test_a_table_as_text_has_its_purpose_its_fields_and_their_keys():
    text = describe_table("observation_period")
    assert text.startswith("main.observation_period (OMOP CDM 5.4)\nOne row a stretch of time in which")
    lines = {line.split()[0]: line for line in text.splitlines()[3:]}
    assert "[key]" in lines["observation_period_id"]
    assert "Whose row this is. [required; refers to person.person_id]" in lines["person_id"]
    assert "the standard requires it; rows without it are kept and flagged" in " ".join(text.split())


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_text_of_a_table_fits_a_terminal_and_leaves_no_field_out(name):
    lines = describe_table(name).splitlines()
    assert max(map(len, lines)) <= 120
    named = {line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "}
    assert named == set(TABLES[name].field_names)


def test_an_unknown_table_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="Did you mean 'person'"):
        describe_table("persons")

"""The digest of a catalog's content: the same for the same rows however they were written, another for any other row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from data_catalog.demo import demo_catalog
from data_catalog.digest import content_digest, group_of, salted_digest, table_sums
from data_catalog.lake import open_reader, writer
from data_catalog.model import TABLES
from workbench.study import Study

if TYPE_CHECKING:
    from data_catalog import Catalog

TYPES = {"person_id": "BIGINT", "value": "DOUBLE", "note": "VARCHAR", "bits": "BLOB"}


def sums(*rows: str) -> tuple[tuple[int, int, int], int]:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (person_id BIGINT, value DOUBLE, note VARCHAR, bits BLOB)")
    for row in rows:
        connection.execute(f"INSERT INTO t VALUES ({row})")
    return table_sums(connection, "t", TYPES)


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory) -> list[Catalog]:
    """The same data, made into a catalog twice."""
    folder = tmp_path_factory.mktemp("catalogs")
    return [demo_catalog(folder / name) for name in ("one", "two")]


def digest_of(catalog: Catalog):
    with open_reader(catalog.folder) as connection:
        return content_digest(connection)


def test_the_order_of_rows_does_not_count_and_their_number_does():
    one, other = "1, 0.1, 'a', NULL", "2, 0.2, NULL, '\\x00'::BLOB"
    assert sums(one, other) == sums(other, one)
    assert sums(one, other)[1] == 2, "people"
    assert sums(one, one) != sums(one)
    assert sums(one, one) != sums(), "a row and its double do not cancel out"


@pytest.mark.parametrize(
    "changed",
    ["2, 0.1, 'a', NULL", "1, 0.10000000000000002, 'a', NULL", "1, 0.1, NULL, NULL", "1, 0.1, 'a', '\\x00'::BLOB"],
    ids=["another person", "the last digit of a number", "a text that is gone", "bits where there were none"],
)
def test_whatever_changes_in_a_row_changes_the_digest(changed):
    assert sums(changed) != sums("1, 0.1, 'a', NULL")


def test_rows_are_counted_once_in_a_table_without_people():
    (n_rows, _, _), n_people = table_sums(duckdb.connect(), "(SELECT i FROM range(30) AS r(i))", {"i": "BIGINT"})
    assert (n_rows, n_people) == (30, 0)


def test_a_value_counts_for_the_column_that_it_stands_in():
    connection = duckdb.connect()
    first, second = (
        table_sums(connection, f"(SELECT {columns})", {"a": "VARCHAR", "b": "VARCHAR"})
        for columns in ("'x' AS a, NULL AS b", "NULL AS a, 'x' AS b")
    )
    assert first != second


def test_a_column_without_values_changes_nothing():
    connection = duckdb.connect()
    narrow = table_sums(connection, "(SELECT 1 AS a)", {"a": "INTEGER"})
    assert narrow == table_sums(connection, "(SELECT 1 AS a, NULL::INTEGER AS new)", {"a": "INTEGER", "new": "INTEGER"})


def test_two_catalogs_that_were_made_apart_have_the_same_digests(catalogs):
    one, two = map(digest_of, catalogs)
    assert one == two
    assert one.groups["clinical"].n_people == 500
    assert len({one.whole, *(group.digest for group in one.groups.values())}) == 6


def test_the_group_that_changed_is_the_one_whose_digest_changes(catalogs, tmp_path):
    changed = demo_catalog(tmp_path / "changed")
    before = changed.snapshot().snapshot_id
    values = {"BIGINT": "1", "INTEGER": "1", "VARCHAR": "'worcester'", "DATE": "'2001-01-01'"}
    fields = {field.name: values[field.type] for field in TABLES["image_occurrence"].fields if field.required}
    with writer(changed.folder) as connection:
        connection.execute(
            f"INSERT INTO lake.main.image_occurrence ({', '.join(fields)}) VALUES ({', '.join(fields.values())})"
        )
    one, other = digest_of(changed), digest_of(catalogs[0])
    with open_reader(changed.folder, snapshot=before) as connection:
        assert content_digest(connection) == other, "an older snapshot keeps its digest"
    assert {name for name, group in one.groups.items() if group != other.groups[name]} == {"imaging"}
    assert one.whole != other.whole
    assert one.groups["imaging"].n_people == 1
    with Study.open(changed, purpose="education") as study:
        assert study.account()["data"]["groups"]["imaging"] is None, "the rows of one person could be guessed and tried"


def test_every_table_of_the_model_is_content_or_has_a_reason_not_to_be():
    without = {table.name: table.kind for table in TABLES.values() if group_of(table) is None}
    assert set(without.values()) <= {"governance", "provenance", "vocabulary"}
    assert {"person", "measurement", "condition_occurrence", "death"} <= {
        table.name for table in TABLES.values() if group_of(table) == "clinical"
    }
    assert group_of(TABLES["variant"]) == "genomic"
    assert group_of(TABLES["image_feature"]) == "imaging"
    assert group_of(TABLES["waveform_feature"]) == "waveform"


def test_a_salted_digest_cannot_be_tried_out_without_the_salt():
    connection = duckdb.connect()
    types = {"person_id": "BIGINT"}
    one, other = (
        salted_digest(connection, "(SELECT 7 AS person_id)", types, salt=salt, name="n") for salt in (b"1", b"2")
    )
    assert one != other


def test_what_a_study_rests_on_names_its_data_and_its_policy(catalogs):
    with Study.open(catalogs[1], purpose="education") as study, Study.open(catalogs[1], purpose="education") as other:
        account = study.account()
        assert account == other.account()
        assert account["data"]["digest"].startswith("sha256:")
        assert account["data"]["groups"]["waveform"] is None
        assert account["policy"]["label"] == "cw-sdc-1 version 1.0, default"
        assert account["consent"]["left_out"].startswith("sha256:")
        assert str(catalogs[1].folder) not in str(account)

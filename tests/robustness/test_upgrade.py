"""A catalog of an older model: not opened, upgraded by adding, and then as good as a new one."""

from __future__ import annotations

import pytest

from data_catalog import Catalog, CatalogError
from data_catalog.lake import open_reader, transaction, writer
from data_catalog.model import TABLES
from data_catalog.versions import MODEL_VERSION, NewerCatalogError, OlderCatalogError
from workbench.study import Study

ADDED_COLUMNS = {
    "main.image_feature": ("image_feature_date", "method_concept_id"),
    "main.waveform_feature": ("waveform_feature_concept_id", "waveform_feature_date"),
}
# The third version: where a row comes from.
for _table in TABLES.values():
    _names = [f.name for f in _table.fields if f.added and f.name in ("ingest_id", "source_row", "mapping_rule")]
    ADDED_COLUMNS[f"{_table.schema}.{_table.name}"] = (
        *ADDED_COLUMNS.get(f"{_table.schema}.{_table.name}", ()),
        *_names,
        *(("source_digests", "rules_digest", "replaces") if _table.name == "ingest" else ()),
    )
ADDED_TABLES = ("governance.consent_epoch", "governance.tombstone")
FEATURE = (
    "INSERT INTO lake.main.image_feature (image_feature_id, person_id, image_feature_concept_id, image_feature_type_concept_id, "
    "image_occurrence_id, site, value_canonical, unit_canonical) VALUES (1, 1, 3027172, 0, 1, 'ward-3', 55.0, '%')"
)


@pytest.fixture
def older(catalog, bring_in):
    """A catalog as the first version of the model made it, with 50 people and an image feature in it."""
    bring_in(catalog, 1, 50)
    with (
        writer(catalog.address) as connection,
        transaction(connection, author="test", message="as it was in version 1"),
    ):
        connection.execute("ALTER TABLE lake.main.waveform_feature SET SORTED BY (person_id)")
        for table, columns in ADDED_COLUMNS.items():
            for column in columns:
                connection.execute(f"ALTER TABLE lake.{table} DROP COLUMN {column}")
        for table in ADDED_TABLES:
            connection.execute(f"DROP TABLE lake.{table}")
        connection.execute("DELETE FROM lake.provenance.setting WHERE name = 'model_version'")
        connection.execute(FEATURE)
    return catalog


def columns_of(catalog: Catalog) -> dict[tuple[str, str], set[tuple[str, str, bool]]]:
    with open_reader(catalog.address) as connection:
        rows = connection.execute(
            "SELECT schema_name, table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE database_name = 'lake'"
        ).fetchall()
    found: dict[tuple[str, str], set[tuple[str, str, bool]]] = {}
    for schema, table, *column in rows:
        found.setdefault((schema, table), set()).add(tuple(column))
    return found


def sorted_by(catalog: Catalog, table: str) -> list[str]:
    schema = getattr(catalog.address, "schema", "main")
    metadata = f"__ducklake_metadata_lake.{schema}"
    with writer(catalog.address) as connection:
        rows = connection.execute(
            f"SELECT expression FROM {metadata}.ducklake_sort_expression JOIN {metadata}.ducklake_sort_info USING (sort_id, table_id) "
            f"JOIN {metadata}.ducklake_table AS t USING (table_id) WHERE t.table_name = ? AND t.end_snapshot IS NULL "
            "AND ducklake_sort_info.end_snapshot IS NULL ORDER BY sort_key_index",
            [table],
        ).fetchall()
    return [row[0] for row in rows]


def test_an_older_catalog_says_what_to_run(older):
    with pytest.raises(
        OlderCatalogError, match=r"has version 1 of the model; this workbench works with version \d"
    ) as told:
        Catalog.open(older.address)
    assert f"workbench catalog backup BACKUP-FOLDER --catalog {older.address}" in str(told.value)
    assert f"workbench catalog upgrade --catalog {older.address}" in str(told.value)


def test_an_upgrade_adds_what_is_missing_and_changes_nothing_else(older, bring_in, digests):
    snapshot = older.snapshot().snapshot_id
    before = digests(older, snapshot)
    report = Catalog.upgrade(older.address)
    assert (report.before, report.after, report.snapshot_id) == (1, MODEL_VERSION, snapshot + 1)
    assert report.tables == ADDED_TABLES
    assert sorted(report.columns) == sorted(
        f"{table}.{name}" for table, names in ADDED_COLUMNS.items() for name in names
    )
    assert "added the column main.image_feature.method_concept_id" in str(report)
    assert older.snapshot().message == f"upgrade the model from version 1 to {MODEL_VERSION}"
    after = digests(older, report.snapshot_id)
    assert {name: after[name] for name in before if name != "setting"} == {
        name: before[name] for name in before if name != "setting"
    }
    declared = {(table.schema, table.name): {field.name for field in table.fields} for table in TABLES.values()}
    assert {table: {column[0] for column in columns} for table, columns in columns_of(older).items()} == declared
    with open_reader(older.address) as connection:
        feature = connection.execute(
            "SELECT value_canonical, method_concept_id FROM lake.main.image_feature"
        ).fetchall()
    assert feature == [(55.0, None)]
    assert sorted_by(older, "waveform_feature") == ["waveform_feature_concept_id", "person_id"]
    assert bring_in(Catalog.open(older.address), 1001, 50) == report.snapshot_id + 1


def test_an_upgraded_catalog_has_the_tables_of_a_new_one(older, tmp_path):
    Catalog.upgrade(older.address)
    assert columns_of(older) == columns_of(Catalog.create(tmp_path / "new"))


def test_a_second_upgrade_does_nothing(older):
    done = Catalog.upgrade(older.address)
    again = Catalog.upgrade(older.address)
    assert (again.tables, again.columns, again.snapshot_id) == ((), (), done.snapshot_id)
    assert str(again) == f"The catalog has version {MODEL_VERSION} of the model already; nothing was changed."


def test_an_upgrade_that_fails_changes_nothing(older, monkeypatch):
    import data_catalog.upgrade as module

    before, snapshot = columns_of(older), older.snapshot().snapshot_id
    monkeypatch.setattr(module, "SETTING", None)  # the last step of the upgrade: a setting without a name
    with pytest.raises(Exception, match="NOT NULL"):
        Catalog.upgrade(older.address)
    assert (columns_of(older), older.snapshot().snapshot_id) == (before, snapshot)


def test_a_column_of_another_type_cannot_be_upgraded(catalog):
    with writer(catalog.address) as connection:
        connection.execute("ALTER TABLE lake.main.person DROP COLUMN race_concept_id")
        connection.execute("ALTER TABLE lake.main.person ADD COLUMN race_concept_id VARCHAR")
    with pytest.raises(CatalogError, match="main.person.race_concept_id is VARCHAR and has to be .*Make a new catalog"):
        Catalog.upgrade(catalog.address)


def test_a_newer_catalog_is_refused(catalog):
    with writer(catalog.address) as connection:
        connection.execute("UPDATE lake.provenance.setting SET value = '99' WHERE name = 'model_version'")
    for use in (Catalog.open, Catalog.upgrade):
        with pytest.raises(
            NewerCatalogError, match="has version 99 of the model.* Install a newer release of cardio-workbench"
        ):
            use(catalog.address)


def test_a_ducklake_that_is_no_catalog_is_refused(catalog):
    with writer(catalog.address) as connection:
        connection.execute("DROP TABLE lake.provenance.setting")
    with pytest.raises(CatalogError, match="is a DuckLake, but not a catalog of the workbench"):
        Catalog.open(catalog.address)


def test_a_snapshot_from_before_the_upgrade_answers_what_it_can(older):
    snapshot = older.snapshot().snapshot_id
    Catalog.upgrade(older.address)
    with open_reader(older.address, snapshot=snapshot) as connection:
        assert connection.execute("SELECT count(*) FROM lake.main.person").fetchall() == [(50,)]
        with pytest.raises(
            OlderCatalogError, match="This snapshot has version 1 of the model and lacks what was asked for"
        ):
            connection.execute("SELECT method_concept_id FROM lake.main.image_feature")
    with Study.open(older.address, purpose="scientific_research", snapshot=snapshot) as study:
        assert study.provenance.snapshot.snapshot_id == snapshot

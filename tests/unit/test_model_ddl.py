"""The DDL, on a real DuckLake file: every table is made as declared, laid out as declared, and holds NOT NULL."""

import duckdb
import pytest

from data_catalog.lake import maker
from data_catalog.model import TABLES, create_all_sql, create_table_sql, table


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "data").mkdir()
    with maker(tmp_path, tmp_path) as connection:
        yield connection


@pytest.fixture
def made(lake):
    lake.execute("BEGIN")
    for statement in create_all_sql():
        lake.execute(statement)
    lake.execute("COMMIT")
    return lake


def test_every_column_stands_in_the_lake_with_its_type_and_whether_it_may_be_empty(made):
    rows = made.execute(
        "SELECT schema_name, table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE database_name = 'lake' ORDER BY schema_name, table_name, column_index"
    ).fetchall()
    spelled = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    declared = [
        (one.schema, one.name, field.name, spelled.get(field.type, field.type), not field.required)
        for one in sorted(TABLES.values(), key=lambda one: (one.schema, one.name))
        for field in one.fields
    ]
    assert rows == declared


def test_a_required_field_is_not_null_in_the_lake_itself(made):
    with pytest.raises(duckdb.ConstraintException, match=r"NOT NULL constraint failed: domain\.domain_name"):
        made.execute("INSERT INTO lake.main.domain (domain_id, domain_concept_id, site) VALUES ('Drug', 13, 'a')")


def test_an_end_that_the_standard_requires_may_be_empty(made):
    made.execute(
        "INSERT INTO lake.main.observation_period (observation_period_id, person_id, observation_period_start_date, "
        "period_type_concept_id, site) VALUES (1, 1, DATE '2020-01-01', 0, 'a')"
    )
    assert made.execute("SELECT count(*) FROM lake.main.observation_period").fetchall() == [(1,)]


def test_rows_land_in_a_folder_of_their_hospital_in_the_declared_order(made, tmp_path):
    made.execute(
        "INSERT INTO lake.main.condition_occurrence (condition_occurrence_id, person_id, condition_concept_id, "
        "condition_start_date, condition_type_concept_id, site) "
        "SELECT i, 5000 - i, i % 3, DATE '2020-01-01', 0, 'b' FROM range(5000) AS t(i)"
    )
    (file,) = (tmp_path / "data" / "main" / "condition_occurrence" / "site=b").glob("*.parquet")
    written = made.execute(f"SELECT condition_concept_id, person_id FROM '{file}'").fetchall()
    assert len(written) == 5000
    assert written == sorted(written)


def test_genotypes_come_back_as_they_went_in(made):
    made.execute(
        "INSERT INTO lake.genomics.variant (callset_id, variant_index, chrom, pos_1based, ref, alt, n_alt, ac, an, n_hom_alt, "
        "n_missing, alt_is_major, het, hom, miss, gt2, site) "
        "VALUES ('c', 0, '2', 178525989, 'G', 'A', 1, 3, 8, 1, 0, false, [0], [3], [], NULL, 'a'), "
        "('c', 1, '2', 178525990, 'C', 'T', 1, 4, 8, 1, 0, false, NULL, NULL, NULL, '\\x19'::BLOB, 'a')"
    )
    carriers = made.execute(
        "SELECT pos_1based, unnest(list_concat(het, hom)) FROM lake.genomics.variant WHERE chrom = '2' AND het IS NOT NULL"
    ).fetchall()
    assert carriers == [(178525989, 0), (178525989, 3)]
    assert made.execute("SELECT gt2 FROM lake.genomics.variant WHERE variant_index = 1").fetchall() == [(b"\x19",)]


def test_a_name_that_is_a_reserved_word_is_quoted(lake):
    statements = create_table_sql(table("note_nlp"))
    assert '"offset" VARCHAR' in statements[0]
    for statement in statements:
        lake.execute(statement)
    lake.execute('SELECT "offset" FROM lake.main.note_nlp')


def test_another_database_can_be_named():
    make, *layout = create_table_sql(table("domain"), database="copy of lake")
    assert make.splitlines() == [
        'CREATE TABLE "copy of lake"."main"."domain" (',
        '  "domain_id" VARCHAR NOT NULL,',
        '  "domain_name" VARCHAR NOT NULL,',
        '  "domain_concept_id" BIGINT NOT NULL,',
        '  "ingest_id" VARCHAR,',
        '  "site" VARCHAR NOT NULL',
        ")",
    ]
    assert layout == [
        'ALTER TABLE "copy of lake"."main"."domain" SET PARTITIONED BY ("site")',
        'ALTER TABLE "copy of lake"."main"."domain" SET SORTED BY ("domain_id")',
    ]

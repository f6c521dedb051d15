"""Keys at ingest, on a real DuckLake: what is refused, what is not, and that messages help and name nobody."""

import pytest

from data_catalog.errors import IngestError, UnknownNameError
from data_catalog.lake import maker
from data_catalog.model import check_keys, create_all_sql

# Twelve digits: if one of them stood in a message, it could not be there by chance.
ANNA, BERT, CARL = 700_000_000_001, 700_000_000_002, 700_000_000_003


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    (folder / "data").mkdir()
    with maker(folder, folder) as connection:
        connection.execute("BEGIN")
        for statement in create_all_sql():
            connection.execute(statement)
        connection.execute("COMMIT")
        yield connection


@pytest.fixture
def lake(made):
    """One empty lake for all tests: what a test writes is rolled back after it."""
    made.execute("BEGIN")
    yield made
    made.execute("ROLLBACK")


@pytest.fixture
def stage(lake):
    """Stage rows written as SQL values; ``_row`` counts from 1 and ``_file`` is the table's name with .csv."""

    def make(table: str, columns: str, *rows: str) -> dict[str, str]:
        values = ", ".join(f"({row})" for row in rows)
        lake.execute(
            f"CREATE OR REPLACE TEMP TABLE staged_{table} AS SELECT *, row_number() OVER () AS _row, '{table}.csv' AS _file "
            f"FROM (VALUES {values}) AS v({columns})"
        )
        return {table: f"staged_{table}"}

    return make


@pytest.fixture
def people(stage):
    return stage(
        "person",
        "person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id",
        *(f"{person}, 8507, 1950, 0, 0" for person in (ANNA, BERT, CARL)),
    )


VISIT = "visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_type_concept_id, preceding_visit_occurrence_id"


def visit(number, person, start="DATE '2020-01-01'", preceding="NULL::BIGINT"):
    return f"{number}, {person}, 9201, {start}, 0, {preceding}"


def message_of(lake, staged, site="a") -> str:
    with pytest.raises(IngestError) as refused:
        check_keys(lake, staged, site=site)
    message = str(refused.value)
    assert message.startswith("The source was refused and the catalog is unchanged:\n")
    assert not any(str(person) in message for person in (ANNA, BERT, CARL))
    return message


def write(lake, staged, site="a"):
    for table, relation in staged.items():
        lake.execute(
            f"INSERT INTO lake.main.{table} BY NAME SELECT * EXCLUDE (_row, _file), '{site}' AS site FROM {relation}"
        )


def test_whole_rows_pass(lake, people, stage):
    staged = people | stage("visit_occurrence", VISIT, visit(1, ANNA), visit(2, BERT), visit(3, ANNA, preceding=1))
    check_keys(lake, staged, site="a")


def test_a_required_field_that_is_empty_is_refused_with_the_first_row(lake, people, stage):
    staged = people | stage(
        "visit_occurrence",
        VISIT,
        visit(1, ANNA),
        visit(2, BERT, start="NULL::DATE"),
        visit(3, CARL, start="NULL::DATE"),
    )
    assert (
        "visit_occurrence.visit_start_date is required and empty in 2 rows, first in row 2 of visit_occurrence.csv. "
        "Fill it in, or leave these rows out of the source."
    ) in message_of(lake, staged)


def test_a_required_column_that_is_not_there_at_all_is_refused(lake, people, stage):
    staged = people | stage("death", "person_id", str(ANNA))
    assert "death has no column 'death_date', which is required." in message_of(lake, staged)


def test_an_end_date_that_the_standard_requires_may_be_absent(lake, people, stage):
    staged = people | stage(
        "observation_period",
        "observation_period_id, person_id, observation_period_start_date, period_type_concept_id",
        f"1, {ANNA}, DATE '2020-01-01', 0",
    )
    check_keys(lake, staged, site="a")


def test_a_key_twice_in_the_source_is_refused_at_its_first_row(lake, people, stage):
    staged = people | stage("visit_occurrence", VISIT, visit(1, ANNA), visit(7, BERT), visit(7, CARL), visit(7, CARL))
    assert (
        "visit_occurrence.visit_occurrence_id is a duplicate key: 2 rows with the key of another row, "
        "first in row 2 of visit_occurrence.csv. Remove the copies, or give every row a key of its own."
    ) in message_of(lake, staged)


def test_a_person_twice_is_refused_and_not_named(lake, stage):
    staged = stage(
        "person",
        "person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id",
        f"{ANNA}, 8507, 1950, 0, 0",
        f"{ANNA}, 8507, 1950, 0, 0",
    )
    assert "person.person_id is a duplicate key: 1 row with the key" in message_of(lake, staged)


def test_a_person_whom_another_site_holds_is_refused(lake, people):
    write(lake, people, site="b")
    assert (
        "person.person_id is a duplicate key: 3 rows with a key that the catalog holds already (of this or another site), "
        "first in row 1 of person.csv."
    ) in message_of(lake, people)


def test_other_keys_may_repeat_between_sites_but_not_within_one(lake, people, stage):
    visits = stage("visit_occurrence", VISIT, visit(1, ANNA), visit(2, BERT))
    write(lake, people | visits, site="b")
    message = message_of(lake, visits, site="b")
    assert "2 rows with a key that the catalog holds already for the site 'b'" in message
    newcomer = stage(
        "person",
        "person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id",
        "4, 8507, 1950, 0, 0",
    )
    check_keys(lake, newcomer | stage("visit_occurrence", VISIT, visit(1, 4)), site="a")


def test_an_event_of_nobody_is_refused(lake, people, stage):
    staged = people | stage("visit_occurrence", VISIT, visit(1, ANNA), visit(2, 5), visit(3, 6))
    assert (
        "visit_occurrence.person_id refers to a row of person that neither the source nor the catalog has, in 2 rows, "
        "first in row 2 of visit_occurrence.csv. Add the missing rows of person to the source, or leave these rows out."
    ) in message_of(lake, staged)


def test_events_of_people_whom_the_site_holds_already_pass(lake, people, stage):
    write(lake, people)
    check_keys(lake, stage("visit_occurrence", VISIT, visit(1, ANNA)), site="a")


def test_people_of_another_site_do_not_count_as_known(lake, people, stage):
    write(lake, people, site="b")
    visits = stage("visit_occurrence", VISIT, visit(1, ANNA))
    assert "visit_occurrence.person_id refers to a row of person" in message_of(lake, visits, site="a")


def test_a_reference_that_may_be_empty_says_so(lake, people, stage):
    staged = people | stage("visit_occurrence", VISIT, visit(1, ANNA, preceding=99))
    message = message_of(lake, staged)
    assert "visit_occurrence.preceding_visit_occurrence_id refers to a row of visit_occurrence" in message
    assert "or empty the field in these rows." in message


def test_concepts_are_not_looked_up_because_a_vocabulary_may_be_partial(lake, people, stage):
    staged = people | stage(
        "cost",
        "cost_id, cost_event_id, cost_domain_id, cost_type_concept_id",
        "1, 1, 'a domain that nobody holds', 999999999",
    )
    check_keys(lake, staged, site="a")


def test_a_key_of_two_fields_is_one_key(lake, people, stage):
    callset = stage("callset", "callset_id, genome_build, n_samples", "'c', 'GRCh38', 3")
    good = stage("sample", "callset_id, sample_index, person_id", f"'c', 0, {ANNA}", f"'c', 1, {BERT}")
    check_keys(lake, people | callset | good, site="a")
    bad = stage("sample", "callset_id, sample_index, person_id", f"'c', 0, {ANNA}", f"'c', 0, {BERT}")
    message = message_of(lake, people | callset | bad)
    assert "sample (callset_id, sample_index) is a duplicate key: 1 row with the key" in message


def test_a_key_of_two_fields_is_looked_up_in_the_catalog_too(lake, people, stage):
    write(lake, people)
    callset = stage("callset", "callset_id, genome_build, n_samples", "'c', 'GRCh38', 3")
    sample = stage("sample", "callset_id, sample_index, person_id", f"'c', 0, {ANNA}")
    for table in callset | sample:
        lake.execute(
            f"INSERT INTO lake.genomics.{table} BY NAME SELECT * EXCLUDE (_row, _file), 'a' AS site FROM staged_{table}"
        )
    assert "sample (callset_id, sample_index) is a duplicate key: 1 row with a key" in message_of(lake, sample)
    check_keys(lake, stage("sample", "callset_id, sample_index, person_id", f"'c', 1, {BERT}"), site="a")


def test_everything_wrong_is_said_at_once(lake, people, stage):
    staged = people | stage("visit_occurrence", VISIT, visit(1, ANNA), visit(1, 5, start="NULL::DATE"))
    message = message_of(lake, staged)
    assert message.count("\n- ") == 3


def test_rows_without_numbers_are_refused_without_a_place(lake, people):
    lake.execute(f"CREATE TEMP TABLE bare AS SELECT {ANNA} AS person_id, NULL::DATE AS death_date")
    message = message_of(lake, people | {"death": "bare"})
    assert "death.death_date is required and empty in 1 row. Fill it in" in message


def test_record_numbers_are_checked_and_not_named(lake, people, stage):
    link = stage("person_link", "source_id, person_id", f"'MRN-0815', {ANNA}", f"'MRN-0815', {BERT}")
    message = message_of(lake, people | link)
    assert "person_link.source_id is a duplicate key" in message
    assert "MRN" not in message


def test_a_table_that_the_model_has_not_is_named_with_the_nearest(lake, people):
    with pytest.raises(UnknownNameError, match="'persons' is not a table of the model"):
        check_keys(lake, {"persons": people["person"]}, site="a")


def test_checking_writes_nothing(lake, people):
    before = lake.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall()
    check_keys(lake, people, site="a")
    assert lake.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchall() == before


def test_a_site_with_a_quotation_mark_is_a_site_like_any_other(lake, people, stage):
    write(lake, people | stage("visit_occurrence", VISIT, visit(1, ANNA)), site="o''neill")
    visits = stage("visit_occurrence", VISIT, visit(1, BERT))
    assert """for the site "o'neill\"""" in message_of(lake, visits, site="o'neill")


def test_a_long_list_of_faults_is_cut_and_counted(lake, stage):
    empty = stage("visit_occurrence", "visit_occurrence_id", "1") | stage("death", "cause_concept_id", "1")
    empty |= stage("condition_occurrence", "stop_reason", "'x'")
    message = message_of(lake, empty)
    # Required and absent: 4 of visit_occurrence besides its key, 2 of death, 5 of condition_occurrence.
    assert message.count("\n- ") == 10
    assert message.endswith("… and 1 more.")

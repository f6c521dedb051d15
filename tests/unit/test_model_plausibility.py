"""Plausibility: what is flagged, what is just not, and that no row is ever lost."""

from datetime import date

import pytest

from data_catalog.lake import maker
from data_catalog.model import TABLES, create_all_sql, flag_rules, flagged_select, issues_select, table
from data_catalog.model.measures import MEASURES

TODAY = date(2024, 6, 30)
PERSON = "person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, birth_datetime"


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
    def make(name: str, columns: str, *rows: str) -> dict[str, str]:
        values = ", ".join(f"({row})" for row in rows)
        lake.execute(
            f"CREATE OR REPLACE TEMP TABLE staged_{name} AS SELECT *, row_number() OVER () AS _row, '{name}.csv' AS _file "
            f"FROM (VALUES {values}) AS v({columns})"
        )
        return {name: f"staged_{name}"}

    return make


@pytest.fixture
def born(stage):
    """Person 1: day known. 2: month known. 3: year known. 4: born in 1890. All else is empty."""
    return stage(
        "person",
        PERSON,
        "1, 8507, 1950, 5, 20, TIMESTAMP '1950-05-20 04:00:00'",
        "2, 8507, 1950, 5, NULL, NULL",
        "3, 8507, 1950, NULL, NULL, NULL",
        "4, 8507, 1890, NULL, NULL, NULL",
    )


def flags(lake, name, staged, *, order="_row", **options) -> list[list[str]]:
    select = flagged_select(table(name), staged, ingest_day=TODAY, **options)
    return [row[0] for row in lake.execute(f"SELECT quality_flags FROM ({select}) ORDER BY {order}").fetchall()]


def conditions(stage, *rows):
    return stage("condition_occurrence", "person_id, condition_start_date, condition_end_date", *rows)


@pytest.mark.parametrize(
    ("person", "start", "expected"),
    [
        # Exact date of birth: 20 May 1950.
        (1, "1950-05-19", ["before_birth"]),
        (1, "1950-05-20", []),
        # Born some day in May 1950: 1 May may be the day of birth.
        (2, "1950-04-30", ["before_birth"]),
        (2, "1950-05-01", []),
        # Born some day in 1950.
        (3, "1949-12-31", ["before_birth"]),
        (3, "1950-01-01", []),
        # 120th birthday: 31 December 2010 at the latest.
        (4, "2010-12-31", []),
        (4, "2011-01-01", ["age_over_120"]),
        # The day of the ingest is not yet the future.
        (1, "2024-06-30", []),
        (1, "2024-07-01", ["in_the_future"]),
        (4, "1899-12-31", ["before_1900"]),
        (4, "1900-01-01", []),
    ],
)
def test_the_start_of_an_event_against_birth_and_calendar(lake, born, stage, person, start, expected):
    staged = born | conditions(stage, f"{person}, DATE '{start}', NULL::DATE")
    assert flags(lake, "condition_occurrence", staged) == [expected]


def test_an_event_that_ends_before_it_begins(lake, born, stage):
    staged = born | conditions(
        stage,
        "1, DATE '2020-01-02', DATE '2020-01-01'",
        "1, DATE '2020-01-02', DATE '2020-01-02'",
        "1, DATE '2020-01-02', NULL",
    )
    assert flags(lake, "condition_occurrence", staged) == [["end_before_start"], [], []]


def test_sixty_days_after_death_are_tolerated_and_sixty_one_are_not(lake, born, stage):
    # 1 January 2020 + 60 days = 1 March 2020, in a leap year.
    deaths = stage("death", "person_id, death_date", "1, DATE '2020-01-01'", "1, DATE '2022-01-01'")
    staged = born | deaths | conditions(stage, "1, DATE '2020-03-01', NULL::DATE", "1, DATE '2020-03-02', NULL")
    assert flags(lake, "condition_occurrence", staged) == [[], ["after_death"]]


def test_two_death_records_do_not_double_an_event(lake, born, stage):
    deaths = stage("death", "person_id, death_date", "1, DATE '2020-01-01'", "1, DATE '2022-01-01'")
    staged = born | deaths | conditions(stage, "1, DATE '2019-03-01', NULL::DATE")
    assert flags(lake, "condition_occurrence", staged) == [[]]


def test_a_death_is_not_after_itself(lake, born, stage):
    deaths = stage(
        "death", "person_id, death_date", "1, DATE '2020-01-01'", "1, DATE '2022-01-01'", "1, DATE '1940-01-01'"
    )
    assert flags(lake, "death", born | deaths) == [[], [], ["before_birth"]]
    assert "after_death" not in {rule.name for rule in flag_rules(table("death"))}


@pytest.mark.parametrize(
    ("name", "key", "start", "end"),
    [
        ("visit_occurrence", "visit_occurrence_id", "visit_start_date", "visit_end_date"),
        ("drug_exposure", "drug_exposure_id", "drug_exposure_start_date", "drug_exposure_end_date"),
        ("observation_period", "observation_period_id", "observation_period_start_date", "observation_period_end_date"),
    ],
)
def test_an_end_that_the_standard_requires_and_the_source_lacks(lake, born, stage, name, key, start, end):
    staged = born | stage(name, f"{key}, person_id, {start}, {end}", "1, 1, DATE '2020-01-01', NULL::DATE")
    assert flags(lake, name, staged) == [["end_missing"]]
    without_the_column = born | stage(name, f"{key}, person_id, {start}", "1, 1, DATE '2020-01-01'")
    assert flags(lake, name, without_the_column) == [["end_missing"]]


def test_a_value_outside_what_is_possible_is_judged_in_the_canonical_unit(lake, born, stage):
    pressure = MEASURES["systolic_blood_pressure_mmhg"]
    (concept,), (low, high) = pressure.concept_ids, pressure.plausible
    staged = born | stage(
        "measurement",
        "person_id, measurement_concept_id, measurement_date, value_as_number, value_canonical",
        f"1, {concept}, DATE '2020-01-01', 16.0, {low}",
        f"1, {concept}, DATE '2020-01-01', 16.0, {low} - 0.5",
        f"1, {concept}, DATE '2020-01-01', 16.0, {high}",
        f"1, {concept}, DATE '2020-01-01', 16.0, {high} + 0.5",
        f"1, {concept}, DATE '2020-01-01', 9999.0, NULL",
        "1, 1, DATE '2020-01-01', 9999.0, 9999.0",
    )
    out = ["value_out_of_range"]
    assert flags(lake, "measurement", staged) == [[], out, [], out, [], []]


def test_several_rules_at_once_are_all_named(lake, born, stage):
    staged = born | conditions(stage, "1, DATE '1850-01-02', DATE '1850-01-01'")
    assert flags(lake, "condition_occurrence", staged) == [["before_birth", "before_1900", "end_before_start"]]


def test_people_born_tomorrow_or_too_long_ago(lake, stage):
    staged = stage(
        "person",
        PERSON,
        "1, 8507, 1950, 5, 20, NULL::TIMESTAMP",
        "2, 8507, 2025, NULL, NULL, NULL",
        "3, 8507, 1890, NULL, NULL, NULL",
        "4, 8507, 1890, NULL, NULL, NULL",
    )
    deaths = stage("death", "person_id, death_date", "4, DATE '1960-01-01'")
    assert flags(lake, "person", staged | deaths) == [[], ["in_the_future"], ["age_over_120"], []]


def test_a_day_of_birth_that_is_none_falls_back_on_the_month(lake, stage):
    staged = stage("person", PERSON, "1, 8507, 1950, 2, 30, NULL::TIMESTAMP")
    staged |= conditions(stage, "1, DATE '1950-01-31', NULL::DATE", "1, DATE '1950-02-01', NULL")
    assert flags(lake, "condition_occurrence", staged) == [["before_birth"], []]


def test_people_and_deaths_of_the_catalog_are_seen(lake, stage):
    lake.execute(
        "INSERT INTO lake.main.person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id, site) "
        "VALUES (9, 8507, 1950, 0, 0, 'a')"
    )
    lake.execute("INSERT INTO lake.main.death (person_id, death_date, site) VALUES (9, DATE '2020-01-01', 'a')")
    staged = conditions(stage, "9, DATE '1949-01-01', NULL::DATE", "9, DATE '2021-01-01', NULL")
    assert flags(lake, "condition_occurrence", staged) == [["before_birth"], ["after_death"]]
    assert flags(lake, "condition_occurrence", staged, site="a") == [["before_birth"], ["after_death"]]


def test_a_moment_is_judged_by_its_day(lake, born, stage):
    staged = born | stage(
        "waveform_occurrence",
        "waveform_occurrence_id, person_id, waveform_occurrence_start_datetime, waveform_occurrence_end_datetime",
        "1, 1, TIMESTAMP '2024-06-30 23:59:00', TIMESTAMP '2024-07-01 23:00:00'",
        "2, 1, TIMESTAMP '2024-07-01 00:00:00', NULL",
    )
    assert flags(lake, "waveform_occurrence", staged) == [[], ["in_the_future", "end_missing"]]


def test_rows_without_a_person_of_their_own_get_the_one_of_the_row_that_they_belong_to(lake, born, stage):
    staged = born | stage("note", "note_id, person_id", "10, 1", "11, 2")
    staged |= stage("note_nlp", "note_nlp_id, note_id", "1, 11", "2, 10", "3, 11")
    select = flagged_select(table("note_nlp"), staged, ingest_day=TODAY)
    rows = lake.execute(f"SELECT note_nlp_id, person_id FROM ({select}) ORDER BY note_nlp_id").fetchall()
    assert rows == [(1, 2), (2, 1), (3, 2)]


def test_the_person_is_found_through_the_catalog_for_the_site_that_is_meant(lake, born, stage):
    for site, person in (("a", 1), ("b", 2)):
        lake.execute(
            "INSERT INTO lake.main.episode (episode_id, person_id, episode_concept_id, episode_start_date, "
            f"episode_object_concept_id, episode_type_concept_id, site) VALUES (5, {person}, 0, DATE '2020-01-01', 0, 0, '{site}')"
        )
    staged = born | stage("episode_event", "episode_id, event_id, episode_event_field_concept_id", "5, 77, 0")
    for site, person in (("a", 1), ("b", 2)):
        select = flagged_select(table("episode_event"), staged, site=site)
        assert lake.execute(f"SELECT person_id, event_id FROM ({select})").fetchall() == [(person, 77)]
    # Without a site the key of the episode is ambiguous: nobody is better than somebody else, and the row stays one row.
    select = flagged_select(table("episode_event"), staged)
    assert lake.execute(f"SELECT person_id, event_id FROM ({select})").fetchall() == [(None, 77)]


def test_flags_that_a_row_has_already_are_kept(lake, born, stage):
    staged = born | stage(
        "condition_occurrence",
        "person_id, condition_start_date, quality_flags",
        "1, DATE '1940-01-01', ['doubtful_code']",
        "1, DATE '2000-01-01', NULL",
    )
    assert flags(lake, "condition_occurrence", staged) == [["doubtful_code", "before_birth"], []]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_select_of_every_table_runs_and_keeps_rows_and_columns(lake, name):
    """On a relation with all fields of the model: whatever the rules, nothing is dropped."""
    one = table(name)
    columns = ", ".join(f'CAST(NULL AS {field.type}) AS "{field.name}"' for field in one.fields)
    lake.execute(f"CREATE TEMP TABLE rows_of_{name} AS SELECT {columns} FROM range(3)")
    result = lake.execute(flagged_select(one, {name: f"rows_of_{name}"}))
    names = {column[0] for column in result.description}
    assert names == set(one.field_names)
    assert len(result.fetchall()) == 3


@pytest.mark.parametrize("name", sorted(TABLES))
def test_rules_are_named_once_described_and_look_at_a_field_of_the_table(name):
    rules = flag_rules(table(name))
    assert len({rule.name for rule in rules}) == len(rules)
    assert bool(rules) <= ("quality_flags" in TABLES[name].field_names)
    for rule in rules:
        assert rule.description
        assert rule.column in TABLES[name].field_names


def test_issues_are_counted_by_rule_with_an_example_row_and_without_a_person(lake, born, stage):
    person = 700_000_000_001
    staged = stage(
        "person", PERSON, f"{person}, 8507, 1950, NULL, NULL, NULL::TIMESTAMP", "2, 8507, 1950, NULL, NULL, NULL"
    )
    staged |= conditions(
        stage,
        f"{person}, DATE '2020-01-02', NULL::DATE",
        f"{person}, DATE '1940-01-02', NULL",
        f"{person}, DATE '1940-01-02', DATE '1939-01-01'",
        "2, DATE '1940-01-02', NULL",
    )
    condition = table("condition_occurrence")
    lake.execute(f"CREATE TEMP TABLE flagged AS {flagged_select(condition, staged, ingest_day=TODAY)}")
    result = lake.execute(issues_select(condition, "flagged"))
    names, rows = [column[0] for column in result.description], result.fetchall()
    assert [dict(zip(names, row, strict=True)) for row in rows] == [
        {
            "table_name": "condition_occurrence",
            "rule": "before_birth",
            "column_name": "condition_start_date",
            "n_rows": 3,
            "n_people": 2,
            "example_file": "condition_occurrence.csv",
            "example_row": 2,
        },
        {
            "table_name": "condition_occurrence",
            "rule": "end_before_start",
            "column_name": "condition_end_date",
            "n_rows": 1,
            "n_people": 1,
            "example_file": "condition_occurrence.csv",
            "example_row": 3,
        },
    ]
    assert set(names) < set(table("ingest_issue").field_names)

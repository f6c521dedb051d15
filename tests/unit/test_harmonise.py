"""Codes, units, dates and identities: what a source says, turned into what the catalog holds."""

import duckdb
import pytest

from data_catalog.errors import CatalogError, IngestError, UnknownNameError
from data_catalog.harmonise.dates import DateExpression
from data_catalog.harmonise.identity import key_parameters, person_id_sql, write_key
from data_catalog.harmonise.units import conversion_factor, ucum
from data_catalog.harmonise.vocabulary import LOCAL_BLOCK, ancestor_rows, shipped_vocabulary
from data_catalog.model.measures import MEASURES


@pytest.mark.parametrize(
    ("recorded", "canonical", "factor"),
    [
        ("mmHg", "mm[Hg]", 1),
        (
            "kPa",
            "mm[Hg]",
            1000 / 133.322387415,
        ),  # conventional millimetre of mercury, BIPM SI brochure, 8th ed., table 8
        ("bpm", "/min", 1),
        ("/s", "/min", 60),
        ("g/cm2", "kg/m2", 10),
        ("kg", "[lb_av]", 1 / 0.45359237),  # international avoirdupois pound, 1959
    ],
)
def test_a_factor_turns_one_unit_into_another(recorded, canonical, factor):
    assert conversion_factor(recorded, canonical) == pytest.approx(factor, rel=1e-6)


@pytest.mark.parametrize(("recorded", "canonical"), [("kg", "mm[Hg]"), ("Cel", "K"), ("furlongs", "kg"), ("", "kg")])
def test_what_no_factor_converts_has_none(recorded, canonical):
    assert conversion_factor(recorded, canonical) is None


def test_a_unit_that_does_not_exist_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"'mmHq' is not a UCUM unit. Did you mean 'mm\[Hg\]'"):
        ucum("mmHq")


def test_the_canonical_unit_of_every_measure_is_ucum():
    assert {ucum(measure.unit) for measure in MEASURES.values()} == {measure.unit for measure in MEASURES.values()}


def test_every_measure_has_its_concepts_in_the_vocabulary():
    concepts = {concept.concept_id for concept in shipped_vocabulary()}
    assert {concept for measure in MEASURES.values() for concept in measure.concept_ids} <= concepts


def test_concepts_without_a_public_id_are_in_the_local_block_and_no_others():
    for concept in shipped_vocabulary():
        assert (concept.taken_from == "local") == (concept.concept_id in LOCAL_BLOCK), concept.concept_name


def test_every_shipped_id_stands_in_the_file_that_it_names(shared):
    with duckdb.connect() as connection:
        for concept in shipped_vocabulary():
            if concept.taken_from == "local":
                continue
            file = shared / "data" / concept.taken_from
            assert file.is_file(), concept.taken_from
            if file.name == "concept.parquet":
                found = connection.execute(
                    "SELECT concept_name, domain_id, vocabulary_id, concept_class_id, coalesce(standard_concept, ''), concept_code "
                    "FROM read_parquet(?) WHERE concept_id = ?",
                    [str(file), concept.concept_id],
                ).fetchall()
                c = concept
                assert found == [
                    (
                        c.concept_name,
                        c.domain_id,
                        c.vocabulary_id,
                        c.concept_class_id,
                        c.standard_concept,
                        c.concept_code,
                    )
                ]
            else:
                sexes = connection.execute(
                    "SELECT DISTINCT gender_source_value FROM read_parquet(?) WHERE gender_concept_id = ?",
                    [str(file), concept.concept_id],
                ).fetchall()
                assert sexes == [(concept.concept_code,)]


def test_a_q_wave_infarction_is_an_infarction_three_levels_down():
    rows = {
        (row["ancestor_concept_id"], row["descendant_concept_id"]): row["min_levels_of_separation"]
        for row in ancestor_rows(shipped_vocabulary()).iter_rows(named=True)
    }
    infarction, acute, q_wave, cardiovascular = 4329847, 2_140_000_001, 2_140_000_002, 134057
    assert [rows[ancestor, q_wave] for ancestor in (q_wave, acute, infarction, cardiovascular)] == [0, 1, 2, 3]
    assert (q_wave, infarction) not in rows


def test_a_concept_is_found_by_its_code_and_its_name_must_agree():
    vocabulary = shipped_vocabulary()
    assert vocabulary.named("Heart rate [LOINC 8867-4]").concept_id == 3027018
    assert vocabulary.named("body mass index (bmi) [ratio] [LOINC 39156-5]").concept_id == 3038553
    with pytest.raises(UnknownNameError, match="does not name a concept. Write its name"):
        vocabulary.named("3027018")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1997-07-01", "1997-07-01"),
        ("admitted", "2020-02-28"),
        ("index", "2020-02-28"),
        ("admitted + stay days", "2020-03-01"),
        ("admitted + 366 days", "2021-02-28"),
        ("admitted - age years", "1949-08-28"),
        ("index + 1 year", "2021-02-28"),
        ("last + stay days", "2020-03-03"),
    ],
)
def test_a_date_is_computed_as_written(written, expected):
    named = {"index": DateExpression("admitted"), "last": DateExpression("index", "+", "stay", "days")}
    sql = DateExpression.parse(written, place="here").sql(named, columns=("admitted", "stay", "age"), place="here")
    with duckdb.connect() as connection:
        row = connection.execute(
            f"SELECT CAST({sql} AS VARCHAR) FROM (SELECT '2020-02-28' AS admitted, '2' AS stay, 70.5 AS age)"
        )
        assert row.fetchall() == [(expected,)]


def test_a_date_that_names_nothing_known_is_refused():
    with pytest.raises(IngestError, match=r"visits\[1\]: the file has no column 'admited'. Did you mean 'admitted'"):
        DateExpression.parse("admited", place="").sql({}, columns=("admitted",), place="visits[1]")


def person_ids(key: bytes, site: str) -> list[int]:
    with duckdb.connect() as connection:
        sql = f"SELECT {person_id_sql('id')} FROM (VALUES ('MRN-1'), ('MRN-2')) AS t(id)"
        return [row[0] for row in connection.execute(sql, key_parameters(key, site=site)).fetchall()]


def test_an_id_depends_on_person_site_and_key_and_on_nothing_else():
    first, again = person_ids(b"k" * 32, "a"), person_ids(b"k" * 32, "a")
    others = [person_ids(b"k" * 32, "b"), person_ids(b"q" * 32, "a")]
    assert first == again
    assert len({*first, *others[0], *others[1]}) == 6
    assert all(0 <= person_id < 2**60 for person_id in first)


def test_a_key_of_the_wrong_length_is_refused(tmp_path):
    with pytest.raises(CatalogError, match="has 32 bytes, this one has 3"):
        write_key(tmp_path, b"abc")

"""Codes, units, dates and identities: what a source says, turned into what the catalog holds."""

import duckdb
import pytest

from data_catalog.errors import CatalogError, IngestError, UnknownNameError
from data_catalog.harmonise.dates import DateExpression
from data_catalog.harmonise.identity import key_parameters, person_id_sql, write_key
from data_catalog.harmonise.substances import SUBSTANCES
from data_catalog.harmonise.units import conversion, conversion_factor, ucum
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


# Factors as published for authors of papers, from the conventional to the international unit: AMA Manual of Style, 11th ed.,
# table 17.5-2, and Clinical Chemistry's information for authors; as printed, to their last digit.
PUBLISHED = [
    ("cholesterol", "mg/dL", "mmol/L", 0.02586),
    ("triglycerides", "mg/dL", "mmol/L", 0.01129),
    ("glucose", "mg/dL", "mmol/L", 0.05551),
    ("creatinine", "mg/dL", "umol/L", 88.4),
    ("urea nitrogen", "mg/dL", "mmol/L", 0.357),
    ("uric acid", "mg/dL", "umol/L", 59.48),
    ("bilirubin", "mg/dL", "umol/L", 17.1),
    ("calcium", "mg/dL", "mmol/L", 0.2495),
    ("calcium", "meq/L", "mmol/L", 0.5),
    ("potassium", "meq/L", "mmol/L", 1),
    ("haemoglobin", "g/dL", "mmol/L", 0.6206),
    ("NT-proBNP", "pg/mL", "pmol/L", 0.1182),  # 1 pmol/L = 8.457 pg/mL, as the makers of the assays state
    ("BNP", "pg/mL", "pmol/L", 0.289),
]


@pytest.mark.parametrize(("substance", "conventional", "international", "published"), PUBLISHED)
def test_a_laboratory_factor_is_the_published_one(substance, conventional, international, published):
    rounding = 10 ** -len(str(published).partition(".")[2]) / 2 * 1.2  # some tables round 17.104 down to 17.1
    assert conversion_factor(conventional, international, substance) == pytest.approx(published, abs=rounding)
    there, back = (
        conversion(conventional, international, substance),
        conversion(international, conventional, substance),
    )
    assert back.of(there.of(7.0)) == pytest.approx(7.0)


def test_molar_masses_are_those_of_the_formulas():
    weights = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999}  # IUPAC 2021, abridged
    formulas = {
        "cholesterol": {"C": 27, "H": 46, "O": 1},
        "triglycerides": {"C": 57, "H": 104, "O": 6},
        "glucose": {"C": 6, "H": 12, "O": 6},
        "creatinine": {"C": 4, "H": 7, "N": 3, "O": 1},
        "urea": {"C": 1, "H": 4, "N": 2, "O": 1},
        "urea nitrogen": {"N": 2},
        "uric acid": {"C": 5, "H": 4, "N": 4, "O": 3},
        "bilirubin": {"C": 33, "H": 36, "N": 4, "O": 6},
    }
    for name, formula in formulas.items():
        mass = sum(weights[atom] * n for atom, n in formula.items())
        assert SUBSTANCES[name].molar_mass_g_mol == pytest.approx(mass, abs=1e-3), name


@pytest.mark.parametrize(
    ("ifcc", "ngsp"), [(20, 4.0), (31, 5.0), (42, 6.0), (53, 7.0), (64, 8.0), (75, 9.0), (86, 10.0), (108, 12.0)]
)
def test_haemoglobin_a1c_goes_by_the_master_equation_and_not_by_its_unit(ifcc, ngsp):
    # The round pairs that the NGSP's table of conversion prints (ngsp.org/convert1.asp).
    assert conversion("mmol/mol", "%", "haemoglobin A1c").of(ifcc) == pytest.approx(ngsp, abs=0.05)
    assert conversion("%", "mmol/mol", "haemoglobin A1c").of(ngsp) == pytest.approx(ifcc, abs=0.55)
    assert conversion_factor("mmol/mol", "%", "haemoglobin A1c") is None


def test_troponin_in_ng_per_ml_is_a_thousand_ng_per_l():
    assert conversion_factor("ng/mL", "ng/L") == conversion_factor("ug/L", "ng/L") == 1000
    assert MEASURES["hs_troponin_t_ng_l"].conversion("ng/mL").of(0.014) == pytest.approx(14)


def test_temperatures_have_another_zero():
    assert conversion("[degF]", "Cel").of(98.6) == pytest.approx(37)
    assert conversion("Cel", "K").of(0) == pytest.approx(273.15)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("mg/dl", "mg/dL"),
        ("µmol/l", "umol/L"),
        ("μg/l", "ug/L"),
        ("G/l", "10*9/L"),
        ("g/l", "g/L"),
        ("10^9/l", "10*9/L"),
        ("x10E3/µl", "10*3/uL"),
        ("K/uL", "10*3/uL"),
        ("/nl", "10*9/L"),
        ("°C", "Cel"),
        ("mEq/l", "meq/L"),
        ("ml/min/1,73m²", "mL/min/{1.73_m2}"),
        ("mL/min/1.73.m2", "mL/min/{1.73_m2}"),
        ("mg/g{creat}", "mg/g{creat}"),
        ("lbs", "[lb_av]"),
    ],
)
def test_spellings_of_laboratories_become_ucum(written, code):
    assert ucum(written) == code


@pytest.mark.parametrize(
    ("recorded", "canonical", "substance"),
    [
        ("mmol/L", "mg/dL", None),  # of what?
        ("meq/L", "mmol/L", None),  # of which charge?
        ("mL/min", "mL/min/{1.73_m2}", None),  # a clearance of the body, and one for a standard body
        ("G/L", "g/dL", "haemoglobin"),
        ("U/L", "mg/dL", "creatinine"),
    ],
)
def test_nothing_is_converted_on_a_guess(recorded, canonical, substance):
    assert conversion(recorded, canonical, substance) is None


@pytest.mark.parametrize(
    ("measure", "unit", "value", "canonical"),
    [
        ("ldl_cholesterol_mg_dl", "mmol/l", 3.0, 116.0),
        ("triglycerides_mg_dl", "mmol/L", 1.7, 150.5),
        ("glucose_mg_dl", "mmol/L", 7.0, 126.1),
        ("creatinine_mg_dl", "µmol/l", 88.4, 1.0),
        ("nt_probnp_pg_ml", "pmol/L", 14.8, 125.2),
        ("haemoglobin_g_dl", "g/l", 140, 14.0),
        ("haemoglobin_g_dl", "mmol/L", 8.7, 14.0),
        ("hba1c_percent", "mmol/mol", 48, 6.5),
        ("potassium_mmol_l", "mEq/L", 4.1, 4.1),
        ("platelets_10_9_l", "10*3/uL", 250, 250),
        ("leukocytes_10_9_l", "/nl", 7.2, 7.2),
    ],
)
def test_a_measure_takes_the_units_of_every_laboratory(measure, unit, value, canonical):
    assert MEASURES[measure].conversion(unit).of(value) == pytest.approx(canonical, abs=0.06)


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


def test_drugs_stand_under_the_class_that_a_code_list_names():
    rows = ancestor_rows(shipped_vocabulary())
    vocabulary = {concept.concept_id: concept.concept_name for concept in shipped_vocabulary()}
    for of_class, substances in {
        2_140_000_024: {"metoprolol", "bisoprolol", "carvedilol"},
        2_140_000_026: {"dapagliflozin", "empagliflozin", "canagliflozin"},
        2_140_000_034: {"amiodarone"},
    }.items():
        below = rows.filter(rows["ancestor_concept_id"] == of_class)["descendant_concept_id"].to_list()
        names = " ".join(vocabulary[concept] for concept in below)
        assert all(substance in names for substance in substances), names


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

"""What depends on what in the synthetic hospitals, as in a clinic: prevalences and directions."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.days import DAYS_PER_YEAR, NEVER, day_number
from data_catalog.synthetic.people import Group
from data_catalog.synthetic.simulation import Simulation, simulate
from data_catalog.synthetic.ventricle import REDUCED_LVEF_PERCENT


@pytest.fixture(scope="module")
def drawn() -> Simulation:
    return simulate(10_000, 11)


@pytest.fixture(scope="module")
def people(drawn) -> pl.DataFrame:
    """What is true of each person, beside the key."""
    return pl.DataFrame(
        {
            "person_id": drawn.people.person_id,
            "group": drawn.people.group,
            "male": drawn.people.male,
            "age": (drawn.course.entry_day - drawn.people.birth_day) / DAYS_PER_YEAR,
            "failing": drawn.course.failure_day < NEVER,
            "infarcted": drawn.course.infarction_day < NEVER,
            "lvef": drawn.ventricle.lvef_percent,
            "titin": drawn.genomes.truncates_titin,
            "lamin": drawn.genomes.carries("LMNA"),
        }
    )


def share(values: np.ndarray) -> float:
    return float(np.mean(values))


def with_diagnosis(drawn: Simulation, *concept_ids: int) -> np.ndarray:
    rows = drawn.tables["condition_occurrence"].filter(pl.col("condition_concept_id").is_in(concept_ids))
    return np.isin(drawn.people.person_id, rows["person_id"].to_numpy())


def mean_of(drawn: Simulation, concept_id: int) -> pl.DataFrame:
    rows = drawn.tables["waveform_feature"].filter(pl.col("waveform_feature_concept_id") == concept_id)
    owners = drawn.tables["waveform_occurrence"].select("site", "waveform_occurrence_id", "person_id")
    joined = rows.join(owners, on=["site", "waveform_occurrence_id"])
    return joined.group_by("person_id").agg(pl.col("value_as_number").mean().alias("value"))


def test_infarctions_come_with_age_male_sex_pressure_diabetes_and_the_score(drawn):
    general = drawn.people.group == Group.GENERAL
    age = (drawn.course.entry_day - drawn.people.birth_day) / DAYS_PER_YEAR
    infarcted = drawn.course.infarction_day < NEVER
    diabetic = drawn.factors.diabetes_day <= drawn.course.entry_day
    pressure, score = drawn.factors.systolic_mmhg, drawn.genomes.common.infarction_score
    for exposed in (age >= 65, drawn.people.male, diabetic, pressure >= 140, score >= np.median(score)):
        assert share(infarcted[general & exposed]) > 1.15 * share(infarcted[general & ~exposed])
    assert 0.10 < share(infarcted[general]) < 0.25


def test_infarction_leads_to_heart_failure_and_both_to_death(drawn):
    general = drawn.people.group == Group.GENERAL
    failing, infarcted = drawn.course.failure_day < NEVER, drawn.course.infarction_day < NEVER
    assert share(failing[general & infarcted]) > 1.3 * share(failing[general & ~infarcted])
    died = drawn.course.death_day < NEVER
    assert share(died[general & failing]) > share(died[general & ~failing])
    assert share(died[general & infarcted & ~failing]) > share(died[general & ~infarcted & ~failing])


def test_carriers_of_titin_truncating_variants_have_lower_ejection_fractions(drawn):
    titin, lvef = drawn.genomes.truncates_titin, drawn.ventricle.lvef_percent
    dilated = drawn.people.group == Group.DILATED
    relatives = drawn.people.group == Group.RELATIVE
    for among in (dilated & (drawn.people.planted == 0), relatives):
        assert lvef[among & titin].mean() < lvef[among & ~titin].mean() - 1.0


def test_the_score_for_lvef_moves_lvef_by_what_was_planted(drawn):
    score, lvef = drawn.genomes.common.lvef_score, drawn.ventricle.lvef_percent
    general = drawn.people.group == Group.GENERAL
    slope = np.polyfit(score[general], lvef[general], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.2)
    assert score.std() == pytest.approx(1.5, abs=0.02)


def test_diabetes_comes_with_age_and_weight(drawn):
    diabetic = with_diagnosis(drawn, c.TYPE_2_DIABETES)
    age = (drawn.course.entry_day - drawn.people.birth_day) / DAYS_PER_YEAR
    assert share(diabetic[age >= 65]) > share(diabetic[age < 45])
    assert share(diabetic[drawn.factors.bmi >= 30]) > 1.3 * share(diabetic[drawn.factors.bmi < 25])


def test_each_gene_goes_with_its_disease(drawn):
    group, genomes = drawn.people.group, drawn.genomes
    assert share(genomes.carries("MYBPC3")[group == Group.HYPERTROPHIC]) > 0.12
    assert share(genomes.carries("MYH7")[group == Group.HYPERTROPHIC]) > 0.08
    assert share(genomes.carries("PKP2")[group == Group.ARRHYTHMOGENIC]) > 0.20
    for gene in ("MYBPC3", "PKP2"):
        assert share(genomes.carries(gene)[group == Group.GENERAL]) < 0.01
    assert 0.001 < share(genomes.truncates_titin[group == Group.GENERAL]) < 0.012


def test_thick_hearts_weigh_more_and_arrhythmogenic_ones_race(drawn):
    group, mass = drawn.people.group, drawn.ventricle.mass_g
    assert mass[group == Group.HYPERTROPHIC].mean() > mass[group == Group.GENERAL].mean() + 50
    racing = with_diagnosis(drawn, c.VENTRICULAR_TACHYCARDIA)
    assert share(racing[group == Group.ARRHYTHMOGENIC]) > 0.5 > 0.2 > share(racing[group == Group.DILATED])


def test_lamin_slows_conduction(drawn, people):
    intervals = mean_of(drawn, c.PR_INTERVAL).join(people, on="person_id")
    by_lamin = dict(intervals.group_by("lamin").agg(pl.col("value").mean()).iter_rows())
    assert by_lamin[True] > by_lamin[False] + 35
    blocked = with_diagnosis(drawn, c.AV_BLOCK)
    assert share(blocked[drawn.genomes.carries("LMNA")]) > 10 * share(blocked[~drawn.genomes.carries("LMNA")])


def test_qrs_widens_in_weak_hearts_and_qtc_is_longer_in_women(drawn, people):
    widths = mean_of(drawn, c.QRS_DURATION).join(people, on="person_id")
    assert np.corrcoef(widths["value"], widths["lvef"])[0, 1] < -0.3
    qtc = mean_of(drawn, c.QTC_FRIDERICIA).join(people, on="person_id").filter(pl.col("group") == Group.GENERAL)
    by_sex = dict(qtc.group_by("male").agg(pl.col("value").mean()).iter_rows())
    assert by_sex[False] > by_sex[True] + 6


def test_there_is_no_pr_interval_in_atrial_fibrillation(drawn):
    table = drawn.tables["condition_occurrence"]
    first = (
        table.filter(pl.col("condition_concept_id") == c.ATRIAL_FIBRILLATION)
        .group_by("person_id")
        .agg(pl.col("condition_start_date").min().alias("first"))
    )
    owners = drawn.tables["waveform_occurrence"].select("site", "waveform_occurrence_id", "person_id")
    features = (
        drawn.tables["waveform_feature"].join(owners, on=["site", "waveform_occurrence_id"]).join(first, on="person_id")
    )
    after = features.filter(pl.col("waveform_feature_start_timestamp").dt.date() >= pl.col("first"))
    assert len(after) > 1_000
    assert c.PR_INTERVAL not in after["waveform_feature_concept_id"]


def test_nt_probnp_is_high_in_heart_failure(drawn, people):
    readings = drawn.tables["measurement"].filter(pl.col("measurement_concept_id") == c.NT_PROBNP)
    medians = dict(
        readings.join(people, on="person_id").group_by("failing").agg(pl.col("value_as_number").median()).iter_rows()
    )
    assert medians[True] > 3 * medians[False]


def test_nt_probnp_of_weak_hearts_is_as_in_registries_of_heart_failure(drawn):
    """Trials and registries of heart failure with reduced ejection fraction report means of 2,000 to 3,000 pg/mL."""
    failing = pl.DataFrame(
        {
            "person_id": drawn.people.person_id,
            "failure": drawn.course.failure_day,
            "lvef": drawn.ventricle.lvef_at_failure_percent,
        }
    ).filter(pl.col("failure") < NEVER)
    readings = (
        drawn.tables["measurement"]
        .filter(pl.col("measurement_concept_id") == c.NT_PROBNP)
        .join(failing, on="person_id")
        .filter(pl.col("measurement_date").cast(pl.Int32) >= pl.col("failure"))
    )
    weak = readings.filter(pl.col("lvef").is_between(28, 32))["value_as_number"]
    assert 2_000 < weak.mean() < 3_000
    assert weak.median() > 1.3 * readings.filter(pl.col("lvef") >= 50)["value_as_number"].median()


def test_men_have_a_gram_and_a_half_more_haemoglobin_than_women(drawn, people):
    readings = drawn.tables["measurement"].filter(pl.col("measurement_concept_id") == c.HAEMOGLOBIN)
    in_g_dl = pl.when(pl.col("unit_source_value") == "g/L").then(0.1).otherwise(1.0) * pl.col("value_as_number")
    by_sex = dict(readings.join(people, on="person_id").group_by("male").agg(in_g_dl.mean()).iter_rows())
    assert by_sex[True] - by_sex[False] == pytest.approx(1.5, abs=0.1)


def test_hypertension_comes_with_pressure_and_age_and_precedes_preserved_heart_failure(drawn, people):
    hypertensive = with_diagnosis(drawn, c.HYPERTENSION)
    general = drawn.people.group == Group.GENERAL
    age = people["age"].to_numpy()
    assert 0.35 < share(hypertensive[age < 65]) < 0.50 < 0.70 < share(hypertensive[age >= 65]) < 0.85
    assert share(hypertensive[general & (drawn.factors.systolic_mmhg >= 140)]) > 0.85
    preserved = (drawn.course.failure_day < NEVER) & (drawn.ventricle.lvef_at_failure_percent >= 50)
    assert 0.70 < share(hypertensive[preserved]) < 0.90
    readings = drawn.tables["measurement"].filter(
        (pl.col("measurement_concept_id") == c.SYSTOLIC) & (pl.col("value_as_number") > 0)
    )
    means = readings.group_by("person_id").agg(pl.col("value_as_number").mean())
    undiagnosed = means.filter(~pl.col("person_id").is_in(drawn.people.person_id[hypertensive].tolist()))
    assert share(undiagnosed["value_as_number"].to_numpy() >= 140) < 0.04


def test_a_third_of_weak_hearts_fibrillate_when_they_fail_and_a_fifth_had_an_infarction(drawn):
    reduced, failure = drawn.has_reduced_failure, drawn.course.failure_day
    first = dict(
        drawn.tables["condition_occurrence"]
        .filter(pl.col("condition_concept_id") == c.ATRIAL_FIBRILLATION)
        .group_by("person_id")
        .agg(pl.col("condition_start_date").min().cast(pl.Int32))
        .iter_rows()
    )
    fibrillation = np.array([first.get(person, NEVER) for person in drawn.people.person_id.tolist()])
    assert 0.25 < share((fibrillation <= failure)[reduced]) < 0.35
    others = reduced & ~drawn.genomes.truncates_titin
    assert 0.20 < share((drawn.course.infarction_day <= failure)[others]) < 0.30


def test_who_comes_with_an_infarction_has_it_on_the_first_day_and_fails_a_year_later_or_more(drawn):
    ischaemic = (drawn.people.group == Group.ISCHAEMIC) & ~drawn.people.is_copy
    course = drawn.course
    assert (course.infarction_day == course.entry_day)[ischaemic].all()
    assert ((course.failure_day - course.entry_day)[ischaemic] >= 365).all()
    assert (course.failure_day < NEVER)[ischaemic].all()


def test_drugs_follow_the_diagnoses(drawn):
    drugs = drawn.tables["drug_exposure"]

    def taking(*concept_ids: int) -> np.ndarray:
        rows = drugs.filter(pl.col("drug_concept_id").is_in(concept_ids))
        return np.isin(drawn.people.person_id, rows["person_id"].to_numpy())

    reduced = drawn.has_reduced_failure
    blockers = [taking(concept) for concept in (c.METOPROLOL, c.BISOPROLOL, c.CARVEDILOL)]
    assert share(np.logical_or.reduce(blockers)[reduced]) > 0.8
    assert all(share(blocker[reduced]) > 0.15 for blocker in blockers)
    assert not (np.sum(blockers, axis=0) > 1).any()
    racing = with_diagnosis(drawn, c.VENTRICULAR_TACHYCARDIA)
    assert share(taking(c.AMIODARONE)[racing]) > 0.35 > 0.1 > share(taking(c.AMIODARONE)[~racing])
    assert not taking(c.AMIODARONE_INJECTION)[~racing].any()
    assert share(taking(c.LISINOPRIL_10, c.LISINOPRIL_20, c.LOSARTAN, c.SACUBITRIL_VALSARTAN)[reduced]) > 0.85
    assert share(taking(c.SPIRONOLACTONE)[reduced]) > 0.5
    assert not taking(c.SPIRONOLACTONE)[~(drawn.course.failure_day < NEVER)].any()
    assert share(taking(c.METFORMIN)[with_diagnosis(drawn, c.TYPE_2_DIABETES)]) > 0.65
    assert share(taking(c.ASPIRIN)[drawn.course.infarction_day < NEVER]) > 0.9
    assert share(taking(c.WARFARIN)[with_diagnosis(drawn, c.ATRIAL_FIBRILLATION)]) > 0.5


def test_sglt2_inhibitors_come_in_2020_and_sacubitril_in_2017(drawn):
    drugs = drawn.tables["drug_exposure"]
    gliflozins = (c.DAPAGLIFLOZIN, c.EMPAGLIFLOZIN, c.CANAGLIFLOZIN)
    firsts = dict.fromkeys(gliflozins, day_number(2020, 7, 1)) | {c.SACUBITRIL_VALSARTAN: day_number(2017, 1, 1)}
    for concept, first in firsts.items():
        starts = drugs.filter(pl.col("drug_concept_id") == concept)["drug_exposure_start_date"].cast(pl.Int32)
        assert len(starts) > 300
        assert starts.min() >= first


def test_resynchronisation_needs_a_wide_qrs_and_a_weak_heart(drawn):
    rows = drawn.tables["procedure_occurrence"].filter(
        pl.col("procedure_concept_id") == c.RESYNCHRONISATION_DEFIBRILLATOR
    )
    given = np.isin(drawn.people.person_id, rows["person_id"].to_numpy())
    assert given.sum() > 50
    assert drawn.ventricle.lvef_percent[given].max() <= 35


def test_not_everybody_has_every_modality(drawn):
    n = len(drawn.people)
    for table in ("waveform_occurrence", "image_occurrence"):
        assert 0.5 * n < drawn.tables[table]["person_id"].n_unique() < 0.95 * n
    methods = drawn.tables["image_occurrence"]["modality_concept_id"].value_counts()
    counts = dict(methods.iter_rows())
    assert set(counts) == {c.ECHOCARDIOGRAPHY, c.MAGNETIC_RESONANCE}
    assert counts[c.ECHOCARDIOGRAPHY] > 2 * counts[c.MAGNETIC_RESONANCE]


def test_treatment_brings_part_of_the_ejection_fraction_back(drawn):
    measured = lvef_around_failure(drawn)
    reduced = measured.filter(pl.col("first_value") <= REDUCED_LVEF_PERCENT)
    later = reduced.filter(pl.col("days").is_between(400, 2_000))
    assert 2 < (later["value_as_number"] - later["first_value"]).mean() < 8


def lvef_around_failure(drawn: Simulation) -> pl.DataFrame:
    """LVEF as recorded, with days from the first heart failure and the value that the hazard depends on."""
    failing = pl.DataFrame(
        {
            "person_id": drawn.people.person_id,
            "failure": drawn.course.failure_day,
            "first_value": drawn.ventricle.lvef_at_failure_percent,
            "is_measured": drawn.ventricle.is_measured_at_failure,
        }
    ).filter(pl.col("failure") < NEVER)
    values = drawn.tables["measurement"].select("site", "measurement_id", "value_as_number")
    studies = drawn.tables["image_occurrence"].select(
        "site", "image_occurrence_id", "modality_concept_id", "image_occurrence_date"
    )
    return (
        drawn.tables["image_feature"]
        .filter(pl.col("image_feature_concept_id") == c.LVEF)
        .join(values, left_on=["site", "image_feature_event_id"], right_on=["site", "measurement_id"])
        .join(studies, on=["site", "image_occurrence_id"])
        .join(failing, on="person_id")
        .with_columns(days=pl.col("image_occurrence_date").cast(pl.Int32) - pl.col("failure"))
    )


def test_any_sensible_window_finds_the_ejection_fraction_that_the_hazard_depends_on(drawn):
    """By the preferred method, or by nearness: −90…+30, −90…0 and −60…0 days give the same value."""
    measured = lvef_around_failure(drawn)
    assert measured.filter(pl.col("days").is_between(-119, 89) & ~pl.col("days").is_between(-60, 0)).is_empty()
    window = measured.filter(pl.col("days").is_between(-90, 30))
    method = (pl.col("modality_concept_id") != c.MAGNETIC_RESONANCE).cast(pl.Int32)
    for order in ([method, pl.col("days").abs()], [pl.col("days").abs()]):
        found = window.sort("person_id", *order).group_by("person_id", maintain_order=True).first()
        assert (found["value_as_number"] == found["first_value"]).all()
    assert len(found) == int((drawn.ventricle.is_measured_at_failure & (drawn.course.failure_day < NEVER)).sum())
    assert not window.select(pl.struct("person_id", "days").is_duplicated().any()).item()

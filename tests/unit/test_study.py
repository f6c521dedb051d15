"""A study is the only door to data: a permit on the way in, the gate on the way out, one snapshot for its whole life."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pytest
from scipy.io import arff

from data_catalog import Catalog, PermitError, lake
from data_catalog.errors import CatalogError, WorkbenchError
from data_catalog.sources import MappedTable
from data_catalog.sources.whas500 import whas500_file
from workbench.cohorts import (
    Cohort,
    age_years,
    carrier,
    codelist,
    death,
    diagnosis,
    genotyped,
    measure,
    sex,
    site,
    time_to,
    variable,
)
from workbench.cohorts.errors import ModalityError
from workbench.cohorts.serialise import write_definition
from workbench.disclosure import Policy, PolicyError, Rung, Suppressed
from workbench.statistics import TableOne
from workbench.study import Study
from workbench.survival import Cox, KaplanMeier, LogRank

INFARCTION = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
HEART_FAILURE = variable("heart_failure", diagnosis(codelist("heart_failure")).on_index(), label="Heart failure")
DIED = time_to(death(), name="death", label="Death")


@pytest.fixture(scope="module")
def demo(infarction):
    return infarction


@pytest.fixture
def study(demo):
    with Study.open(demo, purpose="scientific_research") as opened:
        yield opened


def ward(n: int) -> MappedTable:
    people = pl.DataFrame(
        {"id": [f"MRN-{i}" for i in range(n)], "born": ["1950-01-01"] * n, "seen": ["2020-01-01"] * n}
    )
    mapping = {
        "mapping": "ward",
        "version": "1",
        "person": {"id": "id", "birth": "born"},
        "observation_period": {"start": "seen", "end": "seen + 100 days"},
        "conditions": [{"concept": "Heart failure [SNOMED 84114007]", "date": "seen"}],
    }
    return MappedTable(people, mapping)


def test_the_whole_path_gives_the_figures_of_the_published_data(study):
    # WHAS500: 500 people, 155 with heart failure; 215 deaths (R 4.2.2 survival 3.5-3 reads the same file).
    count = study.count(INFARCTION)
    assert count.cell(0, "n") == 500
    table = study.run(TableOne([variable("age_years", age_years())], by=HEART_FAILURE), INFARCTION)
    rows, _ = arff.loadarff(whas500_file())
    means = [rows["age"][rows["chf"] == level].mean() for level in (b"0", b"1")]
    assert [table.cell(0, "no__mean"), table.cell(0, "yes__mean")] == pytest.approx(means, abs=0.05)
    test = study.run(LogRank(DIED, by=HEART_FAILURE), INFARCTION)
    # R 4.2.2 survival 3.5-3, survdiff(Surv(lenfol, fstat) ~ chf): 84.6006873115498
    assert test.statistic == pytest.approx(84.6006873115498, abs=1e-9)
    assert [test.table.cell(group, "events") for group in ("no", "yes")] == [105, 110]


def test_survival_at_the_released_times_is_that_of_r(study):
    curves = study.run(KaplanMeier(DIED, by=HEART_FAILURE), INFARCTION)
    # R 4.2.2 survival 3.5-3, survfit by chf at 30, 180 and 365 days.
    expected = {("no", 30.0): 0.933333333333333, ("no", 180.0): 0.857971014492754, ("yes", 365.0): 0.496774193548386}
    assert {key: curves.table.cell(key, "survival") for key in expected} == pytest.approx(expected, abs=1e-12)
    assert curves.table.cell(("yes", 30.0), "at_risk") == 120  # 121, rounded


def test_a_model_on_the_catalog_equals_the_model_on_the_plain_file(study):
    covariates = [variable("age_years", age_years()), HEART_FAILURE]
    model = study.run(Cox(DIED, covariates), INFARCTION)
    people = study.people(INFARCTION, [*covariates, DIED])
    from workbench.survival import cox

    plain = cox(people, duration="death_days", event="death_event", covariates=["age_years", "heart_failure"])
    for name in ("age_years", "heart_failure"):
        released = [
            row for row in model.table.to_frame().to_dicts() if row["variable"] == name and row["is_reference"] != "yes"
        ]
        exact = next(term for term in plain.terms if term.variable == name)
        assert released[0]["log_hazard_ratio"] == pytest.approx(exact.log_hazard_ratio, abs=1e-9)


def test_two_studies_of_the_same_catalog_agree_to_the_last_bit(demo):
    results = []
    for _ in range(2):
        with Study.open(demo, purpose="education") as opened:
            results.append(
                opened.run(Cox(DIED, [HEART_FAILURE, variable("age_years", age_years())]), INFARCTION).to_dict()
            )
    assert results[0] == results[1]


def test_an_implausible_reading_is_left_out_of_measures(study):
    # One diastolic pressure of the file is 6 mmHg: kept in the catalog, flagged, and no reading to an analysis.
    pressure = variable("pressure", measure("diastolic_blood_pressure_mmhg").last())
    people = study.people(INFARCTION, [pressure])
    assert people["pressure"].null_count() == 1
    assert people["pressure"].min() > 10


def test_a_study_shows_no_person_id_unless_rows_are_allowed(demo, study):
    assert study.people(INFARCTION).columns == ["person_id", "cohort_start_date", "cohort_end_date"]
    with lake.writer(demo.folder) as connection:
        connection.execute("UPDATE lake.governance.permit SET level = 'aggregate'")
    try:
        with Study.open(demo, purpose="education") as limited:
            assert limited.count(INFARCTION).cell(0, "n") == 500
            with pytest.raises(PermitError, match="allows 'aggregate' at most, not 'rows'"):
                limited.people(INFARCTION)
    finally:
        with lake.writer(demo.folder) as connection:
            connection.execute("UPDATE lake.governance.permit SET level = 'rows'")


def test_a_permit_that_ends_while_the_study_is_open_ends_its_answers(demo, study, monkeypatch):
    import data_catalog.governance.permits as permits

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=91)

    study.count(INFARCTION)
    monkeypatch.setattr(permits, "datetime", Later)
    with pytest.raises(PermitError, match="expired on"):
        study.count(INFARCTION)
    assert datetime.now(UTC) < Later.now(UTC)


def test_a_purpose_is_needed_and_must_be_known(demo):
    with pytest.raises(PermitError, match="'curiosity' is not a purpose"):
        Study.open(demo, purpose="curiosity")


def test_an_unknown_engine_is_named(demo):
    with pytest.raises(WorkbenchError, match="'sparkle' is not an engine. Allowed: inline"):
        Study.open(demo, purpose="education", engine="sparkle")


def test_an_unknown_snapshot_is_named(demo):
    with pytest.raises(CatalogError, match="no snapshot 77"):
        Study.open(demo, purpose="education", snapshot=77)


def test_a_study_stays_on_its_snapshot_while_data_arrive(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog")
    first = catalog.ingest(ward(40), site="ward-1", basis="public_interest")
    entered = Cohort.entry("heart failure", diagnosis(codelist("heart_failure")).first())
    with Study.open(catalog, purpose="education") as before:
        catalog.ingest(ward(25), site="ward-2", basis="public_interest")
        assert before.count(entered).cell(0, "n") == 40
    with Study.open(catalog, purpose="education") as after:
        assert after.count(entered).cell(0, "n") == 65
    with Study.open(catalog, purpose="education", snapshot=first.snapshot_id) as again:
        assert again.count(entered).cell(0, "n") == 40


def test_without_consent_nobody_enters_and_with_it_those_who_gave_it_for_this_purpose(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.ingest(ward(60), site="ward-1", basis="consent")
    entered = Cohort.entry("heart failure", diagnosis(codelist("heart_failure")).first())
    with Study.open(catalog, purpose="education") as study:
        assert isinstance(study.count(entered).cell(0, "n"), Suppressed)
    said = (
        "INSERT INTO lake.governance.consent (person_id, site, modality, purpose, status, valid_from, recorded_at) "
        "SELECT person_id, site, 'clinical', ?, ?, ?, ? FROM lake.main.person ORDER BY person_id LIMIT ?"
    )
    now = datetime.now(UTC)
    with lake.writer(catalog.folder) as connection:
        connection.execute(said, ["education", "given", now - timedelta(days=2), now - timedelta(days=2), 50])
        connection.execute(said, ["*", "withdrawn", now - timedelta(days=1), now - timedelta(days=1), 20])
    counts = {}
    for purpose in ("education", "scientific_research"):
        with Study.open(catalog, purpose=purpose) as study:
            counts[purpose] = study.count(entered).cell(0, "n")
    assert counts["education"] == 30
    assert isinstance(counts["scientific_research"], Suppressed)


def test_what_the_catalog_holds_is_told_rounded_and_small_counts_hidden(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.ingest(ward(43), site="ward-1", basis="synthetic")
    catalog.ingest(ward(4), site="ward-2", basis="synthetic")
    with Study.open(catalog, purpose="education") as study:
        contents = study.contents()
    assert contents.cell(("ward-1", "condition_occurrence"), "n_people") == 45
    assert isinstance(contents.cell(("ward-2", "condition_occurrence"), "n_people"), Suppressed)
    assert isinstance(contents.cell(("ward-2", "condition_occurrence"), "n_rows"), Suppressed)


def test_a_stricter_policy_shows_less(demo):
    with Study.open(demo, purpose="education", policy=Policy.load(preset="strict")) as strict:
        curves = strict.run(KaplanMeier(DIED, by=HEART_FAILURE), INFARCTION)
    with Study.open(demo, purpose="education") as usual:
        assert len(curves.grid_days) < len(usual.run(KaplanMeier(DIED, by=HEART_FAILURE), INFARCTION).grid_days)


def test_a_looser_policy_is_refused_however_it_is_made(demo):
    usual = Policy.load()
    looser = [
        (Policy.load(preset="minimal"), "k is 10 and may only be raised, not set to 5"),
        (replace(usual, rounding_base=1), "rounding_base is 5"),
        (replace(usual, zeros_are_disclosive=False), "hides zeros"),
        (replace(usual, dominance_share=1.0), "dominance_share is 0.9"),
        (replace(usual, ladder=(Rung("1 day", 1, ()),)), "may only be fewer"),
    ]
    for policy, words in looser:
        with pytest.raises(PolicyError, match=words):
            Study.open(demo, purpose="education", policy=policy)


def test_a_saved_definition_gives_the_same_people(study, tmp_path):
    from workbench.cohorts.serialise import read_definition

    cohort = INFARCTION.require("a woman over 60", (sex() == "female") & (age_years() > 60))
    write_definition(cohort, tmp_path / "cohort.yaml")
    assert study.people(read_definition(tmp_path / "cohort.yaml")).equals(study.people(cohort))


def test_what_reads_data_that_the_study_was_not_opened_for_is_refused(demo, study):
    lvef = measure("lvef_percent").last()
    with pytest.raises(ModalityError) as refused:
        study.count(INFARCTION.require("reduced", lvef <= 40))
    assert str(refused.value) == (
        "The cohort 'infarction' reads imaging data, but this study was opened for clinical data. A study takes the people who "
        "allow all the sorts of data that it was opened for, so it has to be opened for these too: "
        "Study.open(…, modalities=('clinical', 'imaging'))."
    )
    carries = carrier("TTN").named("ttn", label="TTN")
    with pytest.raises(ModalityError, match="The variable 'ttn' reads genomic data.*'clinical', 'genomic'"):
        study.run(TableOne([variable("age_years", age_years()), carries]), INFARCTION)
    with Study.open(demo, purpose="education", modalities=("imaging", "genomic")) as wider:
        people = wider.people(INFARCTION, [lvef.named("lvef_percent"), carries])
        with pytest.raises(ModalityError, match="The cohort 'infarction' reads waveform data"):
            wider.people(INFARCTION.require("QTc", measure("qtc_fridericia_ms").last() > 500), [carries])
    # Nobody of this catalog was imaged or typed: known to nobody, so missing and not "no".
    assert people.height == people["lvef_percent"].null_count() == people["ttn"].null_count() == 500


def test_the_attrition_says_how_many_of_those_left_have_an_ecg_or_a_genome(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.ingest(ward(400), site="ward-1", basis="synthetic")
    with lake.writer(catalog.folder) as connection:
        # 250 have an ECG, 300 a genome, 20 of them twice; one stop in TTN is carried by 100 of those.
        people = "SELECT person_id, site, row_number() OVER (ORDER BY person_id) AS n FROM lake.main.person"
        connection.execute(
            "INSERT INTO lake.main.waveform_occurrence BY NAME SELECT n AS waveform_occurrence_id, person_id, site, "
            "0 AS waveform_occurrence_concept_id, TIMESTAMP '2020-01-02' AS waveform_occurrence_start_datetime, "
            f"0 AS visit_occurrence_id FROM ({people}) WHERE n <= 250"
        )
        connection.execute(
            "INSERT INTO lake.genomics.sample BY NAME SELECT 'f' AS callset_id, CAST(n - 1 AS INTEGER) AS sample_index, person_id, site "
            f"FROM ({people}) WHERE n <= 300 UNION ALL BY NAME "
            f"SELECT 'g' AS callset_id, CAST(n - 1 AS INTEGER) AS sample_index, person_id, site FROM ({people}) WHERE n <= 20"
        )
        connection.execute(
            "INSERT INTO lake.genomics.variant BY NAME SELECT 'f' AS callset_id, 0 AS variant_index, '2' AS chrom, 100 AS pos_1based, "
            "'C' AS ref, 'T' AS alt, 1 AS n_alt, 100 AS ac, 600 AS an, 0 AS n_hom_alt, 0 AS n_missing, false AS alt_is_major, "
            "list_transform(range(100), x -> CAST(x AS INTEGER)) AS het, CAST([] AS INTEGER[]) AS hom, CAST([] AS INTEGER[]) AS miss, "
            "'ward-1' AS site"
        )
        connection.execute(
            "INSERT INTO lake.genomics.variant_annotation BY NAME SELECT 'f' AS callset_id, 0 AS variant_index, 'VEP' AS annotation_source, "
            "'TTN' AS gene_symbol, 'stop_gained' AS consequence, 'ward-1' AS site"
        )
    entered = Cohort.entry("heart failure", diagnosis(codelist("heart_failure")).first())
    carriers = entered.require("genotyped", genotyped()).require("TTN", carrier("TTN", consequence="truncating"))
    with Study.open(catalog, purpose="education", modalities=("waveform", "genomic")) as study:
        table = study.attrition(carriers)
        assert table.column_names[-2:] == ("n_with_ecg", "n_with_genome")
        assert table.column("n_after") == (400, Suppressed("differencing"), 300, 100)
        # Who was asked to have a genome has one: that tells nothing beyond the people left. All carriers have an ECG, which does.
        assert table.column("n_with_genome") == (Suppressed("differencing"), 300, 300, 100)
        assert table.column("n_with_ecg")[-1] == Suppressed("group_attribute")
        # The step "genotyped" left out nobody with an ECG, and that is not to be told: one of the two counts is hidden.
        assert table.column("n_with_ecg")[0] == 250
        assert table.cell("genotyped", "n_with_ecg") == Suppressed("differencing")
        assert study.count(carriers).cell(0, "n") == 100
    with Study.open(catalog, purpose="education") as clinical:
        assert clinical.attrition(entered).column_names[-1] == "n_after"


def test_the_hospitals_of_the_snapshot_are_a_variable(study):
    assert study.sites == ("worcester",)
    hospital = variable("site", site(*study.sites, "elsewhere"))
    assert hospital.label == "Hospital"
    assert study.people(INFARCTION, [hospital])["site"].unique().to_list() == ["worcester"]
    stratified = Cox(DIED, [variable("age_years", age_years())], strata=hospital)
    plain = Cox(DIED, [variable("age_years", age_years())])
    # With everybody in one hospital there is one stratum, and the model is the plain one.
    ratios = [study.run(model, INFARCTION).table.column("hazard_ratio") for model in (stratified, plain)]
    assert ratios[0] == pytest.approx(ratios[1])


def test_a_definition_runs_once_however_many_variables_are_asked_for(study):
    ran = []
    connection = study._cohorts._connection
    study._cohorts._connection = _Recorded(connection, ran)
    woman = INFARCTION.require("a woman", sex() == "female")
    first = study.people(woman, [variable("age_years", age_years())])
    second = study.people(woman, [variable("sex", sex()), HEART_FAILURE])
    study.people(woman, [variable("sex", sex()), HEART_FAILURE])
    assert first["person_id"].equals(second["person_id"])
    assert sum("observation_period" in sql for sql in ran) == 1
    assert len(ran) == 4  # who enters, who stays, and the two sets of variables


class _Recorded:
    """A connection that notes what it is asked to run."""

    def __init__(self, connection, ran):
        self._connection, self._ran = connection, ran

    def execute(self, sql, *parameters):
        self._ran.append(sql)
        return self._connection.execute(sql, *parameters)


def test_a_closed_study_answers_no_more(demo):
    study = Study.open(demo, purpose="education")
    study.close()
    with pytest.raises(duckdb.ConnectionException):
        study.count(INFARCTION)

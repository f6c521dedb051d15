"""The planted truth of the five synthetic heart centres, found again through catalog, cohort and Cox model.

The generator shares no code with what is tested here: it writes files, and the truth beside them; the analysis reads the catalog.
"""

from __future__ import annotations

import json
import shutil
from statistics import mean, stdev

import polars as pl
import pytest

from data_catalog.demo import TRUTH_FILE, hospitals_catalog
from workbench import Study
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
)
from workbench.engines import inline
from workbench.engines.people import SplitFrame
from workbench.survival import Cox

MODALITIES = ("clinical", "waveform", "imaging", "genomic")
N_SEEDS = 20
LVEF = measure("lvef_percent", methods=("cmr", "echocardiography")).nearest(before_days=90, after_days=30)
REDUCED = (
    Cohort.entry("first diagnosis of heart failure", diagnosis(codelist("heart_failure")).first())
    .require("reduced ejection fraction", LVEF <= 40)
    .require("sequenced", genotyped())
)
CARRIER = carrier("TTN", consequence="truncating", max_population_frequency=0.001).named(
    "ttn_truncating_carrier", label="Carrier"
)
DIED = time_to(death(), name="death", label="Death")
COVARIATES = (
    CARRIER,
    age_years().named("age_years"),
    sex().named("male"),
    LVEF.named("lvef_percent"),
    diagnosis(codelist("type_2_diabetes")).on_or_before_index().named("type_2_diabetes", label="Diabetes"),
)


def people_of(catalog) -> pl.DataFrame:
    with Study.open(catalog, purpose="scientific_research", modalities=MODALITIES) as study:
        hospital = site(*study.sites).named("hospital", label="Hospital")
        return study.people(REDUCED, (DIED, *COVARIATES, hospital)).with_columns(
            pl.col("hospital").alias("unit")  # a hospital is a stratum and a unit of work
        )


def estimates(people: pl.DataFrame) -> dict[str, tuple[float, float]]:
    """Log hazard ratio and standard error of the planted effects, unrounded, by the name of the covariate."""
    hospital = site(*sorted(people["hospital"].unique())).named("hospital", label="Hospital")
    model = Cox(DIED, COVARIATES, per={"age_years": 10, "lvef_percent": 10}, strata=hospital)
    fit = inline.run(model, SplitFrame(people, site="unit"))
    return {term.variable: (term.log_hazard_ratio, term.std_err) for term in fit.terms}


def planted(catalog) -> dict[str, float]:
    """The planted log hazard ratios, by the same names: per ten years of age, per ten points of LVEF, men against women."""
    truth = json.loads((catalog.folder / TRUTH_FILE).read_text(encoding="utf-8"))
    effects = truth["hazard_of_death_after_heart_failure"]["covariates"]
    return {effect["name"]: effect["log_hazard_ratio"] for effect in effects}


def test_each_hospital_has_carriers_and_deaths_enough_for_the_gate(hospitals):
    carriers = people_of(hospitals).filter("ttn_truncating_carrier")
    by_site = carriers.group_by("hospital").agg(pl.len().alias("n"), pl.col("death_event").sum().alias("deaths"))
    assert by_site.height == 5
    assert by_site["n"].min() >= 60
    assert by_site["deaths"].min() >= 15


def test_the_demo_catalog_gives_the_planted_effects_within_three_standard_errors(hospitals):
    found, truth = estimates(people_of(hospitals)), planted(hospitals)
    for name, planted_value in truth.items():
        estimate, std_err = found[name]
        assert abs(estimate - planted_value) < 3 * std_err, name


@pytest.mark.slow
def test_over_twenty_seeds_the_intervals_cover_the_truth_and_nothing_is_biased(tmp_path):
    truth, found = {}, {}
    for seed in range(101, 101 + N_SEEDS):
        catalog = hospitals_catalog(tmp_path / str(seed), seed=seed)
        truth = planted(catalog)
        for name, value in estimates(people_of(catalog)).items():
            found.setdefault(name, []).append(value)
        shutil.rmtree(catalog.folder)
    for name, value in truth.items():
        covered = sum(abs(estimate - value) < 1.96 * std_err for estimate, std_err in found[name])
        off = mean(estimate for estimate, _ in found[name]) - value
        allowed = 3 * stdev([estimate for estimate, _ in found[name]]) / N_SEEDS**0.5
        report = f"{name}: {covered} of {N_SEEDS} intervals cover {value}; mean off by {off:.4f}, allowed {allowed:.4f}"
        assert covered >= 17, report
        assert abs(off) < allowed, report

"""The planted hazard, recovered by lifelines from the written files alone: a few lines of polars and pysam, none of our own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pysam
import pytest
from lifelines import CoxPHFitter

from data_catalog.synthetic import write_hospitals

if TYPE_CHECKING:
    from pathlib import Path

# Log hazard ratios as data_catalog/synthetic/course.py plants them: per 10 years, and per 10 points of LVEF.
PLANTED = {"ttn": 0.45, "age": 0.40, "male": 0.15, "lvef": -0.35, "diabetes": 0.25}
TRUNCATING = {"stop_gained", "frameshift_variant", "splice_acceptor_variant", "splice_donor_variant"}
CMR = 2140000050


def carriers(vcf: Path) -> pl.DataFrame:
    """Who carries a rare truncating variant in TTN, by record number."""
    with pysam.VariantFile(str(vcf)) as file:
        samples = list(file.header.samples)
    found = np.zeros(len(samples), dtype=bool)
    for line in pysam.TabixFile(str(vcf)).fetch("chr2", 178_525_988, 178_807_423):
        fields = line.split("\t")
        entries = [entry.split("|") for entry in fields[7].split("CSQ=")[1].split(",")]
        for number, alt in enumerate(fields[4].split(","), start=1):
            allele = alt if len(alt) == len(fields[3]) else alt[1:] or "-"
            if any(
                entry[0] == allele
                and entry[3] == "TTN"
                and TRUNCATING & set(entry[1].split("&"))
                and float(entry[9] or 0) < 0.001
                for entry in entries
            ):
                found |= np.array([str(number) in call for call in fields[9:]])
    return pl.DataFrame({"person_source_value": samples, "ttn": found})


def people_with_heart_failure(folder: Path) -> pl.DataFrame:
    """One row a person with heart failure, a genome and an LVEF: covariates at the first diagnosis, and days to death or the end."""
    parts = []
    for site in sorted(path for path in folder.iterdir() if path.is_dir()):
        tables = {path.stem: pl.read_parquet(path) for path in (site / "omop").iterdir()}
        conditions = tables["condition_occurrence"]
        days = {
            name: conditions.filter(pl.col("condition_concept_id").is_in(concepts))
            .group_by("person_id")
            .agg(pl.col("condition_start_date").min().alias(name))
            for name, concepts in {"index": [316139, 4229440], "diabetes": [201826]}.items()
        }
        lvef = (
            tables["image_feature"]
            .filter(pl.col("image_feature_concept_id") == 3027172)
            .join(tables["image_occurrence"], on="image_occurrence_id")
            .join(
                tables["measurement"], left_on="image_feature_event_id", right_on="measurement_id", suffix="_measured"
            )
            .join(days["index"], on="person_id")
            .with_columns(days=(pl.col("image_occurrence_date") - pl.col("index")).dt.total_days())
            .filter(pl.col("days").is_between(-90, 30))
            .sort(pl.col("modality_concept_id") != CMR, pl.col("days").abs())
            .group_by("person_id", maintain_order=True)
            .first()
            .select("person_id", lvef=pl.col("value_as_number") / 10)
        )
        birthday = pl.col("month_of_birth") * 100 + pl.col("day_of_birth")
        day = pl.col("index").dt.month().cast(pl.Int32) * 100 + pl.col("index").dt.day()
        parts.append(
            days["index"]
            .join(tables["person"], on="person_id")
            .join(tables["observation_period"], on="person_id")
            .join(tables["death"], on="person_id", how="left")
            .join(days["diabetes"], on="person_id", how="left")
            .join(lvef, on="person_id")
            .join(carriers(site / "genotypes.vcf.gz"), on="person_source_value")
            .select(
                "lvef",
                site=pl.lit(site.name),
                ttn=pl.col("ttn").cast(pl.Float64),
                age=(pl.col("index").dt.year() - pl.col("year_of_birth") - (day < birthday).cast(pl.Int32)) / 10,
                male=(pl.col("gender_concept_id") == 8507).cast(pl.Float64),
                diabetes=(pl.col("diabetes") <= pl.col("index")).fill_null(value=False).cast(pl.Float64),
                days=(pl.col("observation_period_end_date") - pl.col("index")).dt.total_days(),
                died=pl.col("death_date").is_not_null(),
            )
        )
    return pl.concat(parts)


def estimates(folder: Path, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Log hazard ratios and their standard errors, in the order of PLANTED, from the files of one seed."""
    write_hospitals(folder, seed=seed)
    frame = people_with_heart_failure(folder).to_pandas()
    fitted = CoxPHFitter().fit(frame, "days", "died", strata=["site"]).summary.loc[list(PLANTED)]
    return fitted["coef"].to_numpy(), fitted["se(coef)"].to_numpy()


def over_seeds(folder: Path, seeds: range) -> tuple[np.ndarray, np.ndarray]:
    """Estimates less truth, and standard errors, shape (seeds, covariates)."""
    found = [estimates(folder, seed) for seed in seeds]
    return np.array([estimate for estimate, _ in found]) - np.array(list(PLANTED.values())), np.array(
        [error for _, error in found]
    )


def test_three_seeds_give_the_planted_log_hazard_ratios(tmp_path):
    """Pooled over three data sets, each estimate lies within 3.5 standard errors of the truth."""
    error, standard_error = over_seeds(tmp_path, range(1, 4))
    weight = 1 / standard_error**2
    pooled = (weight * error).sum(axis=0) / weight.sum(axis=0)
    assert (np.abs(pooled) < 3.5 / np.sqrt(weight.sum(axis=0))).all(), dict(zip(PLANTED, pooled.round(3), strict=True))


@pytest.mark.slow
def test_intervals_of_20_seeds_cover_the_truth_and_the_mean_is_unbiased(tmp_path):
    """Nominal 95 % intervals: at least 17 of 20 cover (16 or fewer has a chance of 1.6 % for each covariate)."""
    error, standard_error = over_seeds(tmp_path, range(20))
    covered = (np.abs(error) <= 1.96 * standard_error).sum(axis=0)
    counts = dict(zip(PLANTED, covered.tolist(), strict=True))
    assert all(counts[name] >= 17 for name in ("ttn", "age", "lvef")), counts
    bias = error.mean(axis=0)
    limit = 3 * error.std(axis=0, ddof=1) / np.sqrt(len(error))
    assert (np.abs(bias) < limit).all(), dict(zip(PLANTED, bias.round(4), strict=True))

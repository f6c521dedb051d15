"""A little of the untidiness of real data, each kind counted: impossible values, codes without a concept, missing ends and units.

None of it touches what the hazard of death after heart failure depends on.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.sites import SITES

_SHARE_ZERO_HEART_RATE = 0.002
_SHARE_WITHOUT_UNIT = 0.01
_SHARE_WITHOUT_END = 0.006
_SHARE_UNMAPPED_DIAGNOSES = 0.01
_SHARE_UNMAPPED_DRUGS = 0.005
_WITHOUT_UNIT = (c.POTASSIUM, c.SODIUM, c.WEIGHT)
_UNMAPPED_DIAGNOSES = ("LOC-0815", "LOC-1234", "LOC-2001", "LOC-9999")
_UNMAPPED_DRUGS = ("study drug A", "own medication", "eye drops")


def untidy(
    tables: dict[str, pl.DataFrame], random: np.random.Generator
) -> tuple[dict[str, pl.DataFrame], dict[str, dict[str, int]]]:
    """Return the tables with untidy rows, and how many of which kind each site has."""
    measurement = tables["measurement"]
    rate = _some(measurement, measurement["measurement_concept_id"] == c.HEART_RATE, _SHARE_ZERO_HEART_RATE, random)
    unitless = _some(
        measurement, measurement["measurement_concept_id"].is_in(_WITHOUT_UNIT), _SHARE_WITHOUT_UNIT, random
    )
    visit = tables["visit_occurrence"]
    endless = _some(visit, visit["visit_concept_id"] == c.OUTPATIENT, _SHARE_WITHOUT_END, random)
    conditions, n_conditions = _with_unmapped(
        tables["condition_occurrence"], "condition", _UNMAPPED_DIAGNOSES, _SHARE_UNMAPPED_DIAGNOSES, random
    )
    drugs, n_drugs = _with_unmapped(tables["drug_exposure"], "drug", _UNMAPPED_DRUGS, _SHARE_UNMAPPED_DRUGS, random)
    changed = {
        "measurement": measurement.with_columns(
            value_as_number=pl.when(pl.Series(rate)).then(0.0).otherwise("value_as_number"),
            unit_source_value=pl.when(pl.Series(~unitless)).then("unit_source_value"),
            unit_concept_id=pl.when(pl.Series(~unitless)).then("unit_concept_id"),
        ),
        "visit_occurrence": visit.with_columns(visit_end_date=pl.when(pl.Series(~endless)).then("visit_end_date")),
        "condition_occurrence": conditions,
        "drug_exposure": drugs,
    }
    counts = {
        "heart rates of 0": _by_site(measurement, rate),
        "measurements without a unit": _by_site(measurement, unitless),
        "visits without an end": _by_site(visit, endless),
        "diagnoses with an unmapped code": n_conditions,
        "drugs with an unmapped code": n_drugs,
    }
    return tables | changed, counts


def _some(table: pl.DataFrame, where: pl.Series, share: float, random: np.random.Generator) -> np.ndarray:
    return where.to_numpy() & (random.random(len(table)) < share)


def _with_unmapped(
    table: pl.DataFrame, stem: str, codes: tuple[str, ...], share: float, random: np.random.Generator
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Add rows with concept 0 and a local code, on the days of other rows, so that no coded row is lost."""
    key = f"{stem}_occurrence_id" if stem == "condition" else f"{stem}_exposure_id"
    chosen = random.random(len(table)) < share
    code = random.integers(0, len(codes), len(table))
    more = table.with_columns(
        pl.lit(c.NO_CONCEPT, pl.Int64).alias(f"{stem}_concept_id"),
        pl.Series(f"{stem}_source_value", np.array(codes)[code]),
    ).filter(pl.Series(chosen))
    last = table.group_by("site").agg(pl.col(key).max().alias("_last"))
    more = (
        more.join(last, on="site", how="left", maintain_order="left")
        .with_columns((pl.col("_last") + pl.int_range(1, pl.len() + 1).over("site")).alias(key))
        .drop("_last")
    )
    return pl.concat([table, more]), _by_site(table, chosen)


def _by_site(table: pl.DataFrame, chosen: np.ndarray) -> dict[str, int]:
    counts = np.bincount(table["site"].to_numpy()[chosen], minlength=len(SITES))
    return {site.name: int(count) for site, count in zip(SITES, counts, strict=True)}

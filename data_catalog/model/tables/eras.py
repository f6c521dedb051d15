"""Spans of time put together from single records: under a drug, at a dose, with a condition."""

from data_catalog.model.fields import Table, concept, expected, key, optional, person, required

DRUG_ERA = Table(
    "drug_era",
    "One row a span of time under one active ingredient, short gaps between supplies bridged.",
    kind="fact",
    fields=(
        key("drug_era_id", "Key of the span."),
        person(),
        concept("drug_concept_id", "The ingredient.", required=True),
        required("drug_era_start_date", "DATE", "First day."),
        expected("drug_era_end_date", "DATE", "Last day."),
        optional("drug_exposure_count", "INTEGER", "Number of records put together."),
        optional("gap_days", "INTEGER", "Days inside the span that no supply covers.", unit="d"),
    ),
    start_date="drug_era_start_date",
    end_date="drug_era_end_date",
    concept="drug_concept_id",
)

DOSE_ERA = Table(
    "dose_era",
    "One row a span of time at one daily dose of one active ingredient.",
    kind="fact",
    fields=(
        key("dose_era_id", "Key of the span."),
        person(),
        concept("drug_concept_id", "The ingredient.", required=True),
        concept("unit_concept_id", "Unit of the dose.", required=True),
        required("dose_value", "DOUBLE", "The dose a day."),
        required("dose_era_start_date", "DATE", "First day."),
        expected("dose_era_end_date", "DATE", "Last day."),
    ),
    start_date="dose_era_start_date",
    end_date="dose_era_end_date",
    concept="drug_concept_id",
)

CONDITION_ERA = Table(
    "condition_era",
    "One row a span of time with one condition, short gaps between records bridged.",
    kind="fact",
    fields=(
        key("condition_era_id", "Key of the span."),
        person(),
        concept("condition_concept_id", "The condition.", required=True),
        required("condition_era_start_date", "DATE", "First day."),
        expected("condition_era_end_date", "DATE", "Last day."),
        optional("condition_occurrence_count", "INTEGER", "Number of records put together."),
    ),
    start_date="condition_era_start_date",
    end_date="condition_era_end_date",
    concept="condition_concept_id",
)

TABLES = (DRUG_ERA, DOSE_ERA, CONDITION_ERA)

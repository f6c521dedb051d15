"""Where the model knowingly differs from the published lists. A test compares every field and finds these differences, no others.

Two habits are not listed here one by one. Types are widened: integers to INTEGER or BIGINT, floats to DOUBLE, texts of limited
length to VARCHAR. Columns of ours stand beside the published ones, marked ``added``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Aspect = Literal["name", "type", "required", "references"]


@dataclass(frozen=True)
class Deviation:
    """One difference: what the published list says of a field, what the model says instead, and why."""

    table: str
    field: str
    aspect: Aspect
    published: str
    ours: str
    reason: str


_END = "Sources often lack the end of an event: the row is kept and flagged, so that nobody drops out in silence."
_CASE = "All our names are in lower case; DuckDB does not tell the two apart."

DEVIATIONS = (
    *(
        Deviation(table, field, "required", "required", "optional", _END)
        for table, field in (
            ("observation_period", "observation_period_end_date"),
            ("visit_occurrence", "visit_end_date"),
            ("visit_detail", "visit_detail_end_date"),
            ("drug_exposure", "drug_exposure_end_date"),
            ("payer_plan_period", "payer_plan_period_end_date"),
            ("drug_era", "drug_era_end_date"),
            ("dose_era", "dose_era_end_date"),
            ("condition_era", "condition_era_end_date"),
            ("waveform_occurrence", "waveform_occurrence_end_datetime"),
            ("waveform_registry", "waveform_file_end_datetime"),
        )
    ),
    Deviation("image_occurrence", "image_study_uid", "name", "image_study_UID", "image_study_uid", _CASE),
    Deviation("image_occurrence", "image_series_uid", "name", "image_series_UID", "image_series_uid", _CASE),
    *(
        Deviation(
            "waveform_feature",
            field,
            "type",
            "TIME",
            "TIMESTAMP",
            "A time of day cannot be placed in a recording of several days; a moment can.",
        )
        for field in ("waveform_feature_start_timestamp", "waveform_feature_end_timestamp")
    ),
    Deviation(
        "note_nlp",
        "note_id",
        "references",
        "nothing",
        "note.note_id",
        "The list does not mark it as a foreign key, but only through the text can the person be found.",
    ),
)

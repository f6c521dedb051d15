"""Imaging (MI-CDM) and waveform features: day and method, which the published lists leave to the row that a feature was taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.lake import quoted
from data_catalog.sources.omop_values import rows_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb


def add_days_and_methods(connection: duckdb.DuckDBPyConnection, staged: Mapping[str, str], *, site: str) -> None:
    """Fill ``image_feature_date``, ``method_concept_id`` and ``waveform_feature_date`` of staged features, where they are empty.

    A feature of an image has the day and the modality of its series. A feature of a waveform has the day of the stretch that it
    describes, or of the session if the stretch has no time. Series and sessions may be staged or in the catalog already.
    """
    if "image_feature" in staged:
        series = ("image_occurrence_id", "image_occurrence_date", "modality_concept_id")
        _replace(
            connection,
            staged["image_feature"],
            through="image_occurrence_id",
            owners=rows_sql("image_occurrence", series, staged, site=site),
            filled={
                "image_feature_date": "coalesce(f.image_feature_date, o.image_occurrence_date)",
                "method_concept_id": "coalesce(f.method_concept_id, o.modality_concept_id)",
            },
        )
    if "waveform_feature" in staged:
        session = ("waveform_occurrence_id", "waveform_occurrence_start_datetime")
        moments = (
            "f.waveform_feature_start_timestamp, f.waveform_feature_end_timestamp, o.waveform_occurrence_start_datetime"
        )
        _replace(
            connection,
            staged["waveform_feature"],
            through="waveform_occurrence_id",
            owners=rows_sql("waveform_occurrence", session, staged, site=site),
            filled={"waveform_feature_date": f"coalesce(f.waveform_feature_date, CAST(coalesce({moments}) AS DATE))"},
        )


def _replace(
    connection: duckdb.DuckDBPyConnection, relation: str, *, through: str, owners: str, filled: Mapping[str, str]
) -> None:
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in filled.items())
    # One owner a key: a key that is staged twice is refused later, with the row's number, and must not double features here.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(relation)} AS SELECT f.* REPLACE ({columns}) FROM {quoted(relation)} AS f "
        f"LEFT JOIN (SELECT * FROM ({owners}) QUALIFY row_number() OVER (PARTITION BY {through}) = 1) AS o USING ({through})"
    )

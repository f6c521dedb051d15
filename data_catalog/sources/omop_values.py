"""Canonical values: what a folder of OMOP tables measured, in the one unit that the catalog uses for each measure.

Three tables hold measured values. ``measurement`` has value and unit. ``image_feature`` (MI-CDM) has neither: it points at a row
of ``measurement``. ``waveform_feature`` has a value, but the published list of the waveform extension gives it no unit; here it
is taken to be in the canonical unit of its measure (intervals in milliseconds, rates per minute), which is how ECG devices report
them. A site whose recordings say otherwise sees ``value_out_of_range`` on nearly every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from data_catalog.lake import literal, quoted
from data_catalog.model import TABLES, table_address
from data_catalog.model.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

# How an image feature says that its value is a row of ``measurement``: the concept of that table's key.
MEASUREMENT_ROW = 2140000054
_MEASURE_OF = {concept: measure for measure in MEASURES.values() for concept in measure.concept_ids}


def add_canonical_values(connection: duckdb.DuckDBPyConnection, staged: Mapping[str, str], *, site: str) -> None:
    """Add ``value_canonical`` and ``unit_canonical`` to the staged tables that hold measured values.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Sees the staged relations, and the catalog as ``lake``.
    staged : mapping of str to str
        For each staged table, its relation; the relations are replaced in place.
    site : str
        The hospital: values that an image feature points at, and the vocabulary that names units, may be in the catalog already.
    """
    units = _units_sql(staged, site)
    if "measurement" in staged:
        relation = quoted(staged["measurement"])
        _replace(
            connection,
            staged["measurement"],
            concept="measurement_concept_id",
            valued="SELECT e.*, e.value_as_number AS _value, e.unit_source_value AS _unit_said, u.concept_code AS _unit_coded "
            f"FROM {relation} AS e LEFT JOIN ({units}) AS u ON u.concept_id = e.unit_concept_id",
        )
    if "image_feature" in staged:
        relation = quoted(staged["image_feature"])
        _replace(
            connection,
            staged["image_feature"],
            concept="image_feature_concept_id",
            # The key in a column of its own: with the condition on the field among those of the join, DuckDB hashes all rows alike.
            valued="SELECT e.* EXCLUDE (_key), m.value_as_number AS _value, m.unit_source_value AS _unit_said, "
            f"u.concept_code AS _unit_coded FROM (SELECT *, CASE WHEN image_feature_event_field_concept_id = {MEASUREMENT_ROW} "
            f"THEN image_feature_event_id END AS _key FROM {relation}) AS e "
            f"LEFT JOIN ({_measurements_sql(staged, site)}) AS m ON m.measurement_id = e._key "
            f"LEFT JOIN ({units}) AS u ON u.concept_id = m.unit_concept_id",
        )
    if "waveform_feature" in staged:
        _add_waveform_values(connection, staged["waveform_feature"])


def rows_sql(name: str, columns: tuple[str, ...], staged: Mapping[str, str], *, site: str) -> str:
    """Return the SELECT of columns of a table over its staged rows and those that the catalog holds for the site."""
    selected = ", ".join(quoted(column) for column in columns)
    parts = [f"SELECT {selected} FROM {table_address(TABLES[name])} WHERE site = {literal(site)}"]
    if name in staged:
        parts.append(f"SELECT {selected} FROM {quoted(staged[name])}")
    return " UNION ALL ".join(parts)


def _measurements_sql(staged: Mapping[str, str], site: str) -> str:
    """The measurements that image features point at, one a key: a key that is staged twice is refused later, by row."""
    columns = ("measurement_id", "value_as_number", "unit_source_value", "unit_concept_id")
    return (
        f"SELECT * FROM ({rows_sql('measurement', columns, staged, site=site)}) "
        f"WHERE measurement_id IN (SELECT image_feature_event_id FROM {quoted(staged['image_feature'])}) "
        "QUALIFY row_number() OVER (PARTITION BY measurement_id) = 1"
    )


def _units_sql(staged: Mapping[str, str], site: str) -> str:
    """UCUM codes by concept: of the vocabulary that is staged (the folder's or ours), else of the one the site has already."""
    source = quoted(staged["concept"]) if "concept" in staged else f"lake.main.concept WHERE site = {literal(site)}"
    return f"SELECT concept_id, min(concept_code) AS concept_code FROM (FROM {source}) WHERE vocabulary_id = 'UCUM' GROUP BY concept_id"


def _replace(connection: duckdb.DuckDBPyConnection, relation: str, *, concept: str, valued: str) -> None:
    """Convert ``_value`` from the unit that the row says, or else from the unit that its concept says."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _valued AS {valued}")
    found = connection.execute(
        f"SELECT DISTINCT {concept}, unnest([_unit_said, _unit_coded]) AS unit FROM _valued "
        f"WHERE {concept} IN ({', '.join(map(str, _MEASURE_OF))})"
    ).fetchall()
    conversions = [
        (code, unit, conversion.factor, conversion.offset, _MEASURE_OF[code].unit)
        for code, unit in found
        if unit is not None and (conversion := _MEASURE_OF[code].conversion(unit)) is not None
    ]
    schema = {
        "concept": pl.Int64,
        "unit": pl.String,
        "factor": pl.Float64,
        "zero_at": pl.Float64,
        "canonical": pl.String,
    }
    connection.register("_factors", pl.DataFrame(conversions, schema=schema, orient="row"))
    value = "v._value * coalesce(said.factor, coded.factor) + coalesce(said.zero_at, coded.zero_at)"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(relation)} AS "
        f"SELECT v.* EXCLUDE (_value, _unit_said, _unit_coded), {value} AS value_canonical, "
        f"CASE WHEN {value} IS NOT NULL THEN coalesce(said.canonical, coded.canonical) END AS unit_canonical FROM _valued AS v "
        f"LEFT JOIN _factors AS said ON said.concept = v.{concept} AND said.unit = v._unit_said "
        f"LEFT JOIN _factors AS coded ON coded.concept = v.{concept} AND coded.unit = v._unit_coded"
    )
    connection.unregister("_factors")
    connection.execute("DROP TABLE _valued")


def _add_waveform_values(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    units = " ".join(
        f"WHEN waveform_feature_concept_id IN ({', '.join(map(str, measure.concept_ids))}) THEN {literal(measure.unit)}"
        for measure in MEASURES.values()
        if measure.table == "waveform_feature"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(relation)} AS SELECT * EXCLUDE (_canonical), "
        "CASE WHEN _canonical IS NOT NULL THEN value_as_number END AS value_canonical, "
        "CASE WHEN value_as_number IS NOT NULL THEN _canonical END AS unit_canonical "
        f"FROM (SELECT *, CASE {units} END AS _canonical FROM {quoted(relation)})"
    )

"""Results of observations, of every type that FHIR has: each observation, and each of its components, as a reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.lake import quoted
from data_catalog.sources.fhir_codes import UCUM
from data_catalog.sources.fhir_kinds import READINGS
from data_catalog.sources.fhir_read import table_of
from data_catalog.sources.fhir_shapes import VALUE

if TYPE_CHECKING:
    import duckdb

# Standard concepts of OMOP's vocabulary for signs before a number, and for yes and no.
_OPERATORS = {"<": 4171756, "<=": 4171754, ">=": 4171755, ">": 4172704}
_YES, _NO = 4188539, 4188540
_OF_WHOLE = ("id", "_file", "_row", "status", "subject", "encounter", "effectiveDateTime", "effectivePeriod",
             "effectiveInstant", "issued")  # fmt: skip
_MEASURED = "('laboratory', 'vital-signs')"


def stage_readings(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the view ``READINGS`` of observations: one row a value, with ``part`` saying which component of its observation it is.

    An observation that only holds components is no reading; one without value or components is, as the fact that it was made.
    """
    whole = ", ".join(f"o.{name}" for name in _OF_WHOLE)
    own = ", ".join(f"o.{quoted(name)}" for name in VALUE)
    of_component = ", ".join(f"o.component_.{quoted(name)}" for name in VALUE)
    measured = (
        f"len(list_filter(o.category, lambda g: len(list_filter(g.coding, lambda c: c.code IN {_MEASURED})) > 0)) > 0"
    )
    readings = (
        f"SELECT {whole}, coalesce({measured}, false) AS is_measured, o.code, {own}, '' AS part, len(o.hasMember) > 0 AS has_members, "
        f"coalesce(len(list_filter(o.component, lambda c: c.code IS NOT NULL)), 0) > 0 AS has_components FROM {table_of('Observation')} AS o "
        f"UNION ALL SELECT {whole}, coalesce({measured}, false), o.component_.code, {of_component}, '/' || o.place, false, false "
        f"FROM (SELECT *, unnest(component) AS component_, generate_subscripts(component, 1) AS place FROM {table_of('Observation')}) AS o "
        "WHERE o.component_ IS NOT NULL"
    )
    operators = " ".join(f"WHEN '{sign}' THEN {concept}" for sign, concept in _OPERATORS.items())
    has_value = (
        "(valueQuantity.value IS NOT NULL OR valueCodeableConcept IS NOT NULL OR valueString IS NOT NULL OR valueBoolean IS NOT NULL "
        "OR valueInteger IS NOT NULL OR valueRange IS NOT NULL OR valueRatio IS NOT NULL OR valueTime IS NOT NULL "
        "OR valueDateTime IS NOT NULL OR valuePeriod IS NOT NULL)"
    )
    text = (
        "coalesce(valueString, CASE valueBoolean WHEN true THEN 'true' WHEN false THEN 'false' END, "
        f"{_range()}, {_ratio()}, valueTime, valueDateTime, valuePeriod.\"start\" || '/' || coalesce(valuePeriod.\"end\", ''))"
    )
    number = "coalesce(valueQuantity.value, valueInteger)"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {READINGS} AS SELECT *, {number} AS value_as_number, "
        f"CASE WHEN valueQuantity.value IS NOT NULL THEN CASE valueQuantity.comparator {operators} END END AS operator_concept_id, "
        f"{text} AS value_as_string, "
        f"coalesce({text}, coalesce(valueQuantity.comparator, '') || {_written(number)}, dataAbsentReason.coding[1].code) AS value_source_value, "
        f"CASE valueBoolean WHEN true THEN {_YES} WHEN false THEN {_NO} END AS yes_or_no_concept_id, "
        f"CASE WHEN valueQuantity.system = '{UCUM}' THEN valueQuantity.code END AS unit_code, "
        f"CASE WHEN valueQuantity.system = '{UCUM}' AND valueQuantity.code IS NOT NULL THEN valueQuantity.code "
        "ELSE coalesce(valueQuantity.unit, valueQuantity.code) END AS unit_source_value, "
        "referenceRange[1].low.value AS range_low, referenceRange[1].high.value AS range_high, "
        f"{has_value} AS has_value FROM (SELECT * FROM ({readings}) WHERE NOT has_components OR {has_value})"
    )


def _written(number: str) -> str:
    """SQL of a number as people write it: 5, not 5.0."""
    return f"regexp_replace(CAST({number} AS VARCHAR), '\\.0$', '')"


def _quantity(said: str) -> str:
    return f"coalesce({_written(said + '.value')}, '') || coalesce(' ' || coalesce({said}.unit, {said}.code), '')"


def _range() -> str:
    both = f"{_quantity('valueRange.low')} || ' to ' || {_quantity('valueRange.high')}"
    return f"CASE WHEN valueRange.low IS NOT NULL OR valueRange.high IS NOT NULL THEN {both} END"


def _ratio() -> str:
    both = f"{_quantity('valueRatio.numerator')} || ' : ' || {_quantity('valueRatio.denominator')}"
    return f"CASE WHEN valueRatio.numerator IS NOT NULL THEN {both} END"

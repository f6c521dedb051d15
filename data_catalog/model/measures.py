"""The registry of measures: which concepts hold one, in which canonical unit, and what is physiologically possible."""

from __future__ import annotations

from dataclasses import dataclass

from data_catalog.errors import UnknownNameError, did_you_mean


@dataclass(frozen=True)
class Measure:
    """One clinical quantity in one unit.

    Parameters
    ----------
    name : str
        With its unit, as used in code: ``systolic_blood_pressure_mmhg``.
    label : str
        As printed: "Systolic blood pressure".
    unit : str
        Canonical UCUM unit of ``value_canonical``.
    unit_label : str
        The unit as printed: "mmHg".
    table : str
        The table of the model that holds it.
    concept_ids : tuple of int
        Standard concepts, in order of preference.
    plausible : (float, float)
        Values outside are kept and flagged, and left out of measures unless asked for.
    """

    name: str
    label: str
    unit: str
    unit_label: str
    table: str
    concept_ids: tuple[int, ...]
    plausible: tuple[float, float]


# The limits mark what cannot be a reading of a living adult at rest; they are not reference ranges.
_MEASURES = (
    Measure("heart_rate_per_min", "Heart rate", "/min", "beats/min", "measurement", (3027018,), (20, 300)),
    Measure(
        "systolic_blood_pressure_mmhg",
        "Systolic blood pressure",
        "mm[Hg]",
        "mmHg",
        "measurement",
        (3004249,),
        (40, 300),
    ),
    Measure(
        "diastolic_blood_pressure_mmhg",
        "Diastolic blood pressure",
        "mm[Hg]",
        "mmHg",
        "measurement",
        (3012888,),
        (10, 200),
    ),
    Measure("bmi_kg_m2", "Body mass index", "kg/m2", "kg/m²", "measurement", (3038553,), (10, 80)),
)

MEASURES = {measure.name: measure for measure in _MEASURES}


def measure_named(name: str) -> Measure:
    """Return the measure called *name*.

    Raises
    ------
    UnknownNameError
        If there is none; the message names the nearest and lists them all.
    """
    try:
        return MEASURES[name]
    except KeyError:
        raise UnknownNameError(
            f"{name!r} is not a measure of this catalog. {did_you_mean(name, MEASURES)}\n"
            "See the data dictionary: workbench catalog dictionary measures."
        ) from None

"""The registry of measures: which concepts hold one, in which canonical unit, by which methods, and what is possible."""

from __future__ import annotations

from dataclasses import dataclass

from data_catalog.errors import UnknownNameError, did_you_mean


@dataclass(frozen=True)
class Method:
    """A way to arrive at a value that a reader wants to know, and may prefer.

    Parameters
    ----------
    name : str
        As used in code: ``cmr``.
    label : str
        As printed: "cardiac magnetic resonance".
    concept_id : int
        The concept by which the data say it.
    """

    name: str
    label: str
    concept_id: int


METHODS = {
    method.name: method
    for method in (
        Method("cmr", "cardiac magnetic resonance", 2140000050),
        Method("echocardiography", "echocardiography", 4230911),
        Method("physician", "reading by a physician", 2140000052),
        Method("automated", "automated ECG analysis", 2140000051),
    )
}


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
    methods : tuple of str
        The methods that its values are told apart by, the preferred one first; empty where the data do not tell.
    """

    name: str
    label: str
    unit: str
    unit_label: str
    table: str
    concept_ids: tuple[int, ...]
    plausible: tuple[float, float]
    methods: tuple[str, ...] = ()


def _reading(
    name: str, label: str, unit: str, unit_label: str, concept_id: int, plausible: tuple[float, float]
) -> Measure:
    return Measure(name, label, unit, unit_label, "measurement", (concept_id,), plausible)


def _ecg(name: str, label: str, unit: str, unit_label: str, concept_id: int, plausible: tuple[float, float]) -> Measure:
    methods = ("physician", "automated")
    return Measure(name, label, unit, unit_label, "waveform_feature", (concept_id,), plausible, methods)


def _imaging(
    name: str, label: str, unit: str, unit_label: str, concept_id: int, plausible: tuple[float, float]
) -> Measure:
    methods = ("cmr", "echocardiography")
    return Measure(name, label, unit, unit_label, "image_feature", (concept_id,), plausible, methods)


# The limits mark what cannot be a reading of a living adult at rest; they are not reference ranges.
_MEASURES = (
    _reading("heart_rate_per_min", "Heart rate", "/min", "beats/min", 3027018, (20, 300)),
    _reading("systolic_blood_pressure_mmhg", "Systolic blood pressure", "mm[Hg]", "mmHg", 3004249, (40, 300)),
    _reading("diastolic_blood_pressure_mmhg", "Diastolic blood pressure", "mm[Hg]", "mmHg", 3012888, (10, 200)),
    _reading("bmi_kg_m2", "Body mass index", "kg/m2", "kg/m²", 3038553, (10, 80)),
    _reading("body_weight_kg", "Body weight", "kg", "kg", 3025315, (25, 350)),
    _reading("body_height_cm", "Body height", "cm", "cm", 3036277, (90, 250)),
    _reading("nt_probnp_pg_ml", "NT-proBNP", "pg/mL", "pg/mL", 3029187, (1, 100_000)),
    _reading("creatinine_mg_dl", "Creatinine", "mg/dL", "mg/dL", 3016723, (0.1, 25)),
    _reading("potassium_mmol_l", "Potassium", "mmol/L", "mmol/L", 3023103, (1.5, 10)),
    _reading("sodium_mmol_l", "Sodium", "mmol/L", "mmol/L", 3019550, (90, 190)),
    _reading("ldl_cholesterol_mg_dl", "LDL cholesterol", "mg/dL", "mg/dL", 3009966, (5, 800)),
    _reading("hba1c_percent", "Haemoglobin A1c", "%", "%", 3004410, (3, 20)),
    _reading("haemoglobin_g_dl", "Haemoglobin", "g/dL", "g/dL", 3000963, (2, 25)),
    _ecg("qtc_fridericia_ms", "QTc (Fridericia)", "ms", "ms", 2140000040, (250, 800)),
    _ecg("qrs_duration_ms", "QRS duration", "ms", "ms", 2140000041, (40, 300)),
    _ecg("pr_interval_ms", "PR interval", "ms", "ms", 2140000042, (60, 600)),
    _ecg("ecg_heart_rate_per_min", "Heart rate on the ECG", "/min", "beats/min", 2140000043, (20, 300)),
    _imaging("lvef_percent", "Left ventricular ejection fraction", "%", "%", 3027172, (5, 85)),
    _imaging("lv_mass_g", "Left ventricular mass", "g", "g", 2140000044, (30, 700)),
    _imaging("la_volume_ml", "Left atrial volume", "mL", "mL", 2140000045, (5, 400)),
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


def method_named(name: str) -> Method:
    """Return the method called *name*.

    Raises
    ------
    UnknownNameError
        If there is none; the message names the nearest and lists them all.
    """
    try:
        return METHODS[name]
    except KeyError:
        raise UnknownNameError(f"{name!r} is not a method of measurement. {did_you_mean(name, METHODS)}") from None

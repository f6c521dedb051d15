"""The registry of measures: which concepts hold one, in which canonical unit, by which methods, and what is possible."""

from __future__ import annotations

from dataclasses import dataclass

from data_catalog.errors import UnknownNameError, did_you_mean
from data_catalog.harmonise.units import Conversion, conversion


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
    substance : str, optional
        What is measured, where laboratories tell it as a mass or as an amount: see
        :data:`data_catalog.harmonise.substances.SUBSTANCES`.
    """

    name: str
    label: str
    unit: str
    unit_label: str
    table: str
    concept_ids: tuple[int, ...]
    plausible: tuple[float, float]
    methods: tuple[str, ...] = ()
    substance: str | None = None

    def conversion(self, recorded: str) -> Conversion | None:
        """Return how a value in the unit *recorded* becomes one in the canonical unit, or None if it cannot."""
        return conversion(recorded, self.unit, self.substance)


def _reading(
    name: str,
    label: str,
    unit: str,
    unit_label: str,
    concept_ids: int | tuple[int, ...],
    plausible: tuple[float, float],
    substance: str | None = None,
) -> Measure:
    concepts = concept_ids if isinstance(concept_ids, tuple) else (concept_ids,)
    return Measure(name, label, unit, unit_label, "measurement", concepts, plausible, substance=substance)


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
    _reading("nt_probnp_pg_ml", "NT-proBNP", "pg/mL", "pg/mL", 3029187, (1, 100_000), "NT-proBNP"),
    _reading("creatinine_mg_dl", "Creatinine", "mg/dL", "mg/dL", 3016723, (0.1, 25), "creatinine"),
    _reading("potassium_mmol_l", "Potassium", "mmol/L", "mmol/L", 3023103, (1.5, 10), "potassium"),
    _reading("sodium_mmol_l", "Sodium", "mmol/L", "mmol/L", 3019550, (90, 190), "sodium"),
    _reading("total_cholesterol_mg_dl", "Total cholesterol", "mg/dL", "mg/dL", 3027114, (20, 1500), "cholesterol"),
    _reading("ldl_cholesterol_mg_dl", "LDL cholesterol", "mg/dL", "mg/dL", 3009966, (5, 800), "cholesterol"),
    _reading("hdl_cholesterol_mg_dl", "HDL cholesterol", "mg/dL", "mg/dL", 3007070, (2, 250), "cholesterol"),
    _reading("triglycerides_mg_dl", "Triglycerides", "mg/dL", "mg/dL", 3022192, (10, 12_000), "triglycerides"),
    _reading("glucose_mg_dl", "Glucose", "mg/dL", "mg/dL", (3004501, 3000483), (10, 2000), "glucose"),
    _reading("urea_nitrogen_mg_dl", "Urea nitrogen", "mg/dL", "mg/dL", (3013682, 3004295), (1, 300), "urea nitrogen"),
    _reading("uric_acid_mg_dl", "Uric acid", "mg/dL", "mg/dL", 2140000060, (0.2, 40), "uric acid"),
    _reading("bilirubin_mg_dl", "Bilirubin", "mg/dL", "mg/dL", (3024128, 3028833), (0.01, 80), "bilirubin"),
    _reading("calcium_mg_dl", "Calcium", "mg/dL", "mg/dL", (3006906, 3032503), (2, 25), "calcium"),
    _reading("crp_mg_l", "C-reactive protein", "mg/L", "mg/L", 3020460, (0, 1000)),
    _reading("hs_troponin_i_ng_l", "Troponin I, high-sensitivity", "ng/L", "ng/L", 36306105, (0, 1_000_000)),
    _reading("hs_troponin_t_ng_l", "Troponin T, high-sensitivity", "ng/L", "ng/L", 2140000061, (0, 200_000)),
    _reading("bnp_pg_ml", "BNP", "pg/mL", "pg/mL", 2140000062, (0, 50_000), "BNP"),
    _reading("leukocytes_10_9_l", "Leukocytes", "10*9/L", "10⁹/L", (3000905, 3010813), (0.05, 500)),
    _reading("platelets_10_9_l", "Platelets", "10*9/L", "10⁹/L", (3024929, 3007461), (1, 3000)),
    _reading("body_temperature_cel", "Body temperature", "Cel", "°C", (3020891, 3006322), (24, 45)),
    _reading("oxygen_saturation_percent", "Oxygen saturation", "%", "%", (3016502, 40762499), (20, 100)),
    _reading("egfr_ml_min_173m2", "eGFR", "mL/min/{1.73_m2}", "mL/min/1.73 m²", 2140000063, (1, 250)),
    _reading("hba1c_percent", "Haemoglobin A1c", "%", "%", 3004410, (3, 20), "haemoglobin A1c"),
    _reading("haemoglobin_g_dl", "Haemoglobin", "g/dL", "g/dL", 3000963, (2, 25), "haemoglobin"),
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

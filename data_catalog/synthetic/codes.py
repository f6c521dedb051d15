"""How the sites write diagnoses, procedures and drugs: ICD-10 with and without the dot, SNOMED CT, or a list of their own."""

from __future__ import annotations

import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.sites import SITES

_ICD10_AND_SNOMED = {
    c.TYPE_2_DIABETES: ("E11.9", "44054006"),
    c.ATRIAL_FIBRILLATION: ("I48.9", "49436004"),
    c.HEART_FAILURE: ("I50.9", "84114007"),
    c.CHRONIC_HEART_FAILURE: ("I50.0", "88805009"),
    c.CORONARY_DISEASE: ("I25.1", "53741008"),
    c.HYPERTENSION: ("I10", "59621000"),
    c.CARDIAC_ARREST: ("I46.9", "410429000"),
    c.HYPERLIPIDEMIA: ("E78.5", "55822004"),
    c.KIDNEY_DISEASE_3: ("N18.3", "433144002"),
    c.KIDNEY_DISEASE_4: ("N18.4", "431857002"),
    c.SUDDEN_DEATH: ("I46.1", "95281009"),
    c.INFARCTION: ("I21.9", "22298006"),
    c.Q_WAVE_INFARCTION: ("I21.3", "304914007"),
    c.NON_Q_WAVE_INFARCTION: ("I21.4", "314207007"),
    c.CARDIOGENIC_SHOCK: ("R57.0", "89138009"),
    c.AV_BLOCK: ("I44.2", "27885002"),
    c.DILATED_CARDIOMYOPATHY: ("I42.0", "399020009"),
    c.HYPERTROPHIC_CARDIOMYOPATHY: ("I42.2", "233873004"),
    c.ARRHYTHMOGENIC_CARDIOMYOPATHY: ("I42.8", "281170005"),
    c.VENTRICULAR_TACHYCARDIA: ("I47.2", "25569003"),
    c.STROKE: ("I63.9", "422504002"),
}
_PROCEDURES = {
    c.ABLATION: "CATH ABLATION",
    c.TRANSPLANTATION: "HTX",
    c.ELECTROCARDIOGRAPHY: "ECG 12",
    c.CORONARY_INTERVENTION: "PCI",
    c.ECHOCARDIOGRAPHY: "TTE",
    c.BYPASS_GRAFT: "CABG",
    c.ASSIST_DEVICE: "LVAD",
    c.RESYNCHRONISATION_DEFIBRILLATOR: "CRT-D",
    c.MAGNETIC_RESONANCE: "CMR",
    c.SEQUENCING: "CM PANEL",
}
_DRUGS = {
    c.FUROSEMIDE: "furosemide 40 mg",
    c.AMIODARONE_INJECTION: "amiodarone 150 mg i.v.",
    c.AMLODIPINE: "amlodipine 5 mg",
    c.SIMVASTATIN: "simvastatin 20 mg",
    c.ATORVASTATIN: "atorvastatin 80 mg",
    c.DIGOXIN: "digoxin 0.125 mg",
    c.CARVEDILOL: "carvedilol 25 mg",
    c.ASPIRIN: "aspirin 81 mg",
    c.CLOPIDOGREL: "clopidogrel 75 mg",
    c.SPIRONOLACTONE: "spironolactone 25 mg",
    c.LISINOPRIL_10: "lisinopril 10 mg",
    c.LISINOPRIL_20: "lisinopril 20 mg",
    c.WARFARIN: "warfarin 5 mg",
    c.METFORMIN: "metformin 500 mg XR",
    c.LOSARTAN: "losartan 50 mg",
    c.CANAGLIFLOZIN: "canagliflozin 100 mg",
    c.SACUBITRIL_VALSARTAN: "sacubitril/valsartan 97/103 mg",
    c.METOPROLOL: "metoprolol succinate 95 mg ER",
    c.BISOPROLOL: "bisoprolol 5 mg",
    c.DAPAGLIFLOZIN: "dapagliflozin 10 mg",
    c.EMPAGLIFLOZIN: "empagliflozin 10 mg",
    c.AMIODARONE: "amiodarone 200 mg",
}


def _diagnosis(codes: str, concept_id: int) -> str:
    icd10, snomed = _ICD10_AND_SNOMED[concept_id]
    match codes:
        case "icd10":
            return icd10
        case "icd10_undotted":
            return icd10.replace(".", "")
        case "snomed":
            return snomed
        case _:
            return f"HC-D{sorted(_ICD10_AND_SNOMED).index(concept_id) + 101}"


def source_codes(kind: str) -> pl.DataFrame:
    """Return what each site writes for each concept: columns ``site``, ``concept_id``, ``source_value``.

    *kind* is ``diagnosis``, ``procedure`` or ``drug``.
    """
    rows: list[tuple[int, int, str]] = []
    for index, site in enumerate(SITES):
        if kind == "diagnosis":
            rows += [(index, concept, _diagnosis(site.codes, concept)) for concept in _ICD10_AND_SNOMED]
        elif kind == "procedure":
            rows += [(index, concept, code) for concept, code in _PROCEDURES.items()]
        else:
            capitals = site.codes.startswith("icd10")
            rows += [(index, concept, name.upper() if capitals else name) for concept, name in _DRUGS.items()]
    return pl.DataFrame(
        rows, schema={"site": pl.Int64, "concept_id": pl.Int64, "source_value": pl.String}, orient="row"
    )

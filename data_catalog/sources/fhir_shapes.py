"""Which parts of each FHIR R4 resource are read. What is not named here is not taken.

A shape is the structure that DuckDB's ``json_transform`` projects a resource to: what is absent, or of another type than FHIR says,
becomes empty. Codeable concepts stay JSON text: resources repeat them, and each distinct one is understood once.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

_TEXT, _NUMBER, _TRUTH, _WHOLE = "VARCHAR", "DOUBLE", "BOOLEAN", "INTEGER"
_CONCEPT = "JSON"
_CODING = {"system": _TEXT, "code": _TEXT, "display": _TEXT, "userSelected": _TRUTH}
_REFERENCE = {"reference": _TEXT, "identifier": {"system": _TEXT, "value": _TEXT}}
_PERIOD = {"start": _TEXT, "end": _TEXT}
_QUANTITY = {"value": _NUMBER, "comparator": _TEXT, "unit": _TEXT, "system": _TEXT, "code": _TEXT}
_CODES = {"coding": [_CODING]}
_META = {"lastUpdated": _TEXT}

CODEABLE_CONCEPT = {"coding": [_CODING], "text": _TEXT}

VALUE: dict[str, Any] = {
    "valueQuantity": _QUANTITY,
    "valueCodeableConcept": _CONCEPT,
    "valueString": _TEXT,
    "valueBoolean": _TRUTH,
    "valueInteger": _NUMBER,
    "valueRange": {"low": _QUANTITY, "high": _QUANTITY},
    "valueRatio": {"numerator": _QUANTITY, "denominator": _QUANTITY},
    "valueTime": _TEXT,
    "valueDateTime": _TEXT,
    "valuePeriod": _PERIOD,
    "valueSampledData": {"period": _NUMBER},
    "dataAbsentReason": _CODES,
    "referenceRange": [{"low": {"value": _NUMBER}, "high": {"value": _NUMBER}}],
}
_DOSE_QUANTITY = {"value": _NUMBER, "unit": _TEXT, "code": _TEXT}
_DOSAGE = {
    "text": _TEXT,
    "route": _CODES,
    "timing": {"repeat": {"boundsPeriod": _PERIOD}},
    "doseAndRate": [{"doseQuantity": _DOSE_QUANTITY}],
}
_MEDICATION = {
    "medicationCodeableConcept": _CONCEPT,
    "medicationReference": _REFERENCE,
    "contained": [{"resourceType": _TEXT, "id": _TEXT, "code": _CONCEPT}],
}
_PROVISION = {
    "type": _TEXT,
    "period": _PERIOD,
    "purpose": [_CODING],
    "class": [_CODING],
    "code": [_CODES],
    "actor": [{"role": _CODES}],
    "data": [{"meaning": _TEXT}],
    "action": [_CODES],
    "securityLabel": [_CODING],
}

SHAPES: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "Patient": {
            "identifier": [{"type": _CODES, "system": _TEXT, "value": _TEXT}],
            "gender": _TEXT,
            "birthDate": _TEXT,
            "deceasedBoolean": _TRUTH,
            "deceasedDateTime": _TEXT,
            "extension": [{"url": _TEXT, "extension": [{"url": _TEXT, "valueCoding": _CODING, "valueString": _TEXT}]}],
        },
        "Encounter": {
            "status": _TEXT,
            "class": _CODING,
            "subject": _REFERENCE,
            "period": _PERIOD,
            "hospitalization": {"admitSource": _CODES, "dischargeDisposition": _CODES},
        },
        "Condition": {
            "clinicalStatus": _CODES,
            "verificationStatus": _CODES,
            "code": _CONCEPT,
            "subject": _REFERENCE,
            "encounter": _REFERENCE,
            "onsetDateTime": _TEXT,
            "onsetPeriod": _PERIOD,
            "abatementDateTime": _TEXT,
            "abatementPeriod": _PERIOD,
            "recordedDate": _TEXT,
        },
        "Procedure": {
            "status": _TEXT,
            "code": _CONCEPT,
            "subject": _REFERENCE,
            "encounter": _REFERENCE,
            "performedDateTime": _TEXT,
            "performedPeriod": _PERIOD,
            "focalDevice": [{"manipulated": _REFERENCE}],
            "usedReference": [_REFERENCE],
        },
        "Observation": {
            "status": _TEXT,
            "category": [_CODES],
            "code": _CONCEPT,
            "subject": _REFERENCE,
            "encounter": _REFERENCE,
            "effectiveDateTime": _TEXT,
            "effectivePeriod": _PERIOD,
            "effectiveInstant": _TEXT,
            "issued": _TEXT,
            **VALUE,
            "hasMember": [{"reference": _TEXT}],
            "component": [{"code": _CONCEPT, **VALUE}],
        },
        "DiagnosticReport": {
            "status": _TEXT,
            "code": _CONCEPT,
            "subject": _REFERENCE,
            "encounter": _REFERENCE,
            "effectiveDateTime": _TEXT,
            "effectivePeriod": _PERIOD,
            "issued": _TEXT,
            "result": [{"reference": _TEXT}],
            "conclusion": _TEXT,
            "conclusionCode": [_CONCEPT],
        },
        "Medication": {"code": _CONCEPT},
        "MedicationRequest": {
            "status": _TEXT,
            "intent": _TEXT,
            "doNotPerform": _TRUTH,
            **_MEDICATION,
            "subject": _REFERENCE,
            "encounter": _REFERENCE,
            "authoredOn": _TEXT,
            "statusReason": _CODES,
            "dosageInstruction": [_DOSAGE],
            "dispenseRequest": {
                "validityPeriod": _PERIOD,
                "numberOfRepeatsAllowed": _WHOLE,
                "quantity": {"value": _NUMBER},
                "expectedSupplyDuration": _DOSE_QUANTITY,
            },
        },
        "MedicationAdministration": {
            "status": _TEXT,
            **_MEDICATION,
            "subject": _REFERENCE,
            "context": _REFERENCE,
            "effectiveDateTime": _TEXT,
            "effectivePeriod": _PERIOD,
            "statusReason": [_CODES],
            "dosage": {"text": _TEXT, "route": _CODES, "dose": _DOSE_QUANTITY},
        },
        "MedicationStatement": {
            "status": _TEXT,
            **_MEDICATION,
            "subject": _REFERENCE,
            "context": _REFERENCE,
            "effectiveDateTime": _TEXT,
            "effectivePeriod": _PERIOD,
            "dateAsserted": _TEXT,
            "statusReason": [_CODES],
            "dosage": [_DOSAGE],
        },
        "Immunization": {
            "status": _TEXT,
            "vaccineCode": _CONCEPT,
            "patient": _REFERENCE,
            "encounter": _REFERENCE,
            "occurrenceDateTime": _TEXT,
            "lotNumber": _TEXT,
            "route": _CODES,
            "doseQuantity": _DOSE_QUANTITY,
        },
        "Device": {
            "status": _TEXT,
            "type": _CONCEPT,
            "patient": _REFERENCE,
            "udiCarrier": [{"deviceIdentifier": _TEXT}],
        },
        "DeviceUseStatement": {
            "status": _TEXT,
            "subject": _REFERENCE,
            "device": _REFERENCE,
            "timingDateTime": _TEXT,
            "timingPeriod": _PERIOD,
        },
        "AllergyIntolerance": {
            "clinicalStatus": _CODES,
            "verificationStatus": _CODES,
            "type": _TEXT,
            "category": [_TEXT],
            "code": _CONCEPT,
            "patient": _REFERENCE,
            "encounter": _REFERENCE,
            "onsetDateTime": _TEXT,
            "onsetPeriod": _PERIOD,
            "recordedDate": _TEXT,
        },
        "Consent": {
            "status": _TEXT,
            "scope": _CODES,
            "category": [_CODES],
            "patient": _REFERENCE,
            "dateTime": _TEXT,
            "provision": {**_PROVISION, "provision": [{"type": _TEXT}]},
        },
    }
)


def structure(kind: str) -> str:
    """Return the structure of a kind of resource, with its id and when it was last changed, for ``json_transform``."""
    return json.dumps({"id": _TEXT, "meta": _META, **SHAPES[kind]})

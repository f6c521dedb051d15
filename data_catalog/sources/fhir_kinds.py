"""What each kind of FHIR resource says about a person, and when it says that nothing happened.

The rules follow HL7's FHIR-to-OMOP guide (https://hl7.org/fhir/uv/omop) where it has one: the domain of the standard concept
chooses the table, only completed procedures count, the onset of a condition is preferred to the day it was written down, an allergy
is a concept of its sort with the substance as its value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data_catalog.sources.fhir_read import table_of
from data_catalog.sources.fhir_sql import first_code_sql, name_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

# Type concepts of OMOP: how a record came about. The guide's maps write the first.
EHR, EHR_PRESCRIPTION, EHR_ADMINISTRATION, SELF_REPORT = 32817, 32838, 32818, 32865
READINGS, MEDICATIONS, DEVICE_USES = "_fhir_reading", "_fhir_medication", "_fhir_device_use"
# Concepts of the guide's maps AllergyType and IntoleranceType, by category.
_ALLERGIES = {"medication": 439224, "food": 4188027, "environment": 4144450, "biologic": 43530807}
_INTOLERANCES = {"medication": 4240582, "food": 4340252, "environment": 4172024, "biologic": 36684107}


@dataclass(frozen=True)
class Kind:
    """One kind of resource, by the SQL of its parts over a row ``r`` of ``rows``.

    Parameters
    ----------
    name : str
        As FHIR calls it.
    table : str
        The table of the model that takes it where the domain of its concept chooses no other; SQL.
    code : str
        The codeable concept (JSON text) that says what it is about.
    start : str
        The FHIR date at which it began.
    end : str
        The FHIR date at which it ended.
    domains : tuple of str
        The domains of concepts that choose the table.
    not_happened : mapping of str to str
        For each status under which there is nothing to record: why, in words.
    status : str
        That status.
    subject, encounter : str
        The references to the patient and to the visit.
    left_out : tuple of (str, str)
        Further conditions under which it is left out, and why.
    columns : mapping of str to str
        Further columns of :data:`data_catalog.sources.fhir_events.COLUMNS`. ``c`` is what ``code`` means, ``v`` what ``value`` means.
    value : str
        The codeable concept of the result.
    type_concept_id : int
        How the record came about.
    source : str
        The FROM of rows ``r``; empty for the table of the kind.
    part : str
        What tells the rows of one resource apart.
    """

    name: str
    table: str
    code: str
    start: str
    end: str = "NULL::VARCHAR"
    domains: tuple[str, ...] = ()
    not_happened: Mapping[str, str] = field(default_factory=dict)
    status: str = "r.status"
    subject: str = "r.subject"
    encounter: str = "r.encounter"
    left_out: tuple[tuple[str, str], ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    value: str = "NULL::JSON"
    type_concept_id: int = EHR
    source: str = ""
    part: str = "''"

    @property
    def rows(self) -> str:
        """The FROM of rows ``r``."""
        return self.source or f"{table_of(self.name)} AS r"


def _days(quantity: str) -> str:
    """SQL of a duration in days; null unless it is in days, weeks, months or years and at most ten years."""
    days = (
        f"{quantity}.value * CASE coalesce({quantity}.code, {quantity}.unit) "
        "WHEN 'd' THEN 1 WHEN 'wk' THEN 7 WHEN 'mo' THEN 30 WHEN 'a' THEN 365 END"
    )
    return f"CASE WHEN {days} BETWEEN 1 AND 3653 THEN CAST(round({days}) AS INTEGER) END"


def _instructions(dosage: str) -> str:
    return f"nullif(array_to_string(list_transform({dosage}, lambda d: d.text), '; '), '')"


def _medication_code() -> str:
    contained = "list_filter(r.contained, lambda c: '#' || c.id = r.medicationReference.reference)[1].code"
    return f"coalesce(r.medicationCodeableConcept, {contained}, m.code)"


def _medication_rows(name: str) -> str:
    return (
        f"{table_of(name)} AS r LEFT JOIN {MEDICATIONS} AS m ON m.name = CASE WHEN r.medicationCodeableConcept IS NULL "
        f"THEN {name_sql('r.medicationReference')} END"
    )


_IN_ERROR = {"entered-in-error": "entered in error"}
_NOT_VERIFIED = {**_IN_ERROR, "refuted": "refuted"}
_NO_MEDICATION = (
    f"{_medication_code()} IS NULL AND r.medicationReference IS NOT NULL",
    "of a medication that the source does not have",
)

CONDITION = Kind(
    "Condition",
    "'condition_occurrence'",
    code="r.code",
    start='coalesce(r.onsetDateTime, r.onsetPeriod."start", r.recordedDate)',
    end='coalesce(r.abatementDateTime, r.abatementPeriod."end", r.abatementPeriod."start")',
    domains=("Condition", "Procedure", "Measurement", "Observation"),
    status=first_code_sql("r.verificationStatus"),
    not_happened=_NOT_VERIFIED,
    columns={
        "status_source_value": f"nullif({first_code_sql('r.verificationStatus')}, 'confirmed')",
        "stop_reason": f"CASE WHEN {first_code_sql('r.clinicalStatus')} IN ('resolved', 'inactive', 'remission') "
        f"THEN {first_code_sql('r.clinicalStatus')} END",
    },
)
PROCEDURE = Kind(
    "Procedure",
    "'procedure_occurrence'",
    code="r.code",
    start='coalesce(r.performedDateTime, r.performedPeriod."start")',
    end='r.performedPeriod."end"',
    domains=("Condition", "Procedure", "Measurement", "Observation", "Device"),
    not_happened={
        **_IN_ERROR,
        "preparation": "not completed",
        "in-progress": "not completed",
        "on-hold": "not completed",
        "stopped": "not completed",
        "not-done": "not done",
    },
)
OBSERVATION = Kind(
    "Observation",
    "CASE WHEN r.valueQuantity.value IS NOT NULL OR r.valueInteger IS NOT NULL OR r.is_measured THEN 'measurement' ELSE 'observation' END",
    code="r.code",
    start='coalesce(r.effectiveDateTime, r.effectivePeriod."start", r.effectiveInstant, r.issued)',
    domains=("Measurement", "Observation"),
    not_happened={**_IN_ERROR, "cancelled": "cancelled", "registered": "without a result yet"},
    left_out=(("NOT r.has_value AND r.has_members", "panel whose results are resources of their own"),),
    value="r.valueCodeableConcept",
    source=f"{READINGS} AS r",
    part="r.part",
    columns={
        name: f"r.{name}"
        for name in (
            "value_as_number",
            "operator_concept_id",
            "value_as_string",
            "unit_code",
            "unit_source_value",
            "range_low",
            "range_high",
        )
    }
    | {
        "value_as_concept_id": "coalesce(r.yes_or_no_concept_id, nullif(v.concept_id, 0))",
        "value_source_value": "coalesce(v.source_value, r.value_source_value)",
    },
)
DIAGNOSTIC_REPORT = Kind(
    "DiagnosticReport",
    "'observation'",
    code="r.code",
    start='coalesce(r.effectiveDateTime, r.effectivePeriod."start", r.issued)',
    domains=("Procedure", "Measurement", "Observation"),
    not_happened={**_IN_ERROR, "cancelled": "cancelled", "registered": "without a result yet"},
    left_out=(
        (
            "len(r.result) > 0 AND r.conclusion IS NULL AND coalesce(len(r.conclusionCode), 0) = 0",
            "whose results are resources of their own",
        ),
    ),
    value="r.conclusionCode[1]",
    columns={
        "value_as_concept_id": "nullif(v.concept_id, 0)",
        "value_as_string": "r.conclusion",
        "value_source_value": "coalesce(v.source_value, r.conclusion)",
    },
)
MEDICATION_REQUEST = Kind(
    "MedicationRequest",
    "'drug_exposure'",
    code=_medication_code(),
    source=_medication_rows("MedicationRequest"),
    start='coalesce(r.dosageInstruction[1].timing.repeat.boundsPeriod."start", r.authoredOn, r.dispenseRequest.validityPeriod."start")',
    end='r.dosageInstruction[1].timing.repeat.boundsPeriod."end"',
    domains=("Drug", "Device"),
    not_happened={**_IN_ERROR, "cancelled": "cancelled", "draft": "a draft"},
    left_out=(("r.doNotPerform", "not to be given"), ("r.intent = 'proposal'", "a proposal"), _NO_MEDICATION),
    type_concept_id=EHR_PRESCRIPTION,
    columns={
        "stop_reason": first_code_sql("r.statusReason"),
        "quantity": "r.dispenseRequest.quantity.value",
        "refills": "r.dispenseRequest.numberOfRepeatsAllowed",
        "days_supply": _days("r.dispenseRequest.expectedSupplyDuration"),
        "sig": _instructions("r.dosageInstruction"),
        "route_source_value": first_code_sql("r.dosageInstruction[1].route"),
        "dose_unit_source_value": "r.dosageInstruction[1].doseAndRate[1].doseQuantity.unit",
    },
)
MEDICATION_ADMINISTRATION = Kind(
    "MedicationAdministration",
    "'drug_exposure'",
    code=_medication_code(),
    source=_medication_rows("MedicationAdministration"),
    start='coalesce(r.effectiveDateTime, r.effectivePeriod."start")',
    # What was given at one moment ended then.
    end='coalesce(r.effectivePeriod."end", r.effectiveDateTime)',
    domains=("Drug", "Device"),
    not_happened={**_IN_ERROR, "not-done": "not done"},
    left_out=(_NO_MEDICATION,),
    encounter="r.context",
    type_concept_id=EHR_ADMINISTRATION,
    columns={
        "stop_reason": first_code_sql("r.statusReason[1]"),
        "quantity": "r.dosage.dose.value",
        "sig": "r.dosage.text",
        "route_source_value": first_code_sql("r.dosage.route"),
        "dose_unit_source_value": "r.dosage.dose.unit",
    },
)
MEDICATION_STATEMENT = Kind(
    "MedicationStatement",
    "'drug_exposure'",
    code=_medication_code(),
    source=_medication_rows("MedicationStatement"),
    start='coalesce(r.effectiveDateTime, r.effectivePeriod."start", r.dateAsserted)',
    end='r.effectivePeriod."end"',
    domains=("Drug", "Device"),
    not_happened={**_IN_ERROR, "not-taken": "not taken", "intended": "not taken yet"},
    left_out=(_NO_MEDICATION,),
    encounter="r.context",
    type_concept_id=SELF_REPORT,
    columns={
        "stop_reason": first_code_sql("r.statusReason[1]"),
        "sig": _instructions("r.dosage"),
        "route_source_value": first_code_sql("r.dosage[1].route"),
        "dose_unit_source_value": "r.dosage[1].doseAndRate[1].doseQuantity.unit",
    },
)
IMMUNIZATION = Kind(
    "Immunization",
    "'drug_exposure'",
    code="r.vaccineCode",
    start="r.occurrenceDateTime",
    end="r.occurrenceDateTime",
    domains=("Drug",),
    not_happened={**_IN_ERROR, "not-done": "not done"},
    subject="r.patient",
    columns={
        "quantity": "r.doseQuantity.value",
        "lot_number": "r.lotNumber",
        "route_source_value": first_code_sql("r.route"),
        "dose_unit_source_value": "r.doseQuantity.unit",
    },
)
DEVICE = Kind(
    "Device",
    "'device_exposure'",
    code='r."type"',
    # A device itself says when it was made, not when it was used: that stands with the procedure or in a statement of use.
    source=f"{table_of('Device')} AS r LEFT JOIN {DEVICE_USES} AS u ON u.name = r.id",
    start="u.start_text",
    end="u.end_text",
    not_happened=_IN_ERROR,
    subject="r.patient",
    encounter='NULL::STRUCT(reference VARCHAR, identifier STRUCT(system VARCHAR, "value" VARCHAR))',
    columns={"unique_device_id": "r.udiCarrier[1].deviceIdentifier"},
)


def _sort_of_allergy() -> str:
    def cases(concepts: Mapping[str, int]) -> str:
        return (
            f"CASE r.category[1] {' '.join(f'WHEN {name!r} THEN {concept}' for name, concept in concepts.items())} END"
        )

    return f"CASE WHEN r.\"type\" = 'intolerance' THEN {cases(_INTOLERANCES)} ELSE {cases(_ALLERGIES)} END"


# "Allergy to penicillin" and "no known allergy" are observations of their own; aspirin is a substance, and here not a drug taken.
_SAYS_IT_ALL = "c.domain IN ('Observation', 'Condition')"
ALLERGY = Kind(
    "AllergyIntolerance",
    "'observation'",
    code="r.code",
    start='coalesce(r.onsetDateTime, r.onsetPeriod."start", r.recordedDate)',
    status=first_code_sql("r.verificationStatus"),
    not_happened=_NOT_VERIFIED,
    subject="r.patient",
    columns={
        "concept_id": f"CASE WHEN {_SAYS_IT_ALL} THEN c.concept_id ELSE coalesce({_sort_of_allergy()}, 0) END",
        "relation": f"CASE WHEN {_SAYS_IT_ALL} THEN c.relation WHEN {_sort_of_allergy()} IS NULL THEN 'unmapped' ELSE 'broad' END",
        "value_as_concept_id": f"CASE WHEN NOT {_SAYS_IT_ALL} THEN nullif(c.concept_id, 0) END",
        "value_source_value": "c.source_value",
    },
)

KINDS = (
    CONDITION,
    PROCEDURE,
    OBSERVATION,
    DIAGNOSTIC_REPORT,
    MEDICATION_REQUEST,
    MEDICATION_ADMINISTRATION,
    MEDICATION_STATEMENT,
    IMMUNIZATION,
    DEVICE,
    ALLERGY,
)

"""NDJSON files of FHIR resources, read into one temporary table a kind of resource, each resource once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
from tqdm import tqdm

from data_catalog.errors import IngestError
from data_catalog.lake import literal, quoted
from data_catalog.sources.fhir_files import NdjsonFile, look_through, refuse_broken_line
from data_catalog.sources.fhir_shapes import SHAPES, structure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The kinds of FHIR R4 resource that are not read, by name: what is none of these either is not a resource that is known.
_OTHER = (
    "Account ActivityDefinition AdverseEvent Appointment AppointmentResponse AuditEvent Basic Binary BiologicallyDerivedProduct "
    "BodyStructure CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse "
    "ClinicalImpression CodeSystem Communication CommunicationRequest CompartmentDefinition Composition ConceptMap Contract Coverage "
    "CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue DeviceDefinition DeviceMetric DeviceRequest "
    "DocumentManifest DocumentReference EffectEvidenceSynthesis Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare "
    "EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal GraphDefinition "
    "Group GuidanceResponse HealthcareService ImagingStudy ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide "
    "InsurancePlan Invoice Library Linkage List Location Measure MeasureReport Media MedicationDispense MedicationKnowledge "
    "MedicinalProduct MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder ObservationDefinition "
    "OperationDefinition OperationOutcome Organization OrganizationAffiliation Parameters PaymentNotice PaymentReconciliation Person "
    "PlanDefinition Practitioner PractitionerRole Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup "
    "ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule "
    "SearchParameter ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition StructureMap Subscription Substance "
    "SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet VerificationResult "
    "VisionPrescription"
)
OTHER_KINDS = frozenset(_OTHER.split())
NO_KIND = "without a kind of resource that FHIR R4 knows"
_BUNDLE = "Bundle"
_ENTRIES = '{"entry": [{"fullUrl": "VARCHAR", "resource": "JSON"}]}'


@dataclass
class Resources:
    """What was read: resources by file, and by kind in the tables ``_fhir_<kind>``; kinds without a table of their own are counted.

    Tables have the columns of the kind's shape, ``id``, ``meta``, ``_file`` (the file's number), ``_row`` (the place of its line
    among the file's lines, from 1) and, from bundles, ``_url``: what else the resource is called.
    """

    files: tuple[str, ...]
    n_read: dict[str, int] = field(default_factory=dict)
    n_by_kind: Counter[str] = field(default_factory=Counter)
    n_repeated: Counter[str] = field(default_factory=Counter)
    n_without_id: Counter[str] = field(default_factory=Counter)

    def has(self, kind: str) -> bool:
        """Say whether there is any resource of *kind*."""
        return self.n_by_kind[kind] > 0

    @property
    def n_other(self) -> dict[str, int]:
        """Resources that no table takes, by kind; those of no known kind under ``NO_KIND``."""
        return {kind: n for kind, n in sorted(self.n_by_kind.items()) if kind not in SHAPES}


def read_resources(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> Resources:
    """Read every file into the temporary tables that :class:`Resources` describes, all of them made.

    Raises
    ------
    IngestError
        If a file is refused by :func:`data_catalog.sources.fhir_files.look_through`, or a line is not JSON.
    """
    found = Resources(tuple(path.name for path in paths))
    for kind in SHAPES:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table_of(kind)} AS SELECT unnest(json_transform('{{}}'::JSON, {literal(structure(kind))})), "
            "0::INTEGER AS _file, 0::BIGINT AS _row, NULL::VARCHAR AS _url LIMIT 0"
        )
    total = sum(path.stat().st_size for path in paths)
    # Twice the bytes: each file is looked through, then parsed. Nothing is drawn where nobody watches.
    with tqdm(total=2 * total, unit="B", unit_scale=True, desc="Reading", leave=False, disable=None) as progress:
        for number, path in enumerate(paths):
            file = look_through(path, advance=progress.update)
            try:
                _read_file(connection, file, number, found)
            except duckdb.InvalidInputException:
                refuse_broken_line(file)
            except duckdb.IOException:  # such as bytes after the end of a gzip file, which Python passes over
                raise IngestError(f"{file.name} cannot be read to its end. Copy or export it again.") from None
            progress.update(path.stat().st_size)
    for kind in SHAPES:
        if found.has(kind):
            _keep_the_newest(connection, kind, found)
    return found


def table_of(kind: str) -> str:
    """Return the name of the temporary table of a kind of resource, for SQL."""
    return quoted(f"_fhir_{kind}")


def _read_file(connection: duckdb.DuckDBPyConnection, file: NdjsonFile, number: int, found: Resources) -> None:
    lines = (
        "SELECT json AS resource, NULL::VARCHAR AS _url, row_number() OVER () AS _row FROM read_ndjson_objects("
        f"{literal(file.pattern)}, compression = '{'gzip' if file.is_gzip else 'uncompressed'}', "
        f"maximum_object_size = {file.longest_line_bytes + 1024})"
    )
    kinds = _kinds(connection, lines)
    if kinds[_BUNDLE]:
        entries = (
            f"SELECT unnest(json_transform(resource, {literal(_ENTRIES)}).entry) AS e, _row FROM ({lines}) "
            f"WHERE resource->>'$.resourceType' = '{_BUNDLE}'"
        )
        lines = (
            f"SELECT * FROM ({lines}) WHERE resource->>'$.resourceType' IS DISTINCT FROM '{_BUNDLE}' UNION ALL "
            f"SELECT e.resource, e.fullUrl AS _url, _row FROM ({entries}) WHERE e.resource IS NOT NULL"
        )
        kinds = _kinds(connection, lines)
    for kind in SHAPES:
        if kinds[kind]:
            connection.execute(
                f"INSERT INTO {table_of(kind)} BY NAME "
                f"SELECT unnest(json_transform(resource, {literal(structure(kind))})), {number} AS _file, _row, _url "
                f"FROM ({lines}) WHERE resource->>'$.resourceType' = '{kind}'"
            )
    found.n_read[file.name] = kinds.total()
    found.n_by_kind += kinds


def _kinds(connection: duckdb.DuckDBPyConnection, lines: str) -> Counter[str]:
    """Count the resources by kind. A kind is never named as a file writes it unless FHIR has it: it may hold anything."""
    rows = connection.execute(f"SELECT resource->>'$.resourceType', count(*) FROM ({lines}) GROUP BY 1").fetchall()
    kinds: Counter[str] = Counter()
    for kind, n in rows:
        known = kind in SHAPES or kind in OTHER_KINDS or kind == _BUNDLE
        kinds[kind if known else NO_KIND] += n
    return kinds


def _keep_the_newest(connection: duckdb.DuckDBPyConnection, kind: str, found: Resources) -> None:
    """Leave one resource an id: the one changed last or, where that is not said, the one that comes last. Count the others."""
    table = table_of(kind)
    # In a bundle, a resource may be called by its fullUrl alone.
    connection.execute(f"UPDATE {table} SET id = substr(_url, 10) WHERE id IS NULL AND starts_with(_url, 'urn:uuid:')")
    (n_without,) = connection.execute(f"SELECT count(*) FROM {table} WHERE id IS NULL OR id = ''").fetchall()[0]
    if n_without:
        connection.execute(f"DELETE FROM {table} WHERE id IS NULL OR id = ''")
        found.n_without_id[kind] = n_without
    (n_repeated,) = connection.execute(f"SELECT count(id) - count(DISTINCT id) FROM {table}").fetchall()[0]
    if n_repeated:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM {table} QUALIFY row_number() OVER "
            "(PARTITION BY id ORDER BY TRY_CAST(meta.lastUpdated AS TIMESTAMPTZ) DESC NULLS LAST, _file DESC, _row DESC) = 1"
        )
        found.n_repeated[kind] = n_repeated

"""A FHIR bulk export into a catalog, against Python's own JSON reader: `python -m benchmarks.ingest_fhir`.

Generated: 4,000 people with 40 resources each after the patient (visits, conditions, prescriptions, procedures, laboratory values,
blood pressures with two components), 164,000 resources in 166 MB of NDJSON, shaped and about as long as Synthea writes them.
One contestant brings them into a catalog: parsed, mapped, checked, flagged and committed. The other only reads each line with
``json.loads``, looks at its kind and writes nothing. Both answer with the resources of each kind, components counted as rows.

Why DuckDB reads the JSON: tried first on 68 MB of Synthea's procedures, its ``json_transform`` brought the parts that are needed into
a table at 375 MB/s. Python with orjson made tuples of the same parts at 84 MB/s, before anything is inserted; lines handed over from
Python to DuckDB in blocks came to 40 MB/s.

Predicted before the first run: at least 20 MB/s from end to end on two cores, and no more than three times what ``json.loads`` takes.

Measured (24 November 2026, two AMD EPYC cores): 3.3 s by the clock for 83 MB, 25 MB/s, while three or four other processes shared the
cores. Later a dozen others did, and seconds by the clock mean little: 332 MB took 10 to 11 s of processor time and 996 MB 21 to 22 s,
46 MB for each second of one core. ``json.loads`` took an eighth of our time, not a third: the second prediction failed. The peak of
memory was 0.7 to 1.0 GB for 332 MB and 1.2 to 1.3 GB for 996 MB, of which 0.2 GB are Python's imports and DuckDB may hold 1 GB.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks.harness import Task, main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Solve: TypeAlias = "Callable[[], Sequence[float]]"

_folders: list[tempfile.TemporaryDirectory[str]] = []  # kept until the process ends
_ROUNDS = 8
_CODES = ("22298006", "84114007", "49436004", "59621000", "44054006", "55822004", "160903007", "73595000")
_DRUGS = ("314076", "243670", "312961", "200033", "197361", "855332", "313988", "860975")
_LABORATORY = (
    ("2160-0", "mg/dL", 1.1),
    ("2823-3", "mmol/L", 4.2),
    ("718-7", "g/dL", 13.4),
    ("33762-6", "pg/mL", 900.0),
)
_PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_ANSWERS = ("Patient", "Encounter", "Condition", "MedicationRequest", "Procedure", "Observation")


def export(n_people: int) -> Path:
    """Write the files; they last as long as the process."""
    _folders.append(tempfile.TemporaryDirectory(prefix="benchmark-fhir-"))
    folder = Path(_folders[-1].name) / "export"
    folder.mkdir()
    files = {kind: (folder / f"{kind}.000.ndjson").open("w", encoding="utf-8") for kind in _ANSWERS}
    for number in range(n_people):
        for resource in _resources(number):
            files[resource["resourceType"]].write(json.dumps(resource, separators=(",", ":")) + "\n")
    for file in files.values():
        file.close()
    return folder


def _resources(number: int) -> Iterator[dict[str, Any]]:
    who = f"{number:08x}-9773-f40f-6692-cb4d1283a9ca"
    subject = {"reference": f"Patient/{who}", "display": "Mrs. Marine542 Ai120 Upton904"}
    yield _resource("Patient", who, identifier=_numbers(who), gender=("female", "male")[number % 2], birthDate=f"{1930 + number % 60}-05-21",
                    name=[{"use": "official", "family": "Medhurst46", "given": ["Sumiko254", "Larue605"], "prefix": ["Mrs."]}],
                    address=[{"line": ["633 Abernathy Landing"], "city": "Emporia", "state": "KS", "postalCode": "66801", "country": "US"}])  # fmt: skip
    for turn in range(_ROUNDS):
        moment = f"20{10 + turn}-{1 + number % 12:02}-{1 + number % 28:02}T02:25:16-04:00"
        visit = f"{number:08x}-4030-5582-2ed8-{turn:012x}"
        place = {
            "display": "NEWMAN MEMORIAL COUNTY HOSPITAL",
            "reference": f"Organization?identifier=https://github.com/synthetichealth/synthea|{who}",
        }
        during = {"subject": subject, "encounter": {"reference": f"Encounter/{visit}"}}
        period = {"start": moment, "end": moment.replace("T02", "T06")}
        yield _resource("Encounter", visit, status="finished", subject=subject, period=period, serviceProvider=place,
                        **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
                        type=[_concept("http://snomed.info/sct", "185347001", "Encounter for problem (procedure)")],
                        participant=[{"type": [_concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF", "primary performer")],
                                      "period": period, "individual": {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999974493"}}])  # fmt: skip
        code = _concept(
            "http://snomed.info/sct", _CODES[(number + turn) % 8], "A disorder of one sort or another (disorder)"
        )
        yield _resource("Condition", f"c-{visit}", code=code, onsetDateTime=moment, recordedDate=moment, **during,
                        clinicalStatus=_concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
                        verificationStatus=_concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed"),
                        category=[_concept("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis", "Encounter Diagnosis")])  # fmt: skip
        drug = _concept(
            "http://www.nlm.nih.gov/research/umls/rxnorm", _DRUGS[(number + turn) % 8], "a drug 10 MG Oral Tablet"
        )
        dose = {
            "type": _concept("http://terminology.hl7.org/CodeSystem/dose-rate-type", "ordered", "Ordered"),
            "doseQuantity": {"value": 1.0},
        }
        yield _resource("MedicationRequest", f"m-{visit}", status="active", intent="order", medicationCodeableConcept=drug, authoredOn=moment, **during,
                        dosageInstruction=[{"sequence": 1, "timing": {"repeat": {"frequency": 1, "period": 1.0, "periodUnit": "d"}},
                                            "asNeededBoolean": False, "doseAndRate": [dose]}])  # fmt: skip
        done = _concept("http://snomed.info/sct", "415070008", "Percutaneous coronary intervention (procedure)")
        yield _resource(
            "Procedure", f"p-{visit}", status="completed", code=done, performedPeriod=period, location=place, **during
        )
        if turn % 2:
            parts = [
                _component("8480-6", "Systolic blood pressure", 110 + number % 60),
                _component("8462-4", "Diastolic blood pressure", 60 + number % 40),
            ]
            yield _observation(f"o-{visit}", "vital-signs", "85354-9", moment, during, component=parts)
        else:
            code, unit, value = _LABORATORY[turn // 2]
            yield _observation(
                f"o-{visit}", "laboratory", code, moment, during, valueQuantity=_quantity(value + number % 7, unit)
            )


def _resource(kind: str, key: str, **parts: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": key, "meta": {"profile": [_PROFILE + kind.lower()]}, **parts}


def _numbers(who: str) -> list[dict[str, Any]]:
    kind = _concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical Record Number")
    return [{"type": kind, "system": "http://hospital.smarthealthit.org", "value": f"MRN-{who[:8]}"}]


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _component(code: str, display: str, value: float) -> dict[str, Any]:
    return {"code": _concept("http://loinc.org", code, display), "valueQuantity": _quantity(value, "mm[Hg]")}


def _observation(
    name: str, category: str, code: str, moment: str, during: dict[str, Any], **value: Any
) -> dict[str, Any]:
    sort = _concept("http://terminology.hl7.org/CodeSystem/observation-category", category, category)
    return _resource("Observation", name, status="final", category=[sort], code=_concept("http://loinc.org", code, "A measured quantity"),
                     effectiveDateTime=moment, issued=moment, **during, **value)  # fmt: skip


def ingest_workbench(folder: Path) -> Solve:
    from data_catalog import Catalog
    from data_catalog.sources import FhirFolder

    catalog = Catalog.create(folder.parent / "catalog")

    def solve() -> Sequence[float]:
        report = catalog.ingest(FhirFolder(folder), site="benchmark", basis="synthetic")
        n_rows = {table.table: table.n_rows for table in report.tables}
        tables = (
            "person",
            "visit_occurrence",
            "condition_occurrence",
            "drug_exposure",
            "procedure_occurrence",
            "measurement",
        )
        return [n_rows[table] for table in tables]

    return solve


def read_with_json(folder: Path) -> Solve:
    def solve() -> Sequence[float]:
        n_rows: Counter[str] = Counter()
        for path in sorted(folder.iterdir()):
            with path.open("rb") as lines:
                for line in lines:
                    resource = json.loads(line)
                    n_rows[resource["resourceType"]] += len(resource.get("component", ())) or 1
        return [n_rows[kind] for kind in _ANSWERS]

    return solve


TASKS = {
    "ingest": Task(
        title="FHIR NDJSON into a catalog (json.loads only reads), 4,000 people, 166 MB",
        data=export,
        sizes=(20, 4_000),
        contestants={"workbench": ingest_workbench, "json.loads": read_with_json},
        predicted={"json.loads": 0.3},
        tolerance=0,
    ),
}


def run() -> int:
    """Run the benchmark with the options of the command line."""
    return main("benchmarks.ingest_fhir", TASKS, ["cardio-workbench", "duckdb"])


if __name__ == "__main__":
    sys.exit(run())

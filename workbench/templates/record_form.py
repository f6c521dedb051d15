"""What has to be in the record of a run, checked before anything is made of it."""

from __future__ import annotations

from typing import Any

from workbench.templates import layout

_RECORD: dict[str, Any] = {
    "format": int,
    "workbench": str,
    "template": {"name": str, "title": str, "question": str, "digest": str},
    "parameters": dict,
    "given": dict,
    "studies": [
        {
            "catalog": str,
            "snapshot": {"id": int, "time": str},
            "data": {"method": str, "digest": str | None, "groups": dict},
            "consent": dict,
            "modalities": [str],
            "permit": str,
            "purpose": str,
            "policy": {"label": str, "digest": str},
            "engine": str,
            "seed": int,
        }
    ],
    "questions": [{"study": int, "asked": str, "analysis": str, "cohort": str | None, "table": str | None}],
    "cohorts": [{"name": str, "title": str, "digest": str}],
    "tables": [{"name": str, "kind": str, "title": str}],
    "figures": [{"name": str, "title": str, "caption": str, "table": str}],
    "findings": [str],
}
_ENVIRONMENT: dict[str, Any] = {"python": str, "system": str, "machine": str, "code": str, "distributions": dict}
_ENDINGS = {"tables": ("json", "csv", "parquet"), "figures": ("svg", "csv"), "cohorts": ("yaml",)}


def fault_of_record(record: Any, environment: Any, files: set[str]) -> str | None:
    """Say what is wrong with ``run.json`` or ``environment.json``, or None; *files* are those that the crate lists."""
    fault = _fault(record, _RECORD, layout.RUN) or _fault(environment, _ENVIRONMENT, layout.ENVIRONMENT)
    if fault:
        return fault
    for folder, endings in _ENDINGS.items():
        for each in record[folder]:
            for ending in endings:
                name = f"{folder}/{each['name']}.{ending}"
                if name not in files:
                    return f"{layout.RUN} speaks of {name}, which {layout.METADATA} does not list."
    return None


def _fault(value: Any, form: Any, where: str) -> str | None:
    if isinstance(form, dict):
        if not isinstance(value, dict):
            return f"{where} should hold names and values."
        return next(
            (
                fault
                for name, wanted in form.items()
                if (
                    fault := f"{where} lacks {name!r}."
                    if name not in value
                    else _fault(value[name], wanted, f"{where}: {name}")
                )
            ),
            None,
        )
    if isinstance(form, list):
        if not isinstance(value, list):
            return f"{where} should be a list."
        return next((fault for each in value if (fault := _fault(each, form[0], where))), None)
    # True and False count as whole numbers to Python, and are none here.
    if not isinstance(value, form) or (form is int and isinstance(value, bool)):
        return f"{where} is not of the kind that it should be."
    return None

"""A run described as a Workflow Run RO-Crate: what was run, by what, on what, when, and every file that came of it."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from workbench.templates import layout
from workbench.templates.environment import OURS, environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    from workbench.templates.catalog import Template
    from workbench.templates.contents import Record

# The run profiles are profiles of RO-Crate 1.1, so a newer RO-Crate would not be one of them.
_RO_CRATE = "1.1"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
# A term of the run profiles that the context of RO-Crate 1.1 lacks.
_SHA256 = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
_FORMAL_PARAMETER = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
_TYPES: dict[type, str] = {bool: "Boolean", int: "Integer", float: "Float", str: "Text"}
_MEDIA = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
_WHAT = {
    layout.README: "What this folder is, and how to run it again",
    layout.NOTEBOOK: "The notebook as it was executed",
    layout.REPORT: "The report: one file that opens without a network",
    layout.RUN: "What was asked of which data, under which permit and policy, and what came of it",
    layout.FINDINGS: "The findings in sentences",
    layout.ENVIRONMENT: "Python, libraries and the workbench's own code",
    layout.REQUIREMENTS: "The libraries as a requirements file",
}


def write_crate(folder: Path, template: Template, record: Record, *, started: datetime, ended: datetime) -> None:
    """Describe every file of *folder* in ``ro-crate-metadata.json``.

    The person who ran it is not named, and the data are an input that stays where it is: it is named by its digest.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version=_RO_CRATE)
    crate.metadata.extra_terms.update(_SHA256)
    crate.name = template.title
    crate.description = template.question or template.title
    crate.datePublished = ended.isoformat(timespec="seconds")
    crate.license = _terms_of_use(crate)
    workflow = _workflow(crate, folder, template)
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {layout.METADATA, layout.TEMPLATE}
    }
    outputs = [_file(crate, name, path, record) for name, path in files.items()]
    next(each for each in outputs if each.id == layout.README)["about"] = crate.root_dataset
    inputs = [*_parameters(crate, workflow, template, record), *_data(crate, record)]
    crate.root_dataset["conformsTo"] = [_profile(crate, *each) for each in _PROFILES.items()]
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=inputs,
        result=[each for each in outputs if each.id not in {layout.README, layout.ENVIRONMENT, layout.REQUIREMENTS}],
        properties={
            "name": f"Run of {template.name}",
            "description": " ".join(record["findings"]) or template.title,
            "startTime": started.isoformat(timespec="seconds"),
            "endTime": ended.isoformat(timespec="seconds"),
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    action["agent"] = _software(crate)
    crate.root_dataset["mentions"] = action
    crate.metadata.write(folder)


def _workflow(crate: ROCrate, folder: Path, template: Template) -> Any:
    path = folder / layout.TEMPLATE
    workflow = crate.add_workflow(
        path,
        layout.TEMPLATE,
        main=True,
        lang=_jupyter(crate),
        properties={
            "name": template.title,
            "description": template.question or template.title,
            "encodingFormat": _MEDIA[path.suffix],
            **_measured(path),
        },
    )
    workflow["license"] = "https://spdx.org/licenses/Apache-2.0"
    workflow["conformsTo"] = {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
    workflow["version"] = version(OURS)
    return workflow


def _jupyter(crate: ROCrate) -> Any:
    from rocrate.model.computerlanguage import ComputerLanguage

    language = ComputerLanguage(
        crate,
        "#jupyter",
        properties={
            "name": "Jupyter Notebook",
            "alternateName": "Jupyter",
            "identifier": {"@id": "https://nbformat.readthedocs.io/en/latest/format_description.html"},
            "url": {"@id": "https://jupyter.org"},
            "version": f"Python {environment()['python']}",
        },
    )
    crate.add(language)
    return language


def _file(crate: ROCrate, name: str, path: Path, record: Record) -> Any:
    described = {"name": _what(name, record), "encodingFormat": _MEDIA.get(path.suffix, "application/octet-stream")}
    return crate.add_file(path, name, properties={**described, **_measured(path)})


def _measured(path: Path) -> dict[str, str]:
    return {"sha256": layout.digest_of_file(path), "contentSize": str(path.stat().st_size)}


def _what(name: str, record: Record) -> str:
    if name in _WHAT:
        return _WHAT[name]
    folder, _, file = name.partition("/")
    stem, _, ending = file.rpartition(".")
    titles = {each["name"]: each["title"] for each in record.get(folder, [])}
    return f"{titles.get(stem, stem)} ({ending})"


def _parameters(crate: ROCrate, workflow: Any, template: Template, record: Record) -> list[ContextEntity]:
    values = []
    for name, default in template.parameters.items():
        parameter = crate.add_formal_parameter(
            name,
            _TYPES.get(type(default), "Text"),
            identifier=f"#parameter-{name}",
            valueRequired=False,
        )
        workflow.append_to("input", parameter)
        if name in record["parameters"]:
            values.append(
                _entity(
                    crate,
                    f"#value-{name}",
                    {
                        "@type": "PropertyValue",
                        "name": name,
                        "value": _as_value(record["parameters"][name]),
                        "exampleOfWork": {"@id": parameter.id},
                    },
                )
            )
    return values


def _as_value(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else layout.canonical(value)


def _data(crate: ROCrate, record: Record) -> list[ContextEntity]:
    """The data that each study saw: named, not included."""
    return [
        _entity(
            crate,
            f"#data-{number}",
            {
                "@type": "CreativeWork",
                "name": f"{study['catalog']}, snapshot {study['snapshot']['id']}",
                "identifier": study["data"]["digest"] or "withheld: too few people",
                "version": str(study["snapshot"]["id"]),
                "description": f"Used for {study['purpose'].replace('_', ' ')} under {study['policy']['label']}. The data stay "
                "where they are and are not part of this crate.",
            },
        )
        for number, study in enumerate(record["studies"], 1)
    ]


def _terms_of_use(crate: ROCrate) -> Any:
    return _entity(
        crate,
        "#terms",
        {
            "@type": "CreativeWork",
            "name": "Terms of the holder of the data",
            "description": "The results have passed a disclosure gate. On what terms they may be used is for the holder of the data "
            "to say.",
        },
    )


def _software(crate: ROCrate) -> Any:
    return _entity(
        crate,
        "#cardio-workbench",
        {
            "@type": "SoftwareApplication",
            "name": "Cardio Workbench",
            "softwareVersion": version(OURS),
            "identifier": environment()["code"],
        },
    )


def _profile(crate: ROCrate, address: str, called: tuple[str, str]) -> Any:
    return _entity(crate, address, {"@type": "CreativeWork", "name": called[0], "version": called[1]})


def _entity(crate: ROCrate, identifier: str, properties: Mapping[str, Any]) -> Any:
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, identifier, properties=dict(properties)))

"""What a run leaves in its folder: results as CSV, Parquet and exact JSON, figures, cohorts, and the record that ties them together."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import nbformat

from workbench.disclosure import ReleasedTable
from workbench.templates import layout
from workbench.templates.environment import OURS, as_requirements, environment
from workbench.templates.outputs import collect_figures, collect_findings, collect_questions, collect_results, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.disclosure import Released
    from workbench.templates.catalog import Template

Record = dict[str, Any]


def write_contents(
    folder: Path, template: Template, executed: nbformat.NotebookNode, *, given: Mapping[str, Any]
) -> Record:
    """Write everything but the notebook, the report and the crate's metadata; return the record, which is in ``run.json`` too.

    Parameters
    ----------
    folder : Path
        Where to write.
    template : Template
    executed : NotebookNode
        As it was executed, with its questions still among its outputs.
    given : mapping of str to plain values
        The parameters that were given. Folders are not among them.
    """
    results = collect_results(executed)
    record: Record = {
        "format": layout.FORMAT,
        "workbench": environment()["distributions"][OURS],
        "template": {
            "name": template.name,
            "title": template.title,
            "question": template.question,
            "digest": template.digest,
        },
        "parameters": {**template.parameters, **given},
        "given": dict(given),
        **_asked(folder, executed, results),
        "tables": _write_tables(folder / layout.TABLES, results),
        "figures": _write_figures(folder / layout.FIGURES, executed, results),
        "findings": collect_findings(executed),
    }
    record["parameters"].pop("catalog", None)  # a folder of this machine
    _write(folder / layout.RUN, layout.readable(record))
    found = {"template": template.name, "findings": record["findings"]}
    _write(folder / layout.FINDINGS, layout.readable(found))
    _write(folder / layout.ENVIRONMENT, layout.readable(environment()))
    _write(folder / layout.REQUIREMENTS, as_requirements(environment()))
    _write(folder / layout.README, _readme(record))
    nbformat.write(template.notebook, folder / layout.TEMPLATE)
    return record


def looked_at_individuals(executed: nbformat.NotebookNode) -> bool:
    """Whether a study showed rows of people to the notebook."""
    return any(question["asked"] == "people" for question in collect_questions(executed))


def _asked(folder: Path, executed: nbformat.NotebookNode, results: Mapping[str, Released]) -> Record:
    """Return studies, questions and cohorts, each study and cohort once, and write the cohorts."""
    studies: list[Any] = []
    cohorts: dict[str, dict[str, str]] = {}
    questions = []
    names = {layout.canonical(result.to_dict()): name for name, result in results.items()}
    for asked in collect_questions(executed):
        if asked["study"] not in studies:
            studies.append(asked["study"])
        if asked["asked"] == "open":
            continue
        cohort, answer = asked["cohort"], asked["answer"]
        if cohort is not None and cohort["digest"] not in cohorts:
            cohorts[cohort["digest"]] = _write_cohort(folder / layout.COHORTS, cohort, cohorts)
        questions.append(
            {
                "study": studies.index(asked["study"]),
                "asked": asked["asked"],
                "analysis": asked["analysis"],
                "cohort": None if cohort is None else cohort["digest"],
                "table": None if answer is None else names[layout.canonical(answer)],
            }
        )
    return {"studies": studies, "questions": questions, "cohorts": list(cohorts.values())}


def _write_cohort(folder: Path, cohort: Mapping[str, str], others: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    taken = {each["name"] for each in others.values()}
    name = layout.file_stem(cohort["title"], taken, otherwise="cohort")
    _write(folder / f"{name}.yaml", cohort["yaml"])
    return {"name": name, "title": cohort["title"], "digest": cohort["digest"]}


def _write_tables(folder: Path, results: Mapping[str, Released]) -> list[dict[str, str]]:
    folder.mkdir(exist_ok=True)
    written = []
    for name, result in results.items():
        table = table_of(result)
        table.to_csv(folder / f"{name}.csv")
        table.to_frame().write_parquet(folder / f"{name}.parquet")
        _write(folder / f"{name}.json", layout.canonical(result.to_dict()) + "\n")
        kind = "table" if isinstance(result, ReleasedTable) else result.kind
        written.append({"name": name, "kind": kind, "title": table.title})
    return written


def _write_figures(
    folder: Path, executed: nbformat.NotebookNode, results: Mapping[str, Released]
) -> list[dict[str, str]]:
    written: list[dict[str, str]] = []
    for form in collect_figures(executed):
        folder.mkdir(exist_ok=True)
        table = ReleasedTable.from_dict(form["table"])
        name = layout.file_stem(table.name, {each["name"] for each in written}, otherwise="figure")
        _write(folder / f"{name}.svg", form["picture"])
        if "png" in form:
            (folder / f"{name}.png").write_bytes(b64decode(form["png"]))
        table.to_csv(folder / f"{name}.csv")
        source = next(each for each, result in results.items() if table_of(result) == table)
        written.append({"name": name, "title": form["title"], "caption": form["caption"], "table": source})
    return written


def _readme(record: Record) -> str:
    """Say what the folder is, to somebody who has come across it."""
    what = (
        f"This folder is the bundle of a run of the template `{record['template']['name']}` of Cardio Workbench "
        f"{record['workbench']}: `{layout.REPORT}` is to be read, `{layout.TABLES}/` holds every result, `{layout.RUN}` what was asked "
        "of which data. There are no data of individuals in it. To run it again and compare every value:"
    )
    again = "    workbench template verify THIS-FOLDER --catalog FOLDER-OF-THE-CATALOG"
    lines = [f"# {record['template']['title']}", *record["findings"], what, again]
    return "\n\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

"""What stands over each result of a run: its title, who it is about, and, where titles are the same, what tells them apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.disclosure import ReleasedRegression, ReleasedTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.cohorts import Cohort
    from workbench.disclosure import Released
    from workbench.templates import Bundle

WHOLE = "whole cohort"


@dataclass(frozen=True)
class Heading:
    """A result's title and its people in words.

    Parameters
    ----------
    title : str
        Different for each result of a run.
    asked : mapping or None
        The question that the run's record holds.
    cohort : Cohort or None
        About whom it was asked.
    """

    title: str
    asked: Any = None
    cohort: Cohort | None = None

    @property
    def who(self) -> str:
        """The steps of the cohort, or nothing."""
        return who_of(self.cohort)


def who_of(cohort: Cohort | None) -> str:
    """Return the steps of a cohort in a line."""
    return "; ".join(_steps(cohort))


def _steps(cohort: Cohort | None) -> tuple[str, ...]:
    """Return the labels of a cohort's steps; what a step leaves out would read as what people have, so it says so."""
    if cohort is None:
        return ()
    return (
        cohort.entry_event.label,
        *(step.label if step.action == "require" else f"left out: {step.label}" for step in cohort.steps),
    )


def headings_of(bundle: Bundle, results: Mapping[str, Released]) -> dict[str, Heading]:
    """Return the heading of each result, by its name.

    Of results with the same title, each says which steps its cohort has and not all of theirs have; then what a model adjusts for
    that not all do; and if that is the same too, its number among them.
    """
    cohorts = {cohort.digest: cohort for cohort in bundle.cohorts().values()}
    questions = {question["table"]: question for question in bundle.record["questions"]}
    made = {}
    for name, result in results.items():
        asked = questions.get(name)
        cohort = cohorts.get(asked["cohort"]) if asked and asked["cohort"] else None
        made[name] = Heading(_table(result).title, asked, cohort)
    made = _apart(made, lambda name: _steps(made[name].cohort), none=WHOLE)
    made = _apart(made, lambda name: _covariates(results[name]), none="fewer covariates")
    for names in _same(made):
        for number, name in enumerate(names, start=1):
            made[name] = replace(made[name], title=f"{made[name].title} ({number} of {len(names)})")
    return made


def _table(result: Released) -> ReleasedTable:
    return result if isinstance(result, ReleasedTable) else result.table


def _covariates(result: Released) -> tuple[str, ...]:
    """Return what a model adjusts for: its variables by the part of the label that their levels share."""
    if not isinstance(result, ReleasedRegression):
        return ()
    labels = result.table.column("label")
    return tuple(dict.fromkeys(str(label).partition(": ")[0] for label in labels))


def _apart(made: dict[str, Heading], parts: Callable[[str], Sequence[str]], *, none: str) -> dict[str, Heading]:
    """Add to titles that are the same the parts that not all results of that title have."""
    told = dict(made)
    for names in _same(made):
        common = set.intersection(*(set(parts(name)) for name in names))
        own = {name: [part for part in parts(name) if part not in common] for name in names}
        if any(own.values()):
            for name in names:
                told[name] = replace(made[name], title=f"{made[name].title}: {', '.join(own[name]) or none}")
    return told


def _same(made: Mapping[str, Heading]) -> list[list[str]]:
    """Return the names of results whose titles are the same, where there are several."""
    by_title: dict[str, list[str]] = defaultdict(list)
    for name, heading in made.items():
        by_title[heading.title].append(name)
    return [names for names in by_title.values() if len(names) > 1]

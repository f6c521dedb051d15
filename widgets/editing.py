"""What a click does to a definition: each function returns a new one. The widget holds no other state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.cohorts import Cohort

if TYPE_CHECKING:
    from workbench.cohorts.definition import Entry, Step


def with_entry(cohort: Cohort | None, entry: Entry) -> Cohort:
    """Return the definition with another entry event, or a new one that has only this."""
    return Cohort(entry) if cohort is None else replace(cohort, entry_event=entry)


def with_step(cohort: Cohort, step: Step, place: int | None = None) -> Cohort:
    """Return the definition with *step* at its end, or instead of the one at *place* (from 0)."""
    if place is None:
        return replace(cohort, steps=(*cohort.steps, step))
    return replace(cohort, steps=(*cohort.steps[:place], step, *cohort.steps[place + 1 :]))


def without_step(cohort: Cohort, place: int) -> Cohort:
    """Return the definition without the step at *place*."""
    return replace(cohort, steps=(*cohort.steps[:place], *cohort.steps[place + 1 :]))


def moved(cohort: Cohort, place: int, by: int) -> Cohort:
    """Return the definition with the step at *place* moved *by* places; at an end it stays where it is."""
    steps = list(cohort.steps)
    steps.insert(min(max(place + by, 0), len(steps) - 1), steps.pop(place))
    return replace(cohort, steps=tuple(steps))


def turned(cohort: Cohort, place: int) -> Cohort:
    """Return the definition with the step at *place* keeping whom it left out, and the other way round."""
    step = cohort.steps[place]
    return with_step(cohort, replace(step, action="exclude" if step.action == "require" else "require"), place)

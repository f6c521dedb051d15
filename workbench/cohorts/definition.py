"""A cohort definition: who enters and when, who stays, and until when they are followed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from workbench.cohorts.checks import check_days, check_text
from workbench.cohorts.encoding import digest
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.exits import EndOfObservation, Exit
from workbench.cohorts.expressions import as_criterion
from workbench.cohorts.selection import Events, SelectedEvent, SelectedReading, Within

if TYPE_CHECKING:
    from workbench.cohorts.expressions import Criterion

Action = Literal["require", "exclude"]


@dataclass(frozen=True, repr=False)
class Entry:
    """The event that makes a person enter; its date is the index date.

    A person enters once, on the date of the earliest qualifying event. An event qualifies if it lies in one of the person's
    observation periods, first and last day included, with at least the prior observation asked for. With ``.first()``
    or ``.last()`` the event is chosen from the whole record first, and must then qualify.

    Parameters
    ----------
    label : str
        What the first row of the attrition says.
    events : Events, or the first or last of them
        Which events.
    prior_observation_days : int
        Days of observation there must be before the event: period start + days <= event date.
    """

    label: str
    events: Events | SelectedEvent | SelectedReading
    prior_observation_days: int = 0

    def __post_init__(self) -> None:
        check_text(self.label, "The label of the entry event")
        check_days(self.prior_observation_days, "prior_observation_days")
        chosen = isinstance(self.events, SelectedEvent | SelectedReading)
        if isinstance(self.events, Within) or (chosen and self.events.window is not None):  # type: ignore[union-attr]
            raise DefinitionError(
                f"{self.events!r} cannot be the entry event: its window counts from the index date, which the entry event "
                "itself sets. Use the events alone, or the .first() or .last() of them."
            )
        if not chosen and not isinstance(self.events, Events):
            raise DefinitionError(
                f"The entry event must be events, such as diagnosis(codelist('heart_failure')).first(), not {self.events!r}."
            )


@dataclass(frozen=True, repr=False)
class Step:
    """One named criterion.

    Parameters
    ----------
    action : {"require", "exclude"}
        Whether people who meet it are kept or left out.
    label : str
        What its row of the attrition says.
    criterion : Criterion
        What is asked of each person.
    """

    action: Action
    label: str
    criterion: Criterion

    def __post_init__(self) -> None:
        if self.action not in ("require", "exclude"):
            raise DefinitionError(f"{self.action!r} is not what a step can do. Allowed: require, exclude.")
        check_text(self.label, f"The label of .{self.action}()")
        as_criterion(self.criterion, f".{self.action}({self.label!r}, …)")


@dataclass(frozen=True, repr=False)
class Cohort:
    """A cohort definition. Immutable: each method returns a new one. It knows no data; a study gives it some.

    Parameters
    ----------
    entry_event : Entry
        Who enters, and when.
    steps : tuple of Step
        Criteria in the order of the attrition. The order changes the attrition, never the people left at its end.
    exit_rule : Exit
        What ends follow-up.

    Examples
    --------
    >>> from workbench.cohorts import age_years, codelist, days_after_entry, diagnosis
    >>> cohort = Cohort.entry("first heart failure", diagnosis(codelist("heart_failure")).first())
    >>> cohort = cohort.require("aged 40 or over", age_years() >= 40).exit(days_after_entry(365))
    >>> cohort.step_labels
    ('first heart failure', 'aged 40 or over')
    """

    entry_event: Entry
    steps: tuple[Step, ...] = ()
    # A factory rather than a default, so that saved definitions always say what ends follow-up.
    exit_rule: Exit = field(default_factory=EndOfObservation)

    def __post_init__(self) -> None:
        labels = self.step_labels
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice is not None:
            raise DefinitionError(f"Two steps are called {twice!r}. Give each its own label: the attrition shows them.")
        if not isinstance(self.exit_rule, Exit):
            raise DefinitionError(
                f".exit() takes end_of_observation(), days_after_entry(365), at_first(…) or earliest_of(…), not {self.exit_rule!r}."
            )

    @classmethod
    def entry(
        cls, label: str, events: Events | SelectedEvent | SelectedReading, *, prior_observation_days: int = 0
    ) -> Cohort:
        """Begin a definition with its entry event; see :class:`Entry`.

        Raises
        ------
        DefinitionError
            If the label is empty or *events* cannot be an entry event.
        """
        return cls(Entry(label, events, prior_observation_days))

    def require(self, label: str, criterion: Criterion) -> Cohort:
        """Keep only people who meet *criterion*.

        Raises
        ------
        DefinitionError
            If the label is empty or taken, or *criterion* is not one.
        """
        return replace(self, steps=(*self.steps, Step("require", label, criterion)))

    def exclude(self, label: str, criterion: Criterion) -> Cohort:
        """Leave out people who meet *criterion*. A comparison with a missing value is not met, so it leaves nobody out.

        Raises
        ------
        DefinitionError
            If the label is empty or taken, or *criterion* is not one.
        """
        return replace(self, steps=(*self.steps, Step("exclude", label, criterion)))

    def exit(self, rule: Exit) -> Cohort:
        """Say what ends follow-up; the end of observation if never said. A later call replaces an earlier one.

        Raises
        ------
        DefinitionError
            If *rule* is not an exit rule.
        """
        return replace(self, exit_rule=rule)

    @property
    def title(self) -> str:
        """How reports call the cohort: by its entry event."""
        return self.entry_event.label

    @property
    def step_labels(self) -> tuple[str, ...]:
        """The label of the entry event, then those of the criteria."""
        return (self.entry_event.label, *(step.label for step in self.steps))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the definition as canonical JSON, in hexadecimal. Equal definitions have equal digests."""
        return digest(self)

    def __repr__(self) -> str:
        prior = self.entry_event.prior_observation_days
        option = f", prior_observation_days={prior}" if prior else ""
        lines = [f"    Cohort.entry({self.entry_event.label!r}, {self.entry_event.events!r}{option})"]
        lines += [f"    .{step.action}({step.label!r}, {step.criterion!r})" for step in self.steps]
        return "\n".join(["(", *lines, f"    .exit({self.exit_rule!r})", ")"])

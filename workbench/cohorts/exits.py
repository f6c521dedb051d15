"""What ends follow-up: the end of observation, a number of days, an event, or whichever comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.cohorts.checks import check_days
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.nodes import Node
from workbench.cohorts.outcomes import waiting_for
from workbench.cohorts.selection import Events, Within

if TYPE_CHECKING:
    from collections.abc import Iterator


class Exit(Node):
    """What ends follow-up. No rule lets it last beyond the observation period."""

    usage = "It ends follow-up: give it to .exit()."


@dataclass(frozen=True, repr=False)
class EndOfObservation(Exit):
    """Follow-up ends with the observation period of the entry; of several around the index date, with the one that ends last."""

    type_name: ClassVar[str] = "end_of_observation"

    def __repr__(self) -> str:
        return "end_of_observation()"


@dataclass(frozen=True, repr=False)
class DaysAfterEntry(Exit):
    """Follow-up ends some days after the index date, or with the observation period if that is earlier.

    Parameters
    ----------
    days : int
        0 is the index date itself.
    """

    type_name: ClassVar[str] = "days_after_entry"
    days: int

    def __post_init__(self) -> None:
        check_days(self.days, "The days of days_after_entry()")

    def __repr__(self) -> str:
        return f"days_after_entry({self.days})"


@dataclass(frozen=True, repr=False)
class AtFirst(Exit):
    """Follow-up ends on the day of the first such event from the index date on, or with the observation period if that is earlier.

    That day still belongs to follow-up, so what else happens on it is seen.

    Parameters
    ----------
    events : Events
        Which events.
    from_day : int
        First day after the index date on which an event counts; earlier ones are passed over.
    """

    type_name: ClassVar[str] = "at_first"
    events: Events
    from_day: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.events, Events):
            raise DefinitionError(
                f"at_first() waits for the first of some events, not for {self.events!r}. Write at_first(death())."
            )
        check_days(self.from_day, "from_day of at_first()")

    def __repr__(self) -> str:
        start = {0: "", 1: ".after_index()"}.get(self.from_day, f".between_days({self.from_day}, None)")
        return f"at_first({self.events!r}{start})"


@dataclass(frozen=True, repr=False)
class EarliestOf(Exit):
    """Follow-up ends by whichever of several rules ends it first.

    Parameters
    ----------
    rules : tuple of Exit
        Two or more. Rules of the same kind inside one another are one.
    """

    type_name: ClassVar[str] = "earliest_of"
    rules: tuple[Exit, ...]

    def __post_init__(self) -> None:
        flat: list[Exit] = []
        for rule in self.rules:
            if not isinstance(rule, Exit):
                raise DefinitionError(
                    f"earliest_of() takes rules that end follow-up, such as days_after_entry(365) or at_first(death()), not {rule!r}."
                )
            flat += parts_of(rule)
        if len(flat) < 2:
            raise DefinitionError(f"earliest_of() joins two rules or more, not {len(flat)}.")
        object.__setattr__(self, "rules", tuple(flat))

    def __repr__(self) -> str:
        return f"earliest_of({', '.join(map(repr, self.rules))})"


def parts_of(rule: Exit) -> Iterator[Exit]:
    """Yield the rules that *rule* is made of, each of which can end follow-up."""
    yield from rule.rules if isinstance(rule, EarliestOf) else (rule,)


def end_of_observation() -> EndOfObservation:
    """End follow-up with the observation period."""
    return EndOfObservation()


def days_after_entry(days: int) -> DaysAfterEntry:
    """End follow-up *days* after the index date, or with the observation period if that is earlier.

    Raises
    ------
    DefinitionError
        If *days* is not a whole number from 0 on.
    """
    return DaysAfterEntry(days)


def at_first(events: Events | Within) -> AtFirst:
    """End follow-up on the day of the first such event on or after the index date, or with the observation period if that is earlier.

    Parameters
    ----------
    events : Events
        What ends it. ``.after_index()`` leaves the index date itself out.

    Raises
    ------
    DefinitionError
        If *events* is one selected event, or has a window that begins before the index date or ends.

    Examples
    --------
    >>> from workbench.cohorts import codelist, procedure
    >>> at_first(procedure(codelist("heart_transplant", version="2026-11")))
    at_first(procedure(codelist('heart_transplant', version='2026-11')))
    """
    return AtFirst(*waiting_for(events))


def earliest_of(*rules: Exit) -> EarliestOf:
    """End follow-up by whichever of *rules* ends it first.

    Raises
    ------
    DefinitionError
        If there are fewer than two, or one is no such rule.

    Examples
    --------
    >>> from workbench.cohorts import death
    >>> earliest_of(days_after_entry(1826), at_first(death()))
    earliest_of(days_after_entry(1826), at_first(death()))
    """
    return EarliestOf(rules)

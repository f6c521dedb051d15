"""Times to an event, counted from the index date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.cohorts.checks import check_days
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.expressions import Expression
from workbench.cohorts.selection import Events, Within
from workbench.cohorts.variables import variable

if TYPE_CHECKING:
    from workbench.cohorts.selection import SelectedEvent, SelectedReading
    from workbench.cohorts.variables import Variable


@dataclass(frozen=True, repr=False)
class TimeTo(Expression):
    """Days from the index date to the first such event, or to the end of the cohort if that comes earlier.

    It counts as an event only if the event is on or before ``cohort_end_date``; a day is a whole day, so an event on the
    last day of follow-up is seen. An event on the index date itself counts, at 0 days: of somebody who dies on the
    day of admission the death is known. To leave the index date out, count from day 1.

    Parameters
    ----------
    events : Events
        What is waited for.
    from_day : int
        First day after the index date on which an event counts; earlier ones are passed over.
    """

    type_name = "time_to"
    variable_kind = "time_to_event"
    usage = "It is a time to an event: use it as a variable."
    events: Events
    from_day: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.events, Events):
            raise DefinitionError(
                f"time_to() waits for the first of some events, not for {self.events!r}. Write time_to(death(), …)."
            )
        check_days(self.from_day, "from_day")

    def __repr__(self) -> str:
        start = f", from_day={self.from_day}" if self.from_day else ""
        return f"TimeTo({self.events!r}{start})"


def time_to(events: Events | Within, *, name: str, label: str) -> Variable:
    """Return the time to an event as a variable: columns ``<name>_days`` and ``<name>_event``.

    Parameters
    ----------
    events : Events
        What is waited for: the first on or after the index date counts (day 0 included). ``.after_index()`` leaves the index date out.
    name : str
        Stem of the two columns.
    label : str
        How tables and axes call the event: "Death from any cause".

    Returns
    -------
    Variable
        ``<name>_days``: days from ``cohort_start_date`` to the event or to ``cohort_end_date``, whichever is earlier, 0 or more.
        ``<name>_event``: whether the event is on or before ``cohort_end_date``.

    Raises
    ------
    DefinitionError
        If *events* is one selected event, or has a window that begins before the index date or ends.

    Examples
    --------
    >>> from workbench.cohorts import death
    >>> time_to(death(), name="death", label="Death from any cause").columns
    ('death_days', 'death_event')
    """
    return variable(name, TimeTo(*waiting_for(events)), label=label)


def waiting_for(events: Events | Within | SelectedEvent | SelectedReading) -> tuple[Events, int]:
    """Return which events are waited for, and from which day after the index date on.

    Raises
    ------
    DefinitionError
        If a window begins before the index date or ends. Whether these are events at all is for the caller to say.
    """
    if not isinstance(events, Within):
        return events, 0  # type: ignore[return-value]
    if events.window.from_day is None or events.window.from_day < 0:
        raise DefinitionError(
            f"{events!r} begins before the index date. Time is counted from the index date: use .after_index() or no window."
        )
    if events.window.to_day is not None:
        raise DefinitionError(
            f"{events!r} stops waiting by itself. Let the cohort's exit end follow-up: .exit(days_after_entry(365))."
        )
    return events.events, events.window.from_day  # type: ignore[return-value]

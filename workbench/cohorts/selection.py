"""Events in time: windows around the index date, and the choice of one event among several.

An event has one date, its start. An event without a date cannot be placed and is left out. Events count wherever
they lie, also outside a person's observation periods.

Of several events on one day the one with the smallest id in its table is taken, so results do not depend on the
order of rows. Of readings whose method the data tell, the method goes before the id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.cohorts import windows
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.event_values import Count, DaysFromIndex, ReadingMethod
from workbench.cohorts.expressions import Criterion, Number
from workbench.cohorts.nodes import Node
from workbench.cohorts.windows import Window

if TYPE_CHECKING:
    from workbench.cohorts.readings import Measure

Pick = Literal["first", "last", "nearest"]


class _Placed(Node):
    """Something that has a date, and so lies in a window or not."""

    def _in(self, window: Window) -> Within:
        return Within(self, window)  # type: ignore[arg-type]

    def before_index(self) -> Within:
        """Strictly before the index date: an event on the index date itself is not before it."""
        return self._in(windows.BEFORE_INDEX)

    def on_or_before_index(self) -> Within:
        """Before the index date, or on it."""
        return self._in(windows.ON_OR_BEFORE_INDEX)

    def on_index(self) -> Within:
        """On the index date."""
        return self._in(windows.ON_INDEX)

    def on_or_after_index(self) -> Within:
        """On the index date, or after it."""
        return self._in(windows.ON_OR_AFTER_INDEX)

    def after_index(self) -> Within:
        """Strictly after the index date."""
        return self._in(windows.AFTER_INDEX)

    def within(self, *, before_days: int | None = None, after_days: int | None = None) -> Within:
        """From *before_days* before to *after_days* after the index date, both ends included; what is not given is 0.

        Raises
        ------
        DefinitionError
            If neither is given, or one is negative or not a whole number.
        """
        return self._in(windows.around_index(before_days, after_days))

    def between_days(self, from_day: int | None, to_day: int | None) -> Within:
        """From one day to another, counted from the index date, both included; None is no limit.

        ``between_days(-365, -31)`` is the year before, without the last month.

        Raises
        ------
        DefinitionError
            If the window ends before it begins.
        """
        return self._in(Window(from_day, to_day))


class Events(_Placed):
    """All events of one kind that a person has. ``table`` is where the data model keeps them."""

    usage = (
        "These are events: say when, as in .before_index() or .within(before_days=365), to ask whether there is one, "
        "or choose one with .first(), .last() or .nearest(before_days=90, after_days=30)."
    )
    table: str

    def choose(self, pick: Pick, window: Window | None = None) -> SelectedEvent | SelectedReading:
        """Choose one of the events, in *window* if given."""
        return SelectedEvent(self, pick, window)

    def first(self) -> SelectedEvent | SelectedReading:
        """The earliest event on record."""
        return self.choose("first")

    def last(self) -> SelectedEvent | SelectedReading:
        """The latest event on record."""
        return self.choose("last")

    def nearest(
        self, *, before_days: int | None = None, after_days: int | None = None
    ) -> SelectedEvent | SelectedReading:
        """The event nearest to the index date in a window; of two equally near the one before the index date.

        Raises
        ------
        DefinitionError
            If neither limit is given.
        """
        return self.choose("nearest", windows.around_index(before_days, after_days))

    def count(self) -> Count:
        """The number of days on record with such an event."""
        return Count(self)


class _Selected(_Placed):
    """One event of a person, or none."""

    events: Events
    pick: Pick
    window: Window | None

    def _check(self) -> None:
        if self.pick not in ("first", "last", "nearest"):
            raise DefinitionError(f"{self.pick!r} does not choose an event. Allowed: first, last, nearest.")
        if self.pick == "nearest" and self.window is None:
            raise DefinitionError(
                f"The nearest of {self.events!r} needs a window: .nearest(before_days=90, after_days=30)."
            )

    def days_from_index(self) -> DaysFromIndex:
        """The day of the event, counted from the index date; a number, negative before it."""
        return DaysFromIndex(self)  # type: ignore[arg-type]  # only the two classes below are ever made

    def __repr__(self) -> str:
        if self.window is None:
            return f"{self.events!r}.{self.pick}()"
        if self.pick == "nearest" and self.window.reach is not None:
            return f"{self.events!r}.nearest({self.window.reach})"
        return f"{self.events!r}.{self.window.code}.{self.pick}()"


@dataclass(frozen=True, repr=False)
class SelectedEvent(_Selected):
    """One event of a person: the first, the last, or the nearest to the index date. It has a date and no value.

    Parameters
    ----------
    events : Events
        Among which.
    pick : {"first", "last", "nearest"}
        Which one.
    window : Window, optional
        Days around the index date to which the choice is limited; the whole record if not given.
    """

    type_name = "selected_event"
    usage = "It is one event: say when, as in .after_index() or .within(before_days=365), to get a criterion."
    events: Events
    pick: Pick
    window: Window | None = None

    def __post_init__(self) -> None:
        self._check()


@dataclass(frozen=True, eq=False, repr=False)
class SelectedReading(_Selected, Number):
    """One reading of a measure, and so a number in the measure's unit. Missing if there is no such reading.

    Parameters
    ----------
    events : Measure
        Among which.
    pick : {"first", "last", "nearest"}
        Which one.
    window : Window, optional
        Days around the index date to which the choice is limited; the whole record if not given.
    """

    type_name = "selected_reading"
    events: Measure
    pick: Pick
    window: Window | None = None

    def __post_init__(self) -> None:
        self._check()

    @property
    def label(self) -> str:
        """What the registry calls the measure."""
        return self.events.definition.label

    @property
    def unit(self) -> str:
        """The measure's unit, as printed."""
        return self.events.definition.unit_label

    @property
    def possible(self) -> tuple[float, float] | None:
        """The measure's plausible range, unless implausible readings are taken too."""
        return None if self.events.with_implausible else self.events.definition.plausible

    def method(self) -> ReadingMethod:
        """The method by which the reading was taken; a category.

        Raises
        ------
        DefinitionError
            If the data do not tell the methods of this measure.
        """
        return ReadingMethod(self)


@dataclass(frozen=True, repr=False)
class Within(Criterion):
    """Whether a person has such an event in a window around the index date.

    Parameters
    ----------
    events : Events or one selected event
        Any of these events; or the one selected, which must then lie in the window.
    window : Window
        Days around the index date.
    """

    type_name = "within"
    events: Events | SelectedEvent | SelectedReading
    window: Window

    def _choose(self, pick: Pick) -> SelectedEvent | SelectedReading:
        return self._several(f".{pick}() has nothing to choose from").choose(pick, self.window)

    def _several(self, fault: str) -> Events:
        if not isinstance(self.events, Events):
            raise DefinitionError(f"{self.events!r} is one event already; {fault}.")
        return self.events

    def first(self) -> SelectedEvent | SelectedReading:
        """The earliest event in the window."""
        return self._choose("first")

    def last(self) -> SelectedEvent | SelectedReading:
        """The latest event in the window."""
        return self._choose("last")

    def nearest(self) -> SelectedEvent | SelectedReading:
        """The event in the window nearest to the index date; of two equally near the one before it."""
        return self._choose("nearest")

    def count(self) -> Count:
        """The number of days in the window with such an event."""
        return Count(self._several(".count() has nothing to count"), self.window)

    def __repr__(self) -> str:
        return f"{self.events!r}.{self.window.code}"

"""Values that events have besides a reading: how many there are, how far from the index date, by which method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.expressions import Category, Number

if TYPE_CHECKING:
    from workbench.cohorts.selection import Events, SelectedEvent, SelectedReading
    from workbench.cohorts.windows import Window


@dataclass(frozen=True, eq=False, repr=False)
class Count(Number):
    """On how many days a person has such events: several on one day count once. 0 if there are none; never missing.

    Parameters
    ----------
    events : Events
        Which events.
    window : Window, optional
        Days around the index date within which they are counted; the whole record if not given.
    """

    type_name = "count"
    events: Events
    window: Window | None = None

    @property
    def unit(self) -> str:
        """Days."""
        return "days"

    @property
    def possible(self) -> tuple[float, float]:
        """From 0 to the length of the window."""
        return (0, math.inf if self.window is None else self.window.n_days)

    def __repr__(self) -> str:
        window = "" if self.window is None else f".{self.window.code}"
        return f"{self.events!r}{window}.count()"


@dataclass(frozen=True, eq=False, repr=False)
class DaysFromIndex(Number):
    """When an event is, in days from the index date: negative before it. Missing if there is no such event.

    Parameters
    ----------
    chosen : one selected event or reading
        Which event.
    """

    type_name = "days_from_index"
    chosen: SelectedEvent | SelectedReading

    @property
    def label(self) -> str | None:
        """How tables call it, if the event is a reading."""
        what = getattr(self.chosen, "label", None)
        return None if what is None else f"{what}: days from the index date"

    @property
    def unit(self) -> str:
        """Days."""
        return "days"

    def __repr__(self) -> str:
        return f"{self.chosen!r}.days_from_index()"


@dataclass(frozen=True, eq=False, repr=False)
class ReadingMethod(Category):
    """By which method a reading was taken. Missing if there is no such reading, or the data do not say how it was taken.

    Parameters
    ----------
    reading : one selected reading
        Which reading.
    """

    type_name = "reading_method"
    reading: SelectedReading

    def __post_init__(self) -> None:
        if not self.levels:
            measure = self.reading.events.measure
            raise DefinitionError(f"The data do not say by which method {measure!r} was measured.")

    @property
    def label(self) -> str:
        """How tables call it."""
        return f"{self.reading.label}: method"

    @property
    def levels(self) -> tuple[str, ...]:
        """The measure's methods in order of preference, or those that were asked for."""
        return self.reading.events.ranked_methods

    def __repr__(self) -> str:
        return f"{self.reading!r}.method()"

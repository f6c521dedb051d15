"""Readings of a measure: events that have a value, wherever the data keep them, and by which method they were taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_catalog.errors import did_you_mean
from data_catalog.model.measures import MEASURES, measure_named
from data_catalog.model.measures import Measure as MeasureDefinition
from workbench.cohorts.checks import check_text
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.selection import Events, SelectedReading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.cohorts.selection import Pick
    from workbench.cohorts.windows import Window


@dataclass(frozen=True, repr=False)
class Measure(Events):
    """Readings of one measure, in its canonical unit. A reading without a usable number is left out.

    Parameters
    ----------
    measure : str
        Name in the registry of measures.
    with_implausible : bool
        Whether readings outside the measure's plausible range, flagged at ingest, are taken too.
    methods : tuple of str
        Methods of measurement, the preferred one first; readings by others are left out. If none is named, all readings are taken.
    """

    type_name = "measure"
    measure: str
    with_implausible: bool = False
    methods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.measure, "The name of a measure")
        measure_named(self.measure)
        if not isinstance(self.with_implausible, bool):
            raise DefinitionError(f"with_implausible must be True or False, not {self.with_implausible!r}.")
        self._check_methods()

    def _check_methods(self) -> None:
        known = self.definition.methods
        if self.methods and not known:
            told = sorted(name for name, measure in MEASURES.items() if measure.methods)
            raise DefinitionError(
                f"The data do not say by which method {self.measure!r} was measured, so methods= cannot be given. "
                f"They do for: {', '.join(told)}."
            )
        for method in self.methods:
            if method not in known:
                raise DefinitionError(
                    f"{method!r} is not a method of {self.measure!r}. {did_you_mean(str(method), known)}"
                )
        twice = next((method for method in self.methods if self.methods.count(method) > 1), None)
        if twice is not None:
            raise DefinitionError(f"methods= names {twice!r} twice. Name each method once, the preferred one first.")

    @property
    def definition(self) -> MeasureDefinition:
        """What the registry says of the measure."""
        return measure_named(self.measure)

    @property
    def ranked_methods(self) -> tuple[str, ...]:
        """The methods in order of preference: those asked for, or else those of the registry; empty where the data do not tell."""
        return self.methods or self.definition.methods

    @property
    def table(self) -> str:  # type: ignore[override]
        """The table that holds the readings."""
        return self.definition.table

    def choose(self, pick: Pick, window: Window | None = None) -> SelectedReading:
        """Choose one of the readings, in *window* if given."""
        return SelectedReading(self, pick, window)

    def __repr__(self) -> str:
        option = ", with_implausible=True" if self.with_implausible else ""
        option += f", methods={self.methods!r}" if self.methods else ""
        return f"measure({self.measure!r}{option})"


def measure(name: str, *, methods: Iterable[str] = (), with_implausible: bool = False) -> Measure:
    """Return all readings of a measure, in its canonical unit, from laboratory, bedside, ECG or imaging alike.

    Parameters
    ----------
    name : str
        Name in the registry of measures, with its unit: ``systolic_blood_pressure_mmhg``, ``lvef_percent``, ``qtc_fridericia_ms``.
    methods : sequence of str
        Take readings by these methods only. Where one is chosen among several, a reading by a method named earlier goes before one by
        a method named later, however near the latter is. If not given, all readings are taken, and the registry's order of methods
        settles which of several on one day it is.
    with_implausible : bool
        Whether to take readings outside the plausible range too, which ingest flagged; they are left out by default.

    Raises
    ------
    UnknownNameError
        If there is no such measure; the message names the nearest.
    DefinitionError
        If a method is not one of the measure's, or the data do not tell its methods.

    Examples
    --------
    >>> measure("lvef_percent", methods=["cmr", "echocardiography"]).nearest(before_days=90, after_days=30) <= 40
    measure('lvef_percent', methods=('cmr', 'echocardiography')).nearest(before_days=90, after_days=30) <= 40
    """
    if isinstance(methods, str):
        raise DefinitionError(f"methods= takes a list of methods: write methods=[{methods!r}].")
    return Measure(name, with_implausible, tuple(methods))

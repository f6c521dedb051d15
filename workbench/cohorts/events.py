"""What events there are: diagnoses, observations, visits, measurements and death."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from data_catalog.model.measures import Measure as MeasureDefinition
from data_catalog.model.measures import measure_named
from workbench.cohorts.checks import check_text
from workbench.cohorts.codelists import Codelist
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.selection import Events, SelectedReading

if TYPE_CHECKING:
    from workbench.cohorts.selection import Pick
    from workbench.cohorts.windows import Window


class _Coded(Events):
    """Events that a codelist finds."""

    type_name: ClassVar[str]
    codes: Codelist

    def __post_init__(self) -> None:
        if not isinstance(self.codes, Codelist):
            raise DefinitionError(
                f"{self.type_name}() takes a codelist, not {self.codes!r}. Write {self.type_name}(codelist('heart_failure')), "
                "or make one: Codelist('my_list', '1', (Concept(316139, 'Heart failure'),))."
            )

    def __repr__(self) -> str:
        return f"{self.type_name}({self.codes!r})"


@dataclass(frozen=True, repr=False)
class Diagnosis(_Coded):
    """Diagnoses, dated by their start.

    Parameters
    ----------
    codes : Codelist
        Which conditions.
    """

    type_name = "diagnosis"
    table = "condition_occurrence"
    codes: Codelist


@dataclass(frozen=True, repr=False)
class Observation(_Coded):
    """Observations: histories, circumstances, whatever is recorded that is no diagnosis and no measurement.

    Parameters
    ----------
    codes : Codelist
        Which observations.
    """

    type_name = "observation"
    table = "observation"
    codes: Codelist


@dataclass(frozen=True, repr=False)
class Visit(_Coded):
    """Visits, dated by their start.

    Parameters
    ----------
    codes : Codelist
        Which kinds of visit.
    """

    type_name = "visit"
    table = "visit_occurrence"
    codes: Codelist


@dataclass(frozen=True, repr=False)
class Death(Events):
    """Death from any cause."""

    type_name = "death"
    table = "death"

    def __repr__(self) -> str:
        return "death()"


@dataclass(frozen=True, repr=False)
class Measure(Events):
    """Readings of one measure, in its canonical unit. A reading without a usable number is left out.

    Parameters
    ----------
    measure : str
        Name in the registry of measures.
    with_implausible : bool
        Whether readings outside the measure's plausible range, flagged at ingest, are taken too.
    """

    type_name = "measure"
    measure: str
    with_implausible: bool = False

    def __post_init__(self) -> None:
        check_text(self.measure, "The name of a measure")
        measure_named(self.measure)
        if not isinstance(self.with_implausible, bool):
            raise DefinitionError(f"with_implausible must be True or False, not {self.with_implausible!r}.")

    @property
    def definition(self) -> MeasureDefinition:
        """What the registry says of the measure."""
        return measure_named(self.measure)

    @property
    def table(self) -> str:  # type: ignore[override]
        """The table that holds the readings."""
        return self.definition.table

    def choose(self, pick: Pick, window: Window | None = None) -> SelectedReading:
        """Choose one of the readings, in *window* if given."""
        return SelectedReading(self, pick, window)

    def __repr__(self) -> str:
        option = ", with_implausible=True" if self.with_implausible else ""
        return f"measure({self.measure!r}{option})"


def diagnosis(codes: Codelist) -> Diagnosis:
    """Return all diagnoses of a codelist.

    Raises
    ------
    DefinitionError
        If *codes* is not a codelist.

    Examples
    --------
    >>> from workbench.cohorts import codelist
    >>> diagnosis(codelist("heart_failure", version="2026-11")).before_index()
    diagnosis(codelist('heart_failure', version='2026-11')).before_index()
    """
    return Diagnosis(codes)


def observation(codes: Codelist) -> Observation:
    """Return all observations of a codelist: histories and circumstances.

    Raises
    ------
    DefinitionError
        If *codes* is not a codelist.
    """
    return Observation(codes)


def visit(codes: Codelist) -> Visit:
    """Return all visits of a codelist.

    Raises
    ------
    DefinitionError
        If *codes* is not a codelist.
    """
    return Visit(codes)


def death() -> Death:
    """Return the death of a person, from any cause."""
    return Death()


def measure(name: str, *, with_implausible: bool = False) -> Measure:
    """Return all readings of a measure, in its canonical unit.

    Parameters
    ----------
    name : str
        Name in the registry of measures, with its unit: ``systolic_blood_pressure_mmhg``.
    with_implausible : bool
        Whether to take readings outside the plausible range too, which ingest flagged; they are left out by default.

    Raises
    ------
    UnknownNameError
        If there is no such measure; the message names the nearest.
    """
    return Measure(name, with_implausible)

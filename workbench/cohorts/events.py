"""What events there are that have no value: diagnoses, drugs, procedures, observations, visits and death."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.cohorts.codelists import Codelist
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.selection import Events


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
class Drug(_Coded):
    """Exposures to drugs, prescribed, dispensed or given, dated by their start.

    Parameters
    ----------
    codes : Codelist
        Which drugs.
    """

    type_name = "drug"
    table = "drug_exposure"
    codes: Codelist


@dataclass(frozen=True, repr=False)
class Procedure(_Coded):
    """Procedures: operations, implantations, interventions.

    Parameters
    ----------
    codes : Codelist
        Which procedures.
    """

    type_name = "procedure"
    table = "procedure_occurrence"
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


def drug(codes: Codelist) -> Drug:
    """Return all exposures to drugs of a codelist, each dated by its start.

    Raises
    ------
    DefinitionError
        If *codes* is not a codelist.

    Examples
    --------
    >>> from workbench.cohorts import codelist
    >>> drug(codelist("beta_blocker", version="2026-11")).within(before_days=365)
    drug(codelist('beta_blocker', version='2026-11')).within(before_days=365, after_days=0)
    """
    return Drug(codes)


def procedure(codes: Codelist) -> Procedure:
    """Return all procedures of a codelist.

    Raises
    ------
    DefinitionError
        If *codes* is not a codelist.
    """
    return Procedure(codes)


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

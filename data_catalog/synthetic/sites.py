"""The five hospitals: how large the risk of dying is at each, and how each writes things down."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Unit:
    """A unit that a site records a measure in.

    Parameters
    ----------
    factor : float
        What a value in the usual unit is multiplied by.
    written : str
        As the site writes it; UCUM, or a spelling of it.
    concept_id : int
        OMOP concept of the unit; 0 where the shipped vocabulary has none.
    decimals : int
        Decimals that the site records.
    """

    factor: float
    written: str
    concept_id: int
    decimals: int


@dataclass(frozen=True)
class Site:
    """One hospital.

    Parameters
    ----------
    name : str
        As the catalog calls it.
    prefix : str
        Letters that its record numbers begin with.
    hazard_per_year : float
        Baseline hazard of death one year after the first diagnosis of heart failure.
    hazard_shape : float
        Weibull shape of that baseline: below 1 the risk falls with time since diagnosis.
    codes : str
        Coding system of its diagnoses: ``icd10``, ``icd10_undotted``, ``snomed`` or ``local``.
    units : mapping of int to Unit
        Measures, by concept, that it records in another unit than most.
    """

    name: str
    prefix: str
    hazard_per_year: float
    hazard_shape: float
    codes: str
    units: Mapping[int, Unit] = field(default_factory=dict)


_CREATININE = 3016723  # Creatinine [Mass/volume] in Serum or Plasma
_WEIGHT = 3025315  # Body weight
_HEIGHT = 3036277  # Body height
_NT_PROBNP = 3029187  # Natriuretic peptide.B prohormone N-Terminal
_HAEMOGLOBIN = 3000963  # Hemoglobin [Mass/volume] in Blood
_SYSTOLIC = 3004249  # Systolic blood pressure
_DIASTOLIC = 3012888  # Diastolic blood pressure
_HEART_RATE = 3027018  # Heart rate

SITES = (
    Site("northgate", "NG", 0.085, 0.95, "icd10"),
    Site(
        "riverside",
        "RS",
        0.070,
        1.00,
        "snomed",
        MappingProxyType({_CREATININE: Unit(10.0, "mg/L", 8751, 1), _HEART_RATE: Unit(1.0, "bpm", 8541, 0)}),
    ),
    Site(
        "hillcrest",
        "HC",
        0.095,
        0.90,
        "local",
        MappingProxyType({_HEIGHT: Unit(0.01, "m", 0, 2), _NT_PROBNP: Unit(1.0, "ng/L", 8725, 0)}),
    ),
    Site(
        "lakeside",
        "LS",
        0.075,
        1.05,
        "icd10",
        MappingProxyType(
            {
                _WEIGHT: Unit(1 / 0.45359237, "[lb_av]", 0, 0),
                _SYSTOLIC: Unit(1.0, "mmHg", 8876, 0),
                _DIASTOLIC: Unit(1.0, "mmHg", 8876, 0),
            }
        ),
    ),
    Site(
        "eastfield",
        "EF",
        0.100,
        0.92,
        "icd10_undotted",
        MappingProxyType({_HAEMOGLOBIN: Unit(10.0, "g/L", 0, 0), _NT_PROBNP: Unit(1.0, "ng/L", 8725, 0)}),
    ),
)

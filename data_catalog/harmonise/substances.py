"""What laboratories measure either as a mass or as an amount of substance, and what turns one into the other.

Molar masses are those of the formula with the standard atomic weights (IUPAC 2021, abridged); of proteins, the mass that the
makers of the assays convert with. A hospital that writes mmol/L and one that writes mg/dL measure the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Substance:
    """A substance whose amount laboratories report in more than one way.

    Parameters
    ----------
    name : str
        As the registry of measures names it.
    molar_mass_g_mol : float, optional
        Grams in one mole; None if it is never told in grams.
    source : str
        Where the mass comes from.
    valence : int, optional
        Charges of one ion: how many equivalents are in one mole. None where equivalents make no sense.
    equations : mapping of (str, str) to (float, float)
        Where two scales were found to differ by more than a unit: from and to in UCUM, slope and intercept.
    """

    name: str
    molar_mass_g_mol: float | None
    source: str
    valence: int | None = None
    equations: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)


# The master equation between the reference method of the IFCC (mmol/mol) and the NGSP scale (%): Hoelzel et al. (2004),
# Clin Chem 50:166–174; coefficients as the NGSP publishes them (ngsp.org/ifcc.asp).
_NGSP_SLOPE, _NGSP_INTERCEPT = 0.09148, 2.152

_SUBSTANCES = (
    Substance("cholesterol", 386.664, "C27H46O"),
    Substance("triglycerides", 885.453, "C57H104O6, triolein: by convention, since fats are a mixture"),
    Substance("glucose", 180.156, "C6H12O6"),
    Substance("creatinine", 113.120, "C4H7N3O"),
    # One mole of urea holds two of nitrogen: a value in mmol/L of urea is told as the mass of its nitrogen.
    Substance("urea nitrogen", 28.014, "N2 of CH4N2O"),
    Substance("urea", 60.056, "CH4N2O"),
    Substance("uric acid", 168.112, "C5H4N4O3"),
    Substance("bilirubin", 584.673, "C33H36N4O6"),
    Substance("calcium", 40.078, "Ca", valence=2),
    Substance("sodium", 22.990, "Na", valence=1),
    Substance("potassium", 39.098, "K", valence=1),
    # Laboratories count single chains with their haem, a quarter of the molecule.
    Substance("haemoglobin", 16114.0, "monomer: Zijlstra (1997), Clin Chem 43:1286"),
    Substance("NT-proBNP", 8457.0, "76 amino acids; makers of assays state 1 pmol/L = 8.457 ng/L"),
    Substance("BNP", 3464.0, "32 amino acids, C143H244N50O42S4"),
    Substance(
        "haemoglobin A1c",
        None,
        "ratio, on two scales",
        equations={
            ("mmol/mol", "%"): (_NGSP_SLOPE, _NGSP_INTERCEPT),
            ("%", "mmol/mol"): (1 / _NGSP_SLOPE, -_NGSP_INTERCEPT / _NGSP_SLOPE),
        },
    ),
)

SUBSTANCES = {substance.name: substance for substance in _SUBSTANCES}

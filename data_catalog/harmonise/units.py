"""Units as hospitals write them, turned into one canonical UCUM unit a measure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from data_catalog.errors import UnknownNameError, did_you_mean
from data_catalog.harmonise.substances import SUBSTANCES, Substance

# What people and laboratory systems type, beside UCUM itself; small letters stand for any.
_SPELLINGS = {
    "mmhg": "mm[Hg]",
    "mm hg": "mm[Hg]",
    "bpm": "/min",
    "beats/min": "/min",
    "1/min": "/min",
    "{counts}/min": "/min",
    "{beats}/min": "/min",
    "kg/m^2": "kg/m2",
    "mcg/l": "ug/L",
    "mcg/dl": "ug/dL",
    "mcg/ml": "ug/mL",
    "meq/l": "meq/L",
    "mval/l": "meq/L",
    "mmol/mol{hgb}": "mmol/mol",
    "mmol/mol hb": "mmol/mol",
    "u/l": "U/L",
    "[u]/l": "U/L",
    "iu/l": "[IU]/L",
    "[iu]/l": "[IU]/L",
    "c": "Cel",
    "°c": "Cel",
    "degc": "Cel",
    "[degc]": "Cel",
    "°f": "[degF]",
    "degf": "[degF]",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "sec": "s",
    "msec": "ms",
    "hz": "Hz",
    "prozent": "%",
    "percent": "%",
    # Kelvin and gauss are of no use in a blood count.
    "k/ul": "10*3/uL",
    "/nl": "10*9/L",
    "tsd/ul": "10*3/uL",
    "gpt/l": "10*9/L",
    "giga/l": "10*9/L",
    "tpt/l": "10*12/L",
    "tera/l": "10*12/L",
    "mio/ul": "10*6/uL",
    "/pl": "10*12/L",
    # A clearance for a body surface of 1.73 m² is another quantity than the same in mL/min; UCUM writes that as an annotation.
    "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1,73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73 m2": "mL/min/{1.73_m2}",
    "ml/min/1,73 m2": "mL/min/{1.73_m2}",
    "ml/min/1.73.m2": "mL/min/{1.73_m2}",
    "ml/min/1.73_m2": "mL/min/{1.73_m2}",
    "ml/min/{1.73}m": "mL/min/{1.73_m2}",
    "ml/min/(173.10*-2.m2)": "mL/min/{1.73_m2}",
}
# Where a capital decides: giga is not gram.
_EXACT_SPELLINGS = {"G/l": "10*9/L", "G/L": "10*9/L", "T/l": "10*12/L", "T/L": "10*12/L"}
_SIGNS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "−": "-"})
_POWER_OF_TEN = re.compile(r"(?:x\s*)?10(?:\^|\*\*|\*|[eE])(\d+)")
_LITRE = re.compile(r"(?<![A-Za-z\[{_])([munpfdc]?)l(?![A-Za-z_\]}])")
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_EQUIVALENT = re.compile(r"(?<![A-Za-z])m?eq(?![A-Za-z])")


@dataclass(frozen=True)
class Conversion:
    """How a value in one unit becomes one in another: ``value * factor + offset``."""

    factor: float
    offset: float = 0.0

    def of(self, value: float) -> float:
        """Return *value* converted."""
        return value * self.factor + self.offset

    def sql(self, value: str) -> str:
        """Return the SQL of the SQL expression *value* converted."""
        return f"({value}) * {self.factor!r}" + (f" + {self.offset!r}" if self.offset else "")


@cache
def _registry() -> Any:
    # ucumvert reads UCUM exactly; pint alone misreads 10*9/L and fails on mm[Hg].
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


@cache
def ucum(written: str) -> str:
    """Return the UCUM code of a unit as written, e.g. ``mmHg`` → ``mm[Hg]``, ``µg/l`` → ``ug/L``. Annotations stay.

    Raises
    ------
    UnknownNameError
        If it is neither UCUM nor a spelling that is known.
    """
    plain = written.strip()
    code = _EXACT_SPELLINGS.get(plain)
    if code is None:
        plain = plain.translate(_SIGNS)
        code = _SPELLINGS.get(plain.casefold())
    if code is None:
        # UCUM knows the litre by both letters; vocabularies list the capital one.
        code = _LITRE.sub(r"\1L", _POWER_OF_TEN.sub(r"10*\1", plain))
    try:
        _registry().from_ucum(code)
    except Exception:  # noqa: BLE001 — the parser's own exceptions are many and undocumented; any of them means "not a unit"
        raise UnknownNameError(
            f"{written!r} is not a UCUM unit. {did_you_mean(written, [*_SPELLINGS, *_SPELLINGS.values()])} "
            "See https://ucum.org for how units are written."
        ) from None
    return code


@cache
def conversion(recorded: str, canonical: str, substance: str | None = None) -> Conversion | None:
    """Return how a value in *recorded* becomes one in *canonical*, or None if it cannot.

    Parameters
    ----------
    recorded, canonical : str
        Units as written.
    substance : str, optional
        What was measured, as :data:`data_catalog.harmonise.substances.SUBSTANCES` names it. Between a mass and an amount of
        substance, and between equivalents and moles, only a substance leads.

    Examples
    --------
    >>> round(conversion("mmol/L", "mg/dL", "cholesterol").of(3.4), 1)
    131.5
    >>> round(conversion("mmol/mol", "%", "haemoglobin A1c").of(53), 1)
    7.0
    """
    try:
        source, target = ucum(recorded), ucum(canonical)
    except UnknownNameError:
        return None
    known = SUBSTANCES[substance] if substance is not None else None
    if source == target:
        return Conversion(1.0)
    if _surface(source) != _surface(target):
        return None
    if known is not None and known.equations:
        # Where scales differ, a ratio of units would be wrong: 53 mmol/mol of haemoglobin A1c are 7.0 %, not 5.3 %.
        source, target = _ANNOTATION.sub("", source), _ANNOTATION.sub("", target)
        if source == target:
            return Conversion(1.0)
        found = known.equations.get((source, target))
        return None if found is None else Conversion(*found)
    return _by_dimension(source, target, known)


def conversion_factor(recorded: str, canonical: str, substance: str | None = None) -> float | None:
    """Return what a value in *recorded* is multiplied by to be in *canonical*, or None if no factor alone converts it.

    See :func:`conversion`, which also knows scales with another zero (Celsius and Fahrenheit, haemoglobin A1c).
    """
    found = conversion(recorded, canonical, substance)
    return found.factor if found is not None and not found.offset else None


def _by_dimension(source: str, target: str, substance: Substance | None) -> Conversion | None:
    registry = _registry()
    equivalents = _charges(source, substance), _charges(target, substance)
    if None in equivalents and bool(_EQUIVALENT.search(source)) != bool(_EQUIVALENT.search(target)):
        return None
    charge = (equivalents[1] or 1) / (equivalents[0] or 1)
    quantity, wanted = registry.from_ucum(source), registry.from_ucum(target)
    if quantity.is_compatible_with(wanted):
        zero = registry.Quantity(0.0, quantity.units).to(wanted.units).magnitude
        one = registry.Quantity(float(quantity.magnitude), quantity.units).to(wanted.units).magnitude
        scale = float(wanted.magnitude)
        if zero:
            return Conversion(float(f"{(one - zero) / scale:.12g}"), float(f"{zero / scale:.12g}"))
        return Conversion(_without_dust(one / scale * charge))
    if substance is None or substance.molar_mass_g_mol is None:
        return None
    molar = registry.from_ucum("g/mol") * substance.molar_mass_g_mol
    for converted in (quantity * molar, quantity / molar):
        if converted.is_compatible_with(wanted):
            return Conversion(_without_dust(converted.to(wanted.units).magnitude / wanted.magnitude * charge))
    return None


def _without_dust(factor: Any) -> float:
    """A factor without what binary fractions leave in its last digit: 1000, not 999.9999999999999."""
    return float(f"{float(factor):.15g}")


def _charges(code: str, substance: Substance | None) -> int | None:
    """How many of the unit's equivalents are one mole: 1 if it counts none, None if that is not known."""
    if not _EQUIVALENT.search(code):
        return 1
    return substance.valence if substance is not None else None


def _surface(code: str) -> frozenset[str]:
    """The annotations that make another quantity of a unit: those that refer it to a body's surface."""
    return frozenset(note for note in _ANNOTATION.findall(code) if "m2" in note)

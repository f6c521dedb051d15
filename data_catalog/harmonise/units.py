"""Units as hospitals write them, turned into one canonical UCUM unit a measure."""

from __future__ import annotations

from functools import cache
from typing import Any

from data_catalog.errors import UnknownNameError, did_you_mean

# What people type for the units of the measures that the catalog has, beside UCUM itself.
_SPELLINGS = {
    "mmhg": "mm[Hg]",
    "bpm": "/min",
    "beats/min": "/min",
    "1/min": "/min",
    "{counts}/min": "/min",
    "{beats}/min": "/min",
    "kg/m^2": "kg/m2",
    "kg/m²": "kg/m2",
}


@cache
def _registry() -> Any:
    # ucumvert reads UCUM exactly; pint alone misreads 10*9/L and fails on mm[Hg].
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


def ucum(written: str) -> str:
    """Return the UCUM code of a unit as written, e.g. ``mmHg`` → ``mm[Hg]``.

    Raises
    ------
    UnknownNameError
        If it is neither UCUM nor a spelling that is known.
    """
    code = _SPELLINGS.get(written.strip().casefold(), written.strip())
    try:
        _registry().from_ucum(code)
    except Exception:  # noqa: BLE001 — the parser's own exceptions are many and undocumented; any of them means "not a unit"
        raise UnknownNameError(
            f"{written!r} is not a UCUM unit. {did_you_mean(written, [*_SPELLINGS, *_SPELLINGS.values()])} "
            "See https://ucum.org for how units are written."
        ) from None
    return code


@cache
def conversion_factor(recorded: str, canonical: str) -> float | None:
    """Return what a value in *recorded* is multiplied by to be in *canonical*, or None if it cannot be.

    Both are units as written. Scales with an offset (Celsius, Fahrenheit) and units of different dimension give None.
    """
    try:
        source, target = ucum(recorded), ucum(canonical)
    except UnknownNameError:
        return None
    if source == target:
        return 1.0
    registry = _registry()
    quantity, wanted = registry.from_ucum(source), registry.from_ucum(target)
    if not quantity.is_compatible_with(wanted):
        return None
    if registry.Quantity(0.0, quantity.units).to(wanted.units).magnitude != 0:
        return None  # a scale with an offset: no factor converts it
    return float(quantity.to(wanted.units).magnitude / wanted.magnitude)

"""Sorts of data, each of which a person can allow or forbid by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.errors import UnknownNameError, did_you_mean
from data_catalog.model.fields import IMAGING, WAVEFORM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data_catalog.model.fields import Table

CLINICAL = "clinical"
# In the order in which they are named.
MODALITIES = {
    CLINICAL: "who somebody is, diagnoses, drugs, laboratory values, visits, death",
    "waveform": "electrocardiograms and other recorded signals, and what was measured in them",
    "imaging": "images, and what was measured in them",
    "genomic": "variants and genotypes",
}


def known_modalities(modalities: Sequence[str]) -> tuple[str, ...]:
    """Return *modalities* in their usual order and without repetition; "clinical" is always among them.

    Raises
    ------
    UnknownNameError
        If one is no sort of data; the message names the nearest.
    """
    given = (modalities,) if isinstance(modalities, str) else tuple(modalities)
    for name in given:
        if name not in MODALITIES:
            raise UnknownNameError(
                f"{name!r} is not a sort of data that a study can ask for. {did_you_mean(str(name), MODALITIES)}"
            )
    return tuple(name for name in MODALITIES if name == CLINICAL or name in given)


def modality_of_table(table: Table) -> str:
    """Return the sort of data that a table of people holds."""
    if table.schema == "genomics":
        return "genomic"
    return {IMAGING: "imaging", WAVEFORM: "waveform"}.get(table.standard, CLINICAL)

"""The sorts of data: a definition says by its tables which it reads, and a study asks for people's consent to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.governance.modalities import CLINICAL, MODALITIES

if TYPE_CHECKING:
    from collections.abc import Collection

WAVEFORM, IMAGING, GENOMIC = "waveform", "imaging", "genomic"
# The tables of the language that hold other than clinical data.
_OTHER_TABLES = {"waveform_feature": WAVEFORM, "image_feature": IMAGING}


def modality_of(event_table: str) -> str:
    """Return the modality of a table that holds events."""
    return _OTHER_TABLES.get(event_table, CLINICAL)


def in_order(modalities: Collection[str]) -> tuple[str, ...]:
    """Return modalities in their usual order."""
    return tuple(name for name in MODALITIES if name in modalities)


def listed(modalities: Collection[str]) -> str:
    """Return modalities as a sentence lists them: "clinical, imaging and genomic"."""
    *others, last = in_order(modalities)
    return f"{', '.join(others)} and {last}" if others else last

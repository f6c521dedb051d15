"""The sorts of data: a study asks for consent to each, and a definition says by its tables which it reads."""

from __future__ import annotations

CLINICAL, WAVEFORM, IMAGING, GENOMIC = "clinical", "waveform", "imaging", "genomic"
# The tables of the language that hold other than clinical data.
_OTHER_TABLES = {"waveform_feature": WAVEFORM, "image_feature": IMAGING}


def modality_of(event_table: str) -> str:
    """Return the modality of a table that holds events."""
    return _OTHER_TABLES.get(event_table, CLINICAL)

"""One form for each sort of criterion: what is asked of a person, filled in by clicking.

A form gives its criterion, and shows one that somebody wrote in code, if it has a control for everything in it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from widgets.forms.coded import CODED, CodedForm
from widgets.forms.form import Form, Kind, kind_for
from widgets.forms.genome import GeneForm, GenomeForm, VariantForm
from widgets.forms.person import AgeForm, HospitalForm, SexForm
from widgets.forms.readings import ReadingForm
from workbench.cohorts.modalities import GENOMIC, modality_of

if TYPE_CHECKING:
    from widgets.concept_picker import FindConcepts

__all__ = ["CODED", "CodedForm", "Form", "Kind", "kind_for", "kinds"]

_READINGS = {
    "lab or vital sign": "measurement",
    "ECG measure": "waveform_feature",
    "imaging measure": "image_feature",
}


def kinds(find_concepts: FindConcepts, sites: tuple[str, ...]) -> list[Kind]:
    """Return every sort of criterion that can be clicked together, in the order in which they are offered."""
    clinical = modality_of("measurement")
    made = [
        Kind(name, clinical, partial(CodedForm, find_concepts, name), partial(CodedForm.can_show, name))
        for name in CODED
    ]
    made += [
        Kind(name, modality_of(table), partial(ReadingForm, table), partial(ReadingForm.can_show, table))
        for name, table in _READINGS.items()
    ]
    return [
        *made,
        Kind("gene", GENOMIC, GeneForm, GeneForm.can_show),
        Kind("variant", GENOMIC, VariantForm, VariantForm.can_show),
        Kind("genome sequenced", GENOMIC, GenomeForm, GenomeForm.can_show),
        Kind("age", clinical, AgeForm, AgeForm.can_show),
        Kind("sex", clinical, SexForm, SexForm.can_show),
        Kind("hospital", clinical, partial(HospitalForm, sites), partial(HospitalForm.can_show, sites)),
    ]

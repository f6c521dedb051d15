"""Five cardiology centres that do not exist: a seeded generator of the files that they would hand over.

:func:`write_hospitals` writes, for each centre, tables of OMOP CDM 5.4, MI-CDM and the waveform extension, consents, and genotypes as a
VCF; and the planted truth beside them. Nobody is behind any row. The generator shares no code with harmonisation or analysis and
imports neither, so what it plants is a test of them.

The modules follow the order in which one thing depends on another: :mod:`people` → :mod:`genomes` → :mod:`risk_factors` →
:mod:`onset` → :mod:`ventricle` → :mod:`course` → :mod:`conditions`, :mod:`visits`, :mod:`measurements`, :mod:`ecg`,
:mod:`imaging`, :mod:`drugs`, :mod:`procedures`, :mod:`consents` → :mod:`tables`, :mod:`untidiness`, :mod:`vcf`, :mod:`truth`.
"""

from data_catalog.synthetic.hospitals import Hospital, Hospitals, write_hospitals

__all__ = ["Hospital", "Hospitals", "write_hospitals"]

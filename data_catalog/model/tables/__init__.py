"""The tables of the model, declared by subject."""

from data_catalog.model.tables import (
    about,
    encounters,
    eras,
    events,
    findings,
    genomics,
    governance,
    health_system,
    imaging,
    notes,
    people,
    provenance,
    vocabulary,
    waveform,
)

# Tables stand after those that they refer to where that is possible, so people come first.
DECLARED = (
    *people.TABLES,
    *health_system.TABLES,
    *encounters.TABLES,
    *events.TABLES,
    *findings.TABLES,
    *notes.TABLES,
    *eras.TABLES,
    *imaging.TABLES,
    *waveform.TABLES,
    *genomics.TABLES,
    *vocabulary.TABLES,
    *about.TABLES,
    *governance.TABLES,
    *provenance.TABLES,
)

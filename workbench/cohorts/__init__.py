"""Cohorts: readable definitions of who is studied, from when, and what is asked of each person."""

from workbench.cohorts.codelists import Codelist, Concept, codelist, codelist_names
from workbench.cohorts.definition import Cohort, days_after_entry, end_of_observation
from workbench.cohorts.demographics import age_years, sex
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.events import death, diagnosis, measure, observation, visit
from workbench.cohorts.outcomes import TimeTo, time_to
from workbench.cohorts.protocol import protocol
from workbench.cohorts.serialise import from_yaml, read_definition, to_yaml, write_definition
from workbench.cohorts.variables import Variable, variable

__all__ = [
    "Codelist",
    "Cohort",
    "Concept",
    "DefinitionError",
    "TimeTo",
    "Variable",
    "age_years",
    "codelist",
    "codelist_names",
    "days_after_entry",
    "death",
    "diagnosis",
    "end_of_observation",
    "from_yaml",
    "measure",
    "observation",
    "protocol",
    "read_definition",
    "sex",
    "time_to",
    "to_yaml",
    "variable",
    "visit",
    "write_definition",
]

"""Cohorts: readable definitions of who is studied, from when, and what is asked of each person."""

from workbench.cohorts.codelists import Codelist, Concept, codelist, codelist_names
from workbench.cohorts.definition import Cohort
from workbench.cohorts.demographics import age_years, sex, site
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.events import death, diagnosis, drug, observation, procedure, visit
from workbench.cohorts.exits import at_first, days_after_entry, earliest_of, end_of_observation
from workbench.cohorts.expressions import at_least
from workbench.cohorts.genotypes import allele_count, carrier, genotyped
from workbench.cohorts.outcomes import TimeTo, time_to
from workbench.cohorts.protocol import protocol
from workbench.cohorts.readings import measure
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
    "allele_count",
    "at_first",
    "at_least",
    "carrier",
    "codelist",
    "codelist_names",
    "days_after_entry",
    "death",
    "diagnosis",
    "drug",
    "earliest_of",
    "end_of_observation",
    "from_yaml",
    "genotyped",
    "measure",
    "observation",
    "procedure",
    "protocol",
    "read_definition",
    "sex",
    "site",
    "time_to",
    "to_yaml",
    "variable",
    "visit",
    "write_definition",
]

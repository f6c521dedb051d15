"""Sources: one module for each form in which a hospital has its data."""

from data_catalog.sources.consents import ConsentTable
from data_catalog.sources.fhir import FhirFolder
from data_catalog.sources.omop import OmopFolder
from data_catalog.sources.tables import MappedTable
from data_catalog.sources.vcf import VcfFile
from data_catalog.sources.whas500 import whas500

__all__ = ["ConsentTable", "FhirFolder", "MappedTable", "OmopFolder", "VcfFile", "whas500"]

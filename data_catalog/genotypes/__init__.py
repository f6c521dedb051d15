"""Genotypes in the catalog: the layout of a row, writing and reading, who carries a variant in SQL, and leaving people out again."""

from data_catalog.genotypes.forget import forget_samples
from data_catalog.genotypes.layout import MISSING, decode_genotypes, encode_genotypes
from data_catalog.genotypes.sql import calls_sql, carriers_sql
from data_catalog.genotypes.store import Genotypes, append_rows, read_genotypes, variant_rows

__all__ = [
    "MISSING",
    "Genotypes",
    "append_rows",
    "calls_sql",
    "carriers_sql",
    "decode_genotypes",
    "encode_genotypes",
    "forget_samples",
    "read_genotypes",
    "variant_rows",
]

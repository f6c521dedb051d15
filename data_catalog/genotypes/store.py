"""Writing genotypes as rows of ``genomics.variant``, and reading them back as a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.errors import CatalogError, did_you_mean
from data_catalog.genotypes.layout import LAYOUT_COLUMNS, decode_genotypes, encode_genotypes
from data_catalog.lake import quoted
from data_catalog.model import TABLES, table_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

_DESCRIPTION = tuple(
    name for name in TABLES["variant"].field_names if name not in {*LAYOUT_COLUMNS, "ds", "ds_scale", "site"}
)


@dataclass(frozen=True)
class Genotypes:
    """Genotypes of a callset, as read.

    Parameters
    ----------
    matrix : int8 array, shape (n_variants, n_people)
        Alternate alleles: 0, 1, 2, or -1 for no call.
    variants : DataFrame, one row a row of the matrix
        What ``genomics.variant`` says of it: ``variant_index``, ``chrom``, ``pos_1based``, ``ref``, ``alt``, ``ac``, ``an``, …
    person_ids : int64 array, shape (n_people,)
        Whose the columns are.
    """

    matrix: NDArray[np.int8]
    variants: pl.DataFrame
    person_ids: NDArray[np.int64]


def variant_rows(variants: pl.DataFrame, genotypes: NDArray[np.int8]) -> pa.Table:
    """Return rows of ``genomics.variant``: the columns of *variants*, and genotypes and counts in the layout.

    Parameters
    ----------
    variants : DataFrame, shape (n_variants, …)
        What is known of each variant: ``callset_id``, ``variant_index``, ``chrom``, ``pos_1based``, ``ref``, ``alt``, ``n_alt``, …
    genotypes : int8 array, shape (n_variants, n_samples)
        Alternate alleles: 0, 1, 2, or -1 for no call.

    Raises
    ------
    ValueError
        If the two differ in their number of variants, or a genotype is none of the four.
    """
    if variants.height != genotypes.shape[0]:
        raise ValueError(f"{variants.height} variants are described, {genotypes.shape[0]} have genotypes.")
    rows = variants.to_arrow(compat_level=pl.CompatLevel.oldest())
    encoded = encode_genotypes(genotypes)
    for name in encoded.column_names:
        rows = rows.append_column(name, encoded[name])
    return rows


def append_rows(connection: duckdb.DuckDBPyConnection, relation: str, rows: pa.Table) -> None:
    """Add rows to the temporary table *relation*, which is made if it does not exist."""
    connection.register("_rows", rows)
    try:
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {quoted(relation)} AS FROM _rows LIMIT 0")
        connection.execute(f"INSERT INTO {quoted(relation)} BY NAME FROM _rows")
    finally:
        connection.unregister("_rows")


def read_genotypes(
    connection: duckdb.DuckDBPyConnection,
    *,
    site: str,
    callset_id: str,
    chrom: str | None = None,
    start_1based: int | None = None,
    end_1based: int | None = None,
    variant_indices: Sequence[int] | None = None,
    database: str = "lake",
) -> Genotypes:
    """Read genotypes of one callset, variants in the order of the genome, for the people who are still in it.

    Positions whose person has left (:mod:`data_catalog.genotypes.forget`) have no column. Dosages are not read.

    Parameters
    ----------
    site, callset_id : str
        The hospital, and the file.
    chrom : str, optional
        Only this chromosome, without a prefix.
    start_1based, end_1based : int, optional
        Only variants that begin between these positions, both included.
    variant_indices : sequence of int, optional
        Only these variants; one that the callset does not have has no row.
    database : str
        Name of the attached DuckLake.

    Raises
    ------
    CatalogError
        If the site has no such callset.
    """
    n_samples = _positions(connection, site, callset_id, database)
    people = connection.execute(
        f"SELECT sample_index, person_id FROM {table_address(TABLES['sample'], database)} "
        "WHERE site = ? AND callset_id = ? ORDER BY sample_index",
        [site, callset_id],
    ).to_arrow_table()
    where = ["site = ?", "callset_id = ?"]
    values: list[object] = [site, callset_id]
    for condition, value in (
        ("chrom = ?", chrom),
        ("pos_1based >= ?", start_1based),
        ("pos_1based <= ?", end_1based),
        (
            "list_contains(?::BIGINT[], variant_index)",
            None if variant_indices is None else [*map(int, variant_indices)],
        ),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    columns = ", ".join(quoted(name) for name in (*_DESCRIPTION, *LAYOUT_COLUMNS))
    rows = connection.execute(
        f"SELECT {columns} FROM {table_address(TABLES['variant'], database)} WHERE {' AND '.join(where)} ORDER BY variant_index",
        values,
    ).to_arrow_table()
    matrix = decode_genotypes(rows.select(LAYOUT_COLUMNS), n_samples)
    if people.num_rows != n_samples:
        matrix = np.ascontiguousarray(matrix[:, people["sample_index"].to_numpy()])
    variants = pl.from_arrow(rows.drop_columns(list(LAYOUT_COLUMNS)))
    return Genotypes(matrix, pl.DataFrame(variants), people["person_id"].to_numpy())


def _positions(connection: duckdb.DuckDBPyConnection, site: str, callset_id: str, database: str) -> int:
    """How many positions the callset's rows have, with or without a person."""
    held = dict(
        connection.execute(
            f"SELECT callset_id, n_samples FROM {table_address(TABLES['callset'], database)} WHERE site = ?", [site]
        ).fetchall()
    )
    if callset_id not in held:
        raise CatalogError(f"The site {site!r} has no callset {callset_id!r}. {did_you_mean(callset_id, held)}")
    return int(held[callset_id])

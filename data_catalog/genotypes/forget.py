"""Leaving people out of genotypes again, when consent is withdrawn: their calls are taken away, not only hidden.

What remains looks as if the callset had never had them, except that positions stay: nobody else gets theirs. A sparse variant no
longer lists the position, a dense one holds 3, no call, there. Allele counts, frequencies and ``n_missing`` count the people who are
still in ``genomics.sample``; :func:`data_catalog.genotypes.read_genotypes` and the SQL of :mod:`data_catalog.genotypes.sql` return
them alone. ``callset.n_samples`` stays too: it is the number of positions.

Rows are written anew. The data files from before still hold the calls until their snapshots expire and the files are deleted, as
for every table of the catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from data_catalog.genotypes.layout import (
    allele_counts,
    blob_array,
    blob_matrix,
    count_codes,
    list_array,
    list_positions,
)
from data_catalog.genotypes.store import append_rows
from data_catalog.lake import quoted
from data_catalog.model import TABLES, table_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    from numpy.typing import NDArray

_BYTES_AT_ONCE = 1 << 26
_REMADE = "_variants_without"


def forget_samples(
    connection: duckdb.DuckDBPyConnection, *, site: str, person_ids: Sequence[int], database: str = "lake"
) -> int:
    """Take people out of every callset of a site, within the transaction that is open on *connection*.

    Parameters
    ----------
    connection : DuckDBPyConnection
        That of a writer, in a transaction.
    site : str
        The hospital.
    person_ids : sequence of int
        Whom to leave out. People without genotypes change nothing.
    database : str
        Name of the attached DuckLake.

    Returns
    -------
    int
        Genotyped samples that were taken out: a person who was in two callsets counts twice.
    """
    sample = table_address(TABLES["sample"], database)
    whose = "site = ? AND list_contains(?::BIGINT[], person_id)"
    values = [site, [int(person) for person in person_ids]]
    leaving = connection.execute(
        f"SELECT callset_id, list(sample_index ORDER BY sample_index) FROM {sample} WHERE {whose} GROUP BY callset_id ORDER BY 1",
        values,
    ).fetchall()
    if not leaving:
        return 0
    connection.execute(f"DELETE FROM {sample} WHERE {whose}", values)
    for callset_id, positions in leaving:
        _forget_positions(connection, site, callset_id, np.array(positions, dtype=np.int64), database)
    return sum(len(positions) for _, positions in leaving)


def _forget_positions(
    connection: duckdb.DuckDBPyConnection, site: str, callset_id: str, positions: NDArray[np.int64], database: str
) -> None:
    """Write all variants of a callset anew, without what stands at *positions*."""
    variant, callset, sample = (table_address(TABLES[name], database) for name in ("variant", "callset", "sample"))
    of_callset, key = "WHERE site = ? AND callset_id = ?", [site, callset_id]
    ((n_positions, n_people),) = connection.execute(
        f"SELECT (SELECT n_samples FROM {callset} {of_callset}), (SELECT count(*) FROM {sample} {of_callset})",
        [*key, *key],
    ).fetchall()
    (last,) = connection.execute(f"SELECT max(variant_index) FROM {variant} {of_callset}", key).fetchall()[0]
    connection.execute(f"DROP TABLE IF EXISTS {quoted(_REMADE)}")
    step = max(1, _BYTES_AT_ONCE // (n_positions // 4 + 1))
    for first in range(0, (-1 if last is None else last) + 1, step):
        rows = connection.execute(
            f"SELECT * FROM {variant} {of_callset} AND variant_index >= ? AND variant_index < ? ORDER BY variant_index",
            [*key, first, first + step],
        ).to_arrow_table()
        append_rows(connection, _REMADE, _without(rows, positions, n_positions=n_positions, n_people=n_people))
    if last is not None:
        connection.execute(f"DELETE FROM {variant} {of_callset}", key)
        connection.execute(f"INSERT INTO {variant} BY NAME FROM {quoted(_REMADE)}")
        connection.execute(f"DROP TABLE {quoted(_REMADE)}")


def _without(rows: pa.Table, positions: NDArray[np.int64], *, n_positions: int, n_people: int) -> pa.Table:
    """Return rows of ``genomics.variant`` without the calls at *positions*, counted over the *n_people* who are left."""
    is_dense, packed = blob_matrix(rows["gt2"], n_positions)
    packed = packed.copy()
    for position in positions.tolist():
        packed[:, position // 4] |= 3 << 2 * (position % 4)
    padded = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    counts = np.zeros((3, rows.num_rows), dtype=np.int64)
    counts[:, is_dense] = count_codes(padded)
    # Every position without a person holds a 3, the new gaps and those of before.
    counts[2, is_dense] -= n_positions - n_people
    columns = {"gt2": blob_array(packed, is_dense)}
    for place, name in enumerate(("het", "hom", "miss")):
        columns[name], counts[place, ~is_dense] = _list_without(rows[name], positions, ~is_dense)
    columns |= allele_counts(*counts, n_people=n_people)
    columns["ds"] = _dosages_without(rows["ds"], positions, n_positions)
    for name, column in columns.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def _list_without(
    lists: pa.ChunkedArray, positions: NDArray[np.int64], is_sparse: NDArray[np.bool_]
) -> tuple[pa.Array, NDArray[np.int64]]:
    """The lists without *positions*, and how long those of sparse rows are now."""
    row, value = list_positions(lists)
    stays = ~np.isin(value, positions)
    lengths = np.bincount(row[stays], minlength=len(is_sparse))
    return list_array(value[stays], lengths, is_sparse), lengths[is_sparse]


def _dosages_without(dosages: pa.ChunkedArray, positions: NDArray[np.int64], n_positions: int) -> pa.Array:
    """The dosages with 0 at *positions*, in as many bytes a person as they have."""
    remade: list[bytes | None] = []
    for held in dosages.to_pylist():
        if held is None:
            remade.append(None)
            continue
        by_person = np.frombuffer(held, dtype=np.uint8).reshape(n_positions, -1).copy()
        by_person[positions] = 0
        remade.append(by_person.tobytes())
    return pa.array(remade, pa.binary())

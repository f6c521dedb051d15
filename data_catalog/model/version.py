"""Which model this is: a digest of its tables and columns, and what a catalog made by an older release lacks of them."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from data_catalog import lake
from data_catalog.model.registry import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from data_catalog.address import CatalogAddress


@cache
def model_digest() -> str:
    """Return a short digest of every table and column of the model with its type: equal for equal models."""
    columns = [
        f"{table.schema}.{table.name}.{field.name} {field.type}" for table in TABLES.values() for field in table.fields
    ]
    return hashlib.sha256("\n".join(sorted(columns)).encode()).hexdigest()[:12]


def missing_columns(place: CatalogAddress | Path, *, snapshot: int | None = None) -> tuple[str, ...]:
    """Return the columns of the model that a catalog does not have, as ``schema.table.column``; none if it is of this model.

    Parameters
    ----------
    place : CatalogAddress or Path
        Where the catalog is.
    snapshot : int, optional
        The snapshot that is looked at; the newest if not given.
    """
    with lake.open_reader(place, snapshot=snapshot) as connection:
        rows = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = 'lake'"
        ).fetchall()
    held = set(rows)
    wanted = ((table.schema, table.name, field.name) for table in TABLES.values() for field in table.fields)
    return tuple(".".join(column) for column in wanted if column not in held)

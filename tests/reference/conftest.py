"""Data that reference tests read, and the rule by which they compare figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from scipy.io import arff

from data_catalog.sources.whas500 import whas500_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def whas500() -> pl.DataFrame:
    """The Worcester Heart Attack Study: categories as whole numbers, and columns derived from the row number."""
    records, _ = arff.loadarff(whas500_file())
    row = pl.int_range(1, pl.len() + 1)
    return pl.DataFrame(
        {name: records[name].astype(float if records[name].dtype.kind == "f" else int) for name in records.dtype.names}
    ).with_columns(
        w=1 + (row % 3) / 2,
        wint=1 + row % 3,
        site=row % 5,
        exit_age=pl.col("age") + pl.col("lenfol") / 365.25,
    )


@pytest.fixture(scope="session")
def survival_examples(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "examples" / "survival" / "examples.json").read_text())


@pytest.fixture(scope="session")
def close() -> Callable[[Any, Any, float], bool]:
    """|a − b| <= tolerance · max(1, |b|), element by element; None and nan both mean 'not estimable'."""

    def compare(given: Any, expected: Any, tolerance: float) -> bool:
        a, b = (np.asarray(values, dtype=float) for values in (given, expected))
        near = np.abs(a - b) <= tolerance * np.maximum(1, np.abs(b))
        return a.shape == b.shape and bool(np.all(near | (np.isnan(a) & np.isnan(b))))

    return compare

"""The people of the Worcester Heart Attack Study whom the workbench demonstrates itself on.

500 people admitted with an acute myocardial infarction (Hosmer, Lemeshow & May, *Applied Survival Analysis*, 2nd ed., 2008). The
file lies inside the package scikit-survival; it is read as a file, and nothing of that package is imported.
"""

from __future__ import annotations

from importlib import metadata, resources
from pathlib import Path

from data_catalog.errors import IngestError
from data_catalog.sources.tables import MappedTable

_FILE = "sksurv/datasets/data/whas500.arff"


def whas500_file() -> Path:
    """Return the path of the file.

    Raises
    ------
    IngestError
        If scikit-survival is not installed, or has the file no more.
    """
    try:
        file = Path(str(metadata.distribution("scikit-survival").locate_file(_FILE)))
    except metadata.PackageNotFoundError:
        raise IngestError("The WHAS500 file lies inside the package scikit-survival, which is not installed.") from None
    if not file.is_file():
        raise IngestError(f"This release of scikit-survival has no {_FILE}. Install scikit-survival 0.28.")
    return file


def whas500_mapping() -> Path:
    """Return the path of the mapping that ships with the workbench; a model for one's own."""
    return Path(str(resources.files("data_catalog.sources").joinpath("whas500.yaml")))


def whas500() -> MappedTable:
    """Return the study as a source that a catalog can ingest."""
    return MappedTable(whas500_file(), whas500_mapping())

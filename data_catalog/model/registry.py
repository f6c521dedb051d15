"""Every table of the model by name, with our columns added."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from data_catalog.errors import UnknownNameError, did_you_mean
from data_catalog.model.added import with_added_columns
from data_catalog.model.tables import DECLARED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data_catalog.model.fields import Table

TABLES: Mapping[str, Table] = MappingProxyType({declared.name: with_added_columns(declared) for declared in DECLARED})


def table(name: str) -> Table:
    """Return the table of the model called *name*.

    Raises
    ------
    UnknownNameError
        If there is none; the message names the nearest.
    """
    try:
        return TABLES[name]
    except KeyError:
        raise UnknownNameError(
            f"{name!r} is not a table of the model. {did_you_mean(name, TABLES, show=8)}\n"
            "See the data dictionary: workbench catalog dictionary."
        ) from None

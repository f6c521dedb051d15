"""What ingestion asks of a source, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class IngestContext:
    """What a source is told of the catalog that it goes into."""

    site: str
    pseudonym_key: bytes = field(repr=False)


@dataclass(frozen=True)
class LeftOut:
    """People who have left the catalog and were in a source again, and how many rows of theirs were left out."""

    n_people: int = 0
    n_rows: int = 0

    def __add__(self, other: LeftOut) -> LeftOut:
        return LeftOut(self.n_people + other.n_people, self.n_rows + other.n_rows)


@dataclass(frozen=True)
class StagedSource:
    """A source in the harmonised model, not yet checked and not yet written.

    Parameters
    ----------
    relations : dict of str to str
        For each table of the model, the temporary relation that holds its rows. Its columns are columns of the model, and
        ``_row`` and ``_file``: where in the source a row came from.
    n_read : dict of str to int
        Rows read, by file or source table.
    ignored : tuple of str
        What the source has and the model has no place for, in words: files, columns.
    notes : tuple of str
        What a reader of the data has to know, such as a nominal date.
    withdrawn : LeftOut
        What the source itself left out, because it cannot be staged: whoever has left the catalog has no person id any more.
        Staged rows of such people are left out by the ingest.
    """

    relations: dict[str, str]
    n_read: dict[str, int]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    withdrawn: LeftOut = LeftOut()


class Source(Protocol):
    """Files in the form that a hospital has, and how to bring them into the model."""

    @property
    def format(self) -> str:
        """Name of the form: omop, tables, …"""
        ...

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files, for provenance."""
        ...

    @property
    def mapping(self) -> str:
        """Name and version of the mapping that turns the source into the model."""
        ...

    def stage(self, connection: duckdb.DuckDBPyConnection, context: IngestContext) -> StagedSource:
        """Read the source into temporary relations of *connection*.

        Raises
        ------
        IngestError
            If the source has a structural fault: file, row or column and remedy are named, values are not.
        """
        ...

"""What ingestion asks of a source, whatever its format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


@dataclass(frozen=True)
class IngestContext:
    """What a source is told of the catalog that it goes into."""

    site: str
    pseudonym_key: bytes = field(repr=False)


# Formats whose rows keep the keys that they have in their files.
KEEPS_KEYS = frozenset({"omop"})
HAS_LEFT = "people who have left the catalog"
UNKNOWN = "people whom the site's data do not know"
REPEATED = "statements that the catalog has already"


def counted(n: int, one: str, many: str) -> str:
    """Say a number and what it counts: ``1 row is``, ``2,000 rows are``."""
    return f"{n:,} {one if n == 1 else many}"


@dataclass(frozen=True)
class LeftOut:
    """What of a source was left out and why, counted. For the steward's report alone: such counts are nothing to publish.

    ``n_rows`` is 0 where people are not rows of the source, such as the sample columns of a VCF.
    """

    reason: str
    n_people: int
    n_rows: int


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
    left_out : tuple of LeftOut
        What the source itself left out, because it cannot be staged: whoever has left the catalog, or never was in it, has no
        person id. Staged rows of people who have left are left out by the ingest.
    """

    relations: dict[str, str]
    n_read: dict[str, int]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


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


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def paths_of(source: Source) -> tuple[Path, ...]:
    """Return the files of *source* as its property ``paths`` names them, by whose content a delivery is known again; none if it has none."""
    return tuple(getattr(source, "paths", ()))


def rules_of(source: Source) -> str:
    """Return what decides how *source* is read: its property ``rules``, or else the name of its mapping."""
    return str(getattr(source, "rules", source.mapping))

"""The small vocabulary of cardiovascular concepts that ships with the workbench, and how a mapping names a concept.

Each concept names the file that its id and code were read from; where there is none, it has an id of the local block
2,140,000,000–2,147,483,647. A site whose files bring a vocabulary of their own is resolved with that one alone.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import polars as pl

from data_catalog.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb

LOCAL_BLOCK = range(2_140_000_000, 2_147_483_648)
_WRITTEN = re.compile(r"^(?P<name>.+?)\s*\[(?P<vocabulary>[^\[\]]+?) (?P<code>[^\[\] ]+)\]$")


@dataclass(frozen=True)
class Concept:
    """One concept: OMOP's columns, its parents here, and where id and code were read."""

    concept_id: int
    concept_name: str
    domain_id: str
    vocabulary_id: str
    concept_class_id: str
    standard_concept: str
    concept_code: str
    parents: tuple[int, ...] = ()
    taken_from: str = ""

    @property
    def written(self) -> str:
        """The concept as a mapping file writes it: ``Heart rate [LOINC 8867-4]``."""
        return f"{self.concept_name} [{self.vocabulary_id} {self.concept_code}]"


class Vocabulary:
    """Concepts that source values can be mapped to, found by the way a mapping writes them."""

    def __init__(self, concepts: Iterable[Concept], *, name: str) -> None:
        self.name = name
        self._by_code = {(c.vocabulary_id, c.concept_code): c for c in concepts}

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._by_code.values())

    def named(self, written: str) -> Concept:
        """Return the concept that *written* names, as ``Heart rate [LOINC 8867-4]``.

        The code decides; the name is for the reader and must agree, so that a slip of the pen in either is seen.

        Raises
        ------
        UnknownNameError
            If the form is wrong, the code is not in the vocabulary, or name and code disagree.
        """
        match = _WRITTEN.match(written)
        if match is None:
            raise UnknownNameError(
                f"{written!r} does not name a concept. Write its name, then vocabulary and code in brackets: "
                f"'Heart rate [LOINC 8867-4]'. {did_you_mean(written, (c.written for c in self))}"
            )
        concept = self._by_code.get((match["vocabulary"], match["code"]))
        if concept is None:
            raise UnknownNameError(
                f"{written!r}: the vocabulary of this site ({self.name}) has no code {match['code']!r} of {match['vocabulary']!r}. "
                f"{did_you_mean(written, (c.written for c in self))}"
            )
        if concept.concept_name.casefold() != match["name"].strip().casefold():
            raise UnknownNameError(
                f"{written!r}: {match['vocabulary']} {match['code']} is called {concept.concept_name!r}. Write {concept.written!r}."
            )
        return concept


@cache
def shipped_vocabulary() -> Vocabulary:
    """Return the vocabulary that comes with the workbench."""
    text = resources.files("data_catalog.harmonise").joinpath("vocabulary.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return Vocabulary(
        (
            Concept(
                concept_id=int(row["concept_id"]),
                concept_name=row["concept_name"],
                domain_id=row["domain_id"],
                vocabulary_id=row["vocabulary_id"],
                concept_class_id=row["concept_class_id"],
                standard_concept=row["standard_concept"],
                concept_code=row["concept_code"],
                parents=tuple(int(parent) for parent in row["parents"].split()),
                taken_from=row["taken_from"],
            )
            for row in rows
        ),
        name="the workbench's own",
    )


def vocabulary_of_site(connection: duckdb.DuckDBPyConnection, site: str) -> Vocabulary | None:
    """Return the vocabulary that the catalog holds for *site*, or None if it has none yet."""
    rows = connection.execute(
        "SELECT concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, coalesce(standard_concept, ''), concept_code "
        "FROM lake.main.concept WHERE site = ?",
        [site],
    ).fetchall()
    return Vocabulary((Concept(*row) for row in rows), name=f"as ingested for {site}") if rows else None


def concept_rows(vocabulary: Vocabulary) -> pl.DataFrame:
    """Return the vocabulary as rows of OMOP's ``concept`` table (without ``site``)."""
    columns = (
        "concept_id",
        "concept_name",
        "domain_id",
        "vocabulary_id",
        "concept_class_id",
        "standard_concept",
        "concept_code",
    )
    return pl.DataFrame(
        [{name: getattr(concept, name) for name in columns} for concept in vocabulary],
        schema_overrides={"concept_id": pl.Int64},
    ).with_columns(
        pl.date(1970, 1, 1).alias("valid_start_date"),
        pl.date(2099, 12, 31).alias("valid_end_date"),
    )


def ancestor_rows(vocabulary: Vocabulary) -> pl.DataFrame:
    """Return the hierarchy as rows of OMOP's ``concept_ancestor``: every concept is its own ancestor at level 0."""
    parents = {concept.concept_id: concept.parents for concept in vocabulary}
    levels: dict[tuple[int, int], list[int]] = {}
    for descendant in parents:
        pending = [(descendant, 0)]
        while pending:
            ancestor, level = pending.pop()
            levels.setdefault((ancestor, descendant), []).append(level)
            pending += [(parent, level + 1) for parent in parents[ancestor]]
    return pl.DataFrame(
        [
            {
                "ancestor_concept_id": ancestor,
                "descendant_concept_id": descendant,
                "min_levels_of_separation": min(found),
                "max_levels_of_separation": max(found),
            }
            for (ancestor, descendant), found in sorted(levels.items())
        ]
    )


def stage_shipped_vocabulary(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Stage the shipped vocabulary for a site that has none: return the temporary relations of its tables."""
    vocabulary = shipped_vocabulary()
    staged = {}
    for table, frame in (("concept", concept_rows(vocabulary)), ("concept_ancestor", ancestor_rows(vocabulary))):
        connection.register("_frame", frame)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE _staged_{table} AS "
            "SELECT *, row_number() OVER () AS _row, 'vocabulary.tsv' AS _file FROM _frame"
        )
        connection.unregister("_frame")
        staged[table] = f"_staged_{table}"
    return staged

"""A VCF with genotypes: variants split to one alternate allele each, genotypes of the people whom the catalog knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.errors import IngestError, did_you_mean
from data_catalog.genotypes.genome import known_build
from data_catalog.governance.tombstones import RECORD_NUMBER, is_withdrawn_sql
from data_catalog.harmonise.identity import digest_parameters
from data_catalog.sources.base import HAS_LEFT, UNKNOWN, IngestContext, LeftOut, StagedSource
from data_catalog.sources.vcf_calls import HALF_CALLS, CallReader, HalfCalls
from data_catalog.sources.vcf_header import VcfHeader, blocks, opened, read_header
from data_catalog.sources.vcf_report import not_taken, notes
from data_catalog.sources.vcf_rows import RowReader
from data_catalog.sources.vcf_staging import CallsetStaging, KnownPeople

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class VcfFile:
    """A VCF of version 4 with sample columns, plain or compressed with bgzip or gzip.

    The names of the sample columns are the hospital's record numbers. They find their people through
    ``governance.person_link``, so the people of the site are brought in first. Columns of people whom the catalog does not know
    are left out and counted.

    A row with several alternate alleles becomes one variant for each; the others then count as 0. Alternate alleles that are no
    sequence (``*``, ``<DEL>``, breakends) are not taken, and reported. A call of a single allele on X, Y or MT is held as two of
    the same; anywhere else it is no call.

    Parameters
    ----------
    path : Path
        The file: ``.vcf``, ``.vcf.gz`` or ``.vcf.bgz``.
    build : str
        Reference genome: GRCh37 or GRCh38. If the header's chromosomes have the lengths of another, the file is refused.
    half_calls : str
        What a call is of which one allele is missing (``0/.``): ``missing``; ``reference``, where the missing allele is taken to
        be the reference one; or ``refuse``.
    """

    path: Path | str
    build: str = "GRCh38"
    half_calls: HalfCalls = "missing"
    format: str = "vcf"

    @property
    def files(self) -> tuple[str, ...]:
        """Name of the file."""
        return (Path(self.path).name,)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (Path(self.path),)

    @property
    def mapping(self) -> str:
        """How the file is read: reference genome and the policy for half calls."""
        return f"VCF 4, {self.build}, half calls {self.half_calls}"

    def stage(self, connection: duckdb.DuckDBPyConnection, context: IngestContext) -> StagedSource:
        """Read the file into staged variants; see :class:`data_catalog.sources.base.Source`."""
        build = known_build(self.build)
        half_calls = half_call_policy(self.half_calls)
        path = Path(self.path)
        with opened(path) as file:
            header, rest = read_header(file, path.name)
            _require_build(header, build, path.name)
            people = _people(connection, header, site=context.site, name=path.name)
            calls = CallReader(len(header.samples), half_calls)
            rows = RowReader(path.name, header.n_lines, calls)
            staging = CallsetStaging(connection, header, path, people)
            for block in rows.read(blocks(file, rest)):
                staging.add(block)
        is_phased = calls.counts.any_phased and not calls.counts.any_unphased
        staging.finish(build=build, half_calls=half_calls, is_phased=is_phased)
        return StagedSource(
            relations=staging.relations,
            n_read={path.name: rows.counts.n_rows},
            ignored=tuple(not_taken(path.name, header, rows.counts)),
            notes=tuple(notes(path.name, calls, n_lost_annotations=staging.n_lost_annotations)),
            left_out=_left_out(connection, header, context, n_known=len(people.columns)),
        )


def half_call_policy(named: str) -> HalfCalls:
    """Return the policy for half calls of that name, or raise IngestError with the nearest one."""
    for policy in HALF_CALLS:
        if policy == named:
            return policy
    raise IngestError(f"{named!r} is no policy for half calls. {did_you_mean(named, HALF_CALLS)}")


def _require_build(header: VcfHeader, build: str, name: str) -> None:
    if header.build not in (None, build):
        raise IngestError(
            f"{name}: the chromosomes in its header have the lengths of {header.build}, not of {build}. "
            f"Ingest it as what it is: --build {header.build}."
        )


def _left_out(
    connection: duckdb.DuckDBPyConnection, header: VcfHeader, context: IngestContext, *, n_known: int
) -> tuple[LeftOut, ...]:
    """Count the sample columns of people who have left the catalog, and of those whom it never knew."""
    connection.register("_columns", pl.DataFrame({"source_id": header.samples}))
    ((n_left,),) = connection.execute(
        f"SELECT count(*) FROM _columns WHERE {is_withdrawn_sql(RECORD_NUMBER, 'source_id')}",
        {"of_site": context.site, **digest_parameters(context.pseudonym_key)},
    ).fetchall()
    connection.unregister("_columns")
    parts = ((HAS_LEFT, n_left), (UNKNOWN, len(header.samples) - n_known - n_left))
    return tuple(LeftOut(reason, n, 0) for reason, n in parts if n)


def _people(connection: duckdb.DuckDBPyConnection, header: VcfHeader, *, site: str, name: str) -> KnownPeople:
    """Find the people of the sample columns by their record numbers.

    Raises
    ------
    IngestError
        If nobody is known, or two columns are of one person. Nobody is named.
    """
    connection.register(
        "_columns", pl.DataFrame({"source_id": header.samples, "place": np.arange(len(header.samples))})
    )
    found = connection.execute(
        "SELECT place, person_id FROM _columns JOIN lake.governance.person_link USING (source_id) WHERE site = ? ORDER BY place",
        [site],
    ).fetchall()
    connection.unregister("_columns")
    if not found:
        raise IngestError(
            f"None of the {len(header.samples):,} people in {name} is known to the catalog as a person of the site {site!r}. "
            "Bring the people of the site in first, with the record numbers that name the sample columns: in an OMOP folder "
            f"these are person.person_source_value (workbench catalog ingest omop FOLDER --site {site})."
        )
    first: dict[int, int] = {}
    for place, person in found:
        if first.setdefault(person, place) != place:
            raise IngestError(
                f"{name}: the sample columns {first[person] + 1} and {place + 1} are of one person. Leave one of them out: "
                "bcftools view -s."
            )
    columns, person_ids = np.array(found, dtype=np.int64).T
    return KnownPeople(columns, person_ids)

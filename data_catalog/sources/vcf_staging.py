"""Variants of a VCF on their way into the catalog: taken to temporary tables block by block, put in the order of the genome last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.errors import IngestError
from data_catalog.genotypes.genome import CHROMOSOMES
from data_catalog.genotypes.store import append_rows, variant_rows
from data_catalog.lake import literal, quoted
from data_catalog.sources.base import digest_of_file
from data_catalog.sources.vcf_annotation import annotation_rows, formats_of
from data_catalog.sources.vcf_header import SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from data_catalog.sources.vcf_calls import HalfCalls
    from data_catalog.sources.vcf_header import VcfHeader
    from data_catalog.sources.vcf_rows import Block

_VARIANT, _ANNOTATION, _CALLSET, _SAMPLE = (
    f"_staged_{table}" for table in ("variant", "variant_annotation", "callset", "sample")
)


@dataclass(frozen=True)
class KnownPeople:
    """Sample columns (from 0) whose people the catalog knows, and those people."""

    columns: NDArray[np.int64]
    person_ids: NDArray[np.int64]


@dataclass
class CallsetStaging:
    """Takes blocks of rows to temporary tables, and puts them in the order of the genome at the end."""

    connection: duckdb.DuckDBPyConnection
    header: VcfHeader
    path: Path
    people: KnownPeople
    relations: dict[str, str] = field(default_factory=dict)
    n_lost_annotations: int = 0

    def __post_init__(self) -> None:
        for relation in (_VARIANT, _ANNOTATION):
            self.connection.execute(f"DROP TABLE IF EXISTS {relation}")
        self.digest = digest_of_file(self.path)
        stem = next(self.path.name[: -len(end)] for end in SUFFIXES if self.path.name.lower().endswith(end))
        # Two files of one name are two callsets; one file brought in twice is one, and refused by its key.
        self.callset_id = f"{stem}-{self.digest[:8]}"
        self.formats = formats_of(self.header, self.path.name)
        self.ranks = {name: rank for rank, name in enumerate(CHROMOSOMES)}
        for contig in self.header.contigs:
            self.ranks.setdefault(contig, len(self.ranks))
        # Place in the genome of every variant so far: chromosome, position.
        self.chromosomes: list[int] = []
        self.positions: list[int] = []

    def add(self, block: Block) -> None:
        """Stage the variants of a block and what is said of them; variant_index is their place in the file for now."""
        first_index = len(self.positions)
        described = [(row, row.alts[place]) for row in block.rows for place in row.taken]
        self.chromosomes += [self.ranks.setdefault(row.chrom, len(self.ranks)) for row, _ in described]
        self.positions += [row.pos_1based for row, _ in described]
        variants = pl.DataFrame(
            {
                "callset_id": pl.repeat(self.callset_id, len(described), eager=True),
                "variant_index": np.arange(first_index, first_index + len(described)),
                "chrom": [row.chrom for row, _ in described],
                "pos_1based": pl.Series([row.pos_1based for row, _ in described], dtype=pl.Int64),
                "ref": [row.ref for row, _ in described],
                "alt": [alt for _, alt in described],
                "rsid": pl.Series([row.id for row, _ in described], dtype=pl.String),
                "n_alt": pl.Series([len(row.alts) for row, _ in described], dtype=pl.Int32),
                "source_record": [row.source_record for row, _ in described],
                "filter": pl.Series([row.filter for row, _ in described], dtype=pl.String),
                "_row": pl.Series([row.number for row, _ in described], dtype=pl.Int64),
            }
        )
        genotypes = block.genotypes
        if len(self.people.columns) < genotypes.shape[1]:
            genotypes = genotypes[:, self.people.columns]
        append_rows(self.connection, _VARIANT, variant_rows(variants, np.ascontiguousarray(genotypes)))
        if self.formats:
            annotations, n_lost = annotation_rows(block.rows, first_index, self.formats)
            append_rows(self.connection, _ANNOTATION, annotations.to_arrow(compat_level=pl.CompatLevel.oldest()))
            self.n_lost_annotations += n_lost

    def finish(self, *, build: str, half_calls: HalfCalls, is_phased: bool) -> None:
        """Refuse what is no callset; put variants in order; stage file and people."""
        name = self.path.name
        if not self.positions:
            raise IngestError(
                f"{name} has no row with a variant that can be taken: see the rows' ALT and FORMAT columns."
            )
        self._require_no_duplicates()
        self._sort()
        file = f"{literal(name)} AS _file"
        for relation, table in ((_VARIANT, "variant"), (_ANNOTATION, "variant_annotation")):
            if relation == _ANNOTATION and not self.formats:
                continue
            key = f", {literal(self.callset_id)} AS callset_id" if relation == _ANNOTATION else ""
            self.connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {relation}_rows AS SELECT *{key}, {file} FROM {relation}"
            )
            self.relations[table] = f"{relation}_rows"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_CALLSET} AS SELECT ? AS callset_id, ? AS genome_build, ?::INTEGER AS n_samples, "
            f"? AS half_call_policy, ?::BOOLEAN AS is_phased, ? AS source_file, ? AS source_digest, 1 AS _row, {file}",
            [self.callset_id, build, len(self.people.columns), half_calls, is_phased, name, self.digest],
        )
        samples = pl.DataFrame(
            {
                "sample_index": pl.Series(range(len(self.people.columns)), dtype=pl.Int32),
                "person_id": self.people.person_ids,
                "_row": self.people.columns + 1,
            }
        )
        self.connection.register("_samples", samples)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_SAMPLE} AS SELECT {literal(self.callset_id)} AS callset_id, *, {file} FROM _samples"
        )
        self.connection.unregister("_samples")
        self.relations |= {"callset": _CALLSET, "sample": _SAMPLE}

    def _require_no_duplicates(self) -> None:
        found = self.connection.execute(
            f"SELECT count(*), min(number) FROM (SELECT max(_row) AS number FROM {_VARIANT} "
            "GROUP BY chrom, pos_1based, ref, alt HAVING count(*) > 1)"
        ).fetchall()
        ((n_repeated, number),) = found
        if n_repeated:
            raise IngestError(
                f"{self.path.name}, row {number:,} (line {self.header.n_lines + number:,} of the file): its variant stands in the file "
                f"already ({n_repeated:,} such variant{'s' if n_repeated > 1 else ''} in all). The file was refused. "
                "Merge or remove the copies: bcftools norm --rm-dup exact."
            )

    def _sort(self) -> None:
        """Give every variant its place in the order of the genome; nothing to do for a file in that order."""
        order = np.lexsort((self.positions, self.chromosomes))
        if (order == np.arange(len(order))).all():
            return
        index = np.empty_like(order)
        index[order] = np.arange(len(order))
        self.connection.register("_order", pl.DataFrame({"variant_index": np.arange(len(order)), "_place": index}))
        for relation in (_VARIANT, _ANNOTATION) if self.formats else (_VARIANT,):
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {quoted(relation)} AS SELECT r.* REPLACE (o._place AS variant_index) "
                f"FROM {relation} AS r JOIN _order AS o USING (variant_index)"
            )
        self.connection.unregister("_order")

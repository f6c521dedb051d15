"""What an ingest says of a VCF: what was not taken, and what a reader of the genotypes has to know. Counts, and nobody's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.sources.vcf_annotation import fields_not_taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data_catalog.sources.vcf_calls import CallReader
    from data_catalog.sources.vcf_header import VcfHeader
    from data_catalog.sources.vcf_rows import RowCounts


def not_taken(name: str, header: VcfHeader, counts: RowCounts) -> Iterator[str]:
    """Yield what the file has and the model has no place for."""
    for kind, n in sorted(counts.not_sequences.items()):
        yield f"{name}: {_n(n, 'alternate allele')} that {'is' if n == 1 else 'are'} no sequence: {kind}"
    if counts.n_without_genotypes:
        yield f"{name}: {_n(counts.n_without_genotypes, 'row')} without genotypes (no GT)"
    if counts.other_fields:
        yield f"{name}: what is said of each call beside GT: {', '.join(sorted(counts.other_fields))}"
    info = fields_not_taken(header)
    if info:
        yield f"{name}: INFO {', '.join(info[:10])}{' …' if len(info) > 10 else ''}"


def notes(name: str, calls: CallReader, *, n_lost_annotations: int) -> Iterator[str]:
    """Yield what was done with calls and annotations that are out of the ordinary."""
    counts = calls.counts
    half = {"missing": "taken as no call", "reference": "taken with the reference allele for the missing one"}
    if counts.n_half:
        yield f"{name}: {_n(counts.n_half, 'call')} with one allele missing, {half[calls.half_calls]}"
    if counts.n_single:
        yield f"{name}: {_n(counts.n_single, 'call')} of a single allele on X, Y or MT, held as two of the same"
    if counts.n_single_elsewhere:
        yield f"{name}: {_n(counts.n_single_elsewhere, 'call')} of a single allele elsewhere than on X, Y and MT, taken as no call"
    if counts.n_polyploid:
        yield f"{name}: {_n(counts.n_polyploid, 'call')} of more than two alleles, taken as no call"
    if n_lost_annotations:
        yield f"{name}: {_n(n_lost_annotations, 'annotation')} of an allele that its row does not have, not taken"


def _n(n: int, what: str) -> str:
    return f"1 {what}" if n == 1 else f"{n:,} {what}s"

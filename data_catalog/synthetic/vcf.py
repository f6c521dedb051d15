"""Genotypes as a VCF: header and index by pysam, the records as bytes made by numpy (pysam's own records are some thirty times slower)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pysam

from data_catalog.synthetic.haplotypes import AUTOSOMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from data_catalog.synthetic.days import Ints
    from data_catalog.synthetic.genomes import Genomes

# Lengths of the autosomes of GRCh38.
_LENGTHS = (
    248_956_422, 242_193_529, 198_295_559, 190_214_555, 181_538_259, 170_805_979, 159_345_973, 145_138_636,
    138_394_717, 133_797_422, 135_086_622, 133_275_309, 114_364_328, 107_043_718, 101_991_189, 90_338_345,
    83_257_441, 80_373_285, 58_617_616, 64_444_167, 46_709_983, 50_818_468,
)  # fmt: skip
_CSQ = "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|HGVSc|HGVSp|CLIN_SIG|gnomADe_AF"
_META = (
    ("FILTER", "LowQual", "Low quality"),
    ("INFO", "AC", ("A", "Integer", "Alternate alleles counted")),
    ("INFO", "AN", (1, "Integer", "Alleles called")),
    ("INFO", "CSQ", (".", "String", f"Consequence annotations from Ensembl VEP. Format: {_CSQ}")),
    ("FORMAT", "GT", (1, "String", "Genotype")),
)
SHARE_MISSING = 0.003
# Genotypes of a person in a record of up to two alternate alleles, as written; the last one is a missing call.
_CALLS = ("0/0", "0/1", "1/1", "0/2", "2/2", "1/2", "./.")
MISSING_CALL = len(_CALLS) - 1
# The code of a pair (alternate alleles of the first kind, of the second kind).
_CODE = {(0, 0): 0, (1, 0): 1, (2, 0): 2, (0, 1): 3, (0, 2): 4, (1, 1): 5}
# Four bytes a call: a tab and three characters.
_CALL_BYTES = np.frombuffer("".join(f"\t{call}" for call in _CALLS).encode(), dtype=np.uint32)
# Alternate alleles of the first and second kind, and alleles called, for each code.
_FIRST = np.array([0, 1, 2, 0, 0, 1, 0])
_SECOND = np.array([0, 0, 0, 1, 2, 1, 0])


@dataclass(frozen=True)
class Records:
    """The records of one site in the order of the genome.

    Parameters
    ----------
    chrom, pos_1based, rsid, ref, csq : sequences, one entry a record
    alts : sequence of tuple of str
        One or two alternate alleles.
    calls : array of uint8, shape (n_records, n_samples)
        Index into the calls as written; ``MISSING_CALL`` for a missing one.
    """

    chrom: Sequence[str]
    pos_1based: Sequence[int]
    rsid: Sequence[str]
    ref: Sequence[str]
    alts: Sequence[tuple[str, ...]]
    csq: Sequence[str]
    calls: npt.NDArray[np.uint8]


def records_of(genomes: Genomes, rows: Ints, random: np.random.Generator) -> Records:
    """Return the records of the people in *rows* (at least one): all common variants, and the rare ones that somebody there carries."""
    common = genomes.common
    index, column, dosage = _calls_of(genomes, rows)
    shared = _shared_places(genomes, np.unique(index))
    places = sorted(shared, key=lambda place: (AUTOSOMES.index(place[0]), place[1]))
    row_of_variant = {
        variant: (row, kind) for row, place in enumerate(places) for kind, variant in enumerate(shared[place])
    }
    counts = np.zeros((len(places), len(rows), 2), dtype=np.uint8)
    where = np.array([row_of_variant[variant] for variant in index.tolist()]).reshape(-1, 2)
    counts[where[:, 0], column, where[:, 1]] = dosage
    # Nobody has three alleles.
    counts[:, :, 1] = np.minimum(counts[:, :, 1], 2 - counts[:, :, 0])
    lookup = np.zeros((3, 3), dtype=np.uint8)
    for (first, second), code in _CODE.items():
        lookup[first, second] = code
    rare_calls = lookup[counts[:, :, 0], counts[:, :, 1]]
    common_calls = common.dosage[rows].T.astype(np.uint8)  # codes 0, 1, 2 are the numbers of alternate alleles
    calls = np.concatenate([common_calls, rare_calls])
    missing = random.random(calls.shape, dtype=np.float32) < SHARE_MISSING
    # What the planted questions count is never missing.
    protected = [
        len(common_calls) + row
        for row, place in enumerate(places)
        if any(genomes.rare[variant].kind == "truncating" for variant in shared[place])
    ]
    missing[protected] &= calls[protected] == 0
    calls[missing] = MISSING_CALL
    variants = common.variants
    chrom = [*variants.chrom, *(place[0] for place in places)]
    pos = [*variants.pos_1based.tolist(), *(place[1] for place in places)]
    order = sorted(range(len(chrom)), key=lambda record: (AUTOSOMES.index(chrom[record]), pos[record]))
    rare = [[genomes.rare[variant] for variant in shared[place]] for place in places]
    ref = [*variants.ref, *(ones[0].ref for ones in rare)]
    alts = [*((alt,) for alt in variants.alt), *(tuple(one.alt for one in ones) for ones in rare)]
    csq = [
        *(f"{alt}|intergenic_variant|MODIFIER|||||||" for alt in variants.alt),
        *(",".join(one.csq for one in ones) for ones in rare),
    ]
    rsid = [*variants.rsid, *("." for _ in places)]
    return Records(
        chrom=[chrom[record] for record in order],
        pos_1based=[pos[record] for record in order],
        rsid=[rsid[record] for record in order],
        ref=[ref[record] for record in order],
        alts=[alts[record] for record in order],
        csq=[csq[record] for record in order],
        calls=calls[order],
    )


def _calls_of(genomes: Genomes, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """Rare calls of the people in *rows*: variant, column and number of alternate alleles."""
    column = np.full(int(max(rows.max(), genomes.rare_person.max(initial=0))) + 1, -1)
    column[rows] = np.arange(len(rows))
    here = column[genomes.rare_person] >= 0
    return genomes.rare_index[here], column[genomes.rare_person[here]], genomes.rare_dosage[here]


def _shared_places(genomes: Genomes, variants: Ints) -> dict[tuple[str, int, str], list[int]]:
    """Variants by place and reference: two that share them make one record with two alternate alleles."""
    places: dict[tuple[str, int, str], list[int]] = {}
    for variant in variants.tolist():
        one = genomes.rare[variant]
        places.setdefault((one.gene.chrom, one.pos_1based, one.ref), []).append(variant)
    return places


def write_vcf(path: Path, samples: Sequence[str], records: Records) -> None:
    """Write *records* as a bgzipped VCF at *path*, with a tabix index beside it."""
    first, second = _FIRST[records.calls].sum(axis=1), _SECOND[records.calls].sum(axis=1)
    called = 2 * (records.calls != MISSING_CALL).sum(axis=1)
    with pysam.BGZFile(str(path), "wb", None) as file:
        file.write(str(_header(samples)).encode())
        for index in range(len(records.chrom)):
            alts = records.alts[index]
            counts = ",".join(str(int(count)) for count in (first[index], second[index])[: len(alts)])
            info = f"AC={counts};AN={int(called[index])};CSQ={records.csq[index]}"
            fields = (
                records.chrom[index],
                str(records.pos_1based[index]),
                records.rsid[index],
                records.ref[index],
                ",".join(alts),
                ".",
                "PASS",
                info,
                "GT",
            )
            file.write("\t".join(fields).encode() + _CALL_BYTES[records.calls[index]].tobytes() + b"\n")
    pysam.tabix_index(str(path), preset="vcf", force=True)


def _header(samples: Sequence[str]) -> pysam.VariantHeader:
    header = pysam.VariantHeader()
    header.add_line("##fileformat=VCFv4.3")
    header.add_line("##reference=GRCh38")
    header.add_line("##source=synthetic")
    for kind, name, described in _META:
        if isinstance(described, str):
            header.add_meta(kind, items=[("ID", name), ("Description", described)])
        else:
            number, type_, description = described
            header.add_meta(
                kind, items=[("ID", name), ("Number", str(number)), ("Type", type_), ("Description", description)]
            )
    for chrom, length in zip(AUTOSOMES, _LENGTHS, strict=True):
        header.contigs.add(chrom, length=length)
    for sample in samples:
        header.add_sample(sample)
    return header

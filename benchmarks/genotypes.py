"""Genotypes from a compressed VCF against pysam's own records: `python -m benchmarks.genotypes`.

Simulated: 2,500 variants of 1,700 people (4.25 million genotypes), most of them rare, 0.3 % of calls missing, one annotation of VEP
with two entries for each variant; seed 20261124. Two tasks: the file to a matrix of allele counts in memory, and the file into a
catalog, where pysam only reads and has nothing to write. Every contestant answers with the alternate alleles of each variant.

pysam reads with ``sample.allele_indices``, the faster of its two ways to a call.

Predicted before the first run: reading at least 40 million genotypes a second of processor time (0.11 s here), and ten times faster
than pysam's records; the whole ingest, with checks, annotations and a commit, in no more time than pysam takes to read.

Measured (24 November 2026, two AMD EPYC cores that some thirty other processes shared, so seconds by the clock mean little): 22.6 times
and 2.3 times. Reading took 0.064 to 0.085 s of processor time in three runs, 50 to 66 million genotypes a second; the whole ingest
0.8 s of processor time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pysam

from benchmarks.harness import Task, main

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = 20261124
N_PEOPLE = 1_700
Solve: TypeAlias = "Callable[[], Sequence[float]]"

_folders: list[tempfile.TemporaryDirectory[str]] = []  # kept until the process ends
_CALLS = np.frombuffer(b"\t0/0\t0/1\t1/1\t./.", dtype=np.uint32)
_CSQ = "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|HGVSc|HGVSp|CLIN_SIG|gnomADe_AF"
_ENTRIES = (
    "G|missense_variant&splice_region_variant|MODERATE|TTN|ENSG00000155657|ENST00000589042|ENST00000589042.5:c.9A>G|p.Ile3Met|"
    "uncertain_significance|0.0001,G|intron_variant|MODIFIER|TTN-AS1|ENSG00000237298|ENST00000590773|||uncertain_significance|0.0001"
)


def vcf(n_variants: int) -> Path:
    """Write the file; it lasts as long as the process."""
    random = np.random.default_rng(SEED)
    _folders.append(tempfile.TemporaryDirectory(prefix="benchmark-genotypes-"))
    path = Path(_folders[-1].name) / "calls.vcf.gz"
    header = [
        "##fileformat=VCFv4.3",
        "##contig=<ID=2,length=242193529>",
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {_CSQ}">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT", *(f"P{n:06}" for n in range(N_PEOPLE))]),
    ]
    with pysam.BGZFile(str(path), "wb") as file:
        file.write("\n".join([*header, ""]).encode())
        for place, frequency in enumerate(random.beta(0.15, 2, n_variants)):
            calls = random.binomial(2, frequency, N_PEOPLE)
            calls[random.random(N_PEOPLE) < 0.003] = 3
            fixed = f"2\t{178_525_000 + place}\t.\tA\tG\t.\tPASS\tCSQ={_ENTRIES}\tGT"
            file.write(fixed.encode() + _CALLS[calls].tobytes() + b"\n")
    return path


def read_workbench(path: Path) -> Solve:
    from data_catalog.sources.vcf_calls import CallReader
    from data_catalog.sources.vcf_header import blocks, opened, read_header
    from data_catalog.sources.vcf_rows import RowReader

    def solve() -> Sequence[float]:
        with opened(path) as file:
            header, rest = read_header(file, path.name)
            rows = RowReader(path.name, header.n_lines, CallReader(len(header.samples), "missing"))
            matrices = [block.genotypes for block in rows.read(blocks(file, rest))]
        return _alternate_alleles(np.concatenate(matrices))

    return solve


def read_pysam(path: Path) -> Solve:
    def solve() -> Sequence[float]:
        rows = []
        with pysam.VariantFile(str(path)) as file:
            for record in file:
                alleles = [sample.allele_indices for sample in record.samples.values()]
                rows.append([-1 if None in pair else pair[0] + pair[1] for pair in alleles])
        return _alternate_alleles(np.array(rows, dtype=np.int8))

    return solve


def ingest_workbench(path: Path) -> Solve:
    import polars as pl

    from data_catalog import Catalog
    from data_catalog.lake import open_reader
    from data_catalog.sources import OmopFolder, VcfFile

    folder = path.parent / "omop"
    folder.mkdir()
    people = pl.DataFrame({"person_source_value": [f"P{n:06}" for n in range(N_PEOPLE)]}).with_row_index("person_id")
    people.with_columns(
        gender_concept_id=8507, year_of_birth=1950, race_concept_id=0, ethnicity_concept_id=0
    ).write_parquet(folder / "person.parquet")
    catalog = Catalog.create(path.parent / "catalog")
    catalog.ingest(OmopFolder(folder), site="benchmark", basis="synthetic")

    def solve() -> Sequence[float]:
        catalog.ingest(VcfFile(path), site="benchmark", basis="synthetic")
        with open_reader(catalog.folder) as connection:
            rows = connection.execute("SELECT ac FROM lake.genomics.variant ORDER BY variant_index").fetchall()
        return [count for (count,) in rows]

    return solve


def _alternate_alleles(matrix: np.ndarray) -> Sequence[float]:
    return np.where(matrix < 0, 0, matrix).sum(axis=1).tolist()


TASKS = {
    "read": Task(
        title="VCF to a matrix, 2,500 variants × 1,700 people",
        data=vcf,
        sizes=(50, 2_500),
        contestants={"workbench": read_workbench, "pysam records": read_pysam},
        predicted={"pysam records": 10},
        tolerance=0,
    ),
    "ingest": Task(
        title="VCF into a catalog (pysam only reads), 2,500 variants × 1,700 people",
        data=vcf,
        sizes=(50, 2_500),
        contestants={"workbench": ingest_workbench, "pysam records": read_pysam},
        predicted={"pysam records": 1},
        tolerance=0,
    ),
}


def run() -> int:
    """Run the benchmark with the options of the command line."""
    return main("benchmarks.genotypes", TASKS, ["cardio-workbench", "pysam", "numpy"])


if __name__ == "__main__":
    sys.exit(run())

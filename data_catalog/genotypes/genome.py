"""Chromosomes and reference genomes by the names that the catalog uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_catalog.errors import IngestError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y", "MT")
# Of these, one person has one copy or two; a genotype with a single allele is expected nowhere else.
SINGLE_COPY = frozenset({"X", "Y", "MT"})

# Lengths of chromosomes 1 to 22, X and Y, as the contig lines of VCF headers give them. They tell the builds apart.
_LENGTHS = {
    "GRCh37": (
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022, 141213431, 135534747, 135006516,
        133851895, 115169878, 107349540, 102531392, 90354753, 81195210, 78077248, 59128983, 63025520, 48129895, 51304566,
        155270560, 59373566,
    ),
    "GRCh38": (
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717, 133797422, 135086622,
        133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616, 64444167, 46709983, 50818468,
        156040895, 57227415,
    ),
}  # fmt: skip
BUILDS = tuple(_LENGTHS)
_ALSO_CALLED = {"hg19": "GRCh37", "b37": "GRCh37", "hg38": "GRCh38"}


def chromosome(written: str) -> str:
    """Return a chromosome without its prefix: ``chr1`` → ``1``, ``chrM`` → ``MT``. Other contigs keep their name."""
    name = written[3:] if written[:3].lower() == "chr" else written
    name = "MT" if name.upper() in ("M", "MT") else name.upper()
    return name if name in CHROMOSOMES else written


def known_build(build: str) -> str:
    """Return the catalog's name of a reference genome, or raise IngestError with the nearest one."""
    name = _ALSO_CALLED.get(build, build)
    if name not in BUILDS:
        raise IngestError(f"{build!r} is not a reference genome that is known here. {did_you_mean(build, BUILDS)}")
    return name


def build_of(lengths: Mapping[str, int]) -> str | None:
    """Return the build whose chromosomes have these lengths, or None if they fit none or several."""
    known = {name: length for name, length in lengths.items() if name in CHROMOSOMES[:-1]}
    fitting = [
        build
        for build, of_build in _LENGTHS.items()
        if all(of_build[CHROMOSOMES.index(name)] == length for name, length in known.items())
    ]
    return fitting[0] if known and len(fitting) == 1 else None

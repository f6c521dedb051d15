"""Opening a VCF, plain or compressed, and what its header says: people, contigs, and how annotations are written."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pysam

from data_catalog.errors import IngestError
from data_catalog.genotypes.genome import build_of, chromosome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = (".vcf", ".vcf.gz", ".vcf.bgz")
_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
_GZIP = b"\x1f\x8b"
# The empty block that ends every file of bgzip; a file that lost its end lacks it.
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_BLOCK_BYTES = 1 << 23


class Bytes(Protocol):
    """What a VCF is read from: a file, or what decompresses one."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most *size*; none at the end."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


@dataclass(frozen=True)
class VcfHeader:
    """What the header of a VCF says.

    Parameters
    ----------
    samples : tuple of str
        Names of the sample columns: record numbers of people, never shown.
    contigs : tuple of str
        Chromosomes in the header's order, by the catalog's names.
    lengths : dict of str to int
        Length of those that have one.
    descriptions : dict of str to str
        Description of each INFO field.
    attributes : dict of str to dict
        Further attributes of each INFO field: Source, Version.
    generic : dict of str to str
        Lines of other kinds: VEP, SnpEffVersion, reference.
    n_lines : int
        Lines before the first row.
    """

    samples: tuple[str, ...]
    contigs: tuple[str, ...]
    lengths: dict[str, int]
    descriptions: dict[str, str]
    attributes: dict[str, dict[str, str]]
    generic: dict[str, str]
    n_lines: int

    @property
    def build(self) -> str | None:
        """The reference genome whose chromosomes have the header's lengths, if that can be told."""
        return build_of(self.lengths)


@contextmanager
def opened(path: Path) -> Iterator[Bytes]:
    """Open a VCF for reading decompressed bytes.

    Raises
    ------
    IngestError
        If there is no such file, it is no VCF by its name, or it has lost its end. Also inside, when reading fails.
    """
    if not path.is_file():
        raise IngestError(f"There is no file {path}.")
    if not path.name.lower().endswith(SUFFIXES):
        hint = " Convert it with: bcftools view -Oz." if path.suffix.lower() == ".bcf" else ""
        raise IngestError(f"{path.name} is not a VCF by its name. Allowed: {', '.join(SUFFIXES)}.{hint}")
    damaged = f"{path.name} is damaged or has lost its end: it cannot be read to the last row. Copy or export it again."
    with path.open("rb") as raw:
        start = raw.read(18)
        is_bgzf = start.startswith(_GZIP) and start[12:14] == b"BC"
        raw.seek(-min(len(_BGZF_END), path.stat().st_size), 2)
        if is_bgzf and raw.read() != _BGZF_END:
            raise IngestError(damaged)
    file: Bytes = pysam.BGZFile(str(path), "rb", None) if start.startswith(_GZIP) else path.open("rb")
    try:
        yield file
    except (OSError, EOFError):
        raise IngestError(damaged) from None
    finally:
        with suppress(OSError):  # of a damaged file, which was told already
            file.close()


def blocks(file: Bytes, rest: bytes) -> Iterator[bytes]:
    """Yield what follows *rest* in blocks of whole lines, of about eight megabytes."""
    while chunk := file.read(_BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if not end:
            rest += chunk
            continue
        yield rest + chunk[:end]
        rest = chunk[end:]
    if rest:
        yield rest + b"\n"


def read_header(file: Bytes, name: str) -> tuple[VcfHeader, bytes]:
    """Read the header, and return it with the bytes that were read beyond it.

    Raises
    ------
    IngestError
        If it is no header of a VCF, names no people, or names one twice.
    """
    lines: list[bytes] = []
    rest = b""
    while not (lines and lines[-1].startswith(b"#CHROM")):
        chunk = file.read(1 << 16)
        if not chunk:
            raise IngestError(
                f"{name} has no line '#CHROM …' that names the columns, so it is no VCF, or has lost its end."
            )
        *found, rest = (rest + chunk).split(b"\n")
        for place, line in enumerate(found):
            if not line.startswith(b"#"):
                raise IngestError(
                    f"{name}, line {len(lines) + 1}: rows begin before the line '#CHROM …' that names the columns."
                )
            lines.append(line.rstrip(b"\r"))
            if line.startswith(b"#CHROM"):
                rest = b"\n".join([*found[place + 1 :], rest])
                break
    return _parsed(lines, name), rest


def _parsed(lines: list[bytes], name: str) -> VcfHeader:
    columns = lines[-1].decode("utf-8", "replace").split("\t")
    samples = tuple(columns[len(_FIXED) :])
    if tuple(columns[: len(_FIXED)]) != _FIXED[: len(columns)]:
        raise IngestError(
            f"{name}, line {len(lines)}: the first columns are not {' '.join(_FIXED)}, separated by tabs."
        )
    if not samples:
        raise IngestError(
            f"{name} has no sample columns: it describes variants and holds nobody's genotypes. Export it with the samples."
        )
    first: dict[str, int] = {}
    for place, sample in enumerate(samples, start=1):
        if first.setdefault(sample, place) != place:
            raise IngestError(
                f"{name}: the sample columns {first[sample]} and {place} have the same name. Name each person once."
            )
    header = _htslib_header(lines[:-1], name)
    contigs = {chromosome(str(contig)): header.contigs[contig].length for contig in header.contigs}
    info = {key: header.info[key] for key in header.info}
    return VcfHeader(
        samples=samples,
        contigs=tuple(contigs),
        lengths={contig: length for contig, length in contigs.items() if length},
        descriptions={key: str(field.description) for key, field in info.items()},
        attributes={
            key: {k: v.strip('"') for k, v in field.record.items()}
            for key, field in info.items()
            if field.record is not None
        },
        generic={
            str(record.key): record.value for record in header.records if record.type == "GENERIC" and record.value
        },
        n_lines=len(lines),
    )


def _htslib_header(lines: list[bytes], name: str) -> pysam.VariantHeader:
    if not lines or not re.match(rb"##fileformat=VCFv4\.\d", lines[0]):
        raise IngestError(f"{name}: the first line is not '##fileformat=VCFv4.…', so it is no VCF of version 4.")
    header = pysam.VariantHeader()
    # htslib complains on the standard error stream; what is wrong is told below.
    loud = pysam.set_verbosity(0)
    try:
        for number, line in enumerate(lines, start=1):
            try:
                header.add_line(line.decode("utf-8", "replace"))
            except ValueError:
                raise IngestError(
                    f"{name}, line {number}: this line of the header cannot be read. Correct or remove it."
                ) from None
    finally:
        pysam.set_verbosity(loud)
    return header

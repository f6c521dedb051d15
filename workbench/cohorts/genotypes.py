"""What a person carries: variants of a gene by their annotation, the count of one allele, and whether there is a genotype at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.cohorts.checks import plain_number
from workbench.cohorts.consequences import checked_significances, class_of, expand_consequences
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.expressions import Criterion, Number

# HGNC writes symbols in capitals and digits, but for the "orf" of open reading frames; some have parts joined by hyphens.
_GENE = re.compile(r"[A-Z][A-Z0-9]*(orf[0-9]+)?(-[A-Z0-9]+)*")
_VARIANT = re.compile(r"(?:chr)?([1-9]|1[0-9]|2[0-2]|X|Y|MT?)-([1-9][0-9]{0,8})-([ACGT]+)-([ACGT]+)")


@dataclass(frozen=True, repr=False)
class Carrier(Criterion):
    """Whether a person carries a variant of which one annotation says all that is asked. Not met, and as a variable missing, without a genotype.

    Parameters
    ----------
    genes : tuple of str
        HGNC symbols; the variant is annotated to one of them.
    consequence : tuple of str
        Sequence Ontology terms, of which it has one; any effect if none is named.
    max_population_frequency : float, optional
        Highest share of the allele in the annotation's reference population. A variant of unknown frequency counts as rare.
    clinical_significance : tuple of str
        Clinical classes, of which it has one; any class, and none, if none is named.
    min_copies : int
        Alternate alleles of that variant that the person has at least: 1 or 2.
    """

    type_name = "carrier"
    genes: tuple[str, ...]
    consequence: tuple[str, ...] = ()
    max_population_frequency: float | None = None
    clinical_significance: tuple[str, ...] = ()
    min_copies: int = 1

    def __post_init__(self) -> None:
        if not self.genes:
            raise DefinitionError("carrier() needs a gene: carrier('TTN') or carrier(['MYH7', 'MYBPC3']).")
        for gene in self.genes:
            if not isinstance(gene, str) or not _GENE.fullmatch(gene):
                raise DefinitionError(
                    f"{gene!r} is not how HGNC writes a gene's symbol: capitals and digits, such as 'TTN' or 'NKX2-5'."
                )
        object.__setattr__(self, "genes", tuple(dict.fromkeys(self.genes)))
        object.__setattr__(self, "consequence", expand_consequences(self.consequence))
        object.__setattr__(self, "clinical_significance", checked_significances(self.clinical_significance))
        if self.max_population_frequency is not None:
            share = plain_number(self.max_population_frequency, "max_population_frequency")
            if not 0 <= share <= 1:
                raise DefinitionError(
                    f"max_population_frequency is a share of alleles, from 0 to 1, not {share!r}. 0.1 % is 0.001."
                )
            object.__setattr__(self, "max_population_frequency", share)
        if self.min_copies not in (1, 2) or isinstance(self.min_copies, bool):
            raise DefinitionError(
                f"min_copies counts alternate alleles of one person: 1 or 2, not {self.min_copies!r}."
            )

    def __repr__(self) -> str:
        parts = [_one_or_all(self.genes)]
        if self.consequence:
            name = class_of(self.consequence)
            parts.append(f"consequence={_one_or_all(self.consequence if name is None else (name,))}")
        if self.max_population_frequency is not None:
            parts.append(f"max_population_frequency={self.max_population_frequency!r}")
        if self.clinical_significance:
            parts.append(f"clinical_significance={_one_or_all(self.clinical_significance)}")
        if self.min_copies != 1:
            parts.append(f"min_copies={self.min_copies}")
        return f"carrier({', '.join(parts)})"


def _one_or_all(words: tuple[str, ...]) -> str:
    return repr(words[0]) if len(words) == 1 else repr(list(words))


@dataclass(frozen=True, repr=False)
class Genotyped(Criterion):
    """Whether a person has a genotype: a place in one of the catalog's files of variants."""

    type_name = "genotyped"

    def __repr__(self) -> str:
        return "genotyped()"


@dataclass(frozen=True, eq=False, repr=False)
class AlleleCount(Number):
    """How many alternate alleles of one variant a person has: 0, 1 or 2. Missing if the variant was not called in that person.

    Parameters
    ----------
    variant : str
        Chromosome, position from 1, reference and alternate allele, in the genome build of the catalog's files: ``2-178527202-C-T``.
    """

    type_name = "allele_count"
    variant: str

    def __post_init__(self) -> None:
        found = _VARIANT.fullmatch(self.variant) if isinstance(self.variant, str) else None
        if found is None:
            raise DefinitionError(
                f"{self.variant!r} does not name a variant. Write chromosome, position, reference and alternate allele with "
                "hyphens between: '2-178527202-C-T'."
            )
        chrom, position, ref, alt = found.groups()
        if ref == alt:
            raise DefinitionError(f"{self.variant!r} names no variant: its two alleles are the same.")
        object.__setattr__(self, "variant", f"{'MT' if chrom == 'M' else chrom}-{position}-{ref}-{alt}")

    @property
    def parts(self) -> tuple[str, int, str, str]:
        """Chromosome, position, reference and alternate allele."""
        chrom, position, ref, alt = self.variant.split("-")
        return chrom, int(position), ref, alt

    @property
    def label(self) -> str:
        """How tables call it."""
        return f"Alternate alleles of {self.variant}"

    @property
    def unit(self) -> str:
        """Alleles."""
        return "alleles"

    @property
    def possible(self) -> tuple[float, float]:
        """None, one or two."""
        return (0, 2)

    def __repr__(self) -> str:
        return f"allele_count({self.variant!r})"


def carrier(
    gene: str | Iterable[str],
    *,
    consequence: str | Iterable[str] = (),
    max_population_frequency: float | None = None,
    clinical_significance: str | Iterable[str] = (),
    min_copies: int = 1,
) -> Carrier:
    """Return the criterion that a person carries a variant of a gene, or of one of several.

    All that is asked must be said of the variant by one and the same annotation: of this gene, with this effect. People without a
    genotype do not meet the criterion; as a variable it is missing for them.

    Parameters
    ----------
    gene : str or sequence of str
        HGNC symbols: ``"TTN"``.
    consequence : str or sequence of str
        Sequence Ontology terms as VEP writes them, or a class: ``"truncating"`` (stop gained, frameshift, splice acceptor, splice
        donor), ``"missense"``. Any effect if not given.
    max_population_frequency : float, optional
        Highest share of the allele in the annotation's reference population, 0 to 1. A variant of unknown frequency counts as rare.
    clinical_significance : str or sequence of str
        Clinical classes: ``"pathogenic"``, ``"likely_pathogenic"``, …
    min_copies : {1, 2}
        Alternate alleles of one variant that the person has at least.

    Raises
    ------
    DefinitionError
        If a gene, term or class cannot be one; the message names the nearest.

    Examples
    --------
    >>> carrier("TTN", consequence="truncating", max_population_frequency=0.0001)
    carrier('TTN', consequence='truncating', max_population_frequency=0.0001)
    """
    return Carrier(
        _several(gene), _several(consequence), max_population_frequency, _several(clinical_significance), min_copies
    )


def allele_count(variant: str) -> AlleleCount:
    """Return how many alternate alleles of a variant a person has.

    Raises
    ------
    DefinitionError
        If *variant* does not name one.

    Examples
    --------
    >>> allele_count("chr2-178527202-C-T") >= 1
    allele_count('2-178527202-C-T') >= 1
    """
    return AlleleCount(variant)


def genotyped() -> Genotyped:
    """Return the criterion that a person has a genotype at all."""
    return Genotyped()


def _several(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) or not isinstance(words, Iterable) else tuple(words)

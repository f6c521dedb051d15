"""The rare variants: causal and harmless ones in the genes of cardiomyopathies, as a laboratory would annotate them.

Places and alleles are invented, and so are the numbers of proteins. Annotations have the form of Ensembl VEP's CSQ entries: one entry a transcript, several consequences
joined by ``&``, ``-`` for a deleted allele, ``%3D`` for an unchanged protein. Some traps of real data are here on purpose:

- a titin-truncating variant in an exon that the heart hardly uses, too common to cause disease;
- a second transcript in whose intron a truncating variant lies, and a gene on the other strand that overlaps titin;
- places with two alternate alleles, of which one truncates and the other does not;
- frequencies that are empty where the reference population has never seen a variant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_catalog.synthetic.genes import (
    GENES,
    MISSENSE,
    N_BENIGN,
    N_BENIGN_TITIN,
    N_CAUSAL,
    SYNONYMOUS,
    TRUNCATING,
    Gene,
)

BASES = "ACGT"
# What makes a carrier of the flagship question: an entry for TTN with one of these terms, and a frequency below the limit.
TRUNCATING_TERMS = ("stop_gained", "frameshift_variant", "splice_acceptor_variant", "splice_donor_variant")
POPULATION_AF_LIMIT = 0.001
# The harmless truncating variant: seen in 3 of 1,000 chromosomes.
COMMON_TRUNCATING_AF = 0.003
# Distance of invented places: no deletion reaches the next variant.
_SPACING_BASES = 7
_N_TITIN_PAIRS, _N_OTHER_PAIRS = 8, 4

_IMPACT = {TRUNCATING: "HIGH", MISSENSE: "MODERATE", SYNONYMOUS: "LOW"}
_TRUNCATING_CONSEQUENCES = {
    "frameshift_variant": 0.38,
    "frameshift_variant&splice_region_variant": 0.04,
    "stop_gained": 0.36,
    "stop_gained&splice_region_variant": 0.04,
    "splice_donor_variant": 0.08,
    "splice_donor_variant&intron_variant": 0.02,
    "splice_acceptor_variant": 0.08,
}
_AMINO_ACIDS = (
    "Ala Arg Asn Asp Cys Gln Glu Gly His Ile Leu Lys Met Phe Pro Ser Thr Trp Tyr Val".split()  # noqa: SIM905 — read more easily
)


@dataclass(frozen=True)
class RareVariant:
    """One rare variant.

    Parameters
    ----------
    gene : Gene
        The gene it lies in.
    kind : str
        ``truncating``, ``missense`` or ``synonymous``.
    is_causal : bool
        Whether carriers are drawn by their disease; else it is spread over everybody by ``frequency``.
    pos_1based, ref, alt : int, str, str
        As in the VCF.
    frequency : float
        Share of alternate alleles in everybody; 0 for causal variants.
    population_af : float or None
        What a reference population says; None where it has not seen the variant.
    csq : str
        The entries of VEP, joined by commas.
    """

    gene: Gene
    kind: str
    is_causal: bool
    pos_1based: int
    ref: str
    alt: str
    frequency: float
    population_af: float | None
    csq: str

    @property
    def is_flagship(self) -> bool:
        """Whether it makes a carrier of a rare truncating variant in TTN."""
        rare = self.population_af is None or self.population_af < POPULATION_AF_LIMIT
        return self.gene.symbol == "TTN" and self.kind == TRUNCATING and rare


def rare_variants(random: np.random.Generator) -> tuple[RareVariant, ...]:
    """Draw the rare variants of all genes, in the order of GENES and within a gene of their positions."""
    found: list[RareVariant] = []
    for gene in GENES:
        kinds = _kinds(gene)
        slots = (gene.end_1based - gene.start_1based - _SPACING_BASES) // _SPACING_BASES
        places = gene.start_1based + _SPACING_BASES * np.sort(random.choice(slots, size=len(kinds), replace=False))
        shuffled = [kinds[index] for index in random.permutation(len(kinds))]
        found += [
            _variant(gene, kind, int(place), random, is_causal=is_causal, frequency=frequency)
            for (kind, is_causal, frequency), place in zip(shuffled, places, strict=True)
        ]
    return _with_pairs(found, random)


def _kinds(gene: Gene) -> list[tuple[str, bool, float]]:
    """What variants a gene has: kind, whether causal, and frequency (−1: to be drawn)."""
    causal = [(kind, True, 0.0) for kind in (TRUNCATING, MISSENSE) for _ in range(N_CAUSAL.get((gene.symbol, kind), 0))]
    counts = N_BENIGN_TITIN if gene.symbol == "TTN" else N_BENIGN
    benign = [(kind, False, -1.0) for kind, count in counts.items() for _ in range(count)]
    common = [(TRUNCATING, False, COMMON_TRUNCATING_AF)] if gene.symbol == "TTN" else []
    return causal + benign + common


def _variant(
    gene: Gene,
    kind: str,
    place: int,
    random: np.random.Generator,
    *,
    is_causal: bool,
    frequency: float,
    alleles: tuple[str, str] | None = None,
) -> RareVariant:
    if frequency < 0:
        frequency = float(10 ** random.uniform(-4.0, -1.9))  # most of them rare, a few above 1 %
    consequence = _consequence(kind, random)
    if not is_causal and kind == TRUNCATING:
        consequence = "stop_gained"
    ref, alt = alleles or _alleles(consequence, random)
    if is_causal:
        population_af = float(f"{10 ** random.uniform(-5.4, -4.3):.3g}") if random.random() < 0.3 else None
    else:
        population_af = (
            float(f"{frequency * random.uniform(0.8, 1.25):.3g}") if frequency > 2e-4 or random.random() < 0.5 else None
        )
    return RareVariant(
        gene,
        kind,
        is_causal,
        place,
        ref,
        alt,
        frequency,
        population_af,
        _csq(gene, kind, consequence, ref, alt, population_af, random, is_causal=is_causal),
    )


def _consequence(kind: str, random: np.random.Generator) -> str:
    if kind == TRUNCATING:
        return str(random.choice(list(_TRUNCATING_CONSEQUENCES), p=list(_TRUNCATING_CONSEQUENCES.values())))
    if kind == MISSENSE:
        return "missense_variant&splice_region_variant" if random.random() < 0.05 else "missense_variant"
    return "splice_region_variant&synonymous_variant" if random.random() < 0.1 else "synonymous_variant"


def _alleles(consequence: str, random: np.random.Generator) -> tuple[str, str]:
    """Reference and alternate: one base for another, or for frameshifts a loss or gain of 1, 2 or 4 bases."""
    ref, other = random.choice(list(BASES), size=2, replace=False)
    if not consequence.startswith("frameshift"):
        return str(ref), str(other)
    more = "".join(random.choice(list(BASES), size=int(random.choice([1, 2, 4]))))
    return (f"{ref}{more}", str(ref)) if random.random() < 0.6 else (str(ref), f"{ref}{more}")


def _csq(
    gene: Gene,
    kind: str,
    consequence: str,
    ref: str,
    alt: str,
    population_af: float | None,
    random: np.random.Generator,
    *,
    is_causal: bool,
) -> str:
    """The entries of VEP for one alternate allele: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|HGVSc|HGVSp|CLIN_SIG|gnomADe_AF."""
    # VEP leaves out the base that both alleles begin with.
    allele = alt if len(ref) == len(alt) else alt[1:] or "-"
    coding_base = int(random.integers(20, 100_000 if gene.symbol == "TTN" else 4_000))
    significance = _significance(kind, random, is_causal=is_causal)
    frequency = "" if population_af is None else f"{population_af:.6g}"
    entries = [
        [
            allele,
            consequence,
            _IMPACT[kind],
            gene.symbol,
            gene.ensembl_id,
            gene.transcript,
            f"{gene.transcript}.1:c.{_coding_change(consequence, coding_base, ref, alt)}",
            _protein_change(gene, kind, consequence, coding_base, random),
            significance,
            frequency,
        ]
    ]
    for symbol, gene_id, transcript in gene.overlapping:
        if random.random() < 0.3:
            elsewhere = "intron_variant" if symbol == gene.symbol else "intron_variant&non_coding_transcript_variant"
            entries.append(
                [allele, elsewhere, "MODIFIER", symbol, gene_id, transcript, "", "", significance, frequency]
            )
    return ",".join("|".join(entry) for entry in entries)


def _significance(kind: str, random: np.random.Generator, *, is_causal: bool) -> str:
    if not is_causal:
        return (
            "benign"
            if kind == TRUNCATING
            else str(random.choice(["benign", "likely_benign", "uncertain_significance", ""]))
        )
    if kind == TRUNCATING:
        return str(random.choice(["pathogenic", "likely_pathogenic", "pathogenic&likely_pathogenic", ""]))
    return str(random.choice(["pathogenic", "likely_pathogenic", "uncertain_significance"]))


def _coding_change(consequence: str, base: int, ref: str, alt: str) -> str:
    if consequence.startswith("splice_donor"):
        return f"{base}+1{ref}>{alt}"
    if consequence.startswith("splice_acceptor"):
        return f"{base}-2{ref}>{alt}"
    if len(ref) > len(alt):
        last = base + len(ref) - 2
        return f"{base}del" if last == base else f"{base}_{last}del"
    if len(ref) < len(alt):
        return f"{base}_{base + 1}ins{alt[1:]}"
    return f"{base}{ref}>{alt}"


def _protein_change(gene: Gene, kind: str, consequence: str, base: int, random: np.random.Generator) -> str:
    if consequence.startswith(("splice_donor", "splice_acceptor")):
        return ""
    before, after = (str(name) for name in random.choice(_AMINO_ACIDS, size=2, replace=False))
    place = (base + 2) // 3
    protein = f"{gene.ensembl_id.replace('ENSG', 'ENSP')}.1:p."
    if consequence.startswith("stop"):
        return f"{protein}{before}{place}Ter"
    if consequence.startswith("frameshift"):
        return f"{protein}{before}{place}{after}fsTer{random.integers(2, 40)}"
    return f"{protein}{before}{place}{'%3D' if kind == SYNONYMOUS else after}"


def _with_pairs(variants: list[RareVariant], random: np.random.Generator) -> tuple[RareVariant, ...]:
    """Move some harmless missense variants to the place of a causal one of the same gene: two alternate alleles, one record."""
    hosts = [index for index, one in enumerate(variants) if one.is_causal and len(one.ref) == len(one.alt) == 1]
    titin = [index for index in hosts if variants[index].gene.symbol == "TTN"]
    chosen = [
        *random.choice(titin, size=_N_TITIN_PAIRS, replace=False),
        *random.choice(np.setdiff1d(hosts, titin), size=_N_OTHER_PAIRS, replace=False),
    ]
    moved: set[int] = set()
    for host in (variants[index] for index in chosen):
        guests = [
            index
            for index, one in enumerate(variants)
            if one.gene is host.gene and one.kind == MISSENSE and not one.is_causal and index not in moved
        ]
        # The most frequent one, so that every site has somebody who carries it.
        guest = max(guests, key=lambda index: variants[index].frequency)
        moved.add(guest)
        variants[guest] = _variant(
            host.gene,
            MISSENSE,
            host.pos_1based,
            random,
            is_causal=False,
            frequency=variants[guest].frequency,
            alleles=(host.ref, next(base for base in BASES if base not in (host.ref, host.alt))),
        )
    return tuple(variants)

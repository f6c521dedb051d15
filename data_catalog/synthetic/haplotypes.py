"""Common variants in linkage disequilibrium, copied from a few founders, and the polygenic scores that they add up to.

Two thousand variants lie in blocks of twenty. In each block everybody's two chromosomes are copies of one of twelve founders, and from
block to block a chromosome mostly stays with its founder where blocks are neighbours (Li & Stephens 2003, Genetics 165:2213–2233).
Sites draw founders with slightly different weights, so their allele frequencies differ slightly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from data_catalog.synthetic.sites import SITES
from data_catalog.synthetic.variants import BASES

if TYPE_CHECKING:
    from data_catalog.synthetic.days import Floats, Ints

N_BLOCKS, BLOCK_VARIANTS, N_FOUNDERS = 100, 20, 12
_STAY_WITH_FOUNDER = 0.6
# Copies are not perfect: recombination inside blocks and mutation.
_MISCOPIED = 0.004
_SPACING_BASES = (500, 6_000)
_FIRST_RSID = 9_000_000_000  # beyond the numbers that dbSNP has given out

N_SCORE_INFARCTION, N_SCORE_LVEF = 60, 40
# One standard deviation of the score for infarction: log hazard ratio. Genome-wide scores reach about 0.5 (Khera et al. 2018,
# Nat Genet 50:1219–1224); this one has sixty variants.
LOG_HAZARD_RATIO_PER_SD_OF_INFARCTION_SCORE = 0.40
# One standard deviation of the score for LVEF, in percentage points.
LVEF_POINTS_PER_SD_OF_SCORE = 1.5

AUTOSOMES = tuple(f"chr{number}" for number in range(1, 23))


@dataclass(frozen=True)
class CommonVariants:
    """The common variants, in the order of chromosome and position, arrays of shape (n_variants,).

    ``infarction_effect`` is the log hazard ratio of infarction and ``lvef_effect`` the change of LVEF in points, each for one more
    alternate allele; 0 for most.
    """

    chrom: tuple[str, ...]
    pos_1based: Ints
    ref: tuple[str, ...]
    alt: tuple[str, ...]
    rsid: tuple[str, ...]
    infarction_effect: Floats
    lvef_effect: Floats


@dataclass(frozen=True)
class Haplotypes:
    """Common variants and everybody's number of alternate alleles.

    ``dosage`` has shape (n_people, n_variants); scores have a mean of 0 over all people.
    """

    variants: CommonVariants
    dosage: npt.NDArray[np.int8]
    infarction_score: Floats
    lvef_score: Floats


def haplotypes_of(site: Ints, origin: Ints, random: np.random.Generator) -> Haplotypes:
    """Draw the common variants, and the genotypes of people at *site*; who stands in two rows (*origin*) has one genome."""
    block_chrom = np.sort(np.arange(N_BLOCKS) % len(AUTOSOMES))
    founders = _founders(random)
    weights = np.stack([random.dirichlet(np.full(N_FOUNDERS, 12.0)) for _ in range(N_BLOCKS)])
    site_weights = np.stack([np.stack([random.dirichlet(400 * weight + 1) for weight in weights]) for _ in SITES])
    first, second = (_chromosome(site, block_chrom, founders, site_weights, random) for _ in range(2))
    dosage = (first + second)[origin]
    n_variants = dosage.shape[1]
    chosen = random.permutation(n_variants)[: N_SCORE_INFARCTION + N_SCORE_LVEF]
    infarction_effect = _effects(
        dosage, chosen[:N_SCORE_INFARCTION], LOG_HAZARD_RATIO_PER_SD_OF_INFARCTION_SCORE, random
    )
    lvef_effect = _effects(dosage, chosen[N_SCORE_INFARCTION:], LVEF_POINTS_PER_SD_OF_SCORE, random)
    ref, alt = _alleles(n_variants, random)
    variants = CommonVariants(
        chrom=tuple(AUTOSOMES[index] for index in np.repeat(block_chrom, BLOCK_VARIANTS)),
        pos_1based=_positions(block_chrom, random),
        ref=ref,
        alt=alt,
        rsid=tuple(f"rs{number}" for number in _FIRST_RSID + np.cumsum(random.integers(1, 40_000, n_variants))),
        infarction_effect=infarction_effect,
        lvef_effect=lvef_effect,
    )
    return Haplotypes(variants, dosage, _score(dosage, infarction_effect), _score(dosage, lvef_effect))


def _founders(random: np.random.Generator) -> npt.NDArray[np.int8]:
    """Alleles of the founders, shape (blocks, founders, variants): nested as on a tree, so that variants of a block go together."""
    founders = np.zeros((N_BLOCKS, N_FOUNDERS, BLOCK_VARIANTS), dtype=np.int8)
    for block in range(N_BLOCKS):
        order = random.permutation(N_FOUNDERS)
        for variant in range(BLOCK_VARIANTS):
            # Carriers are neighbours on the tree; few of them more often than many.
            n_carriers = 1 + int((N_FOUNDERS - 3) * random.random() ** 1.7)
            start = int(random.integers(0, N_FOUNDERS))
            founders[block, order[(start + np.arange(n_carriers)) % N_FOUNDERS], variant] = 1
    return founders


def _chromosome(
    site: Ints,
    block_chrom: Ints,
    founders: npt.NDArray[np.int8],
    site_weights: Floats,
    random: np.random.Generator,
) -> npt.NDArray[np.int8]:
    """One of everybody's two chromosome sets, shape (people, variants)."""
    n_people = len(site)
    copied = np.empty((n_people, N_BLOCKS), dtype=np.int64)
    cumulative = np.cumsum(site_weights, axis=2)
    for block in range(N_BLOCKS):
        drawn = (random.random(n_people)[:, None] > cumulative[site, block, :-1]).sum(axis=1)
        if block and block_chrom[block] == block_chrom[block - 1]:
            drawn = np.where(random.random(n_people) < _STAY_WITH_FOUNDER, copied[:, block - 1], drawn)
        copied[:, block] = drawn
    alleles = founders[np.arange(N_BLOCKS), copied].reshape(n_people, -1)
    n_miscopied = random.poisson(_MISCOPIED * alleles.size)
    alleles.ravel()[random.integers(0, alleles.size, n_miscopied)] ^= 1
    return alleles


def _positions(block_chrom: Ints, random: np.random.Generator) -> Ints:
    """Positions that rise along each chromosome, away from its ends; blocks of one chromosome some Mb apart."""
    positions = np.empty((N_BLOCKS, BLOCK_VARIANTS), dtype=np.int64)
    for chrom in np.unique(block_chrom):
        blocks = np.flatnonzero(block_chrom == chrom)
        starts = 2_000_000 + 3_000_000 * np.sort(random.choice(12, size=len(blocks), replace=False))
        steps = random.integers(*_SPACING_BASES, (len(blocks), BLOCK_VARIANTS))
        positions[blocks] = starts[:, None] + np.cumsum(steps, axis=1)
    return positions.ravel()


def _alleles(n_variants: int, random: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    first = random.integers(0, len(BASES), n_variants)
    second = (first + random.integers(1, len(BASES), n_variants)) % len(BASES)
    return tuple(BASES[base] for base in first), tuple(BASES[base] for base in second)


def _effects(dosage: npt.NDArray[np.int8], chosen: Ints, per_sd: float, random: np.random.Generator) -> Floats:
    """Effects of one allele at the chosen variants such that the score has a standard deviation of *per_sd*."""
    effects = np.zeros(dosage.shape[1])
    effects[chosen] = random.standard_normal(len(chosen))
    raw = dosage[:, chosen].astype(np.float64) @ effects[chosen]
    # Four digits, as a published score would have; the score is made from the rounded effects.
    return np.round(effects * per_sd / raw.std(), 4)


def _score(dosage: npt.NDArray[np.int8], effects: Floats) -> Floats:
    used = np.flatnonzero(effects)
    score = dosage[:, used].astype(np.float64) @ effects[used]
    return score - score.mean()

"""Everybody's genome: common variants, and who carries which rare variant.

Causal variants are drawn from the disease, as a clinic sees it: so many of a hundred patients with dilated cardiomyopathy carry a
truncating variant in titin, so many relatives do, and a few people of general cardiology do and are well. Harmless
variants are drawn by their frequency, whatever somebody suffers from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data_catalog.synthetic.genes import SHARE_OF_CARRIERS, TRUNCATING
from data_catalog.synthetic.haplotypes import Haplotypes, haplotypes_of
from data_catalog.synthetic.people import Group, People, Planted
from data_catalog.synthetic.sites import SITES
from data_catalog.synthetic.variants import RareVariant, rare_variants

if TYPE_CHECKING:
    from data_catalog.synthetic.days import Bools, Ints
    from data_catalog.synthetic.streams import Streams

_FREQUENCY_SPREAD = 0.15  # of log allele frequencies between sites


@dataclass(frozen=True)
class Genomes:
    """Genotypes of all people.

    Parameters
    ----------
    common : Haplotypes
        Common variants, their genotypes and scores.
    rare : tuple of RareVariant
        Rare variants.
    rare_index, rare_person, rare_dosage : array of int, shape (n_calls,)
        The calls that are not homozygous for the reference, each once.
    causal_index : array of int, shape (n_people,)
        The causal variant that somebody carries, −1 for most.
    """

    common: Haplotypes
    rare: tuple[RareVariant, ...]
    rare_index: Ints
    rare_person: Ints
    rare_dosage: Ints
    causal_index: Ints

    def carries(self, symbol: str, kind: str | None = None) -> Bools:
        """Whether each person carries a causal variant of that gene (and kind)."""
        matching = np.array(
            [one.gene.symbol == symbol and one.is_causal and kind in (None, one.kind) for one in self.rare] + [False]
        )
        return matching[self.causal_index]

    @property
    def truncates_titin(self) -> Bools:
        """Whether each person carries a rare truncating variant in TTN, as the flagship question has it."""
        return self.carries("TTN", TRUNCATING)


def genomes_of(people: People, random: Streams) -> Genomes:
    """Draw everybody's genome; who stands in two rows has one."""
    common = haplotypes_of(people.site, people.origin, random["haplotypes"])
    rare = rare_variants(random["variants"])
    causal_index = _causal(people, rare, random["carriers"])[people.origin]
    carriers = np.flatnonzero(causal_index >= 0)
    benign_index, benign_person, benign_dosage = _benign(people, rare, random["carriers"])
    return Genomes(
        common=common,
        rare=rare,
        rare_index=np.concatenate([causal_index[carriers], benign_index]),
        rare_person=np.concatenate([carriers, benign_person]),
        rare_dosage=np.concatenate([np.ones(len(carriers), dtype=np.int64), benign_dosage]),
        causal_index=causal_index,
    )


def _causal(people: People, rare: tuple[RareVariant, ...], random: np.random.Generator) -> Ints:
    """Index of the causal variant of each person, −1 for none. Nobody has two."""
    members: dict[tuple[str, str], list[int]] = {}
    for index, one in enumerate(rare):
        if one.is_causal:
            members.setdefault((one.gene.symbol, one.kind), []).append(index)
    found = np.full(len(people), -1, dtype=np.int64)
    chance, which = random.random(len(people)), random.random(len(people))
    for group in Group:
        cumulative = 0.0
        for gene_and_kind, share in SHARE_OF_CARRIERS[group].items():
            here = (people.group == group) & (chance >= cumulative) & (chance < cumulative + share)
            found[here] = _one_of(members[gene_and_kind], which[here])
            cumulative += share
    for planted, symbol in ((Planted.TITIN, "TTN"), (Planted.LAMIN, "LMNA")):
        here = people.planted == planted
        found[here] = _one_of(members[(symbol, TRUNCATING)], which[here])
    return found


def _one_of(indices: list[int], uniform: np.ndarray) -> Ints:
    return np.array(indices, dtype=np.int64)[(uniform * len(indices)).astype(np.int64)]


def _benign(people: People, rare: tuple[RareVariant, ...], random: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Calls of harmless variants: index, person and number of alternate alleles."""
    found: list[tuple[Ints, Ints]] = []
    rows = [np.flatnonzero(people.site == site) for site in range(len(SITES))]
    for index, one in enumerate(rare):
        if one.is_causal:
            continue
        for here in rows:
            frequency = min(0.5, one.frequency * float(np.exp(_FREQUENCY_SPREAD * random.standard_normal())))
            n_alleles = int(random.binomial(2 * len(here), frequency))
            found.append((np.full(n_alleles, index), here[random.integers(0, len(here), n_alleles)]))
    indices = np.concatenate([index for index, _ in found])
    persons = np.concatenate([person for _, person in found])
    # Two alleles of one variant in one person: homozygous. Which rows are the same human being is settled afterwards.
    coded, counts = np.unique(indices * len(people) + persons, return_counts=True)
    indices, persons, dosage = coded // len(people), coded % len(people), np.minimum(counts, 2)
    return _as_origin(people, indices, persons, dosage)


def _as_origin(people: People, indices: Ints, persons: Ints, dosage: Ints) -> tuple[Ints, Ints, Ints]:
    """Give the second row of a human being the calls of the first."""
    own = ~people.is_copy[persons]
    copies = np.flatnonzero(people.is_copy)
    order = np.argsort(people.origin[copies])
    sources, copies = people.origin[copies][order], copies[order]
    place = np.searchsorted(sources, persons)
    place = np.minimum(place, max(0, len(sources) - 1))
    doubled = own & (sources[place] == persons) if len(sources) else np.zeros_like(own)
    return (
        np.concatenate([indices[own], indices[doubled]]),
        np.concatenate([persons[own], copies[place[doubled]]]),
        np.concatenate([dosage[own], dosage[doubled]]),
    )

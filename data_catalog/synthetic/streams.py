"""Randomness: one stream of numbers for each concern, so that a change to one leaves the others as they were."""

from __future__ import annotations

import numpy as np

# Streams are told apart by their place here: add new ones at the end.
_CONCERNS = (
    "people",
    "haplotypes",
    "variants",
    "carriers",
    "risk_factors",
    "ventricle",
    "course",
    "moves",
    "conditions",
    "visits",
    "measurements",
    "ecg",
    "imaging",
    "drugs",
    "procedures",
    "consents",
    "sequencing",
    "untidiness",
)

Streams = dict[str, np.random.Generator]


def streams_of(seed: int) -> Streams:
    """Return a generator for each concern; the same *seed* gives the same numbers in each."""
    children = np.random.SeedSequence(seed).spawn(len(_CONCERNS))
    return {concern: np.random.default_rng(child) for concern, child in zip(_CONCERNS, children, strict=True)}

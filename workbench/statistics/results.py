"""Exact results, as analyses finish them. They stay inside: only what the gate makes of them is shown.

Everything a gate needs for its decision travels with the result (group sizes, events, the two largest
contributors), so that the gate never has to ask for the people behind it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from scipy.special import chdtrc, ndtri

from workbench.statistics.sizes import GroupSizes, LevelSize, ModelSizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


@dataclass(frozen=True)
class AttritionStep:
    """One row of the attrition: how many people a criterion met and how many it kept.

    ``n_before`` of the first step is everybody in the catalog at this snapshot. ``cannot_exclude`` declares
    that the step leaves nobody out whatever the data are, so that its zero tells nothing. A count is None where
    a site of a network keeps it to itself.

    ``n_with`` counts, for each modality of the attrition, the people left who have such data. Two declarations say what is so
    whatever the data are, and tells nothing: ``all_have``, the modalities of which everybody left has data, and
    ``keeps_those_with``, the modality of which the step keeps just those who have data.
    """

    label: str
    n_before: int | None
    n_after: int | None
    cannot_exclude: bool = False
    n_with: tuple[int, ...] = ()
    all_have: frozenset[str] = frozenset()
    keeps_those_with: str | None = None

    @property
    def n_excluded(self) -> int | None:
        """People whom this step left out."""
        return None if self.n_before is None or self.n_after is None else self.n_before - self.n_after


@dataclass(frozen=True)
class Attrition:
    """How many distinct people each step of a cohort definition keeps, in the order of the definition.

    ``modalities`` are those whose yield was counted, in the order of each step's ``n_with``: "waveform", "imaging", "genomic".
    """

    steps: tuple[AttritionStep, ...]
    modalities: tuple[str, ...] = ()

    def people(self, label: str) -> PeopleCount:
        """Return how many the last step leaves, of how many there were before the first."""
        left = self.steps[-1].n_after
        if left is None:
            raise ValueError("The last step of an attrition has no count.")
        return PeopleCount(label, left, self.steps[0].n_before)


@dataclass(frozen=True)
class NumberSummary:
    """Moments of one numeric variable, one entry a group.

    ``n`` counts people with a value, ``n_missing`` those without. ``total``, ``largest`` and
    ``second_largest`` are of absolute values; they serve the gate's dominance rule and are never shown.
    ``mean`` and ``sd`` (n − 1 in the denominator) are null where undefined.
    """

    name: str
    label: str
    unit: str | None
    n: tuple[int, ...]
    n_missing: tuple[int, ...]
    mean: tuple[float | None, ...]
    sd: tuple[float | None, ...]
    total: tuple[float, ...]
    largest: tuple[float, ...]
    second_largest: tuple[float, ...]


@dataclass(frozen=True)
class LevelSummary:
    """Counts of one categorical or yes/no variable: ``counts[level][group]``, and the missing by group."""

    name: str
    label: str
    levels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    n_missing: tuple[int, ...]
    yes_no: bool = False


@dataclass(frozen=True)
class GroupSummary:
    """What "Table 1" says: the groups' sizes, in the declared order, and a summary of each variable."""

    by: str | None
    groups: tuple[str, ...]
    n: tuple[int, ...]
    variables: tuple[NumberSummary | LevelSummary, ...]
    n_missing_group: int | None = 0

    @property
    def sizes(self) -> GroupSizes:
        """People in each group."""
        return GroupSizes(self.by, dict(zip(self.groups, self.n, strict=True)))


@dataclass(frozen=True)
class SurvivalCurves:
    """Exact product-limit curves, one a group, with the counts behind every distinct time.

    Each frame has a row for each distinct time, ascending: ``time`` (days), ``at_risk`` (follow-up not
    ended before ``time``), ``events``, ``censored`` (people), ``survival``, ``std_err`` (Greenwood, of S),
    ``lower``, ``upper`` (log(−log S) scale; null while undefined).
    """

    event_label: str
    by: str | None
    curves: Mapping[str, pl.DataFrame]
    n: Mapping[str, int]
    n_missing: int
    horizon_days: float
    confidence: float = 0.95

    @property
    def sizes(self) -> GroupSizes:
        """People in each group."""
        return GroupSizes(self.by, self.n)


@dataclass(frozen=True)
class GridCurves:
    """Curves on grids of a ladder: for each grid, by name and the finest first, one curve a group.

    Each frame has a row a bin, in order: ``time`` (days, the bin's right edge, which belongs to it), ``at_risk``
    (people who enter the bin), ``events``, ``censored`` (people who leave in it), ``survival``, ``std_err`` (of S),
    ``lower``, ``upper`` (log(−log S) scale; null while undefined). Who is followed to the horizon leaves in no bin.
    """

    event_label: str
    by: str | None
    grids: Mapping[str, Mapping[str, pl.DataFrame]]
    n: Mapping[str, int]
    n_missing: int | None
    horizon_days: float
    confidence: float = 0.95

    @property
    def sizes(self) -> GroupSizes:
        """People in each group."""
        return GroupSizes(self.by, self.n)


@dataclass(frozen=True)
class TestGroup:
    """One group of a test: its people, and the events observed and expected if no group differed."""

    label: str
    n: int
    events: int
    expected: float

    __test__ = False  # not a pytest class


@dataclass(frozen=True)
class TestResult:
    """A test of no difference between groups."""

    method: str
    by: str
    event_label: str
    statistic: float
    degrees_of_freedom: int
    p_value: float
    groups: tuple[TestGroup, ...]
    n_missing: int | None = 0

    @property
    def sizes(self) -> GroupSizes:
        """People and events in each group."""
        each = {group.label: group.n for group in self.groups}
        return GroupSizes(self.by, each, {group.label: group.events for group in self.groups})

    __test__ = False  # not a pytest class


@dataclass(frozen=True)
class Term:
    """One coefficient of a proportional hazards model.

    ``variable`` groups the terms of one categorical variable; ``reference`` is the level that it is
    compared with (null for numbers). ``per`` and ``unit`` say what one step of a number is, e.g. 10 and
    "mm[Hg]". ``n`` and ``events`` count the people at this level, ``n_reference`` and ``events_reference``
    those at the reference (for numbers: null).
    """

    variable: str
    label: str
    log_hazard_ratio: float
    std_err: float
    z: float
    p_value: float
    reference: str | None = None
    level: str | None = None
    unit: str | None = None
    per: float = 1.0
    n: int | None = None
    events: int | None = None
    n_reference: int | None = None
    events_reference: int | None = None

    @property
    def hazard_ratio(self) -> float:
        """Ratio of hazards for one step, or for the level against the reference."""
        return math.exp(self.log_hazard_ratio)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the limits of the hazard ratio, symmetric on the log scale."""
        reach = float(ndtri(0.5 + confidence / 2)) * self.std_err
        return math.exp(self.log_hazard_ratio - reach), math.exp(self.log_hazard_ratio + reach)


@dataclass(frozen=True)
class ModelTest:
    """A test that no covariate has any effect."""

    name: str
    statistic: float
    degrees_of_freedom: int

    @property
    def p_value(self) -> float:
        """Chance of a statistic at least as large, by the chi-square distribution."""
        return float(chdtrc(self.degrees_of_freedom, self.statistic))


@dataclass(frozen=True)
class RegressionFit:
    """A fitted proportional hazards model: exact coefficients and what stands behind them.

    ``n``, ``n_events`` and ``n_missing`` count complete cases, events among them, and people left out (None if
    a site of a network keeps that to itself).
    ``covariance`` is that of the coefficients, in the order of the terms. ``warnings`` are whole sentences.
    """

    method: str
    event_label: str
    terms: tuple[Term, ...]
    n: int
    n_events: int
    n_missing: int | None
    log_likelihood: float
    log_likelihood_null: float
    converged: bool
    iterations: int
    ties: Literal["efron", "breslow"] = "efron"
    confidence: float = 0.95
    warnings: tuple[str, ...] = field(default=())
    wald_statistic: float = math.nan
    score_statistic: float = math.nan
    covariance: tuple[tuple[float, ...], ...] = ()

    @property
    def sizes(self) -> ModelSizes:
        """People, events and coefficients, and the levels of the covariates. What is not known counts as nobody."""
        each = (
            (term.label, level, n or 0, events or 0)
            for term in self.terms
            for level, n, events in (
                (term.level, term.n, term.events),
                (term.reference, term.n_reference, term.events_reference),
            )
        )
        levels = tuple(LevelSize(name, level, n, events) for name, level, n, events in each if level is not None)
        return ModelSizes(self.n, self.n_events, len(self.terms), levels)

    @property
    def tests(self) -> tuple[ModelTest, ModelTest, ModelTest]:
        """Likelihood ratio, Wald and score test that no covariate has any effect."""
        ratio = 2 * (self.log_likelihood - self.log_likelihood_null)
        return (
            ModelTest("Likelihood ratio test", ratio, len(self.terms)),
            ModelTest("Wald test", self.wald_statistic, len(self.terms)),
            ModelTest("Score test", self.score_statistic, len(self.terms)),
        )

    @property
    def aic(self) -> float:
        """Akaike's criterion: 2 × coefficients − 2 × log-likelihood."""
        return 2 * len(self.terms) - 2 * self.log_likelihood


@dataclass(frozen=True)
class PeopleCount:
    """How many distinct people a cohort holds, out of how many in the catalog (None if a site keeps that to itself)."""

    label: str
    n: int
    n_total: int | None


@dataclass(frozen=True)
class TableContents:
    """How much one table of a catalog holds for one site: rows, of how many distinct people."""

    site: str
    table: str
    n_people: int
    n_rows: int


@dataclass(frozen=True)
class CatalogContents:
    """What a catalog holds about people, and what its readers have to know."""

    tables: tuple[TableContents, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConceptFound:
    """One concept of a site's vocabulary, and how many distinct people have it or one below it."""

    concept_id: int
    name: str
    vocabulary: str
    code: str
    n_people: int


@dataclass(frozen=True)
class ConceptsFound:
    """What a search of the vocabulary found: the best matches, best first, of ``n_matches`` in all."""

    text: str
    concepts: tuple[ConceptFound, ...]
    n_matches: int


ExactResult = (
    ConceptsFound
    | CatalogContents
    | Attrition
    | GroupSummary
    | SurvivalCurves
    | GridCurves
    | TestResult
    | RegressionFit
    | PeopleCount
)

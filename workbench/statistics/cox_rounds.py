"""What partitions of people send in the rounds of a Cox model, and the questions that they answer.

Two ways lead to the same numbers. Inside a site, risk sets are summed over any people
(:class:`CoxRiskSets`, then :class:`CoxInformation`). Between sites, each contributes its own stratum's
likelihood (:class:`CoxByStratum`): p + p² + 1 numbers and nothing about time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from workbench.statistics.cox import DeathTimes, HazardSteps, RiskSets, RiskSetSums, Ties, hazard_steps
from workbench.statistics.errors import AnalysisError
from workbench.statistics.moments import Moments
from workbench.statistics.records import Record, add_told

if TYPE_CHECKING:
    import numpy.typing as npt

    from workbench.statistics.newton import Climb

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CoxSummary(Record):
    """The first round: who there is, how covariates are spread, when events happened. Additive over any people.

    Attributes
    ----------
    n, n_events : int
        Complete cases, and events among them.
    n_missing : int or None
        People left out because something is missing; None if a site keeps it to itself.
    covariates : Moments
        Of the design columns.
    column_sum, column_events : arrays of float, shape (p,)
        Sum of each design column, over all and over those with the event: for a level, how many people have
        it.
    deaths : DeathTimes
        Event times; empty if partitions are whole strata, which keep their times to themselves.
    """

    n: int
    n_events: int
    n_missing: int | None
    covariates: Moments
    column_sum: FloatArray
    column_events: FloatArray
    deaths: DeathTimes

    def merge(self, other: Self) -> Self:
        """Add the summary of other people."""
        return type(self)(
            self.n + other.n,
            self.n_events + other.n_events,
            add_told(self.n_missing, other.n_missing),
            self.covariates.merge(other.covariates),
            self.column_sum + other.column_sum,
            self.column_events + other.column_events,
            self.deaths.merge(other.deaths),
        )


@dataclass(frozen=True, eq=False)
class SumsWanted(Record):
    """State of a round: sum the risk sets of this grid at this beta."""

    summary: CoxSummary
    climb: Climb


@dataclass(frozen=True, eq=False)
class InformationWanted(Record):
    """State of a round: spread this hazard over people and return the second moments."""

    summary: CoxSummary
    climb: Climb
    steps: HazardSteps


@dataclass(frozen=True, eq=False)
class CoxRiskSets(Record):
    """Risk-set sums of one partition: additive over any people. They disclose rows; they stay inside a site."""

    at: SumsWanted
    sums: RiskSetSums

    def merge(self, other: Self) -> Self:
        """Add the sums of other people."""
        _require_same_round(self.at, other.at)
        return type(self)(self.at, self.sums.merge(other.sums))


@dataclass(frozen=True, eq=False)
class CoxInformation(Record):
    """Second moments of one partition, shape (p, p): additive over any people."""

    at: InformationWanted
    second_moments: FloatArray

    def merge(self, other: Self) -> Self:
        """Add the second moments of other people."""
        _require_same_round(self.at, other.at)
        return type(self)(self.at, self.second_moments + other.second_moments)

    @property
    def information(self) -> FloatArray:
        """The observed information of the partial likelihood, shape (p, p)."""
        return self.second_moments - self.at.steps.spread


@dataclass(frozen=True, eq=False)
class CoxByStratum(Record):
    """Log-likelihood, gradient and information of whole strata: additive over strata, so each must be in one place.

    Attributes
    ----------
    strata : tuple of str
        The strata with people in them; empty if each partition is a stratum of its own.
    """

    at: SumsWanted
    strata: tuple[str, ...]
    log_likelihood: float
    gradient: FloatArray
    information: FloatArray

    def merge(self, other: Self) -> Self:
        """Add other strata.

        Raises
        ------
        AnalysisError
            If people of one stratum are in both.
        """
        _require_same_round(self.at, other.at)
        if torn := set(self.strata) & set(other.strata):
            raise AnalysisError(
                f"Strata are spread over several units of work: {', '.join(sorted(torn))}. "
                "Keep each stratum in one unit, or use Cox with strata, which adds over any people of one site."
            )
        return type(self)(
            self.at,
            tuple(sorted((*self.strata, *other.strata))),
            self.log_likelihood + other.log_likelihood,
            self.gradient + other.gradient,
            self.information + other.information,
        )


class CoxPeople:
    """The complete cases of one partition as arrays.

    Parameters
    ----------
    x : array of float, shape (n_people, p)
        Design matrix, nan where missing.
    event : array of bool, exit_time : array of float, shape (n_people,)
        Outcome; the time is nan where missing, and rounded.
    entry, weight : arrays of float, stratum : array of int, optional
        Delayed entry (rounded) and case weights, nan where missing; place among the strata, −1 where missing.
    """

    def __init__(
        self,
        x: FloatArray,
        *,
        event: npt.NDArray[np.bool_],
        exit_time: FloatArray,
        stratum: IntArray,
        entry: FloatArray | None = None,
        weight: FloatArray | None = None,
    ) -> None:
        known = ~np.isnan(x).any(axis=1) & ~np.isnan(exit_time) & (stratum >= 0)
        for optional in (entry, weight):
            known &= True if optional is None else ~np.isnan(optional)
        self.n_missing = int(len(known) - known.sum())
        # Sorted as the grid is, so that a risk set is one run of rows: sums then read memory in order.
        order = np.flatnonzero(known)
        order = order[np.lexsort((exit_time[order], stratum[order]))]
        self.x, self.event, self.exit_time, self.stratum = x[order], event[order], exit_time[order], stratum[order]
        self.entry = None if entry is None else entry[order]
        self.weight = None if weight is None else weight[order]
        self._arranged: tuple[CoxSummary, RiskSets] | None = None

    def summary(self, *, whole_strata: bool = False) -> CoxSummary:
        """Return the contribution to the first round; without event times if people are whole strata."""
        died = self.x[self.event]
        return CoxSummary(
            n=len(self.x),
            n_events=len(died),
            n_missing=self.n_missing,
            covariates=Moments.by_column(self.x),
            column_sum=self.x.sum(axis=0),
            column_events=died.sum(axis=0),
            deaths=DeathTimes.empty() if whole_strata else self.deaths(),
        )

    def deaths(self) -> DeathTimes:
        """Return the event times of these people."""
        weight = np.ones(len(self.x)) if self.weight is None else self.weight
        return DeathTimes.of(self.stratum[self.event], self.exit_time[self.event], weight[self.event])

    def risk_sets(self, summary: CoxSummary, *, whole_strata: bool = False) -> RiskSets:
        """Arrange these people by the grid of everybody, or by their own; kept for the rounds that follow."""
        kept = self._arranged
        if kept is None or (kept[0] is not summary and kept[0] != summary):
            risk_sets = RiskSets(
                self.deaths() if whole_strata else summary.deaths,
                (self.x - summary.covariates.mean) / summary.covariates.sd,
                event=self.event,
                exit_time=self.exit_time,
                entry=self.entry,
                stratum=self.stratum,
                weight=self.weight,
            )
            kept = self._arranged = (summary, risk_sets)
        return kept[1]

    def answer(self, state: SumsWanted | InformationWanted) -> CoxRiskSets | CoxInformation:
        """Return the contribution to a round over any people."""
        risk_sets = self.risk_sets(state.summary)
        if isinstance(state, SumsWanted):
            return CoxRiskSets(state, risk_sets.sums(state.climb.beta))
        return CoxInformation(state, risk_sets.second_moments(state.climb.beta, state.steps))

    def answer_by_stratum(self, state: SumsWanted, ties: Ties, strata: tuple[str, ...]) -> CoxByStratum:
        """Return the contribution to a round over whole strata."""
        risk_sets, beta = self.risk_sets(state.summary, whole_strata=True), state.climb.beta
        steps = hazard_steps(risk_sets.sums(beta), beta, risk_sets.grid, ties)
        information = risk_sets.second_moments(beta, steps) - steps.spread
        present = tuple(strata[place] for place in np.unique(self.stratum)) if strata else ()
        return CoxByStratum(state, tuple(sorted(present)), steps.log_likelihood, steps.gradient, information)


def _require_same_round(one: Record, other: Record) -> None:
    if one is not other and one != other:
        raise AnalysisError("These are answers to different rounds of a Cox model; only answers to one round add up.")

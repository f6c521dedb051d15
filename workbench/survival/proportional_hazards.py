"""Cox's proportional hazards model as an analysis of a cohort."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl

from workbench.statistics import columns
from workbench.statistics.cox import Ties, hazard_steps
from workbench.statistics.cox_rounds import (
    CoxByStratum,
    CoxInformation,
    CoxPeople,
    CoxRiskSets,
    CoxSummary,
    InformationWanted,
    SumsWanted,
)
from workbench.statistics.design import DesignColumn, design_columns, design_matrix
from workbench.statistics.errors import AnalysisError, NotEstimableError
from workbench.statistics.event_table import round_times
from workbench.statistics.newton import MAX_STEPS, Climb, LinAlgError
from workbench.statistics.protocols import NextRound
from workbench.survival import cox_model, inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from workbench.cohorts.variables import Variable
    from workbench.statistics.results import RegressionFit
    from workbench.statistics.sizes import ModelSizes


CoxStatistic = CoxSummary | CoxRiskSets | CoxInformation | CoxByStratum
NOT_CONVERGED = "The fit did not converge; the estimates are where it stopped."
MODEL_BASED = (
    "Standard errors take the weights for counts of like people; for sampling or inverse-probability weights they "
    "are too small."
)


@dataclass(frozen=True)
class Cox:
    """Fit a proportional hazards model, by sums that add over any people inside one site.

    Parameters
    ----------
    followup : Variable
        A time to event: days from index date to the event or to the end of follow-up.
    covariates : sequence of Variable
        Numbers, categories (against their first level) and yes/no variables (yes against no).
    per : mapping of str to float
        For numbers by name, the step that a hazard ratio is for: ``{"age_years": 10}`` for "per 10 years".
    ties : {"efron", "breslow"}
        How tied event times are treated.
    strata : Variable, optional
        A category or yes/no variable; each level has a baseline hazard of its own.
    entry : Variable, optional
        A number: when each person came under observation, in days (delayed entry, start–stop rows).
    weights : Variable, optional
        A number: positive case weights. Standard errors are model-based; right for counts of like people,
        too small for sampling or inverse-probability weights (a warning says so).
    confidence : float in (0, 1)
        Level of the intervals that will be shown.

    Notes
    -----
    People with anything missing are left out and counted; so is who left before coming under observation, and whose weight
    is not positive: an error would tell that there is somebody. Newton's method on centred and scaled columns, with
    step-halving, until no coefficient would move by 1e-9 of its standard error.

    Raises
    ------
    AnalysisError
        If a variable is of the wrong kind or an option unknown; on running, if nobody is left or nobody had
        the event.
    NotEstimableError
        On running, if a level has nobody or no events, a covariate does not vary or is determined by
        others, or covariates separate those with and without the event.
    """

    followup: Variable
    covariates: Sequence[Variable]
    per: Mapping[str, float] = field(default_factory=dict)
    ties: Ties = "efron"
    strata: Variable | None = None
    entry: Variable | None = None
    weights: Variable | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Check the question before any people are asked for."""
        columns.require_time_to_event(self.followup)
        design_columns(self.covariates, self.per)
        inputs.require_confidence(self.confidence)
        if self.ties not in get_args(Ties):
            raise AnalysisError(f"ties is {self.ties!r}. Allowed: {', '.join(get_args(Ties))}.")
        if self.strata is not None:
            columns.levels_of(self.strata)
        for role, variable in {"entry": self.entry, "weights": self.weights}.items():
            if variable is not None and variable.kind != "number":
                raise AnalysisError(f"{role} is {variable.name!r}, a {variable.kind}. Give a number.")

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Follow-up, covariates, and the columns of the options."""
        options = (self.strata, self.entry, self.weights)
        return (self.followup, *self.covariates, *(option for option in options if option is not None))

    @property
    def design(self) -> tuple[DesignColumn, ...]:
        """The columns of the regression."""
        return design_columns(self.covariates, self.per)

    def prepare(self, people: pl.DataFrame) -> CoxPeople:
        """Turn a frame into arrays, once for all rounds."""
        days, event = columns.follow_up(people, self.followup)
        exit_time, entry = round_times(days), self._entry(people)
        if entry is not None:
            exit_time = np.where(entry < exit_time, exit_time, np.nan)
        no_strata = np.zeros(people.height, dtype=np.int64)
        return CoxPeople(
            design_matrix(people, self.design),
            event=event,
            exit_time=exit_time,
            entry=entry,
            stratum=no_strata if self.strata is None else columns.codes(people, self.strata),
            weight=self._weight(people),
        )

    def local(self, people: pl.DataFrame | CoxPeople, state: Any = None) -> CoxStatistic:
        """Return what one partition of people contributes to a round."""
        arrays = self.prepare(people) if isinstance(people, pl.DataFrame) else people
        return arrays.summary() if state is None else arrays.answer(state)

    def sizes(self, total: Any) -> ModelSizes | None:
        """Return people, events and levels; they are known from the first round on, and looked at in it."""
        return cox_model.sizes(total, self.design) if isinstance(total, CoxSummary) else None

    def finish(self, total: Any) -> RegressionFit | NextRound:  # Any: one of CoxStatistic, as local gave it
        """Return the model, or the question of the next round."""
        if isinstance(total, CoxSummary):
            return self._start(total)
        summary, climb = total.at.summary, total.at.climb
        if isinstance(total, CoxInformation):
            steps = total.at.steps
            return self._onward(summary, climb, steps.log_likelihood, steps.gradient, total.information)
        steps = hazard_steps(total.sums, climb.beta, summary.deaths, self.ties)
        if not climb.is_gain(steps.log_likelihood):
            return self._back(summary, climb)
        return NextRound(InformationWanted(summary, climb, steps))

    @property
    def method(self) -> str:
        """The name of the model, as results call it."""
        model = "Cox proportional hazards model"
        return model if self.strata is None else f"{model} stratified by {self.strata.label}"

    def _start(self, summary: CoxSummary) -> NextRound:
        cox_model.require_people_and_events(summary)
        cox_model.require_estimable(summary, self.design)
        return NextRound(SumsWanted(summary, Climb.start(len(self.design))))

    def _back(self, summary: CoxSummary, climb: Climb) -> NextRound:
        if climb.n_steps >= MAX_STEPS:
            raise NotEstimableError(
                f"The fit found no maximum in {MAX_STEPS} steps. Simplify the model: fewer covariates or coarser levels."
            )
        return NextRound(SumsWanted(summary, climb.halved()))

    def _onward(
        self,
        summary: CoxSummary,
        climb: Climb,
        log_likelihood: float,
        gradient: npt.NDArray[np.float64],
        information: npt.NDArray[np.float64],
    ) -> RegressionFit | NextRound:
        """Take the next step of Newton's method, or stop where it would be too small to matter."""
        if climb.n_steps == 0:
            cox_model.require_independent(summary, information, self.design)
        try:
            ahead = climb.onward(log_likelihood, gradient, information)
            arrived = ahead.has_arrived(information)
        except LinAlgError:
            raise cox_model.separation(climb, self.design) from None
        if ahead.creeps:
            raise cox_model.separation(ahead, self.design)
        if not arrived and climb.n_steps < MAX_STEPS:
            return NextRound(SumsWanted(summary, ahead))
        return cox_model.fitted(
            summary,
            replace(ahead, beta=climb.beta, n_steps=climb.n_steps),
            information,
            self.design,
            event_label=self.followup.label,
            ties=self.ties,
            confidence=self.confidence,
            method=self.method,
            converged=arrived,
            warnings=[NOT_CONVERGED] * (not arrived) + [MODEL_BASED] * (self.weights is not None),
        )

    def _entry(self, people: pl.DataFrame) -> npt.NDArray[np.float64] | None:
        return None if self.entry is None else round_times(columns.numbers(people[self.entry.name]))

    def _weight(self, people: pl.DataFrame) -> npt.NDArray[np.float64] | None:
        if self.weights is None:
            return None
        weight = columns.numbers(people[self.weights.name])
        return np.where(weight > 0, weight, np.nan)


class StratifiedCox(Cox):
    """Fit a proportional hazards model stratified by site, by sums that say nothing about time.

    Each stratum contributes its log-likelihood, gradient and information: p + p² + 1 numbers a step. They
    add over strata only, so all people of a stratum must be in one unit of work; engines give it whole sites.
    Without ``strata`` each site is a stratum. Parameters are those of :class:`Cox`; the result is that of
    :class:`Cox` with the same strata.
    """

    whole_sites = True

    def local(self, people: pl.DataFrame | CoxPeople, state: Any = None) -> CoxStatistic:
        """Return what whole strata contribute to a round."""
        arrays = self.prepare(people) if isinstance(people, pl.DataFrame) else people
        if state is None:
            return arrays.summary(whole_strata=True)
        strata = () if self.strata is None else columns.levels_of(self.strata)
        return arrays.answer_by_stratum(state, self.ties, strata)

    def finish(self, total: Any) -> RegressionFit | NextRound:
        """Return the model, or the question of the next round."""
        if isinstance(total, CoxSummary):
            return self._start(total)
        summary, climb = total.at.summary, total.at.climb
        if not climb.is_gain(total.log_likelihood):
            return self._back(summary, climb)
        return self._onward(summary, climb, total.log_likelihood, total.gradient, total.information)

    @property
    def method(self) -> str:
        """The name of the model, as results call it."""
        by = "site" if self.strata is None else self.strata.label
        return f"Cox proportional hazards model stratified by {by}"

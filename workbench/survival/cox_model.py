"""What a Cox model needs to be estimable, said in words, and how its numbers become terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erfc

from workbench.statistics.errors import AnalysisError, NotEstimableError
from workbench.statistics.newton import Climb, first_redundant, inverse
from workbench.statistics.results import RegressionFit, Term
from workbench.statistics.sizes import LevelSize, ModelSizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from workbench.statistics.cox import Ties
    from workbench.statistics.cox_rounds import CoxSummary
    from workbench.statistics.design import DesignColumn

    FloatArray = npt.NDArray[np.float64]

_CONSTANT = 1e-10  # standard deviation relative to the mean: what is left of a constant after rounding
_EVENTS_PER_COEFFICIENT = 10  # Peduzzi et al. (1995), J Clin Epidemiol 48:1503–1510


def sizes(summary: CoxSummary, design: Sequence[DesignColumn]) -> ModelSizes:
    """Return people, events and coefficients, and people and events at each level and reference."""
    levels = []
    for place, column in enumerate(design):
        if column.level is not None and column.reference is not None:
            n, events, n_reference, events_reference = _people_at(summary, design, place)
            levels.append(LevelSize(column.variable.label, column.level, n, events))
            levels.append(LevelSize(column.variable.label, column.reference, n_reference, events_reference))
    return ModelSizes(summary.n, summary.n_events, len(design), tuple(levels))


def require_people_and_events(summary: CoxSummary) -> None:
    """Refuse a model of nobody, or of people without events."""
    if not summary.n:
        raise AnalysisError(
            "Nobody has a value of every covariate and a known follow-up. "
            "Leave out the covariate that most people lack."
        )
    if not summary.n_events:
        raise AnalysisError(
            "Nobody with complete data had the event, so no hazard can be estimated. Check the event and the follow-up."
        )


def require_estimable(summary: CoxSummary, design: Sequence[DesignColumn]) -> None:
    """Refuse a column that does not vary and a level without events; each by its name."""
    mean, sd = summary.covariates.mean, summary.covariates.sd
    for place, column in enumerate(design):
        if column.level is None:
            if not sd[place] > _CONSTANT * abs(mean[place]):
                raise NotEstimableError(
                    f"Everybody with complete data has the same value of {column.title!r}. Leave it out of the model."
                )
            continue
        reference = f"{column.variable.label}: {column.reference}"
        n, events, n_reference, events_reference = _people_at(summary, design, place)
        for title, people, died in ((reference, n_reference, events_reference), (column.title, n, events)):
            if not people:
                raise NotEstimableError(
                    f"Nobody with complete data is at level {title!r}. "
                    "Leave the level out of the declared ones, or join it with another."
                )
            if not died:
                raise NotEstimableError(
                    f"Nobody at level {title!r} had the event, so its hazard ratio has no finite estimate. "
                    "Join the level with another, or leave the covariate out."
                )


def require_independent(summary: CoxSummary, information: FloatArray, design: Sequence[DesignColumn]) -> None:
    """Refuse a column that the columns before it determine (collinearity), by name."""
    found = first_redundant(information / summary.n_events)
    if found is None:
        return
    place, others = found
    title = design[place].title
    if not others:
        raise NotEstimableError(
            f"{title!r} hardly varies among the people at risk when events happened. Leave it out of the model."
        )
    names = ", ".join(repr(design[other].title) for other in others)
    raise NotEstimableError(f"{title!r} is determined by {names} (collinear). Leave one of them out of the model.")


def separation(climb: Climb, design: Sequence[DesignColumn]) -> NotEstimableError:
    """Return the error that names the coefficients which grow without end."""
    moves = np.abs(climb.step)
    names = ", ".join(
        repr(column.title) for column, move in zip(design, moves, strict=True) if move > 0.1 * moves.max()
    )
    return NotEstimableError(
        f"The log-likelihood has no maximum: the hazard ratio of {names} grows without end, because the covariates "
        "tell exactly who has the event first (separation). Leave a covariate out, or join levels."
    )


def fitted(
    summary: CoxSummary,
    climb: Climb,
    information: FloatArray,
    design: Sequence[DesignColumn],
    *,
    event_label: str,
    ties: Ties,
    confidence: float,
    method: str,
    converged: bool,
    warnings: Sequence[str],
) -> RegressionFit:
    """Return the model in the units of its covariates."""
    scale = summary.covariates.sd
    beta = climb.beta / scale
    covariance = inverse(information) / np.outer(scale, scale)
    if summary.n_events < _EVENTS_PER_COEFFICIENT * len(design):
        warnings = (*warnings, "There are fewer than ten events for each coefficient; the estimates are unreliable.")
    return RegressionFit(
        method=method,
        event_label=event_label,
        terms=tuple(
            _term(summary, design, place, beta[place], np.sqrt(covariance[place, place]))
            for place in range(len(design))
        ),
        n=summary.n,
        n_events=summary.n_events,
        n_missing=summary.n_missing,
        log_likelihood=climb.log_likelihood,
        log_likelihood_null=climb.log_likelihood_null,
        converged=converged,
        iterations=climb.n_steps,
        ties=ties,
        confidence=confidence,
        warnings=tuple(warnings),
        wald_statistic=float(climb.beta @ information @ climb.beta),
        score_statistic=climb.score_statistic,
        covariance=tuple(tuple(row) for row in covariance.tolist()),
    )


def _term(
    summary: CoxSummary, design: Sequence[DesignColumn], place: int, log_hazard_ratio: float, std_err: float
) -> Term:
    column = design[place]
    z = float(log_hazard_ratio / std_err)
    is_level = column.level is not None
    n, events, n_reference, events_reference = _people_at(summary, design, place) if is_level else (None,) * 4
    return Term(
        variable=column.variable.name,
        label=column.variable.label,
        log_hazard_ratio=float(log_hazard_ratio),
        std_err=float(std_err),
        z=z,
        p_value=float(erfc(abs(z) / np.sqrt(2))),
        reference=column.reference,
        level=column.level,
        unit=column.variable.unit,
        per=column.per,
        n=n,
        events=events,
        n_reference=n_reference,
        events_reference=events_reference,
    )


def _people_at(summary: CoxSummary, design: Sequence[DesignColumn], place: int) -> tuple[int, int, int, int]:
    """Return people and events at the column's level, then at its reference: those at none of its levels."""
    levels = [other for other, column in enumerate(design) if column.variable == design[place].variable]
    return (
        round(summary.column_sum[place]),
        round(summary.column_events[place]),
        round(summary.n - summary.column_sum[levels].sum()),
        round(summary.n_events - summary.column_events[levels].sum()),
    )

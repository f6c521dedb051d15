"""A regression as it may be shown: exact coefficients, rounded counts, or not at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from workbench.disclosure import rules, wording
from workbench.disclosure.released import ReleasedRegression
from workbench.disclosure.sizes import require_enough
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column, ReleasedTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.disclosure.policy import Policy
    from workbench.statistics.results import RegressionFit, Term

_NOT_CONVERGED = "The fit did not settle; the estimates cannot be relied on."
_NO_ESTIMATE = "A coefficient without a finite estimate is left blank."


def release_regression(result: RegressionFit, policy: Policy) -> ReleasedRegression:
    """Return hazard ratios, intervals and p-values as they are, and the counts behind them rounded.

    The fit's own warnings are free text and stay inside; that a fit did not settle is said.

    Raises
    ------
    DisclosureError
        If people or events are too few for the coefficients, or a level (or its reference) has fewer than k people
        or events; the message names it.
    """
    require_enough(result.sizes, policy)
    rows = tuple(_rows(result, policy))
    n, n_missing = rules.count(result.n, policy), rules.missing(result.n_missing, policy)
    n_events = rules.part(result.n_events, result.n, policy)
    more = [_NOT_CONVERGED] * (not result.converged)
    more += [_NO_ESTIMATE] * any(not _finite(term) for term in result.terms)
    table = ReleasedTable(
        name="regression",
        title=f"{result.event_label}: {result.method}",
        columns=_columns(result.confidence),
        rows=rows,
        caption=wording.counts(people=n, events=n_events, missing=n_missing),
        notes=wording.notes(policy, rows, *more),
        policy=policy.label,
    )
    whole_model = result.tests[0]
    return ReleasedRegression(
        table=table,
        method=result.method,
        event_label=result.event_label,
        n=n,
        n_events=n_events,
        n_missing=n_missing,
        confidence=result.confidence,
        likelihood_ratio=whole_model.statistic,
        degrees_of_freedom=whole_model.degrees_of_freedom,
        p_value=whole_model.p_value,
        converged=result.converged,
    )


def _columns(confidence: float) -> tuple[Column, ...]:
    heading = f"Hazard ratio ({100 * confidence:g} % interval)"
    return (
        Column("variable", "Variable", shown=False),
        Column("level", "Level", shown=False),
        Column("label", "Covariate"),
        Column("is_reference", "Reference", shown=False),
        Column("n", "People", kind="count"),
        Column("events", "Events", kind="count"),
        Column("hazard_ratio", "Hazard ratio", kind="ratio", heading=heading),
        Column("lower", "Lower limit", kind="ratio", heading=heading),
        Column("upper", "Upper limit", kind="ratio", heading=heading),
        Column("log_hazard_ratio", "Log hazard ratio", kind="number", decimals=3, shown=False),
        Column("std_err", "Standard error", kind="number", decimals=3, shown=False),
        Column("z", "z", kind="number", decimals=2, shown=False),
        Column("p_value", "p", kind="p_value"),
    )


def _rows(result: RegressionFit, policy: Policy) -> Iterator[tuple[Cell, ...]]:
    """Yield a row a coefficient; the reference of a category stands before its levels."""
    for variable in dict.fromkeys(term.variable for term in result.terms):
        terms = [term for term in result.terms if term.variable == variable]
        counts = _level_counts(terms, policy)
        first = terms[0]
        if first.reference is not None:
            label = f"{first.label}: {first.reference} (reference)"
            yield (variable, first.reference, label, "yes", *counts[first.reference], 1.0, *[None] * 6)
        for term in terms:
            yield (
                variable,
                term.level,
                _label(term),
                "",
                *counts.get(term.level, (None, None)),
                *_estimates(term, result),
            )


def _label(term: Term) -> str:
    """Return "Sex: male" for a level, "Age (+10 years)" for a number."""
    if term.level is not None:
        return f"{term.label}: {term.level}"
    return f"{term.label} (+{term.per:g}{f' {term.unit}' if term.unit else ''})"


def _level_counts(terms: list[Term], policy: Policy) -> dict[str | None, tuple[Cell, Cell]]:
    """Return people and events at each level. If nearly all of one level had the event, no level's events are shown."""
    truth = {term.level: (term.n, term.events) for term in terms if term.level is not None}
    if terms[0].reference is not None:
        truth[terms[0].reference] = (terms[0].n_reference, terms[0].events_reference)
    cells: dict[str | None, tuple[Cell, Cell]] = {}
    for level, (n, events) in truth.items():
        if n is None or events is None:  # refused before; the types do not know
            continue
        cells[level] = (rules.rounded(n, policy), rules.part(events, n, policy))
    hidden = next((events for _, events in cells.values() if isinstance(events, Suppressed)), None)
    if hidden is not None:
        # The model's events less those of the other levels would give the hidden one away.
        cells = {level: (n, Suppressed("secondary")) for level, (n, _) in cells.items()}
    return cells


def _finite(term: Term) -> bool:
    return math.isfinite(term.log_hazard_ratio) and math.isfinite(term.std_err) and abs(term.log_hazard_ratio) < 50


def _estimates(term: Term, result: RegressionFit) -> tuple[Cell, ...]:
    if not _finite(term):
        return (None,) * 7
    lower, upper = _limits(term, result.confidence)
    return (term.hazard_ratio, lower, upper, term.log_hazard_ratio, term.std_err, term.z, term.p_value)


def _limits(term: Term, confidence: float) -> tuple[float | None, float | None]:
    try:
        return term.interval(confidence)
    except OverflowError:
        return None, None

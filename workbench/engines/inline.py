"""Run an analysis in this process, one unit of work after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from workbench.engines.merging import merge_tree
from workbench.statistics.columns import require_columns
from workbench.statistics.errors import AnalysisError
from workbench.statistics.protocols import Another, Prepares

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.engines.people import People, Unit
    from workbench.statistics.protocols import Analysis

MAX_ROUNDS = 200  # a Cox model takes two rounds a Newton step, and about six steps


def run(analysis: Analysis, people: People, *, max_rounds: int = MAX_ROUNDS) -> Any:
    """Run the rounds of an analysis over people until it finishes.

    Each unit is computed on one BLAS thread and the contributions are merged by one fixed tree (buckets in
    a site, then sites), so the same units give the same bytes on every engine and on every run.

    Parameters
    ----------
    analysis : Analysis
        What is asked.
    people : People
        Whom it is asked of.
    max_rounds : int
        After how many rounds to give up.

    Returns
    -------
    result
        What the analysis finishes in.

    Raises
    ------
    AnalysisError
        If there are no units, a column is missing, or the rounds do not come to an end.
    """
    units = sorted(people.units())
    if not units:
        raise AnalysisError("There are no people to analyse: the cohort has no unit of work. Check its entry.")
    people_of = _people_of(analysis, people)
    state = None
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(max_rounds):
            total = merge_tree((unit, analysis.local(people_of(unit), state)) for unit in units)
            outcome = analysis.finish(total)
            if not isinstance(outcome, Another):
                return outcome
            state = outcome.state
    raise AnalysisError(
        f"{type(analysis).__name__} did not finish within {max_rounds} rounds. "
        "Ask for more rounds, or simplify the model: fewer covariates or coarser levels."
    )


def _people_of(analysis: Analysis, people: People) -> Callable[[Unit], Any]:
    """Return how to get a unit's people: afresh for one round; prepared once and kept for several."""

    def fetch(unit: Unit) -> Any:
        frame = people.frame(unit)
        return frame.select(require_columns(frame, analysis.variables))

    if not isinstance(analysis, Prepares):
        return fetch
    kept: dict[Unit, Any] = {}

    def prepared(unit: Unit) -> Any:
        if unit not in kept:
            kept[unit] = analysis.prepare(fetch(unit))
        return kept[unit]

    return prepared

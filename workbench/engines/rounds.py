"""The rounds of an analysis, whoever it is that answers them: this process, or sites far away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.statistics.errors import AnalysisError
from workbench.statistics.protocols import Another, Sized

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.statistics.protocols import Analysis
    from workbench.statistics.sizes import Sizes

MAX_ROUNDS = 200  # a Cox model takes two rounds a Newton step, and about six steps


def run_rounds(
    analysis: Analysis,
    total: Callable[[Any], Any],
    *,
    require_enough: Callable[[Sizes], None] | None = None,
    max_rounds: int = MAX_ROUNDS,
) -> Any:
    """Ask for the statistic of everybody, round after round, until the analysis finishes.

    Parameters
    ----------
    analysis : Analysis
        What is asked.
    total : callable
        Given the state of a round (None in the first), returns the merged statistic of everybody.
    require_enough : callable, optional
        Called with the sizes behind each statistic before anything is made of it; raises if they are too small to be told of.
    max_rounds : int
        After how many rounds to give up.

    Returns
    -------
    result
        What the analysis finishes in.

    Raises
    ------
    AnalysisError
        If the rounds do not come to an end.
    """
    state = None
    for _ in range(max_rounds):
        statistic = total(state)
        sizes = analysis.sizes(statistic) if require_enough is not None and isinstance(analysis, Sized) else None
        if require_enough is not None and sizes is not None:
            require_enough(sizes)
        outcome = analysis.finish(statistic)
        if not isinstance(outcome, Another):
            return outcome
        state = outcome.state
    raise AnalysisError(
        f"{type(analysis).__name__} did not finish within {max_rounds} rounds. "
        "Ask for more rounds, or simplify the model: fewer covariates or coarser levels."
    )

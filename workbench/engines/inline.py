"""Run an analysis in this process, one unit of work after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from workbench.engines.merging import merge_tree
from workbench.engines.people import WholeSites
from workbench.engines.rounds import MAX_ROUNDS, run_rounds
from workbench.statistics.columns import require_columns
from workbench.statistics.errors import AnalysisError
from workbench.statistics.protocols import Prepares, needs_whole_sites

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.engines.people import People, Unit
    from workbench.statistics.protocols import Analysis
    from workbench.statistics.sizes import Sizes


def run(
    analysis: Analysis,
    people: People,
    *,
    require_enough: Callable[[Sizes], None] | None = None,
    max_rounds: int = MAX_ROUNDS,
) -> Any:
    """Run the rounds of an analysis over people until it finishes.

    Each unit is computed on one BLAS thread and the contributions are merged by one fixed tree (buckets in
    a site, then sites), so the same units give the same bytes on every engine and on every run.

    Parameters
    ----------
    analysis : Analysis
        What is asked.
    people : People
        Whom it is asked of.
    require_enough : callable, optional
        What looks at the sizes behind each statistic before anything is made of it; see :func:`run_rounds`.
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
    contributions = Contributions(analysis, people)
    with threadpool_limits(limits=1, user_api="blas"):
        return run_rounds(analysis, contributions.total, require_enough=require_enough, max_rounds=max_rounds)


class Contributions:
    """What people contribute to the rounds of one analysis, unit by unit, merged in the one order.

    Parameters
    ----------
    analysis : Analysis
        What is asked. Where it needs whole sites, the buckets of a site are one unit.
    people : People
        Whom it is asked of.

    Raises
    ------
    AnalysisError
        If there are no units of work.
    """

    def __init__(self, analysis: Analysis, people: People) -> None:
        self._analysis = analysis
        self._people = WholeSites(people) if needs_whole_sites(analysis) else people
        self._units = sorted(self._people.units())
        self._kept: dict[Unit, Any] = {}
        if not self._units:
            raise AnalysisError("There are no people to analyse: the cohort has no unit of work. Check its entry.")

    def total(self, state: Any) -> Any:
        """Return the merged statistic of everybody for one round. Call it with BLAS limited to one thread."""
        return merge_tree((unit, self._analysis.local(self.prepared(unit), state)) for unit in self._units)

    def all_prepared(self) -> list[Any]:
        """Return what :meth:`prepared` gives for each unit."""
        return [self.prepared(unit) for unit in self._units]

    def prepared(self, unit: Unit) -> Any:
        """Return a unit's people: afresh for one round; prepared once and kept for several."""
        if not isinstance(self._analysis, Prepares):
            return self._fetch(unit)
        if unit not in self._kept:
            self._kept[unit] = self._analysis.prepare(self._fetch(unit))
        return self._kept[unit]

    def _fetch(self, unit: Unit) -> Any:
        frame = self._people.frame(unit)
        return frame.select(require_columns(frame, self._analysis.variables))

"""The gate: exact results in, released ones out, everything else refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from workbench.disclosure.attrition import release_attrition, release_people
from workbench.disclosure.comparison import release_test
from workbench.disclosure.concepts import release_concepts
from workbench.disclosure.contents import release_contents
from workbench.disclosure.curves import release_curves, release_grid_curves
from workbench.disclosure.errors import DisclosureError
from workbench.disclosure.policy import Policy
from workbench.disclosure.regression import release_regression
from workbench.disclosure.sizes import require_enough
from workbench.disclosure.summary import release_summary
from workbench.statistics.results import (
    Attrition,
    CatalogContents,
    ConceptsFound,
    ExactResult,
    GridCurves,
    GroupSummary,
    PeopleCount,
    RegressionFit,
    SurvivalCurves,
    TestResult,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.disclosure.curves import Told
    from workbench.disclosure.released import (
        Released,
        ReleasedRegression,
        ReleasedSurvival,
        ReleasedTable,
        ReleasedTest,
    )
    from workbench.statistics.sizes import Sizes

_RELEASERS: dict[type, Callable[..., Released]] = {
    Attrition: release_attrition,
    CatalogContents: release_contents,
    ConceptsFound: release_concepts,
    GridCurves: release_grid_curves,
    GroupSummary: release_summary,
    PeopleCount: release_people,
    RegressionFit: release_regression,
    SurvivalCurves: release_curves,
    TestResult: release_test,
}


class Gate:
    """Lets a result out only in a form that the policy allows. The same result gives the same release, always.

    Parameters
    ----------
    policy : Policy, optional
        The default preset of cw-sdc-1 if not given.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy.load()

    @overload
    def release(
        self, result: Attrition | CatalogContents | ConceptsFound | GroupSummary | PeopleCount
    ) -> ReleasedTable: ...
    @overload
    def release(self, result: SurvivalCurves | GridCurves, *, told: Told | None = None) -> ReleasedSurvival: ...
    @overload
    def release(self, result: TestResult) -> ReleasedTest: ...
    @overload
    def release(self, result: RegressionFit) -> ReleasedRegression: ...
    def release(self, result: ExactResult, *, told: Told | None = None) -> Released:
        """Return what may be shown of an exact result.

        *told* has the days, by group, at which survival of the same people was shown before: a curve is then left out at days
        that lie too near to them.

        Raises
        ------
        DisclosureError
            If nothing of it may be shown, or the gate does not know its type (which is compared exactly: a class derived
            from a known one may carry more than the gate looks at).
        """
        releaser = _RELEASERS.get(type(result))
        if releaser is None:
            known = ", ".join(sorted(each.__name__ for each in _RELEASERS))
            raise DisclosureError("stat_not_registered", f"Given: {type(result).__name__}. Known: {known}.")
        if told and isinstance(result, SurvivalCurves | GridCurves):
            return releaser(result, self.policy, told)
        return releaser(result, self.policy)

    def require_enough(self, sizes: Sizes) -> None:
        """Refuse, before anything is made of a statistic, what would be refused afterwards for too few people or events.

        An analysis that cannot be made of nobody says so; the words would tell nobody from few.

        Raises
        ------
        DisclosureError
            If a group, a level or a regression stands for too few.
        """
        require_enough(sizes, self.policy)

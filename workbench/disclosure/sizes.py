"""Whether enough people and events stand behind a result. Nobody is as few as one: the words are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.disclosure import rules
from workbench.disclosure.errors import DisclosureError
from workbench.statistics.sizes import GroupSizes, ModelSizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.disclosure.policy import Policy
    from workbench.statistics.sizes import Sizes

_ADVICE = {
    "cohort_too_small": "Widen the cohort's definition.",
    "cell_too_small": "Choose a longer follow-up, or widen the cohort's definition.",
    "too_many_parameters": "Leave covariates out, join levels, or choose a longer follow-up.",
}


def require_enough(sizes: Sizes, policy: Policy) -> None:
    """Refuse what stands for too few people or events.

    Raises
    ------
    DisclosureError
        If a group has fewer than k people (or events, where they are counted); if a regression has, or has too many
        coefficients; if a level or a reference has. The message names groups and levels.
    """
    if isinstance(sizes, GroupSizes):
        _require_groups(sizes, policy)
    else:
        _require_model(sizes, policy)


def require_cohort(n: int, policy: Policy) -> None:
    """Refuse a cohort of fewer than k people."""
    _require_groups(GroupSizes(None, {"All": n}), policy)


def _require_groups(sizes: GroupSizes, policy: Policy) -> None:
    if small := _small(sizes.n, policy):
        advice = "Join groups, or widen the cohort's definition."
        raise DisclosureError("cohort_too_small", f"It concerns {_named(small, sizes.by)}. {advice}")
    if small := _small(sizes.events or {}, policy):
        advice = "Join groups, choose a longer follow-up, or widen the cohort's definition."
        raise DisclosureError("cell_too_small", f"It concerns {_named(small, sizes.by)}. {advice}")


def _small(counts: Mapping[str, int], policy: Policy) -> list[str]:
    return [label for label, n in counts.items() if n < policy.k]


def _named(labels: list[str], by: str | None) -> str:
    return f"level {', '.join(map(repr, labels))} of {by!r}" if by else "the cohort"


def _require_model(sizes: ModelSizes, policy: Policy) -> None:
    code = rules.regression(n=sizes.n, n_events=sizes.n_events, n_terms=sizes.n_terms, policy=policy)
    if code is not None:
        raise DisclosureError(code, _ADVICE[code])
    few = (each for each in sizes.levels if min(each.n, each.events) < policy.k)
    if small := list(dict.fromkeys(f"level {each.level!r} of {each.variable!r}" for each in few)):
        raise DisclosureError(
            "cell_too_small",
            f"It concerns {'; '.join(small)}. Join the level with another, or leave the covariate out.",
        )

"""The words for why a value is hidden or a result refused: a closed list, so that none carries data."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# A reason must hold for a whole range of values. "It is zero" or "it is everybody" would tell the very number
# that is hidden, so zero shares a reason with the small counts, and everybody with nearly everybody.
SUPPRESSION_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "small_count": "too few people, or none",
        "group_attribute": "all people of the group, or nearly all",
        "secondary": "so that no small count can be worked out from the others",
        "differencing": "so that the few people between two counts cannot be worked out",
        "combined": "shown together with a later step",
        "too_few_people": "too few people to describe",
        "dominance": "one or two people make up most of the total",
        "p_percent": "the largest value could be estimated too closely",
        "curve_stopped": "too few people are left at risk",
        "ingredient": "worked out from a value that is hidden",
    }
)

# The codes are those that a site answers with; the sentence is ours and the same for everybody.
REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "stat_not_registered": "The gate does not know this kind of result, so it is not shown.",
        "cohort_too_small": "The cohort, or one of its groups, has too few people.",
        "cell_too_small": "A part of the result stands for too few people or events.",
        "differencing": "Together with what was shown before, the result would tell of few people.",
        "too_many_parameters": "The model has too many coefficients for its people or events.",
    }
)

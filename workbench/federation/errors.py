"""What goes wrong between sites: a closed list of refusal codes, and the error that a user sees."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from data_catalog.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Mapping

# A site answers with a code and nothing else: the words are ours, so that no text of a site, which might quote a person's
# values, can cross.
REFUSAL_CODES: Mapping[str, str] = MappingProxyType(
    {
        "not_understood": "The site could not read the question. Both sides need the same release of the workbench.",
        "stat_not_registered": "This analysis is not among those that may be asked across sites.",
        "permit_invalid": "No permit of the site's catalog lets this user ask that. Ask its owner for one.",
        "purpose_denied": "The site's permits do not allow this purpose.",
        "modality_denied": (
            "The question reads sorts of data that the network was not opened for. Name them: Network.open(…, modalities=…)."
        ),
        "cohort_too_small": "The cohort, or one of its groups, has too few people there. Widen the definition, or join groups.",
        "cell_too_small": (
            "A part of the answer stands for too few people or events there. Join levels, leave a variable out, or choose "
            "another horizon."
        ),
        "dominance": "One or two people make up most of a total there. Leave the variable out.",
        "too_many_parameters": "The model has too many coefficients for the people or events there. Leave covariates out.",
        "differencing": "The site has answered so similar a question that the two together would tell of few people.",
        "budget_exhausted": "The site has answered as many rounds of this question as it may.",
        "no_catalog": "There is no catalog where the site looks for one, or it cannot be opened.",
        "stale_catalog": "The site's catalog, or what people allow, is no longer as it was when the question began. Ask again.",
        "other_model": "The site's catalog, or its workbench, is of another version of the model. Upgrade it: workbench catalog upgrade.",
        "other_policy": "The site works under another disclosure policy.",
        "expired": "The question arrived after it had expired. Compare the clocks.",
        "not_estimable": "The site's people do not allow the analysis as asked: a level or a group that nobody is in, or no events.",
        "reply_too_large": "The answer is larger than any that may leave a site. Ask for fewer variables or levels.",
        "failed": "The site's workbench failed. Its own log says more.",
    }
)


class NetworkError(WorkbenchError):
    """Not every site answered, or a question cannot be asked across sites. The message names sites and codes."""


class Refusal(Exception):  # noqa: N818  it is an answer, not a fault
    """A site's gate or gateway says no. Carries a code from the closed list."""

    def __init__(self, code: str) -> None:
        if code not in REFUSAL_CODES:
            raise ValueError(f"{code!r} is not a refusal code.")
        super().__init__(code)
        self.code = code

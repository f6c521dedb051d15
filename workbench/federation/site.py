"""The gateway of one site: the only process that opens the site's catalog, and the place where every check is made.

It answers with a gated statistic or a code from a closed list. No text of an exception crosses, whatever went wrong.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from data_catalog import Catalog
from data_catalog.errors import CatalogError, PermitError, WorkbenchError
from data_catalog.governance.permits import PURPOSES, Level, current_user
from data_catalog.model.version import missing_columns, model_digest
from workbench.cohorts.encoding import meaning
from workbench.cohorts.errors import ModalityError
from workbench.disclosure import DisclosureError, Policy
from workbench.engines.inline import Contributions
from workbench.federation import gate_a, registry
from workbench.federation.errors import REFUSAL_CODES, Refusal
from workbench.federation.messages import MAX_BYTES, About, Reply, Request, digest_of
from workbench.statistics.errors import AnalysisError
from workbench.statistics.grid_table import OnRung
from workbench.statistics.newton import MAX_STEPS
from workbench.statistics.records import encode
from workbench.study import Study
from workbench.survival import GridKaplanMeier

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.federation.gate_a import Left
    from workbench.study import Provenance

_KEPT_QUESTIONS = 4  # whose people stay in memory between rounds


@dataclass
class _Question:
    """What a site remembers of a question between its rounds."""

    contributions: Contributions
    provenance: Provenance


@dataclass
class _Answered:
    """What a site remembers of a question for as long as it runs: it answers on one grid, and at so many points."""

    grid: tuple[OnRung, float] | None = None  # and the horizon in years
    points: set[bytes] = field(default_factory=set)


class Site:
    """Answers requests from the catalog of one site.

    Parameters
    ----------
    name : str
        The site; requests to another are not understood.
    catalog : Path or str
        Where its catalog is.
    policy : Policy, optional
        Its disclosure policy: the default one, or a stricter.

    Raises
    ------
    PolicyError
        If the policy allows more than the default one.
    """

    def __init__(self, name: str, catalog: Path | str, policy: Policy | None = None) -> None:
        self.name = name
        self._catalog = catalog
        base = Policy.load()
        self._policy = base if policy is None else policy.no_looser_than(base)
        self._studies: dict[tuple[str, tuple[str, ...], int], Study] = {}
        self._questions: dict[tuple[str, int], _Question] = {}
        self._answered: dict[tuple[object, ...], _Answered] = {}

    def answer(self, message: bytes) -> bytes:
        """Return the reply to a request. Never raises: whatever goes wrong has a code."""
        digest = digest_of(message)
        about: About | None = None
        try:
            request = Request.decode(message)
            study = self._study(request)
            about = self._about(study)
            left = self._left(request, study)
            reply = Reply(digest, self.name, about=about)
            if left is not None:
                reply = replace(reply, statistic=left.statistic, withheld=left.withheld)
        except Exception as error:  # noqa: BLE001  the text of any error may quote a person's values
            reply = Reply(digest, self.name, code=_code_of(error), about=about)
        written = reply.encode()
        if len(written) > MAX_BYTES:
            written = Reply(digest, self.name, code="reply_too_large", about=about).encode()
        return written

    def close(self) -> None:
        """Close the catalog."""
        for study in self._studies.values():
            study.close()
        self._studies.clear()
        self._questions.clear()

    def _study(self, request: Request) -> Study:
        """Check what can be checked before any data are read, and return the study that answers."""
        if request.site != self.name:
            raise Refusal("not_understood")
        if request.expires_at < time.time():
            raise Refusal("expired")
        if request.model != model_digest():
            raise Refusal("other_model")
        if request.policy != policy_name(self._policy):
            raise Refusal("other_policy")
        if request.purpose not in PURPOSES:
            raise Refusal("purpose_denied")
        for key, study in self._studies.items():
            if key[:2] == (request.purpose, request.modalities) and request.snapshot in (None, key[2]):
                return study
        return self._opened(request)

    def _opened(self, request: Request) -> Study:
        try:
            catalog = Catalog.open(self._catalog)
        except (CatalogError, OSError) as error:
            raise Refusal("no_catalog") from error
        snapshot = catalog.snapshot(None).snapshot_id if request.snapshot is None else request.snapshot
        if snapshot not in {each.snapshot_id for each in catalog.snapshots()}:
            raise Refusal("stale_catalog")
        if missing_columns(catalog.address, snapshot=snapshot):
            raise Refusal("other_model")
        try:
            study = Study.open(
                catalog,
                purpose=request.purpose,
                modalities=request.modalities,
                snapshot=snapshot,
                policy=self._policy,
            )
        except PermitError as error:
            raise Refusal(_permit_code(catalog, request.purpose)) from error
        self._studies[request.purpose, request.modalities, snapshot] = study
        return study

    def _about(self, study: Study) -> About:
        provenance = study.provenance
        return About(
            snapshot=provenance.snapshot.snapshot_id,
            snapshot_time=provenance.snapshot.time.isoformat(timespec="seconds"),
            permit_id=provenance.permit_id,
            policy=provenance.policy,
            model=model_digest(),
            consent_epoch=provenance.consent_epoch,
        )

    def _left(self, request: Request, study: Study) -> Left | None:
        """Return what leaves the site, having passed its gate."""
        if request.ask == "about":
            return None
        if request.ask == "contents":
            return gate_a.Left(gate_a.contents(study._contents(), self._policy))
        if request.cohort is None:
            raise Refusal("not_understood")
        counts = gate_a.steps(
            study._attrition(request.cohort, yields=False), self._policy
        )  # of any question, the cohort holds k people
        return gate_a.Left(counts) if request.ask == "attrition" else self._run(request, study)

    def _run(self, request: Request, study: Study) -> Left:
        if request.analysis is None or request.cohort is None:
            raise Refusal("not_understood")
        entry = registry.registered(request.analysis)
        question = self._question(request, study)
        state = request.state
        answered = self._answered.setdefault(_memory_key(request), _Answered())
        grid = _grid(request)
        if grid is not None and answered.grid not in (None, grid):
            raise Refusal("differencing")  # two grids of one table, laid over each other, would make finer bins
        with threadpool_limits(limits=1, user_api="blas"):
            left = entry.leave(gate_a.Asked(request.analysis, state, question.contributions), self._policy)
        self._remember(answered, state, grid)
        return left

    def _remember(self, answered: _Answered, state: Any, grid: tuple[OnRung, float] | None) -> None:
        if grid is not None:
            answered.grid = grid
        elif state is not None:
            answered.points.add(encode(state))
            if len(answered.points) > MAX_STEPS:
                raise Refusal("budget_exhausted")

    def _question(self, request: Request, study: Study) -> _Question:
        """Return the people of a question, fetched in its first round and kept for the others."""
        if request.analysis is None or request.cohort is None:
            raise Refusal("not_understood")
        key = (request.question, study.provenance.snapshot.snapshot_id)
        kept = self._questions.get(key)
        study._require(Level.AGGREGATE)
        if kept is not None and request.state is not None:
            if kept.provenance is not study.provenance:  # a study takes a new one when it has chosen its people again
                raise Refusal("stale_catalog")
            return kept
        while len(self._questions) >= _KEPT_QUESTIONS:
            self._questions.pop(next(iter(self._questions)))
        people = study._people_of(request.analysis, request.cohort)
        question = _Question(Contributions(request.analysis, people), study.provenance)
        self._questions[key] = question
        return question


def _memory_key(request: Request) -> tuple[object, ...]:
    """Return what a site remembers a question by: whom and what it is about, whatever that is called, on whatever grid."""
    if request.analysis is None or request.cohort is None:
        raise Refusal("not_understood")
    asked = meaning(request.cohort, request.analysis.variables)
    return request.purpose, request.modalities, type(request.analysis), asked


def _grid(request: Request) -> tuple[OnRung, float] | None:
    if isinstance(request.state, OnRung) and isinstance(request.analysis, GridKaplanMeier):
        return request.state, request.analysis.horizon_years
    return None


def policy_name(policy: Policy) -> str:
    """Return what both sides must agree on: name and version; thresholds a site may tighten."""
    return f"{policy.name} version {policy.version}"


def _code_of(error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.code
    if isinstance(error, PermitError):
        return "permit_invalid"
    if isinstance(error, ModalityError):
        return "modality_denied"
    if isinstance(error, DisclosureError) and error.code in REFUSAL_CODES:
        return error.code
    if isinstance(error, CatalogError):
        return "no_catalog"
    if isinstance(error, AnalysisError):
        return "not_estimable"
    return "not_understood" if isinstance(error, WorkbenchError) else "failed"


def _permit_code(catalog: Catalog, purpose: str) -> str:
    """Tell a purpose that is not allowed from the want of any permit."""
    now, user = datetime.now(UTC), current_user()
    for permit in catalog.permits():
        for_any = replace(permit, purposes=())
        if for_any.objection(user=user, purpose=purpose, level=Level.DISCOVER, at=now) is None:
            return "purpose_denied"
    return "permit_invalid"

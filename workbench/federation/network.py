"""The coordinator: asks every site the same question, adds up what they answer, and releases the sum. It opens no catalog."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from data_catalog.governance.modalities import known_modalities
from data_catalog.governance.permits import known_purpose
from data_catalog.governance.population import allowed_in_words
from data_catalog.model.version import model_digest
from workbench.disclosure import Gate, Policy, SitesAsked
from workbench.engines.merging import merge_in_pairs
from workbench.engines.rounds import run_rounds
from workbench.federation import registry
from workbench.federation.addresses import read_addresses
from workbench.federation.errors import REFUSAL_CODES, NetworkError, Refusal
from workbench.federation.local_processes import LocalProcesses
from workbench.federation.messages import Reply, Request, digest_of
from workbench.federation.transport import Unreachable
from workbench.statistics.results import CatalogContents, TableContents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from workbench.cohorts.definition import Cohort
    from workbench.disclosure import ReleasedTable
    from workbench.federation.messages import About, Ask
    from workbench.federation.transport import Transport
    from workbench.statistics.protocols import Analysis
    from workbench.statistics.records import Record

VALID_SECONDS = 300  # how long a request may be under way


@dataclass(frozen=True)
class SiteStatus:
    """How one site answers: "answered", "refused" or "unreachable"; why not, in words; and what it said of itself."""

    site: str
    outcome: str
    words: str = ""
    code: str | None = None
    about: About | None = None


@dataclass(frozen=True)
class NetworkProvenance:
    """What the results of a network rest on. ``sites`` has what each site said of itself when it last answered."""

    purpose: str
    modalities: tuple[str, ...]
    policy: str
    model: str
    engine: str = "network"
    sites: Mapping[str, About] = field(default_factory=dict)


@dataclass
class _Round:
    """What came back of one round."""

    replies: dict[str, Reply] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> dict[str, str]:
        return {site: reply.code for site, reply in self.replies.items() if reply.code is not None}


class _FewerSites(Exception):  # noqa: N818  it is no error: the question begins again with those who answer
    """A site fell out of a question that goes on without it."""


@dataclass
class _Question:
    """A question under way: who has been asked, who fell out, what was kept back."""

    ask: Ask
    cohort: Cohort | None
    analysis: Analysis | None
    sites: tuple[str, ...]
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    refused: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    withheld: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def left(self) -> tuple[str, ...]:
        return tuple(site for site in self.sites if site not in self.refused and site not in self.unreachable)

    def sites_asked(self) -> SitesAsked:
        withheld = {variable: dict(codes) for variable, codes in self.withheld.items()}
        return SitesAsked(self.sites, self.left, dict(self.refused), dict(self.unreachable), withheld)


class Network:
    """Questions asked of several sites at once, in the form of :class:`workbench.study.Study`, for one purpose.

    Every site answers from its own catalog in a process of its own. What crosses is one statistic that passed the site's gate, or a
    code. The sum of all sites passes the gate once more, and each result says which sites were asked, and which answered.

    Examples
    --------
    >>> network = Network.open("sites.yaml", purpose="scientific_research")   # doctest: +SKIP
    >>> network.count(cohort)                                                 # doctest: +SKIP
    """

    def __init__(
        self,
        transport: Transport,
        *,
        purpose: str,
        modalities: tuple[str, ...],
        policy: Policy,
        allow_partial: bool,
        progress: bool,
    ) -> None:
        self._transport = transport
        self._progress = progress
        self._purpose, self._modalities = purpose, modalities
        self._policy = policy
        self._gate = Gate(policy)
        self._allow_partial = allow_partial
        self._about: dict[str, About] = {}

    @classmethod
    def open(
        cls,
        sites: Mapping[str, Path | str] | Path | str,
        *,
        purpose: str,
        modalities: Sequence[str] = ("clinical",),
        policy: Policy | None = None,
        allow_partial: bool = False,
        seconds: float = 300.0,
        transport: Transport | None = None,
        progress: bool = False,
    ) -> Network:
        """Open a network. No site is asked yet.

        Parameters
        ----------
        sites : mapping of str to path, or path
            Each site's catalog by its name, or a file that says so (of a folder, its ``sites.yaml``):

            .. code-block:: yaml

                sites:
                  northgate: {catalog: catalogs/northgate}
                  riverside: {catalog: catalogs/riverside, policy: {k: 15}}
        purpose : str
            Why the data are used; see :data:`data_catalog.governance.permits.PURPOSES`.
        modalities : sequence of {"clinical", "waveform", "imaging", "genomic"}
            The sorts of data that are needed.
        policy : Policy, optional
            Policy of what is shown; the default one if not given. One that allows more is refused.
        allow_partial : bool
            Go on with fewer sites when some refuse or cannot be reached. Every result says so; without it nothing is computed.
        seconds : float
            How long to wait for one reply.
        transport : Transport, optional
            What carries the messages, in place of processes on this machine; ``sites`` is then not used.
        progress : bool
            Show on a terminal how many sites have answered: their programs take seconds to start.

        Raises
        ------
        NetworkError
            If the file cannot be read, names no site, or a policy that is none.
        PermitError, PolicyError, UnknownNameError
            If there is no such purpose, the policy allows more than the default one, or a modality is none.
        """
        base = Policy.load()
        policy = base if policy is None else policy.no_looser_than(base)
        return cls(
            LocalProcesses(read_addresses(sites), seconds=seconds) if transport is None else transport,
            purpose=known_purpose(purpose),
            modalities=known_modalities(modalities),
            policy=policy,
            allow_partial=allow_partial,
            progress=progress,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the sites go."""
        self._transport.close()

    def __repr__(self) -> str:
        return f"<Network of {', '.join(self.sites)} for {self._purpose!r}>"

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that are asked, sorted: the order in which their answers are added."""
        return tuple(sorted(self._transport.sites))

    @property
    def provenance(self) -> NetworkProvenance:
        """What results rest on."""
        return NetworkProvenance(
            self._purpose, self._modalities, self._policy.label, model_digest(), sites=dict(sorted(self._about.items()))
        )

    def status(self) -> tuple[SiteStatus, ...]:
        """Ask every site for its state: whether it answers, on which snapshot, under which policy."""
        question = _Question("about", None, None, self.sites)
        came = self._round(question, None)
        found = [_status(reply) for reply in came.replies.values()]
        found += [SiteStatus(site, "unreachable", words) for site, words in came.unreachable.items()]
        return tuple(sorted(found, key=lambda status: status.site))

    def contents(self) -> ReleasedTable:
        """Return what the sites' catalogs hold: rows and people by site and table, where there are enough of them."""
        question = _Question("contents", None, None, self.sites)
        rows = sorted(self._answer(question, lambda: self._total(question, None)).rows)
        found = CatalogContents(
            tuple(TableContents(*row) for row in rows),
            (f"A table with fewer than {self._policy.k} people, or none, is not listed.",),
        )
        return self._gate.release(found).from_sites(question.sites_asked())

    def count(self, cohort: Cohort) -> ReleasedTable:
        """Return how many people of all sites a cohort holds, gated."""
        question, counts = self._steps(cohort)
        people = counts.attrition(self._labels(cohort)).people(cohort.title)
        return self._gate.release(people).from_sites(question.sites_asked())

    def attrition(self, cohort: Cohort) -> ReleasedTable:
        """Return how many people of all sites each step of *cohort* keeps, gated. A step that a site keeps to itself is hidden."""
        question, counts = self._steps(cohort)
        return self._gate.release(counts.attrition(self._labels(cohort))).from_sites(question.sites_asked())

    def run(self, analysis: Analysis, cohort: Cohort) -> Any:
        """Run *analysis* on the people of *cohort* at every site and return its gated result.

        Parameters
        ----------
        analysis : TableOne, GridKaplanMeier, StratifiedLogRank or StratifiedCox
            What is asked: one of the registered analyses.
        cohort : Cohort
            Whom.

        Raises
        ------
        NetworkError
            If the analysis is not registered; if a site refuses or cannot be reached, and fewer sites are not allowed.
        AnalysisError, NotEstimableError, DisclosureError
            If the answers do not allow the analysis, or nothing of the result is safe to show.
        """
        registry.registered(analysis)
        question = _Question("run", cohort, analysis, self.sites)
        enough = self._gate.require_enough
        exact = self._answer(
            question,
            lambda: run_rounds(analysis, lambda state: self._total(question, state), require_enough=enough),
        )
        return self._gate.release(exact).from_sites(question.sites_asked())

    def _steps(self, cohort: Cohort) -> tuple[_Question, Any]:
        question = _Question("attrition", cohort, None, self.sites)
        return question, self._answer(question, lambda: self._total(question, None))

    def _labels(self, cohort: Cohort) -> tuple[str, ...]:
        return (allowed_in_words(self._purpose, self._modalities), *cohort.step_labels)

    def _answer(self, question: _Question, compute: Any) -> Any:
        """Compute an answer; where fewer sites are allowed, begin again with those that are left until no more fall out."""
        while True:
            try:
                return compute()
            except _FewerSites:
                question.withheld.clear()

    def _total(self, question: _Question, state: Record | None) -> Any:
        """Return the sum of the answers of one round, added in the order of the sites' names.

        Raises
        ------
        NetworkError
            If a site did not answer and fewer are not allowed, or none is left.
        """
        came = self._round(question, state)
        question.refused |= came.refused
        question.unreachable |= came.unreachable
        if came.refused or came.unreachable:
            if self._allow_partial and question.left:
                raise _FewerSites
            raise NetworkError(self._complaint(question))
        for site, reply in came.replies.items():
            for variable, code in reply.withheld:
                question.withheld[variable][site] = code
        return merge_in_pairs([came.replies[site].statistic for site in sorted(came.replies)])

    def _complaint(self, question: _Question) -> str:
        n_silent = len(question.refused) + len(question.unreachable)
        lines = [f"{n_silent} of {len(question.sites)} sites gave no answer, so nothing was computed."]
        lines += [
            f"  {site} refused [{code}]: {REFUSAL_CODES[code]}" for site, code in sorted(question.refused.items())
        ]
        lines += [f"  {site} cannot be reached: {words}." for site, words in sorted(question.unreachable.items())]
        lines.append(f"Answered: {', '.join(question.left) or 'none'}.")
        if question.left:
            lines.append("To go on without the others, and have every result say so: allow_partial=True.")
        return "\n".join(lines)

    def _round(self, question: _Question, state: Record | None) -> _Round:
        """Ask the sites that are left, all at once, and wait for every one."""
        came = _Round()
        expires_at = int(time.time()) + VALID_SECONDS
        messages = {site: self._request(question, site, state, expires_at).encode() for site in question.left}
        with self._bar(len(messages)) as bar, ThreadPoolExecutor(max_workers=max(1, len(messages))) as pool:
            waiting = {site: pool.submit(self._transport.ask, site, message) for site, message in messages.items()}
            for _ in as_completed(waiting.values()):
                bar.update()
        for site, message in messages.items():
            try:
                reply = self._checked(site, message, waiting[site].result(), question, state)
            except Unreachable as silence:
                came.unreachable[site] = str(silence)
                continue
            came.replies[site] = reply
            if reply.about is not None:
                self._about[site] = reply.about
        return came

    def _bar(self, n_sites: int) -> Any:
        """Return a bar on standard error, which shows itself on terminals only, if it was asked for."""
        off = None if self._progress else True
        return tqdm(total=n_sites, desc="Asking the sites", unit="site", leave=False, disable=off)

    def _request(self, question: _Question, site: str, state: Record | None, expires_at: int) -> Request:
        known = self._about.get(site)
        return Request(
            request_id=question.request_id,
            site=site,
            ask=question.ask,
            purpose=self._purpose,
            modalities=self._modalities,
            model=model_digest(),
            policy=f"{self._policy.name} version {self._policy.version}",
            expires_at=expires_at,
            snapshot=None if known is None else known.snapshot,
            cohort=question.cohort,
            analysis=question.analysis,
            state=state,
        )

    def _checked(self, site: str, message: bytes, answer: bytes, question: _Question, state: Record | None) -> Reply:
        """Read a reply; what is no reply to this request counts as none."""
        try:
            reply = Reply.decode(answer)
        except Refusal:
            raise Unreachable("what came back is not an answer of this grammar") from None
        if reply.request_digest != digest_of(message) or reply.site != site:
            raise Unreachable("what came back answers another request")
        if reply.code is None and not isinstance(reply.statistic, _expected(question, state)):
            raise Unreachable("what came back is not what was asked for")
        return reply


def _expected(question: _Question, state: Record | None) -> tuple[type, ...]:
    if question.analysis is not None:
        return registry.registered(question.analysis).answers(first=state is None)
    return registry.PLAIN_ANSWERS[question.ask]


def _status(reply: Reply) -> SiteStatus:
    if reply.code is not None:
        return SiteStatus(reply.site, "refused", REFUSAL_CODES[reply.code], reply.code, reply.about)
    return SiteStatus(reply.site, "answered", "", None, reply.about)


def words_of(statuses: Iterable[SiteStatus]) -> str:
    """Return a line a site, for print."""
    lines = []
    for each in statuses:
        about = each.about
        details = f"snapshot {about.snapshot} of {about.snapshot_time}, policy {about.policy}" if about else each.words
        if about and each.words:
            details = f"{each.words} ({details})"
        code = f" [{each.code}]" if each.code else ""
        model = f", model {about.model}" if about else ""
        lines.append(f"{each.site}: {each.outcome}{code}: {details}{model}")
    return "\n".join(lines)

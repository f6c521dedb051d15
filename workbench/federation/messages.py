"""The closed grammar of what crosses between coordinator and sites: canonical JSON, one request and one reply a round.

A request holds names, definitions and numbers of an analysis, never code. A reply holds one statistic that passed the
site's gate, or one refusal code. Whatever is not understood is refused, never skipped.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from data_catalog.errors import WorkbenchError
from workbench.cohorts.serialise import from_dict, to_dict
from workbench.federation import registry
from workbench.federation.errors import REFUSAL_CODES, Refusal
from workbench.statistics.records import Record, from_plain, to_plain

if TYPE_CHECKING:
    from workbench.cohorts.definition import Cohort
    from workbench.statistics.protocols import Analysis

VERSION = 1
MAX_BYTES = 1_000_000  # of a message; a larger answer would be no statistic
Ask = Literal["about", "contents", "attrition", "run"]


@dataclass(frozen=True)
class Request:
    """One question to one site.

    Attributes
    ----------
    request_id : str
        Says which replies belong together; the same for every site and round of a question.
    site : str
        Who is asked.
    ask : {"about", "contents", "attrition", "run"}
        What is asked: the site's own state, what its catalog holds, the steps of a cohort, an analysis of it.
    purpose, modalities : str, tuple of str
        Why, and with which sorts of data.
    model, policy : str
        Digest of the coordinator's model; name and version of the disclosure policy.
    expires_at : int
        Seconds since 1970 after which a site does not answer any more.
    snapshot : int or None
        The snapshot on which the question began; None in the first request to a site.
    cohort, analysis : Cohort, Analysis or None
        Whom, and what.
    state : Record or None
        What the round is about; None in the first.
    """

    request_id: str
    site: str
    ask: Ask
    purpose: str
    modalities: tuple[str, ...]
    model: str
    policy: str
    expires_at: int
    snapshot: int | None = None
    cohort: Cohort | None = None
    analysis: Analysis | None = None
    state: Record | None = None

    def encode(self) -> bytes:
        """Return the canonical JSON."""
        return _canonical(
            {
                "version": VERSION,
                "request_id": self.request_id,
                "site": self.site,
                "ask": self.ask,
                "purpose": self.purpose,
                "modalities": list(self.modalities),
                "model": self.model,
                "policy": self.policy,
                "expires_at": self.expires_at,
                "snapshot": self.snapshot,
                "cohort": None if self.cohort is None else to_dict(self.cohort),
                "analysis": None if self.analysis is None else registry.analysis_to_dict(self.analysis),
                "state": None if self.state is None else to_plain(self.state),
            }
        )

    @property
    def question(self) -> str:
        """Digest of what is asked, the same in every round and at every time."""
        bare = replace(self, request_id="", expires_at=0, snapshot=None, state=None)
        return hashlib.sha256(bare.encode()).hexdigest()

    @classmethod
    def decode(cls, message: bytes) -> Request:
        """Read a request.

        Raises
        ------
        Refusal
            ``stat_not_registered`` if the analysis is none that may be asked, ``not_understood`` for anything else.
        """
        try:
            data = _plain(message, "request")
            analysis = None if data["analysis"] is None else registry.analysis_from_dict(data["analysis"])
            if data["ask"] not in get_args(Ask):
                raise Refusal("not_understood")
            return cls(
                request_id=_text(data["request_id"]),
                site=_text(data["site"]),
                ask=data["ask"],
                purpose=_text(data["purpose"]),
                modalities=tuple(_text(each) for each in data["modalities"]),
                model=_text(data["model"]),
                policy=_text(data["policy"]),
                expires_at=_whole(data["expires_at"]),
                snapshot=None if data["snapshot"] is None else _whole(data["snapshot"]),
                cohort=None if data["cohort"] is None else from_dict(data["cohort"]),
                analysis=analysis,
                state=_state(data["state"], analysis),
            )
        except (WorkbenchError, TypeError, ValueError, KeyError, RecursionError) as error:
            raise Refusal("not_understood") from error


@dataclass(frozen=True)
class About:
    """What a site says of itself with every answer.

    Attributes
    ----------
    snapshot, snapshot_time : int, str
        On which snapshot of its catalog it answers, and when that was committed (ISO 8601).
    permit_id, policy, model : str
        Under which permit, with which disclosure policy, of which model.
    consent_epoch : int
        As of when consents are heeded.
    """

    snapshot: int
    snapshot_time: str
    permit_id: str
    policy: str
    model: str
    consent_epoch: int


@dataclass(frozen=True)
class Reply:
    """What a site answers.

    Attributes
    ----------
    request_digest : str
        SHA-256 of the request's bytes.
    site : str
    statistic : Record or None
        What passed the gate; None for "about" and for a refusal.
    code : str or None
        Why nothing is answered.
    withheld : tuple of (str, str)
        Variables that are left out of the answer, each with its code.
    about : About or None
        None where the site could not get so far.
    """

    request_digest: str
    site: str
    statistic: Record | None = None
    code: str | None = None
    withheld: tuple[tuple[str, str], ...] = ()
    about: About | None = None

    def encode(self) -> bytes:
        """Return the canonical JSON."""
        return _canonical(
            {
                "version": VERSION,
                "request_digest": self.request_digest,
                "site": self.site,
                "statistic": None if self.statistic is None else to_plain(self.statistic),
                "code": self.code,
                "withheld": [list(each) for each in self.withheld],
                "about": None if self.about is None else vars(self.about),
            }
        )

    @classmethod
    def decode(cls, message: bytes) -> Reply:
        """Read a reply.

        Raises
        ------
        Refusal
            ``not_understood`` if it is none.
        """
        try:
            data = _plain(message, "reply")
            for code in (data["code"], *(code for _, code in data["withheld"])):
                if code is not None and code not in REFUSAL_CODES:
                    raise Refusal("not_understood")
            return cls(
                request_digest=_text(data["request_digest"]),
                site=_text(data["site"]),
                statistic=None if data["statistic"] is None else from_plain(data["statistic"]),
                code=data["code"],
                withheld=tuple((_text(name), code) for name, code in data["withheld"]),
                about=None if data["about"] is None else About(**data["about"]),
            )
        except (WorkbenchError, TypeError, ValueError, KeyError, RecursionError) as error:
            raise Refusal("not_understood") from error


def digest_of(message: bytes) -> str:
    """Return the SHA-256 of a message, in hexadecimal."""
    return hashlib.sha256(message).hexdigest()


_KEYS = {
    "request": (
        *("version", "request_id", "site", "ask", "purpose", "modalities", "model", "policy", "expires_at", "snapshot"),
        *("cohort", "analysis", "state"),
    ),
    "reply": ("version", "request_digest", "site", "statistic", "code", "withheld", "about"),
}


def _canonical(data: dict[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _plain(message: bytes, kind: str) -> dict[str, Any]:
    """Read the JSON of a message: no key twice, exactly the keys of its kind, of this version."""
    if len(message) > MAX_BYTES:
        raise ValueError("too long")
    data = json.loads(message, object_pairs_hook=_no_key_twice)
    if not isinstance(data, dict) or sorted(data) != sorted(_KEYS[kind]) or data["version"] != VERSION:
        raise ValueError("not of this grammar")
    return data


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("a key stands twice")
    return keys


def _state(data: Any, analysis: Analysis | None) -> Record | None:
    if data is None:
        return None
    state = from_plain(data)
    if analysis is None or not isinstance(state, registry.registered(analysis).states):
        raise ValueError("not a state of this analysis")
    return state


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value

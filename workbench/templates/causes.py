"""Why a rerun differs: what is not the same beside the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Kind = Literal["data", "consent", "environment", "policy", "template", "result"]


@dataclass(frozen=True)
class Cause:
    """One thing that differs between a bundle and its rerun, in words."""

    kind: Kind
    words: str


def causes(
    was: Mapping[str, Any],
    now: Mapping[str, Any],
    *,
    environment_was: Mapping[str, Any],
    environment_now: Mapping[str, Any],
) -> tuple[Cause, ...]:
    """Return everything that differs beside the values, from the records and the environments of two runs."""
    found: list[Cause] = []
    if was["template"]["digest"] != now["template"]["digest"]:
        words = "The template's notebook says something else than the one that was run."
        found.append(Cause("template", words))
    for before, after in zip(was["studies"], now["studies"], strict=False):
        found += [*_data(before, after), *_consent(before, after), *_policy(before, after)]
    if words := _environment(environment_was, environment_now):
        found.append(Cause("environment", words))
    return tuple(dict.fromkeys(found))


def _data(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Cause]:
    before, after = was["data"], now["data"]
    if before["method"] != after["method"]:
        words = f"The data cannot be compared: their digests were made by {before['method']} and {after['method']}."
        yield Cause("data", words)
    elif before["digest"] is None or after["digest"] is None:
        # Too few people for a digest: all that is known is which snapshot was read.
        if was["snapshot"] != now["snapshot"]:
            yield Cause("data", f"The snapshot is another: {_snapshot(was)} then, {_snapshot(now)} now.")
    elif before["digest"] != after["digest"]:
        names = sorted({*before["groups"], *after["groups"]})
        differ = [name for name in names if before["groups"].get(name) != after["groups"].get(name)]
        which = f"The {_listed(differ)} data are" if differ else "The data are"
        yield Cause(
            "data",
            f"{which} not those of the bundle ({_snapshot(was)} then, {_snapshot(now)} now).",
        )


def _consent(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Cause]:
    before, after = was["consent"], now["consent"]
    if before.get("epoch") != after.get("epoch"):
        words = f"Consents have changed: epoch {before.get('epoch')} then, {after.get('epoch')} now."
        yield Cause("consent", words)
    # The digest of who is left out is salted with the clinical data, so it says something only where these are the same.
    elif was["data"]["groups"].get("clinical") == now["data"]["groups"].get("clinical") and before.get(
        "left_out"
    ) != after.get("left_out"):
        yield Cause("consent", "Other people are left out for want of a legal basis than in the bundle.")
    if was.get("modalities") != now.get("modalities") or was["purpose"] != now["purpose"]:
        yield Cause("consent", "The study asks for other sorts of data, or for another purpose, than in the bundle.")


def _policy(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Cause]:
    before, after = was["policy"], now["policy"]
    if before["digest"] != after["digest"]:
        label = f"{before['label']} then, {after['label']} now"
        same = " (of the same name, with other thresholds)" if before["label"] == after["label"] else ""
        yield Cause("policy", f"The disclosure policy is another: {label}{same}.")


def _environment(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    changes = [
        f"{name} {was[name]} then, {now[name]} now"
        for name in ("python", "system", "machine")
        if was[name] != now[name]
    ]
    before, after = was["distributions"], now["distributions"]
    for name in sorted({*before, *after}):
        one, other = before.get(name, "absent"), after.get(name, "absent")
        if one != other:
            changes.append(f"{name} {one} then, {other} now")
    if was["code"] != now["code"] and before.get("cardio-workbench") == after.get("cardio-workbench"):
        changes.append(f"the code of cardio-workbench {after.get('cardio-workbench')} was changed")
    return f"{'; '.join(changes)}." if changes else ""


def _snapshot(study: Mapping[str, Any]) -> str:
    return f"snapshot {study['snapshot']['id']} of {study['catalog']}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

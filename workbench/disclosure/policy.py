"""The disclosure policy: versioned thresholds that a site may tighten and never loosen."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from importlib import resources
from typing import Any, Self

from data_catalog.errors import did_you_mean
from workbench.disclosure.errors import PolicyError

_FOLDER = "policies"
# Which way is tighter: a higher or a lower number.
_TIGHTER_IS_HIGHER = (
    "k",
    "p_percent",
    "residual_degrees",
    "events_per_parameter",
    "bin_events",
)
_TIGHTER_IS_LOWER = ("dominance_share", "parameters_per_person")


@dataclass(frozen=True)
class Rung:
    """A grid on which survival curves may be shown.

    Parameters
    ----------
    name : str
    every_days : float, optional
        Width of all bins, in days. None: the edges are listed.
    at_days : tuple of float
        The edges after 0, ascending, in days.
    """

    name: str
    every_days: float | None = None
    at_days: tuple[float, ...] = ()

    def edges_days(self, horizon_days: float) -> tuple[float, ...]:
        """Return the edges of the bins from 0 to the horizon; edges beyond are cut and the last is the horizon.

        An edge less than half a width before the horizon is left out: five years are 1826.25 days, and nobody wants a
        last bin from 1825 days onwards.
        """
        edges = self.at_days
        if self.every_days is not None:
            n_edges = math.floor(horizon_days / self.every_days - 0.5)
            edges = tuple(self.every_days * number for number in range(1, n_edges + 1))
        return (0.0, *(float(edge) for edge in edges if edge < horizon_days), float(horizon_days))


@dataclass(frozen=True)
class Policy:
    """Thresholds of the disclosure gate; :meth:`load` reads one, :meth:`tightened` makes it stricter.

    Parameters
    ----------
    name, version, preset : str
        What the policy is called.
    k : int
        A count of people below it is not shown.
    rounding_base : int
        Released counts are multiples of it.
    zeros_are_disclosive : bool
        Whether "nobody" is hidden like a small count.
    dominance_share : float
        The two people with the largest values may make up at most this share of a total.
    p_percent : float
        What is left of a total without its two largest contributors is at least this share of the largest.
    residual_degrees, parameters_per_person, events_per_parameter : int, float, int
        Limits for regressions: people less coefficients, coefficients per person, events per coefficient.
    bin_events : int
        Events that each bin of a survival curve must hold, over and above k leavers.
    ladder : tuple of Rung
        Grids for survival curves, the finest first.
    """

    name: str
    version: str
    preset: str
    k: int
    rounding_base: int
    zeros_are_disclosive: bool
    dominance_share: float
    p_percent: float
    residual_degrees: int
    parameters_per_person: float
    events_per_parameter: int
    bin_events: int
    ladder: tuple[Rung, ...]

    @classmethod
    def load(cls, name: str = "cw-sdc-1", preset: str = "default") -> Self:
        """Read a policy that ships with the workbench.

        Parameters
        ----------
        name : str
            "cw-sdc-1".
        preset : str
            "minimal" (k = 5), "default" (k = 10) or "strict" (k = 21).

        Raises
        ------
        PolicyError
            If there is no such policy or preset.
        """
        folder = resources.files("workbench.disclosure") / _FOLDER
        known = [file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")]
        if name not in known:
            raise PolicyError(f"{name!r} is not a disclosure policy. {did_you_mean(name, known)}")
        declared = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
        presets = declared["presets"]
        if preset not in presets:
            raise PolicyError(f"{preset!r} is not a preset of policy {name!r}. {did_you_mean(preset, presets)}")
        ladder = tuple(
            Rung(rung["rung"], rung.get("every_days"), tuple(rung.get("at_days", ()))) for rung in declared["ladder"]
        )
        rules: dict[str, Any] = {**declared["rules"], **presets[preset]}
        return cls(name=declared["name"], version=declared["version"], preset=preset, ladder=ladder, **rules)

    @property
    def label(self) -> str:
        """Name, version and preset in one: what released tables carry."""
        return f"{self.name} version {self.version}, {self.preset}"

    @property
    def digest(self) -> str:
        """SHA-256 over every threshold: two policies of one label that differ in anything differ in it."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def tightened(self, *, finest_rung: str | None = None, **overrides: float) -> Self:
        """Return a stricter policy, as a site may set it.

        Parameters
        ----------
        finest_rung : str, optional
            Name of the finest grid of survival curves that is still allowed.
        **overrides
            New values of ``k``, ``rounding_base`` (a multiple of the old one), ``dominance_share``, … .

        Raises
        ------
        PolicyError
            If a name is unknown or a value would loosen the policy.
        """
        allowed = [*_TIGHTER_IS_HIGHER, *_TIGHTER_IS_LOWER, "rounding_base", "finest_rung"]
        for name, value in overrides.items():
            if name not in allowed:
                raise PolicyError(f"A policy has no threshold {name!r}. {did_you_mean(name, allowed)}")
            self._refuse_loosening(name, value)
        ladder = self.ladder if finest_rung is None else self._ladder_from(finest_rung)
        changes = [f"{name} {value}" for name, value in sorted(overrides.items()) if value != getattr(self, name)]
        if ladder != self.ladder:
            changes.append(f"finest grid {finest_rung}")
        preset = f"{self.preset} tightened ({', '.join(changes)})" if changes else self.preset
        typed = {each.name: overrides[each.name] for each in fields(self) if each.name in overrides}
        return replace(self, preset=preset, ladder=ladder, **typed)  # type: ignore[arg-type]

    def no_looser_than(self, base: Policy) -> Self:
        """Return this policy if it nowhere allows more than *base* does.

        Raises
        ------
        PolicyError
            If a threshold, the rule on zeros or the ladder is looser.
        """
        for name in (*_TIGHTER_IS_HIGHER, *_TIGHTER_IS_LOWER, "rounding_base"):
            base._refuse_loosening(name, getattr(self, name))
        if base.zeros_are_disclosive and not self.zeros_are_disclosive:
            raise PolicyError(
                "The policy hides zeros, and may not be changed to show them: a policy is never loosened."
            )
        if not self.ladder or self.ladder != base.ladder[-len(self.ladder) :]:
            raise PolicyError(
                "The grids of survival curves may only be fewer, from the finest on; others are not allowed."
            )
        return self

    def _refuse_loosening(self, name: str, value: float) -> None:
        now = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, type(now) if isinstance(now, int) else (int, float)):
            raise PolicyError(
                f"Threshold {name!r} is a {'whole ' if isinstance(now, int) else ''}number, not {value!r}."
            )
        if name == "rounding_base":
            # With a base of 7 beside one of 5, two roundings of one count would narrow it down.
            if value < now or value % now:
                raise PolicyError(f"rounding_base is {now} and may only become a multiple of it, not {value}.")
        elif name in _TIGHTER_IS_HIGHER and not value >= now:
            raise PolicyError(
                f"{name} is {now} and may only be raised, not set to {value}: a policy is never loosened."
            )
        elif name in _TIGHTER_IS_LOWER and not 0 < value <= now:
            raise PolicyError(
                f"{name} is {now} and may only be lowered, not set to {value}: a policy is never loosened."
            )

    def _ladder_from(self, finest_rung: str) -> tuple[Rung, ...]:
        names = [rung.name for rung in self.ladder]
        if finest_rung not in names:
            raise PolicyError(f"{finest_rung!r} is not a rung of the ladder. {did_you_mean(str(finest_rung), names)}")
        return self.ladder[names.index(finest_rung) :]

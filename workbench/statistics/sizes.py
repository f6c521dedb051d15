"""How many people and events stand behind a statistic: what the gate looks at before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class GroupSizes:
    """People in each group, by its label; and, where groups are compared by them, the events. ``by`` is None for everybody."""

    by: str | None
    n: Mapping[str, int]
    events: Mapping[str, int] | None = None


@dataclass(frozen=True)
class LevelSize:
    """People at one level of a covariate, and those of them who had the event."""

    variable: str
    level: str
    n: int
    events: int


@dataclass(frozen=True)
class ModelSizes:
    """People, events and coefficients of a regression, and the levels of its covariates, references included."""

    n: int
    n_events: int
    n_terms: int
    levels: tuple[LevelSize, ...]


Sizes = GroupSizes | ModelSizes

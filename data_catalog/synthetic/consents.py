"""Consents: by sort of data and purpose, given when people come, and now and then withdrawn.

Whether somebody consents has nothing to do with how long they live. A withdrawal is for every purpose, whatever was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic.people import People, Planted

if TYPE_CHECKING:
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.days import Bools, Ints

MODALITIES = ("clinical", "waveform", "imaging", "genomic")
EVERY_PURPOSE, RESEARCH = "*", "scientific_research"
_OTHER_PURPOSE = "care_improvement"


@dataclass(frozen=True)
class Profile:
    """What a person said: sorts of data, the purpose, what was withdrawn later, and the share of people who say so."""

    name: str
    share: float
    modalities: tuple[str, ...] = MODALITIES
    purpose: str = EVERY_PURPOSE
    withdrawn: tuple[str, ...] = ()

    @property
    def allows_research(self) -> tuple[str, ...]:
        """Sorts of data that research may use today."""
        if self.purpose not in (EVERY_PURPOSE, RESEARCH):
            return ()
        return tuple(modality for modality in self.modalities if modality not in self.withdrawn)


PROFILES = (
    Profile("everything, every purpose", 0.50),
    Profile("everything, research", 0.27, purpose=RESEARCH),
    Profile("clinical data only", 0.06, modalities=("clinical",)),
    Profile("all but genomic data", 0.04, modalities=("clinical", "waveform", "imaging"), purpose=RESEARCH),
    Profile("everything, better care only", 0.03, purpose=_OTHER_PURPOSE),
    Profile("everything withdrawn", 0.03, withdrawn=MODALITIES),
    Profile("genomic data withdrawn", 0.02, purpose=RESEARCH, withdrawn=("genomic",)),
    Profile("no answer on record", 0.05, modalities=()),
)
_N_FULL = 2  # profiles of people without any reserve


@dataclass(frozen=True)
class Consents:
    """Rows (``row``, ``modality``, ``purpose``, ``status``, ``valid_from``, ``recorded_at``), and each person's index in PROFILES."""

    rows: pl.DataFrame
    profile: Ints

    def allow_research(self, modality: str) -> Bools:
        """Whether research may use a sort of data of each person today."""
        return np.array([modality in profile.allows_research for profile in PROFILES])[self.profile]


def consents_of(people: People, course: Course, random: np.random.Generator) -> Consents:
    """Draw what everybody said. Planted carriers agree to everything."""
    n = len(people)
    shares = np.array([profile.share for profile in PROFILES])
    profile = random.choice(len(PROFILES), size=n, p=shares / shares.sum())
    profile = np.where(people.planted != Planted.NOBODY, profile % _N_FULL, profile)
    span = course.end_day - course.entry_day
    given = course.entry_day + np.minimum(random.integers(0, 60, n), span)
    withdrawn = given + ((0.2 + 0.75 * random.random(n)) * (course.end_day - given)).astype(np.int64) + 1
    minutes = random.integers(8 * 60, 17 * 60, (2, n))
    delay_minutes = random.integers(5, 5 * 24 * 60, (2, n))
    parts = []
    for index, one in enumerate(PROFILES):
        rows = np.flatnonzero(profile == index)
        for status, modalities, purpose, day, which in (
            ("given", one.modalities, one.purpose, given, 0),
            ("withdrawn", one.withdrawn, EVERY_PURPOSE, withdrawn, 1),
        ):
            moment = day[rows] * 24 * 60 + minutes[which][rows]
            parts += [
                pl.DataFrame(
                    {"row": rows, "valid_from": moment, "recorded_at": moment + delay_minutes[which][rows]}
                ).with_columns(modality=pl.lit(modality), purpose=pl.lit(purpose), status=pl.lit(status))
                for modality in modalities
            ]
    moments = [
        pl.from_epoch(pl.col(name) * 60, time_unit="s").dt.replace_time_zone("UTC").dt.cast_time_unit("us").alias(name)
        for name in ("valid_from", "recorded_at")
    ]
    return Consents(pl.concat(parts).with_columns(moments), profile)

"""Who is seen where, for what, and for how long.

Each centre is a cardiology department with a cardiomyopathy clinic. Most people come to general cardiology (blood pressure, chest
pain, atrial fibrillation); the clinic sees dilated, hypertrophic and arrhythmogenic cardiomyopathy, and relatives who are screened.
Patients of the clinic with dilated cardiomyopathy come, as a rule, when their heart fails for the first time. Others come with an infarction, and their heart fails within
the next years. A few people
are seen at two centres: they moved house, and the first centre knows nothing of what came later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from data_catalog.synthetic.days import DAYS_PER_YEAR, Bools, Ints, day_number
from data_catalog.synthetic.sites import SITES


class Group(IntEnum):
    """Why somebody is a patient of the centre."""

    GENERAL = 0
    DILATED = 1
    HYPERTROPHIC = 2
    ARRHYTHMOGENIC = 3
    RELATIVE = 4
    ISCHAEMIC = 5


class Planted(IntEnum):
    """Carriers whose number at each site is fixed, so that questions about them can, or cannot, be answered."""

    NOBODY = 0
    TITIN = 1
    LAMIN = 2


# Shares of a centre's people; the rest are seen in general cardiology.
SHARE_OF_GROUP = {
    Group.DILATED: 0.25,
    Group.HYPERTROPHIC: 0.07,
    Group.ARRHYTHMOGENIC: 0.03,
    Group.RELATIVE: 0.06,
    Group.ISCHAEMIC: 0.04,
}
# Carriers of a truncating variant in TTN with heart failure and an ejection fraction of at most 40 %, with consent and genome:
# 80 of 2,000 people.
SHARE_PLANTED_TITIN = 0.04
# Carriers of a truncating variant in LMNA with the same disease, at each site: too few for any table, also all together.
N_PLANTED_LAMIN = 1
# Of people with dilated cardiomyopathy, those who come with heart failure.
SHARE_FAILING = 0.92
SHARE_SEEN_TWICE = 0.015

LAST_DAY = day_number(2025, 12, 31)
_FIRST_FAILURE, _LAST_FAILURE = day_number(2012, 1, 1), day_number(2023, 12, 31)
_FIRST_ENTRY, _LAST_ENTRY = day_number(2009, 1, 1), day_number(2020, 12, 31)
_LOST_PER_YEAR = 0.025

_AGE_YEARS = {  # mean, standard deviation, youngest, oldest: at entry, or at the first heart failure for failing hearts
    Group.GENERAL: (61.0, 12.0, 25.0, 88.0),
    Group.DILATED: (55.0, 13.0, 20.0, 85.0),
    Group.HYPERTROPHIC: (48.0, 14.0, 18.0, 80.0),
    Group.ARRHYTHMOGENIC: (40.0, 13.0, 18.0, 75.0),
    Group.RELATIVE: (38.0, 14.0, 18.0, 80.0),
    Group.ISCHAEMIC: (65.0, 10.0, 35.0, 88.0),
}
# Dilated cardiomyopathy from titin shows a few years earlier than without a known cause.
_TITIN_YEARS_EARLIER = 4.0
_SHARE_MALE = {
    Group.GENERAL: 0.56,
    Group.DILATED: 0.65,
    Group.HYPERTROPHIC: 0.60,
    Group.ARRHYTHMOGENIC: 0.60,
    Group.RELATIVE: 0.50,
    Group.ISCHAEMIC: 0.76,
}


@dataclass(frozen=True)
class People:
    """The rows of ``person`` at all sites, one array an attribute, shape (n_rows,).

    Parameters
    ----------
    site : array of int
        Index of the site.
    person_id, record_number : array of int
        OMOP's key, disjoint between sites, and the number within the site's record numbers. They do not follow each other.
    group, planted : array of int
        See :class:`Group` and :class:`Planted`.
    male : array of bool
    birth_day, entry_day, leave_day : array of int
        Birth, and the first and last day of observation unless the person dies before.
    failure_day : array of int
        The first heart failure of those who are chosen for it; ``LAST_DAY + 1`` for everyone else.
    origin : array of int
        The row that describes the same human being at the hospital that knows the whole course; its own row for most.
    """

    site: Ints
    person_id: Ints
    record_number: Ints
    group: Ints
    planted: Ints
    male: Bools
    birth_day: Ints
    entry_day: Ints
    leave_day: Ints
    failure_day: Ints
    origin: Ints

    def __len__(self) -> int:
        return len(self.site)

    @property
    def is_copy(self) -> Bools:
        """Whether the row is of somebody whose whole course another hospital knows."""
        return self.origin != np.arange(len(self))

    @property
    def comes_failing(self) -> Bools:
        """Whether the person is in these data for a heart failure: of a dilated heart, or after an infarction."""
        return self.failure_day <= LAST_DAY


def people_of(n_people: int, random: np.random.Generator) -> People:
    """Draw the people of all sites: as equal in number as can be, in the order of the sites."""
    sizes = [n_people // len(SITES) + (index < n_people % len(SITES)) for index in range(len(SITES))]
    site = np.repeat(np.arange(len(SITES)), sizes)
    groups, planted = (np.concatenate(part) for part in zip(*(_groups(size, random) for size in sizes), strict=True))
    comes_failing = (groups == Group.ISCHAEMIC) | (
        (groups == Group.DILATED) & ((planted > 0) | (random.random(n_people) < SHARE_FAILING))
    )
    failure_day = np.where(
        comes_failing, random.integers(_FIRST_FAILURE, _LAST_FAILURE, n_people, endpoint=True), LAST_DAY + 1
    )
    # At least a year is known before the first heart failure, so that it can be told from an old one.
    known_before = (random.uniform(1.02, 5.0, n_people) * DAYS_PER_YEAR).astype(np.int64)
    entry_day = np.where(
        comes_failing, failure_day - known_before, random.integers(_FIRST_ENTRY, _LAST_ENTRY, n_people, endpoint=True)
    )
    mean, spread, youngest, oldest = (
        np.array([_AGE_YEARS[Group(group)][index] for group in Group])[groups] for index in range(4)
    )
    age = mean + spread * random.standard_normal(n_people) - _TITIN_YEARS_EARLIER * (planted == Planted.TITIN)
    age = np.clip(age, youngest, oldest) + random.uniform(0, 1, n_people)
    birth_day = np.where(comes_failing, failure_day, entry_day) - (age * DAYS_PER_YEAR).astype(np.int64)
    # Loss to follow-up knows nothing of the risk: it may come from the first heart failure on, or soon after entry.
    seen_until = np.where(comes_failing, failure_day, entry_day + 90)
    lost = seen_until + 1 + (random.exponential(1 / _LOST_PER_YEAR, n_people) * DAYS_PER_YEAR).astype(np.int64)
    people = People(
        site=site,
        person_id=np.concatenate([(index + 1) * 10_000_000 + 1 + np.arange(size) for index, size in enumerate(sizes)]),
        record_number=np.concatenate([_record_numbers(size, random) for size in sizes]),
        group=groups,
        planted=planted,
        male=random.random(n_people) < np.array([_SHARE_MALE[group] for group in Group])[groups],
        birth_day=birth_day,
        entry_day=entry_day,
        leave_day=np.minimum(lost, LAST_DAY),
        failure_day=failure_day,
        origin=np.arange(n_people),
    )
    return _with_copies(people, random)


def _groups(size: int, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Groups and planted carriers of one site, in random order; the numbers are fixed, not drawn."""
    groups = np.zeros(size, dtype=np.int64)
    start = 0
    for group, share in SHARE_OF_GROUP.items():
        groups[start : start + round(share * size)] = group
        start += round(share * size)
    planted = np.zeros(size, dtype=np.int64)
    n_titin = max(1, round(SHARE_PLANTED_TITIN * size))
    planted[:n_titin] = Planted.TITIN
    planted[n_titin : n_titin + N_PLANTED_LAMIN] = Planted.LAMIN
    order = random.permutation(size)
    return groups[order], planted[order]


def _record_numbers(size: int, random: np.random.Generator) -> Ints:
    """Numbers of six digits, none twice, in no order."""
    return random.choice(np.arange(1, 1_000_000), size=size, replace=False)


def _with_copies(people: People, random: np.random.Generator) -> People:
    """Let some rows of general cardiology be people whom another centre sees too."""
    n_copies = round(SHARE_SEEN_TWICE * len(people))
    copies = random.choice(np.flatnonzero(people.group == Group.GENERAL), size=n_copies, replace=False)
    known = np.full(len(people), fill_value=True)
    known[copies] = False
    # Long enough in care for a life at two places.
    known &= np.minimum(people.leave_day, people.failure_day) - people.entry_day > 2 * DAYS_PER_YEAR
    sources = random.permutation(np.flatnonzero(known))
    origin = people.origin.copy()
    for index in range(len(SITES)):
        here = copies[people.site[copies] == index]
        elsewhere = sources[people.site[sources] != index]
        origin[here] = elsewhere[: len(here)]
        sources = np.setdiff1d(sources, origin[here], assume_unique=True)
        sources = random.permutation(sources)
    return People(
        site=people.site,
        person_id=people.person_id,
        record_number=people.record_number,
        group=people.group[origin],
        planted=people.planted,
        male=people.male[origin],
        birth_day=people.birth_day[origin],
        entry_day=people.entry_day[origin],
        leave_day=people.leave_day[origin],
        failure_day=people.failure_day[origin],
        origin=origin,
    )

"""The arithmetic of Cox's partial likelihood, split between where people are and where their sums meet.

For each event time t of a stratum, with r = w·exp(x'β) for the people at risk (entry < t ≤ exit)::

    S0(t) = Σ r     S1(t) = Σ r x     over the people at risk
    D0(t) = Σ r     D1(t) = Σ r x     over the d who have the event at t

Efron's treatment of ties lets the d tied events happen one after the other, each taking an equal share of all
d with it: the l-th (l = 0 … d − 1) meets the risk ``S0 − (l/d) D0``. Breslow's lets each meet ``S0``.

Everything but the first part of the information needs only these sums. That part is Σ r h x x', where h is
the hazard that a person has lived through; so a second pass over people, who are told the hazard, gives one
p × p matrix, and nobody has to send S2(t).

References
----------
Cox (1972), JRSS B 34:187–220. Efron (1977), JASA 72:557–565. Breslow (1974), Biometrics 30:89–99.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from scipy.sparse import csr_array

from workbench.statistics.records import Record

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]

Ties = Literal["efron", "breslow"]
# A step too far gives infinite risks and a log-likelihood that is not finite; then it is halved.
_IGNORE_OVERFLOW = np.errstate(over="ignore", invalid="ignore")
_BLOCK = 8192  # rows at a time in x'diag(v)x: stays in the cache, and 20 columns need 1 MB instead of n × p


@dataclass(frozen=True, eq=False)
class DeathTimes(Record):
    """The event times of each stratum and what happened at them: the grid on which risk sets are summed.

    Attributes
    ----------
    stratum : array of int, shape (n_times,)
        Place among the declared strata, ascending.
    time : array of float, shape (n_times,)
        Rounded, ascending within a stratum.
    deaths : array of int, shape (n_times,)
        Events at that time.
    weight : array of float, shape (n_times,)
        Sum of the weights of the people who had them.
    """

    stratum: IntArray
    time: FloatArray
    deaths: IntArray
    weight: FloatArray

    @classmethod
    def of(cls, stratum: IntArray, time: FloatArray, weight: FloatArray) -> Self:
        """Collect the events of people: one entry each."""
        return cls._collect(stratum, time, np.ones(len(time), dtype=np.int64), weight)

    @classmethod
    def empty(cls) -> Self:
        """Return the grid of nobody."""
        return cls(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), np.empty(0))

    def merge(self, other: Self) -> Self:
        """Join the event times of other people."""
        return self._collect(
            np.concatenate([self.stratum, other.stratum]),
            np.concatenate([self.time, other.time]),
            np.concatenate([self.deaths, other.deaths]),
            np.concatenate([self.weight, other.weight]),
        )

    @classmethod
    def _collect(cls, stratum: IntArray, time: FloatArray, deaths: IntArray, weight: FloatArray) -> Self:
        keys, place = np.unique(_key(stratum, time), return_inverse=True)
        return cls(
            keys.real.astype(np.int64),
            keys.imag,
            np.bincount(place, weights=deaths, minlength=keys.size).astype(np.int64),
            np.bincount(place, weights=weight, minlength=keys.size).astype(np.float64),
        )

    def last_until(self, stratum: IntArray, time: FloatArray) -> IntArray:
        """Return the place of each person's last event time not after *time*, in their stratum; −1 if there is none."""
        place = np.searchsorted(_key(self.stratum, self.time), _key(stratum, time), side="right") - 1
        if not self.time.size:
            return place
        return np.where((place >= 0) & (self.stratum[place] == stratum), place, -1)

    def accumulate(self, values: FloatArray, *, backwards: bool = False) -> FloatArray:
        """Return running sums over the times of each stratum, from the first or from the last."""
        sums = np.empty_like(values)
        for rows in self._strata():
            part = values[rows][::-1] if backwards else values[rows]
            running = np.cumsum(part, axis=0)
            sums[rows] = running[::-1] if backwards else running
        return sums

    def _strata(self) -> list[slice]:
        bounds = np.flatnonzero(np.diff(self.stratum, prepend=-1, append=-1) if self.time.size else [])
        return [slice(start, end) for start, end in pairwise(bounds)]


@dataclass(frozen=True, eq=False)
class RiskSetSums(Record):
    """S0, S1, D0, D1 at each event time, and Σ w x over the events: additive over any people."""

    s0: FloatArray
    s1: FloatArray
    d0: FloatArray
    d1: FloatArray
    observed: FloatArray

    @_IGNORE_OVERFLOW
    def merge(self, other: Self) -> Self:
        """Add the sums of other people on the same grid at the same beta."""
        return type(self)(
            self.s0 + other.s0,
            self.s1 + other.s1,
            self.d0 + other.d0,
            self.d1 + other.d1,
            self.observed + other.observed,
        )


@dataclass(frozen=True, eq=False)
class HazardSteps(Record):
    """What the sums say: log-likelihood and gradient, the hazard at each event time, and what the information lacks.

    Attributes
    ----------
    log_likelihood : float
    gradient : array of float, shape (p,)
    hazard : array of float, shape (n_times,)
        Increment of the baseline hazard, by the same rule for ties.
    relief : array of float, shape (n_times,)
        The part of it that those who have the event then do not bear (Efron; zero for Breslow).
    spread : array of float, shape (p, p)
        Σ of the squared means of x in the risk sets: to be taken from Σ r h x x'.
    """

    log_likelihood: float
    gradient: FloatArray
    hazard: FloatArray
    relief: FloatArray
    spread: FloatArray


class RiskSets:
    """People of one partition, arranged by the risk sets of a grid that they belong to.

    Parameters
    ----------
    grid : DeathTimes
        Event times of everybody who is compared, not only of these people.
    x : array of float, shape (n_people, p)
        Covariates, centred and scaled alike in all partitions.
    event : array of bool, exit, entry : arrays of float, stratum : array of int, shape (n_people,)
        Rounded times; ``entry`` is None if everybody was followed from the start.
    weight : array of float, shape (n_people,), optional
        Case weights.
    """

    def __init__(
        self,
        grid: DeathTimes,
        x: FloatArray,
        *,
        event: npt.NDArray[np.bool_],
        exit_time: FloatArray,
        entry: FloatArray | None,
        stratum: IntArray,
        weight: FloatArray | None,
    ) -> None:
        self.grid, self.x, self.weight = grid, x, weight
        last = grid.last_until(stratum, exit_time)
        (who,) = np.nonzero(last >= 0)
        rows, people, sign = [last[who]], [who], [np.ones(who.size)]
        if entry is not None:
            missed = grid.last_until(stratum, entry)
            (who,) = np.nonzero(missed >= 0)
            rows, people, sign = [*rows, missed[who]], [*people, who], [*sign, -np.ones(who.size)]
        # +1 in the last risk set that a person is in, −1 in the last one before they entered: summed from the
        # last time backwards, that counts them in exactly their own risk sets.
        self._membership = self._indicator(np.concatenate(sign), np.concatenate(rows), np.concatenate(people))
        (died,) = np.nonzero(event)
        self._deaths = self._indicator(np.ones(died.size), last[died], died)

    def _indicator(self, values: FloatArray, rows: IntArray, people: IntArray) -> csr_array:
        return csr_array((values, (rows, people)), shape=(self.grid.time.size, len(self.x)))

    def risk(self, beta: FloatArray) -> FloatArray:
        """Return r = w exp(x'β) of each person."""
        risk = np.exp(self.x @ beta)
        return risk if self.weight is None else self.weight * risk

    @_IGNORE_OVERFLOW
    def sums(self, beta: FloatArray) -> RiskSetSums:
        """Return S0, S1, D0, D1: what a partition contributes to the log-likelihood and the gradient."""
        risk = self.risk(beta)
        at_risk, dying = _scaled(self._membership, risk), _scaled(self._deaths, risk)
        observed = self._deaths if self.weight is None else _scaled(self._deaths, self.weight)
        return RiskSetSums(
            s0=self.grid.accumulate(at_risk.sum(axis=1), backwards=True),
            s1=self.grid.accumulate(at_risk @ self.x, backwards=True),
            d0=dying.sum(axis=1),
            d1=dying @ self.x,
            observed=(observed @ self.x).sum(axis=0),
        )

    def second_moments(self, beta: FloatArray, steps: HazardSteps) -> FloatArray:
        """Return Σ r h x x', where h is the hazard that a person lived through: what a partition adds to the information."""
        # The matrix counts people into risk sets; its transpose adds up for each person the hazard of theirs.
        lived = self._membership.T @ self.grid.accumulate(steps.hazard) - self._deaths.T @ steps.relief
        return _weighted_square(self.x, self.risk(beta) * lived)


def hazard_steps(sums: RiskSetSums, beta: FloatArray, grid: DeathTimes, ties: Ties) -> HazardSteps:
    """Return the log-likelihood, and what else follows from the sums of everybody.

    Where a risk is not positive and finite, the log-likelihood is not finite either: the last step was too
    long.
    """
    tied = np.repeat(np.arange(grid.time.size), grid.deaths)  # the event time of each death
    weight = (grid.weight / grid.deaths)[tied]  # the mean weight of those who die together
    order = np.arange(tied.size) - (np.cumsum(grid.deaths) - grid.deaths)[tied]
    share = order / grid.deaths[tied] if ties == "efron" else np.zeros(tied.size)

    def total(terms: FloatArray) -> FloatArray:
        return np.bincount(tied, weights=terms, minlength=grid.time.size).astype(np.float64)

    with np.errstate(all="ignore"):
        risk = sums.s0[tied] - share * sums.d0[tied]
        log_likelihood = float(sums.observed @ beta - weight @ np.log(risk))
        hazard, relief = total(weight / risk), total(weight * share / risk)
        gradient = sums.observed - hazard @ sums.s1 + relief @ sums.d1
        a0, a1, a2 = (total(weight * share**power / risk**2)[:, None] for power in (0, 1, 2))
        mixed = sums.s1.T @ (a1 * sums.d1)
        spread = sums.s1.T @ (a0 * sums.s1) - mixed - mixed.T + sums.d1.T @ (a2 * sums.d1)
    return HazardSteps(log_likelihood, gradient, hazard, relief, spread)


def _key(stratum: IntArray, time: FloatArray) -> npt.NDArray[np.complex128]:
    """Return keys that sort by stratum, then time: numpy orders complex numbers by real, then by imaginary part."""
    key = np.empty(len(time), dtype=np.complex128)
    key.real, key.imag = stratum, time
    return key


def _scaled(indicator: csr_array, values: FloatArray) -> csr_array:
    """Return the matrix with each person's column multiplied by their value."""
    data = indicator.data * values[indicator.indices]
    return csr_array((data, indicator.indices, indicator.indptr), shape=indicator.shape)


def _weighted_square(x: FloatArray, weight: FloatArray) -> FloatArray:
    """Return x' diag(weight) x, exactly symmetric, a block of rows at a time."""
    square = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), _BLOCK):
        block = x[start : start + _BLOCK]
        square += block.T @ (block * weight[start : start + _BLOCK, None])
    return (square + square.T) / 2

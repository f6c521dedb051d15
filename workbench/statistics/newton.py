"""Newton's method for a log-likelihood that is computed elsewhere, one point at a time.

The climb is a value: an engine carries it from round to round, so that nothing has to be remembered in
between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from workbench.statistics.records import Record

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_STEPS = 60
CONVERGED = 1e-9  # the next step would move no coefficient by more than this share of its standard error
_ROUNDING = 1e-11  # relative to the log-likelihood: a loss no larger than this is not a loss
_NEGLIGIBLE_VARIANCE = 1e-10  # of a column, after what the others explain


@dataclass(frozen=True, eq=False)
class Climb(Record):
    """Where Newton's method stands.

    Attributes
    ----------
    beta : array of float, shape (p,)
        Where the log-likelihood is to be computed next (or was computed last).
    step : array of float, shape (p,)
        The step that led here.
    n_steps : int
        Points tried so far.
    log_likelihood : float
        The best value so far; minus infinity before the first.
    promise : float
        What the last step was predicted to gain, twice over (the Newton decrement, squared).
    n_creeping : int
        How often in a row a step kept a tenth or more of the promise of the one before.
    log_likelihood_null, score_statistic : float
        At beta = 0: the log-likelihood, and the score test of no effect; nan before.
    """

    beta: npt.NDArray[np.float64]
    step: npt.NDArray[np.float64]
    n_steps: int = 0
    log_likelihood: float = -np.inf
    promise: float = np.inf
    n_creeping: int = 0
    log_likelihood_null: float = np.nan
    score_statistic: float = np.nan

    @classmethod
    def start(cls, n_coefficients: int) -> Self:
        """Return the start of every climb: no effect of anything."""
        return cls(beta=np.zeros(n_coefficients), step=np.zeros(n_coefficients))

    def is_gain(self, log_likelihood: float) -> bool:
        """Say whether the last step was worth taking."""
        slack = _ROUNDING * abs(log_likelihood)
        return bool(np.isfinite(log_likelihood)) and log_likelihood >= self.log_likelihood - slack

    def halved(self) -> Self:
        """Go back half of the last step."""
        return replace(self, beta=self.beta - self.step / 2, step=self.step / 2, n_steps=self.n_steps + 1)

    def onward(
        self, log_likelihood: float, gradient: npt.NDArray[np.float64], information: npt.NDArray[np.float64]
    ) -> Self:
        """Take the Newton step from here.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the information is not positive definite.
        """
        step = solve(information, gradient)
        promise = float(gradient @ step)
        creeps = 1e-12 < promise < 1e-2 and promise > 0.1 * self.promise
        first = np.isnan(self.log_likelihood_null)
        return replace(
            self,
            beta=self.beta + step,
            step=step,
            n_steps=self.n_steps + 1,
            log_likelihood=log_likelihood,
            promise=promise,
            n_creeping=self.n_creeping + 1 if creeps else 0,
            log_likelihood_null=log_likelihood if first else self.log_likelihood_null,
            score_statistic=promise if first else self.score_statistic,
        )

    def has_arrived(self, information: npt.NDArray[np.float64]) -> bool:
        """Say whether the step just chosen is too small to matter."""
        std_err = np.sqrt(np.diag(inverse(information)))
        return bool(np.all(np.abs(self.step) <= CONVERGED * std_err))

    @property
    def creeps(self) -> bool:
        """Say whether the log-likelihood rises for ever by less and less: some coefficient has no finite estimate.

        Near a maximum each step promises about the square of the promise before it; near a maximum at
        infinity, a constant share of it (1/e for a level without events).
        """
        return self.n_creeping >= 3


def solve(information: npt.NDArray[np.float64], gradient: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Solve for the Newton step by Cholesky; LinAlgError if the information is not positive definite."""
    return cho_solve(cho_factor(information), gradient)


def inverse(information: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the covariance of the estimates, exactly symmetric."""
    covariance = solve(information, np.eye(len(information)))
    return (covariance + covariance.T) / 2


def first_redundant(covariance: npt.NDArray[np.float64]) -> tuple[int, tuple[int, ...]] | None:
    """Find the first column that the columns before it determine.

    Parameters
    ----------
    covariance : array of float, shape (p, p)
        Covariance of the columns, whose variances are about 1 unless they hardly vary.

    Returns
    -------
    (column, others) or None
        Its place, and the places of the earlier columns that it is a sum of; none if it does not vary at all.
    """
    variance = np.diag(covariance)
    for place in range(len(variance)):
        if variance[place] < _NEGLIGIBLE_VARIANCE:
            return place, ()
        others, link = covariance[:place, :place], covariance[:place, place]
        shares = solve(others, link) if place else link
        if variance[place] - shares @ link < _NEGLIGIBLE_VARIANCE * variance[place]:
            return place, tuple(np.flatnonzero(np.abs(shares) > 1e-6).tolist())
    return None


__all__ = ["CONVERGED", "MAX_STEPS", "Climb", "LinAlgError", "first_redundant", "inverse", "solve"]

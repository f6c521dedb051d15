"""Days as whole numbers since 1970-01-01, and ages in completed years."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAYS_PER_YEAR = 365.25
# The day of what does not happen: later than every day that does.
NEVER = 10_000_000


def day_number(year: int, month: int, day: int) -> int:
    """Return a calendar day as a number."""
    return date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()


def calendar(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Return year, month and day of the month."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    years = months.astype("datetime64[Y]").astype(np.int64) + 1970
    return years, months.astype(np.int64) % 12 + 1, (dates - months).astype(np.int64) + 1


def completed_years(birth_day: Ints, day: Ints) -> Ints:
    """Return the age in completed years; who was born on 29 February has a birthday on 1 March in other years."""
    born, then = calendar(birth_day), calendar(day)
    before_birthday = (then[1] < born[1]) | ((then[1] == born[1]) & (then[2] < born[2]))
    return then[0] - born[0] - before_birthday

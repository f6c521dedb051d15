"""Dates as a mapping file writes them: ``admission + los days``, ``1997-07-01``, ``visit_date - 2 years``.

An expression is a starting point (a date named in the mapping, a column, or a calendar date) and, optionally, a shift by a
column or a number of days or years.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_catalog.errors import IngestError, did_you_mean
from data_catalog.lake import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_WRITTEN = re.compile(
    r"^(?P<start>\d{4}-\d{2}-\d{2}|[^\s+-][^+-]*?)(?:\s*(?P<sign>[+-])\s+(?P<amount>\S.*?)\s+(?P<unit>days?|years?))?$"
)
_ISO_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_NUMBER = re.compile(r"^\d+(\.\d+)?$")


@dataclass(frozen=True)
class DateExpression:
    """A date of each row: where it starts, and by how many of which unit it is shifted."""

    start: str
    sign: str = "+"
    amount: str | None = None
    unit: str = "days"

    @classmethod
    def parse(cls, written: str, *, place: str) -> DateExpression:
        """Read an expression; *place* is where in the mapping it stands.

        Raises
        ------
        IngestError
            If it is not of the form that the module describes.
        """
        match = _WRITTEN.match(str(written).strip())
        if match is None:
            raise IngestError(
                f"{place}: {written!r} is not a date. Write a calendar date (1997-07-01), a column, a name under 'dates', "
                "or one of these and a shift: 'admission + los days', 'admission - age years'."
            )
        return cls(
            match["start"].strip(), match["sign"] or "+", match["amount"], (match["unit"] or "days").rstrip("s") + "s"
        )

    @property
    def words(self) -> str:
        """The expression as written."""
        return self.start if self.amount is None else f"{self.start} {self.sign} {self.amount} {self.unit}"

    def columns(self, named: Mapping[str, DateExpression]) -> dict[str, str]:
        """Return the columns that the expression reads and the type each must have, through the dates that it names."""
        found: dict[str, str] = {}
        if self.start in named:
            found |= named[self.start].columns(named)
        elif not _ISO_DATE.match(self.start):
            found[self.start] = "DATE"
        if self.amount is not None and not _NUMBER.match(self.amount):
            found[self.amount] = "DOUBLE"
        return found

    def sql(
        self,
        named: Mapping[str, DateExpression],
        *,
        columns: Collection[str],
        place: str,
        read: Callable[[str, str], str] | None = None,
    ) -> str:
        """Return the SQL of the date. *read* gives the SQL of a column as a type, if a plain cast does not.

        Raises
        ------
        IngestError
            If a name is neither a date of the mapping nor a column of the file.
        """
        for column in self.columns(named):
            if column not in columns:
                raise IngestError(
                    f"{place}: the file has no column {column!r}. {did_you_mean(column, [*named, *columns])}"
                )
        read = read or (lambda column, kind: f"TRY_CAST({quoted(column)} AS {kind})")
        if self.start in named:
            start = named[self.start].sql(named, columns=columns, place=place, read=read)
        elif _ISO_DATE.match(self.start):
            start = f"DATE '{self.start}'"
        else:
            start = read(self.start, "DATE")
        if self.amount is None:
            return start
        amount = self.amount if _NUMBER.match(self.amount) else read(self.amount, "DOUBLE")
        days = f"round({amount})::INTEGER" if self.unit == "days" else f"round(({amount}) * 12)::INTEGER"
        interval = f"to_days({days})" if self.unit == "days" else f"to_months({days})"
        return f"CAST({start} {self.sign} {interval} AS DATE)"

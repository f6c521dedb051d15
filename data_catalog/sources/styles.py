"""How a text file writes numbers and dates, as its mapping declares it. Nothing is guessed: 1.500 is not the same everywhere.

.. code-block:: yaml

    file:
      encoding: windows-1252     # utf-8 if not said
      separator: ";"             # the one that the first line has most of, if not said
      decimal: ","               # a point if not said
      thousands: "."             # none if not said
      dates: dd.mm.yyyy          # yyyy-mm-dd if not said
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_catalog.errors import IngestError, did_you_mean
from data_catalog.lake import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = ("encoding", "separator", "decimal", "thousands", "dates")
_SEPARATORS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "|": "|"}
_PARTS = {"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d", "HH": "%H", "MM": "%M", "SS": "%S"}
_PART = re.compile("|".join(_PARTS))
_NUMBERS = ("DOUBLE", "BIGINT", "INTEGER")


@dataclass(frozen=True)
class Style:
    """How one file writes what it says."""

    encoding: str = "utf-8"
    separator: str | None = None
    decimal: str = "."
    thousands: str = ""
    dates: str = "yyyy-mm-dd"

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Style:
        """Read the block ``file`` of a mapping.

        Raises
        ------
        IngestError
            If it says something that means nothing there.
        """
        if not isinstance(content, dict):
            raise IngestError(f"file should be a block of 'name: value' lines. Allowed names: {', '.join(_KEYS)}.")
        for key in content:
            if key not in _KEYS:
                raise IngestError(f"file has {key!r}, which means nothing there. {did_you_mean(str(key), _KEYS)}")
        said = {key: str(value) for key, value in content.items()}
        if "separator" in said:
            if said["separator"] not in _SEPARATORS:
                raise IngestError(
                    f"file.separator: {said['separator']!r} is not one. Allowed: ',', ';', '|' and 'tab'."
                )
            said["separator"] = _SEPARATORS[said["separator"]]
        style = cls(**said)
        style._check()
        return style

    def _check(self) -> None:
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise IngestError(
                f"file.encoding: {self.encoding!r} is not an encoding. Write utf-8, windows-1252, latin-1 or utf-16."
            ) from None
        if self.decimal not in (".", ","):
            raise IngestError(f"file.decimal: {self.decimal!r} is neither '.' nor ','.")
        if self.thousands not in ("", ".", ",", " ", "'") or self.thousands == self.decimal:
            raise IngestError(
                f"file.thousands: {self.thousands!r} is not allowed beside the decimal {self.decimal!r}. Allowed: '.', ',', ' ', \"'\"."
            )
        left = _PART.sub("", self.dates)
        if not {"mm", "dd"} <= set(_PART.findall(self.dates)) or "yy" not in self.dates or re.search(r"[A-Za-z]", left):
            raise IngestError(
                f"file.dates: {self.dates!r} is not a style of dates. Write day, month and year as dd, mm, yyyy (or yy) with what "
                "stands between them, such as dd.mm.yyyy, mm/dd/yyyy, yyyymmdd, dd.mm.yyyy HH:MM."
            )

    @property
    def is_plain(self) -> bool:
        """Whether DuckDB's own casts read it."""
        return (self.decimal, self.thousands, self.dates) == (".", "", "yyyy-mm-dd")

    def sql(self, column: str, kind: str) -> str:
        """Return the SQL of *column*'s value in the form that a cast to *kind* reads; a text in no such form stays no such value."""
        if self.is_plain or kind not in (*_NUMBERS, "DATE", "TIMESTAMP"):
            return quoted(column)
        text = f"trim(CAST({quoted(column)} AS VARCHAR))"
        if kind in _NUMBERS:
            return self._number(text)
        if self.dates == "yyyy-mm-dd":
            return quoted(column)
        form = _PART.sub(lambda part: _PARTS[part[0]], self.dates)
        return f"strftime(try_strptime({text}, {literal(form)}), '%Y-%m-%d %H:%M:%S')"

    def in_words(self, kind: str) -> str | None:
        """Say how a value of *kind* is to be written, if that is not the common way."""
        if self.is_plain:
            return None
        if kind in _NUMBERS:
            grouped = f"1{self.thousands}234{self.decimal}5" if self.thousands else f"1234{self.decimal}5"
            return f"a number as declared under file ({grouped})"
        return f"a date as declared under file ({self.dates})" if kind in ("DATE", "TIMESTAMP") else None

    def _number(self, text: str) -> str:
        decimal = re.escape(self.decimal)
        whole = rf"[0-9]{{1,3}}({re.escape(self.thousands)}[0-9]{{3}})+|[0-9]+" if self.thousands else "[0-9]+"
        form = rf"^[+-]?({whole})({decimal}[0-9]+)?([eE][+-]?[0-9]+)?$"
        plain = f"replace({text}, {literal(self.thousands)}, '')" if self.thousands else text
        return (
            f"CASE WHEN regexp_matches({text}, {literal(form)}) THEN replace({plain}, {literal(self.decimal)}, '.') END"
        )


PLAIN = Style()

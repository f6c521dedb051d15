"""The released table: cells that are a number, a text, nothing, or a suppressed value."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import polars as pl

from data_catalog.errors import UnknownNameError, WorkbenchError, did_you_mean
from workbench.disclosure import display
from workbench.disclosure.sites import SitesAsked
from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Cell = int | float | str | None | Suppressed
Kind = Literal["text", "count", "number", "percent", "proportion", "ratio", "p_value", "days", "years"]

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_FORMULA = r"^([=+\-@\t\r])"  # a spreadsheet takes a cell that begins so for a formula


@dataclass(frozen=True)
class Column:
    """One column of a released table.

    Parameters
    ----------
    name : str
        Name in code and in files.
    label : str
        Heading in print.
    unit : str, optional
        Unit in print, added to the heading in parentheses.
    kind : str
        What the cells are and how they are printed: "text", "count" (people), "number", "percent" (0–100),
        "proportion" (0–1), "ratio", "p_value", "days", "years".
    decimals : int, optional
        Digits after the point in print; the cells keep what they hold. None: the habit of the kind.
    heading : str, optional
        Neighbouring columns with the same heading are printed as one: the first, the others in parentheses.
    shown : bool
        False for a column that is there for code only.
    """

    name: str
    label: str
    unit: str | None = None
    kind: Kind = "text"
    decimals: int | None = None
    heading: str | None = None
    shown: bool = True

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise UnknownNameError(f"{self.kind!r} is not a kind of column. {did_you_mean(self.kind, get_args(Kind))}")


@dataclass(frozen=True, repr=False)
class ReleasedTable:
    """A table that may be shown, saved and exported.

    Parameters
    ----------
    name : str
        Name of the file that it is saved as, e.g. "table_1".
    title : str
        Title in print.
    columns : tuple of Column
    rows : tuple of tuple of cells
        As long as there are columns. Numbers are as exact as the policy allows; printing rounds them.
    caption : str
        What was counted: people, events, missing.
    notes : tuple of str
        What a reader must know of hidden or rounded values.
    policy : str
        Name, version and preset of the policy that released it.
    sites : SitesAsked, optional
        For an answer of several sites: who was asked, and what became of it.

    Raises
    ------
    WorkbenchError
        If a row has the wrong length, a cell the wrong type, or a number is not finite.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    policy: str = ""
    sites: SitesAsked | None = None

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise WorkbenchError(
                    f"Table {self.name!r}: a row has {len(row)} cells for {len(self.columns)} columns."
                )
            for column, cell in zip(self.columns, row, strict=True):
                _check_cell(self.name, column, cell)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> tuple[Cell, ...]:
        """Return the cells of one column, from the top."""
        position = self._position(name)
        return tuple(row[position] for row in self.rows)

    def cell(self, row: int | str | tuple[str, ...], name: str) -> Cell:
        """Return one cell.

        Parameters
        ----------
        row : int, str or tuple of str
            A row number from 0; or what stands in the first column (or columns) of exactly one row.
        name : str
            The column.

        Raises
        ------
        UnknownNameError
            If there is no such column or row, or more than one such row.
        """
        position = self._position(name)
        if isinstance(row, int):
            if not -len(self.rows) <= row < len(self.rows):
                raise UnknownNameError(
                    f"Table {self.name!r} has {len(self.rows)} rows, counted from 0; there is no row {row}."
                )
            return self.rows[row][position]
        key = (row,) if isinstance(row, str) else row
        found = [cells for cells in self.rows if cells[: len(key)] == key]
        if len(found) != 1:
            keys = {" / ".join(map(str, cells[: len(key)])) for cells in self.rows}
            many = "No row" if not found else f"{len(found)} rows"
            raise UnknownNameError(
                f"{many} of table {self.name!r} begins with {' / '.join(key)!r}; exactly one is needed. "
                f"{did_you_mean(' / '.join(key), keys)}"
            )
        return found[0][position]

    def to_frame(self) -> pl.DataFrame:
        """Return the cells as a data frame, one column each.

        A suppressed cell is null; a column with suppressed cells is followed by ``<name>__suppressed``, which
        holds the reason of each, so that a null without a reason is a value that does not exist.
        """
        series: list[pl.Series] = []
        for column in self.columns:
            cells = self.column(column.name)
            values = [None if isinstance(cell, Suppressed) else cell for cell in cells]
            series.append(pl.Series(column.name, values, dtype=_dtype(column), strict=False))
            if any(isinstance(cell, Suppressed) for cell in cells):
                reasons = [cell.reason if isinstance(cell, Suppressed) else None for cell in cells]
                series.append(pl.Series(f"{column.name}__suppressed", reasons, dtype=pl.String))
        return pl.DataFrame(series)

    def to_csv(self, path: Path) -> None:
        """Write the frame as CSV; a text that a spreadsheet would run as a formula gets an apostrophe first."""
        frame = self.to_frame()
        frame = frame.with_columns(pl.col(pl.String).str.replace(_FORMULA, "'$1"))
        headings = {name: f"'{name}" for name in frame.columns if name.startswith(_FORMULA_SIGNS)}
        frame.rename(headings).write_csv(path)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, which :meth:`from_dict` reads back without loss."""
        form = {
            "kind": "table",
            "name": self.name,
            "title": self.title,
            "columns": [asdict(column) for column in self.columns],
            "rows": [[cell.to_dict() if isinstance(cell, Suppressed) else cell for cell in row] for row in self.rows],
            "caption": self.caption,
            "notes": list(self.notes),
            "policy": self.policy,
        }
        return form if self.sites is None else form | {"sites": self.sites.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> ReleasedTable:
        """Read the JSON form that :meth:`to_dict` writes."""
        return cls(
            name=form["name"],
            title=form["title"],
            columns=tuple(Column(**column) for column in form["columns"]),
            rows=tuple(
                tuple(Suppressed.from_dict(cell) if isinstance(cell, dict) else cell for cell in row)
                for row in form["rows"]
            ),
            caption=form["caption"],
            notes=tuple(form["notes"]),
            policy=form["policy"],
            sites=SitesAsked.from_dict(form["sites"]) if "sites" in form else None,
        )

    def from_sites(self, sites: SitesAsked) -> ReleasedTable:
        """Return the table with the sites that it is of, and with a note that says so."""
        return replace(self, notes=(*self.notes, *sites.sentences), sites=sites)

    def _position(self, name: str) -> int:
        if name not in self.column_names:
            raise UnknownNameError(
                f"Table {self.name!r} has no column {name!r}. {did_you_mean(name, self.column_names)}"
            )
        return self.column_names.index(name)

    def __str__(self) -> str:
        return display.as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return display.as_html(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}


def _dtype(column: Column) -> pl.DataType:
    if column.kind == "text":
        return pl.String()
    return pl.Int64() if column.kind == "count" else pl.Float64()


def _check_cell(table: str, column: Column, cell: Cell) -> None:
    if cell is None or isinstance(cell, Suppressed):
        return
    allowed: tuple[type, ...] = (float, int)
    if column.kind == "text":
        allowed = (str,)
    elif column.kind == "count":
        allowed = (int,)
    if isinstance(cell, bool) or not isinstance(cell, allowed):
        raise WorkbenchError(
            f"Table {table!r}, column {column.name!r}: a cell of kind {column.kind!r} cannot be a "
            f"{type(cell).__name__}; it is {' or '.join(each.__name__ for each in allowed)}, "
            "None or Suppressed."
        )
    if isinstance(cell, float) and not math.isfinite(cell):
        raise WorkbenchError(
            f"Table {table!r}, column {column.name!r}: a number is not finite. "
            "Use None for what does not exist and Suppressed for what is hidden."
        )

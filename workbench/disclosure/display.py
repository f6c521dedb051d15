"""How a released table is printed: numbers for people, as plain text, and as HTML that needs no network."""

from __future__ import annotations

from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from workbench.disclosure.suppressed import Suppressed

if TYPE_CHECKING:
    from workbench.disclosure.table import Cell, Column, ReleasedTable

_DECIMALS = {"percent": 1, "proportion": 3, "ratio": 2, "number": None, "count": 0}
_SMALLEST_P = 0.001
_LONG = 24  # characters


def as_text(table: ReleasedTable) -> str:
    """Return the table as plain text, its columns aligned with spaces; caption and notes follow."""
    headings, numeric, rows = printed(table)
    widths = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]
    lines = [table.title] if table.title else []
    for cells in (headings, ["-" * width for width in widths], *rows):
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join([*lines, *_below(table)])


def as_html(table: ReleasedTable) -> str:
    """Return the table as HTML: self-contained, texts escaped; wider than the page, it scrolls sideways."""
    import html

    from great_tables import GT
    from great_tables import html as trusted

    headings, numeric, rows = printed(table)
    names = [f"column_{number}" for number in range(len(headings))]
    # A number and its interval stay on one line; the table then scrolls sideways instead.
    rows = [
        [cell.replace(" ", "\u00a0") if is_number else cell for cell, is_number in zip(row, numeric, strict=True)]
        for row in rows
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    # The id depends on the table alone, so that the same table is the same bytes in every report.
    digest = sha256(as_text(table).encode()).hexdigest()[:8]
    drawn = GT(frame, rowname_col=names[0], id=f"released-{digest}")
    drawn = drawn.cols_label(
        {name: trusted(html.escape(heading)) for name, heading in zip(names[1:], headings[1:], strict=True)}
    ).tab_stubhead(trusted(html.escape(headings[0])))
    right = [name for name, is_number in zip(names, numeric, strict=True) if is_number and name != names[0]]
    if right:
        drawn = drawn.cols_align("right", columns=right)
    if table.title:
        drawn = drawn.tab_header(trusted(html.escape(table.title)))
    for line in _below(table):
        drawn = drawn.tab_source_note(trusted(html.escape(line)))
    page = drawn.tab_options(container_overflow_x="auto", table_font_size="14px").as_raw_html()
    # A part of the page that scrolls must be reachable by keyboard, and needs a name.
    return page.replace("<div ", f'<div tabindex="0" role="region" aria-label="{html.escape(table.title)}" ', 1)


def format_cell(cell: Cell, column: Column) -> str:
    """Return one cell as a person reads it: ``1,235``, ``45.2 %``, ``<0.001``, ``<10``.

    Parameters
    ----------
    cell : int, float, str, None or Suppressed
        None is an empty string.
    column : Column
        Its kind and decimals say how.
    """
    if cell is None:
        return ""
    if isinstance(cell, str | Suppressed):
        return str(cell)
    if column.kind == "p_value":
        return f"<{_SMALLEST_P}" if cell < _SMALLEST_P else f"{cell:.3f}"
    if column.kind in {"days", "years"}:
        digits = 2 if column.kind == "years" else 1
        return f"{cell:,.{digits}f}".rstrip("0").rstrip(".")
    decimals = column.decimals if column.decimals is not None else _DECIMALS[column.kind]
    text = f"{cell:,}" if decimals is None else f"{cell:,.{decimals}f}"
    if float(text.replace(",", "")) == 0.0:
        text = text.removeprefix("-")  # a rounded −0.04 is 0.0, not −0.0
    text = text.replace("-", "−")
    return f"{text} %" if column.kind == "percent" else text


def printed(table: ReleasedTable) -> tuple[list[str], list[bool], list[list[str]]]:
    """Return headings, whether each is right-aligned, and the rows as text, columns of one heading joined."""
    parts = _parts(table)
    headings = [_heading(part[0][1]) for part in parts]
    numeric = [part[0][1].kind != "text" for part in parts]
    rows = [[_joined(row, part) for part in parts] for row in table.rows]
    return headings, numeric, rows


def reads_long(table: ReleasedTable) -> bool:
    """Tell whether the first column holds sentences: it then needs room, or each becomes a tower of words."""
    return any(len(cells[0]) > _LONG for cells in printed(table)[2])


def printed_columns(table: ReleasedTable) -> list[tuple[str, ...]]:
    """Return, for each column in print, the names of the columns that it is made of."""
    return [tuple(column.name for _, column in part) for part in _parts(table)]


def _parts(table: ReleasedTable) -> list[list[tuple[int, Column]]]:
    shown = [(position, column) for position, column in enumerate(table.columns) if column.shown]
    # A column without a heading stands alone: its own name is the key.
    return [list(part) for _, part in groupby(shown, key=lambda pair: pair[1].heading or (pair[1].name,))]


def _heading(column: Column) -> str:
    if column.heading:
        return column.heading
    return f"{column.label} ({column.unit})" if column.unit else column.label


def _joined(row: tuple[Cell, ...], part: list[tuple[int, Column]]) -> str:
    present = [(row[position], column) for position, column in part if row[position] is not None]
    if not present:
        return ""
    first, *others = present
    text = format_cell(*first)
    if isinstance(first[0], Suppressed) or not others:
        return text
    return f"{text} ({' to '.join(format_cell(*other) for other in others)})"


def _below(table: ReleasedTable) -> list[str]:
    policy = [f"Disclosure policy: {table.policy}."] if table.policy else []
    return [line for line in (table.caption, *table.notes, *policy) if line]

"""How tables and figures fit into a notebook page, light or dark, whatever the library that drew them says of colours."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from workbench.disclosure.display import reads_long

if TYPE_CHECKING:
    from workbench.disclosure import ReleasedTable

# Great Tables writes black on white by rules with an id, which only "important" rules outdo.
_TABLE = """
.cw-table .gt_table, .cw-table .gt_table td, .cw-table .gt_table th, .cw-table .gt_table tr {
  background: transparent !important; color: inherit !important; font-family: inherit !important;
  border-left: 0 !important; border-right: 0 !important; border-color: rgba(127, 127, 127, .35) !important;
}
.cw-table .gt_table { margin: 0 !important; border-top: 0 !important; border-bottom: 0 !important;
  font-size: 13px !important; font-variant-numeric: tabular-nums; }
.cw-table .gt_col_headings, .cw-table .gt_table_body { border-width: 1px 0 !important; }
.cw-table .gt_row, .cw-table .gt_col_heading { padding: 5px 18px 5px 0 !important; max-width: none !important; }
.cw-table .gt_stub { text-align: left !important; max-width: none !important; }
.cw-table.cw-long .gt_stub { min-width: 12rem; }
.cw-table .cw-title { font-weight: 600; margin: .3em 0 .5em; }
.cw-table .cw-notes { font-size: 12px; line-height: 1.5; opacity: .8; max-width: 60em; margin: .5em 0; }
"""
# A figure is drawn once, in dark ink on nothing: turned over, it is light ink, and the turn of the hue gives its colours back.
_FIGURE = """
body[data-jp-theme-light="false"] .cw-figure, body.vscode-dark .cw-figure { filter: invert(1) hue-rotate(180deg); }
"""
_NAMELESS = re.compile('aria-label=""')


def as_style(*, figure: bool = False) -> str:
    """Return the style element for tables, or for a figure."""
    return f"<style>{_FIGURE if figure else _TABLE}</style>"


def themed(table: ReleasedTable, *, titled: bool = True, captioned: bool = True) -> str:
    """Return a released table as HTML in the type and the colours of the page around it.

    Its title or its caption can be left out where they stand elsewhere on the page.
    """
    title = f'<p class="cw-title">{escape(table.title)}</p>' if table.title and titled else ""
    notes = "<br>".join(escape(note) for note in notes_of(table) if captioned or note != table.caption)
    long = " cw-long" if reads_long(table) else ""
    return f'{as_style()}<div class="cw-table{long}">{title}{body_of(table)}<p class="cw-notes">{notes}</p></div>'


def body_of(table: ReleasedTable) -> str:
    """Return headings and rows of a released table as its own HTML, without title and notes.

    A wide table scrolls sideways; what is beside it then need not, and wraps.
    """
    body = replace(table, title="", caption="", notes=(), policy="")._repr_html_()
    body = body.replace("(n = ", "(n\u00a0=\u00a0")
    return _NAMELESS.sub(lambda _: f'aria-label="{escape(table.title, quote=True)}"', body, count=1)


def notes_of(table: ReleasedTable) -> list[str]:
    """Return caption, notes and policy of a released table, a line each."""
    policy = f"Disclosure policy: {table.policy}." if table.policy else ""
    return [line for line in (table.caption, *table.notes, policy) if line]

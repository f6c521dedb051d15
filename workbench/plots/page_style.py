"""How tables and figures fit into a notebook page, light or dark, whatever the library that drew them says of colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
.cw-table .gt_title { text-align: left !important; font-weight: 600 !important; font-size: 14px !important;
  padding: 0 0 6px !important; border: 0 !important; }
.cw-table .gt_col_headings, .cw-table .gt_table_body { border-width: 1px 0 !important; }
.cw-table .gt_row, .cw-table .gt_col_heading { padding: 5px 18px 5px 0 !important; max-width: none !important; }
.cw-table .gt_stub { text-align: left !important; max-width: none !important; }
.cw-table .gt_sourcenote { text-align: left !important; font-size: 12px !important; padding: 1px 0 !important; opacity: .8;
  border: 0 !important; max-width: 60em !important; white-space: normal !important; }
.cw-table .gt_sourcenotes:first-child .gt_sourcenote { padding-top: 7px !important; }
"""
# A figure is drawn once, in dark ink on nothing: turned over, it is light ink, and the turn of the hue gives its colours back.
_FIGURE = """
body[data-jp-theme-light="false"] .cw-figure, body.vscode-dark .cw-figure { filter: invert(1) hue-rotate(180deg); }
"""


def as_style(*, figure: bool = False) -> str:
    """Return the style element for tables, or for a figure."""
    return f"<style>{_FIGURE if figure else _TABLE}</style>"


def themed(table: ReleasedTable) -> str:
    """Return a released table as HTML in the type and the colours of the page around it."""
    return f'{as_style()}<div class="cw-table">{table._repr_html_()}</div>'

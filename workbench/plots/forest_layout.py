"""Where the parts of a forest plot stand, in pixels: columns beside the axis where there is room, else words above each line."""

from __future__ import annotations

WIDE_FROM = 640
WIDE_LEFT, WIDE_RIGHT = 270, 230
NARROW_LEFT, NARROW_RIGHT = 16, 138
WIDE_ROW, NARROW_ROW = 30, 46
# In a narrow figure a row's name and p stand so far above its line.
NARROW_LIFT = 19
HEAD, AXIS = 34, 56
EDGE = 4  # from the edge of the figure to the words at its side


def height(n_rows: int, *, wide: bool) -> int:
    """Return the height of the whole figure."""
    return HEAD + AXIS + n_rows * (WIDE_ROW if wide else NARROW_ROW)

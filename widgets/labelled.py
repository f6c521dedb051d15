"""Controls with a name that is seen, and that a screen reader says."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WIDE = {"description_width": "initial"}


def dropdown(name: str, options: Sequence[Any], **settings: Any) -> ipywidgets.Dropdown:
    """Return a list to choose one from."""
    return ipywidgets.Dropdown(description=name, options=options, style=_WIDE, **_layout(settings))


def text(name: str, placeholder: str = "", **settings: Any) -> ipywidgets.Text:
    """Return a line of text, which takes effect when it is left or Enter is pressed."""
    return ipywidgets.Text(
        description=name, placeholder=placeholder, continuous_update=False, style=_WIDE, **_layout(settings)
    )


def whole_number(name: str, value: int, *, largest: int = 40_000) -> ipywidgets.BoundedIntText:
    """Return a whole number from 0 on. Numbers have a field and no slider: a slider has no name for screen readers."""
    return ipywidgets.BoundedIntText(
        description=name, value=value, min=0, max=largest, style=_WIDE, layout=ipywidgets.Layout(width="auto")
    )


def number(name: str) -> ipywidgets.Text:
    """Return a field for a number that may be left empty."""
    return text(name, "no limit", layout=ipywidgets.Layout(width="14em"))


def choices(name: str, *, rows: int = 6) -> ipywidgets.SelectMultiple:
    """Return a list to choose several from."""
    return ipywidgets.SelectMultiple(description=name, rows=rows, style=_WIDE, layout=ipywidgets.Layout(width="100%"))


def button(name: str, do: Callable[[], None], *, primary: bool = False) -> ipywidgets.Button:
    """Return a button that says what it does."""
    made = ipywidgets.Button(
        description=name, button_style="primary" if primary else "", layout=ipywidgets.Layout(width="auto")
    )
    made.on_click(lambda _: do())
    return made


def icon_button(icon: str, name: str, do: Callable[[], None]) -> ipywidgets.Button:
    """Return a small button with a picture; its name is shown on pointing at it, and said by screen readers."""
    made = ipywidgets.Button(icon=icon, tooltip=name, layout=ipywidgets.Layout(width="2.4em"))
    made.on_click(lambda _: do())
    return made


def note(words: str, *, role: str = "") -> str:
    """Return text as HTML in which nothing of the text is markup; *role* "alert" or "status" has it read out when it changes."""
    attribute = f' role="{role}"' if role else ""
    return f"<div{attribute}>{escape(words)}</div>"


def _layout(settings: dict[str, Any]) -> dict[str, Any]:
    return {"layout": ipywidgets.Layout(width="100%", max_width="44em"), **settings}

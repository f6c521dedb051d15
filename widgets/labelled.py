"""Controls with a name that is seen, and that a screen reader says."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NAME_BESIDE = {"description_width": "initial"}


def dropdown(name: str, options: Sequence[Any], **settings: Any) -> ipywidgets.Dropdown:
    """Return a list to choose one from."""
    return ipywidgets.Dropdown(description=name, options=options, style=_NAME_BESIDE, **_wide(settings))


def text(name: str, placeholder: str = "", **settings: Any) -> ipywidgets.Text:
    """Return a line of text, which takes effect when it is left or Enter is pressed: never on each keystroke."""
    return ipywidgets.Text(
        description=name, placeholder=placeholder, continuous_update=False, style=_NAME_BESIDE, **_wide(settings)
    )


def whole_number(name: str, value: int, *, smallest: int = 0, largest: int = 36_525) -> ipywidgets.BoundedIntText:
    """Return a field for a whole number. It is no slider: a slider has no name for screen readers."""
    # The field itself is as wide as a number of days; the name before it takes what it needs.
    return ipywidgets.BoundedIntText(
        description=name, value=value, min=smallest, max=largest, style=_NAME_BESIDE, layout=_as_wide_as_needed()
    )


def number(name: str, placeholder: str = "a number") -> ipywidgets.Text:
    """Return a field for a number with or without a decimal point; :func:`widgets.numbers.number_in` reads it."""
    return text(name, placeholder, layout=ipywidgets.Layout(width="10em"))


def choices(name: str, *, rows: int) -> ipywidgets.SelectMultiple:
    """Return a list to choose several from."""
    return ipywidgets.SelectMultiple(
        description=name, rows=rows, style=_NAME_BESIDE, layout=ipywidgets.Layout(width="100%")
    )


def button(name: str, do: Callable[[], None], *, primary: bool = False) -> ipywidgets.Button:
    """Return a button that says what it does."""
    made = ipywidgets.Button(description=name, button_style="primary" if primary else "", layout=_as_wide_as_needed())
    made.on_click(lambda _: do())
    return made


def icon_button(icon: str, do: Callable[[], None]) -> ipywidgets.Button:
    """Return a small button that shows a picture of the style sheet; its ``description`` is what screen readers say."""
    made = ipywidgets.Button(layout=_as_wide_as_needed())
    made.add_class("cw-icon").add_class(f"cw-icon-{icon}")
    made.on_click(lambda _: do())
    return made


def row(*controls: ipywidgets.Widget) -> ipywidgets.HBox:
    """Return controls side by side, going on in a next line where the page is narrow."""
    made = ipywidgets.HBox(controls)
    made.add_class("cw-row")
    return made


def show_if(condition: bool, *controls: ipywidgets.Widget) -> None:  # noqa: FBT001  it reads as a sentence
    """Show the controls if the condition holds, and hide them if not."""
    for control in controls:
        control.layout.display = None if condition else "none"


def note(words: str, *, role: str = "") -> str:
    """Return text as HTML in which nothing is markup; of *role* "alert" or "status" it is read out when it changes."""
    attribute = f' role="{role}"' if role else ""
    return f'<div class="cw-note"{attribute}>{escape(words)}</div>' if words else ""


def _as_wide_as_needed() -> ipywidgets.Layout:
    return ipywidgets.Layout(width="auto")


def _wide(settings: dict[str, Any]) -> dict[str, Any]:
    return {"layout": ipywidgets.Layout(width="100%"), **settings}

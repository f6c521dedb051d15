"""The definition as Python, to be copied."""

from __future__ import annotations

import ast
from html import escape
from typing import TYPE_CHECKING

import ipywidgets

if TYPE_CHECKING:
    from workbench.cohorts import Cohort

# The one line of JavaScript here: a page alone can write to the clipboard, and only when its own button is pressed.
_COPY = (
    "navigator.clipboard.writeText(this.dataset.code).then(() => { this.nextElementSibling.textContent = 'Copied.' })"
)


def as_python(cohort: Cohort) -> str:
    """Return Python that makes the same definition."""
    written = repr(cohort)
    names = sorted({node.id for node in ast.walk(ast.parse(written)) if isinstance(node, ast.Name)})
    return f"from workbench.cohorts import {', '.join(names)}\n\ncohort = {written}\n"


class CodePanel(ipywidgets.VBox):
    """The code in a field of its own, and a button that copies it; hidden until there is some."""

    def __init__(self) -> None:
        self.code = ipywidgets.Textarea(
            description="Python", rows=8, style={"description_width": "initial"}, layout=ipywidgets.Layout(width="100%")
        )
        self.code.add_class("cw-code")
        self._copy = ipywidgets.HTML()
        super().__init__([self.code, self._copy], layout=ipywidgets.Layout(display="none"))

    def show(self, code: str) -> None:
        """Show code."""
        self.code.value = code
        self.code.rows = min(code.count("\n") + 1, 16)
        self._copy.value = (
            f'<button class="jupyter-button lm-Widget" data-code="{escape(code)}" onclick="{escape(_COPY)}">'
            'Copy to the clipboard</button> <span role="status"></span>'
        )
        self.layout.display = None

    def hide(self) -> None:
        """Hide what is no longer so."""
        self.layout.display = "none"

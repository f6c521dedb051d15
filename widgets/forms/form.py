"""What the forms have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.cohorts.expressions import Criterion


class Form(ipywidgets.VBox):
    """Controls for one sort of criterion."""

    def criterion(self) -> Criterion:
        """Return what was filled in.

        Raises
        ------
        DefinitionError
            If something is missing or cannot be; the message says what.
        """
        raise NotImplementedError

    def show(self, criterion: Criterion) -> None:
        """Fill in a criterion of which the form's kind says that it can be shown."""
        raise NotImplementedError

    def suggestion(self) -> str:
        """Return a label for the step, from what was filled in."""
        raise NotImplementedError


@dataclass(frozen=True)
class Kind:
    """A sort of criterion that can be clicked together.

    Parameters
    ----------
    name : str
        As people choose it: "ECG measure".
    modality : str
        The sort of data that it reads.
    make : callable
        Returns its form, empty. A form is made when it is first needed: each control costs the page something.
    can_show : callable
        Says whether the form has a control for everything in a criterion.
    """

    name: str
    modality: str
    make: Callable[[], Form]
    can_show: Callable[[Criterion], bool]


def kind_for(criterion: Criterion, kinds: Iterable[Kind]) -> Kind | None:
    """Return the kind whose form can show *criterion*, if there is one."""
    return next((kind for kind in kinds if kind.can_show(criterion)), None)

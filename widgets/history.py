"""Undo and redo as a value: what was, what is, what was undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class History(Generic[T]):
    """States one after the other, of which one is now. Nothing is overwritten until something new is done after an undo.

    Examples
    --------
    >>> history = History("a").then("b").then("c")
    >>> history.undo().undo().redo().now
    'b'
    """

    now: T
    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()

    def then(self, state: T) -> History[T]:
        """Go on to *state*; what was undone before is forgotten. The same state again is no step."""
        return self if state == self.now else History(state, (*self.past, self.now))

    def undo(self) -> History[T]:
        """Go back one state, if there is one."""
        if not self.past:
            return self
        return replace(self, now=self.past[-1], past=self.past[:-1], future=(self.now, *self.future))

    def redo(self) -> History[T]:
        """Go forward again, if something was undone."""
        if not self.future:
            return self
        return replace(self, now=self.future[0], past=(*self.past, self.now), future=self.future[1:])

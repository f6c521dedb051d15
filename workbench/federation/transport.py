"""How bytes get to a site and back. Whatever carries them is not trusted: all checks are made by the gateway at the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Unreachable(Exception):  # noqa: N818  it is an answer, not a fault
    """A site gave no answer. The text says in words what happened on the way; it is ours, never the site's."""


class Transport(Protocol):
    """Carries one request to one site and brings its reply. Local processes are one, a network of computers another."""

    @property
    def sites(self) -> Sequence[str]:
        """The sites that can be asked, sorted."""
        ...

    def ask(self, site: str, message: bytes) -> bytes:
        """Return the site's reply to a message; called for several sites at once, from threads.

        Raises
        ------
        Unreachable
            If there is none in time.
        """
        ...

    def close(self) -> None:
        """Let go of whatever was opened."""
        ...

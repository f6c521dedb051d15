"""A transport on one machine: each site is a process of its own, spoken to over pipes."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from workbench.federation.messages import MAX_BYTES
from workbench.federation.transport import Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CHUNK = 65_536


@dataclass(frozen=True)
class SiteAddress:
    """Where a site's catalog is, and how much stricter than the default its policy is."""

    catalog: str
    policy: Mapping[str, float | str] = field(default_factory=dict)


class LocalProcesses:
    """One process a site, started when the site is first asked, and anew after it died.

    Parameters
    ----------
    sites : mapping of str to SiteAddress
        Name and address of each site.
    seconds : float
        How long to wait for one reply.
    """

    def __init__(self, sites: Mapping[str, SiteAddress], *, seconds: float = 300.0) -> None:
        self._sites = dict(sites)
        self._seconds = seconds
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._locks = {site: Lock() for site in self._sites}  # one question at a time to each

    @property
    def sites(self) -> Sequence[str]:
        """The sites, sorted."""
        return sorted(self._sites)

    def process_id(self, site: str) -> int | None:
        """Return the id of a site's process, or None if it does not run."""
        process = self._processes.get(site)
        return process.pid if process is not None and process.poll() is None else None

    def ask(self, site: str, message: bytes) -> bytes:
        """Write a line and return the line that comes back; see :class:`workbench.federation.transport.Transport`."""
        with self._locks[site]:
            process = self._process(site)
            try:
                if process.stdin is None:
                    raise Unreachable("its process has no input")
                process.stdin.write(message + b"\n")
                process.stdin.flush()
                return self._line(process)
            except (Unreachable, OSError) as error:
                words = str(error) if isinstance(error, Unreachable) else _end(process)
                self._stop(site)
                raise Unreachable(words) from None

    def close(self) -> None:
        """End the processes."""
        for site in list(self._processes):
            self._stop(site)

    def _process(self, site: str) -> subprocess.Popen[bytes]:
        process = self._processes.get(site)
        if process is not None and process.poll() is None:
            return process
        if process is not None:
            self._stop(site)
        address = self._sites[site]
        command = [
            sys.executable,
            "-m",
            "workbench.federation.site_process",
            "--site",
            site,
            "--catalog",
            address.catalog,
        ]
        # A session of its own: an interrupt at the keyboard ends the question, not the sites.
        self._processes[site] = subprocess.Popen(  # noqa: S603  our own program
            [*command, "--policy", json.dumps(dict(address.policy))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self._processes[site]

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """Read one line, not longer than a message may be, before the time is over."""
        if process.stdout is None:
            raise Unreachable("its process has no output")
        end = time.monotonic() + self._seconds
        held = bytearray()
        while not held.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise Unreachable(f"it did not answer within {self._seconds:g} seconds")
            chunk = process.stdout.read1(_CHUNK)  # type: ignore[attr-defined]
            if not chunk:
                raise Unreachable(_end(process))
            held += chunk
            if len(held) > MAX_BYTES + 1:
                raise Unreachable("its reply is larger than any that may leave a site")
        return bytes(held[:-1])

    def _stop(self, site: str) -> None:
        process = self._processes.pop(site)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was not yet written has nobody to read it
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return "its process closed the connection"
    return f"its process ended (by signal {-code})" if code < 0 else f"its process ended (status {code})"

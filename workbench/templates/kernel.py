"""A Jupyter kernel of this very interpreter, whatever kernels the machine has installed and whoever's home it is."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from workbench.plots.mime import HEADLESS

if TYPE_CHECKING:
    from collections.abc import Mapping


class ThisInterpreter(AsyncKernelManager):
    """Starts ``sys.executable`` as the kernel.

    A kernel that is looked up by name ("python3") may belong to another environment; and the user's IPython profile may
    change what a notebook does. So there is no look-up, and the profile is an empty one in a temporary folder.
    """

    variables: ClassVar[Mapping[str, str]] = {}
    """Environment variables that the kernel gets beside those of this process."""

    def __init__(self, **options: Any) -> None:
        self._private = tempfile.TemporaryDirectory(prefix="workbench-kernel-", ignore_cleanup_errors=True)
        folder = Path(self._private.name)
        channel = {"connection_file": str(folder / "connection.json")}
        if os.name == "posix":
            # A socket in a folder of our own: no port that other users of the machine could reach.
            channel |= {"transport": "ipc", "ip": str(folder / "kernel")}
        super().__init__(**{**options, **channel})

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start the kernel."""
        return KernelSpec(
            argv=[
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--HistoryManager.enabled=False",
            ],
            display_name="Cardio Workbench",
            language="python",
        )

    async def _async_start_kernel(self, **options: Any) -> None:
        environment = {**os.environ, **(options.pop("env", None) or {})}
        environment |= {
            **self.variables,
            HEADLESS: "1",
            "IPYTHONDIR": str(Path(self._private.name) / "ipython"),
            "MPLBACKEND": "agg",
            # A kernel must find the packages of its interpreter, not those that a surrounding shell points to.
            "PYTHONNOUSERSITE": "1",
        }
        await super()._async_start_kernel(env=environment, **options)

    start_kernel = _async_start_kernel

    async def _async_interrupt_kernel(self) -> None:
        # Before it shuts a kernel down, the base class interrupts it. One that is at rest complains of that where users see it.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    interrupt_kernel = _async_interrupt_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002 — the signature of the base class
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            self._private.cleanup()

    cleanup_resources = _async_cleanup_resources


def this_interpreter_with(variables: Mapping[str, str]) -> type[ThisInterpreter]:
    """Return a kind of :class:`ThisInterpreter` whose kernels get these environment variables."""
    return type("ThisInterpreterWith", (ThisInterpreter,), {"variables": dict(variables)})

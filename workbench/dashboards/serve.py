"""Serve a dashboard on this machine: results of a run, and answers of a catalog as they are asked."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from data_catalog import Catalog
from data_catalog.errors import WorkbenchError
from workbench.templates import Bundle, open_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADDRESS = "127.0.0.1"


def serve_dashboard(
    bundle: Bundle | Path | None = None,
    *,
    catalog: Path | str | None = None,
    purpose: str = "scientific_research",
    port: int | None = None,
    open_browser: bool = True,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Serve until stopped, to this machine only.

    Parameters
    ----------
    bundle : Bundle or Path, optional
        Whose results to show.
    catalog : Path or str, optional
        Which catalog to ask; every answer passes the disclosure gate.
    purpose : str
        Why the catalog's data are used.
    port : int, optional
        A free one if not given.
    open_browser : bool
        Open the page in a browser.
    tell : function, optional
        Is told where the page is, when it is about to be there.

    Raises
    ------
    WorkbenchError
        If there is neither bundle nor catalog, one of them is none, the port is taken, or no permit allows to ask.
    """
    if bundle is None and catalog is None:
        raise WorkbenchError(
            "A dashboard shows a run or asks a catalog: name the folder of a bundle, or --catalog FOLDER, or both."
        )
    opened = bundle if bundle is None or isinstance(bundle, Bundle) else open_bundle(bundle)
    if catalog is not None:
        _may_ask(catalog, purpose)
    port = _free(port)

    import panel as pn

    from workbench.dashboards.served import Pages

    title = opened.title if opened is not None else "Cardio Workbench"
    pn.config.notifications = False
    if tell is not None:
        tell(f"Dashboard: http://{ADDRESS}:{port} (only from this machine; stop with Ctrl+C)")
    pn.serve(
        lambda: Pages(opened, catalog, purpose=purpose, title=title).page(),
        address=ADDRESS,
        port=port,
        websocket_origin=[f"{ADDRESS}:{port}", f"localhost:{port}"],
        title=title,
        show=open_browser,
        verbose=False,
        admin=False,
    )


def _may_ask(catalog: Path | str, purpose: str) -> None:
    """Say now, and not to every visitor, that there is no catalog or no permit."""
    from workbench.study import Study

    with Study.open(Catalog.open(catalog), purpose=purpose):
        pass


def _free(port: int | None) -> int:
    with socket.socket() as tried:
        try:
            tried.bind((ADDRESS, port or 0))
        except OSError:
            raise WorkbenchError(
                f"Port {port} of this machine is taken. Name another, or none for a free one."
            ) from None
        return int(tried.getsockname()[1])

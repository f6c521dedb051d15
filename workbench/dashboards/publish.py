"""A bundle as a folder with one page that filters, draws and saves without any network."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64encode
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

import jinja2

from workbench.dashboards.content import page_of
from workbench.templates import Bundle, open_bundle
from workbench.templates.staging import appears_when_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.disclosure import ReleasedTable

PAGE, FILES = "index.html", "files"
GENERATOR = "Cardio Workbench dashboard"
# What makes a picture more than a picture.
_ACTIVE = re.compile(
    rb"<\s*(script|foreignobject|iframe|a\b)|javascript:|\bon\w+\s*=|<!ENTITY|href\s*=\s*[\"'](?!#)", re.IGNORECASE
)


def publish_dashboard(bundle: Bundle | Path, output: Path, *, only: Sequence[str] = ()) -> Path:
    """Write a dashboard of a bundle: ``index.html``, which opens from disk, and ``files/`` with what can be saved.

    Only what the disclosure gate let out is in it, because that is all that a bundle has.

    Parameters
    ----------
    bundle : Bundle or Path
        As opened, or where it is.
    output : Path
        The folder. It appears when it is whole, and replaces an earlier dashboard only then.
    only : sequence of str
        Names of the results to show; all of them if empty.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    BundleError
        If it is no bundle.
    UnknownNameError
        If the bundle lacks a result.
    WorkbenchError
        If *output* holds something that is no dashboard.
    """
    bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    page = page_of(bundle, only=only)
    with appears_when_whole(output, foreign=_of_no_dashboard, what="dashboard") as made:
        for card in page["cards"]:
            table = bundle.tables()[card["id"]]
            card["files"] = [file for file in card["files"] if _write(table, bundle.folder, file["path"], made / FILES)]
        (made / PAGE).write_text(_render(page), encoding="utf-8", newline="\n")
    return output / PAGE


def _write(table: ReleasedTable, folder: Path, name: str, target: Path) -> bool:
    """Write a file that can be saved: CSV and Parquet anew from the released table, others as they are in the bundle.

    A picture that could do more than be seen is left out.
    """
    if name.endswith(".svg") and _ACTIVE.search((folder / name).read_bytes()):
        return False
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".csv"):
        table.to_csv(target / name)
    elif name.endswith(".parquet"):
        table.to_frame().write_parquet(target / name)
    else:
        shutil.copyfile(folder / name, target / name)
    return True


def _render(page: dict[str, object]) -> str:
    script = _read("page.js").strip("\n")
    # The one script is named by its digest: no other runs, wherever it came from.
    digest = b64encode(sha256(f"\n{script}\n".encode()).digest()).decode()
    security = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        page=page,
        css=_read("page.css"),
        security=security,
        generator=GENERATOR,
        # Inside a script element a "<" could begin what ends it.
        data=json.dumps(page, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
        script=script,
    )


def _read(name: str) -> str:
    return resources.files("workbench.dashboards").joinpath(name).read_text("utf-8")


def _of_no_dashboard(place: Path) -> list[str]:
    """Return what lies in the folder and is not part of an earlier dashboard."""
    names = sorted(each.name for each in place.iterdir())
    if not names:
        return []
    page = place / PAGE
    ours = page.is_file() and f'content="{GENERATOR}"' in page.read_text("utf-8", errors="replace")[:5_000]
    return [name for name in names if name not in {PAGE, FILES}] if ours else names

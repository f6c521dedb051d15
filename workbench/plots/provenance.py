"""What results rest on, in words: for a notebook's output and for the head of a report."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.study import Provenance


def as_rows(provenance: Provenance) -> dict[str, str]:
    """Return what a study rests on, a name and a value each, in the order in which it is read."""
    snapshot = provenance.snapshot
    return {
        "Catalog": provenance.catalog,
        "Snapshot": f"{snapshot.snapshot_id}, of {snapshot.time:%d %B %Y, %H:%M %Z}".removesuffix(" "),
        "Purpose": provenance.purpose.replace("_", " "),
        "Data": ", ".join(provenance.modalities),
        "Consent": _consent(provenance),
        "Permit": provenance.permit_id,
        "Disclosure policy": provenance.policy,
        "Engine": provenance.engine,
        "Seed": str(provenance.seed),
    }


def _consent(provenance: Provenance) -> str:
    """Say as of when consents and withdrawals are heeded."""
    now, at_opening = provenance.consent_epoch, provenance.consent_epoch_at_opening
    since = f"; {at_opening} when the study was opened, then its people were chosen again" if now != at_opening else ""
    return f"epoch {now}{since}"


def as_html(rows: Mapping[str, str]) -> str:
    """Return the rows as a description list."""
    items = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in rows.items())
    style = "display:grid;grid-template-columns:max-content 1fr;gap:.1em 1.2em;margin:.4em 0"
    return f'<dl style="{style}">{items}</dl>'

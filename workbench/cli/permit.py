"""``workbench permit``: who may ask what, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_catalog import Catalog
from workbench.cli.errors import show
from workbench.cli.options import AsJson, CatalogPlace

if TYPE_CHECKING:
    from data_catalog.governance.permits import Permit

app = typer.Typer(no_args_is_help=True, help="Say and see who may ask what, and until when.", rich_markup_mode=None)


@app.command(
    epilog="Example: workbench permit issue --catalog heart-centre --holder ada --level aggregate --purpose scientific_research --days 180 --note 'Approval 12/2026'"
)
def issue(
    catalog: CatalogPlace = ".",
    holder: Annotated[str, typer.Option(help="User of the operating system; * for everyone.", show_default=False)] = "",
    level: Annotated[
        str, typer.Option(help="What is allowed, each including the ones before: discover, aggregate, rows, export.")
    ] = "aggregate",
    purpose: Annotated[
        list[str] | None,
        typer.Option(help="What for; repeat it for several, leave it out for every purpose.", show_default=False),
    ] = None,
    days: Annotated[int, typer.Option(help="How many days it lasts.")] = 90,
    not_before: Annotated[
        datetime | None,
        typer.Option(help="First day (UTC); today if not given.", formats=["%Y-%m-%d"], show_default=False),
    ] = None,
    note: Annotated[str, typer.Option(help="Why it is issued: a project, the number of an approval.")] = "",
    as_json: AsJson = False,
) -> None:
    """Issue a permit. Only the user who owns the catalog's folder may."""
    begins = None if not_before is None else not_before.replace(tzinfo=UTC)
    permit = Catalog.open(catalog).issue_permit(
        holder, level, purposes=purpose or (), days=days, note=note, not_before=begins
    )
    text = (
        f"Issued {_line(permit)}.\n"
        f"It counts from {permit.not_before:%Y-%m-%d %H:%M %Z} on. Take it back with: workbench permit revoke {permit.permit_id}"
    )
    show(_to_dict(permit) if as_json else text, as_json=as_json)


@app.command("list", epilog="Example: workbench permit list --catalog heart-centre")
def list_permits(catalog: CatalogPlace = ".", as_json: AsJson = False) -> None:
    """List the permits of a catalog, with what is left of each."""
    permits = Catalog.open(catalog).permits()
    text = "\n".join(_line(permit) for permit in permits) or "This catalog has no permit."
    show([_to_dict(permit) for permit in permits] if as_json else text, as_json=as_json)


@app.command(epilog="Example: workbench permit revoke permit-0123456789ab --catalog heart-centre")
def revoke(
    permit_id: Annotated[str, typer.Argument(help="The permit, as workbench permit list names it.")],
    catalog: CatalogPlace = ".",
    as_json: AsJson = False,
) -> None:
    """Revoke a permit at once. Only the user who owns the catalog's folder may."""
    permit = Catalog.open(catalog).revoke_permit(permit_id)
    text = (
        f"Revoked on {permit.revoked_at:%Y-%m-%d %H:%M %Z}: {permit.permit_id}, held by {permit.holder}.\n"
        "It allows nothing from then on, also not in studies that are open under it.\n"
        "What remains: results and reports that its holder has already; other permits (workbench permit list)."
    )
    show(_to_dict(permit) if as_json else text, as_json=as_json)


def _line(permit: Permit) -> str:
    now = datetime.now(UTC)
    state, days = permit.state(now), permit.days_left(now)
    left = f", {days} {'day' if days == 1 else 'days'} left" if state in ("valid", "not yet valid") else ""
    revoked = f"; revoked {permit.revoked_at:%Y-%m-%d}" if permit.revoked_at else ""
    note = f"  note {permit.note}" if permit.note else ""
    return (
        f"{permit.permit_id}  holder {permit.holder}  level {permit.level.word}  purposes {', '.join(permit.purposes) or 'any'}  "
        f"{state}{left}  {permit.not_before:%Y-%m-%d} to {permit.expires_at:%Y-%m-%d}{revoked}{note}"
    )


def _to_dict(permit: Permit) -> dict[str, Any]:
    now = datetime.now(UTC)
    return vars(permit) | {"level": permit.level.word, "state": permit.state(now), "days_left": permit.days_left(now)}

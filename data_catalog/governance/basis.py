"""The legal basis on which the people of a source may be studied."""

from __future__ import annotations

from data_catalog.errors import IngestError, did_you_mean

CONSENT = "consent"
BASES = {
    CONSENT: "consent records decide, person by person",
    "public_interest": "law or an ethics approval allows it without consent",
    "ehds_no_optout": "European Health Data Space: people who have not opted out",
    "open_data": "published, anonymous data",
    "synthetic": "nobody real is in the data",
}
# With these, the data are of nobody who could be harmed, and nobody is left out.
NO_CONSENT_NEEDED = frozenset({"open_data", "synthetic"})


def known_basis(basis: str) -> str:
    """Return *basis* if there is such a basis, else raise IngestError with the nearest one."""
    if basis not in BASES:
        raise IngestError(f"{basis!r} is not a legal basis. {did_you_mean(basis, BASES)}")
    return basis

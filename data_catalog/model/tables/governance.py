"""Who may be studied and who may ask: consent, permits, withdrawals, and the only link back to the source's own numbers."""

from data_catalog.model.fields import OURS, Table, key, optional, person, required, source_text

CONSENT = Table(
    "consent",
    "One row what one person said, about one sort of data and one purpose. Nothing is overwritten: what was believed when can "
    "be asked for.",
    kind="governance",
    schema="governance",
    standard=OURS,
    fields=(
        person(),
        required("modality", "VARCHAR", "Sort of data: clinical, waveform, imaging, genomic."),
        required("purpose", "VARCHAR", "What for; * for every purpose."),
        required("status", "VARCHAR", "given or withdrawn."),
        required("valid_from", "TIMESTAMPTZ", "Moment from which it holds."),
        required("recorded_at", "TIMESTAMPTZ", "Moment at which the catalog came to know."),
    ),
    sorted_by=("person_id",),
)

PERMIT = Table(
    "permit",
    "One row a permit to ask.",
    kind="governance",
    schema="governance",
    standard=OURS,
    fields=(
        key("permit_id", "Key of the permit.", type="VARCHAR"),
        required("holder", "VARCHAR", "User of the operating system; * for everyone."),
        required(
            "level", "VARCHAR", "What it allows, each including the ones before: discover, aggregate, rows, export."
        ),
        optional("purpose", "VARCHAR[]", "What for; empty for every purpose."),
        required("issued_at", "TIMESTAMPTZ", "Moment at which it was issued."),
        required("not_before", "TIMESTAMPTZ", "First moment at which it allows anything."),
        required("expires_at", "TIMESTAMPTZ", "Moment from which it allows nothing."),
        optional("revoked_at", "TIMESTAMPTZ", "Moment at which it was revoked, if it was."),
        source_text("note", "Why it was issued."),
    ),
    partitioned_by=(),
)

PERSON_LINK = Table(
    "person_link",
    "One row the number that a source gives a person. Record numbers are held here and nowhere else.",
    kind="governance",
    schema="governance",
    standard=OURS,
    fields=(
        key("source_id", "The source's own number of the person.", type="VARCHAR"),
        person(),
    ),
    sorted_by=("person_id",),
)

CONSENT_EPOCH = Table(
    "consent_epoch",
    "One row a moment from which people allow something else than before. Results name the epoch that they rest on.",
    kind="governance",
    schema="governance",
    standard=OURS,
    fields=(
        key("epoch", "Number of the epoch, from 1.", type="BIGINT"),
        required("began_at", "TIMESTAMPTZ", "Moment at which it began."),
        source_text("reason", "What changed, in words that name nobody."),
    ),
    partitioned_by=(),
)

TOMBSTONE = Table(
    "tombstone",
    "One row an identifier of somebody who has left the catalog, as a hash under the catalog's key: it keeps the person from being "
    "brought in again, and names nobody.",
    kind="governance",
    schema="governance",
    standard=OURS,
    fields=(
        required("identifier", "VARCHAR", "What was hashed: record_number or person_id."),
        required("digest", "VARCHAR", "The hash."),
        required("withdrawn_at", "TIMESTAMPTZ", "Moment at which the person left."),
    ),
    sorted_by=("digest",),
)

TABLES = (CONSENT, CONSENT_EPOCH, PERMIT, PERSON_LINK, TOMBSTONE)

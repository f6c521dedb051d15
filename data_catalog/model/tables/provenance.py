"""Where the data come from: every ingest, what was wrong with what it brought, and the catalog's own settings."""

from data_catalog.model.fields import OURS, Table, key, optional, refers, required, source_text

INGEST = Table(
    "ingest",
    "One row an ingest.",
    kind="provenance",
    schema="provenance",
    standard=OURS,
    fields=(
        key("ingest_id", "Key of the ingest.", type="VARCHAR"),
        required("ingested_at", "TIMESTAMPTZ", "Moment of the ingest."),
        required("ingested_by", "VARCHAR", "User of the operating system."),
        required("source_format", "VARCHAR", "Form of the source: omop, tables, …"),
        optional("source_files", "VARCHAR[]", "Names of the files, without folders."),
        optional("source_digests", "VARCHAR[]", "SHA-256 of each of these files."),
        source_text("mapping", "Name and version of the mapping that turned the source into the model."),
        source_text(
            "rules_digest", "Digest of all that decided what became of the files: mapping, vocabulary, codes, units."
        ),
        optional("replaces", "VARCHAR[]", "Earlier ingests whose rows this one took the place of."),
        required("legal_basis", "VARCHAR", "Legal basis on which its people may be studied."),
        optional("n_read", "BIGINT", "Rows read."),
        optional("n_written", "MAP(VARCHAR, BIGINT)", "Rows written to each table."),
        optional("notes", "VARCHAR[]", "What a reader of the data has to know, and what of the source was not taken."),
    ),
)

INGEST_ISSUE = Table(
    "ingest_issue",
    "One row a plausibility rule that rows of an ingest break, in one table. It counts people and names none.",
    kind="provenance",
    schema="provenance",
    standard=OURS,
    fields=(
        refers("ingest_id", "ingest", "The ingest.", required=True, type="VARCHAR"),
        required("table_name", "VARCHAR", "Table of the model."),
        required("rule", "VARCHAR", "The rule, as in quality_flags."),
        source_text("column_name", "The field that the rule looks at."),
        required("n_rows", "BIGINT", "Rows that break it."),
        optional("n_people", "BIGINT", "People who have such rows."),
        source_text("example_file", "File of one such row."),
        optional("example_row", "BIGINT", "Number of one such row in that file."),
    ),
)

SETTING = Table(
    "setting",
    "One row a setting that belongs to the catalog as a whole, such as its title.",
    kind="provenance",
    schema="provenance",
    standard=OURS,
    fields=(
        key("name", "The setting.", type="VARCHAR"),
        source_text("value", "What it is set to."),
    ),
    partitioned_by=(),
)

TABLES = (INGEST, INGEST_ISSUE, SETTING)

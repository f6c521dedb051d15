"""What a source says of itself, and cohorts that came with it."""

from data_catalog.model.fields import Table, concept, key, optional, required, source_text

METADATA = Table(
    "metadata",
    "One row a statement about the data as a whole.",
    kind="reference",
    fields=(
        key("metadata_id", "Key of the statement."),
        concept("metadata_concept_id", "What it is about.", required=True),
        concept("metadata_type_concept_id", "Sort of statement.", required=True),
        required("name", "VARCHAR", "What it is about, in words."),
        source_text("value_as_string", "The statement as text."),
        concept("value_as_concept_id", "The statement as a concept."),
        optional("value_as_number", "DOUBLE", "The statement as a number."),
        optional("metadata_date", "DATE", "Day from which it holds."),
        optional("metadata_datetime", "TIMESTAMP", "Moment from which it holds."),
    ),
    sorted_by=("metadata_id",),
)

CDM_SOURCE = Table(
    "cdm_source",
    "One row a source: where it comes from and how it was brought into the common model.",
    kind="reference",
    fields=(
        required("cdm_source_name", "VARCHAR", "Name of the database."),
        required("cdm_source_abbreviation", "VARCHAR", "Short name."),
        required("cdm_holder", "VARCHAR", "Who answers for it."),
        source_text("source_description", "What is in it and how it was collected."),
        source_text("source_documentation_reference", "Where the source is documented."),
        source_text("cdm_etl_reference", "Where the transformation is documented."),
        required("source_release_date", "DATE", "Day to which the source's data go."),
        required("cdm_release_date", "DATE", "Day on which the transformed data were made."),
        source_text("cdm_version", "Version of the common model, in words."),
        concept("cdm_version_concept_id", "Version of the common model, as a concept.", required=True),
        required("vocabulary_version", "VARCHAR", "Version of the vocabulary that codes were mapped with."),
    ),
)

COHORT = Table(
    "cohort",
    "One row a stretch of time that somebody spent in a cohort which came with the source. Cohorts of studies are not kept here.",
    kind="reference",
    fields=(
        required("cohort_definition_id", "BIGINT", "The cohort."),
        required(
            "subject_id",
            "BIGINT",
            "Who was in it: a person's key, or a professional's or a visit's, as the definition says.",
        ),
        required("cohort_start_date", "DATE", "First day in it."),
        required("cohort_end_date", "DATE", "Last day in it."),
    ),
    sorted_by=("cohort_definition_id", "subject_id"),
)

COHORT_DEFINITION = Table(
    "cohort_definition",
    "One row the definition of such a cohort.",
    kind="reference",
    fields=(
        required("cohort_definition_id", "BIGINT", "The cohort."),
        required("cohort_definition_name", "VARCHAR", "Its name."),
        source_text("cohort_definition_description", "What it is meant to hold."),
        concept("definition_type_concept_id", "In which language it is defined.", required=True),
        source_text("cohort_definition_syntax", "The definition itself."),
        concept("subject_concept_id", "What its members are: people, professionals, visits.", required=True),
        optional("cohort_initiation_date", "DATE", "Day on which it was made."),
    ),
    sorted_by=("cohort_definition_id",),
)

TABLES = (METADATA, CDM_SOURCE, COHORT, COHORT_DEFINITION)

"""Imaging: series of pictures, and what was measured or seen on them (MI-CDM)."""

from data_catalog.model.fields import (
    IMAGING,
    Field,
    Table,
    concept,
    key,
    optional,
    person,
    record_type,
    refers,
    required,
    source_text,
)

IMAGE_OCCURRENCE = Table(
    "image_occurrence",
    "One row a series of pictures within an imaging study. The pictures stay where they are.",
    kind="fact",
    standard=IMAGING,
    fields=(
        key("image_occurrence_id", "Key of the series."),
        person(),
        refers("visit_occurrence_id", "visit_occurrence", "Contact with care during which the pictures were taken."),
        refers("procedure_occurrence_id", "procedure_occurrence", "The imaging as a procedure.", required=True),
        source_text("wadors_uri", "Web address of the series (DICOMweb)."),
        source_text("local_path", "Folder of the series on the site's own disks."),
        required("image_occurrence_date", "DATE", "Day on which the pictures were taken."),
        required("image_study_uid", "VARCHAR", "DICOM identifier of the study."),
        required("image_series_uid", "VARCHAR", "DICOM identifier of the series."),
        concept("modality_concept_id", "How the pictures were made: ultrasound, CT, MR, …", required=True),
        concept("anatomic_site_concept_id", "Part of the body that was imaged."),
    ),
    start_date="image_occurrence_date",
    concept="modality_concept_id",
)

IMAGE_FEATURE = Table(
    "image_feature",
    "One row a measure or finding taken from a series, by a person or by a program.",
    kind="fact",
    standard=IMAGING,
    fields=(
        key("image_feature_id", "Key of the feature."),
        person(),
        refers("image_occurrence_id", "image_occurrence", "The series that it was taken from.", required=True),
        concept("image_feature_concept_id", "What was measured or seen.", required=True),
        record_type("image_feature_type_concept_id"),
        concept("image_feature_event_field_concept_id", "Which table holds the feature's value, as a concept."),
        optional("image_feature_event_id", "BIGINT", "Key of the row there that holds the value."),
        concept("image_finding_concept_id", "The finding that the feature is a part of."),
        optional("image_finding_id", "BIGINT", "What features of one finding share."),
        concept("anatomic_site_concept_id", "Where in the body the feature is."),
        source_text("alg_system", "Program that found it, with its version."),
        optional("alg_datetime", "TIMESTAMP", "Moment at which the program ran."),
        # The published list reaches day and method through the series; every question asks for them, so they are copied here.
        Field("image_feature_date", "DATE", "Day on which the pictures were taken, as in the series.", added=True),
        Field(
            "method_concept_id",
            "BIGINT",
            "How the pictures were made, as in the series: ultrasound, MR, …",
            references="concept.concept_id",
            added=True,
        ),
    ),
    start_date="image_feature_date",
    concept="image_feature_concept_id",
)

TABLES = (IMAGE_OCCURRENCE, IMAGE_FEATURE)

"""Waveforms: recordings such as ECGs, their files and channels, and what was derived from them (OHDSI waveform extension)."""

from data_catalog.model.fields import (
    WAVEFORM,
    Field,
    Table,
    concept,
    expected,
    key,
    optional,
    person,
    refers,
    required,
    source_text,
)

WAVEFORM_OCCURRENCE = Table(
    "waveform_occurrence",
    "One row a recording session: a 12-lead ECG, a day of Holter, a night of monitoring.",
    kind="fact",
    standard=WAVEFORM,
    fields=(
        key("waveform_occurrence_id", "Key of the session."),
        concept("waveform_occurrence_concept_id", "Sort of recording.", required=True),
        person(),
        required("waveform_occurrence_start_datetime", "TIMESTAMP", "Moment at which recording began."),
        expected("waveform_occurrence_end_datetime", "TIMESTAMP", "Moment at which recording ended."),
        refers(
            "visit_occurrence_id", "visit_occurrence", "Contact with care during which it was recorded.", required=True
        ),
        refers("visit_detail_id", "visit_detail", "Part of that contact."),
        refers(
            "preceding_waveform_occurrence_id", "waveform_occurrence.waveform_occurrence_id", "The session just before."
        ),
        concept("waveform_format_concept_id", "File format, if all files have the same."),
        source_text("waveform_occurrence_source_value", "The session in the source's code."),
        optional("num_of_files", "INTEGER", "Number of files."),
        source_text("waveform_format_source_value", "File format in the source's words."),
    ),
    start_date="waveform_occurrence_start_datetime",
    end_date="waveform_occurrence_end_datetime",
    concept="waveform_occurrence_concept_id",
)

WAVEFORM_REGISTRY = Table(
    "waveform_registry",
    "One row a file of a recording.",
    kind="person",
    standard=WAVEFORM,
    fields=(
        key("waveform_registry_id", "Key of the file."),
        refers("waveform_occurrence_id", "waveform_occurrence", "The session.", required=True),
        refers("waveform_feature_id", "waveform_feature", "The feature that the file holds, if it holds one."),
        person(),
        required("waveform_file_start_datetime", "TIMESTAMP", "Moment of the first sample."),
        expected("waveform_file_end_datetime", "TIMESTAMP", "Moment of the last sample."),
        refers("visit_occurrence_id", "visit_occurrence", "Contact with care, as in the session.", required=True),
        refers("visit_detail_id", "visit_detail", "Part of that contact, as in the session."),
        concept("file_extension_concept_id", "File format, by the end of the file's name."),
        required("file_extension_source_value", "VARCHAR", "End of the file's name."),
        source_text("waveform_source_file_uri", "Where the source keeps the file."),
        required("waveform_target_file_uri", "VARCHAR", "Where the file is kept for use."),
    ),
    start_date="waveform_file_start_datetime",
    end_date="waveform_file_end_datetime",
    sorted_by=("person_id",),
)

WAVEFORM_CHANNEL_METADATA = Table(
    "waveform_channel_metadata",
    "One row a property of one channel in a file: its sampling rate, its gain.",
    kind="person",
    standard=WAVEFORM,
    fields=(
        key("waveform_channel_metadata_id", "Key of the property."),
        refers("waveform_registry_id", "waveform_registry", "The file.", required=True),
        refers("device_exposure_id", "device_exposure", "The device that recorded it."),
        source_text("waveform_channel_source_value", "Name of the channel in the file."),
        concept("channel_concept_id", "The signal, such as ECG lead II.", required=True),
        required("metadata_source_value", "VARCHAR", "Name of the property in the file."),
        concept("metadata_concept_id", "The property.", required=True),
        optional("value_as_number", "DOUBLE", "The property as a number, in the unit as recorded."),
        concept("value_as_concept_id", "The property as a concept."),
        source_text("value_as_string", "The property as text."),
        concept("unit_concept_id", "Unit as recorded."),
        source_text("unit_source_value", "Unit in the file's words."),
    ),
    concept="channel_concept_id",
    person_through="waveform_registry_id",
    sorted_by=("waveform_registry_id",),
)

WAVEFORM_FEATURE = Table(
    "waveform_feature",
    "One row a measure derived from a recording: a heart rate, a QT interval, a rhythm.",
    kind="fact",
    standard=WAVEFORM,
    fields=(
        key("waveform_feature_id", "Key of the feature."),
        refers("waveform_occurrence_id", "waveform_occurrence", "The session.", required=True),
        refers("waveform_registry_id", "waveform_registry", "The file.", required=True),
        refers("waveform_channel_metadata_id", "waveform_channel_metadata", "The channel.", required=True),
        concept("algorithm_concept_id", "Method by which it was derived.", required=True),
        source_text("algorithm_source_value", "Program that derived it, with its version."),
        concept("anatomic_site_concept_id", "Part of the body that the signal comes from."),
        optional(
            "waveform_feature_start_timestamp", "TIMESTAMP", "Moment at which the stretch that it describes begins."
        ),
        optional("waveform_feature_end_timestamp", "TIMESTAMP", "Moment at which that stretch ends."),
        optional("is_feature_overflow", "BOOLEAN", "Whether it was derived from more than this one file or channel."),
        optional("value_as_number", "DOUBLE", "The feature as a number."),
        concept("value_as_concept_id", "The feature as a concept."),
        source_text("value_as_string", "The feature as text."),
        optional("value_is_a_registry_file", "BOOLEAN", "Whether the feature is itself a file of waveform_registry."),
        # The published list says how a feature was derived but has no field for what it is, without which nobody can ask for it.
        Field(
            "waveform_feature_concept_id",
            "BIGINT",
            "What was derived: QT interval, heart rate, rhythm.",
            references="concept.concept_id",
            added=True,
        ),
        Field(
            "waveform_feature_date",
            "DATE",
            "Day of the stretch that it describes, or of the session if the stretch has no time.",
            added=True,
        ),
    ),
    start_date="waveform_feature_start_timestamp",
    end_date="waveform_feature_end_timestamp",
    concept="waveform_feature_concept_id",
    person_through="waveform_occurrence_id",
)

TABLES = (WAVEFORM_OCCURRENCE, WAVEFORM_REGISTRY, WAVEFORM_CHANNEL_METADATA, WAVEFORM_FEATURE)

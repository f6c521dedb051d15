"""Contacts with care, and the longer episodes of illness that they belong to."""

from data_catalog.model.fields import (
    Table,
    concept,
    expected,
    key,
    optional,
    person,
    record_type,
    refers,
    required,
    source_text,
)

VISIT_OCCURRENCE = Table(
    "visit_occurrence",
    "One row a contact with care, from a telephone call to a stay in hospital.",
    kind="fact",
    fields=(
        key("visit_occurrence_id", "Key of the contact."),
        person(),
        concept("visit_concept_id", "Setting: inpatient, outpatient, emergency, at home, …", required=True),
        required("visit_start_date", "DATE", "Day of arrival or admission."),
        optional("visit_start_datetime", "TIMESTAMP", "Moment of arrival or admission."),
        expected("visit_end_date", "DATE", "Day of leaving or discharge."),
        optional("visit_end_datetime", "TIMESTAMP", "Moment of leaving or discharge."),
        record_type("visit_type_concept_id"),
        refers("provider_id", "provider", "Professional mainly in charge."),
        refers("care_site_id", "care_site", "Clinic or department that gave the care."),
        source_text("visit_source_value", "Setting in the source's code."),
        concept("visit_source_concept_id", "Concept of the source's own code for the setting."),
        concept("admitted_from_concept_id", "Where the person came from, if not from home."),
        source_text("admitted_from_source_value", "Where the person came from, in the source's code."),
        concept("discharged_to_concept_id", "Where the person went, if not home."),
        source_text("discharged_to_source_value", "Where the person went, in the source's code."),
        refers(
            "preceding_visit_occurrence_id", "visit_occurrence.visit_occurrence_id", "The contact just before this one."
        ),
    ),
    start_date="visit_start_date",
    end_date="visit_end_date",
    concept="visit_concept_id",
)

VISIT_DETAIL = Table(
    "visit_detail",
    "One row a part of a contact, such as the days in intensive care within a stay.",
    kind="fact",
    fields=(
        key("visit_detail_id", "Key of the part."),
        person(),
        concept("visit_detail_concept_id", "Setting of the part.", required=True),
        required("visit_detail_start_date", "DATE", "First day of the part."),
        optional("visit_detail_start_datetime", "TIMESTAMP", "Moment at which the part began."),
        expected("visit_detail_end_date", "DATE", "Last day of the part."),
        optional("visit_detail_end_datetime", "TIMESTAMP", "Moment at which the part ended."),
        record_type("visit_detail_type_concept_id"),
        refers("provider_id", "provider", "Professional in charge of the part."),
        refers("care_site_id", "care_site", "Ward or unit."),
        source_text("visit_detail_source_value", "Setting in the source's code."),
        concept("visit_detail_source_concept_id", "Concept of the source's own code for the setting."),
        concept("admitted_from_concept_id", "Where the person was before."),
        source_text("admitted_from_source_value", "Where the person was before, in the source's code."),
        source_text("discharged_to_source_value", "Where the person went next, in the source's code."),
        concept("discharged_to_concept_id", "Where the person went next."),
        refers("preceding_visit_detail_id", "visit_detail.visit_detail_id", "The part just before this one."),
        refers("parent_visit_detail_id", "visit_detail.visit_detail_id", "The larger part that holds this one."),
        refers("visit_occurrence_id", "visit_occurrence", "The contact that it is a part of.", required=True),
    ),
    start_date="visit_detail_start_date",
    end_date="visit_detail_end_date",
    concept="visit_detail_concept_id",
)

EPISODE = Table(
    "episode",
    "One row a longer phase of illness or treatment, put together from single events: a course of disease, a regimen.",
    kind="fact",
    fields=(
        key("episode_id", "Key of the episode."),
        person(),
        concept("episode_concept_id", "What sort of phase it is.", required=True),
        required("episode_start_date", "DATE", "First day."),
        optional("episode_start_datetime", "TIMESTAMP", "Moment at which it began."),
        optional("episode_end_date", "DATE", "Last day; empty while it lasts."),
        optional("episode_end_datetime", "TIMESTAMP", "Moment at which it ended."),
        optional("episode_parent_id", "BIGINT", "The larger episode that holds this one."),
        optional("episode_number", "INTEGER", "Its place in the order within the larger episode, from 1."),
        concept("episode_object_concept_id", "The disease or treatment that the phase is about.", required=True),
        record_type("episode_type_concept_id"),
        source_text("episode_source_value", "The phase in the source's code."),
        concept("episode_source_concept_id", "Concept of the source's own code for the phase."),
    ),
    start_date="episode_start_date",
    end_date="episode_end_date",
    concept="episode_concept_id",
)

EPISODE_EVENT = Table(
    "episode_event",
    "One row a single event that belongs to an episode.",
    kind="person",
    fields=(
        refers("episode_id", "episode", "The episode.", required=True),
        required("event_id", "BIGINT", "Key of the event in its own table."),
        concept("episode_event_field_concept_id", "Which table's key that is, as a concept.", required=True),
    ),
    person_through="episode_id",
    sorted_by=("episode_id",),
)

TABLES = (VISIT_OCCURRENCE, VISIT_DETAIL, EPISODE, EPISODE_EVENT)

"""People: who they are, how long the data see them, and when they died."""

from data_catalog.model.fields import (
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

PERSON = Table(
    "person",
    "One row a person.",
    kind="person",
    fields=(
        key("person_id", "The person's number in this catalog: a pseudonym, unique across sites."),
        concept("gender_concept_id", "Sex as recorded, as a concept.", required=True),
        required("year_of_birth", "INTEGER", "Calendar year of birth."),
        optional("month_of_birth", "INTEGER", "Month of birth, 1 to 12."),
        optional("day_of_birth", "INTEGER", "Day of the month of birth, 1 to 31."),
        optional("birth_datetime", "TIMESTAMP", "Moment of birth, where the source has the full date."),
        concept("race_concept_id", "Race as recorded, as a concept; 0 where the source does not ask.", required=True),
        concept(
            "ethnicity_concept_id",
            "Ethnicity as recorded, as a concept; 0 where the source does not ask.",
            required=True,
        ),
        refers("location_id", "location", "Where the person lived when last known."),
        refers("provider_id", "provider", "The person's usual doctor, last known."),
        refers("care_site_id", "care_site", "Where the person usually gets primary care."),
        source_text(
            "person_source_value", "Empty here: the source's own number is kept apart, in governance.person_link."
        ),
        source_text("gender_source_value", "Sex in the source's words."),
        concept("gender_source_concept_id", "Concept of the source's own code for sex."),
        source_text("race_source_value", "Race in the source's words."),
        concept("race_source_concept_id", "Concept of the source's own code for race."),
        source_text("ethnicity_source_value", "Ethnicity in the source's words."),
        concept("ethnicity_source_concept_id", "Concept of the source's own code for ethnicity."),
        Field(
            "legal_basis",
            "VARCHAR",
            "Legal basis stated when the person was brought in; empty counts as consent.",
            added=True,
        ),
    ),
    sorted_by=("person_id",),
)

OBSERVATION_PERIOD = Table(
    "observation_period",
    "One row a stretch of time in which a person's events would have been recorded, had there been any.",
    kind="person",
    fields=(
        key("observation_period_id", "Key of the period."),
        person(),
        required("observation_period_start_date", "DATE", "First day on which the data see the person."),
        expected("observation_period_end_date", "DATE", "Last day on which the data see the person."),
        concept(
            "period_type_concept_id",
            "How the period was established: enrolment, first and last record, study.",
            required=True,
        ),
    ),
    start_date="observation_period_start_date",
    end_date="observation_period_end_date",
    sorted_by=("person_id",),
)

DEATH = Table(
    "death",
    "One row a person known to have died. The standard gives no key: if there are several rows, the earliest date counts.",
    kind="fact",
    fields=(
        person(),
        required("death_date", "DATE", "Day of death."),
        optional("death_datetime", "TIMESTAMP", "Moment of death."),
        concept("death_type_concept_id", "Where the knowledge comes from: register, certificate, discharge record."),
        concept("cause_concept_id", "Cause of death."),
        source_text("cause_source_value", "Cause in the source's code."),
        concept("cause_source_concept_id", "Concept of the source's own code for the cause."),
    ),
    start_date="death_date",
    sorted_by=("person_id",),
)

TABLES = (PERSON, OBSERVATION_PERIOD, DEATH)

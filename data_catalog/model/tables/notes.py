"""Free text, what language processing found in it, and links between facts."""

from data_catalog.model.fields import (
    Table,
    care_context,
    concept,
    key,
    optional,
    person,
    record_type,
    refers,
    required,
    source_text,
)

NOTE = Table(
    "note",
    "One row a text that somebody wrote about a person: a letter, a report, a ward note.",
    kind="fact",
    fields=(
        key("note_id", "Key of the text."),
        person(),
        required("note_date", "DATE", "Day on which it was written."),
        optional("note_datetime", "TIMESTAMP", "Moment at which it was written."),
        record_type("note_type_concept_id"),
        concept("note_class_concept_id", "Sort of document: discharge letter, echo report, …", required=True),
        source_text("note_title", "Heading."),
        required("note_text", "VARCHAR", "The text itself."),
        concept("encoding_concept_id", "Character encoding of the text.", required=True),
        concept("language_concept_id", "Language of the text.", required=True),
        *care_context(),
        source_text("note_source_value", "Sort of document in the source's code."),
        optional("note_event_id", "BIGINT", "Key of the row in another table that the text is about."),
        concept("note_event_field_concept_id", "Which table's key that is, as a concept."),
    ),
    start_date="note_date",
    concept="note_class_concept_id",
)

NOTE_NLP = Table(
    "note_nlp",
    "One row a term that language processing found in a text.",
    kind="fact",
    fields=(
        key("note_nlp_id", "Key of the find."),
        refers("note_id", "note", "The text in which it was found.", required=True),
        concept("section_concept_id", "Section of the text."),
        source_text("snippet", "A few words around the term."),
        # A reserved word in many dialects; the published list writes it with quotation marks.
        source_text("offset", "Position of the term in the text, in characters."),
        required("lexical_variant", "VARCHAR", "The term as it stands in the text."),
        concept("note_nlp_concept_id", "What the term means."),
        concept("note_nlp_source_concept_id", "Concept that the program itself gave the term."),
        source_text("nlp_system", "Program and version."),
        required("nlp_date", "DATE", "Day on which the program ran."),
        optional("nlp_datetime", "TIMESTAMP", "Moment at which the program ran."),
        source_text("term_exists", "Y if the text affirms the term, N if it denies it or is unsure."),
        source_text("term_temporal", "Whether the text speaks of now or of the past."),
        source_text("term_modifiers", "What else the text says of the term: negation, subject, severity."),
    ),
    concept="note_nlp_concept_id",
    person_through="note_id",
)

FACT_RELATIONSHIP = Table(
    "fact_relationship",
    "One row a directed link between two rows of any tables.",
    kind="reference",
    fields=(
        concept("domain_concept_id_1", "Domain of the first row, which says its table.", required=True),
        required("fact_id_1", "BIGINT", "Key of the first row."),
        concept("domain_concept_id_2", "Domain of the second row, which says its table.", required=True),
        required("fact_id_2", "BIGINT", "Key of the second row."),
        concept("relationship_concept_id", "What the first is to the second.", required=True),
    ),
    sorted_by=("domain_concept_id_1", "fact_id_1"),
)

TABLES = (NOTE, NOTE_NLP, FACT_RELATIONSHIP)

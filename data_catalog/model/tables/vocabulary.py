"""The vocabulary: concepts, their codes, how they hang together, and what sources' codes are mapped to."""

from data_catalog.model.fields import Field, Table, concept, key, optional, refers, required, source_text


def _validity() -> tuple[Field, Field, Field]:
    return (
        required("valid_start_date", "DATE", "First day on which it holds."),
        required("valid_end_date", "DATE", "Last day on which it holds; 2099-12-31 while it still does."),
        source_text("invalid_reason", "D if it was withdrawn, U if replaced; empty while it holds."),
    )


CONCEPT = Table(
    "concept",
    "One row a unit of meaning: a disease, a drug, a test, a unit, a table.",
    kind="vocabulary",
    fields=(
        key("concept_id", "Key of the concept."),
        required("concept_name", "VARCHAR", "Name in English."),
        refers(
            "domain_id",
            "domain",
            "Domain, which says the table that its records belong in.",
            required=True,
            type="VARCHAR",
        ),
        refers("vocabulary_id", "vocabulary", "Vocabulary that its code comes from.", required=True, type="VARCHAR"),
        refers("concept_class_id", "concept_class", "Class within that vocabulary.", required=True, type="VARCHAR"),
        source_text(
            "standard_concept", "S if data are mapped to it, C if it only groups others; empty for source codes."
        ),
        required("concept_code", "VARCHAR", "Code in its vocabulary."),
        *_validity(),
    ),
    sorted_by=("concept_id",),
)

VOCABULARY = Table(
    "vocabulary",
    "One row a vocabulary that concepts come from.",
    kind="vocabulary",
    fields=(
        key("vocabulary_id", "Short name of the vocabulary.", type="VARCHAR"),
        required("vocabulary_name", "VARCHAR", "Full name."),
        source_text("vocabulary_reference", "Where it is published."),
        source_text("vocabulary_version", "Version that is held here."),
        concept("vocabulary_concept_id", "The vocabulary itself as a concept.", required=True),
    ),
    sorted_by=("vocabulary_id",),
)

DOMAIN = Table(
    "domain",
    "One row a domain: condition, drug, measurement, …",
    kind="vocabulary",
    fields=(
        key("domain_id", "Short name of the domain.", type="VARCHAR"),
        required("domain_name", "VARCHAR", "Full name."),
        concept("domain_concept_id", "The domain itself as a concept.", required=True),
    ),
    sorted_by=("domain_id",),
)

CONCEPT_CLASS = Table(
    "concept_class",
    "One row a class of concepts within a vocabulary.",
    kind="vocabulary",
    fields=(
        key("concept_class_id", "Short name of the class.", type="VARCHAR"),
        required("concept_class_name", "VARCHAR", "Full name."),
        concept("concept_class_concept_id", "The class itself as a concept.", required=True),
    ),
    sorted_by=("concept_class_id",),
)

CONCEPT_RELATIONSHIP = Table(
    "concept_relationship",
    "One row a directed relation between two concepts, such as a source code that maps to a standard concept.",
    kind="vocabulary",
    fields=(
        concept("concept_id_1", "The first concept.", required=True),
        concept("concept_id_2", "The second concept.", required=True),
        refers("relationship_id", "relationship", "What the first is to the second.", required=True, type="VARCHAR"),
        *_validity(),
    ),
    sorted_by=("concept_id_1",),
)

RELATIONSHIP = Table(
    "relationship",
    "One row a sort of relation between concepts.",
    kind="vocabulary",
    fields=(
        key("relationship_id", "Short name of the relation.", type="VARCHAR"),
        required("relationship_name", "VARCHAR", "Full name."),
        required("is_hierarchical", "VARCHAR", "1 if it leads from narrow to broad or back, else 0."),
        required("defines_ancestry", "VARCHAR", "1 if concept_ancestor is made from it, else 0."),
        required("reverse_relationship_id", "VARCHAR", "The relation in the other direction."),
        concept("relationship_concept_id", "The relation itself as a concept.", required=True),
    ),
    sorted_by=("relationship_id",),
)

CONCEPT_SYNONYM = Table(
    "concept_synonym",
    "One row another name of a concept.",
    kind="vocabulary",
    fields=(
        concept("concept_id", "The concept.", required=True),
        required("concept_synonym_name", "VARCHAR", "The other name."),
        concept("language_concept_id", "Its language.", required=True),
    ),
    sorted_by=("concept_id",),
)

CONCEPT_ANCESTOR = Table(
    "concept_ancestor",
    "One row a pair of a broader and a narrower concept, near or far; every concept is also its own ancestor.",
    kind="vocabulary",
    fields=(
        concept("ancestor_concept_id", "The broader concept.", required=True),
        concept("descendant_concept_id", "The narrower concept.", required=True),
        required("min_levels_of_separation", "INTEGER", "Steps between them on the shortest way."),
        required("max_levels_of_separation", "INTEGER", "Steps between them on the longest way."),
    ),
    sorted_by=("ancestor_concept_id",),
)

SOURCE_TO_CONCEPT_MAP = Table(
    "source_to_concept_map",
    "One row a source's own code and the concept that it is mapped to.",
    kind="vocabulary",
    fields=(
        required("source_code", "VARCHAR", "The source's code."),
        concept("source_concept_id", "Concept of that code; 0 if it has none.", required=True),
        required("source_vocabulary_id", "VARCHAR", "Name of the source's coding system."),
        source_text("source_code_description", "What the source means by it."),
        concept("target_concept_id", "Standard concept; 0 if there is none.", required=True),
        refers(
            "target_vocabulary_id", "vocabulary", "Vocabulary of the standard concept.", required=True, type="VARCHAR"
        ),
        *_validity(),
    ),
    sorted_by=("source_vocabulary_id", "source_code"),
)

DRUG_STRENGTH = Table(
    "drug_strength",
    "One row how much of an ingredient a drug product holds: an amount, or a numerator in a denominator.",
    kind="vocabulary",
    fields=(
        concept("drug_concept_id", "The product.", required=True),
        concept("ingredient_concept_id", "The ingredient.", required=True),
        optional("amount_value", "DOUBLE", "Amount in one piece, such as a tablet."),
        concept("amount_unit_concept_id", "Unit of that amount."),
        optional("numerator_value", "DOUBLE", "For concentrations: amount of the ingredient."),
        concept("numerator_unit_concept_id", "Unit of the numerator."),
        optional("denominator_value", "DOUBLE", "For concentrations: amount of the whole."),
        concept("denominator_unit_concept_id", "Unit of the denominator."),
        optional("box_size", "INTEGER", "Pieces in a box."),
        *_validity(),
    ),
    sorted_by=("drug_concept_id",),
)

TABLES = (
    CONCEPT,
    VOCABULARY,
    DOMAIN,
    CONCEPT_CLASS,
    CONCEPT_RELATIONSHIP,
    RELATIONSHIP,
    CONCEPT_SYNONYM,
    CONCEPT_ANCESTOR,
    SOURCE_TO_CONCEPT_MAP,
    DRUG_STRENGTH,
)

"""The declarations hang together: figures of the standards, keys and references that exist, columns of ours on the right tables."""

from dataclasses import replace

import pytest

from data_catalog.errors import UnknownNameError
from data_catalog.model import TABLES, table
from data_catalog.model.fields import IMAGING, OMOP, WAVEFORM

EVERY_TABLE = pytest.mark.parametrize("name", sorted(TABLES))
PROVENANCE_OF_FACTS = {
    "source_code": "VARCHAR",
    "source_vocabulary": "VARCHAR",
    "source_file": "VARCHAR",
    "source_row": "BIGINT",
    "mapping_version": "VARCHAR",
    "mapping_rule": "VARCHAR",
    "ingest_id": "VARCHAR",
    "mapping_relation": "VARCHAR",
    "quality_flags": "VARCHAR[]",
}
# The CDM's clinical events: everything that happens to a person on a day, and what is put together from it.
CLINICAL_EVENTS = {
    "condition_era",
    "condition_occurrence",
    "death",
    "device_exposure",
    "dose_era",
    "drug_era",
    "drug_exposure",
    "episode",
    "image_feature",
    "image_occurrence",
    "measurement",
    "note",
    "note_nlp",
    "observation",
    "procedure_occurrence",
    "specimen",
    "visit_detail",
    "visit_occurrence",
    "waveform_feature",
    "waveform_occurrence",
}


@pytest.mark.parametrize(
    ("standard", "n_tables", "n_fields"),
    [
        (OMOP, 39, 432),  # OHDSI CommonDataModel, OMOP_CDMv5.4_Field_Level.csv
        (IMAGING, 2, 23),  # OHDSI ImageWG, field list of MI-CDM
        (WAVEFORM, 4, 50),  # OHDSI WaveformWG, field tables of the specification
    ],
)
def test_a_standard_is_complete_by_number_of_tables_and_fields(standard, n_tables, n_fields):
    of_standard = [one for one in TABLES.values() if one.standard == standard]
    assert len(of_standard) == n_tables
    assert sum(not field.added for one in of_standard for field in one.fields) == n_fields


def test_measurement_has_the_columns_of_the_standard_in_its_types():
    measurement = table("measurement")
    assert measurement.primary_key == ("measurement_id",)
    assert measurement.field("value_as_number").type == "DOUBLE"
    assert measurement.field("measurement_datetime").type == "TIMESTAMP"
    assert measurement.field("person_id").references == "person.person_id"
    assert measurement.required[:5] == (
        "measurement_id",
        "person_id",
        "measurement_concept_id",
        "measurement_date",
        "measurement_type_concept_id",
    )
    assert (measurement.start_date, measurement.end_date) == ("measurement_date", None)
    assert measurement.concept == "measurement_concept_id"


@EVERY_TABLE
def test_fields_are_lower_case_unique_and_described_in_a_sentence(name):
    fields = TABLES[name].fields
    names = [field.name for field in fields]
    assert len(set(names)) == len(names)
    assert names == [field.name.lower() for field in fields]
    for described in (TABLES[name].description, *(field.description for field in fields)):
        assert not described[0].isspace()
        assert described.endswith((".", "…"))


@EVERY_TABLE
def test_references_lead_to_a_field_of_the_same_type(name):
    for field in TABLES[name].fields:
        if field.target is not None:
            owner, key = field.target
            assert TABLES[owner].field(key).type == field.type, field.name


@EVERY_TABLE
def test_a_table_names_only_fields_that_it_has(name):
    one = TABLES[name]
    named = [one.start_date, one.end_date, one.concept, one.person_through, *one.partitioned_by, *one.sorted_by]
    assert {field for field in named if field is not None} <= set(one.field_names)
    assert all(one.field(key).required for key in one.primary_key)


@EVERY_TABLE
def test_every_row_says_which_hospital_it_comes_from(name):
    site = TABLES[name].field("site")
    assert (site.type, site.added) == ("VARCHAR", True)
    # Permits, settings and consent epochs may hold for the whole catalog.
    assert site.required == (name not in {"permit", "setting", "consent_epoch"})


def test_clinical_events_are_facts_and_nothing_else_is():
    assert {one.name for one in TABLES.values() if one.kind == "fact"} == CLINICAL_EVENTS


@EVERY_TABLE
def test_rows_of_one_person_carry_the_person(name):
    one = TABLES[name]
    if one.kind in {"fact", "person"}:
        assert one.field("person_id").type == "BIGINT"
    if one.kind in {"vocabulary", "reference", "provenance"}:
        assert "person_id" not in one.field_names


@EVERY_TABLE
def test_facts_keep_what_the_source_said_and_other_tables_do_not_pretend_to(name):
    one = TABLES[name]
    added = {field.name: field.type for field in one.fields if field.added}
    if one.kind == "fact":
        assert PROVENANCE_OF_FACTS.items() <= added.items()
    elif one.kind == "person":
        assert added.items() >= {"source_file": "VARCHAR", "mapping_version": "VARCHAR"}.items()
        assert "quality_flags" in added
        assert "mapping_relation" not in added
    else:
        assert set(added) - {"ingest_id"} == {"site"}


def test_every_row_of_a_site_names_its_ingest_but_what_people_allow_does_not():
    named = {one.name for one in TABLES.values() if any(f.name == "ingest_id" and f.added for f in one.fields)}
    rest = {one.name: one.kind for one in TABLES.values() if one.name not in named}
    assert set(rest.values()) == {"governance", "provenance"}
    assert "person_link" in named


def test_harmonised_values_stand_beside_the_recorded_ones():
    with_canonical = {one.name for one in TABLES.values() if "value_canonical" in one.field_names}
    assert with_canonical == {"measurement", "observation", "image_feature", "waveform_feature"}
    for name in with_canonical:
        assert TABLES[name].field("value_canonical").type == "DOUBLE"
        assert TABLES[name].field("unit_canonical").type == "VARCHAR"


def test_record_numbers_have_one_place_which_is_not_clinical():
    link = table("person_link")
    assert (link.schema, link.primary_key) == ("governance", ("source_id",))
    holders = [one.name for one in TABLES.values() if "source_id" in one.field_names]
    assert holders == ["person_link"]


def test_missing_ends_are_flagged_not_refused_wherever_the_standard_requires_an_end():
    flagged = {one.name: field.name for one in TABLES.values() for field in one.fields if field.flagged_when_missing}
    assert flagged["visit_occurrence"] == "visit_end_date"
    assert flagged["drug_exposure"] == "drug_exposure_end_date"
    assert flagged["observation_period"] == "observation_period_end_date"
    for owner, name in flagged.items():
        assert not TABLES[owner].field(name).required
        assert TABLES[owner].end_date == name


def test_events_lie_on_disk_by_hospital_then_concept_then_person():
    assert table("condition_occurrence").partitioned_by == ("site",)
    assert table("condition_occurrence").sorted_by == ("condition_concept_id", "person_id")
    assert table("observation_period").sorted_by == ("person_id",)
    assert table("death").sorted_by == ("person_id",)
    assert table("concept").sorted_by == ("concept_id",)
    assert table("variant").partitioned_by == ("site", "chrom")


def test_a_mistyped_table_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match=r"'measurements' is not a table.*Did you mean 'measurement'"):
        table("measurements")


def test_a_mistyped_field_is_answered_with_the_nearest_one_and_the_table():
    with pytest.raises(
        UnknownNameError, match=r"'year_of_brith' is not a field of the table 'person'.*'year_of_birth'"
    ):
        table("person").field("year_of_brith")


def test_the_model_cannot_be_changed_from_outside():
    with pytest.raises(TypeError):
        TABLES["person"] = replace(table("person"), name="patient")

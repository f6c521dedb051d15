"""Imaging and waveform tables in an OMOP folder: day, method, canonical value and person found through the rows they belong to."""

import datetime

import polars as pl
import pytest

from data_catalog import Catalog, IngestError
from data_catalog.lake import open_reader
from data_catalog.sources import OmopFolder

LVEF, QTC = 3027172, 2140000040
CMR, ECHO, AUTOMATED, PHYSICIAN = 2140000050, 4230911, 2140000051, 2140000052
PERCENT = 8554
MEASUREMENT_ROW = 2140000054


def day(text):
    return datetime.date.fromisoformat(text)


def moment(text):
    return datetime.datetime.fromisoformat(text)


TABLES = {
    "person": pl.DataFrame(
        {
            "person_id": [1, 2],
            "gender_concept_id": [8507, 8532],
            "year_of_birth": [1950, 1960],
            "race_concept_id": [0, 0],
            "ethnicity_concept_id": [0, 0],
        }
    ),
    "visit_occurrence": pl.DataFrame(
        {
            "visit_occurrence_id": [5, 6],
            "person_id": [1, 2],
            "visit_concept_id": [9202, 9202],
            "visit_start_date": [day("2020-01-01"), day("2020-02-01")],
            "visit_end_date": [day("2020-01-01"), day("2020-02-01")],
            "visit_type_concept_id": [2140000053] * 2,
        }
    ),
    "procedure_occurrence": pl.DataFrame(
        {
            "procedure_occurrence_id": [31, 32],
            "person_id": [1, 2],
            "procedure_concept_id": [CMR, ECHO],
            "procedure_date": [day("2020-01-01"), day("2020-02-01")],
            "procedure_type_concept_id": [2140000053] * 2,
        }
    ),
    "measurement": pl.DataFrame(
        {
            "measurement_id": [11, 12, 13],
            "person_id": [1, 2, 2],
            "measurement_concept_id": [LVEF] * 3,
            "measurement_date": [day("2020-01-01"), day("2020-02-01"), day("2020-02-01")],
            "measurement_type_concept_id": [2140000053] * 3,
            "value_as_number": [35.0, 99.0, 50.0],
            "unit_concept_id": [PERCENT] * 3,
        }
    ),
    "image_occurrence": pl.DataFrame(
        {
            "image_occurrence_id": [41, 42],
            "person_id": [1, 2],
            "procedure_occurrence_id": [31, 32],
            "image_occurrence_date": [day("2020-01-01"), day("2020-02-01")],
            "image_study_UID": ["1.2", "1.3"],
            "image_series_UID": ["1.2.1", "1.3.1"],
            "modality_concept_id": [CMR, ECHO],
        }
    ),
    "image_feature": pl.DataFrame(
        {
            "image_feature_id": [51, 52, 53],
            "person_id": [1, 2, 2],
            "image_occurrence_id": [41, 42, 42],
            "image_feature_concept_id": [LVEF] * 3,
            "image_feature_type_concept_id": [2140000053] * 3,
            # The last one says that its value is in a table that is not ``measurement``.
            "image_feature_event_field_concept_id": [MEASUREMENT_ROW, MEASUREMENT_ROW, 77],
            "image_feature_event_id": [11, 12, 13],
        }
    ),
    "waveform_occurrence": pl.DataFrame(
        {
            "waveform_occurrence_id": [61, 62],
            "waveform_occurrence_concept_id": [4163951] * 2,
            "person_id": [1, 2],
            "waveform_occurrence_start_datetime": [moment("2020-01-01T08:00:00"), moment("2020-02-01T09:00:00")],
            "waveform_occurrence_end_datetime": [moment("2020-01-01T08:00:10"), moment("2020-02-01T09:00:10")],
            "visit_occurrence_id": [5, 6],
        }
    ),
    "waveform_registry": pl.DataFrame(
        {
            "waveform_registry_id": [71, 72],
            "waveform_occurrence_id": [61, 62],
            "person_id": [1, 2],
            "waveform_file_start_datetime": [moment("2020-01-01T08:00:00"), moment("2020-02-01T09:00:00")],
            "waveform_file_end_datetime": [moment("2020-01-01T08:00:10"), moment("2020-02-01T09:00:10")],
            "visit_occurrence_id": [5, 6],
            "file_extension_source_value": ["dat"] * 2,
            "waveform_target_file_uri": ["a.dat", "b.dat"],
        }
    ),
    "waveform_channel_metadata": pl.DataFrame(
        {
            "waveform_channel_metadata_id": [81, 82],
            "waveform_registry_id": [71, 72],
            "channel_concept_id": [2140000055] * 2,
            "metadata_source_value": ["fs"] * 2,
            "metadata_concept_id": [2140000056] * 2,
            "value_as_number": [500.0] * 2,
        }
    ),
    "waveform_feature": pl.DataFrame(
        {
            "waveform_feature_id": [91, 92, 93],
            "waveform_occurrence_id": [61, 62, 62],
            "waveform_registry_id": [71, 72, 72],
            "waveform_channel_metadata_id": [81, 82, 82],
            "algorithm_concept_id": [AUTOMATED, PHYSICIAN, AUTOMATED],
            "waveform_feature_concept_id": [QTC, QTC, 0],
            "waveform_feature_start_timestamp": [moment("2020-01-02T00:00:00"), None, None],
            "value_as_number": [441.0, 0.44, 7.0],
        }
    ),
}


@pytest.fixture
def catalog(tmp_path):
    return Catalog.create(tmp_path / "catalog")


@pytest.fixture
def export(tmp_path):
    """Write the tables of TABLES that are named, or all of them; a folder each time."""

    def write(*names, **changed):
        folder = tmp_path / f"export-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name in names or TABLES:
            changed.get(name, TABLES[name]).write_parquet(folder / f"{name}.parquet")
        return OmopFolder(folder)

    return write


def ingest(catalog, source):
    return catalog.ingest(source, site="centre", basis="synthetic")


def query(catalog, sql):
    with open_reader(catalog.folder) as connection:
        return connection.execute(sql).fetchall()


def test_an_image_feature_has_day_and_method_of_its_series_and_the_value_of_its_measurement(catalog, export):
    ingest(catalog, export())
    assert query(
        catalog,
        "SELECT image_feature_id, image_feature_date, method_concept_id, value_canonical, unit_canonical, quality_flags "
        "FROM lake.main.image_feature ORDER BY 1",
    ) == [
        (51, day("2020-01-01"), CMR, 35.0, "%", []),
        (52, day("2020-02-01"), ECHO, 99.0, "%", ["value_out_of_range"]),
        (53, day("2020-02-01"), ECHO, None, None, []),
    ]


def test_a_waveform_feature_has_person_and_day_through_its_session_and_a_value_in_the_measures_unit(catalog, export):
    report = ingest(catalog, export())
    assert query(
        catalog,
        "SELECT waveform_feature_id, person_id, waveform_feature_date, value_as_number, value_canonical, unit_canonical, "
        "quality_flags FROM lake.main.waveform_feature ORDER BY 1",
    ) == [
        (91, 1, day("2020-01-02"), 441.0, 441.0, "ms", []),
        # Seconds where the measure is in milliseconds: nothing converts it, and it is flagged.
        (92, 2, day("2020-02-01"), 0.44, 0.44, "ms", ["value_out_of_range"]),
        (93, 2, day("2020-02-01"), 7.0, None, None, []),
    ]
    assert report.mapping == "OMOP CDM 5.4, MI-CDM, OHDSI waveform extension"


def test_channels_find_their_person_through_the_file(catalog, export):
    ingest(catalog, export())
    sql = "SELECT waveform_channel_metadata_id, person_id FROM lake.main.waveform_channel_metadata ORDER BY 1"
    assert query(catalog, sql) == [(81, 1), (82, 2)]


def test_features_that_come_after_their_series_and_measurements_find_them_in_the_catalog(catalog, export):
    features = ("image_feature", "waveform_feature")
    ingest(catalog, export(*(name for name in TABLES if name not in features)))
    later = {"person": TABLES["person"].with_columns(person_id=pl.Series([3, 4]))}
    ingest(catalog, export("person", *features, **later))
    assert query(
        catalog,
        "SELECT image_feature_date, method_concept_id, value_canonical FROM lake.main.image_feature ORDER BY image_feature_id",
    ) == [(day("2020-01-01"), CMR, 35.0), (day("2020-02-01"), ECHO, 99.0), (day("2020-02-01"), ECHO, None)]
    assert query(
        catalog, "SELECT person_id, waveform_feature_date FROM lake.main.waveform_feature ORDER BY waveform_feature_id"
    ) == [(1, day("2020-01-02")), (2, day("2020-02-01")), (2, day("2020-02-01"))]


def test_units_named_by_concept_alone_are_resolved_at_every_ingest_of_a_site_without_a_vocabulary(catalog, export):
    ingest(catalog, export())
    second = {
        "person": TABLES["person"].with_columns(person_id=pl.Series([3, 4])),
        "measurement": TABLES["measurement"].with_columns(
            measurement_id=pl.Series([14, 15, 16]), person_id=pl.Series([3, 4, 4])
        ),
    }
    ingest(catalog, export("person", "measurement", **second))
    assert query(catalog, "SELECT count(value_canonical) FROM lake.main.measurement WHERE unit_canonical = '%'") == [
        (6,)
    ]


def test_a_unit_that_the_text_does_not_say_is_read_off_its_concept(catalog, export):
    odd = TABLES["measurement"].with_columns(unit_source_value=pl.Series(["per cent", "%", None]))
    ingest(catalog, export("person", "measurement", measurement=odd))
    assert query(catalog, "SELECT value_canonical FROM lake.main.measurement ORDER BY measurement_id") == [
        (35.0,),
        (99.0,),
        (50.0,),
    ]


def test_a_feature_of_a_series_that_nobody_has_is_refused_by_row(catalog, export):
    broken = TABLES["image_feature"].with_columns(image_occurrence_id=pl.Series([41, 42, 999]))
    with pytest.raises(
        IngestError, match="image_feature.image_occurrence_id refers to a row of image_occurrence .* first in row 3"
    ):
        ingest(catalog, export(image_feature=broken))
    assert query(catalog, "SELECT count(*) FROM lake.main.person") == [(0,)]


def test_a_measurement_key_that_is_staged_twice_is_the_only_fault_told(catalog, export):
    twice = TABLES["measurement"].with_columns(measurement_id=pl.Series([11, 11, 13]))
    with pytest.raises(IngestError) as refused:
        ingest(catalog, export(measurement=twice))
    assert "measurement.measurement_id is a duplicate key" in str(refused.value)
    assert "image_feature" not in str(refused.value)


def test_an_extension_table_without_a_required_column_is_refused_by_its_own_standard(catalog, export):
    broken = TABLES["image_occurrence"].drop("modality_concept_id")
    with pytest.raises(IngestError, match="no column 'modality_concept_id', which MI-CDM requires"):
        ingest(catalog, export(image_occurrence=broken))

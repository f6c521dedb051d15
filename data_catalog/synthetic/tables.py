"""The hospitals' tables: what happened, as rows of OMOP CDM 5.4, MI-CDM and the waveform extension, under the published names.

Keys count from 1 within each site. Rows stand in the order of people and days. Columns that a site leaves empty are not written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_catalog.synthetic import concepts as c
from data_catalog.synthetic import visits as settings
from data_catalog.synthetic.codes import source_codes
from data_catalog.synthetic.days import NEVER, calendar
from data_catalog.synthetic.measurements import in_units_of_sites
from data_catalog.synthetic.sites import SITES

if TYPE_CHECKING:
    from data_catalog.synthetic.conditions import History
    from data_catalog.synthetic.course import Course
    from data_catalog.synthetic.ecg import Ecgs
    from data_catalog.synthetic.imaging import Imaging
    from data_catalog.synthetic.people import People

_ECG_SECONDS, _SAMPLES_PER_SECOND = 10, 500
_MACHINE, _READER = "12SL v23", "read by physician"
_IMAGING_UNITS = {c.LVEF: ("%", c.PERCENT), c.LV_MASS: ("g", c.GRAM), c.LA_VOLUME: ("mL", c.MILLILITER)}
_IMAGING_CODES = {c.LVEF: "LVEF", c.LV_MASS: "LV MASS", c.LA_VOLUME: "LA VOL"}


@dataclass(frozen=True)
class Happenings:
    """Everything that the tables are made of; see the modules that draw it."""

    people: People
    course: Course
    history: History
    visits: pl.DataFrame
    readings: pl.DataFrame
    ecgs: Ecgs
    imaging: Imaging
    prescriptions: pl.DataFrame
    procedures: pl.DataFrame


def tables_of(happenings: Happenings) -> dict[str, pl.DataFrame]:
    """Return each table with the rows of all sites; the column ``site`` (index of the site) stands before the published ones."""
    return _Tables(happenings).all()


class _Tables:
    """Makes the tables; later ones look keys up in earlier ones."""

    def __init__(self, happenings: Happenings) -> None:
        self._of = happenings
        people = happenings.people
        self._who = pl.DataFrame({"row": np.arange(len(people)), "site": people.site, "person_id": people.person_id})
        self._visits = _numbered(self._placed(happenings.visits, ["day"]), "visit_occurrence_id")
        self._visit_keys = self._visits.select("row", "day", "visit_occurrence_id")

    def all(self) -> dict[str, pl.DataFrame]:
        procedures, studies = self._procedures()
        measurements, image_features = self._measurements(studies)
        return {
            "person": self._person(),
            "observation_period": self._observation_period(),
            "visit_occurrence": self._visit_occurrence(),
            "condition_occurrence": self._condition_occurrence(),
            "drug_exposure": self._drug_exposure(),
            "procedure_occurrence": procedures,
            "measurement": measurements,
            "death": self._death(),
            "image_occurrence": _image_occurrence(studies),
            "image_feature": image_features,
            **self._waveforms(),
        }

    def _placed(self, events: pl.DataFrame, order: list[str]) -> pl.DataFrame:
        """Events with site and person, in the order of people and of *order*."""
        return events.join(self._who, on="row", how="left", maintain_order="left").sort(["row", *order])

    def _at_visits(self, events: pl.DataFrame) -> pl.DataFrame:
        """Events with the contact of their day, if there was one."""
        return events.join(self._visit_keys, on=["row", "day"], how="left", maintain_order="left")

    def _coded(self, events: pl.DataFrame, kind: str) -> pl.DataFrame:
        """Events with the site's own code of their concept, as ``source_value``."""
        return events.join(source_codes(kind), on=["site", "concept_id"], how="left", maintain_order="left")

    def _person(self) -> pl.DataFrame:
        people = self._of.people
        year, month, day = calendar(people.birth_day)
        prefixes = pl.Series([site.prefix for site in SITES])
        return self._who.select(
            "site",
            "person_id",
            gender_concept_id=pl.Series(np.where(people.male, c.MALE, c.FEMALE)),
            year_of_birth=pl.Series(year).cast(pl.Int32),
            month_of_birth=pl.Series(month).cast(pl.Int32),
            day_of_birth=pl.Series(day).cast(pl.Int32),
            birth_datetime=pl.Series(people.birth_day).cast(pl.Int32).cast(pl.Date).cast(pl.Datetime("us")),
            race_concept_id=pl.lit(c.NO_CONCEPT, pl.Int64),
            ethnicity_concept_id=pl.lit(c.NO_CONCEPT, pl.Int64),
            person_source_value=pl.Series(record_numbers(people, prefixes)),
            gender_source_value=pl.Series(np.where(people.male, "M", "F")),
        )

    def _observation_period(self) -> pl.DataFrame:
        course = self._of.course
        return self._who.select(
            "site",
            observation_period_id=pl.int_range(1, pl.len() + 1).over("site"),
            person_id="person_id",
            observation_period_start_date=_date(pl.Series(course.entry_day)),
            observation_period_end_date=_date(pl.Series(course.end_day)),
            period_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
        )

    def _visit_occurrence(self) -> pl.DataFrame:
        return self._visits.select(
            "site",
            "visit_occurrence_id",
            "person_id",
            visit_concept_id="setting",
            visit_start_date=_date(pl.col("day")),
            visit_end_date=_date(pl.col("end_day")),
            visit_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
            visit_source_value=settings.source_value(pl.col("setting")),
        )

    def _condition_occurrence(self) -> pl.DataFrame:
        events = self._placed(self._of.history.diagnoses, ["day", "concept_id", "setting"])
        return _numbered(self._coded(self._at_visits(events), "diagnosis"), "condition_occurrence_id").select(
            "site",
            "condition_occurrence_id",
            "person_id",
            condition_concept_id="concept_id",
            condition_start_date=_date(pl.col("day")),
            condition_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
            visit_occurrence_id="visit_occurrence_id",
            condition_source_value="source_value",
        )

    def _drug_exposure(self) -> pl.DataFrame:
        events = self._placed(self._of.prescriptions, ["day", "concept_id"])
        return _numbered(self._coded(self._at_visits(events), "drug"), "drug_exposure_id").select(
            "site",
            "drug_exposure_id",
            "person_id",
            drug_concept_id="concept_id",
            drug_exposure_start_date=_date(pl.col("day")),
            drug_exposure_end_date=_date(pl.col("end_day")),
            drug_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
            refills=pl.col("refills").cast(pl.Int32),
            days_supply=(pl.col("end_day") - pl.col("day") + 1).cast(pl.Int32),
            visit_occurrence_id="visit_occurrence_id",
            drug_source_value="source_value",
        )

    def _procedures(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The table of procedures, and the imaging studies with the key of the procedure that each of them was."""
        studies = self._of.imaging.studies.select("row", "day", concept_id="modality", study="study")
        ecgs = self._of.ecgs.recordings.select("row", "day", concept_id=pl.lit(c.ELECTROCARDIOGRAPHY, pl.Int64))
        events = pl.concat([self._of.procedures, ecgs, studies], how="diagonal")
        events = self._coded(self._at_visits(self._placed(events, ["day", "concept_id", "study"])), "procedure")
        events = _numbered(events, "procedure_occurrence_id")
        table = events.select(
            "site",
            "procedure_occurrence_id",
            "person_id",
            procedure_concept_id="concept_id",
            procedure_date=_date(pl.col("day")),
            procedure_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
            visit_occurrence_id="visit_occurrence_id",
            procedure_source_value="source_value",
        )
        return table, _numbered(events.filter(pl.col("study").is_not_null()), "image_occurrence_id")

    def _measurements(self, studies: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The table of measurements, readings and imaging measures alike, and the imaging features that point at it."""
        values = self._of.imaging.features.rename({"concept_id": "measure"})
        measured = studies.select("study", "row", "day", "site", "image_occurrence_id").join(
            values, on="study", how="inner", maintain_order="left"
        )
        measured = measured.select(
            "row",
            "day",
            "study",
            "image_occurrence_id",
            concept_id="measure",
            value_as_number="value",
            unit_source_value=_looked_up("measure", {key: unit for key, (unit, _) in _IMAGING_UNITS.items()}),
            unit_concept_id=_looked_up("measure", {key: concept for key, (_, concept) in _IMAGING_UNITS.items()}),
            source_value=_looked_up("measure", _IMAGING_CODES),
        )
        readings = in_units_of_sites(self._of.readings, self._of.people.site).drop("site")
        events = self._placed(pl.concat([readings, measured], how="diagonal"), ["day", "concept_id", "study"])
        events = _numbered(self._at_visits(events), "measurement_id")
        table = events.select(
            "site",
            "measurement_id",
            "person_id",
            measurement_concept_id="concept_id",
            measurement_date=_date(pl.col("day")),
            measurement_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
            value_as_number="value_as_number",
            unit_concept_id="unit_concept_id",
            visit_occurrence_id="visit_occurrence_id",
            measurement_source_value="source_value",
            unit_source_value="unit_source_value",
        )
        features = _numbered(events.filter(pl.col("study").is_not_null()), "image_feature_id").select(
            "site",
            "image_feature_id",
            "person_id",
            "image_occurrence_id",
            image_feature_concept_id="concept_id",
            image_feature_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
            image_feature_event_field_concept_id=pl.lit(c.MEASUREMENT_ROW, pl.Int64),
            image_feature_event_id="measurement_id",
            anatomic_site_concept_id=pl.lit(c.HEART, pl.Int64),
        )
        return table, features

    def _death(self) -> pl.DataFrame:
        course, history = self._of.course, self._of.history
        arrhythmic = history.diagnoses.filter(pl.col("concept_id") == c.VENTRICULAR_TACHYCARDIA)["row"].to_numpy()
        has_tachycardia = np.isin(np.arange(len(course.death_day)), arrhythmic)
        cause = np.select(
            [has_tachycardia, course.failure_day < NEVER, course.infarction_day < NEVER],
            [c.SUDDEN_DEATH, c.HEART_FAILURE, c.INFARCTION],
            default=c.NO_CONCEPT,
        )
        events = self._who.with_columns(day=pl.Series(course.death_day), concept_id=pl.Series(cause))
        return self._coded(events.filter(pl.col("day") < NEVER), "diagnosis").select(
            "site",
            "person_id",
            death_date=_date(pl.col("day")),
            death_type_concept_id=pl.lit(c.HEALTH_RECORD, pl.Int64),
            cause_concept_id="concept_id",
            cause_source_value="source_value",
        )

    def _waveforms(self) -> dict[str, pl.DataFrame]:
        """An ECG has one file and one channel row, for all its leads, so that a feature has something to point at."""
        recordings = self._at_visits(self._placed(self._of.ecgs.recordings, ["day", "recording"]))
        recordings = _numbered(recordings, "waveform_occurrence_id").with_columns(
            start=(pl.col("day") * 1440 + pl.col("minute")).cast(pl.Int64) * 60_000_000,
        )
        recordings = recordings.with_columns(
            start=pl.col("start").cast(pl.Datetime("us")),
            end=(pl.col("start") + _ECG_SECONDS * 1_000_000).cast(pl.Datetime("us")),
        )
        number = pl.col("waveform_occurrence_id").cast(pl.String).str.zfill(6)
        keys = recordings.select("recording", "site", "row", "waveform_occurrence_id", "start", "end")
        features = self._of.ecgs.features.join(keys, on="recording", how="left", maintain_order="left").sort(
            "row", "waveform_occurrence_id", "concept_id", "algorithm"
        )
        return {
            "waveform_occurrence": recordings.select(
                "site",
                "waveform_occurrence_id",
                "person_id",
                "visit_occurrence_id",
                waveform_occurrence_concept_id=pl.lit(c.ELECTROCARDIOGRAPHY, pl.Int64),
                waveform_occurrence_start_datetime="start",
                waveform_occurrence_end_datetime="end",
                waveform_format_concept_id=pl.lit(c.WFDB, pl.Int64),
                waveform_occurrence_source_value=pl.lit("ECG 12"),
                num_of_files=pl.lit(1, pl.Int32),
                waveform_format_source_value=pl.lit("WFDB"),
            ),
            "waveform_registry": recordings.select(
                "site",
                "waveform_occurrence_id",
                "person_id",
                "visit_occurrence_id",
                waveform_registry_id="waveform_occurrence_id",
                waveform_file_start_datetime="start",
                waveform_file_end_datetime="end",
                file_extension_concept_id=pl.lit(c.WFDB, pl.Int64),
                file_extension_source_value=pl.lit("hea"),
                waveform_target_file_uri=pl.concat_str(pl.lit("ecg/"), number, pl.lit(".hea")),
            ),
            "waveform_channel_metadata": recordings.select(
                "site",
                waveform_channel_metadata_id="waveform_occurrence_id",
                waveform_registry_id="waveform_occurrence_id",
                waveform_channel_source_value=pl.lit("12 leads"),
                channel_concept_id=pl.lit(c.ALL_LEADS, pl.Int64),
                metadata_source_value=pl.lit("sampling_rate_hz"),
                metadata_concept_id=pl.lit(c.SAMPLING_RATE, pl.Int64),
                value_as_number=pl.lit(float(_SAMPLES_PER_SECOND)),
            ),
            "waveform_feature": _numbered(features, "waveform_feature_id").select(
                "site",
                "waveform_feature_id",
                "waveform_occurrence_id",
                waveform_registry_id="waveform_occurrence_id",
                waveform_channel_metadata_id="waveform_occurrence_id",
                algorithm_concept_id="algorithm",
                algorithm_source_value=_looked_up("algorithm", {c.AUTOMATED: _MACHINE, c.PHYSICIAN: _READER}),
                anatomic_site_concept_id=pl.lit(c.HEART, pl.Int64),
                waveform_feature_start_timestamp="start",
                waveform_feature_end_timestamp="end",
                value_as_number="value",
                # The published list has no field for what a feature is; without it nobody could ask for one.
                waveform_feature_concept_id="concept_id",
            ),
        }


def record_numbers(people: People, prefixes: pl.Series | None = None) -> list[str]:
    """Return the hospitals' record numbers, such as ``NG-004711``."""
    names = [site.prefix for site in SITES] if prefixes is None else prefixes.to_list()
    return [f"{names[site]}-{number:06d}" for site, number in zip(people.site, people.record_number, strict=True)]


def _image_occurrence(studies: pl.DataFrame) -> pl.DataFrame:
    # Identifiers of the form that DICOM derives from UUIDs, made from site and number.
    root = pl.concat_str(pl.lit("2.25.77"), pl.col("site"), pl.col("image_occurrence_id").cast(pl.String).str.zfill(9))
    return studies.select(
        "site",
        "image_occurrence_id",
        "person_id",
        "visit_occurrence_id",
        "procedure_occurrence_id",
        image_occurrence_date=_date(pl.col("day")),
        image_study_UID=root,
        image_series_UID=pl.concat_str(root, pl.lit(".1")),
        modality_concept_id="concept_id",
        anatomic_site_concept_id=pl.lit(c.HEART, pl.Int64),
    )


def _numbered(events: pl.DataFrame, key: str) -> pl.DataFrame:
    """Events with a key that counts from 1 within each site."""
    return events.with_columns(pl.int_range(1, pl.len() + 1).over("site").alias(key))


def _date(days: pl.Expr | pl.Series) -> pl.Expr | pl.Series:
    return days.cast(pl.Int32).cast(pl.Date)


def _looked_up(column: str, names: dict[int, str] | dict[int, int]) -> pl.Expr:
    return pl.col(column).replace_strict(
        names, return_dtype=pl.String if isinstance(next(iter(names.values())), str) else pl.Int64
    )

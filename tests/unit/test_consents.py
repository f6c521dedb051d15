"""Consents come in with a file or one by one, are added and never overwritten, and a fault is told by row and never by value."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from data_catalog import Catalog, GovernanceError, IngestError, lake
from data_catalog.sources import ConsentTable, MappedTable
from workbench.cohorts import Cohort, codelist, diagnosis
from workbench.study import Study

WARD = {
    "mapping": "ward",
    "version": "1",
    "person": {"id": "id", "birth": "born"},
    "observation_period": {"start": "seen", "end": "seen + 100 days"},
    "conditions": [{"concept": "Heart failure [SNOMED 84114007]", "date": "seen"}],
}
ENTERED = Cohort.entry("heart failure", diagnosis(codelist("heart_failure")).first())
HEADER = "record_number,modality,purpose,status,valid_from,recorded_at"
GIVEN = "MRN-1,clinical,*,given,2024-01-01T09:00:00Z,2024-01-02T09:00:00Z"


@pytest.fixture
def clinic(tmp_path):
    """A catalog of three people who are studied by consent."""
    catalog = Catalog.create(tmp_path / "catalog")
    people = {"id": ["MRN-1", "MRN-2", "MRN-3"], "born": ["1950-01-01"] * 3, "seen": ["2020-01-01"] * 3}
    catalog.ingest(MappedTable(pl.DataFrame(people), WARD), site="ward-1", basis="consent")
    return catalog


def file(tmp_path, *lines: str, header: str = HEADER) -> ConsentTable:
    path = tmp_path / "consent.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return ConsentTable(path)


def n_allowed(catalog: Catalog, *modalities: str, purpose: str = "education") -> int:
    with Study.open(catalog, purpose=purpose, modalities=modalities) as study:
        return study._attrition(ENTERED).steps[0].n_after


def statements(catalog: Catalog) -> int:
    with lake.open_reader(catalog.folder) as connection:
        return connection.execute("SELECT count(*) FROM lake.governance.consent").fetchall()[0][0]


def left_out(report) -> dict[str, tuple[int, int]]:
    return {part.reason: (part.n_people, part.n_rows) for part in report.left_out}


def test_a_file_of_consents_lets_people_into_studies(clinic, tmp_path):
    lines = [
        GIVEN,
        GIVEN.replace("clinical", "genomic"),
        "MRN-2,clinical,education,given,2024-01-01T10:00:00+01:00,2024-01-02T09:00:00Z",
        "MRN-3,clinical,*,given,2024-01-01T09:00:00Z,2024-01-02T09:00:00Z",
        "MRN-3,clinical,*,withdrawn,2024-02-01T09:00:00Z,2024-02-02T09:00:00Z",
    ]
    assert n_allowed(clinic) == 0
    report = clinic.ingest(file(tmp_path, *lines), site="ward-1")
    assert {table.table: (table.n_rows, table.n_people) for table in report.tables} == {"consent": (5, 3)}
    assert n_allowed(clinic) == 2
    assert n_allowed(clinic, "genomic") == 1
    assert n_allowed(clinic, purpose="statistics") == 1
    # The moment is that of the zone it was written with.
    with lake.open_reader(clinic.folder) as connection:
        sql = "SELECT DISTINCT valid_from FROM lake.governance.consent WHERE purpose = 'education'"
        assert connection.execute(sql).fetchall() == [(datetime(2024, 1, 1, 9, tzinfo=UTC),)]


def test_a_parquet_file_of_the_hospital_comes_in_as_it_is(clinic, tmp_path):
    moment = pl.Series([datetime(2024, 1, 1, tzinfo=UTC)] * 2, dtype=pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(
        {"record_number": ["MRN-1", "MRN-2"], "modality": ["clinical"] * 2, "purpose": ["*"] * 2, "status": ["given"] * 2,
         "valid_from": moment, "recorded_at": moment, "clerk": ["x"] * 2}
    )  # fmt: skip
    frame.write_parquet(tmp_path / "consent.parquet")
    report = clinic.ingest(ConsentTable(tmp_path / "consent.parquet"), site="ward-1")
    assert report.ignored == ("consent.parquet: column 'clerk'",)
    assert n_allowed(clinic) == 2


def test_the_same_file_again_adds_nothing_and_begins_no_epoch(clinic, tmp_path):
    source = file(tmp_path, GIVEN, GIVEN)
    first = clinic.ingest(source, site="ward-1")
    assert left_out(first) == {"statements that the catalog has already": (1, 1)}
    with Study.open(clinic, purpose="education") as study:
        epoch = study.provenance.consent_epoch
    again = clinic.ingest(source, site="ward-1")
    assert left_out(again) == {"statements that the catalog has already": (1, 2)}
    assert statements(clinic) == 1
    with Study.open(clinic, purpose="education") as study:
        assert study.provenance.consent_epoch == epoch == 1


def test_people_who_are_unknown_or_have_left_are_counted_and_not_named(clinic, tmp_path):
    clinic.withdraw(site="ward-1", record_number="MRN-2")
    lines = [GIVEN, *(GIVEN.replace("MRN-1", who) for who in ("MRN-2", "MRN-88001", "MRN-88002"))]
    report = clinic.ingest(file(tmp_path, *lines, lines[-1].replace("clinical", "imaging")), site="ward-1")
    assert left_out(report) == {
        "people who have left the catalog": (1, 1),
        "people whom the site's data do not know": (2, 3),
    }
    assert (report.n_withdrawn_people, report.n_withdrawn_rows) == (1, 1)
    assert statements(clinic) == 1
    assert "people whom the site's data do not know: 2 people, 3 rows" in str(report)
    assert "MRN" not in str(report) + repr(report)
    # Nor are they told to whoever looks for data.
    with Study.open(clinic, purpose="education") as study:
        assert "do not know" not in str(study.contents().to_dict())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GIVEN.replace("clinical", "genomics"), "'modality' is not an allowed word in 1 row, first in row 2. Allowed: clinical, waveform"),
        (GIVEN.replace("*", "curiosity"), "'purpose' is not an allowed word in 1 row, first in row 2. Allowed: \\*, public_health"),
        (GIVEN.replace("given", "maybe"), "'status' is not an allowed word in 1 row, first in row 2. Allowed: given, withdrawn"),
        (GIVEN.replace("MRN-1", ""), "'record_number' is empty in 1 row, first in row 2"),
        (GIVEN.replace("2024-01-01T09:00:00Z", ""), "'valid_from' is empty in 1 row, first in row 2"),
        (GIVEN.replace("2024-01-01T09:00:00Z", "soon"), "'valid_from': 1 value not a date and time with a time zone"),
        (GIVEN.replace("09:00:00Z", "09:00:00"), "'valid_from': 1 value not a date and time with a time zone"),
        (GIVEN.replace("2024-01-01T09:00:00Z", "2024-01-01"), "not a date and time with a time zone .* first in row 2"),
        (GIVEN.replace("2024-01-02", "2999-01-02"), "'recorded_at' is in the future in 1 row, first in row 2"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_column_and_row(clinic, tmp_path, line, words):
    with pytest.raises(IngestError, match=words) as refused:
        clinic.ingest(file(tmp_path, GIVEN, line), site="ward-1")
    for value in ("MRN", "genomics", "curiosity", "maybe", "soon", "2999"):
        assert value not in str(refused.value)
    assert statements(clinic) == 0


def test_a_moment_without_a_zone_in_parquet_is_refused(clinic, tmp_path):
    row = dict(zip(HEADER.split(","), GIVEN.split(","), strict=True))
    moment = datetime(2024, 1, 1, 9)
    pl.DataFrame([row | {"valid_from": moment, "recorded_at": moment}]).write_parquet(tmp_path / "consent.parquet")
    with pytest.raises(IngestError, match="not a date and time with a time zone"):
        clinic.ingest(ConsentTable(tmp_path / "consent.parquet"), site="ward-1")


def test_a_missing_column_is_named_with_the_nearest(clinic, tmp_path):
    with pytest.raises(IngestError, match="no column 'record_number', .* Did you mean 'record_nr'"):
        clinic.ingest(file(tmp_path, GIVEN, header=HEADER.replace("record_number", "record_nr")), site="ward-1")


def test_one_statement_is_recorded_for_one_person(clinic):
    clinic.record_consent(site="ward-1", record_number="MRN-1", modality=("clinical", "genomic"), status="given")
    assert (n_allowed(clinic), n_allowed(clinic, "genomic")) == (1, 1)
    report = clinic.record_consent(site="ward-1", record_number="MRN-1", modality="genomic", status="withdrawn")
    assert (n_allowed(clinic), n_allowed(clinic, "genomic")) == (1, 0)
    assert report.consent_epoch == 2
    assert "Recorded for one person of ward-1: genomic data, every purpose: withdrawn" in str(report)
    assert "From now on, studies that need these data" in str(report)
    assert clinic.snapshot().message == "record a consent"
    assert statements(clinic) == 3


def test_a_statement_for_later_says_when_it_begins(clinic):
    later = datetime.now(UTC) + timedelta(days=3)
    report = clinic.record_consent(
        site="ward-1", record_number="MRN-1", modality="clinical", status="given", purpose="education", valid_from=later
    )
    assert f"From {later:%Y-%m-%d %H:%M} UTC on, studies with this purpose" in str(report)
    assert n_allowed(clinic) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"modality": "genomics"}, "'genomics' is not a modality of a consent. Did you mean 'genomic'"),
        ({"modality": ()}, "Say which sort of data"),
        ({"status": "taken"}, "'taken' is not a status of a consent. .*Allowed: given, withdrawn"),
        ({"purpose": "educatoin"}, "'educatoin' is not a purpose of a consent. Did you mean 'education'"),
        ({"record_number": "MRN-88001"}, "Nobody at 'ward-1' has this record number"),
        ({"valid_from": datetime(2026, 1, 1)}, "valid_from says no time zone"),
    ],
)
def test_a_statement_that_makes_no_sense_is_not_recorded(clinic, changes, words):
    said = {"site": "ward-1", "record_number": "MRN-1", "modality": "clinical", "status": "given"}
    with pytest.raises(GovernanceError, match=words) as refused:
        clinic.record_consent(**(said | changes))
    assert "88001" not in str(refused.value)
    assert statements(clinic) == 0


def test_nothing_is_recorded_of_somebody_who_has_left(clinic):
    clinic.withdraw(site="ward-1", record_number="MRN-1")
    with pytest.raises(GovernanceError, match="This person left the catalog on .*; nothing can be recorded"):
        clinic.record_consent(site="ward-1", record_number="MRN-1", modality="clinical", status="given")

"""Whom a study may use: the last word of each person on each sort of data, read from the newest snapshot."""

import time
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from data_catalog import Catalog, PermitError, lake
from data_catalog.errors import UnknownNameError
from data_catalog.governance.epochs import begin_epoch
from data_catalog.governance.modalities import known_modalities
from data_catalog.governance.population import allowed_in_words
from data_catalog.sources import MappedTable
from workbench.cohorts import Cohort, codelist, diagnosis
from workbench.study import Study

NOW = datetime.now(UTC)
WARD = {
    "mapping": "ward",
    "version": "1",
    "person": {"id": "id", "birth": "born"},
    "observation_period": {"start": "seen", "end": "seen + 100 days"},
    "conditions": [{"concept": "Heart failure [SNOMED 84114007]", "date": "seen"}],
}
ENTERED = Cohort.entry("heart failure", diagnosis(codelist("heart_failure")).first())


def ward(names: str) -> MappedTable:
    n = len(names.split())
    people = {"id": names.split(), "born": ["1950-01-01"] * n, "seen": ["2020-01-01"] * n}
    return MappedTable(pl.DataFrame(people), WARD)


def moment(days: str) -> datetime:
    """The moment so many days from now: -2 is two days ago."""
    return NOW + timedelta(days=float(days))


def say(catalog: Catalog, statements: str) -> None:
    """Record statements: a line each with who | modality | purpose | status | valid from | recorded at (days from now)."""
    lines = [[cell.strip() for cell in line.split("|")] for line in statements.strip().splitlines()]
    with lake.writer(catalog.folder) as connection, lake.transaction(connection, author="test", message="say"):
        for who, modality, purpose, status, valid_from, recorded_at in lines:
            connection.execute(
                "INSERT INTO lake.governance.consent (person_id, site, modality, purpose, status, valid_from, recorded_at) "
                "SELECT person_id, site, ?, ?, ?, ?, ? FROM lake.governance.person_link WHERE source_id = ?",
                [modality, purpose, status, moment(valid_from), moment(recorded_at), who],
            )
        begin_epoch(connection, "a test said something")


def allowed(study: Study) -> int:
    return study._attrition(ENTERED).steps[0].n_after


@pytest.fixture
def clinic(tmp_path):
    """A catalog in which Ada and Bob are studied by consent, Cleo and Dan on another basis."""
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.ingest(ward("ada bob"), site="ward-1", basis="consent")
    catalog.ingest(ward("cleo dan"), site="ward-2", basis="public_interest")
    return catalog


@pytest.mark.parametrize(
    ("statements", "modalities", "expected"),
    [
        # Nobody has said anything: no consent, no Ada; no objection, Cleo and Dan stay.
        ("", ("clinical",), 2),
        ("ada | clinical | * | given | -9 | -9", ("clinical",), 3),
        ("ada | clinical | education | given | -9 | -9", ("clinical",), 3),
        ("ada | clinical | statistics | given | -9 | -9", ("clinical",), 2),
        # A study of genomes takes a yes to both sorts of data.
        ("ada | clinical | * | given | -9 | -9", ("clinical", "genomic"), 2),
        ("ada | genomic | * | given | -9 | -9", ("clinical", "genomic"), 2),
        ("ada | clinical | * | given | -9 | -9 \n ada | genomic | * | given | -9 | -9", ("genomic",), 3),
        # Where the basis is another one, only a no leaves somebody out, and only from what it is about.
        ("cleo | genomic | * | withdrawn | -9 | -9", ("clinical",), 2),
        ("cleo | genomic | * | withdrawn | -9 | -9", ("clinical", "genomic"), 1),
        ("cleo | genomic | statistics | withdrawn | -9 | -9", ("clinical", "genomic"), 2),
        # What was recorded last counts, in whatever order it was written.
        ("ada | clinical | * | given | -9 | -9 \n ada | clinical | * | withdrawn | -9 | -3", ("clinical",), 2),
        ("ada | clinical | * | withdrawn | -9 | -9 \n ada | clinical | * | given | -9 | -3", ("clinical",), 3),
        ("ada | clinical | * | given | -9 | -3 \n ada | clinical | * | withdrawn | -2 | -9", ("clinical",), 3),
        # Of statements recorded together, the one that holds from the later moment.
        ("ada | clinical | * | given | -9 | -3 \n ada | clinical | * | withdrawn | -5 | -3", ("clinical",), 2),
        # What does not hold yet does not count yet.
        ("ada | clinical | * | given | -9 | -9 \n ada | clinical | * | withdrawn | 5 | -3", ("clinical",), 3),
        ("ada | clinical | * | given | 5 | -9", ("clinical",), 2),
        # A word on this purpose and one on every purpose: the later one counts; together, the one on this purpose.
        ("ada | clinical | * | given | -9 | -9 \n ada | clinical | education | withdrawn | -9 | -3", ("clinical",), 2),
        ("ada | clinical | education | given | -9 | -9 \n ada | clinical | * | withdrawn | -9 | -3", ("clinical",), 2),
        ("ada | clinical | * | withdrawn | -9 | -9 \n ada | clinical | education | given | -9 | -9", ("clinical",), 3),
        # Yes and no in the same breath is no.
        ("ada | clinical | * | given | -9 | -9 \n ada | clinical | * | withdrawn | -9 | -9", ("clinical",), 2),
    ],
)
def test_the_last_word_on_every_sort_of_data_decides(clinic, statements, modalities, expected):
    if statements:
        say(clinic, statements)
    with Study.open(clinic, purpose="education", modalities=modalities) as study:
        assert study._attrition(ENTERED).steps[0].n_before == 4
        assert allowed(study) == expected


def test_the_first_step_says_purpose_and_data_in_words(clinic):
    with Study.open(clinic, purpose="scientific_research", modalities=("imaging", "genomic")) as study:
        assert study.provenance.modalities == ("clinical", "imaging", "genomic")
        assert study._attrition(ENTERED).steps[0].label == (
            "Allowed for scientific research with clinical, imaging and genomic data by consent or another legal basis"
        )
    assert "for care improvement with clinical data by" in allowed_in_words("care_improvement", ("clinical",))


def test_a_modality_must_be_known():
    assert known_modalities(("genomic", "genomic")) == ("clinical", "genomic")
    assert known_modalities("imaging") == ("clinical", "imaging")
    with pytest.raises(UnknownNameError, match="'genomics' is not a sort of data .* Did you mean 'genomic'"):
        known_modalities(("genomics",))


def test_what_people_say_later_counts_for_a_study_of_an_older_snapshot(clinic):
    older = clinic.snapshot().snapshot_id
    say(clinic, "cleo | clinical | * | withdrawn | -1 | -1")
    with Study.open(clinic, purpose="education", snapshot=older) as study:
        assert study.provenance.snapshot.snapshot_id == older
        assert allowed(study) == 1


def test_an_open_study_chooses_its_people_again_when_consents_change(clinic):
    with Study.open(clinic, purpose="education") as study:
        opened_at = study.provenance.consent_epoch
        assert (allowed(study), study.people(ENTERED).height) == (2, 2)
        say(clinic, "cleo | clinical | * | withdrawn | -1 | -1 \n ada | clinical | * | given | -1 | -1")
        assert study.people(ENTERED).height == 2
        say(clinic, "dan | clinical | * | withdrawn | -1 | -1")
        assert (allowed(study), study.people(ENTERED).height) == (1, 1)
        assert study.provenance.consent_epoch == opened_at + 2
        assert study.provenance.consent_epoch_at_opening == opened_at


def test_an_open_study_keeps_its_cohorts_while_only_data_arrive(clinic):
    with Study.open(clinic, purpose="education") as study:
        assert allowed(study) == 2
        made = dict(study._cohorts._made)
        clinic.ingest(ward("eve"), site="ward-3", basis="public_interest")
        assert allowed(study) == 2
        assert study._cohorts._made == made


def test_a_statement_takes_effect_in_an_open_study_at_the_moment_it_begins_to_hold(clinic):
    with Study.open(clinic, purpose="education") as study:
        soon = datetime.now(UTC) + timedelta(seconds=6)
        say(clinic, f"cleo | clinical | * | withdrawn | {(soon - NOW) / timedelta(days=1)} | -1")
        assert allowed(study) == 2
        time.sleep(max((soon - datetime.now(UTC)).total_seconds(), 0) + 0.1)
        assert allowed(study) == 1


def test_a_permit_that_is_revoked_while_the_study_is_open_ends_its_answers(clinic):
    with Study.open(clinic, purpose="education") as study:
        assert allowed(study) == 2
        with lake.writer(clinic.folder) as connection:
            connection.execute("UPDATE lake.governance.permit SET revoked_at = now()")
        with pytest.raises(PermitError, match="it was revoked on"):
            study.count(ENTERED)


def test_what_the_catalog_holds_counts_the_data_that_people_allow(clinic):
    with lake.writer(clinic.folder) as connection:
        connection.execute(
            "INSERT INTO lake.genomics.sample (callset_id, sample_index, person_id, site) "
            "SELECT 'calls', row_number() OVER (), person_id, site FROM lake.main.person"
        )
    say(clinic, "cleo | genomic | * | withdrawn | -9 | -9 \n ada | clinical | * | given | -9 | -9")
    with Study.open(clinic, purpose="education") as study:
        held = {(table.site, table.table): table.n_people for table in study._contents().tables}
    # Ada allows clinical data and has said nothing of her genome; Cleo and Dan need not be asked, but Cleo says no.
    assert held["ward-1", "condition_occurrence"] == 1
    assert ("ward-1", "sample") not in held
    assert (held["ward-2", "condition_occurrence"], held["ward-2", "sample"]) == (2, 1)

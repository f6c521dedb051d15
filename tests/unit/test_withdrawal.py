"""Withdrawal: a person leaves every table, does not come back with a file, and no question meets them, on any snapshot."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
import pytest
import yaml
from scipy.io import arff

from data_catalog import Catalog, GovernanceError, lake
from data_catalog.governance.tombstones import RECORD_NUMBER, digest_sql
from data_catalog.harmonise.identity import digest_parameters, read_key
from data_catalog.model import TABLES, belongs_to_sql, table_address, tables_of_people
from data_catalog.model.whose import NOBODYS
from data_catalog.sources import MappedTable, OmopFolder, VcfFile
from data_catalog.sources.whas500 import whas500_file, whas500_mapping
from workbench.cohorts import (
    Cohort,
    age_years,
    carrier,
    codelist,
    death,
    diagnosis,
    genotyped,
    sex,
    time_to,
    variable,
)
from workbench.statistics import TableOne
from workbench.study import Study
from workbench.survival import Cox, KaplanMeier, LogRank

KEY = bytes(range(32))
SITE = "worcester"
LEAVER = "MRN-000042"
INFARCTION = Cohort.entry("infarction", diagnosis(codelist("myocardial_infarction")).first())
OLDER = INFARCTION.require("aged 60 or over", age_years() >= 60)
HEART_FAILURE = variable("heart_failure", diagnosis(codelist("heart_failure")).on_index(), label="Heart failure")
DIED = time_to(death(), name="death", label="Death")


# --- No table is forgotten ------------------------------------------------------------------------------------------


def test_every_table_says_whose_its_rows_are_or_that_they_are_nobodys():
    of_people = {table.name for table in tables_of_people()}
    for table in TABLES.values():
        columns = {name: (f"lake.{name}", frozenset(other.field_names)) for name, other in TABLES.items()}
        condition = belongs_to_sql(table, "1", columns.get)
        if table.kind == "vocabulary" or table.name in NOBODYS:
            assert condition is None
            assert table.name not in of_people
            assert "person_id" not in table.field_names
        else:
            assert condition is not None, table.name
            assert table.name in of_people


def number_of(table: str, person: int) -> int:
    """The key of a person's row in a table; the same for several tables, as in real data."""
    return 100 * person + len(table) % 7


DOMAINS = {56: "person", 8: "visit_occurrence", 19: "condition_occurrence", 13: "drug_exposure", 21: "measurement"}
VALUES = {
    "BIGINT": 7, "INTEGER": 7, "DOUBLE": 1.5, "BOOLEAN": True, "VARCHAR": "x", "DATE": "2020-01-01", "VARCHAR[]": [], "INTEGER[]": [],
    "TIMESTAMP": "2020-01-01", "TIMESTAMPTZ": "2020-01-01T00:00:00Z",
}  # fmt: skip


def row_of(name: str, person: int, **given) -> dict:
    """A row of a person in any table, made from the declaration: required fields filled, references to the person's own rows."""
    row: dict = {"site": "ward-1"}
    for field in TABLES[name].fields:
        if field.name == "person_id":
            row["person_id"] = person
        elif field.target and TABLES[field.target[0]].kind not in ("vocabulary", "reference"):
            row[field.name] = number_of(field.target[0], person)
        elif field.primary_key and field.type == "BIGINT":
            row[field.name] = number_of(name, person)
        elif field.required and field.name != "site":
            row[field.name] = VALUES[field.type]
    return row | given


def costs_of(person: int) -> list[dict]:
    """Costs of a visit, of a drug, of something in a domain that nobody knows, and one that only the plan leads to."""
    events = [("Visit", "visit_occurrence"), ("Drug", "drug_exposure"), ("Odd", "dose_era")]
    costs = [{"cost_event_id": number_of(owner, person), "cost_domain_id": domain} for domain, owner in events]
    plan = number_of("payer_plan_period", person)
    costs.append({"cost_event_id": -1, "cost_domain_id": "Procedure", "payer_plan_period_id": plan})
    return [row_of("cost", person, cost_id=1000 * person + number, **cost) for number, cost in enumerate(costs)]


def links_of(person: int) -> list[dict]:
    """Links from and to a row of the person, in every domain."""
    links = []
    for concept, owner in DOMAINS.items():
        mine = (concept, person if owner == "person" else number_of(owner, person))
        for one, two in ((mine, (58, -1)), ((58, -1), mine)):
            names = ("domain_concept_id_1", "fact_id_1", "domain_concept_id_2", "fact_id_2")
            links.append(row_of("fact_relationship", person, **dict(zip(names, (*one, *two), strict=True))))
    return links


def rows_of_a_person(person: int) -> list[tuple[str, dict]]:
    """At least one row in every table of people."""
    visit = number_of("visit_occurrence", person)
    special = {
        "cost": costs_of(person),
        "fact_relationship": links_of(person),
        "cohort": [
            row_of("cohort", person, cohort_definition_id=1, subject_id=person),
            row_of("cohort", person, cohort_definition_id=2, subject_id=visit),
        ],
        "location": [row_of("location", person, location_id=person)],
        "person": [row_of("person", person, location_id=person, legal_basis="public_interest")],
        "person_link": [row_of("person_link", person, source_id=f"MRN-{person}")],
        "sample": [row_of("sample", person, callset_id="calls", sample_index=person)],
    }
    names = [table.name for table in tables_of_people()]
    return [(name, row) for name in names for row in special.get(name, [row_of(name, person)])]


def write(catalog: Catalog, rows: list[tuple[str, dict]]) -> None:
    with lake.writer(catalog.folder) as connection, lake.transaction(connection, author="test", message="rows"):
        for name, row in rows:
            places = ", ".join("?" for _ in row)
            names = ", ".join(map(lake.quoted, row))
            connection.execute(
                f"INSERT INTO {table_address(TABLES[name])} ({names}) VALUES ({places})", list(row.values())
            )


def everything(catalog: Catalog) -> dict[str, Counter]:
    """Every row of every table, without what a withdrawal writes: tombstones and epochs."""
    with lake.open_reader(catalog.folder) as connection:
        return {
            name: Counter(map(str, connection.execute(f"SELECT * FROM {table_address(table)}").fetchall()))
            for name, table in TABLES.items()
            if name not in ("tombstone", "consent_epoch")
        }


def test_after_a_withdrawal_every_table_is_as_if_the_person_had_never_been_there(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog")
    definitions = [
        ("cohort_definition", row_of("cohort_definition", 0, cohort_definition_id=number, subject_concept_id=concept))
        for number, concept in ((1, 56), (2, 8))
    ]
    ingest = ("ingest", row_of("ingest", 0, ingest_id="ingest-1", legal_basis="public_interest"))
    nobodys = [*definitions, ingest, ("callset", row_of("callset", 0, callset_id="calls"))]
    # Somebody else has a cost and a link whose keys are the leaver's, but of other tables.
    other = {"cost_event_id": number_of("visit_occurrence", 1), "cost_domain_id": "Device"}
    link = {
        "domain_concept_id_1": 17,
        "fact_id_1": number_of("measurement", 1),
        "domain_concept_id_2": 8,
        "fact_id_2": -1,
    }
    others = [
        ("cost", row_of("cost", 2, cost_id=1, **other)),
        ("fact_relationship", row_of("fact_relationship", 2, **link)),
    ]
    # And lives where the leaver never lived, in one place with a ward.
    write(catalog, [*nobodys, *others, *rows_of_a_person(2), *rows_of_a_person(3)])
    before = everything(catalog)
    write(catalog, rows_of_a_person(1))
    between = everything(catalog)
    report = catalog.withdraw(site="ward-1", person_id=1)
    after = everything(catalog)
    for name in TABLES:
        if name not in ("tombstone", "consent_epoch"):
            assert after[name] == before[name], name
    assert set(report.n_rows) == {table.name for table in tables_of_people()}
    assert report.n_rows == {name: (between[name] - before[name]).total() for name in report.n_rows}
    assert all(n > 0 for n in report.n_rows.values())


def test_an_address_that_others_share_stays(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog")
    home = [("location", row_of("location", 0, location_id=number)) for number in (5, 6)]
    people = [("person", row_of("person", person, location_id=5)) for person in (1, 2)]
    ward = ("care_site", row_of("care_site", 0, care_site_id=1, location_id=6))
    write(
        catalog,
        [*home, *people, ward, ("person", row_of("person", 3, location_id=6)), ("ingest", row_of("ingest", 0))],
    )
    assert "location" not in catalog.withdraw(site="ward-1", person_id=1).n_rows
    assert "location" not in catalog.withdraw(site="ward-1", person_id=3).n_rows
    assert catalog.withdraw(site="ward-1", person_id=2).n_rows == {"person": 1, "location": 1}


# --- The next run is that of a catalog which never had the person ----------------------------------------------------


def admissions(*, without: str | None = None) -> MappedTable:
    rows, _ = arff.loadarff(whas500_file())
    columns = {
        name: rows[name].astype(str) if rows[name].dtype.kind == "S" else rows[name] for name in rows.dtype.names
    }
    frame = pl.DataFrame({"record": [f"MRN-{n:06}" for n in range(len(rows))], **columns})
    mapping = yaml.safe_load(whas500_mapping().read_text(encoding="utf-8"))
    mapping["person"]["id"] = "record"
    return MappedTable(frame.filter(pl.col("record").ne_missing(pl.lit(without))), mapping)


def results(study: Study) -> str:
    """Everything that the workbench can say of the data, as one text in a fixed order."""
    covariates = [variable("age_years", age_years()), sex().named("sex"), HEART_FAILURE]
    released = [
        study.contents(),
        study.count(OLDER),
        study.attrition(OLDER),
        study.run(TableOne(covariates[:2], by=HEART_FAILURE), INFARCTION),
        study.run(KaplanMeier(DIED, by=HEART_FAILURE), INFARCTION).table,
        study.run(LogRank(DIED, by=HEART_FAILURE), INFARCTION).table,
        study.run(Cox(DIED, covariates), INFARCTION).table,
    ]
    exact = [vars(step) for step in study._attrition(OLDER).steps]
    people = study.people(OLDER, [*covariates, DIED]).to_dicts()
    return json.dumps([*(one.to_dict() for one in released), exact, people], default=str)


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> Catalog:
    """A catalog of 500 people, of whom one has left since."""
    catalog = Catalog.create(tmp_path_factory.mktemp("left") / "catalog", title="WHAS", pseudonym_key=KEY)
    catalog.ingest(admissions(), site=SITE, basis="public_interest")
    catalog.withdraw(site=SITE, record_number=LEAVER)
    return catalog


@pytest.fixture(scope="module")
def never(tmp_path_factory) -> Catalog:
    """A catalog that never had that person."""
    catalog = Catalog.create(tmp_path_factory.mktemp("never") / "catalog", title="WHAS", pseudonym_key=KEY)
    catalog.ingest(admissions(without=LEAVER), site=SITE, basis="public_interest")
    return catalog


def test_the_next_run_equals_a_run_on_a_catalog_that_never_had_the_person(left, never):
    with Study.open(left, purpose="education") as one, Study.open(never, purpose="education") as other:
        assert results(one) == results(other)
        assert one._attrition(OLDER).steps[0].n_before == 499


def test_an_older_snapshot_does_not_bring_the_person_back(left, never):
    older = left.snapshots()[-2].snapshot_id
    with Study.open(left, purpose="education", snapshot=older) as one, Study.open(never, purpose="education") as other:
        assert results(one) == results(other)
    with lake.open_reader(left.folder, snapshot=older) as connection:
        assert connection.execute("SELECT count(*) FROM lake.main.person").fetchall() == [(500,)]


def test_a_study_that_is_open_goes_on_without_the_person(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog", title="WHAS", pseudonym_key=KEY)
    catalog.ingest(admissions(), site=SITE, basis="public_interest")
    with Study.open(catalog, purpose="education") as study:
        before, first = results(study), [step.n_after for step in study._attrition(INFARCTION).steps]
        report = catalog.withdraw(site=SITE, record_number=LEAVER)
        after, second = results(study), [step.n_after for step in study._attrition(INFARCTION).steps]
        assert [one - two for one, two in zip(first, second, strict=True)] == [1] * len(first)
        assert before != after
        assert study.provenance.consent_epoch == report.consent_epoch
        assert study.provenance.consent_epoch_at_opening == report.consent_epoch - 1
    with Study.open(catalog, purpose="education") as fresh:
        assert results(fresh) == after


def sequenced(folder, name: str, *, without: str | None = None) -> Catalog:
    """Forty people of whom every fourth carries a truncating variant in TTN, and one person, who may be left out, two rare ones."""
    numbers = [f"MRN-{n}" for n in range(40) if f"MRN-{n}" != without]
    catalog = Catalog.create(folder / name, title="Sequenced", pseudonym_key=KEY)
    people = {int(number[4:]) + 1: number for number in numbers}
    export = omop_folder(folder / f"{name}-omop", people)
    of_all, day = {"person_id": list(people)}, datetime(2020, 1, 1, tzinfo=UTC).date()
    pl.DataFrame(of_all | {"observation_period_id": list(people)}).with_columns(
        observation_period_start_date=day, observation_period_end_date=day, period_type_concept_id=0
    ).write_parquet(export.folder / "observation_period.parquet")
    pl.DataFrame(of_all | {"condition_occurrence_id": list(people)}).with_columns(
        condition_concept_id=316139, condition_start_date=day, condition_type_concept_id=0
    ).write_parquet(export.folder / "condition_occurrence.parquet")
    catalog.ingest(export, site="ward-1", basis="public_interest")

    def row(position: int, effect: str, carries) -> str:
        calls = ["0/1" if carries(int(number[4:])) else "0/0" for number in numbers]
        info = f"CSQ=G|{effect}|HIGH|TTN|ENST00000589042|0.00001"
        return "\t".join(["2", str(position), ".", "A", "G", ".", "PASS", info, "GT", *calls])

    lines = [
        "##fileformat=VCFv4.3",
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|IMPACT|SYMBOL|Feature|gnomADe_AF">',
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *numbers]),
        row(178_540_000, "stop_gained", lambda n: n % 4 == 0),
        row(178_540_100, "frameshift_variant", lambda n: n == 8),
        row(178_540_200, "missense_variant", lambda n: n % 2 == 0 or n == 13),
    ]
    (folder / f"{name}.vcf").write_text("\n".join(lines) + "\n")
    catalog.ingest(VcfFile(folder / f"{name}.vcf"), site="ward-1", basis="public_interest")
    return catalog


def genetic_results(study: Study) -> str:
    failing = Cohort.entry("heart failure", diagnosis(codelist("heart_failure")).first())
    carriers = failing.require("genotyped", genotyped()).require("carrier", carrier("TTN", consequence="truncating"))
    has_missense = variable("missense", carrier("TTN", consequence="missense"), label="Missense")
    released = [study.contents(), study.attrition(carriers), study.run(TableOne([has_missense]), failing)]
    exact = [vars(step) for step in study._attrition(carriers).steps]
    people = [study.people(cohort, [has_missense]).to_dicts() for cohort in (failing, carriers)]
    return json.dumps([*(one.to_dict() for one in released), exact, people], default=str)


@pytest.mark.slow
def test_with_genotypes_too_the_next_run_equals_a_run_without_the_person(tmp_path):
    left, never = sequenced(tmp_path, "left"), sequenced(tmp_path, "never", without="MRN-8")
    older = left.snapshot().snapshot_id
    options = {"purpose": "education", "modalities": ("genomic",)}
    with Study.open(left, **options) as open_before:
        before = genetic_results(open_before)
        report = left.withdraw(site="ward-1", record_number="MRN-8")
        assert report.n_rows["sample"] == 1
        with Study.open(never, **options) as study:
            expected = genetic_results(study)
        # The last step counts the carriers: every fourth of forty, one fewer afterwards.
        assert [json.loads(text)[3][-1]["n_after"] for text in (before, expected)] == [10, 9]
        assert genetic_results(open_before) == expected
    for snapshot in (None, older):
        with Study.open(left, snapshot=snapshot, **options) as study:
            assert genetic_results(study) == expected
    # And the same VCF again brings no genotype of theirs.
    vcf = tmp_path / "left.vcf"
    vcf.write_text(vcf.read_text().replace("##fileformat=VCFv4.3", "##fileformat=VCFv4.2"))
    again = left.ingest(VcfFile(vcf), site="ward-1", basis="public_interest")
    assert (again.n_withdrawn_people, again.n_withdrawn_rows) == (1, 0)
    with Study.open(left, **options) as study:
        assert (
            study._attrition(Cohort.entry("genotyped", diagnosis(codelist("heart_failure")).first())).steps[-1].n_after
            == 39
        )


# --- Nobody comes back with a file ---------------------------------------------------------------------------------------


def omop_folder(folder, people: dict[int, str], *, measured: Sequence[int] = ()) -> OmopFolder:
    """An OMOP export: people by id, with their record numbers, a visit each with a cost; measurements of people named."""
    folder.mkdir()
    if people:
        n = len(people)
        pl.DataFrame(
            {"person_id": list(people), "gender_concept_id": [8507] * n, "year_of_birth": [1950] * n, "race_concept_id": [0] * n,
             "ethnicity_concept_id": [0] * n, "person_source_value": list(people.values())}
        ).write_parquet(folder / "person.parquet")  # fmt: skip
    rows = [
        {"measurement_id": 9000 + i, "person_id": person, "measurement_concept_id": 3027172, "measurement_date": datetime(2020, 1, 1, tzinfo=UTC).date(),
         "measurement_type_concept_id": 0} for i, person in enumerate(measured)
    ]  # fmt: skip
    if rows:
        pl.DataFrame(rows).write_parquet(folder / "measurement.parquet")
    return OmopFolder(folder)


@pytest.fixture
def clinic(tmp_path):
    """Three people of an OMOP export, of whom the second has left."""
    catalog = Catalog.create(tmp_path / "catalog", pseudonym_key=KEY)
    catalog.ingest(
        omop_folder(tmp_path / "first", {1: "MRN-1", 2: "MRN-2", 3: "MRN-3"}), site="ward-1", basis="public_interest"
    )
    catalog.withdraw(site="ward-1", record_number="MRN-2")
    return catalog


def people_of(catalog: Catalog, table: str = "main.person") -> list[int]:
    with lake.open_reader(catalog.folder) as connection:
        return [
            row[0] for row in connection.execute(f"SELECT person_id FROM lake.{table} ORDER BY person_id").fetchall()
        ]


@pytest.mark.parametrize(
    ("people", "measured", "n_rows"),
    [
        ({2: "MRN-2", 4: "MRN-4"}, [2, 2, 4], 4),  # the same numbers: the person, the link, two measurements
        ({5: "MRN-2", 4: "MRN-4"}, [5, 4], 3),  # another person id, the same record number
        ({2: "MRN-9", 4: "MRN-4"}, [2, 4], 3),  # another record number, the same person id
    ],
)
def test_a_person_who_has_left_is_left_out_of_the_next_file(clinic, tmp_path, people, measured, n_rows):
    report = clinic.ingest(
        omop_folder(tmp_path / "next", people, measured=measured), site="ward-1", basis="public_interest"
    )
    assert (report.n_withdrawn_people, report.n_withdrawn_rows) == (1, n_rows)
    assert f"Left out:\n  people who have left the catalog: 1 person, {n_rows} rows" in str(report)
    assert report.to_dict()["n_withdrawn_rows"] == n_rows
    assert people_of(clinic) == [1, 3, 4]
    assert people_of(clinic, "governance.person_link") == [1, 3, 4]
    assert people_of(clinic, "main.measurement") == [4]


def test_the_same_number_at_another_hospital_is_somebody_else(clinic, tmp_path):
    report = clinic.ingest(omop_folder(tmp_path / "next", {12: "MRN-2"}), site="ward-2", basis="public_interest")
    assert report.n_withdrawn_people == 0
    assert "Left out" not in str(report)
    assert people_of(clinic) == [1, 3, 12]


def test_the_same_table_again_brings_nobody_back(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog", pseudonym_key=KEY)
    source = admissions()
    catalog.ingest(MappedTable(source.data.head(3), source.mapping_file), site=SITE, basis="public_interest")
    for number in range(3):
        catalog.withdraw(site=SITE, record_number=f"MRN-{number:06}")
    again = MappedTable(source.data.head(8), source.mapping_file)
    assert catalog.ingest(again, site=SITE, basis="public_interest").n_withdrawn_people == 3
    assert len(people_of(catalog)) == 5


# --- What is said -------------------------------------------------------------------------------------------------------


def test_a_withdrawal_says_what_was_done_when_it_takes_effect_and_what_remains(tmp_path):
    catalog = Catalog.create(tmp_path / "catalog", pseudonym_key=KEY)
    catalog.ingest(omop_folder(tmp_path / "first", {1: "MRN-1", 2: "MRN-2"}), site="ward-1", basis="public_interest")
    report = catalog.withdraw(site="ward-1", record_number="MRN-2")
    assert (report.already_withdrawn, report.consent_epoch) == (False, 1)
    assert report.n_rows == {"person_link": 1, "person": 1}
    for words in ("One person left the catalog", "From now on every question", "What remains: reports"):
        assert words in str(report)
    newest = catalog.snapshot()
    assert (newest.snapshot_id, newest.message) == (report.snapshot_id, "withdraw one person")


def test_withdrawing_twice_says_that_it_was_done_already(clinic):
    n_snapshots = len(clinic.snapshots())
    for who in ({"record_number": "MRN-2"}, {"person_id": 2}):
        again = clinic.withdraw(site="ward-1", **who)
        assert again.already_withdrawn
        assert f"left the catalog on {datetime.now(UTC):%Y-%m}" in str(again)
    assert len(clinic.snapshots()) == n_snapshots


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({"site": "ward-1", "record_number": "MRN-77"}, "Nobody at 'ward-1' has this record number"),
        ({"site": "ward-1", "person_id": 77}, "Nobody at 'ward-1' has this person id"),
        ({"site": "ward-9", "record_number": "MRN-1"}, "'ward-9' is not a site of this catalog. Did you mean 'ward-1'"),
        ({"site": "ward-1"}, "either by record_number or by person_id"),
        ({"site": "ward-1", "record_number": "MRN-1", "person_id": 1}, "either by record_number or by person_id"),
    ],
)
def test_a_person_who_is_not_known_is_told_without_the_number(clinic, who, words):
    with pytest.raises(GovernanceError, match=words) as refused:
        clinic.withdraw(**who)
    assert "77" not in str(refused.value)
    assert people_of(clinic) == [1, 3]


def test_a_tombstone_is_a_hash_under_the_catalogs_key(clinic):
    with lake.open_reader(clinic.folder) as connection:
        digests = connection.execute("SELECT identifier, digest FROM lake.governance.tombstone ORDER BY 1").fetchall()
        ours = {"number": "MRN-2", **digest_parameters(KEY)}
        sql = f"SELECT {digest_sql(RECORD_NUMBER, '$number', lake.literal('ward-1'))}"
        assert dict(digests)["record_number"] == connection.execute(sql, ours).fetchall()[0][0]
        other = ours | digest_parameters(bytes(32))
        assert dict(digests)["record_number"] != connection.execute(sql, other).fetchall()[0][0]
    assert [len(digest) for _, digest in digests] == [64, 64]
    assert read_key(clinic.folder) == KEY

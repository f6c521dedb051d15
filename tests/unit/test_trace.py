"""From a row of the catalog back to the source's own words; nobody gets there past the permit and the consents."""

import json
import random
import sys

import polars as pl
import pytest

from data_catalog import Catalog
from data_catalog.errors import CatalogError, PermitError
from data_catalog.lake import open_reader, transaction, writer
from data_catalog.sources import FhirFolder, MappedTable, OmopFolder, VcfFile
from workbench.cli.main import main
from workbench.study import Study

N = 30
MAPPING = {
    "mapping": "clinic",
    "version": "3",
    "file": {"separator": ";", "decimal": ",", "dates": "dd.mm.yyyy", "encoding": "windows-1252"},
    "person": {"id": "Nummer", "birth": "geboren", "sex": {"column": "Geschlecht", "values": {"männlich": "male"}}},
    "conditions": [{"column": "Diagnose", "vocabulary": "ICD-10-GM", "date": "Aufnahme"}],
    "measurements": [
        {
            "column": "Kreatinin",
            "concept": "Creatinine [Mass/volume] in Serum or Plasma [LOINC 2160-0]",
            "unit": "µmol/l",
            "date": "Aufnahme",
        }
    ],
}


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """Three hospitals' files, each in its own form, and a study that may see rows."""
    folder = tmp_path_factory.mktemp("trace")
    sources = {name: folder / name for name in ("centre", "klinik", "genomes", "fhir")}
    for one in sources.values():
        one.mkdir()
    write_omop(sources["centre"])
    write_table(sources["klinik"] / "klinik.csv")
    write_vcf(sources["genomes"] / "calls.vcf")
    write_fhir(sources["fhir"] / "all.ndjson")
    catalog = Catalog.create(folder / "catalog")
    catalog.ingest(OmopFolder(sources["centre"]), site="centre", basis="synthetic")
    catalog.ingest(MappedTable(sources["klinik"] / "klinik.csv", MAPPING), site="klinik", basis="synthetic")
    catalog.ingest(VcfFile(sources["genomes"] / "calls.vcf"), site="centre", basis="synthetic")
    catalog.ingest(FhirFolder(sources["fhir"]), site="export", basis="synthetic")
    with Study.open(catalog, purpose="scientific_research", modalities=["genomic"]) as study:
        yield catalog, study, sources


def write_omop(folder):
    ids = list(range(1, N + 1))
    pl.DataFrame({"person_id": ids, "person_source_value": [f"MRN-{n}" for n in ids]}).with_columns(
        gender_concept_id=8507, year_of_birth=1950, race_concept_id=0, ethnicity_concept_id=0
    ).write_csv(folder / "person.csv")
    pl.DataFrame(
        {
            "measurement_id": [100 + n for n in ids],
            "person_id": ids[::-1],
            "measurement_concept_id": [3004249 if n % 2 else 3016723 for n in ids],
            "measurement_date": ["2020-01-01"] * N,
            "measurement_type_concept_id": [32817] * N,
            "value_as_number": [100.0 + n for n in ids],
            "unit_source_value": ["mmHg" if n % 2 else "umol/L" for n in ids],
            "measurement_source_value": [f"LOCAL-{n}" for n in ids],
            "value_source_value": [f"{100 + n},0" for n in ids],
        }
    ).write_parquet(folder / "measurement.parquet")


def write_table(path):
    lines = ["Nummer;geboren;Geschlecht;Aufnahme;Diagnose;Kreatinin"]
    codes = ("I50.14", "I2510", "E11.9 G", "Q99")
    lines += [f"P{n};0{1 + n % 9}.03.19{40 + n};männlich;1{n % 9}.05.2019;{codes[n % 4]};{80 + n},5" for n in range(N)]
    path.write_text("\n".join(lines) + "\n", encoding="windows-1252")


def write_vcf(path):
    lines = ["##fileformat=VCFv4.3", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tMRN-1\tMRN-2"]
    lines += [
        f"chr{1 + n % 3}\t{1000 + n * 7}\trs{n}\tA\t{'G,T' if n % 4 == 0 else 'C'}\t.\tPASS\t.\tGT\t0/1\t0/0"
        for n in range(N)
    ]
    path.write_text("\n".join(lines) + "\n")


def write_fhir(path):
    lines = ['{"resourceType":"Patient","id":"p","birthDate":"1950"}']
    for n in range(N):
        code = {
            "coding": [{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": ("I50.14", "I21", "Q99")[n % 3]}]
        }
        who = {"reference": "Patient/p"}
        resource = {
            "resourceType": "Condition",
            "id": f"c{n}",
            "subject": who,
            "code": code,
            "onsetDateTime": "2020-01-01",
        }
        lines += [json.dumps(resource), "" if n % 2 else " "]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def ten(catalog, table, key, site):
    """Ten rows' keys, drawn at random with a fixed seed, each with its content."""
    with open_reader(catalog.folder) as connection:
        rows = connection.execute(
            f"SELECT {key}, * FROM lake.{table} WHERE site = ? ORDER BY 1", [site]
        ).to_arrow_table()
    return random.Random(5).sample(rows.to_pylist(), min(10, rows.num_rows))


def test_ten_measurements_of_an_omop_folder_show_the_source_s_own_words(traced):
    catalog, study, sources = traced
    for row in ten(catalog, "main.measurement", "measurement_id", "centre"):
        found = study.trace("measurement", row["measurement_id"], site="centre", source=sources["centre"])
        assert found.original["measurement_id"] == row["measurement_id"]
        assert found.original["person_id"] == row["person_id"]
        for name in ("measurement_source_value", "unit_source_value", "value_source_value"):
            assert found.said[name] == found.original[name]
        assert (found.source_file, found.original["value_as_number"]) == ("measurement.parquet", row["value_as_number"])
        assert found.ingest.source_format == "omop"


def test_ten_people_of_an_omop_folder_lead_to_their_rows(traced):
    catalog, study, sources = traced
    for row in ten(catalog, "main.person", "person_id", "centre"):
        found = study.trace("person", row["person_id"], site="centre", source=sources["centre"])
        assert found.original["person_id"] == str(row["person_id"])


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [("condition_occurrence", "condition_occurrence_id", "Diagnose"), ("measurement", "measurement_id", "Kreatinin")],
)
def test_ten_rows_of_a_mapped_table_show_the_source_s_own_words(traced, table, key, column):
    catalog, study, sources = traced
    for row in ten(catalog, f"main.{table}", key, "klinik"):
        found = study.trace(table, row[key], site="klinik", source=sources["klinik"] / "klinik.csv")
        assert found.said["source_code"] == found.original[column]
        assert found.original["Geschlecht"] == "männlich"
        assert found.rule["mapping_version"] == "clinic 3"
        assert found.rule["mapping_rule"].startswith("conditions[1]: " if column == "Diagnose" else "measurements[1]")


def test_ten_conditions_of_a_fhir_export_show_their_resource(traced):
    catalog, study, sources = traced
    for row in ten(catalog, "main.condition_occurrence", "condition_occurrence_id", "export"):
        found = study.trace(
            "condition_occurrence", row["condition_occurrence_id"], site="export", source=sources["fhir"]
        )
        assert found.original["resourceType"] == "Condition"
        assert found.said["source_code"] == found.original["code"]["coding"][0]["code"]
        assert found.rule["mapping_rule"].startswith("Condition: ")
        assert found.ingest.source_format == "fhir"


def test_ten_people_of_a_mapped_table_lead_to_their_rows(traced):
    catalog, study, sources = traced
    for row in ten(catalog, "main.person", "person_id", "klinik"):
        found = study.trace("person", row["person_id"], source=sources["klinik"])
        day, month, year = found.original["geboren"].split(".")
        assert (int(day), int(month), int(year)) == (row["day_of_birth"], row["month_of_birth"], row["year_of_birth"])


def test_ten_variants_show_the_record_of_the_file_and_no_genotype(traced):
    catalog, study, sources = traced
    for row in ten(catalog, "genomics.variant", "variant_index", "centre"):
        key = f"{row['callset_id']}:{row['variant_index']}"
        found = study.trace("variant", key, site="centre", source=sources["genomes"])
        record = found.original
        assert found.said["source_record"] == f"{record['CHROM']}:{record['POS']}:{record['REF']}:{record['ALT']}"
        assert found.said["rsid"] == record["ID"]
        assert row["alt"] in record["ALT"].split(",")
        assert "MRN-1" not in record


def test_a_trace_can_be_read(traced):
    catalog, study, _ = traced
    (row,) = [
        r for r in ten(catalog, "main.condition_occurrence", "condition_occurrence_id", "klinik") if r["source_row"]
    ][:1]
    text = str(study.trace("condition_occurrence", row["condition_occurrence_id"], site="klinik"))
    assert f"file: klinik.csv, row {row['source_row']}" in text
    assert f"source_code: {row['source_code']}" in text
    assert "ingest: ingest-" in text


def test_the_command_line_traces_a_row(traced, monkeypatch, capsys):
    catalog, _, sources = traced
    arguments = ["catalog", "trace", "measurement", "101", "--catalog", str(catalog.folder), "--site", "centre"]
    monkeypatch.setattr(sys, "argv", ["workbench", *arguments, "--source", str(sources["centre"]), "--json"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    assert json.loads(capsys.readouterr().out)["original"]["measurement_source_value"] == "LOCAL-1"


def test_another_file_is_not_taken_for_the_one_that_came_in(traced, tmp_path):
    _, study, sources = traced
    (tmp_path / "measurement.parquet").write_bytes((sources["centre"] / "measurement.parquet").read_bytes() + b"\0")
    with pytest.raises(CatalogError, match="measurement.parquet is not the file that was brought in"):
        study.trace("measurement", 101, site="centre", source=tmp_path)


@pytest.mark.parametrize(
    ("table", "key", "message"),
    [
        ("measurement", "9999", "sees no row of 'measurement' with that key"),
        ("person_link", "MRN-1", "Rows of 'person_link' are not traced"),
        ("concept", "3004249", "Rows of 'concept' are not traced"),
        ("variant", "7", "The key of 'variant' is callset_id:variant_index"),
        ("image_feature", "1", "holds imaging data, which this study was not opened for"),
    ],
)
def test_what_cannot_be_traced_is_said(traced, table, key, message):
    _, study, _ = traced
    with pytest.raises(CatalogError, match=message):
        study.trace(table, key)


def test_nobody_traces_past_the_permit_the_consents_or_a_withdrawal(tmp_path):
    (tmp_path / "export").mkdir()
    write_omop(tmp_path / "export")
    catalog = Catalog.create(tmp_path / "catalog")
    catalog.ingest(OmopFolder(tmp_path / "export"), site="centre", basis="consent")
    permit = catalog.issue_permit(catalog.permits()[0].holder, "aggregate").permit_id
    with Study.open(catalog, purpose="scientific_research", permit=permit) as study, pytest.raises(PermitError):
        study.trace("measurement", 101)
    with Study.open(catalog, purpose="scientific_research") as study:
        with pytest.raises(CatalogError, match="sees no row"):
            study.trace("measurement", 101)
        for number in ("MRN-30", "MRN-29"):
            catalog.record_consent(site="centre", record_number=number, modality="clinical", status="given")
        assert study.trace("measurement", 101).said["source_code"] == "LOCAL-1"
        catalog.withdraw(site="centre", record_number="MRN-30")
        with pytest.raises(CatalogError, match="sees no row"):
            study.trace("measurement", 101)
        assert study.trace("measurement", 102).said["source_code"] == "LOCAL-2"
    with writer(catalog.address) as connection, transaction(connection, author="test", message="revoke"):
        connection.execute("UPDATE lake.governance.permit SET revoked_at = now()")
    with pytest.raises(PermitError):
        Study.open(catalog, purpose="scientific_research")

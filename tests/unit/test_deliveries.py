"""Files that come again: the same ones change nothing, corrected ones replace their rows, new rules harmonise again."""

import pytest
import yaml

from data_catalog import Catalog, IngestError
from data_catalog.lake import open_reader
from data_catalog.sources import MappedTable, OmopFolder, VcfFile

MAPPING = {
    "mapping": "ward",
    "version": "1",
    "person": {"id": "record", "birth": "born"},
    "conditions": [{"column": "dx", "date": "seen", "values": {"HF": "Heart failure [SNOMED 84114007]"}}],
    "measurements": [
        {"column": "sbp", "concept": "Systolic blood pressure [LOINC 8480-6]", "unit": "mm[Hg]", "date": "seen"}
    ],
}
FIRST = """record,born,seen,dx,sbp
R1,1950-01-01,2020-01-10,HF,120
R2,1951-01-01,2020-01-11,AF,131
R3,1952-01-01,2020-01-12,AF,142
"""
CORRECTED = FIRST.replace("R3,1952-01-01,2020-01-12,AF,142", "R3,1952-01-01,2020-01-12,HF,124")
LABS = {
    "mapping": "labs",
    "version": "1",
    "person": {"id": "record"},
    "measurements": [
        {
            "column": "k",
            "concept": "Potassium [Moles/volume] in Serum or Plasma [LOINC 2823-3]",
            "unit": "mmol/L",
            "date": "seen",
        }
    ],
}


@pytest.fixture
def ward(tmp_path):
    return Ward(tmp_path)


class Ward:
    """A hospital that sends a file again and again."""

    def __init__(self, folder):
        self.folder = folder
        self.catalog = Catalog.create(folder / "catalog")

    def sends(self, text, mapping=MAPPING, *, name="ward.csv", **options):
        (self.folder / name).write_text(text)
        table = MappedTable(self.folder / name, mapping)
        return self.catalog.ingest(table, site="ward", **({"basis": "public_interest"} | options))

    def rows(self, sql):
        with open_reader(self.catalog.folder) as connection:
            return connection.execute(sql).fetchall()

    @property
    def findings(self):
        return self.rows(
            "SELECT l.source_id, c.source_code, c.condition_concept_id, m.value_as_number FROM lake.governance.person_link AS l "
            "JOIN lake.main.condition_occurrence AS c USING (person_id) JOIN lake.main.measurement AS m USING (person_id) ORDER BY 1"
        )


def test_the_same_file_twice_changes_nothing_and_says_so(ward):
    ward.sends(FIRST)
    before = ward.catalog.snapshots(), ward.findings
    report = ward.sends(FIRST)
    assert (ward.catalog.snapshots(), ward.findings) == before
    assert "Nothing new" in str(report)
    assert report.repeats is not None
    assert report.tables == ()
    assert ward.sends(FIRST, name="renamed.csv").repeats == report.repeats


def test_a_corrected_file_replaces_its_rows_in_a_new_snapshot(ward):
    old = ward.sends(FIRST).snapshot_id
    report = ward.sends(CORRECTED, replace=True)
    assert ward.findings == [("R1", "HF", 316139, 120), ("R2", "AF", 0, 131), ("R3", "HF", 316139, 124)]
    assert report.snapshot_id == old + 1
    changes = {one.table: (one.n_before, one.n_after, one.n_same) for one in report.change.tables}
    assert changes == {"condition_occurrence": (3, 3, 2), "measurement": (3, 3, 2)}
    with open_reader(ward.catalog.folder, snapshot=old) as connection:
        assert connection.execute("SELECT sum(value_as_number) FROM lake.main.measurement").fetchall() == [(393,)]


def test_a_correction_that_comes_twice_is_one_and_the_first_form_is_another(ward):
    ward.sends(FIRST)
    ward.sends(CORRECTED, replace=True)
    assert ward.sends(CORRECTED).repeats is not None
    assert ward.sends(FIRST, replace=True).repeats is None
    assert [row[3] for row in ward.findings] == [120, 131, 142]


def test_other_content_under_the_same_name_is_refused_unless_one_says_what_it_is(ward):
    ward.sends(FIRST)
    before = ward.catalog.snapshots()
    with pytest.raises(IngestError, match=r"ward.csv: a file of this name was brought in before .* --replace"):
        ward.sends(CORRECTED)
    assert ward.catalog.snapshots() == before
    others = FIRST.replace("R", "S")
    assert ward.sends(others, name="annexe.csv").change is None
    assert len(ward.findings) == 6


def test_there_must_be_something_to_replace(ward):
    with pytest.raises(IngestError, match="There is nothing to replace"):
        ward.sends(FIRST, replace=True)
    ward.sends(FIRST)
    with pytest.raises(IngestError, match="There is nothing to replace"):
        ward.sends(CORRECTED, replace="ingest-of-nobody")


def test_one_of_several_ingests_is_replaced_by_its_id(ward):
    first = ward.sends(FIRST).ingest_id
    ward.sends(FIRST.replace("R", "S"), name="annexe.csv")
    report = ward.sends(CORRECTED, name="again.csv", replace=first)
    assert report.change.replaced[0].startswith(first)
    assert [row[3] for row in ward.findings] == [120, 131, 124, 120, 131, 142]


def test_a_new_mapping_harmonises_the_same_file_again_and_says_what_changed(ward):
    ward.sends(FIRST)
    newer = yaml.safe_load(yaml.safe_dump(MAPPING)) | {"version": "2"}
    newer["conditions"][0]["values"]["AF"] = "Atrial fibrillation [SNOMED 49436004]"
    report = ward.sends(FIRST, newer)
    assert [row[2] for row in ward.findings] == [316139, 313217, 313217]
    (change,) = report.change.concepts
    assert (change.code, change.before, change.after, change.n_rows) == ("AF", 0, 313217, 2)
    assert "ward.dx AF: concept 0 before, 313217 now, in 2 rows" in str(report)
    assert ward.sends(FIRST, newer).repeats is not None


def test_a_new_legal_basis_is_no_repetition(ward):
    ward.sends(FIRST)
    ward.sends(FIRST, basis="open_data")
    assert ward.rows("SELECT DISTINCT legal_basis FROM lake.main.person") == [("open_data",)]
    assert len(ward.findings) == 3


def test_another_mapping_of_one_file_replaces_nothing(ward):
    ward.sends(FIRST.replace("sbp", "k"), {**MAPPING, "measurements": []})
    ward.sends(FIRST.replace("sbp", "k"), LABS)
    assert len(ward.findings) == 3


@pytest.mark.parametrize("again", [CORRECTED, FIRST])
def test_whoever_has_left_does_not_come_back_with_a_correction_or_a_new_mapping(ward, again):
    ward.sends(FIRST)
    ward.catalog.withdraw(site="ward", record_number="R1")
    assert ward.sends(FIRST).repeats is not None
    mapping = MAPPING | {"version": "2", "missing": ["NA"]}
    report = ward.sends(again, mapping, replace=again == CORRECTED)
    assert report.n_withdrawn_people == 1
    assert [row[0] for row in ward.findings] == ["R2", "R3"]


def test_people_whom_other_files_speak_of_cannot_vanish_with_a_correction(ward):
    ward.sends(FIRST)
    ward.sends("record,seen,k\nR3,2020-01-12,4.1\n", LABS, name="labs.csv")
    before = ward.catalog.snapshots(), ward.findings
    fewer = "\n".join(FIRST.splitlines()[:-1]) + "\n"
    with pytest.raises(
        IngestError, match=r"lacks rows that other files of 'ward' refer to: 1 of measurement.person_id"
    ):
        ward.sends(fewer, replace=True)
    assert (ward.catalog.snapshots(), ward.findings) == before


def test_a_correction_that_fails_leaves_everything_as_it_was(ward):
    ward.sends(FIRST)
    before = ward.catalog.snapshots(), ward.findings
    with pytest.raises(IngestError, match="column 'seen': 1 value not a date"):
        ward.sends(CORRECTED.replace("2020-01-10", "soon"), replace=True)
    assert (ward.catalog.snapshots(), ward.findings) == before


@pytest.fixture
def centre(tmp_path):
    """A catalog, and an OMOP folder with two people and their blood pressures."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "person.csv").write_text(
        "person_id,person_source_value,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n"
        "1,MRN-1,8507,1950,0,0\n2,MRN-2,8532,1960,0,0\n"
    )
    pressures(folder, 120, 130)
    return Catalog.create(tmp_path / "catalog"), folder


def pressures(folder, *values):
    rows = "".join(f"{n},{n},3004249,2020-01-0{n},32817,{value},mm[Hg]\n" for n, value in enumerate(values, start=1))
    (folder / "measurement.csv").write_text(
        "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_type_concept_id,value_as_number,unit_source_value\n"
        + rows
    )


def test_an_omop_folder_twice_is_nothing_new_and_a_corrected_one_replaces_it(centre):
    catalog, folder = centre
    options = {"site": "centre", "basis": "public_interest"}
    catalog.ingest(OmopFolder(folder), **options)
    before = catalog.snapshots()
    assert catalog.ingest(OmopFolder(folder), **options).repeats is not None
    assert catalog.snapshots() == before
    pressures(folder, 120, 133)
    with pytest.raises(IngestError, match=r"duplicate key.*--replace"):
        catalog.ingest(OmopFolder(folder), **options)
    report = catalog.ingest(OmopFolder(folder), replace=True, **options)
    assert [(one.table, one.n_before, one.n_after, one.n_same) for one in report.change.tables] == [
        ("measurement", 2, 2, 1)
    ]
    with open_reader(catalog.folder) as connection:
        assert connection.execute("SELECT value_canonical FROM lake.main.measurement ORDER BY 1").fetchall() == [
            (120,),
            (133,),
        ]
        assert connection.execute("SELECT count(*) FROM lake.governance.person_link").fetchall() == [(2,)]


def test_genotypes_twice_are_nothing_new_and_follow_the_people_of_the_site(centre, tmp_path):
    catalog, folder = centre
    options = {"site": "centre", "basis": "public_interest"}
    catalog.ingest(OmopFolder(folder), **options)
    vcf = tmp_path / "calls.vcf"
    write_vcf(vcf, "0/1\t1/1\t0/0")
    catalog.ingest(VcfFile(vcf), **options)
    before = catalog.snapshots()
    assert catalog.ingest(VcfFile(vcf), **options).repeats is not None
    assert catalog.snapshots() == before
    catalog.withdraw(site="centre", record_number="MRN-1")
    catalog.ingest(VcfFile(vcf), **options)  # fewer people are known now
    assert alleles(catalog) == [(1, 2)]
    write_vcf(vcf, "0/1\t0/1\t0/0")
    catalog.ingest(VcfFile(vcf), replace=True, **options)
    assert alleles(catalog) == [(1, 1)]


def write_vcf(path, genotypes):
    path.write_text(
        "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tMRN-1\tMRN-2\tMRN-9\n"
        f"1\t1000\t.\tA\tG\t.\tPASS\t.\tGT\t{genotypes}\n"
    )


def alleles(catalog):
    """People with a genotype and alternate alleles counted, for every variant."""
    with open_reader(catalog.folder) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM lake.genomics.sample AS s WHERE s.callset_id = v.callset_id), ac "
            "FROM lake.genomics.variant AS v"
        ).fetchall()

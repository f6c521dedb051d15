"""VCF files as hospitals have them, oddity by oddity: what is read, what is not taken and said so, what is refused by row."""

import gzip
from dataclasses import dataclass

import numpy as np
import polars as pl
import pysam
import pytest

from data_catalog import Catalog, IngestError
from data_catalog.genotypes import decode_genotypes, read_genotypes
from data_catalog.genotypes.layout import LAYOUT_COLUMNS
from data_catalog.lake import open_reader, writer
from data_catalog.sources import OmopFolder, VcfFile
from data_catalog.sources.base import UNKNOWN, IngestContext, LeftOut, StagedSource

PEOPLE = ("MRN-1", "MRN-2", "MRN-3", "MRN-4")
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """The catalog whose one writer the tests of staging share."""
    return known_people(tmp_path_factory.mktemp("vcf"))


def known_people(folder):
    """A catalog in *folder* that knows four people of the site 'centre' and one of another."""
    catalog = Catalog.create(folder / "catalog")
    for site, first, numbers in (("centre", 1, PEOPLE), ("annexe", 11, ("MRN-9",))):
        export = folder / site
        export.mkdir()
        pl.DataFrame({"person_id": range(first, first + len(numbers)), "person_source_value": numbers}).with_columns(
            gender_concept_id=8507, year_of_birth=1950, race_concept_id=0, ethnicity_concept_id=0
        ).write_csv(export / "person.csv")
        catalog.ingest(OmopFolder(export), site=site, basis="synthetic")
    return catalog


@pytest.fixture(scope="module")
def connection(catalog):
    with writer(catalog.folder) as connection:
        yield connection


@dataclass
class Read:
    """What was staged: variants as rows with a column for each allele count, genotypes as lists, annotations, and the report."""

    variants: list[dict]
    genotypes: list[list[int]]
    annotations: list[dict]
    callset: dict
    people: list[int]
    source: StagedSource


@pytest.fixture
def vcf(tmp_path):
    """Write a VCF of the given rows, each written with spaces for tabs; return its path."""

    def write(*rows, samples=PEOPLE, header=(), name="calls.vcf", end="\n"):
        lines = [
            "##fileformat=VCFv4.3",
            *header,
            "\t".join([COLUMNS, *samples]),
            *("\t".join(row.split()) for row in rows),
        ]
        path = tmp_path / name
        path.write_bytes((end.join(lines) + end).encode())
        return path

    return write


@pytest.fixture
def read(connection, vcf):
    """Write a VCF and stage it for the site 'centre'."""

    def stage(*rows, build="GRCh38", half_calls="missing", **options):
        return staged(connection, VcfFile(vcf(*rows, **options), build=build, half_calls=half_calls))

    return stage


def staged(connection, source):
    done = source.stage(connection, IngestContext("centre", b""))

    def rows(table, order):
        if table not in done.relations:
            return []
        return connection.execute(f"SELECT * FROM {done.relations[table]} ORDER BY {order}").to_arrow_table()

    variants, samples = rows("variant", "variant_index"), rows("sample", "sample_index")
    annotations = rows("variant_annotation", "variant_index, _row")
    return Read(
        variants.drop_columns(list(LAYOUT_COLUMNS)).to_pylist(),
        decode_genotypes(variants.select(LAYOUT_COLUMNS), samples.num_rows).tolist(),
        annotations.to_pylist() if annotations else [],
        rows("callset", "1").to_pylist()[0],
        samples["person_id"].to_pylist(),
        done,
    )


def test_a_row_becomes_a_variant_with_everybodys_genotype(read):
    done = read("chr2 100 rs1 A G 50 PASS DP=9 GT 0/0 0/1 1/1 ./.")
    assert done.genotypes == [[0, 1, 2, -1]]
    assert done.people == [1, 2, 3, 4]
    (variant,) = done.variants
    expected = {
        "chrom": "2",
        "pos_1based": 100,
        "ref": "A",
        "alt": "G",
        "rsid": "rs1",
        "filter": "PASS",
        "n_alt": 1,
        "source_record": "chr2:100:A:G",
        "variant_index": 0,
        "ac": 3,
        "an": 6,
        "af": 0.5,
        "n_hom_alt": 1,
        "n_missing": 1,
        "alt_is_major": False,
        "_row": 1,
        "_file": "calls.vcf",
    }
    assert {name: variant[name] for name in expected} == expected
    assert done.callset["genome_build"] == "GRCh38"
    assert done.callset["n_samples"] == 4
    assert done.callset["is_phased"] is False
    assert done.source.n_read == {"calls.vcf": 1}
    assert done.source.notes == ()


def test_dots_are_nothing_and_lower_case_is_upper(read):
    (variant,) = read("1 1 . a g . . . GT 0/0 0/0 0/0 0/1").variants
    assert (variant["rsid"], variant["filter"], variant["ref"], variant["alt"]) == (None, None, "A", "G")


def test_phased_calls_are_read_and_said_to_be_phased(read):
    done = read("1 1 . A G . . . GT 0|1 1|0 1|1 .|.", "1 2 . A G . . . GT 0|0 0|0 ./. 1|1")
    assert done.genotypes == [[1, 1, 2, -1], [0, 0, -1, 2]]
    assert done.callset["is_phased"] is True


def test_a_file_with_one_unphased_call_is_not_phased(read):
    assert read("1 1 . A G . . . GT 0|1 1|0 1|1 0/1").callset["is_phased"] is False
    assert read("1 1 . A G . . . GT:DP 0|1:3 1|0:3 1/1:3 0|1:3").callset["is_phased"] is False
    assert read("1 1 . A G,C . . . GT 0|1 1|0 2|1 0/1").callset["is_phased"] is False


def test_other_fields_of_a_call_are_passed_over_and_said_so(read):
    done = read(
        "1 1 . A G . . . GT:AD:DP 0/0:9,0:9 0/1:4,5:9 1/1:0,9:9 ./.:.:.",
        "1 2 . A G . . . GT:AD:DP 0/0 0/1:4,5 1/1:.:. ./.",
        "1 3 . A G . . . GT:GQ 0/1 0/1 0/1 0/0",
    )
    assert done.genotypes == [[0, 1, 2, -1], [0, 1, 2, -1], [1, 1, 1, 0]]
    assert "calls.vcf: what is said of each call beside GT: AD, DP, GQ" in done.source.ignored


def test_a_row_of_several_alternate_alleles_becomes_a_variant_for_each(read):
    done = read("1 5 . A G,T . . . GT 0/1 1/2 2/2 ./.")
    assert [(v["alt"], v["n_alt"], v["source_record"], v["_row"]) for v in done.variants] == [
        ("G", 2, "1:5:A:G,T", 1),
        ("T", 2, "1:5:A:G,T", 1),
    ]
    assert done.genotypes == [[1, 1, 0, -1], [0, 1, 2, -1]]


def test_rows_of_several_alleles_with_other_fields_are_read_the_same(read):
    plain = read("1 5 . A G,T,C . . . GT 0/1 1/2 2|3 3/3", "1 6 . A G . . . GT 0/0 0/0 0/0 1/0")
    with_depth = read(
        "1 5 . A G,T,C . . . GT:DP 0/1:1 1/2:2 2|3:3 3/3:4", "1 6 . A G . . . GT:DP 0/0:1 0/0:1 0/0:1 1/0:1"
    )
    assert plain.genotypes == with_depth.genotypes == [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 2], [0, 0, 0, 1]]


def test_more_than_nine_alternate_alleles_are_read(read):
    alts = ",".join("A" + "C" * n for n in range(1, 12))
    done = read(f"1 5 . A {alts} . . . GT 0/11 10/11 1/1 ./10")
    assert done.genotypes[10] == [1, 1, 0, -1]
    assert done.genotypes[9] == [0, 1, 0, -1]
    assert done.genotypes[0] == [0, 0, 2, -1]


def test_what_is_no_sequence_is_not_taken_and_counted(read):
    done = read(
        "1 1 . A * . . . GT 0/0 0/1 0/0 0/0",
        "1 2 . A <DEL> . . . GT 0/0 0/1 0/0 0/0",
        "1 3 . A G,<NON_REF> . . . GT 0/1 0/2 1/2 2/2",
        "1 4 . A ]13:123456]T . . . GT 0/0 0/1 0/0 0/0",
        "1 5 . A . . . . GT 0/0 0/0 0/0 0/0",
        "1 6 . A *,C . . . GT 0/2 1/2 0/1 2/2",
    )
    assert [(v["pos_1based"], v["alt"], v["n_alt"]) for v in done.variants] == [(3, "G", 2), (6, "C", 2)]
    assert done.genotypes == [[1, 0, 1, 0], [1, 1, 0, 2]]
    assert done.source.n_read == {"calls.vcf": 6}
    assert done.source.ignored == (
        "calls.vcf: 2 alternate alleles that are no sequence: * (a deletion that another row describes)",
        "calls.vcf: 1 alternate allele that is no sequence: . (no alternate allele)",
        "calls.vcf: 1 alternate allele that is no sequence: <DEL> (symbolic)",
        "calls.vcf: 1 alternate allele that is no sequence: <NON_REF> (symbolic)",
        "calls.vcf: 1 alternate allele that is no sequence: breakends",
    )


def test_a_row_without_gt_is_not_taken_and_counted(read):
    done = read("1 1 . A G . . . DP 3 4 5 6", "1 2 . A G . . . GT 0/0 0/0 0/0 0/1")
    assert [v["pos_1based"] for v in done.variants] == [2]
    assert "calls.vcf: 1 row without genotypes (no GT)" in done.source.ignored


@pytest.mark.parametrize("field", ["GT", "GT:DP"])
def test_single_alleles_on_x_y_and_mt_are_held_as_two_of_the_same(read, field):
    depth = ":9" if field == "GT:DP" else ""
    rows = [f"{c} 7 . A G . . . {field} 0{depth} 1{depth} 0/1{depth} .{depth}" for c in ("chrX", "Y", "chrM")]
    done = read(*rows)
    assert [v["chrom"] for v in done.variants] == ["X", "Y", "MT"]
    assert done.genotypes == [[0, 2, 1, -1]] * 3
    assert done.source.notes == ("calls.vcf: 6 calls of a single allele on X, Y or MT, held as two of the same",)


def test_single_alleles_elsewhere_are_no_call_and_counted(read):
    done = read("7 7 . A G . . . GT 0 1 0/1 .")
    assert done.genotypes == [[-1, -1, 1, -1]]
    assert done.source.notes == (
        "calls.vcf: 2 calls of a single allele elsewhere than on X, Y and MT, taken as no call",
    )


def test_calls_of_more_than_two_alleles_are_no_call_and_counted(read):
    done = read("7 7 . A G . . . GT 0/0/1 ./././. 0/1 1/1")
    assert done.genotypes == [[-1, -1, 1, 2]]
    assert done.source.notes == ("calls.vcf: 1 call of more than two alleles, taken as no call",)


@pytest.mark.parametrize("field", ["GT", "GT:DP"])
@pytest.mark.parametrize(("policy", "expected"), [("missing", [[-1, -1, -1, 1]]), ("reference", [[0, 1, 1, 1]])])
def test_half_calls_follow_the_stated_policy(read, policy, expected, field):
    depth = ":9" if field == "GT:DP" else ""
    done = read(f"7 7 . A G . . . {field} 0/.{depth} 1/.{depth} .|1{depth} 0/1{depth}", half_calls=policy)
    assert done.genotypes == expected
    assert done.callset["half_call_policy"] == policy
    assert done.source.notes[0].startswith("calls.vcf: 3 calls with one allele missing, taken ")


def test_half_calls_of_several_alternate_alleles_are_counted_once(read):
    done = read("7 7 . A G,C . . . GT 0/. 1/. ./2 0/1", half_calls="reference")
    assert done.genotypes == [[0, 1, 0, 1], [0, 0, 1, 0]]
    assert done.source.notes[0].startswith("calls.vcf: 3 calls")


@pytest.mark.parametrize("row", ["7 7 . A G . . . GT 0/. 1/1 0/0 0/1", "7 7 . A G . . . GT:DP 0/.:1 1/1 0/0 0/1"])
def test_half_calls_can_be_refused(read, row):
    with pytest.raises(IngestError, match=r"calls.vcf, row 2 \(line 4 of the file\): a call has one allele missing"):
        read("7 6 . A G . . . GT 0/0 1/1 0/0 0/1", row, half_calls="refuse")


def test_an_unknown_policy_is_refused_with_the_nearest(read):
    with pytest.raises(IngestError, match="'mising' is no policy for half calls. Did you mean 'missing'"):
        read("7 7 . A G . . . GT 0/0 0/0 0/0 0/1", half_calls="mising")


def test_variants_stand_in_the_order_of_the_genome_whatever_the_files(read):
    done = read(
        "10 5 . A G . . . GT 0/0 0/0 0/0 0/1",
        "X 1 . A G . . . GT 0/0 0/0 0/1 0/0",
        "2 9 . A G . . CSQ=G|missense_variant GT 0/0 0/1 0/0 0/0",
        "2 3 . A G,C . . . GT 0/1 0/0 0/0 0/2",
        "HLA-A 3 . A G . . . GT 1/1 0/0 0/0 0/0",
        header=[CSQ_SHORT],
    )
    assert [(v["chrom"], v["pos_1based"], v["alt"], v["variant_index"]) for v in done.variants] == [
        ("2", 3, "G", 0),
        ("2", 3, "C", 1),
        ("2", 9, "G", 2),
        ("10", 5, "G", 3),
        ("X", 1, "G", 4),
        ("HLA-A", 3, "G", 5),
    ]
    assert done.genotypes == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [2, 0, 0, 0]]
    assert [(a["variant_index"], a["consequence"]) for a in done.annotations] == [(2, "missense_variant")]


def test_a_variant_that_stands_twice_is_refused_by_row(read):
    with pytest.raises(
        IngestError, match=r"row 3 \(line 5 of the file\): its variant stands in the file already \(1 such"
    ):
        read(
            "chr1 5 . A G . . . GT 0/0 0/0 0/0 0/1",
            "1 6 . A G . . . GT 0/0 0/0 0/0 0/1",
            "1 5 . a G,T . . . GT 0/0 0/0 0/0 0/1",
        )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("1 2 . A G . . . GT 0/0 0/0 0/1", "it has 3 sample columns where the header names 4"),
        ("1 2 . A G . . . GT 0/0 0/0 0/1 0/0 0/0", "it has 5 sample columns where the header names 4"),
        ("1 2 . A G . . . GT:DP 0/0:1 0/0:1 0/1:1", "it has 3 sample columns where the header names 4"),
        ("1 2 . A G . .", "it has 7 columns, and even a row of one person has 10"),
        ("1 two . A G . . . GT 0/0 0/0 0/1 0/0", "its position (POS) is not a whole number"),
        ("1 2 . <X> G . . . GT 0/0 0/0 0/1 0/0", "its reference allele (REF) is not made of A, C, G, T, N"),
        ("1 2 . A G . . . GT 0/0 0/2 0/1 0/0", "a call names an allele that the row does not list"),
        ("1 2 . A G,C . . . GT 0/0 0/3 0/1 0/0", "a call names an allele that the row does not list"),
        ("1 2 . A G . . . GT 0/0 x/1 0/1 0/0", "a call is not made of numbers of alleles and dots"),
        ("1 2 . A G . . . GT 0/0 0-1 0/1 0/0", "a call is not made of numbers of alleles and dots"),
        ("1 2 . A G . . . GT:DP 0/0 :3 0/1 0/0", "a call is not made of numbers of alleles and dots"),
    ],
)
def test_a_malformed_row_is_refused_by_its_number(read, row, fault):
    with pytest.raises(IngestError) as refused:
        read("1 1 . A G . . . GT 0/0 0/0 0/0 0/1", row)
    assert "calls.vcf, row 2 (line 4 of the file): " in str(refused.value)
    assert fault in str(refused.value)
    assert "MRN" not in str(refused.value)


def test_lines_that_end_as_on_windows_are_read(read):
    rows = ("1 1 . A G . . . GT 0/0 0/1 1/1 ./.", "1 2 . A G . . . GT:DP 0/0:1 0/1:1 1/1:1 0/1:22")
    assert read(*rows, end="\r\n").genotypes == [[0, 1, 2, -1], [0, 1, 2, 1]]


def test_the_last_line_may_lack_its_end_and_empty_lines_are_nothing(connection, vcf):
    path = vcf("1 1 . A G . . . GT 0/0 0/1 1/1 ./.", "", "1 2 . A G . . . GT 0/1 0/1 0/1 0/1")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert staged(connection, VcfFile(path)).genotypes == [[0, 1, 2, -1], [1, 1, 1, 1]]


@pytest.mark.parametrize("compress", ["bgzip", "gzip", None])
def test_plain_and_compressed_files_are_read_the_same(connection, vcf, tmp_path, compress):
    rows = [
        f"1 {n + 1} . A G . . . GT " + " ".join(["0/0", "0/1", "1/1", "./."][n % 4 :] + ["1|0"] * (n % 4))
        for n in range(500)
    ]
    plain = vcf(*rows)
    path = plain
    if compress == "bgzip":
        path = tmp_path / "calls.vcf.gz"
        pysam.tabix_compress(str(plain), str(path))
    elif compress == "gzip":
        path = tmp_path / "calls.vcf.gz"
        path.write_bytes(gzip.compress(plain.read_bytes()))
    done = staged(connection, VcfFile(path))
    codes = {"0/0": 0, "0/1": 1, "1|0": 1, "1/1": 2, "./.": -1}
    assert done.genotypes == [[codes[call] for call in row.split()[9:]] for row in rows]


def test_a_file_larger_than_a_block_is_read_whole(connection, vcf, monkeypatch):
    import data_catalog.sources.vcf_header as module

    rows = [f"1 {n + 1} . A G . . . GT {'0/0 0/1' if n % 2 else '0/1 0/0'} 1/1 ./." for n in range(300)]
    path = vcf(*rows)
    whole = staged(connection, VcfFile(path))
    monkeypatch.setattr(module, "_BLOCK_BYTES", 100)
    in_pieces = staged(connection, VcfFile(path))
    assert in_pieces.genotypes == whole.genotypes
    assert in_pieces.variants == whole.variants
    assert len(whole.genotypes) == 300


def test_a_damaged_file_is_refused(vcf, connection, tmp_path):
    random = np.random.default_rng(1)
    calls = np.array(["0/0", "0/1", "1/1", "./."])
    rows = [f"1 {n + 1} . A G . . . GT {' '.join(random.choice(calls, 4))}" for n in range(20_000)]
    path = tmp_path / "calls.vcf.gz"
    pysam.tabix_compress(str(vcf(*rows)), str(path))
    whole = path.read_bytes()
    for cut in (len(whole) // 2, len(whole) - 28):
        path.write_bytes(whole[:cut])
        with pytest.raises(IngestError, match="calls.vcf.gz is damaged or has lost its end"):
            staged(connection, VcfFile(path))
    path.write_bytes(whole[: len(whole) // 3] + b"spoilt" + whole[len(whole) // 3 + 6 :])
    with pytest.raises(IngestError, match="calls.vcf.gz is damaged or has lost its end"):
        staged(connection, VcfFile(path))


def test_a_file_without_sample_columns_is_refused(connection, tmp_path):
    path = tmp_path / "sites.vcf"
    path.write_text("##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t1\t.\tA\tG\t.\t.\t.\n")
    with pytest.raises(
        IngestError, match="sites.vcf has no sample columns: it describes variants and holds nobody's genotypes"
    ):
        staged(connection, VcfFile(path))


def test_a_person_named_twice_in_the_header_is_refused_without_the_name(read):
    with pytest.raises(IngestError, match="the sample columns 1 and 3 have the same name") as refused:
        read("1 1 . A G . . . GT 0/0 0/0 0/0", samples=("MRN-1", "MRN-2", "MRN-1"))
    assert "MRN" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "has no line '#CHROM …'"),
        ("CHROM\tPOS\n", "line 1: rows begin before the line '#CHROM"),
        (
            "##fileformat=VCFv4.3\n##INFO=<ID=X,Number\n" + COLUMNS + "\tMRN-1\n",
            "line 2: this line of the header cannot be read",
        ),
        (COLUMNS + "\tMRN-1\n", "the first line is not '##fileformat=VCFv4"),
        ("##fileformat=VCFv4.3\n#CHROM\tPOS\tMRN-1\n", "line 2: the first columns are not #CHROM POS ID REF ALT"),
    ],
)
def test_a_header_that_is_none_is_refused(connection, tmp_path, text, fault, capfd):
    path = tmp_path / "calls.vcf"
    path.write_text(text)
    with pytest.raises(IngestError, match=fault):
        staged(connection, VcfFile(path))
    assert "MRN" not in capfd.readouterr().err


def test_a_file_without_variants_is_refused(read):
    with pytest.raises(IngestError, match="calls.vcf has no row with a variant that can be taken"):
        read()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("calls.bcf", "not a VCF by its name.*bcftools view -Oz"),
        ("calls.txt", "not a VCF by its name. Allowed: .vcf, .vcf.gz"),
    ],
)
def test_other_files_are_refused(connection, vcf, name, fault):
    with pytest.raises(IngestError, match=fault):
        staged(connection, VcfFile(vcf(name=name)))


def test_a_file_that_is_not_there_is_refused(connection, tmp_path):
    with pytest.raises(IngestError, match="There is no file"):
        staged(connection, VcfFile(tmp_path / "calls.vcf"))


def test_a_header_of_another_genome_is_refused(read):
    rows = ("1 1 . A G . . . GT 0/0 0/0 0/0 0/1",)
    header = ["##contig=<ID=chr1,length=249250621>", "##contig=<ID=chr2,length=243199373>"]
    with pytest.raises(IngestError, match="have the lengths of GRCh37, not of GRCh38"):
        read(*rows, header=header)
    assert read(*rows, header=header, build="hg19").callset["genome_build"] == "GRCh37"
    with pytest.raises(IngestError, match="'GRCh83' is not a reference genome.*Did you mean 'GRCh38'"):
        read(*rows, build="GRCh83")


def test_people_whom_the_catalog_does_not_know_are_left_out_and_counted(read):
    done = read(
        "1 1 . A G . . . GT 0/1 1/1 0/0 1/1 0/1",
        "1 2 . A G,C . . . GT:DP 0/1:1 1/1:1 0/2:1 1/1:1 ./.:1",
        samples=("MRN-9", "MRN-3", "MRN-77", "MRN-1", "MRN-2"),
    )
    assert done.people == [3, 1, 2]
    assert done.genotypes == [[2, 2, 1], [2, 2, -1], [0, 0, -1]]
    assert (done.variants[0]["ac"], done.variants[0]["an"], done.callset["n_samples"]) == (5, 6, 3)
    assert done.source.left_out == (LeftOut(UNKNOWN, 2, 0),)
    # Such counts are for the steward, not for whoever asks what the catalog holds.
    assert done.source.notes == ()


def test_a_file_of_strangers_is_refused_and_says_what_to_ingest_first(read):
    with pytest.raises(IngestError) as refused:
        read("1 1 . A G . . . GT 0/1 0/1", samples=("MRN-8", "MRN-9"))
    assert "None of the 2 people in calls.vcf is known to the catalog as a person of the site 'centre'" in str(
        refused.value
    )
    assert "workbench catalog ingest omop FOLDER --site centre" in str(refused.value)
    assert "MRN" not in str(refused.value)


CSQ_SHORT = '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: Allele|Consequence">'
CSQ = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: Allele|Consequence|IMPACT|'
    'SYMBOL|Gene|Feature_type|Feature|HGVSc|HGVSp|CLIN_SIG|gnomADe_AF">'
)
VEP = '##VEP="v115.1" time="2026-01-01 00:00:00" cache="homo_sapiens/115_GRCh38" gnomADe="v4.1"'
CALLS = "GT 0/0 0/1 0/0 0/0"


def test_an_entry_of_vep_becomes_a_row_for_each_term(read):
    done = read(
        "2 178527000 . C T . . AC=1;CSQ=T|stop_gained&splice_region_variant|HIGH|TTN|ENSG00000155657|Transcript|ENST00000589042|"
        "ENST00000589042.5:c.99G>A|ENSP1.1:p.Trp33Ter|pathogenic&likely_pathogenic|1.5e-05,T|synonymous_variant|LOW|TTN-AS1|ENSG2|"
        f"RegulatoryFeature|ENSR1||ENSP2.1:p.Ala1%3D||;AN=8 {CALLS}",
        header=[CSQ, VEP],
    )
    first = {
        "callset_id": done.callset["callset_id"],
        "variant_index": 0,
        "annotation_source": "VEP 115.1",
        "gene_symbol": "TTN",
        "gene_id": "ENSG00000155657",
        "transcript_id": "ENST00000589042",
        "consequence": "stop_gained",
        "impact": "HIGH",
        "hgvs_coding": "ENST00000589042.5:c.99G>A",
        "hgvs_protein": "ENSP1.1:p.Trp33Ter",
        "clinical_significance": "pathogenic&likely_pathogenic",
        "population_af": 1.5e-05,
        "population": "gnomAD exomes v4.1",
        "_row": 1,
        "_file": "calls.vcf",
    }
    assert done.annotations[0] == first
    assert done.annotations[1] == first | {"consequence": "splice_region_variant"}
    third = done.annotations[2]
    assert (third["consequence"], third["hgvs_protein"]) == ("synonymous_variant", "ENSP2.1:p.Ala1=")
    # A regulatory feature is no transcript, and what is empty is nothing.
    assert (third["transcript_id"], third["hgvs_coding"], third["population_af"], third["population"]) == (None,) * 4
    assert len(done.annotations) == 3


@pytest.mark.parametrize(
    ("ref", "alts", "names"),
    [
        ("A", "G,T", "G T"),
        ("A", "AT,AGG", "T GG"),  # all begin with the same base: VEP leaves it out
        ("ATG", "A,ATGC", "- TGC"),
        ("A", "AA,AAA", "A AA"),  # 'AA' is the second one, not the first
        ("A", "G,AT", "G AT"),  # they do not all begin alike, so names are whole
        ("A", "G,AT", "G T"),  # some programs shorten each one by itself
        ("A", "*,AT", "* T"),
        ("C", "<DEL>,T", "deletion T"),
    ],
)
def test_an_entry_of_vep_finds_its_alternate_allele(read, ref, alts, names):
    entries = ",".join(f"{name}|term_{place}" for place, name in enumerate(names.split()))
    done = read(f"1 9 . {ref} {alts} . . CSQ={entries} {CALLS}", header=[CSQ_SHORT])
    found = {(done.variants[a["variant_index"]]["alt"], a["consequence"]) for a in done.annotations}
    assert done.source.notes == ()
    is_taken = [alt[0] in "ACGT" for alt in alts.split(",")]
    assert found == {(alt, f"term_{place}") for place, alt in enumerate(alts.split(",")) if is_taken[place]}


def test_an_entry_that_numbers_its_allele_is_taken_at_its_word(read):
    header = CSQ_SHORT.replace("Allele|Consequence", "Allele|Consequence|ALLELE_NUM")
    done = read(f"1 9 . A AA,AAA . . CSQ=AA|one|2,AA|two|1,AA|three|3 {CALLS}", header=[header])
    assert [(a["variant_index"], a["consequence"]) for a in done.annotations] == [(0, "two"), (1, "one")]
    assert done.source.notes == ("calls.vcf: 1 annotation of an allele that its row does not have, not taken",)


def test_snpeff_is_read_too(read):
    header = (
        "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | Annotation | Annotation_Impact | "
        "Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p'\">"
    )
    done = read(
        f"1 9 . A G . . ANN=G|missense_variant&splice_region_variant|MODERATE|MYH7|ENSG9|transcript|ENST9|protein_coding|1/4|c.4A>G|p.T2A {CALLS}",
        header=[header, '##SnpEffVersion="5.2c (build 2024-04-09 12:24), by Pablo Cingolani"'],
    )
    assert [
        (a["annotation_source"], a["gene_symbol"], a["transcript_id"], a["consequence"]) for a in done.annotations
    ] == [
        ("SnpEff 5.2c", "MYH7", "ENST9", "missense_variant"),
        ("SnpEff 5.2c", "MYH7", "ENST9", "splice_region_variant"),
    ]
    assert (done.annotations[0]["hgvs_coding"], done.annotations[0]["hgvs_protein"]) == ("c.4A>G", "p.T2A")


def test_the_field_itself_may_say_who_made_it(read):
    header = CSQ_SHORT.replace('">', '",Source="Ensembl VEP",Version="110">')
    done = read(f"1 9 . A G . . CSQ=G|missense_variant {CALLS}", header=[header, VEP])
    assert done.annotations[0]["annotation_source"] == "Ensembl VEP 110"


def test_who_does_not_say_is_not_guessed(read):
    done = read(f"1 9 . A G . . CSQ=G|missense_variant {CALLS}", header=[CSQ_SHORT])
    assert done.annotations[0]["annotation_source"] == "VEP (version not stated)"


def test_of_several_shares_in_a_population_the_largest_counts(read):
    header = CSQ_SHORT.replace("Allele|Consequence", "Allele|Consequence|gnomADg_AF")
    done = read(f"1 9 . A G . . CSQ=G|missense_variant|0.001&0.2&. {CALLS}", header=[header])
    assert (done.annotations[0]["population_af"], done.annotations[0]["population"]) == (0.2, "gnomAD genomes")


def test_an_annotation_that_is_not_described_is_refused(read):
    header = '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequences">'
    with pytest.raises(IngestError, match="INFO field CSQ does not say of what its entries are made"):
        read(f"1 9 . A G . . CSQ=G|x {CALLS}", header=[header])


def test_info_without_a_place_is_reported(read):
    header = ['##INFO=<ID=AC,Number=A,Type=Integer,Description="Count">', CSQ_SHORT]
    assert read(f"1 9 . A G . . AC=1 {CALLS}", header=header).source.ignored == ("calls.vcf: INFO AC",)


def test_a_vcf_goes_into_the_catalog_and_comes_back(tmp_path, vcf):
    catalog = known_people(tmp_path)
    path = vcf("1 9 . A G . . CSQ=G|missense_variant GT 0/1 1/1 ./. 0/0", header=[CSQ_SHORT], name="exome.vcf")
    report = catalog.ingest(VcfFile(path), site="centre", basis="synthetic")
    assert {table.table: table.n_rows for table in report.tables} == {
        "callset": 1,
        "sample": 4,
        "variant": 1,
        "variant_annotation": 1,
    }
    assert catalog.ingest(VcfFile(path), site="centre", basis="synthetic").repeats is not None
    # Another file of the same name is another callset.
    catalog.ingest(
        VcfFile(vcf("1 9 . A G . . . GT 1/1", samples=["MRN-2"], name="exome.vcf")), site="centre", basis="synthetic"
    )
    with open_reader(catalog.folder) as reader:
        callsets = reader.execute(
            "SELECT callset_id, source_digest FROM lake.genomics.callset ORDER BY n_samples"
        ).fetchall()
        assert [callset_id for callset_id, _ in callsets] == [f"exome-{digest[:8]}" for _, digest in callsets]
        read = [read_genotypes(reader, site="centre", callset_id=callset_id) for callset_id, _ in callsets]
    assert [r.matrix.tolist() for r in read] == [[[2]], [[1, 2, -1, 0]]]
    assert [r.person_ids.tolist() for r in read] == [[2], [1, 2, 3, 4]]

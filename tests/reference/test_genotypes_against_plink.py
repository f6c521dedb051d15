"""Genotypes read from a VCF, against pysam's own records and against PLINK v2.00a3.5 on 500 invented people and 1,000 variants."""

from __future__ import annotations

import numpy as np
import polars as pl
import pysam
import pytest

from data_catalog import Catalog
from data_catalog.genotypes import read_genotypes
from data_catalog.lake import open_reader
from data_catalog.sources import OmopFolder, VcfFile


def ingested(folder, vcf, record_numbers):
    """Make a catalog of these people and this VCF, and read its genotypes."""
    (folder / "omop").mkdir()
    people = pl.DataFrame({"person_id": range(len(record_numbers)), "person_source_value": record_numbers})
    people.with_columns(
        gender_concept_id=8507, year_of_birth=1950, race_concept_id=0, ethnicity_concept_id=0
    ).write_parquet(folder / "omop" / "person.parquet")
    catalog = Catalog.create(folder / "catalog")
    catalog.ingest(OmopFolder(folder / "omop"), site="teach", basis="synthetic")
    catalog.ingest(VcfFile(vcf), site="teach", basis="synthetic")
    with open_reader(catalog.folder) as connection:
        ((callset_id,),) = connection.execute("SELECT callset_id FROM lake.genomics.callset").fetchall()
        return read_genotypes(connection, site="teach", callset_id=callset_id)


@pytest.fixture(scope="module")
def examples(shared):
    return shared / "examples" / "genetics"


@pytest.fixture(scope="module")
def teach(examples, tmp_path_factory):
    with pysam.VariantFile(str(examples / "teach.vcf.gz")) as file:
        names = list(file.header.samples)
    return ingested(tmp_path_factory.mktemp("teach"), examples / "teach.vcf.gz", names)


def plink(examples, name, column):
    return pl.read_csv(examples / name, separator="\t")[column].to_numpy()


def test_every_genotype_is_the_one_that_pysam_reads(examples, teach):
    with pysam.VariantFile(str(examples / "teach.vcf.gz")) as file:
        expected = [
            [-1 if None in call["GT"] else sum(call["GT"]) for call in record.samples.values()] for record in file
        ]
    assert np.array_equal(teach.matrix, np.array(expected))
    assert teach.matrix.shape == (1000, 500)


def test_frequencies_are_those_of_plink(examples, teach):
    # PLINK prints six digits.
    assert teach.variants["af"].to_numpy() == pytest.approx(
        plink(examples, "qc_afreq_plink2.tsv", "ALT_FREQS"), rel=1e-5
    )
    assert teach.variants["an"].to_numpy().tolist() == plink(examples, "qc_afreq_plink2.tsv", "OBS_CT").tolist()


def test_missing_calls_are_those_of_plink(examples, teach):
    assert teach.variants["n_missing"].to_list() == plink(examples, "qc_vmiss_plink2.tsv", "MISSING_CT").tolist()
    assert (teach.matrix == -1).sum(axis=0).tolist() == plink(examples, "qc_smiss_plink2.tsv", "MISSING_CT").tolist()


def test_counts_of_genotypes_are_those_of_plink(examples, teach):
    # A1 is REF in some rows and ALT in others; heterozygotes are the same either way.
    hardy = pl.read_csv(examples / "qc_hardy_plink2.tsv", separator="\t")
    assert (teach.matrix == 1).sum(axis=1).tolist() == hardy["HET_A1_CT"].to_list()
    is_alt = (hardy["A1"] == teach.variants["alt"]).to_numpy()
    n_hom_alt = np.where(is_alt, hardy["HOM_A1_CT"], hardy["TWO_AX_CT"])
    assert teach.variants["n_hom_alt"].to_list() == n_hom_alt.tolist()


# Counts of three variants of the same file as PLINK gives them: two reference alleles, one of each, two alternate ones, no call;
# then ALT_FREQS and OBS_CT.
FIGURES = {
    "v0000": ((443, 50, 2, 5), 0.0545455, 990),
    "v0001": ((486, 9, 0, 5), 0.00909091, 990),
    "v0099": ((179, 249, 70, 2), 0.390562, 996),
}


def test_figures_of_plink_without_its_files(tmp_path):
    rows = []
    for place, (name, (counts, _, _)) in enumerate(FIGURES.items()):
        calls = np.repeat(["0/0", "0/1", "1/1", "./."], counts)
        rows.append("\t".join(["19", str(1004590 + place), name, "T", "G", ".", "PASS", ".", "GT", *calls]))
    names = [f"P{number:04}" for number in range(500)]
    header = [
        "##fileformat=VCFv4.2",
        "\t".join(["#CHROM", *["POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"], *names]),
    ]
    vcf = tmp_path / "teach.vcf"
    vcf.write_text("\n".join([*header, *rows]) + "\n")
    variants = ingested(tmp_path, vcf, names).variants
    for name, (counts, frequency, n_alleles) in FIGURES.items():
        (variant,) = variants.filter(pl.col("rsid") == name).to_dicts()
        assert variant["af"] == pytest.approx(frequency, rel=1e-5)
        assert (variant["an"], variant["n_hom_alt"], variant["n_missing"]) == (n_alleles, *counts[2:])

"""Variants and genotypes: one row a variant, people by their position in it.

Rare variants list the positions of carriers, common ones hold two bits a person. Genotype rows name nobody: a position points
to a person through ``sample`` alone, so a pseudonym can change, or a person leave, without touching them.
"""

from dataclasses import replace

from data_catalog.model.fields import OURS, Field, Table, key, optional, person, refers, required, source_text


def _callset_key() -> Field:
    """The file, as one part of a key of two."""
    return replace(refers("callset_id", "callset", "The file.", type="VARCHAR", required=True), primary_key=True)


CALLSET = Table(
    "callset",
    "One row a file of genotypes: what has to be known to read its variants.",
    kind="reference",
    schema="genomics",
    standard=OURS,
    fields=(
        key("callset_id", "Key of the file.", type="VARCHAR"),
        required("genome_build", "VARCHAR", "Reference genome: GRCh37, GRCh38, …"),
        required(
            "n_samples",
            "INTEGER",
            "Positions that the rows of variants have, from 0 to one less: the people of the file who were in the catalog when "
            "it came. Some may have left since; who is still there stands in sample.",
        ),
        optional("half_call_policy", "VARCHAR", "What was done with calls of which one allele is missing."),
        optional("is_phased", "BOOLEAN", "Whether the source tells the two chromosomes apart."),
        source_text("source_file", "Name of the file."),
        source_text("source_digest", "SHA-256 of the file."),
    ),
    sorted_by=("callset_id",),
)

SAMPLE = Table(
    "sample",
    "One row a person in a file of genotypes. Who is not here any more has no genotype, whatever stands at the position.",
    kind="person",
    schema="genomics",
    standard=OURS,
    fields=(
        _callset_key(),
        key(
            "sample_index",
            "Position of the person in the rows of variants, from 0. It is never given to another; people who leave make gaps.",
            type="INTEGER",
        ),
        person(),
    ),
    sorted_by=("callset_id", "sample_index"),
)

VARIANT = Table(
    "variant",
    "One row a variant with everybody's genotype. A site with several alternate alleles has a row for each.",
    kind="reference",
    schema="genomics",
    standard=OURS,
    fields=(
        _callset_key(),
        key("variant_index", "Place in the order of the genome within the file, from 0 without gaps."),
        required("chrom", "VARCHAR", "Chromosome without a prefix: 1 to 22, X, Y, MT."),
        required("pos_1based", "INTEGER", "Position of the first reference base, from 1."),
        required("ref", "VARCHAR", "Reference allele."),
        required("alt", "VARCHAR", "Alternate allele, the one that is counted."),
        source_text("rsid", "dbSNP number."),
        required("n_alt", "INTEGER", "Alternate alleles that the source's record had."),
        source_text("source_record", "The source's record before it was split and normalised: chrom:pos:ref:alts."),
        source_text("filter", "What the caller's filters said; PASS if nothing was wrong."),
        required("ac", "INTEGER", "Alternate alleles counted."),
        required("an", "INTEGER", "Alleles called: two for each person called, also where a chromosome is single."),
        optional("af", "DOUBLE", "Share of the called alleles that are alternate; empty if nothing was called."),
        required(
            "n_hom_alt", "INTEGER", "People with two alternate alleles, or with the only one of a single chromosome."
        ),
        required("n_missing", "INTEGER", "People without a call."),
        required(
            "alt_is_major", "BOOLEAN", "Whether the alternate allele is the commoner one; a carrier is then no rarity."
        ),
        optional(
            "het", "INTEGER[]", "Positions of people with one alternate allele; empty if the variant is held as bits."
        ),
        optional(
            "hom", "INTEGER[]", "Positions of people with two alternate alleles; empty if the variant is held as bits."
        ),
        optional("miss", "INTEGER[]", "Positions of people without a call; empty if the variant is held as bits."),
        optional("gt2", "BLOB", "Two bits a person, the first in the lowest: 0, 1, 2 alternate alleles, 3 no call."),
        optional("ds", "BLOB", "Imputed dosage, one unsigned integer a person."),
        optional("ds_scale", "DOUBLE", "What to divide those integers by to get alleles."),
    ),
    partitioned_by=("site", "chrom"),
    sorted_by=("callset_id", "pos_1based"),
)

VARIANT_ANNOTATION = Table(
    "variant_annotation",
    "One row what one source says of one variant, for one transcript where it matters.",
    kind="reference",
    schema="genomics",
    standard=OURS,
    fields=(
        refers("callset_id", "callset", "The file.", type="VARCHAR", required=True),
        required("variant_index", "BIGINT", "The variant within the file."),
        required("annotation_source", "VARCHAR", "Who says so, with version: VEP 115, ClinVar 2026-03."),
        source_text("gene_symbol", "Gene (HGNC symbol)."),
        source_text("gene_id", "Gene (Ensembl number)."),
        source_text("transcript_id", "Transcript."),
        source_text("consequence", "Effect on the transcript (Sequence Ontology term)."),
        source_text("impact", "Class of effect: HIGH, MODERATE, LOW, MODIFIER."),
        source_text("hgvs_coding", "Change in the coding sequence (HGVS)."),
        source_text("hgvs_protein", "Change in the protein (HGVS)."),
        source_text("clinical_significance", "Clinical class: pathogenic, uncertain significance, …"),
        optional("population_af", "DOUBLE", "Share of alternate alleles in a reference population."),
        source_text("population", "That reference population, with version."),
    ),
    sorted_by=("gene_symbol", "callset_id", "variant_index"),
)

TABLES = (CALLSET, SAMPLE, VARIANT, VARIANT_ANNOTATION)

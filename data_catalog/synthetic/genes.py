"""Genes of inherited cardiomyopathies: where they lie, and how often each explains which disease.

Coordinates are those of Ensembl genes on GRCh38, rounded nowhere; variants are at invented places inside them. The shares of patients who
carry a causal variant follow what panels find: titin in 15–20 % of dilated cardiomyopathy (Herman et al. 2012, N Engl J Med
366:619–628; Roberts et al. 2015, Sci Transl Med 7:270ra6), MYBPC3 and MYH7 in about a third of hypertrophic cardiomyopathy
(Walsh et al. 2017, Genet Med 19:192–203), PKP2 first among the genes of arrhythmogenic cardiomyopathy, and about one in two
hundred people of the population with a titin-truncating variant in an exon that the heart uses.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_catalog.synthetic.people import Group

TRUNCATING, MISSENSE, SYNONYMOUS = "truncating", "missense", "synonymous"


@dataclass(frozen=True)
class Gene:
    """A gene on GRCh38, with the transcript that annotations are given for, and the other features that overlap it."""

    symbol: str
    ensembl_id: str
    transcript: str
    chrom: str
    start_1based: int
    end_1based: int
    overlapping: tuple[tuple[str, str, str], ...] = ()  # symbol, gene, transcript


GENES = (
    Gene(
        "TTN",
        "ENSG00000155657",
        "ENST00000589042",
        "chr2",
        178_525_989,
        178_807_423,
        (("TTN", "ENSG00000155657", "ENST00000360870"), ("TTN-AS1", "ENSG00000237298", "ENST00000589234")),
    ),
    Gene("MYH7", "ENSG00000092054", "ENST00000355349", "chr14", 23_412_740, 23_435_660),
    Gene("MYBPC3", "ENSG00000134571", "ENST00000545968", "chr11", 47_331_406, 47_352_702),
    Gene(
        "LMNA",
        "ENSG00000160789",
        "ENST00000368300",
        "chr1",
        156_082_573,
        156_140_081,
        (("LMNA", "ENSG00000160789", "ENST00000677389"),),
    ),
    Gene("DSP", "ENSG00000096696", "ENST00000379802", "chr6", 7_541_671, 7_586_714),
    Gene("PKP2", "ENSG00000057294", "ENST00000340811", "chr12", 32_790_745, 32_896_840),
    Gene("RBM20", "ENSG00000203867", "ENST00000369519", "chr10", 110_644_336, 110_839_468),
    Gene("FLNC", "ENSG00000128591", "ENST00000325888", "chr7", 128_830_406, 128_859_274),
    Gene("BAG3", "ENSG00000151929", "ENST00000369085", "chr10", 119_651_380, 119_677_819),
    Gene("TNNT2", "ENSG00000118194", "ENST00000367318", "chr1", 201_359_014, 201_377_680),
    Gene("TNNI3", "ENSG00000129991", "ENST00000344887", "chr19", 55_151_767, 55_157_773),
    Gene("TPM1", "ENSG00000140416", "ENST00000403994", "chr15", 63_042_632, 63_071_915),
    Gene("ACTC1", "ENSG00000159251", "ENST00000290378", "chr15", 34_788_096, 34_795_549),
    Gene("MYL2", "ENSG00000111245", "ENST00000228841", "chr12", 110_910_819, 110_920_722),
    Gene("MYL3", "ENSG00000160808", "ENST00000292327", "chr3", 46_857_872, 46_882_178),
    Gene("PLN", "ENSG00000198523", "ENST00000357525", "chr6", 118_548_298, 118_561_716),
    Gene("SCN5A", "ENSG00000183873", "ENST00000413689", "chr3", 38_548_062, 38_649_687),
    Gene("DSG2", "ENSG00000046604", "ENST00000261590", "chr18", 31_498_177, 31_549_008),
    Gene("DSC2", "ENSG00000134755", "ENST00000280904", "chr18", 31_058_840, 31_102_415),
    Gene("DES", "ENSG00000175084", "ENST00000373960", "chr2", 219_418_377, 219_426_734),
    Gene("TMEM43", "ENSG00000170876", "ENST00000306077", "chr3", 14_124_940, 14_143_680),
)

# Of the people of a group who were not planted, the share that carries a causal variant of that gene and kind.
SHARE_OF_CARRIERS: dict[Group, dict[tuple[str, str], float]] = {
    Group.DILATED: {
        ("TTN", TRUNCATING): 0.025,  # with the planted carriers 18 % of the group
        ("LMNA", MISSENSE): 0.025,
        ("MYH7", MISSENSE): 0.030,
        ("FLNC", TRUNCATING): 0.025,
        ("DSP", TRUNCATING): 0.020,
        ("BAG3", TRUNCATING): 0.020,
        ("RBM20", MISSENSE): 0.018,
        ("TNNT2", MISSENSE): 0.018,
        ("SCN5A", MISSENSE): 0.010,
        ("PLN", MISSENSE): 0.005,
        ("DES", MISSENSE): 0.005,
    },
    Group.HYPERTROPHIC: {
        ("MYBPC3", TRUNCATING): 0.160,
        ("MYBPC3", MISSENSE): 0.030,
        ("MYH7", MISSENSE): 0.140,
        ("TNNT2", MISSENSE): 0.020,
        ("TNNI3", MISSENSE): 0.025,
        ("TPM1", MISSENSE): 0.013,
        ("MYL2", MISSENSE): 0.010,
        ("MYL3", MISSENSE): 0.008,
        ("ACTC1", MISSENSE): 0.006,
    },
    Group.ARRHYTHMOGENIC: {
        ("PKP2", TRUNCATING): 0.300,
        ("DSP", TRUNCATING): 0.080,
        ("DSG2", MISSENSE): 0.060,
        ("FLNC", TRUNCATING): 0.030,
        ("DSC2", MISSENSE): 0.020,
        ("TMEM43", MISSENSE): 0.010,
    },
    Group.RELATIVE: {
        ("TTN", TRUNCATING): 0.170,
        ("MYBPC3", TRUNCATING): 0.090,
        ("MYH7", MISSENSE): 0.080,
        ("PKP2", TRUNCATING): 0.050,
        ("FLNC", TRUNCATING): 0.025,
        ("DSP", TRUNCATING): 0.025,
        ("BAG3", TRUNCATING): 0.020,
        ("LMNA", TRUNCATING): 0.010,
        ("LMNA", MISSENSE): 0.020,
        ("TNNT2", MISSENSE): 0.020,
        ("RBM20", MISSENSE): 0.015,
    },
    Group.GENERAL: {
        ("TTN", TRUNCATING): 0.005,
        ("MYBPC3", TRUNCATING): 0.001,
        ("MYH7", MISSENSE): 0.001,
        ("PKP2", TRUNCATING): 0.001,
        ("DSP", TRUNCATING): 0.001,
        ("FLNC", TRUNCATING): 0.001,
    },
    Group.ISCHAEMIC: {("TTN", TRUNCATING): 0.005},
}

# How many different causal variants of a gene are about; most families have their own.
N_CAUSAL: dict[tuple[str, str], int] = {
    ("TTN", TRUNCATING): 150,
    ("LMNA", TRUNCATING): 12,
    ("LMNA", MISSENSE): 10,
    ("MYBPC3", TRUNCATING): 25,
    ("MYBPC3", MISSENSE): 8,
    ("MYH7", MISSENSE): 30,
    ("FLNC", TRUNCATING): 15,
    ("DSP", TRUNCATING): 15,
    ("PKP2", TRUNCATING): 15,
    ("BAG3", TRUNCATING): 8,
    ("RBM20", MISSENSE): 6,
    ("TNNT2", MISSENSE): 8,
    ("TNNI3", MISSENSE): 6,
    ("TPM1", MISSENSE): 5,
    ("ACTC1", MISSENSE): 3,
    ("MYL2", MISSENSE): 3,
    ("MYL3", MISSENSE): 3,
    ("PLN", MISSENSE): 2,
    ("DES", MISSENSE): 3,
    ("SCN5A", MISSENSE): 6,
    ("DSG2", MISSENSE): 5,
    ("DSC2", MISSENSE): 3,
    ("TMEM43", MISSENSE): 2,
}
# Variants that do nothing: missense and synonymous ones in each gene, and more of them in the largest.
N_BENIGN = {MISSENSE: 10, SYNONYMOUS: 4}
N_BENIGN_TITIN = {MISSENSE: 80, SYNONYMOUS: 25}

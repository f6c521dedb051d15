"""Who carries what: annotations decide which variants, calls decide who, and nobody without a genotype carries or lacks anything."""

import pytest

from workbench.cohorts import Cohort, allele_count, carrier, codelist, diagnosis, genotyped

ENTRY = Cohort.entry("first heart failure", diagnosis(codelist("heart_failure")).first())
PEOPLE = "id\n1\n2\n3\n4"
CONDITION = "id | date | concept" + "".join(f"\n{n} | 2015-06-01 | 316139" for n in (1, 2, 3, 4))
VARIANTS = """
    variant   | gene | consequence      | frequency | significance                 | layout
    2-100-C-T | TTN  | stop_gained      | 0.00001   | pathogenic&likely_pathogenic | {layout}
    2-100-C-T | CCDC141 | intron_variant | 0.00001  |                              | {layout}
    2-200-G-A | TTN  | missense_variant | 0.2       | benign                       | {layout}
    2-300-G-A | TTN  | stop_gained      |           |                              | {layout} """
# One carries the truncating variant, two the common one on both chromosomes, three nothing; four has no genotype.
GENOTYPE = """
    id | variant   | copies
    1  | 2-100-C-T | 1
    2  | 2-200-G-A | 2
    3  | 2-100-C-T | 0
    3  | 2-300-G-A | . """
TRUNCATING = carrier("TTN", consequence="truncating")


@pytest.fixture(params=["lists", "bits"])
def spec(request, cohort_spec):
    def check(definition, **tables):
        tables = {"people": PEOPLE, "condition": CONDITION, "genotype": GENOTYPE} | tables
        cohort_spec(definition, variants=VARIANTS.format(layout=request.param), **tables)

    return check


@pytest.mark.parametrize(
    ("criterion", "ids"),
    [
        (carrier("TTN"), {1, 2}),
        (TRUNCATING, {1}),
        (carrier("TTN", consequence=["missense", "stop_gained"]), {1, 2}),
        (carrier("TTN", max_population_frequency=0.001), {1}),
        (carrier("TTN", min_copies=2), {2}),
        (carrier("TTN", clinical_significance="likely_pathogenic"), {1}),
        (carrier("TTN", clinical_significance=["benign", "pathogenic"]), {1, 2}),
        (carrier("MYH7"), set()),
        (carrier(["MYH7", "TTN"], consequence="missense"), {2}),
        (genotyped(), {1, 2, 3}),
        (allele_count("2-200-G-A") == 2, {2}),
    ],
)
def test_a_step_keeps_those_who_carry_what_is_asked(spec, criterion, ids):
    spec(ENTRY.require("genotype", criterion), expected_ids=ids)


def test_gene_and_effect_must_be_said_by_the_same_annotation(spec):
    # The variant lies in two genes: it is a stop in TTN and intronic in CCDC141.
    spec(ENTRY.require("stop in CCDC141", carrier("CCDC141", consequence="truncating")), expected_ids=set())
    spec(ENTRY.require("in CCDC141", carrier("CCDC141")), expected_ids={1})


def test_a_variant_of_unknown_frequency_is_rare(spec):
    rare = carrier("TTN", consequence="truncating", max_population_frequency=0)
    spec(ENTRY.require("rare", rare), genotype="id | variant | copies\n3 | 2-300-G-A | 1", expected_ids={3})


def test_without_a_genotype_carrying_is_missing_as_a_variable_and_not_met_as_a_step(spec):
    spec(
        ENTRY,
        variables=[TRUNCATING.named("ttn", label="TTN"), (~TRUNCATING).named("no_ttn", label="No TTN")],
        expected_ids={1, 2, 3, 4},
        expected={
            1: {"ttn": True, "no_ttn": False},
            3: {"ttn": False, "no_ttn": True},
            4: {"ttn": None, "no_ttn": None},
        },
    )
    spec(ENTRY.exclude("carriers", TRUNCATING), expected_ids={2, 3, 4})
    spec(ENTRY.require("known not to carry", genotyped() & ~TRUNCATING), expected_ids={2, 3})


def test_alleles_are_counted_and_missing_where_there_was_no_call(spec):
    spec(
        ENTRY,
        variables=[allele_count(f"chr{name}").named(f"n_{n}") for n, name in enumerate(["2-100-C-T", "2-300-G-A"])],
        expected_ids={1, 2, 3, 4},
        expected={
            1: {"n_0": 1, "n_1": 0},
            2: {"n_0": 0, "n_1": 0},
            3: {"n_0": 0, "n_1": None},
            4: {"n_0": None, "n_1": None},
        },
    )


def test_a_variant_that_no_file_has_is_missing_for_everybody(spec):
    spec(
        ENTRY.require("known", allele_count("2-100-C-G") >= 0),
        expected_ids=set(),
    )


def test_many_people_in_two_bits_each(cohort_spec):
    # Eleven people fill two bytes and three quarters of a third, so the order of bits and bytes is seen.
    numbers = range(1, 12)
    calls = {n: [0, 1, 2, "."][n % 4] for n in numbers}
    cohort_spec(
        ENTRY,
        people="id\n" + "\n".join(map(str, numbers)),
        condition="id | date | concept\n" + "\n".join(f"{n} | 2015-06-01 | 316139" for n in numbers),
        variants="variant | gene | consequence | layout\n2-1-A-C | TTN | stop_gained | bits",
        genotype="id | variant | copies\n" + "\n".join(f"{n} | 2-1-A-C | {calls[n]}" for n in numbers),
        variables=[allele_count("2-1-A-C").named("copies")],
        expected_ids=set(numbers),
        expected={n: {"copies": None if calls[n] == "." else calls[n]} for n in numbers},
    )

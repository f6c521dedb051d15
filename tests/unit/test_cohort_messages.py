"""What a person reads who wrote something that cannot be meant: what was given, what is allowed, what to do."""

import doctest
import importlib
import pkgutil
from functools import reduce

import pytest

import workbench.cohorts as language
from data_catalog.errors import WorkbenchError
from workbench.cohorts import (
    Codelist,
    Cohort,
    Concept,
    DefinitionError,
    age_years,
    allele_count,
    at_first,
    at_least,
    carrier,
    codelist,
    days_after_entry,
    death,
    diagnosis,
    drug,
    earliest_of,
    from_yaml,
    measure,
    procedure,
    protocol,
    read_definition,
    sex,
    site,
    time_to,
    to_yaml,
)
from workbench.cohorts.compile import compile_cohort
from workbench.cohorts.serialise import from_dict, from_json, to_dict

HEART_FAILURE = codelist("heart_failure")
EVENTS = diagnosis(HEART_FAILURE)
PRESSURE = measure("systolic_blood_pressure_mmhg")
COHORT = Cohort.entry("heart failure", EVENTS.first()).require("aged 40 or over", age_years() >= 40)
SAVED = to_yaml(COHORT)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: not (age_years() > 3), "neither true nor false"),
        (lambda: age_years() >= 40 & (sex() == "female"), "put comparisons in parentheses"),
        (lambda: (sex() == "female") & age_years(), "Each side must be a criterion"),
        (lambda: (sex() == "female") | True, "Each side must be a criterion"),
        (lambda: ~EVENTS, "say when, as in .before_index"),
        (lambda: PRESSURE > 140, "choose one with .first.., .last"),
        (lambda: age_years() > age_years(), "It is a number: compare it with one"),
        (lambda: PRESSURE.last() < 18, "can never hold: only values from 40 to 300 mmHg.*in that unit"),
        (lambda: PRESSURE.last().between(1, 5), "can never hold: only values"),
        (lambda: PRESSURE.last().between(140, 90), "140 is above 90"),
        (lambda: age_years() > float("nan"), "must be a finite number"),
        (lambda: age_years() > 10**400, "must be a finite number"),
        (lambda: sex().is_in("female"), "write .is_in...female"),
        (lambda: sex().is_in([]), "can never hold. Allowed: female, male"),
        (lambda: sex() == 1, "1 is not a level of sex"),
        (lambda: EVENTS.between_days(10, -10), "ends before it begins"),
        (lambda: EVENTS.within(), "Say how far from the index date"),
        (lambda: EVENTS.nearest(), "Say how far from the index date"),
        (lambda: EVENTS.within(before_days=1.5), "before_days must be a whole number of days"),
        (lambda: EVENTS.within(before_days=40_000), "0 to 36525"),
        (lambda: EVENTS.first().before_index().last(), "is one event already"),
        (lambda: COHORT.require("first", EVENTS.first()), "It is one event: say when"),
        (lambda: COHORT.require("yes", 1 == 1), "needs a criterion .* not True"),
        (lambda: COHORT.exit(365), "takes end_of_observation.., days_after_entry.365., at_first.* not 365"),
        (lambda: Cohort.entry("x", EVENTS.nearest(before_days=9)), "counts from the index date"),
        (lambda: time_to(EVENTS.first(), name="x", label="X"), "waits for the first of some events"),
        (lambda: time_to(EVENTS.before_index(), name="x", label="X"), "begins before the index date"),
        (lambda: time_to(EVENTS.within(after_days=365), name="x", label="X"), "exit.days_after_entry.365"),
        (lambda: PRESSURE.named("x_mmhg"), "value for each person.*choose one with"),
        (lambda: (age_years() > 3).named("x"), "'x' needs a label"),
        (lambda: age_years().named('x"; DROP TABLE person'), "small letters, digits and underscores"),
        (lambda: Concept(0, "No matching concept"), "Concept 0 means that no concept was found"),
        (lambda: Codelist("a", "1", (Concept(1, "x", excluded=True),)), "'a' is empty"),
        (lambda: Codelist("a", "1", (Concept(1, "x"), Concept(1, "y"))), "names concept 1 more than once"),
        (lambda: Codelist("a", "1", (316139,)), "give concepts, such as Concept"),
        (lambda: Codelist("a", "1", 5), "must be a tuple of them, not 5"),
        (lambda: codelist("heart_failure", "2026-12"), "has no version '2026-12'. Did you mean '2026-11'"),
        (lambda: measure(None), "The name of a measure must be text"),
        (lambda: drug("aspirin"), "drug.. takes a codelist, not 'aspirin'"),
        (lambda: procedure(None), "procedure.. takes a codelist, not None"),
        (lambda: measure("lvef_percent", methods="cmr"), "write methods=.'cmr'."),
        (
            lambda: measure("lvef_percent", methods=["mri"]),
            "'mri' is not a method of 'lvef_percent'.* Allowed: cmr, echo",
        ),
        (lambda: measure("lvef_percent", methods=["cmr", "echocardiogram"]), "Did you mean 'echocardiography'"),
        (lambda: measure("lvef_percent", methods=["cmr", "cmr"]), "names 'cmr' twice"),
        (lambda: measure("bmi_kg_m2", methods=["cmr"]), "data do not say by which method 'bmi_kg_m2'.*lvef_percent"),
        (lambda: PRESSURE.last().method(), "do not say by which method 'systolic_blood_pressure_mmhg'"),
        (lambda: measure("lvef_percent").last().method() == "mr", "'mr' is not a level"),
        (lambda: EVENTS.first().before_index().count(), "is one event already; .count.. has nothing to count"),
        (lambda: EVENTS.within(after_days=6).count() >= 8, "only values from 0 to 7 days"),
        (lambda: EVENTS.count() < 0, "only values of 0 or more days"),
        (lambda: EVENTS.count().named("n_days"), "'n_days' needs a label"),
        (lambda: at_least(1, age_years() > 3), "counts two criteria or more, not 1"),
        (lambda: at_least(3, age_years() > 3, sex() == "male"), "from 1 to 2, not 3"),
        (lambda: at_least(age_years() > 3, sex() == "male", EVENTS.on_index()), "begins with how many of its 2"),
        (lambda: at_least(1, age_years() > 3, age_years() > 3), "is given age_years.. > 3 twice"),
        (lambda: at_least(1, age_years() > 3, PRESSURE.last()), "at_least.. needs a criterion"),
        (lambda: at_first(EVENTS.first()), "waits for the first of some events"),
        (lambda: at_first(EVENTS.before_index()), "begins before the index date"),
        (lambda: earliest_of(days_after_entry(3)), "joins two rules or more, not 1"),
        (lambda: earliest_of(days_after_entry(3), death()), "earliest_of.. takes rules that end follow-up.* not death"),
        (lambda: site(), "needs the names of the hospitals: site.*study.sites"),
        (lambda: site(("a", "b")), "takes names, not ..a., .b.."),
        (lambda: site("a", "a"), "names 'a' twice"),
        (lambda: site("northgate") == "norhgate", "Did you mean 'northgate'"),
        (lambda: carrier([]), "needs a gene: carrier..TTN"),
        (lambda: carrier("ttn"), "'ttn' is not how HGNC writes a gene's symbol"),
        (lambda: carrier(5), "5 is not how HGNC writes"),
        (
            lambda: carrier("TTN", consequence="stop_gain"),
            "'stop_gain' is neither a consequence.*Did you mean 'stop_gained'",
        ),
        (lambda: carrier("TTN", consequence="truncated"), "Did you mean 'truncating'"),
        (lambda: carrier("TTN", clinical_significance="patogenic"), "Did you mean 'pathogenic'"),
        (lambda: carrier("TTN", max_population_frequency=5), "share of alleles, from 0 to 1, not 5. 0.1 % is 0.001"),
        (lambda: carrier("TTN", min_copies=3), "1 or 2, not 3"),
        (lambda: allele_count("rs123"), "'rs123' does not name a variant.*2-178527202-C-T"),
        (lambda: allele_count("2-100-C-C"), "its two alleles are the same"),
        (lambda: allele_count("2-100-C-T") > 2, "only values from 0 to 2 alleles"),
        (lambda: compile_cohort(COHORT, [age_years()]), "is not a variable. Name it"),
        (lambda: compile_cohort(EVENTS), "takes a definition made with Cohort.entry"),
        (lambda: compile_cohort(COHORT, population="cw_entry"), "cannot begin with 'cw_'"),
        (lambda: compile_cohort(COHORT, population='p" --'), "must be a plain name"),
    ],
)
def test_a_slip_in_code_is_refused_where_it_is_written(wrong, words):
    with pytest.raises(WorkbenchError, match=f"(?s){words}"):
        wrong()


def nested(levels):
    innermost = {"type": "within", "events": {"type": "death"}, "window": {"to_day": -1}}
    criterion = reduce(lambda inner, _: {"type": "not", "criterion": inner}, range(levels), innermost)
    return {**to_dict(COHORT), "steps": [{"action": "exclude", "label": "deep", "criterion": criterion}]}


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: from_yaml(SAVED + "schema_version: 1\n"), "Line 27: the key 'schema_version' stands twice"),
        (lambda: from_json('{"schema_version": 1, "schema_version": 1}'), "'schema_version' stands twice"),
        (lambda: from_yaml("a: &x [1]\nb: *x\n"), "Line 2: references .* are not allowed"),
        (lambda: from_yaml("a: !!python/object/apply:os.getcwd []"), "no YAML that can be read"),
        (lambda: from_yaml("a: [" * 3000), "no YAML that can be read"),
        (lambda: from_json("[" * 100_000), "no JSON that can be read: it is nested too deeply"),
        (lambda: from_json('{"schema_version": '), "no JSON that can be read"),
        (lambda: from_dict(nested(60)), "nested more than 50 deep"),
        (lambda: from_yaml(""), "beginning with schema_version: 1"),
        (lambda: from_yaml("entry_event: {}"), "schema_version: missing"),
        (lambda: from_yaml(SAVED.replace("schema_version: 1", "schema_version: 2")), "Install a newer workbench"),
        (
            lambda: from_yaml(SAVED.replace("2026-11\n", "2026-11-01\n")),
            "codes.version: must be text .put it in quotes",
        ),
        (lambda: from_yaml(SAVED.replace("pick: first", "pick: frist")), "events.pick: 'frist'.*Did you mean 'first'"),
        (lambda: from_yaml(SAVED.replace("    pick: first\n", "")), "entry_event.events.pick: missing"),
        (lambda: from_yaml(SAVED.replace("limit: 40", "limit: true")), r"steps\[0\].criterion.limit: must be a number"),
        (lambda: from_yaml(SAVED.replace("id: 316139", "id: 0")), r"concepts\[0\]: The id of a concept"),
        (lambda: from_yaml(SAVED.replace("type: diagnosis", "type: age_years")), "'age_years' is not allowed here"),
    ],
)
def test_a_slip_in_a_file_is_refused_with_its_place(read, words):
    with pytest.raises(DefinitionError, match=f"(?s){words}"):
        read()


def test_a_definition_that_is_nested_within_reason_is_read():
    assert len(from_dict(nested(20)).steps) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DefinitionError, match="gone.yaml: cannot be read: No such file"):
        read_definition(tmp_path / "gone.yaml")
    with pytest.raises(DefinitionError, match="cohort.txt: a definition is kept as .yaml, .yml, .json"):
        read_definition(tmp_path / "cohort.txt")
    (tmp_path / "half.json").write_text("{", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"half\.json: This is no JSON"):
        read_definition(tmp_path / "half.json")


def test_a_protocol_names_what_each_codelist_means():
    chronic = Concept(4229440, "Chronic congestive heart failure", excluded=True)
    acute = Codelist("acute_heart_failure", "3", (Concept(316139, "Heart failure", descendants=False), chronic))
    cohort = Cohort.entry("heart failure", diagnosis(acute), prior_observation_days=1)
    cohort = cohort.exclude("died that day", death().on_index())
    assert protocol(cohort).splitlines() == [
        "People enter on the earliest day of a diagnosis of acute heart failure on which they are observed and have been for at least 1 day.",
        "Left out (died that day): death on the index date.",
        "Follow-up ends with the observation period.",
        "Codelist acute_heart_failure, version 3: Heart failure (316139); without Chronic congestive heart failure (4229440) and its descendants.",
    ]


def test_a_protocol_says_every_part_in_english():
    lvef = measure("lvef_percent", methods=("cmr", "echocardiography")).nearest(before_days=90, after_days=30)
    rare = carrier("TTN", consequence="truncating", max_population_frequency=0.0001, clinical_significance="pathogenic")
    beta_blocker = drug(codelist("beta_blocker"))
    cohort = (
        COHORT.require("reduced", lvef <= 40)
        .require("MR", lvef.method() == "cmr")
        .require("near", lvef.days_from_index().between(-30, 30))
        .exclude("flagged", measure("qtc_fridericia_ms", with_implausible=True).on_index())
        .require("treated", beta_blocker.within(after_days=90))
        .require("often", beta_blocker.within(after_days=365).count() >= 2)
        .require("TTN", rare)
        .exclude("both", carrier(["MYH7", "MYBPC3"], min_copies=2))
        .require("allele", allele_count("2-178527202-C-T") == 0)
        .require("two of three", at_least(2, EVENTS.after_index(), sex() == "female", age_years() > 60))
        .require("hospitals", site("northgate", "riverside", "lakeside").is_in(["northgate", "riverside"]))
        .exit(earliest_of(days_after_entry(365), at_first(procedure(codelist("heart_transplant")).after_index())))
    )
    said = protocol(cohort).splitlines()
    assert said[2:14] == [
        "Kept (reduced): the nearest reading of left ventricular ejection fraction by cardiac magnetic resonance or else echocardiography from 90 days before the index date to 30 days after the index date of at most 40 %.",
        "Kept (MR): the nearest reading of left ventricular ejection fraction by cardiac magnetic resonance or else echocardiography from 90 days before the index date to 30 days after the index date, taken by cardiac magnetic resonance.",
        "Kept (near): the nearest reading of left ventricular ejection fraction by cardiac magnetic resonance or else echocardiography from 90 days before the index date to 30 days after the index date, dated from 30 days before the index date to 30 days after the index date.",
        "Left out (flagged): a reading, implausible or not, of QTc (Fridericia) on the index date.",
        "Kept (treated): an exposure to a drug of the kind beta blocker from the index date to 90 days after the index date.",
        "Kept (often): an exposure to a drug of the kind beta blocker on at least 2 days from the index date to 365 days after the index date.",
        "Kept (TTN): at least one alternate allele of one variant in TTN that is annotated as splice acceptor variant, splice donor variant, stop gained or frameshift variant, has a population frequency of at most 0.0001 or none known and is classified as pathogenic.",
        "Left out (both): two alternate alleles of one variant in MYH7 or MYBPC3.",
        "Kept (allele): exactly 0 alternate alleles of the variant 2-178527202-C-T.",
        "Kept (two of three): at least 2 of these 3: (a diagnosis of heart failure 1 day after the index date or later; sex female; age above 60 years).",
        "Kept (hospitals): hospital northgate or riverside.",
        "Follow-up ends 365 days after entry, on the day of the first procedure of the kind heart transplant 1 day after the index date or later, or with the observation period, whichever is earliest.",
    ]


def test_the_examples_in_the_docstrings_run():
    modules = [
        importlib.import_module(f"workbench.cohorts.{found.name}") for found in pkgutil.iter_modules(language.__path__)
    ]
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > 10

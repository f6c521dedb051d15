"""The files of the synthetic hospitals: what is in them, under which names, and that the same seed gives the same bytes."""

from __future__ import annotations

import csv
import hashlib
import inspect
import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pysam
import pytest

from data_catalog.errors import WorkbenchError
from data_catalog.harmonise.units import conversion_factor
from data_catalog.model import TABLES
from data_catalog.model.measures import MEASURES
from data_catalog.synthetic import Hospitals, concepts, write_hospitals
from data_catalog.synthetic import concepts as c
from data_catalog.synthetic.simulation import Simulation, simulate
from data_catalog.synthetic.sites import SITES
from data_catalog.synthetic.tables import record_numbers
from data_catalog.synthetic.vcf import records_of

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE, SEED = 1_000, 4
WRITTEN = {
    "person", "observation_period", "visit_occurrence", "condition_occurrence", "drug_exposure", "procedure_occurrence",
    "measurement", "death", "image_occurrence", "image_feature", "waveform_occurrence", "waveform_registry",
    "waveform_channel_metadata", "waveform_feature",
}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Hospitals:
    return write_hospitals(tmp_path_factory.mktemp("hospitals"), people=PEOPLE, seed=SEED)


@pytest.fixture(scope="module")
def drawn() -> Simulation:
    return simulate(PEOPLE, SEED)


@pytest.fixture(scope="module")
def truth(written) -> dict:
    return json.loads(written.truth.read_text(encoding="utf-8"))


def tables_of(hospital) -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_parquet(path) for path in sorted(hospital.omop.iterdir())}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_runs_with_one_seed_give_the_same_bytes_and_another_seed_does_not(written, tmp_path):
    first = digests(written.truth.parent)
    write_hospitals(tmp_path / "again", people=PEOPLE, seed=SEED)
    assert digests(tmp_path / "again") == first
    write_hospitals(tmp_path / "other", people=PEOPLE, seed=SEED + 1)
    other = digests(tmp_path / "other")
    assert other.keys() == first.keys()
    # File by file: what depends on nothing but the number of ECGs may be the same at two sites of two seeds.
    assert [name for name in first if other[name] == first[name]] == []


def test_each_site_has_its_files(written):
    assert [hospital.site for hospital in written.sites] == [
        "northgate",
        "riverside",
        "hillcrest",
        "lakeside",
        "eastfield",
    ]
    for hospital in written.sites:
        assert {path.name for path in hospital.omop.iterdir()} == {f"{name}.parquet" for name in WRITTEN}
        assert hospital.consent == written.truth.parent / hospital.site / "consent.parquet"
        assert hospital.genotypes.with_name("genotypes.vcf.gz.tbi").is_file()
    assert (written.people, written.seed) == (PEOPLE, SEED)


def test_writing_again_replaces_what_was_there(tmp_path):
    write_hospitals(tmp_path, people=200, seed=1)
    write_hospitals(tmp_path, people=100, seed=1)
    assert pl.read_parquet(tmp_path / "northgate" / "omop" / "person.parquet").height == 20


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_columns_are_published_ones_and_required_ones_are_full(written, name):
    table = TABLES[name]
    published = {field.name for field in table.fields if not field.added}
    if name == "waveform_feature":
        published.add("waveform_feature_concept_id")  # the published list lacks it
    required = {field.name for field in table.fields if field.required and not field.added}
    for hospital in written.sites:
        frame = tables_of(hospital)[name]
        frame = frame.rename({column: column.lower() for column in frame.columns})
        assert frame.height
        assert set(frame.columns) <= published
        assert required <= set(frame.columns)
        assert sum(frame.select(sorted(required)).null_count().row(0)) == 0


def test_keys_are_unique_and_references_lead_somewhere(written):
    for hospital in written.sites:
        tables = tables_of(hospital)
        for name, frame in tables.items():
            key = TABLES[name].primary_key[0] if TABLES[name].primary_key else None
            if key is not None:
                assert frame[key].is_unique().all(), (hospital.site, name)
            for field in TABLES[name].fields:
                if field.target is None or field.target[0] not in tables or field.name not in frame.columns:
                    continue
                target = tables[field.target[0]][field.target[1]]
                assert frame[field.name].drop_nulls().is_in(target.implode()).all(), (hospital.site, name, field.name)


def test_an_imaging_feature_points_at_the_measurement_that_holds_its_value(written):
    for hospital in written.sites:
        tables = tables_of(hospital)
        features = tables["image_feature"].join(
            tables["measurement"], left_on="image_feature_event_id", right_on="measurement_id", how="left"
        )
        assert (features["image_feature_event_field_concept_id"] == c.MEASUREMENT_ROW).all()
        assert (features["image_feature_concept_id"] == features["measurement_concept_id"]).all()
        assert (features["person_id"] == features["person_id_right"]).all()
        lvef = features.filter(pl.col("image_feature_concept_id") == c.LVEF)
        assert (lvef["unit_source_value"] == "%").all()
        assert lvef["value_as_number"].is_between(5, 85).all()


def test_people_of_different_sites_have_different_keys(written):
    keys = [tables_of(hospital)["person"]["person_id"] for hospital in written.sites]
    assert pl.concat(keys).is_unique().all()


def test_person_ids_say_nothing_of_record_numbers(written):
    for hospital, site in zip(written.sites, SITES, strict=True):
        person = tables_of(hospital)["person"].sort("person_id")
        numbers = person["person_source_value"]
        assert numbers.str.contains(rf"^{site.prefix}-\d{{6}}$").all()
        assert numbers.is_unique().all()
        digits = numbers.str.slice(3).cast(pl.Int64).to_numpy()
        assert abs(np.corrcoef(digits, np.arange(len(digits)))[0, 1]) < 0.3


def test_nothing_happens_outside_the_time_of_observation(written):
    dates = {
        "visit_occurrence": "visit_start_date",
        "condition_occurrence": "condition_start_date",
        "drug_exposure": "drug_exposure_start_date",
        "procedure_occurrence": "procedure_date",
        "measurement": "measurement_date",
        "image_occurrence": "image_occurrence_date",
    }
    for hospital in written.sites:
        tables = tables_of(hospital)
        for name, column in dates.items():
            placed = tables[name].join(tables["observation_period"], on="person_id", how="left")
            inside = pl.col(column).is_between("observation_period_start_date", "observation_period_end_date")
            assert placed.select(inside.all()).item(), (hospital.site, name)


def test_concepts_are_those_of_the_shipped_vocabulary(root):
    """Ids and names in the generator are its own; here they are held against the vocabulary."""
    with (root / "data_catalog" / "harmonise" / "vocabulary.tsv").open(encoding="utf-8") as file:
        names = {int(row["concept_id"]): row["concept_name"] for row in csv.DictReader(file, delimiter="\t")}
    written = re.findall(r"^\w+ = (\d+)  # (.+)$", inspect.getsource(concepts), flags=re.MULTILINE)
    assert len(written) > 80
    assert {int(number): name for number, name in written} == {int(number): names[int(number)] for number, _ in written}


def test_every_concept_in_the_files_is_in_the_shipped_vocabulary_or_0(written, root):
    with (root / "data_catalog" / "harmonise" / "vocabulary.tsv").open(encoding="utf-8") as file:
        known = {int(row["concept_id"]) for row in csv.DictReader(file, delimiter="\t")} | {0}
    for hospital in written.sites:
        for name, frame in tables_of(hospital).items():
            for column in frame.columns:
                if column.endswith("_concept_id"):
                    assert set(frame[column].drop_nulls().to_list()) <= known, (name, column)


def test_sites_record_in_units_of_their_own_that_all_convert(written):
    measures = {concept: measure for measure in MEASURES.values() for concept in measure.concept_ids}
    units: dict[int, set[str]] = {}
    medians: dict[int, list[float]] = {}
    for hospital in written.sites:
        rows = tables_of(hospital)["measurement"].filter(pl.col("unit_source_value").is_not_null())
        grouped = rows.group_by("measurement_concept_id", "unit_source_value").agg(pl.col("value_as_number").median())
        for concept, unit, median in grouped.iter_rows():
            factor = conversion_factor(unit, measures[concept].unit)
            assert factor is not None, (hospital.site, unit)
            units.setdefault(concept, set()).add(unit)
            medians.setdefault(concept, []).append(median * factor)
            assert measures[concept].plausible[0] < median * factor < measures[concept].plausible[1]
    assert {"mg/dL", "mg/L"} == units[c.CREATININE]
    assert {"cm", "m"} == units[c.HEIGHT]
    assert {"kg", "[lb_av]"} == units[c.WEIGHT]
    assert {"pg/mL", "ng/L"} == units[c.NT_PROBNP]
    assert {"%"} == units[c.LVEF]
    for concept in (c.CREATININE, c.HEIGHT, c.WEIGHT, c.HAEMOGLOBIN):
        assert max(medians[concept]) < 1.25 * min(medians[concept])


def test_sites_write_diagnoses_in_codes_of_their_own(written):
    codes = []
    for hospital in written.sites:
        rows = tables_of(hospital)["condition_occurrence"].filter(pl.col("condition_concept_id") == c.HEART_FAILURE)
        codes += rows["condition_source_value"].unique().to_list()
    assert codes[0] == "I50.9"
    assert codes[1] == "84114007"
    assert codes[4] == "I509"
    assert len(set(codes)) == 4


def test_untidy_rows_are_as_many_as_the_truth_says(written, truth):
    assert all(sum(counts.values()) > 0 for counts in truth["untidy_rows"].values())
    for hospital in written.sites:
        tables = tables_of(hospital)
        measurement = tables["measurement"]
        found = {
            "heart rates of 0": measurement.filter(
                (pl.col("measurement_concept_id") == c.HEART_RATE) & (pl.col("value_as_number") == 0)
            ).height,
            "measurements without a unit": measurement["unit_source_value"].null_count(),
            "visits without an end": tables["visit_occurrence"]["visit_end_date"].null_count(),
            "diagnoses with an unmapped code": tables["condition_occurrence"]
            .filter(pl.col("condition_concept_id") == 0)["condition_source_value"]
            .len(),
            "drugs with an unmapped code": tables["drug_exposure"].filter(pl.col("drug_concept_id") == 0).height,
        }
        assert found == {kind: counts[hospital.site] for kind, counts in truth["untidy_rows"].items()}


def test_ecg_intervals_say_by_whom_they_were_read(written):
    for hospital in written.sites:
        counts = Counter(tables_of(hospital)["waveform_feature"]["algorithm_concept_id"].to_list())
        assert set(counts) == {c.AUTOMATED, c.PHYSICIAN}
        assert counts[c.AUTOMATED] > counts[c.PHYSICIAN] > 50


def test_consents_are_known_words_given_before_they_are_withdrawn(written):
    for hospital in written.sites:
        consent = pl.read_parquet(hospital.consent)
        assert consent.columns == ["record_number", "modality", "purpose", "status", "valid_from", "recorded_at"]
        assert set(consent["modality"]) == {"clinical", "waveform", "imaging", "genomic"}
        assert set(consent["purpose"]) == {"*", "scientific_research", "care_improvement"}
        assert set(consent["status"]) == {"given", "withdrawn"}
        assert consent.schema["recorded_at"] == pl.Datetime("us", "UTC")
        assert (consent["valid_from"] < consent["recorded_at"]).all()
        known = tables_of(hospital)["person"]["person_source_value"]
        assert consent["record_number"].is_in(known.implode()).all()
        assert consent["record_number"].n_unique() < len(known)
        given, withdrawn = (
            consent.filter(pl.col("status") == status).select("record_number", "modality", "recorded_at")
            for status in ("given", "withdrawn")
        )
        both = withdrawn.join(given, on=["record_number", "modality"], how="left")
        assert (both["recorded_at"] > both["recorded_at_right"]).all()


def test_the_truth_names_every_covariate_with_unit_and_log_hazard_ratio(truth):
    covariates = truth["hazard_of_death_after_heart_failure"]["covariates"]
    assert {one["name"]: one["log_hazard_ratio"] for one in covariates} == {
        "ttn_truncating_carrier": 0.45,
        "age_years": 0.40,
        "male": 0.15,
        "lvef_percent": -0.35,
        "type_2_diabetes": 0.25,
    }
    assert all(one["unit"] and one["definition"] for one in covariates)


def test_a_score_of_the_truth_can_be_rebuilt_from_the_vcf(written, drawn, truth):
    """Genotypes times effects, over the written file, is the planted score of everybody but for missing calls."""
    effects = {
        (one["chrom"], one["pos"], one["alt"]): one["effect"] for one in truth["polygenic_scores"]["lvef"]["variants"]
    }
    assert len(effects) == 40
    hospital = written.sites[0]
    total = 0.0
    with pysam.VariantFile(str(hospital.genotypes)) as file:
        samples = list(file.header.samples)
        for record in file:
            effect = effects.get((record.chrom, record.pos, record.alts[0]))
            if effect is not None:
                dosage = [sum(allele or 0 for allele in call["GT"]) for call in record.samples.values()]
                total = total + effect * np.array(dosage)
    numbers = record_numbers(drawn.people)
    rows = [numbers.index(sample) for sample in samples]
    assert np.corrcoef(total, drawn.genomes.common.lvef_score[rows])[0, 1] > 0.99


@pytest.mark.parametrize("index", [0, 3])
def test_genotypes_of_the_file_are_the_planted_ones(written, drawn, index):
    """pysam's own reader against the arrays that were drawn, allele by allele."""
    numbers = np.array(record_numbers(drawn.people))
    rows = np.flatnonzero((drawn.people.site == index) & drawn.sequenced)
    planted: dict[tuple[str, int, str, str], np.ndarray] = {}
    variants = drawn.genomes.common.variants
    for column in range(len(variants.chrom)):
        key = (variants.chrom[column], int(variants.pos_1based[column]), variants.ref[column], variants.alt[column])
        planted[key] = drawn.genomes.common.dosage[rows, column]
    for variant, person, dosage in zip(
        drawn.genomes.rare_index, drawn.genomes.rare_person, drawn.genomes.rare_dosage, strict=True
    ):
        place = np.flatnonzero(rows == person)
        if len(place):
            one = drawn.genomes.rare[variant]
            key = (one.gene.chrom, one.pos_1based, one.ref, one.alt)
            planted.setdefault(key, np.zeros(len(rows), dtype=np.int64))[place[0]] = dosage
    n_missing = n_calls = 0
    found = set()
    last = ("", 0)
    with pysam.VariantFile(str(written.sites[index].genotypes)) as file:
        assert list(file.header.samples) == numbers[rows].tolist()
        order = list(file.header.contigs)
        for record in file:
            assert last == ("", 0) or (order.index(last[0]), last[1]) <= (order.index(record.chrom), record.pos)
            last = (record.chrom, record.pos)
            calls = np.array(
                [[-1 if allele is None else allele for allele in call["GT"]] for call in record.samples.values()]
            )
            missing = (calls < 0).any(axis=1)
            n_missing, n_calls = n_missing + missing.sum(), n_calls + len(calls)
            counts = []
            for number, alt in enumerate(record.alts, start=1):
                key = (record.chrom, record.pos, record.ref, alt)
                counts.append(int((calls == number).sum()))
                expected = planted.get(key, np.zeros(len(rows)))
                assert ((calls == number).sum(axis=1) == expected)[~missing].all(), key
                found.add(key)
            assert list(record.info["AC"]) == counts
            assert record.info["AN"] == 2 * (~missing).sum()
    assert found == planted.keys()
    assert 0.002 < n_missing / n_calls < 0.004


def test_some_records_have_two_alternate_alleles_each_with_its_own_entry(written):
    found = 0
    for hospital in written.sites:
        with pysam.VariantFile(str(hospital.genotypes)) as file:
            for record in file:
                if len(record.alts) == 2:
                    found += 1
                    entries = [entry.split("|") for entry in record.info["CSQ"]]
                    assert {entry[0] for entry in entries} == set(record.alts)
    assert found >= 3


def titin_records(path: Path) -> list[tuple[pysam.VariantRecord, list[list[str]]]]:
    with pysam.VariantFile(str(path)) as file:
        region = file.fetch("chr2", 178_525_988, 178_807_423)
        return [(record, [entry.split("|") for entry in record.info["CSQ"]]) for record in region]


def test_annotations_have_the_form_of_vep(written):
    terms, entries_of_one, frequencies = Counter(), Counter(), []
    for hospital in written.sites:
        for _, entries in titin_records(hospital.genotypes):
            entries_of_one[len(entries)] += 1
            for entry in entries:
                assert len(entry) == 10
                terms.update([entry[1]])
                frequencies.append(entry[9])
    assert {"stop_gained", "frameshift_variant", "missense_variant", "synonymous_variant"} <= set(terms)
    assert any("&" in term for term in terms)
    assert entries_of_one[2] > 5
    assert "" in frequencies


def test_truncating_titin_variants_are_rare_but_one_that_does_nothing(written):
    common = set()
    for hospital in written.sites:
        for record, entries in titin_records(hospital.genotypes):
            for entry in entries:
                truncating = set(entry[1].split("&")) & {
                    "stop_gained", "frameshift_variant", "splice_acceptor_variant", "splice_donor_variant",
                }  # fmt: skip
                if not truncating or entry[3] != "TTN":
                    continue
                if entry[9] and float(entry[9]) >= 1e-4:
                    common.add((record.pos, float(entry[9]), entry[8]))
    assert len(common) == 1
    (_, frequency, significance) = next(iter(common))
    assert 0.002 < frequency < 0.004
    assert significance == "benign"


def test_sites_share_variants_with_slightly_different_frequencies(written):
    frequencies = []
    for hospital in written.sites[:2]:
        with pysam.VariantFile(str(hospital.genotypes)) as file:
            frequencies.append(
                {
                    (record.chrom, record.pos, record.ref, record.alts[0]): record.info["AC"][0] / record.info["AN"]
                    for record in file
                    if record.id is not None
                }
            )
    assert frequencies[0].keys() == frequencies[1].keys()
    assert len(frequencies[0]) == 2_000
    one, other = (np.array(list(site.values())) for site in frequencies)
    assert 0.01 < np.abs(one - other).mean() < 0.06
    assert np.corrcoef(one, other)[0, 1] > 0.95


def test_common_variants_are_in_linkage_disequilibrium_inside_blocks_and_not_between(drawn):
    dosage = drawn.genomes.common.dosage.astype(float)
    squared = np.corrcoef(dosage.T) ** 2
    block = np.arange(dosage.shape[1]) // 20
    inside = squared[(block[:, None] == block) & ~np.eye(len(block), dtype=bool)]
    chrom = np.array(drawn.genomes.common.variants.chrom)
    between = squared[chrom[:, None] != chrom]
    assert (inside > 0.5).mean() > 0.05
    assert inside.mean() > 20 * between.mean()


def test_a_missing_call_never_hides_a_carrier(drawn):
    rows = np.flatnonzero(drawn.sequenced)
    records = records_of(drawn.genomes, rows, np.random.default_rng(0))
    carriers = np.zeros(len(rows), dtype=bool)
    for record, csq in enumerate(records.csq):
        for number, alt in enumerate(records.alts[record], start=1):
            entries = [entry.split("|") for entry in csq.split(",")]
            allele = alt if len(alt) == len(records.ref[record]) else alt[1:] or "-"
            if any(
                entry[0] == allele and entry[2] == "HIGH" and entry[3] == "TTN" and float(entry[9] or 0) < 0.001
                for entry in entries
            ):
                codes = {1: (1, 2, 5), 2: (3, 4, 5)}[number]
                carriers |= np.isin(records.calls[record], codes)
    assert (carriers == drawn.genomes.truncates_titin[rows]).all()


@pytest.mark.parametrize("people", [0, 99, 200_001, -5, 1e4, True])
def test_an_absurd_number_of_people_is_refused_in_words(tmp_path, people):
    with pytest.raises(WorkbenchError, match=r"cannot be made\. Allowed: a whole number from 100 to 200,000"):
        write_hospitals(tmp_path / "none", people=people)
    assert not (tmp_path / "none").exists()


def test_a_seed_that_is_none_is_refused_in_words(tmp_path):
    with pytest.raises(WorkbenchError, match="-1 is not a seed. Give a whole number of at least 0."):
        write_hospitals(tmp_path / "none", seed=-1)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="cannot be written to .*file"):
        write_hospitals(tmp_path / "file", people=100)

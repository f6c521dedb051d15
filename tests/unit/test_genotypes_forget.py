"""Leaving people out of genotypes again: the catalog is then as if the file had never had them."""

import shutil

import numpy as np
import polars as pl
import pytest

from data_catalog import Catalog
from data_catalog.genotypes import calls_sql, carriers_sql, forget_samples, read_genotypes
from data_catalog.genotypes.layout import COUNT_COLUMNS
from data_catalog.lake import open_reader, transaction, writer
from data_catalog.sources import OmopFolder, VcfFile

SEED = 20261124
N_PEOPLE, N_VARIANTS = 80, 60
CALLS = np.array(["./.", "0/0", "0/1", "1/1"])


@pytest.fixture(scope="module")
def genotypes():
    """Rare, common and major variants, with missing calls."""
    random = np.random.default_rng(SEED)
    frequencies = np.concatenate([np.full(20, 0.005), random.uniform(0.1, 0.95, N_VARIANTS - 20)])
    genotypes = random.binomial(2, frequencies[:, None], (N_VARIANTS, N_PEOPLE)).astype(np.int8)
    genotypes[random.random(genotypes.shape) < 0.005] = -1
    return genotypes


def write_vcf(path, genotypes, people):
    rows = [
        f"1\t{1000 + place}\t.\tA\tC\t.\tPASS\t.\tGT\t" + "\t".join(CALLS[calls + 1])
        for place, calls in enumerate(genotypes[:, people])
    ]
    columns = "\t".join(f"MRN-{person}" for person in people)
    header = f"##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{columns}\n"
    path.write_text(header + "\n".join(rows) + "\n")
    return VcfFile(path)


@pytest.fixture(scope="module")
def ingested(tmp_path_factory, genotypes):
    """Make a catalog whose site 'north' has genotypes of the given people; 'south' always has those of everybody."""

    def make(people):
        folder = tmp_path_factory.mktemp("forget")
        (folder / "omop").mkdir()
        catalog = Catalog.create(folder / "catalog")
        for number, site in enumerate(("north", "south")):
            ids = np.arange(N_PEOPLE) + 1000 * number
            pl.DataFrame({"person_id": ids, "person_source_value": [f"MRN-{n}" for n in range(N_PEOPLE)]}).with_columns(
                gender_concept_id=8507, year_of_birth=1950, race_concept_id=0, ethnicity_concept_id=0
            ).write_parquet(folder / "omop" / "person.parquet")
            catalog.ingest(OmopFolder(folder / "omop"), site=site, basis="synthetic")
            here = people if site == "north" else list(range(N_PEOPLE))
            catalog.ingest(write_vcf(folder / "calls.vcf", genotypes, here), site=site, basis="synthetic")
        return catalog

    return make


@pytest.fixture(scope="module")
def with_everybody(ingested):
    return ingested(list(range(N_PEOPLE)))


@pytest.fixture
def catalog(with_everybody, tmp_path):
    """A catalog of everybody for each test to change."""
    shutil.copytree(with_everybody.folder, tmp_path / "catalog")
    return Catalog.open(tmp_path / "catalog")


def forget(catalog, person_ids, site="north"):
    with writer(catalog.folder) as connection, transaction(connection, author="steward", message="withdraw"):
        return forget_samples(connection, site=site, person_ids=person_ids)


def state(catalog, site="north"):
    """Everything that a reader can see of the site's genotypes, without the callset's name."""
    with open_reader(catalog.folder) as connection:
        ((callset_id,),) = connection.execute(
            "SELECT callset_id FROM lake.genomics.callset WHERE site = ?", [site]
        ).fetchall()
        read = read_genotypes(connection, site=site, callset_id=callset_id)
        chosen = f"(SELECT site, callset_id, variant_index FROM lake.genomics.variant WHERE site = '{site}')"
        sql = {
            name: sorted(
                connection.execute(f"SELECT person_id, variant_index, n_alt_alleles FROM ({make(chosen)})").fetchall(),
                key=str,
            )
            for name, make in (("carriers", carriers_sql), ("calls", calls_sql))
        }
    counts = read.variants.select("variant_index", "chrom", "pos_1based", "ref", "alt", *COUNT_COLUMNS).rows()
    return {"people": read.person_ids.tolist(), "matrix": read.matrix.tolist(), "counts": counts, **sql}


@pytest.mark.parametrize("leaving", [[0, 79], [3, 4, 41, 78]])
def test_forgetting_people_equals_a_file_that_never_had_them(catalog, ingested, leaving):
    before = state(catalog, "south")
    assert forget(catalog, leaving) == len(leaving)
    never = ingested([person for person in range(N_PEOPLE) if person not in leaving])
    assert state(catalog) == state(never)
    assert state(catalog, "south") == before


def test_people_can_leave_one_after_the_other(catalog, ingested):
    for person in (5, 70, 6):
        assert forget(catalog, [person]) == 1
    never = ingested([person for person in range(N_PEOPLE) if person not in (5, 6, 70)])
    assert state(catalog) == state(never)


def test_nothing_of_them_is_left_in_the_rows(catalog):
    forget(catalog, [17])
    with open_reader(catalog.folder) as connection:
        rows = connection.execute(
            "SELECT list_contains(het || hom || miss, 17), gt2 FROM lake.genomics.variant WHERE site = 'north'"
        ).fetchall()
        assert connection.execute("SELECT n_samples FROM lake.genomics.callset WHERE site = 'north'").fetchall() == [
            (N_PEOPLE,)
        ]
    assert {listed for listed, bits in rows if bits is None} == {False}
    assert {bits[17 // 4] >> 2 * (17 % 4) & 3 for _, bits in rows if bits is not None} == {3}
    assert len([bits for _, bits in rows if bits is None]) > 5


def test_who_has_no_genotypes_changes_nothing(catalog):
    before = state(catalog)
    assert forget(catalog, [424242, 1005]) == 0
    assert state(catalog) == before


def test_when_everybody_leaves_nothing_is_called(catalog):
    assert forget(catalog, list(range(N_PEOPLE))) == N_PEOPLE
    left = state(catalog)
    assert left["people"] == left["carriers"] == left["calls"] == []
    assert {counts[5:] for counts in left["counts"]} == {(0, 0, None, 0, 0, False)}


def test_a_failure_leaves_everybody_where_they_were(catalog):
    before = state(catalog)

    def fail_after_forgetting():
        with writer(catalog.folder) as connection, transaction(connection, author="steward", message="withdraw"):
            forget_samples(connection, site="north", person_ids=[1])
            raise RuntimeError("the power failed")

    with pytest.raises(RuntimeError, match="the power failed"):
        fail_after_forgetting()
    assert state(catalog) == before


def test_imputed_dosages_of_a_person_go_too(catalog):
    with writer(catalog.folder) as connection:
        connection.execute(
            "UPDATE lake.genomics.variant SET ds = ?, ds_scale = 100 WHERE site = 'north' AND variant_index = 0",
            [np.arange(1, N_PEOPLE + 1, dtype="<u2").tobytes()],
        )
    forget(catalog, [9])
    with open_reader(catalog.folder) as connection:
        ((held,),) = connection.execute("SELECT ds FROM lake.genomics.variant WHERE ds IS NOT NULL").fetchall()
    assert np.frombuffer(held, dtype="<u2").tolist() == [0 if n == 10 else n for n in range(1, N_PEOPLE + 1)]

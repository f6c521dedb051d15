"""Genotypes in a real catalog: read back as they were written, and asked for in SQL through a hardened connection."""

import numpy as np
import polars as pl
import pytest

from data_catalog import Catalog
from data_catalog.errors import CatalogError
from data_catalog.genotypes import append_rows, calls_sql, carriers_sql, read_genotypes, variant_rows
from data_catalog.lake import open_reader, writer

SEED = 20261124


def random_genotypes(random, n_variants, n_people):
    """Rare and common variants, some of them with calls missing, and one where nobody was called."""
    frequencies = random.beta(0.15, 1, n_variants)
    genotypes = random.binomial(2, frequencies[:, None], (n_variants, n_people)).astype(np.int8)
    genotypes[random.random(genotypes.shape) < 0.01] = -1
    genotypes[-1] = -1
    return genotypes


def write_callset(connection, genotypes, person_ids, *, site, callset_id, chrom="2"):
    """Write a callset as an ingest would, without the file."""
    n_variants, n_samples = genotypes.shape
    described = pl.DataFrame(
        {
            "callset_id": callset_id,
            "variant_index": np.arange(n_variants),
            "chrom": chrom,
            "pos_1based": np.arange(n_variants) * 10 + 1,
            "ref": "A",
            "alt": "G",
            "n_alt": 1,
            "site": site,
        }
    )
    connection.execute("DROP TABLE IF EXISTS _written")
    append_rows(connection, "_written", variant_rows(described, genotypes))
    connection.execute("INSERT INTO lake.genomics.variant BY NAME FROM _written")
    connection.execute(
        "INSERT INTO lake.genomics.callset (callset_id, genome_build, n_samples, site) VALUES (?, 'GRCh38', ?, ?)",
        [callset_id, n_samples, site],
    )
    connection.executemany(
        "INSERT INTO lake.genomics.sample (callset_id, sample_index, person_id, site) VALUES (?, ?, ?, ?)",
        [[callset_id, place, person, site] for place, person in enumerate(person_ids)],
    )


@pytest.fixture(scope="module")
def written():
    """Genotypes and people by (site, callset): two callsets at one site, one at another, one of them of very few people."""
    random = np.random.default_rng(SEED)
    return {
        ("north", "array"): (random_genotypes(random, 60, 333), list(range(1000, 1333))),
        ("north", "exome"): (random_genotypes(random, 25, 64), list(range(1100, 1164))),
        ("south", "exome"): (random_genotypes(random, 10, 3), [2002, 2000, 2001]),
    }


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, written):
    catalog = Catalog.create(tmp_path_factory.mktemp("genotypes") / "catalog")
    with writer(catalog.folder) as connection:
        for (site, callset_id), (genotypes, people) in written.items():
            write_callset(connection, genotypes, people, site=site, callset_id=callset_id)
    return catalog


@pytest.fixture
def reader(catalog):
    with open_reader(catalog.folder) as connection:
        yield connection


def expected_calls(written, chosen, wanted):
    """What the matrices say: (site, person, callset, variant, alleles) of the wanted genotypes of the chosen variants."""
    return sorted(
        (site, person, callset_id, variant, None if call == -1 else call)
        for site, callset_id, variant in set(chosen)
        for genotypes, people in [written[site, callset_id]]
        for person, call in zip(people, genotypes[variant].tolist(), strict=True)
        if call in wanted
    )


def relation(chosen):
    rows = ", ".join(f"('{site}', '{callset}', {variant})" for site, callset, variant in chosen)
    return f"(VALUES {rows}) AS chosen(site, callset_id, variant_index)"


def in_order(rows):
    return sorted(rows, key=lambda row: (*row[:4], -1 if row[4] is None else row[4]))


@pytest.mark.parametrize("key", [("north", "array"), ("north", "exome"), ("south", "exome")])
def test_a_callset_is_read_back_as_it_was_written(reader, written, key):
    genotypes, people = written[key]
    read = read_genotypes(reader, site=key[0], callset_id=key[1])
    assert np.array_equal(read.matrix, genotypes)
    assert read.person_ids.tolist() == people
    assert read.variants["variant_index"].to_list() == list(range(len(genotypes)))
    assert read.variants["n_missing"].to_list() == (genotypes == -1).sum(axis=1).tolist()
    assert read.variants["af"][-1] is None


def test_both_forms_of_a_row_are_there(reader):
    (n_sparse, n_dense) = reader.execute(
        "SELECT count(*) FILTER (gt2 IS NULL), count(gt2) FROM lake.genomics.variant"
    ).fetchall()[0]
    assert n_sparse > 10
    assert n_dense > 10


def test_a_stretch_of_the_genome_is_read_alone(reader, written):
    genotypes, _ = written["north", "array"]
    read = read_genotypes(reader, site="north", callset_id="array", chrom="2", start_1based=101, end_1based=141)
    assert np.array_equal(read.matrix, genotypes[10:15])
    assert not read_genotypes(reader, site="north", callset_id="array", chrom="3").matrix.size


def test_named_variants_are_read_in_the_order_of_the_genome(reader, written):
    genotypes, _ = written["north", "array"]
    read = read_genotypes(reader, site="north", callset_id="array", variant_indices=[7, 3, 999])
    assert np.array_equal(read.matrix, genotypes[[3, 7]])


def test_a_callset_that_is_not_there_is_refused_with_the_nearest(reader):
    with pytest.raises(CatalogError, match="The site 'north' has no callset 'exom'. Did you mean 'exome'"):
        read_genotypes(reader, site="north", callset_id="exom")


def test_carriers_in_sql_are_those_of_the_matrix(reader, written):
    chosen = [(site, callset, variant) for (site, callset), (g, _) in written.items() for variant in range(len(g))]
    found = reader.execute(carriers_sql(relation(chosen))).fetchall()
    assert in_order(found) == expected_calls(written, chosen, {1, 2})
    assert len(found) > 500


def test_only_chosen_variants_count_and_each_once(reader, written):
    chosen = [("north", "array", 5), ("north", "array", 5), ("south", "exome", 2), ("north", "exome", 24)]
    found = reader.execute(carriers_sql(relation(chosen))).fetchall()
    assert in_order(found) == expected_calls(written, chosen, {1, 2})


def test_calls_in_sql_tell_who_was_not_called(reader, written):
    chosen = [(site, callset, variant) for (site, callset), (g, _) in written.items() for variant in range(len(g))]
    found = reader.execute(calls_sql(relation(chosen))).fetchall()
    assert in_order(found) == in_order(expected_calls(written, chosen, {1, 2}) + expected_calls(written, chosen, {-1}))


def test_carriers_can_be_a_part_of_a_larger_query(reader, written):
    genotypes, _ = written["south", "exome"]
    sql = (
        "SELECT count(DISTINCT person_id) FROM lake.genomics.sample JOIN "
        f"({carriers_sql('(SELECT site, callset_id, variant_index FROM lake.genomics.variant WHERE site = $site)')}) "
        "USING (site, person_id)"
    )
    ((n_people,),) = reader.execute(sql, {"site": "south"}).fetchall()
    assert n_people == (genotypes > 0).any(axis=0).sum()


def test_genotypes_without_a_description_are_refused():
    with pytest.raises(ValueError, match="1 variants are described, 2 have genotypes"):
        variant_rows(pl.DataFrame({"variant_index": [0]}), np.zeros((2, 3), dtype=np.int8))

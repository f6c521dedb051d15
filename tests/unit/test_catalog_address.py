"""Where a catalog is: what an address may say, and that its password is never shown."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from data_catalog import Catalog, CatalogError
from data_catalog.address import FolderAddress, PostgresAddress, catalog_address
from workbench.study import Study

URL = "postgresql://anna:s3cret%40word@db.example:5433/catalogs?schema=cardio&sslmode=require"


def test_a_path_is_a_folder():
    assert (
        catalog_address("heart-centre") == catalog_address(Path("heart-centre")) == FolderAddress(Path("heart-centre"))
    )


def test_a_url_is_a_database():
    address = catalog_address(URL)
    assert isinstance(address, PostgresAddress)
    assert dict(address.parameters) == {
        "user": "anna",
        "host": "db.example",
        "port": "5433",
        "dbname": "catalogs",
        "sslmode": "require",
    }
    assert (address.schema, address.data, address.password) == ("cardio", None, "s3cret@word")
    assert catalog_address(address) is address


def test_the_schema_is_public_unless_named():
    assert catalog_address("postgres://db.example/catalogs").schema == "public"


@pytest.mark.parametrize("url", [URL, "postgresql://anna@db.example/catalogs?password=s3cret%40word"])
def test_a_password_is_masked_wherever_the_address_is_shown(url):
    address = catalog_address(url)
    for shown in (str(address), repr(address), f"{address}", address.conninfo(), repr(Catalog(address, Path("data")))):
        assert "s3cret" not in shown
    assert "anna:***@db.example" in str(address)


def test_a_masked_address_is_not_taken_for_one_with_that_password():
    with pytest.raises(CatalogError, match=r"copied from where its password is hidden.*~/\.pgpass"):
        catalog_address(str(catalog_address(URL)))


def test_what_is_shown_without_a_password_names_the_same_catalog():
    for url in (
        "postgresql://anna@db.example:5433/catalogs?sslmode=require&schema=cardio&data=/mnt/cardio",
        "postgresql://db1.example:5432,db2.example:5433/catalogs",
        "postgresql://anna@[::1]:5433/catalogs",
        "postgresql:///catalogs?service=hospital",
        "postgresql:///?passfile=/home/anna/pg%20pass",
    ):
        address = catalog_address(url)
        assert catalog_address(str(address)) == address, url
        assert pickle.loads(pickle.dumps(address)) == address


def test_a_socket_is_a_host():
    address = catalog_address("postgresql:///catalogs?host=/var/run/postgresql")
    assert dict(address.parameters)["host"] == "/var/run/postgresql"
    assert catalog_address(str(address)) == address


def test_what_libpq_is_told_is_quoted():
    address = catalog_address("postgresql://o%27brien@db.example/my%20catalogs")
    assert r"user='o\'brien'" in address.conninfo()
    assert "dbname='my catalogs'" in address.conninfo(application_name="x")
    assert "application_name='x'" in address.conninfo(application_name="x")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "s3://bucket/catalog",
            "s3:// is not where a catalog can be. Name a folder, or a PostgreSQL database as postgresql://",
        ),
        ("postgresql://anna:s3#cret@db/x", "write # as %23, @ as %40 in a password"),
        ("postgresql://db/x?sslpassword=s3cret", "may not have sslpassword"),
        ("postgresql://db/x?s3cret", "is written postgresql://user@host:port/database"),
        (Path("postgresql://anna:s3cret@db/x"), "A URL is not a path"),
    ],
)
def test_what_is_no_address_is_explained_without_quoting_it(given, told):
    with pytest.raises(CatalogError) as refused:
        catalog_address(given)
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"port": "1"}, "No PostgreSQL server answers at 127.0.0.1, port 1"),
        ({"dbname": "nowhere"}, "has no database of that name"),
        ({"user": "nobody-here"}, "did not accept the user or the password"),
        ({"bogus": "1"}, r"has an option that PostgreSQL does not know \(invalid connection option \"bogus\"\)"),
        ({}, "There is no catalog at .* Make one with: workbench catalog create"),
    ],
)
def test_what_keeps_a_database_from_being_reached_is_said_in_words(postgres_server, postgres_url, change, told):
    address = catalog_address(postgres_url)
    parameters = {name: value for name, value in address.parameters if name != "passfile"} | change
    wrong = PostgresAddress(tuple(parameters.items()), address.schema, password=postgres_server.password)
    for use in (Catalog.open, lambda place: Study.open(place, purpose="education")):
        with pytest.raises(CatalogError, match=told) as refused:
            use(wrong)
        assert postgres_server.password not in str(refused.value)
        assert refused.value.__cause__ is None


def test_a_wrong_password_is_not_shown(postgres_server):
    with pytest.raises(CatalogError, match=r"did not accept the user or the password of .*:\*\*\*@") as refused:
        Catalog.open(f"postgresql://steward:wrong-word@127.0.0.1:{postgres_server.port}/catalogs")
    assert "wrong-word" not in str(refused.value)


def test_a_url_with_a_password_opens_and_hides_it(postgres_server, postgres_url, tmp_path):
    Catalog.create(postgres_url, data=tmp_path / "catalog", title="Ward 3")
    schema = catalog_address(postgres_url).schema
    word = postgres_server.password
    url = f"postgresql://steward:{word}@127.0.0.1:{postgres_server.port}/catalogs?schema={schema}"
    catalog = Catalog.open(url)
    with Study.open(url, purpose="education") as study:
        shown = [catalog, study, study.provenance, vars(catalog), catalog.snapshots(), catalog.permits()]
        assert [each for each in shown if word in repr(each)] == []
        known = study._connection.execute("SELECT * FROM duckdb_databases()").fetchall()
        known += study._connection.execute("SELECT * FROM duckdb_secrets()").fetchall()
        assert word not in repr(known)


def test_a_role_that_may_only_read_reads_and_writes_nothing(postgres_server, postgres_url, tmp_path):
    catalog = Catalog.create(postgres_url, data=tmp_path / "catalog", title="Ward 3")
    schema = catalog.address.schema
    postgres_server.psql(
        f"CREATE ROLE reader_{schema} LOGIN PASSWORD '{postgres_server.password}'; "
        f"GRANT USAGE ON SCHEMA {schema} TO reader_{schema}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}"
    )
    reading = Catalog.open(postgres_server.url(schema, user=f"reader_{schema}"))
    assert reading.title == "Ward 3"
    with pytest.raises(
        CatalogError, match=r"the user of the database may only read \(permission denied for table"
    ) as refused:
        reading.issue_permit("anna-the-holder", "discover")
    # DuckLake's own words quote the row that it was about to write.
    assert "anna-the-holder" not in str(refused.value)
    assert refused.value.__suppress_context__
    assert len(catalog.permits()) == 1

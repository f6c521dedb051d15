"""A backup holds what the catalog held, and brings it back."""

from __future__ import annotations

import stat

import pytest

from data_catalog import Catalog, CatalogError
from data_catalog.address import FolderAddress
from data_catalog.lake import transaction, writer


def test_a_backup_brings_back_the_catalog_as_it_was(catalog, bring_in, digests, tmp_path, request):
    bring_in(catalog, 1, 500)
    bring_in(catalog, 1001, 500)
    report = Catalog.backup(catalog.address, tmp_path / "backup")
    assert (report.snapshot_id, report.n_files) == (3, len(list((catalog.folder / "data").rglob("*.parquet"))))
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o700
    before = digests(catalog, 3)
    bring_in(catalog, 5001, 500)
    if isinstance(catalog.address, FolderAddress):
        restored = Catalog.open(tmp_path / "backup")
    else:
        server = request.getfixturevalue("postgres_server")
        server.psql(f"DROP SCHEMA {catalog.address.schema} CASCADE", user="steward")
        server.psql_file(tmp_path / "backup" / "catalog.sql", user="steward")
        restored = Catalog.open(f"{catalog.address}&data={tmp_path / 'backup'}")
    assert restored.snapshot().snapshot_id == 3
    assert digests(restored, 3) == before
    assert bring_in(restored, 9001, 500) == 4


def test_a_backup_waits_until_nobody_writes(catalog, tmp_path, monkeypatch):
    from data_catalog import write_lock

    monkeypatch.setattr(write_lock, "PATIENCE_SECONDS", 0.2)
    with writer(catalog.address), pytest.raises(write_lock.AnotherWriterError):
        Catalog.backup(catalog.address, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_backup_of_a_catalog_whose_writer_was_killed_is_whole(catalog, start, tmp_path, digests):
    with writer(catalog.address) as connection, transaction(connection, author="a", message="b"):
        connection.execute("INSERT INTO lake.provenance.setting (name, value) VALUES ('colour', 'red')")
    start("write", catalog, 1, 3000).kill()
    report = Catalog.backup(catalog.address, tmp_path / "backup")
    if isinstance(catalog.address, FolderAddress):
        assert digests(Catalog.open(tmp_path / "backup"), report.snapshot_id) == digests(catalog, report.snapshot_id)


def test_a_backup_is_not_made_over_something(catalog, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.docx").touch()
    with pytest.raises(CatalogError, match="not empty, so no backup was made there"):
        Catalog.backup(catalog.address, tmp_path / "thesis")
    with pytest.raises(CatalogError, match="inside the catalog"):
        Catalog.backup(catalog.address, catalog.folder / "data" / "backup")

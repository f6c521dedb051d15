"""The version of the model rises with every change of its tables, so that no catalog is taken for what it is not."""

from __future__ import annotations

from data_catalog.model.version import model_digest
from data_catalog.versions import MODEL_VERSION, VERSIONS

DIGESTS = {2: "e918470810cd", 3: "0286fce19fd0"}


def test_a_change_of_the_model_is_a_new_version():
    """If this fails, the declarations have changed.

    If MODEL_VERSION was in a release, add a version to data_catalog/versions.py, with what it adds, and its digest here. Before
    that release, replace the digest.
    """
    assert DIGESTS[MODEL_VERSION] == model_digest()


def test_every_version_says_what_it_added():
    assert list(VERSIONS) == list(range(1, MODEL_VERSION + 1))
    assert all(VERSIONS.values())

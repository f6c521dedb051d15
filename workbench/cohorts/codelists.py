"""Codelists: named, versioned sets of concepts. Some come with the workbench; anybody can write their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from data_catalog.errors import UnknownNameError, did_you_mean
from workbench.cohorts.checks import check_text
from workbench.cohorts.errors import DefinitionError

_FOLDER = "codelists"
_LARGEST_ID = 2**31 - 1  # OMOP concept ids are 32-bit integers


@dataclass(frozen=True, repr=False)
class Concept:
    """One concept of a codelist.

    Parameters
    ----------
    id : int
        OMOP concept id.
    name : str
        What the vocabulary calls it; for the reader, the id decides.
    descendants : bool
        Whether everything below it in the vocabulary's hierarchy belongs to it.
    excluded : bool
        Whether it is taken away from the codelist rather than added.
    taken_from : str, optional
        Where id and name were read.
    """

    id: int
    name: str
    descendants: bool = True
    excluded: bool = False
    taken_from: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, int) or isinstance(self.id, bool) or not 0 < self.id <= _LARGEST_ID:
            raise DefinitionError(
                f"The id of a concept must be a whole number from 1 to {_LARGEST_ID}, not {self.id!r}. "
                "Concept 0 means that no concept was found, so it cannot be asked for."
            )
        check_text(self.name, f"The name of concept {self.id}")
        for option in ("descendants", "excluded"):
            if not isinstance(getattr(self, option), bool):
                raise DefinitionError(f"{option} of concept {self.id} must be true or false.")
        if self.taken_from is not None:
            check_text(self.taken_from, f"The source of concept {self.id}")

    def __repr__(self) -> str:
        options = "" if self.descendants else ", descendants=False"
        options += ", excluded=True" if self.excluded else ""
        options += f", taken_from={self.taken_from!r}" if self.taken_from is not None else ""
        return f"Concept({self.id}, {self.name!r}{options})"


@dataclass(frozen=True, repr=False)
class Codelist:
    """A named, versioned set of concepts. What it covers is settled at each site, by that site's vocabulary.

    Parameters
    ----------
    name : str
        As in "heart_failure".
    version : str
        Whatever tells two versions apart; the workbench's own are called by year and month.
    concepts : tuple of Concept
        At least one that is not excluded; no concept twice. Exclusions win over inclusions.
    """

    name: str
    version: str
    concepts: tuple[Concept, ...]

    def __post_init__(self) -> None:
        check_text(self.name, "The name of a codelist")
        check_text(self.version, f"The version of codelist {self.name!r}")
        if not isinstance(self.concepts, tuple | list):
            raise DefinitionError(
                f"The concepts of codelist {self.name!r} must be a tuple of them, not {self.concepts!r}."
            )
        object.__setattr__(self, "concepts", tuple(self.concepts))
        for concept in self.concepts:
            if not isinstance(concept, Concept):
                raise DefinitionError(
                    f"Codelist {self.name!r} holds {concept!r}; give concepts, such as Concept(316139, 'Heart failure')."
                )
        ids = [concept.id for concept in self.concepts]
        twice = sorted({given for given in ids if ids.count(given) > 1})
        if twice:
            raise DefinitionError(f"Codelist {self.name!r} names concept {twice[0]} more than once. Keep one of them.")
        if all(concept.excluded for concept in self.concepts):
            raise DefinitionError(
                f"Codelist {self.name!r} is empty: it needs a concept that is not excluded, "
                "such as Concept(316139, 'Heart failure')."
            )

    def __repr__(self) -> str:
        if self.name in _shipped() and self == _shipped()[self.name].get(self.version):
            return f"codelist({self.name!r}, version={self.version!r})"
        comma = "," if len(self.concepts) == 1 else ""
        concepts = ", ".join(map(repr, self.concepts))
        return f"Codelist({self.name!r}, {self.version!r}, ({concepts}{comma}))"


def codelist(name: str, version: str | None = None) -> Codelist:
    """Return a codelist that comes with the workbench.

    Parameters
    ----------
    name : str
        One of :func:`codelist_names`.
    version : str, optional
        The newest if not given. A study that is to be rerun says which.

    Raises
    ------
    UnknownNameError
        If there is no such codelist or version; the message names the nearest.
    """
    shipped = _shipped()
    if name not in shipped:
        raise UnknownNameError(
            f"{name!r} is not a codelist of this workbench. {did_you_mean(str(name), shipped)} "
            "To use concepts of your own write Codelist(name, version, (Concept(id, name), …))."
        )
    versions = shipped[name]
    if version is None:
        return versions[max(versions)]
    if version not in versions:
        raise UnknownNameError(f"Codelist {name!r} has no version {version!r}. {did_you_mean(str(version), versions)}")
    return versions[version]


def codelist_names() -> tuple[str, ...]:
    """Return the names of the codelists that come with the workbench, sorted."""
    return tuple(sorted(_shipped()))


@cache
def _shipped() -> dict[str, dict[str, Codelist]]:
    found: dict[str, dict[str, Codelist]] = {}
    for file in resources.files("workbench.cohorts").joinpath(_FOLDER).iterdir():
        if file.name.endswith(".yaml"):
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            found[content["name"]] = {
                version["version"]: _read(content["name"], version) for version in content["versions"]
            }
    return found


def _read(name: str, version: dict[str, Any]) -> Codelist:
    concepts = tuple(Concept(**concept) for concept in version["concepts"])
    return Codelist(name=name, version=version["version"], concepts=concepts)

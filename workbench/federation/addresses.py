"""Where the sites of a network are: a mapping, or a YAML file that says so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from data_catalog.demo import SITES_FILE
from data_catalog.errors import did_you_mean
from workbench.disclosure import Policy, PolicyError
from workbench.federation.errors import NetworkError
from workbench.federation.local_processes import SiteAddress

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXAMPLE = "sites:\n  northgate: {catalog: catalogs/northgate}"


def read_addresses(sites: Mapping[str, Path | str] | Path | str) -> dict[str, SiteAddress]:
    """Return the address of each site.

    Parameters
    ----------
    sites : mapping of str to path, or path
        Each site's catalog by its name; or a YAML file with the key ``sites``, in which a relative path counts from the
        file's folder. Of a folder its ``sites.yaml`` is read: what else lies there is no site, and a site that is gone is missed.

    Raises
    ------
    NetworkError
        If the file cannot be read, is not of that form, names no site, or gives one a policy that is none or looser than the
        default; if a folder has no such file.
    """
    if isinstance(sites, str | os.PathLike):
        path = Path(sites)
        found = _of_file(_file_of(path) if path.is_dir() else path)
    else:
        found = {name: SiteAddress(str(catalog)) for name, catalog in sites.items()}
    if not found:
        raise NetworkError(f"A network needs at least one site. Write:\n{_EXAMPLE}")
    return found


def _file_of(folder: Path) -> Path:
    file = folder / SITES_FILE
    if not file.is_file():
        raise NetworkError(
            f"{folder} has no {SITES_FILE}, which says which sites there are: without it one that is gone would not be missed. "
            f"Name another folder, or write {file}:\n{_EXAMPLE}"
        )
    return file


def _of_file(path: Path) -> dict[str, SiteAddress]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NetworkError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no YAML'}.") from error
    if not isinstance(data, dict) or list(data) != ["sites"] or not isinstance(data["sites"], dict):
        raise NetworkError(f"{path.name}: a network file has the one key 'sites'. Write:\n{_EXAMPLE}")
    return {
        str(name): _address(f"{path.name}: sites.{name}", given, path.parent) for name, given in data["sites"].items()
    }


def _address(place: str, given: Any, folder: Path) -> SiteAddress:
    if isinstance(given, str):
        given = {"catalog": given}
    if not isinstance(given, dict) or not isinstance(given.get("catalog"), str):
        raise NetworkError(f"{place}: must say where the catalog is, as in {{catalog: catalogs/northgate}}.")
    for key in given:
        if key not in ("catalog", "policy"):
            raise NetworkError(
                f"{place}.{key}: is not a key of a site. {did_you_mean(str(key), ('catalog', 'policy'))}"
            )
    policy = given.get("policy", {})
    if not isinstance(policy, dict):
        raise NetworkError(f"{place}.policy: names thresholds, as in {{k: 15}}.")
    for name, value in policy.items():
        try:
            Policy.load().tightened(**{str(name): value})
        except PolicyError as error:
            raise NetworkError(f"{place}.policy.{name}: {error}") from None
    return SiteAddress(str(folder / given["catalog"]), policy)

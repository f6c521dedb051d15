"""Definitions on disk: YAML and JSON, there and back.

Both hold the same keys; ``definition.schema.json`` in this package describes them. Whatever a reader does not
understand is refused with its place in the file, never skipped.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from workbench.cohorts.decoding import decode
from workbench.cohorts.definition import Cohort
from workbench.cohorts.encoding import SCHEMA_VERSION, VERSION_KEY, canonical_json, to_dict
from workbench.cohorts.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "canonical_json",
    "from_dict",
    "from_json",
    "from_yaml",
    "read_definition",
    "to_dict",
    "to_json",
    "to_yaml",
    "write_definition",
]


def from_dict(data: Mapping[str, Any]) -> Cohort:
    """Return the definition that plain data describe.

    Raises
    ------
    DefinitionError
        If the schema version is missing, newer than this workbench reads, or anything else is not understood; the message
        names the place, what is allowed and the nearest match.
    """
    if not isinstance(data, dict):
        raise DefinitionError(
            f"A cohort definition is a set of keys and values, beginning with {VERSION_KEY}: {SCHEMA_VERSION}."
        )
    version = data.get(VERSION_KEY)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise DefinitionError(f"{VERSION_KEY}: {_version_fault(data)} This workbench reads version {SCHEMA_VERSION}.")
    if version > SCHEMA_VERSION:
        raise DefinitionError(
            f"{VERSION_KEY}: the definition is of version {version}, this workbench reads up to {SCHEMA_VERSION}. "
            "Install a newer workbench."
        )
    cohort = decode(Cohort, {key: value for key, value in data.items() if key != VERSION_KEY}, "")
    if not isinstance(cohort, Cohort):
        raise DefinitionError("The data do not describe a cohort.")
    return cohort


def _version_fault(data: Mapping[str, Any]) -> str:
    if VERSION_KEY in data:
        return f"must be a whole number from 1 on, not {data[VERSION_KEY]!r}."
    return f"missing. Begin with {VERSION_KEY}: {SCHEMA_VERSION}."


def to_json(definition: Cohort) -> str:
    """Return a definition as JSON to be read by people: indented, keys in the order of the definition."""
    return json.dumps(to_dict(definition), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Cohort:
    """Return the definition in a JSON text.

    Raises
    ------
    DefinitionError
        If it is no JSON, a key occurs twice, or :func:`from_dict` refuses it.
    """
    try:
        data = json.loads(text, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError) as error:
        raise DefinitionError(f"This is no JSON that can be read: {_fault(error)}.") from error
    return from_dict(data)


def _fault(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise DefinitionError(f"The key {twice!r} stands twice in the same place. Keep one of them.")
    return dict(pairs)


def to_yaml(definition: Cohort) -> str:
    """Return a definition as YAML, keys in the order of the definition."""
    return yaml.safe_dump(to_dict(definition), sort_keys=False, allow_unicode=True, width=100)


def from_yaml(text: str) -> Cohort:
    """Return the definition in a YAML text.

    Raises
    ------
    DefinitionError
        If it is no YAML, a key occurs twice, it uses anchors, or :func:`from_dict` refuses it.
    """
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - it is a SafeLoader that refuses more
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DefinitionError(f"This is no YAML that can be read: {_fault(error)}.") from error
    return from_dict(data)


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML: no key twice (the last would win in silence), no references (a small file could unfold into a huge one)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1
            raise DefinitionError(
                f"Line {line}: references (*name) are not allowed in a definition. Write the part out."
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own
        seen = []
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise DefinitionError(
                    f"Line {line}: the key {key.value!r} stands twice in the same place. Keep one of them."
                )
            seen.append(key.value)
        return super().construct_mapping(node, deep=deep)


_READERS = {".yaml": from_yaml, ".yml": from_yaml, ".json": from_json}
_WRITERS = {".yaml": to_yaml, ".yml": to_yaml, ".json": to_json}


def read_definition(path: Path) -> Cohort:
    """Return the definition in a file that ends in .yaml, .yml or .json.

    Raises
    ------
    DefinitionError
        If the file has another ending, cannot be read, or does not hold a definition; the message begins with its name.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DefinitionError(f"{path.name}: a definition is kept as {', '.join(_READERS)}.")
    try:
        return reader(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path.name}: cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    except DefinitionError as error:
        raise DefinitionError(f"{path.name}: {error}") from error


def write_definition(definition: Cohort, path: Path) -> None:
    """Write a definition to a file that ends in .yaml, .yml or .json.

    Raises
    ------
    DefinitionError
        If the file has another ending.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise DefinitionError(f"{path.name}: a definition is kept as {', '.join(_WRITERS)}.")
    path.write_text(writer(definition), encoding="utf-8")

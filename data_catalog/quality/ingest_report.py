"""What an ingest did: counts of what was read, written, not mapped and flagged. No identifiers, no values of people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from data_catalog.sources.base import HAS_LEFT, LeftOut

if TYPE_CHECKING:
    from data_catalog.quality.changes import ChangeReport


@dataclass(frozen=True)
class TableReport:
    """One table of the model: rows written for how many people, and how many of the rows are flagged as implausible."""

    table: str
    n_rows: int
    n_people: int | None
    n_flagged: int


@dataclass(frozen=True)
class UnmappedCode:
    """A source code without a standard concept. ``code`` is None for codes that only one person has: they might name the person."""

    table: str
    column: str
    vocabulary: str
    code: str | None
    n_rows: int


@dataclass(frozen=True)
class Flag:
    """A plausibility rule that rows of a table break. The rows are kept."""

    table: str
    rule: str
    description: str
    n_rows: int


@dataclass(frozen=True)
class IngestReport:
    """The steward's report of one ingest.

    ``repeats`` names the ingest that brought the same files under the same rules before: then nothing was done. ``change`` says what
    is different where rows took the place of earlier ones.
    """

    ingest_id: str
    site: str
    format: str
    mapping: str
    basis: str
    snapshot_id: int
    n_read: dict[str, int]
    tables: tuple[TableReport, ...]
    unmapped: tuple[UnmappedCode, ...]
    flags: tuple[Flag, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    repeats: str | None = None
    change: ChangeReport | None = None

    @property
    def n_withdrawn_people(self) -> int:
        """People of the source who had left the catalog before and were not brought in again."""
        return sum(part.n_people for part in self.left_out if part.reason == HAS_LEFT)

    @property
    def n_withdrawn_rows(self) -> int:
        """Their rows."""
        return sum(part.n_rows for part in self.left_out if part.reason == HAS_LEFT)

    def to_dict(self) -> dict[str, Any]:
        """Return the report for ``--json``."""
        withdrawn = {"n_withdrawn_people": self.n_withdrawn_people, "n_withdrawn_rows": self.n_withdrawn_rows}
        return asdict(self) | withdrawn

    def __str__(self) -> str:
        if self.repeats is not None:
            return (
                f"Nothing new: {self.repeats} brought in the same {self.format} files of {self.site} with the same rules. "
                f"The catalog was left as it is, at snapshot {self.snapshot_id}."
            )
        lines = [f"Ingested {self.format} data of {self.site} with {self.mapping}: snapshot {self.snapshot_id}."]
        lines += _section("Read", _read(self.n_read))
        lines += _section("Left out", [_left_out(part) for part in self.left_out], nothing="")
        lines += _section("Changed", self.change.lines() if self.change else [], nothing="")
        lines += _section("Written", [_written(table) for table in self.tables])
        lines += _section(
            "Not mapped to a standard concept (kept as concept 0)",
            [_unmapped(code) for code in self.unmapped],
            nothing="every coded row has a standard concept",
        )
        lines += _section(
            "Implausible (kept and flagged)",
            [f"{flag.table}: {flag.description}: {_rows(flag.n_rows)}" for flag in self.flags],
            nothing="no row breaks a plausibility rule",
        )
        lines += _section(
            "In the source, without a place in the model", list(self.ignored), nothing="everything was taken"
        )
        lines += _section("To know", list(self.notes), nothing="")
        if self.basis == "consent" and any(table.table == "person" for table in self.tables):
            lines.append(
                "The legal basis is consent: only people with a consent record enter a study. Where another basis holds, "
                "ingest with --basis."
            )
        return "\n".join(lines)


def _section(title: str, lines: list[str], nothing: str = "nothing") -> list[str]:
    if not lines and not nothing:
        return []
    return [f"{title}:", *(f"  {line}" for line in lines or [nothing])]


def _unmapped(code: UnmappedCode) -> str:
    said = f"{code.vocabulary} {code.code or '(codes that only one person has)'}".strip()
    return f"{code.table}.{code.column}: {said}: {_rows(code.n_rows)}"


def _left_out(part: LeftOut) -> str:
    people = "1 person" if part.n_people == 1 else f"{part.n_people:,} people"
    counts = [people] if part.n_people or not part.n_rows else []  # rows about nobody, such as those of organisations
    return f"{part.reason}: {', '.join([*counts, *([_rows(part.n_rows)] if part.n_rows else [])])}"


def _written(table: TableReport) -> str:
    people = "" if table.n_people is None else f" of {table.n_people:,} {'person' if table.n_people == 1 else 'people'}"
    flagged = f", {table.n_flagged:,} flagged" if table.n_flagged else ""
    return f"{table.table}: {_rows(table.n_rows)}{people}{flagged}"


def _read(n_read: dict[str, int]) -> list[str]:
    empty = sum(n == 0 for n in n_read.values())
    lines = [f"{name}: {_rows(n)}" for name, n in n_read.items() if n]
    return [*lines, f"and {empty} empty tables"] if empty else lines


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"

"""The front door: who asks, why, under which permit, on which snapshot, on which engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from data_catalog import lake
from data_catalog.catalog import Catalog
from data_catalog.errors import CatalogError, WorkbenchError, did_you_mean
from data_catalog.governance.basis import CONSENT, NO_CONSENT_NEEDED
from data_catalog.governance.permits import Level, Permit, choose_permit, current_user
from data_catalog.model import TABLES, table_address
from workbench.cohorts.attrition import attrition_sql, members_where
from workbench.cohorts.compile import compile_cohort
from workbench.disclosure import Gate, Policy
from workbench.engines import inline
from workbench.engines.people import Unit
from workbench.statistics.results import Attrition, AttritionStep, CatalogContents, PeopleCount, TableContents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    import duckdb

    from data_catalog.catalog import Snapshot
    from workbench.cohorts.compile import CompiledCohort
    from workbench.cohorts.definition import Cohort
    from workbench.cohorts.variables import Variable
    from workbench.disclosure import ReleasedTable
    from workbench.statistics.protocols import Analysis

_POPULATION = "population"
_ENGINES = {"inline": inline.run}


@dataclass(frozen=True)
class Provenance:
    """What a result rests on, for the head of a report."""

    catalog: str
    snapshot: Snapshot
    permit_id: str
    purpose: str
    policy: str
    engine: str
    seed: int


class Study:
    """Questions asked of one snapshot of a catalog, for one purpose, under one permit. The only door to its data.

    Everything that a study returns has passed the disclosure gate; only :meth:`people`, which needs a permit for rows, shows
    individuals, and they stay where the study runs.

    Examples
    --------
    >>> study = Study.open("heart-centre", purpose="scientific_research")   # doctest: +SKIP
    >>> study.attrition(cohort)                                             # doctest: +SKIP
    """

    def __init__(
        self,
        catalog: Catalog,
        connection: duckdb.DuckDBPyConnection,
        *,
        permit: Permit,
        user: str,
        provenance: Provenance,
        policy: Policy,
    ) -> None:
        self._catalog = catalog
        self._connection = connection
        self._permit = permit
        self._user = user
        self._gate = Gate(policy)
        self._cohorts: dict[tuple[str, tuple[Variable, ...]], str] = {}
        self.provenance = provenance
        self._settings = dict(connection.execute("SELECT name, value FROM lake.provenance.setting").fetchall())
        self._choose_population()

    @classmethod
    def open(
        cls,
        catalog: Catalog | Path | str,
        *,
        purpose: str,
        permit: str | None = None,
        snapshot: int | None = None,
        engine: str = "inline",
        policy: Policy | None = None,
        seed: int = 0,
    ) -> Study:
        """Open a study.

        Parameters
        ----------
        catalog : Catalog or Path
            The catalog, or its folder.
        purpose : str
            Why the data are used; see :data:`data_catalog.governance.permits.PURPOSES`.
        permit : str, optional
            Id of the permit to work under; if not given, the one of the current user that allows most.
        snapshot : int, optional
            Snapshot to work on; the newest if not given. It stays the same for the life of the study.
        engine : {"inline"}
            Where statistics are computed.
        policy : Policy, optional
            Disclosure policy; the default one if not given. One that allows more than the default is refused.
        seed : int
            Seed of whatever is random in the analyses.

        Raises
        ------
        PermitError
            If no permit allows this user to work for this purpose.
        PolicyError
            If the policy allows more than the default one.
        CatalogError
            If there is no such catalog or snapshot.
        """
        catalog = catalog if isinstance(catalog, Catalog) else Catalog.open(catalog)
        if engine not in _ENGINES:
            raise WorkbenchError(f"{engine!r} is not an engine. {did_you_mean(engine, _ENGINES)}")
        user = current_user()
        chosen = choose_permit(catalog.permits(), user=user, purpose=purpose, level=Level.DISCOVER, permit_id=permit)
        base = Policy.load()
        policy = base if policy is None else policy.no_looser_than(base)
        seen = catalog.snapshot(snapshot)
        provenance = Provenance(
            catalog=catalog.title,
            snapshot=seen,
            permit_id=chosen.permit_id,
            purpose=purpose,
            policy=policy.label,
            engine=engine,
            seed=seed,
        )
        connection = lake.open_reader(catalog.folder, snapshot=seen.snapshot_id)
        return cls(catalog, connection, permit=chosen, user=user, provenance=provenance, policy=policy)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection to the catalog."""
        self._connection.close()

    def __repr__(self) -> str:
        p = self.provenance
        return (
            f"Study.open({str(self._catalog.folder)!r}, purpose={p.purpose!r}, permit={p.permit_id!r}, "
            f"snapshot={p.snapshot.snapshot_id}, engine={p.engine!r}, seed={p.seed})"
        )

    def contents(self) -> ReleasedTable:
        """Return what the catalog holds about the people of this study: rows and people by site and table, gated."""
        self._require(Level.DISCOVER)
        tables = []
        for table in TABLES.values():
            if table.schema in ("main", "genomics") and "person_id" in table.field_names:
                rows = self._connection.execute(
                    f"SELECT site, count(DISTINCT person_id), count(*) FROM {table_address(table)} "
                    f"SEMI JOIN {_POPULATION} USING (person_id, site) GROUP BY site ORDER BY site"
                ).fetchall()
                tables += [TableContents(site, table.name, *counts) for site, *counts in rows]
        notes = self._connection.execute("SELECT site, unnest(notes) FROM lake.provenance.ingest ORDER BY ingested_at")
        remarks = (f"{site}: {note}" for site, note in notes.fetchall())
        return self._gate.release(CatalogContents(tuple(tables), tuple(dict.fromkeys(remarks))))

    def count(self, cohort: Cohort) -> ReleasedTable:
        """Return how many people a cohort holds, gated."""
        steps = self._attrition(cohort).steps
        return self._gate.release(PeopleCount(cohort.title, steps[-1].n_after, steps[0].n_before))

    def attrition(self, cohort: Cohort) -> ReleasedTable:
        """Return how many people each step of *cohort* keeps, from everybody in the catalog to the cohort, gated."""
        self._require(Level.DISCOVER)
        return self._gate.release(self._attrition(cohort))

    def run(self, analysis: Analysis, cohort: Cohort) -> Any:
        """Run *analysis* on the people of *cohort* and return its gated result.

        Raises
        ------
        PermitError
            If the permit allows no statistics.
        DisclosureError
            If nothing of the result is safe to show.
        """
        self._require(Level.AGGREGATE)
        people = _StudyPeople(self._frame(cohort, tuple(analysis.variables)), self._units)
        return self._gate.release(_ENGINES[self.provenance.engine](analysis, people))

    def people(self, cohort: Cohort, variables: Sequence[Variable] = ()) -> pl.DataFrame:
        """Return the people of *cohort*, a row each: person id, index and end date, and *variables*. Individuals: they stay here.

        Raises
        ------
        PermitError
            If the permit does not allow rows.
        """
        self._require(Level.ROWS)
        return self._frame(cohort, tuple(variables), identified=True)

    def _require(self, level: Level) -> None:
        """Refuse what the permit does not allow at this moment: a permit may end while a study is open."""
        choose_permit(
            [self._permit],
            user=self._user,
            purpose=self.provenance.purpose,
            level=level,
            permit_id=self._permit.permit_id,
        )

    def _choose_population(self) -> None:
        """List the people whom a legal basis lets this study use: one stated at ingest, or their own consent, the last one recorded."""
        self._connection.execute(
            f"CREATE TEMP TABLE {_POPULATION} AS "
            "WITH said AS (SELECT person_id, arg_max(status, recorded_at) AS status FROM lake.governance.consent "
            "              WHERE modality = 'clinical' AND purpose IN ('*', $purpose) AND valid_from <= now() GROUP BY person_id) "
            "SELECT person_id, site, CAST(person_id % $buckets AS INTEGER) AS bucket FROM lake.main.person LEFT JOIN said USING (person_id) "
            "WHERE coalesce(status, '') <> 'withdrawn' AND (legal_basis <> $consent OR status = 'given')",
            {"purpose": self.provenance.purpose, "buckets": int(self._settings["buckets"]), "consent": CONSENT},
        )
        rows = self._connection.execute(f"SELECT DISTINCT site, bucket FROM {_POPULATION}").fetchall()
        self._units = tuple(sorted(Unit(site, bucket) for site, bucket in rows))

    def _materialised(self, cohort: Cohort, variables: tuple[Variable, ...]) -> tuple[str, CompiledCohort]:
        """Run the definition once and keep its people as a temporary table of this connection."""
        compiled = compile_cohort(cohort, variables, database="lake", population=_POPULATION)
        key = (cohort.digest, variables)
        if key not in self._cohorts:
            name = f"cohort_{len(self._cohorts)}"
            self._connection.execute(f"CREATE TEMP TABLE {name} AS {compiled.sql}", compiled.parameters)
            self._cohorts[key] = name
        return self._cohorts[key], compiled

    def _attrition(self, cohort: Cohort) -> Attrition:
        self._require(Level.DISCOVER)
        name, compiled = self._materialised(cohort, ())
        everybody, allowed = (self._n(f"SELECT count(*) FROM {table}") for table in ("lake.main.person", _POPULATION))
        kept = self._connection.execute(attrition_sql(compiled, name)).fetchall()[0]
        labels = ("Allowed for this purpose by consent or another legal basis", *compiled.step_labels)
        counts = (everybody, allowed, *kept)
        # Where every ingest brought data of nobody real, or public ones, no consent can leave anybody out, and that is no secret.
        free = {row[0] for row in self._connection.execute("SELECT legal_basis FROM lake.provenance.ingest").fetchall()}
        certain = free <= NO_CONSENT_NEEDED
        steps = zip(labels, counts, counts[1:], strict=False)
        return Attrition(
            tuple(
                AttritionStep(label, before, after, cannot_exclude=certain and number == 0)
                for number, (label, before, after) in enumerate(steps)
            )
        )

    def _n(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchall()[0][0])

    def _frame(self, cohort: Cohort, variables: tuple[Variable, ...], *, identified: bool = False) -> pl.DataFrame:
        name, compiled = self._materialised(cohort, variables)
        columns = [column for variable in variables for column in variable.columns]
        leading = ["person_id", "cohort_start_date", "cohort_end_date"] if identified else ["site", "bucket"]
        select = ", ".join(lake.quoted(column) for column in [*leading, *columns])
        # A fixed order of people: the last digits of a sum depend on it.
        table = self._connection.execute(
            f"SELECT {select} FROM {name} WHERE {members_where(compiled)} ORDER BY site, bucket, person_id"
        ).to_arrow_table()
        frame = pl.from_arrow(table)
        if not isinstance(frame, pl.DataFrame):
            raise CatalogError("The cohort did not come back as a table.")
        return frame


class _StudyPeople:
    """The people of a cohort in the units of work that the catalog fixes; no ids among their columns."""

    def __init__(self, frame: pl.DataFrame, units: Sequence[Unit]) -> None:
        self._units = units
        self._empty = frame.clear().drop("site", "bucket")
        parts = frame.partition_by("site", "bucket", as_dict=True, include_key=False, maintain_order=True)
        self._frames = {Unit(str(site), int(bucket)): part for (site, bucket), part in parts.items()}

    def units(self) -> Sequence[Unit]:
        return self._units

    def frame(self, unit: Unit) -> pl.DataFrame:
        return self._frames.get(unit, self._empty)

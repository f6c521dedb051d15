"""The front door: who asks, why, under which permit, on which snapshot, on which engine."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import or_
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from data_catalog import lake
from data_catalog.catalog import Catalog
from data_catalog.digest import METHOD, content_digest, salted_digest
from data_catalog.errors import CatalogError, WorkbenchError, did_you_mean
from data_catalog.governance.basis import NO_CONSENT_NEEDED
from data_catalog.governance.modalities import CLINICAL, MODALITIES, known_modalities, modality_of_table
from data_catalog.governance.permits import Level, Permit, choose_permit, current_user
from data_catalog.governance.population import (
    EVERYBODY,
    POPULATION,
    Standing,
    allowed_in_words,
    choose_allowed,
    choose_population,
    newest_snapshot,
)
from data_catalog.harmonise.trace import trace_row, traceable
from data_catalog.model import TABLES, table_address
from data_catalog.sources.original import original_record
from workbench import journal
from workbench.cohorts.attrition import attrition_sql, yield_sql
from workbench.cohorts.concept_search import search_sql
from workbench.cohorts.encoding import meaning
from workbench.cohorts.implications import step_keeps_the_genotyped, step_needs_genotype
from workbench.cohorts.modalities import GENOMIC
from workbench.cohorts.tables import CohortTables
from workbench.disclosure import Gate, Policy, ReleasedSurvival
from workbench.disclosure.sizes import require_cohort
from workbench.engines import inline
from workbench.engines.people import Unit
from workbench.statistics.results import (
    Attrition,
    AttritionStep,
    CatalogContents,
    ConceptFound,
    ConceptsFound,
    TableContents,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from data_catalog.address import CatalogAddress
    from data_catalog.catalog import Snapshot
    from data_catalog.digest import ContentDigest
    from data_catalog.harmonise.trace import Trace
    from data_catalog.reader import Reader
    from workbench.cohorts.compile import CompiledCohort
    from workbench.cohorts.definition import Cohort
    from workbench.cohorts.variables import Variable
    from workbench.disclosure import Released, ReleasedTable
    from workbench.statistics.protocols import Analysis

_ENGINES = {"inline": inline.run}


@dataclass(frozen=True)
class Provenance:
    """What a result rests on, for the head of a report.

    ``modalities`` are the sorts of data that the study may use. ``consent_epoch`` says as of when consents and withdrawals are
    heeded; it is later than ``consent_epoch_at_opening`` if somebody has said something new since, and the people were chosen again.
    """

    catalog: str
    snapshot: Snapshot
    permit_id: str
    purpose: str
    policy: str
    engine: str
    seed: int
    modalities: tuple[str, ...] = ("clinical",)
    consent_epoch: int = 0
    consent_epoch_at_opening: int = 0


class Study:
    """Questions asked of one snapshot of a catalog, for one purpose, under one permit. The only door to its data.

    Everything that a study returns has passed the disclosure gate; only :meth:`people` and :meth:`trace`, which need a permit for
    rows, show individuals, and they stay where the study runs.

    The data stay those of the snapshot for the life of the study; consents, withdrawals and permits do not. Before each question
    the study looks whether the catalog has learnt anything new of them. A permit that was revoked ends its answers. If consents
    have changed or somebody has left, its people are chosen again, cohorts made before are dropped, and ``provenance`` names the
    new consent epoch.

    Examples
    --------
    >>> study = Study.open("heart-centre", purpose="scientific_research")   # doctest: +SKIP
    >>> study.attrition(cohort)                                             # doctest: +SKIP
    """

    def __init__(
        self,
        catalog: Catalog,
        connection: Reader,
        *,
        permit: Permit,
        user: str,
        provenance: Provenance,
        policy: Policy,
        standing: Standing,
    ) -> None:
        self._catalog = catalog
        self._connection = connection
        self._permit = permit
        self._user = user
        self._gate = Gate(policy)
        self._cohorts = CohortTables(connection, database="lake", population=POPULATION)
        self._content: ContentDigest | None = None
        # The days, by group, at which survival has been shown, for each question: see Gate.release.
        self._told: defaultdict[str, defaultdict[str, set[float]]] = defaultdict(lambda: defaultdict(set))
        self.provenance = provenance
        self._settings = dict(connection.execute("SELECT name, value FROM lake.provenance.setting").fetchall())
        self._standing = standing
        self._choose_population()
        self._write_down("open", None)

    @classmethod
    def open(
        cls,
        catalog: Catalog | CatalogAddress | Path | str,
        *,
        purpose: str,
        modalities: Sequence[str] = ("clinical",),
        permit: str | None = None,
        snapshot: int | None = None,
        engine: str = "inline",
        policy: Policy | None = None,
        seed: int = 0,
    ) -> Study:
        """Open a study.

        Parameters
        ----------
        catalog : Catalog, Path or str
            The catalog, its folder, or the URL of its database.
        purpose : str
            Why the data are used; see :data:`data_catalog.governance.permits.PURPOSES`.
        modalities : sequence of {"clinical", "waveform", "imaging", "genomic"}
            The sorts of data that the study needs; clinical data always belong to them. People who have not allowed every one of
            them for this purpose are left out, at the first step of every attrition.
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
        UnknownNameError
            If a modality is none.
        """
        catalog = catalog if isinstance(catalog, Catalog) else Catalog.open(catalog)
        if engine not in _ENGINES:
            raise WorkbenchError(f"{engine!r} is not an engine. {did_you_mean(engine, _ENGINES)}")
        modalities = known_modalities(modalities)
        user = current_user()
        standing = Standing.read(catalog.address, purpose=purpose, modalities=modalities)
        chosen = choose_permit(standing.permits, user=user, purpose=purpose, level=Level.DISCOVER, permit_id=permit)
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
            modalities=modalities,
            consent_epoch=standing.epoch,
            consent_epoch_at_opening=standing.epoch,
        )
        connection = lake.open_reader(catalog.address, snapshot=seen.snapshot_id)
        return cls(
            catalog, connection, permit=chosen, user=user, provenance=provenance, policy=policy, standing=standing
        )

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
            f"Study.open({str(self._catalog.address)!r}, purpose={p.purpose!r}, modalities={p.modalities!r}, permit={p.permit_id!r}, "
            f"snapshot={p.snapshot.snapshot_id}, engine={p.engine!r}, seed={p.seed})"
        )

    def contents(self) -> ReleasedTable:
        """Return what the catalog holds about the people of this study: rows and people by site and table, gated.

        Of data that the study was not opened for, those are counted whose person allows them for its purpose.
        """
        released = self._gate.release(self._contents())
        self._write_down("contents", released)
        return released

    def _contents(self) -> CatalogContents:
        self._require(Level.DISCOVER)
        allowing = {modality: self._allowing(modality) for modality in MODALITIES}
        tables = []
        for table in TABLES.values():
            if table.schema in ("main", "genomics") and "person_id" in table.field_names:
                rows = self._connection.execute(
                    f"SELECT site, count(DISTINCT person_id), count(*) FROM {table_address(table)} "
                    f"SEMI JOIN {allowing[modality_of_table(table)]} USING (person_id, site) GROUP BY site ORDER BY site"
                ).fetchall()
                tables += [TableContents(site, table.name, *counts) for site, *counts in rows]
        notes = self._connection.execute("SELECT site, unnest(notes) FROM lake.provenance.ingest ORDER BY ingested_at")
        remarks = (f"{site}: {note}" for site, note in notes.fetchall())
        return CatalogContents(tuple(tables), tuple(dict.fromkeys(remarks)))

    def _allowing(self, modality: str) -> str:
        """The table of those people of the study who allow one more sort of data, which it may not have been opened for."""
        opened_for = self.provenance.modalities
        if modality in opened_for:
            return POPULATION
        into, modalities = f"{POPULATION}_{modality}", known_modalities((*opened_for, modality))
        standing = Standing.read(self._catalog.address, purpose=self.provenance.purpose, modalities=modalities)
        buckets = int(self._settings["buckets"])
        choose_allowed(self._connection, standing, into=into, modalities=modalities, buckets=buckets)
        return into

    @property
    def sites(self) -> tuple[str, ...]:
        """The hospitals that the snapshot has people of, by name; for ``site(*study.sites)``."""
        self._require(Level.DISCOVER)
        return tuple(
            row[0]
            for row in self._connection.execute(f"SELECT DISTINCT site FROM {EVERYBODY} ORDER BY site").fetchall()
        )

    def concepts(self, text: str, *, kind: str) -> ReleasedTable:
        """Return concepts whose name holds every word of *text*, or whose code it is, and about how many people have each.

        Parameters
        ----------
        text : str
            As somebody types it: "heart fail", "84114007".
        kind : {"diagnosis", "drug", "procedure", "observation", "visit"}
            What the concepts are of.

        Raises
        ------
        UnknownNameError
            If there is no such kind.
        """
        self._require(Level.DISCOVER)
        wanted = text.casefold().strip()
        sql = search_sql(kind, database="lake", population=POPULATION)
        rows = self._connection.execute(sql, {"text": wanted, "words": wanted.split()}).fetchall() if wanted else []
        found = tuple(ConceptFound(*row[:-1]) for row in rows)
        released = self._gate.release(ConceptsFound(text.strip(), found, rows[0][-1] if rows else 0))
        self._write_down("concepts", released)
        return released

    def count(self, cohort: Cohort) -> ReleasedTable:
        """Return how many people a cohort holds, gated."""
        released = self._gate.release(self._attrition(cohort, yields=False).people(cohort.title))
        self._write_down("count", released, cohort)
        return released

    def attrition(self, cohort: Cohort) -> ReleasedTable:
        """Return how many people each step of *cohort* keeps, from everybody in the catalog to the cohort, gated.

        For each sort of data that the study was opened for beside the clinical, a column says how many of those left have any:
        ``n_with_ecg``, ``n_with_imaging``, ``n_with_genome``.
        """
        self._require(Level.DISCOVER)
        released = self._gate.release(self._attrition(cohort))
        self._write_down("attrition", released, cohort)
        return released

    def run(self, analysis: Analysis, cohort: Cohort) -> Any:
        """Run *analysis* on the people of *cohort* and return its gated result.

        Raises
        ------
        PermitError
            If the permit allows no statistics.
        DisclosureError
            If nothing of the result is safe to show. Too few people are refused before anything is made of them, and in the same
            words as nobody.
        AnalysisError, NotEstimableError
            If enough people do not allow the analysis as asked.
        """
        people = self._people_of(analysis, cohort)
        require_cohort(people.n, self._gate.policy)
        engine = _ENGINES[self.provenance.engine]
        exact = engine(analysis, people, require_enough=self._gate.require_enough)
        told = self._told[meaning(cohort, analysis.variables)]
        released = self._gate.release(exact, told=told)
        if isinstance(released, ReleasedSurvival):
            for group, day, *_ in released.table.rows:
                if isinstance(day, float) and day > 0:
                    told[str(group)].add(day)
        self._write_down("run", released, cohort, analysis=repr(analysis))
        return released

    def _people_of(self, analysis: Analysis, cohort: Cohort) -> _StudyPeople:
        """Return the people of *cohort* for an engine: rows that have passed no gate, so a permit for statistics is asked for."""
        self._require(Level.AGGREGATE)
        return _StudyPeople(self._frame(cohort, tuple(analysis.variables)), self._units)

    def people(self, cohort: Cohort, variables: Sequence[Variable] = ()) -> pl.DataFrame:
        """Return the people of *cohort*, a row each: person id, index and end date, and *variables*. Individuals: they stay here.

        Raises
        ------
        PermitError
            If the permit does not allow rows.
        """
        self._require(Level.ROWS)
        self._write_down("people", None, cohort)
        return self._frame(cohort, tuple(variables), identified=True)

    def trace(self, table: str, key: str | int, *, site: str | None = None, source: Path | None = None) -> Trace:
        """Return where one row of a table comes from: file, row, the source's own words, and the rule that harmonised them.

        It speaks of one person: it stays here. Rows of people whom the study may not use cannot be traced.

        Parameters
        ----------
        table : str
            A table of people's records, or ``variant``.
        key : str or int
            The row's key, such as ``measurement_id``; parts of a key of several are joined by ``:``.
        site : str, optional
            The hospital; may be left out where only one has such a key.
        source : Path, optional
            The source file, or the folder that has it, to show its row as well.

        Raises
        ------
        PermitError
            If the permit does not allow rows.
        CatalogError
            If the study sees no such row, or *source* is not the file that was brought in.
        """
        self._require(Level.ROWS)
        found = traceable(table)
        modality = modality_of_table(found)
        if modality not in self.provenance.modalities:
            raise CatalogError(
                f"{table!r} holds {modality} data, which this study was not opened for: Study.open(…, modalities=[{modality!r}])."
            )
        self._write_down("trace", None)
        traced = trace_row(self._connection, found, str(key), site=site, allowed=POPULATION)
        return traced if source is None else replace(traced, original=original_record(traced, source))

    def account(self) -> dict[str, Any]:
        """Return what the study rests on, as plain data that name nobody: provenance, and digests of the data and the policy.

        A digest is None where fewer people stand behind it than may be counted: few rows could be guessed and tried.
        """
        p, policy = self.provenance, self._gate.policy
        return {
            "catalog": p.catalog,
            "snapshot": {"id": p.snapshot.snapshot_id, "time": p.snapshot.time.isoformat()},
            "data": self._data_digests(),
            "consent": {"epoch": p.consent_epoch, "left_out": self._left_out_digest()},
            "modalities": list(p.modalities),
            "permit": p.permit_id,
            "purpose": p.purpose,
            "policy": {"label": policy.label, "digest": policy.digest},
            "engine": p.engine,
            "seed": p.seed,
        }

    def _data_digests(self) -> dict[str, Any]:
        if self._content is None:
            self._content = content_digest(self._connection)
        groups = self._content.groups
        enough = {name: name == "vocabulary" or group.n_people >= self._gate.policy.k for name, group in groups.items()}
        return {
            "method": METHOD,
            "digest": self._content.whole if enough["clinical"] else None,
            "groups": {name: group.digest if enough[name] else None for name, group in groups.items()},
        }

    def _left_out_digest(self) -> str | None:
        """The digest of who is in the catalog and may not be studied: equal where consent leaves the same people out."""
        if self._content is None or self._content.groups["clinical"].n_people < self._gate.policy.k:
            return None
        left_out = f"(SELECT person_id, site FROM lake.main.person ANTI JOIN {POPULATION} USING (person_id, site))"
        types = {"person_id": "BIGINT", "site": "VARCHAR"}
        return salted_digest(self._connection, left_out, types, salt=self._content.secret, name="left out")

    def _write_down(
        self, asked: str, answer: Released | None, cohort: Cohort | None = None, *, analysis: str = ""
    ) -> None:
        if journal.is_listening():
            journal.write_down(journal.Question(self.account(), asked, analysis, cohort, answer))

    def _require(self, level: Level) -> None:
        """Refuse what the permit does not allow at this moment, and choose the people again if consents have changed."""
        if not self._standing.still_holds(newest_snapshot(self._connection)):
            self._follow()
        choose_permit(
            [self._permit],
            user=self._user,
            purpose=self.provenance.purpose,
            level=level,
            permit_id=self._permit.permit_id,
        )

    def _follow(self) -> None:
        """Take over what the newest snapshot says of permits, consents and withdrawals."""
        before = self._standing
        self._standing = Standing.read(
            self._catalog.address, purpose=self.provenance.purpose, modalities=self.provenance.modalities
        )
        mine = self._permit.permit_id
        self._permit = next((permit for permit in self._standing.permits if permit.permit_id == mine), self._permit)
        if self._standing.says_otherwise(before):
            self._choose_population()

    def _choose_population(self) -> None:
        """List the people whom consent or another legal basis lets this study use, and forget cohorts of other people."""
        self._cohorts.forget()
        choose_population(
            self._connection,
            self._standing,
            self._catalog.folder,
            modalities=self.provenance.modalities,
            buckets=int(self._settings["buckets"]),
        )
        rows = self._connection.execute(f"SELECT DISTINCT site, bucket FROM {POPULATION}").fetchall()
        self._units = tuple(sorted(Unit(site, bucket) for site, bucket in rows))
        self.provenance = replace(self.provenance, consent_epoch=self._standing.epoch)

    def _attrition(self, cohort: Cohort, *, yields: bool = True) -> Attrition:
        self._require(Level.DISCOVER)
        self._cohorts.check_modalities(cohort, allowed=self.provenance.modalities)
        compiled, name = self._cohorts.compile(cohort), self._cohorts.entered(cohort)
        everybody, allowed = (self._n(f"SELECT count(*) FROM {table}") for table in (EVERYBODY, POPULATION))
        kept = self._connection.execute(attrition_sql(compiled, name)).fetchall()[0]
        modalities = self._beside_clinical if yields else ()
        having = self._yields(compiled, name, modalities)
        first = allowed_in_words(self.provenance.purpose, self.provenance.modalities)
        labels = (first, *compiled.step_labels)
        counts = (everybody, allowed, *kept)
        certain = self._leaves_nobody_out()
        # The first two steps, consent and entry, ask for no genotype; each of the definition's own says whether it does.
        genotyped = [False, False, *accumulate((step_needs_genotype(s) for s in cohort.steps), func=or_)]
        keeps = [False, False, *map(step_keeps_the_genotyped, cohort.steps)]
        return Attrition(
            tuple(
                AttritionStep(
                    label,
                    before,
                    after,
                    cannot_exclude=certain and number == 0,
                    n_with=having[number],
                    all_have=frozenset({GENOMIC} if genotyped[number] else ()),
                    keeps_those_with=GENOMIC if keeps[number] else None,
                )
                for number, (label, before, after) in enumerate(zip(labels, counts, counts[1:], strict=False))
            ),
            modalities=modalities,
        )

    @property
    def _beside_clinical(self) -> tuple[str, ...]:
        return tuple(name for name in self.provenance.modalities if name != CLINICAL)

    def _yields(self, compiled: CompiledCohort, entered: str, modalities: tuple[str, ...]) -> list[tuple[int, ...]]:
        """How many of those left after each step, from the population on, have data of each of the *modalities*."""
        if not modalities:
            return [()] * (1 + len(compiled.step_labels))
        holdings = self._cohorts.holdings(modalities)
        sums = ", ".join(f"count(*) FILTER (with_{name})" for name in modalities)
        of_all = self._connection.execute(f"SELECT {sums} FROM {holdings}").fetchall()[0]
        of_steps = self._connection.execute(yield_sql(compiled, entered, holdings, modalities)).fetchall()[0]
        return [of_all, *(of_steps[at : at + len(modalities)] for at in range(0, len(of_steps), len(modalities)))]

    def _leaves_nobody_out(self) -> bool:
        """Whether no consent can leave anybody out: every ingest brought data of nobody real, or public ones, and no one objects."""
        free = {row[0] for row in self._connection.execute("SELECT legal_basis FROM lake.provenance.ingest").fetchall()}
        return free <= NO_CONSENT_NEEDED and not self._standing.statements.num_rows

    def _n(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchall()[0][0])

    def _frame(self, cohort: Cohort, variables: tuple[Variable, ...], *, identified: bool = False) -> pl.DataFrame:
        self._cohorts.check_modalities(cohort, variables, allowed=self.provenance.modalities)
        columns = [column for variable in variables for column in variable.columns]
        leading = ["person_id", "cohort_start_date", "cohort_end_date"] if identified else ["cw_site", "cw_bucket"]
        select = ", ".join(lake.quoted(column) for column in [*leading, *columns])
        # A fixed order of people: the last digits of a sum depend on it.
        table = self._connection.execute(
            f"SELECT {select} FROM {self._cohorts.members(cohort, variables)} ORDER BY cw_site, cw_bucket, person_id"
        ).to_arrow_table()
        frame = pl.from_arrow(table)
        if not isinstance(frame, pl.DataFrame):
            raise CatalogError("The cohort did not come back as a table.")
        return frame


class _StudyPeople:
    """The people of a cohort in the units of work that the catalog fixes; no ids among their columns."""

    def __init__(self, frame: pl.DataFrame, units: Sequence[Unit]) -> None:
        self.n = frame.height
        self._units = units
        self._empty = frame.clear().drop("cw_site", "cw_bucket")
        parts = frame.partition_by("cw_site", "cw_bucket", as_dict=True, include_key=False, maintain_order=True)
        self._frames = {Unit(str(site), int(bucket)): part for (site, bucket), part in parts.items()}

    def units(self) -> Sequence[Unit]:
        return self._units

    def frame(self, unit: Unit) -> pl.DataFrame:
        return self._frames.get(unit, self._empty)

"""The people of cohorts as temporary tables of one connection: a definition runs once, however much is asked of its people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cohorts.attrition import holdings_sql, members_where
from workbench.cohorts.compile import COHORT_COLUMNS, compile_cohort, compile_variables
from workbench.cohorts.errors import ModalityError
from workbench.cohorts.modalities import in_order, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from data_catalog.reader import Queries
    from workbench.cohorts.compile import CompiledCohort
    from workbench.cohorts.definition import Cohort
    from workbench.cohorts.variables import Variable


class CohortTables:
    """Makes the tables when they are first asked for, and keeps them.

    Parameters
    ----------
    connection : Reader, or another connection
        On which the catalog is attached and the tables are made.
    database, population : str
        As for :func:`workbench.cohorts.compile.compile_cohort`.
    """

    def __init__(self, connection: Queries, *, database: str, population: str) -> None:
        self._connection = connection
        self._database = database
        self._population = population
        self._made: dict[tuple[str, tuple[object, ...] | None], str] = {}
        self._n_made = 0

    def compile(self, cohort: Cohort, variables: tuple[Variable, ...] = ()) -> CompiledCohort:
        """Return the query of a definition; nothing runs."""
        return compile_cohort(cohort, variables, database=self._database, population=self._population)

    def check_modalities(
        self, cohort: Cohort, variables: tuple[Variable, ...] = (), *, allowed: Collection[str]
    ) -> None:
        """Refuse a definition or variables that read other sorts of data than those *allowed*; nothing runs.

        Raises
        ------
        ModalityError
            The message says what reads which data, and how to open a study that may.
        """
        read = self.compile(cohort, variables).modalities
        if read <= {*allowed}:
            return
        by_definition = self.compile(cohort).modalities - {*allowed}
        culprits = [f"the cohort {cohort.title!r}"] if by_definition else []
        culprits += [
            f"the variable {each.name!r}"
            for each in variables
            if self.compile(cohort, (each,)).modalities - by_definition - {*allowed}
        ]
        what = " and ".join(culprits)
        raise ModalityError(
            f"{what[0].upper()}{what[1:]} {'reads' if len(culprits) == 1 else 'read'} {listed(read - {*allowed})} data, but this study "
            f"was opened for {listed(allowed)} data. A study takes the people who allow all the sorts of data that it was opened "
            f"for, so it has to be opened for these too: Study.open(…, modalities={in_order({*allowed, *read})!r})."
        )

    def entered(self, cohort: Cohort) -> str:
        """Return the table of all who enter: ``COHORT_COLUMNS`` and ``passed_1`` … ``passed_n``."""
        key = (cohort.digest, None)
        if key not in self._made:
            compiled = self.compile(cohort)
            self._made[key] = self._make(compiled.sql, compiled.parameters)
        return self._made[key]

    def members(self, cohort: Cohort, variables: tuple[Variable, ...] = ()) -> str:
        """Return the table of those who stay to the end: ``COHORT_COLUMNS`` and the columns of *variables*."""
        key = (cohort.digest, variables)
        if key not in self._made:
            if variables:
                compiled = compile_variables(variables, members=self.members(cohort), database=self._database)
                self._made[key] = self._make(compiled.sql, compiled.parameters)
            else:
                columns, condition = ", ".join(COHORT_COLUMNS), members_where(self.compile(cohort))
                self._made[key] = self._make(f"SELECT {columns} FROM {self.entered(cohort)} WHERE {condition}", {})
        return self._made[key]

    def holdings(self, modalities: tuple[str, ...]) -> str:
        """Return the table that says of everybody in the population whether they have data of each modality."""
        key = ("holdings", modalities)
        if key not in self._made:
            self._made[key] = self._make(holdings_sql(self._population, modalities, database=self._database), {})
        return self._made[key]

    def forget(self) -> None:
        """Drop all tables."""
        for name in self._made.values():
            self._connection.execute(f"DROP TABLE {name}")
        self._made.clear()

    def _make(self, sql: str, parameters: Mapping[str, Any]) -> str:
        self._n_made += 1
        name = f"cohort_{self._n_made}"
        self._connection.execute(f"CREATE TEMP TABLE {name} AS {sql}", dict(parameters))
        return name

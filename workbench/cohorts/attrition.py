"""How many people each step of a definition keeps, counted in one pass over the rows that its query gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cohorts.sql import checked_relation

if TYPE_CHECKING:
    from workbench.cohorts.compile import CompiledCohort


def members_where(compiled: CompiledCohort) -> str:
    """Return the SQL condition that a row meets every criterion, for use after WHERE or FILTER."""
    return _passed(compiled, len(compiled.passed_columns))


def attrition_sql(compiled: CompiledCohort, relation: str) -> str:
    """Return a query that counts the people left after each step.

    Parameters
    ----------
    compiled : CompiledCohort
        The definition.
    relation : str
        Where the rows of its query are: a table or view.

    Returns
    -------
    str
        A SELECT that gives one row with as many counts as ``compiled.step_labels`` has labels, in their order: people
        who entered, then those of them who passed the first criterion, then the first two, and so on. It takes no
        parameters. The columns are called ``n_0``, ``n_1``, …

    Raises
    ------
    DefinitionError
        If *relation* is no plain name.
    """
    checked_relation(relation, "The relation with the cohort's rows")
    counts = ", ".join(f"count(*) FILTER ({_passed(compiled, n)}) AS n_{n}" for n in range(len(compiled.step_labels)))
    return f"SELECT {counts} FROM {relation}"


def _passed(compiled: CompiledCohort, n: int) -> str:
    return " AND ".join(compiled.passed_columns[:n]) or "TRUE"

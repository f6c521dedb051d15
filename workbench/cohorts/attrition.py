"""How many people each step of a definition keeps, and how many of them have an ECG, images or a genome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cohorts.modalities import GENOMIC, IMAGING, WAVEFORM
from workbench.cohorts.sql import checked_relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.cohorts.compile import CompiledCohort


def members_where(compiled: CompiledCohort) -> str:
    """Return the SQL condition that a row meets every criterion, for use after WHERE or FILTER."""
    return _passed(compiled, len(compiled.passed_columns))


# Where somebody's data of a modality are, whatever was measured in them.
_HELD_IN = {WAVEFORM: "main.waveform_occurrence", IMAGING: "main.image_occurrence", GENOMIC: "genomics.sample"}


def holdings_sql(population: str, modalities: Sequence[str], *, database: str = "lake") -> str:
    """Return a query that says of everybody in *population* whether they have data of each modality.

    Parameters
    ----------
    population, database : str
        As for :func:`workbench.cohorts.compile.compile_cohort`.
    modalities : sequence of {"waveform", "imaging", "genomic"}
        Which to look for.

    Returns
    -------
    str
        A SELECT of ``person_id``, ``site`` and a yes or no ``with_<modality>`` each; one row a person.

    Raises
    ------
    DefinitionError
        If a relation's name is no plain name.
    """
    checked_relation(population, "The population")
    checked_relation(database, "The database")
    columns = "".join(f", {name}.person_id IS NOT NULL AS with_{name}" for name in modalities)
    joins = "".join(
        f"\nLEFT JOIN (SELECT DISTINCT person_id, site FROM {database}.{_HELD_IN[name]}) {name} "
        f"ON {name}.person_id = p.person_id AND {name}.site = p.site"
        for name in modalities
    )
    return f"SELECT p.person_id, p.site{columns} FROM {population} p{joins}"


def yield_sql(compiled: CompiledCohort, relation: str, holdings: str, modalities: Sequence[str]) -> str:
    """Return a query that counts the people left after each step who have data of each modality.

    Parameters
    ----------
    compiled : CompiledCohort
        The definition.
    relation : str
        Where the rows of its query are.
    holdings : str
        Where the rows of :func:`holdings_sql` are.
    modalities : sequence of str
        Which of its columns to count.

    Returns
    -------
    str
        A SELECT that gives one row: the counts after entry in the order of *modalities*, then those after the first criterion, and
        so on.

    Raises
    ------
    DefinitionError
        If a relation's name is no plain name.
    """
    checked_relation(relation, "The relation with the cohort's rows")
    checked_relation(holdings, "The relation with what people have")
    counts = ", ".join(
        f"count(*) FILTER ({_passed(compiled, n)} AND with_{name})"
        for n in range(len(compiled.step_labels))
        for name in modalities
    )
    return f"SELECT {counts} FROM {relation} r JOIN {holdings} h ON h.person_id = r.person_id AND h.site = r.cw_site"


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

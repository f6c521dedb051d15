"""From a definition to one DuckDB query: a row for each person who enters, with what every criterion and variable says.

The query is made of named parts, in this order: the concepts that the codelists mean at each site, the rows of each event
table that have one of them (each table is read once), a part for each kind of event, the entry with its
dates, the facts that the definition asks of each kind of event, and the row of a person made of those facts.
Everything is decided person by person, so the query gives the same rows for any partition of the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.cohorts.criteria_sql import met_sql, value_sql
from workbench.cohorts.definition import Cohort
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.exits import AtFirst, DaysAfterEntry, parts_of
from workbench.cohorts.outcomes import TimeTo
from workbench.cohorts.plan import Plan
from workbench.cohorts.readings import Measure
from workbench.cohorts.selection import Events
from workbench.cohorts.sql import checked_relation, cte, quoted
from workbench.cohorts.variables import Variable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.cohorts.definition import Step
    from workbench.cohorts.exits import Exit
    from workbench.cohorts.selection import SelectedEvent, SelectedReading

# What tells the units of work apart has the query's own prefix, so that a variable may be called "site".
COHORT_COLUMNS = ("person_id", "cw_site", "cw_bucket", "cohort_start_date", "cohort_end_date")


@dataclass(frozen=True)
class CompiledCohort:
    """A definition as a query.

    Parameters
    ----------
    sql : str
        A single SELECT for DuckDB. One row for each person who enters, in no particular order: ``person_id``, ``cw_site``,
        ``cw_bucket``, ``cohort_start_date``, ``cohort_end_date``, ``passed_1`` … ``passed_n`` (whether the person stays, by each
        criterion alone; never null) and the columns of the variables (null if missing).
    parameters : mapping of str to value
        What the query's placeholders stand for.
    step_labels : tuple of str
        The entry event's label, then one for each ``passed_``.
    variables : tuple of Variable
        In the order of their columns.
    modalities : frozenset of str
        The sorts of data that the query reads: "clinical" always, "waveform", "imaging", "genomic".
    """

    sql: str
    parameters: Mapping[str, Any]
    step_labels: tuple[str, ...]
    variables: tuple[Variable, ...]
    modalities: frozenset[str]

    @property
    def passed_columns(self) -> tuple[str, ...]:
        """``passed_1`` … ``passed_n``."""
        return tuple(f"passed_{n}" for n in range(1, len(self.step_labels)))


def compile_cohort(
    definition: Cohort,
    variables: Sequence[Variable] = (),
    *,
    database: str = "lake",
    population: str = "population",
) -> CompiledCohort:
    """Compile a definition, and the variables wanted of its people, to one query.

    Parameters
    ----------
    definition : Cohort
        Who enters, who stays, until when.
    variables : sequence of Variable
        What to find of each person.
    database : str
        The attached database whose schema ``main`` has the tables of the data model.
    population : str
        A relation ``(person_id BIGINT, site VARCHAR, bucket INTEGER)`` of the people who may be used, one row each.

    Raises
    ------
    DefinitionError
        If two variables have the same column, a column is one of the cohort's own, or a relation's name is no plain name.
    """
    if not isinstance(definition, Cohort):
        raise DefinitionError(f"compile_cohort() takes a definition made with Cohort.entry(…), not {definition!r}.")
    variables = tuple(variables)
    checked_relation(population, "The population")
    plan = Plan(checked_relation(database, "The database"), population)
    _check_columns(variables, n_steps=len(definition.steps))

    entry = _entry(definition, plan)
    end_date = _end_date(definition.exit_rule, plan)
    passed = [f"{_stays(step, plan)} AS passed_{n}" for n, step in enumerate(definition.steps, start=1)]
    columns = [*_own_columns(end_date), *passed, *_value_columns(variables, end_date, plan)]
    sql = _query([*plan.event_parts(), *entry, *plan.fact_parts()], columns, plan)
    return CompiledCohort(sql, plan.parameters.values, definition.step_labels, variables, plan.modalities)


def compile_variables(variables: Sequence[Variable], *, members: str, database: str = "lake") -> CompiledCohort:
    """Compile the variables wanted of people whose entry and end are known, so that a definition need not run again.

    Parameters
    ----------
    variables : sequence of Variable
        What to find of each person.
    members : str
        A relation with the columns ``person_id``, ``cw_site``, ``cw_bucket``, ``cohort_start_date`` and ``cohort_end_date``.
    database : str
        The attached database whose schema ``main`` has the tables of the data model.

    Returns
    -------
    CompiledCohort
        With a row for each member and no steps.

    Raises
    ------
    DefinitionError
        If two variables have the same column, a column is one of the cohort's own, or a relation's name is no plain name.
    """
    variables = tuple(variables)
    plan = Plan(checked_relation(database, "The database"), "cw_entry")
    _check_columns(variables, n_steps=0)
    known = "SELECT person_id, cw_site AS site, cw_bucket AS bucket, cohort_start_date, cohort_end_date"
    entry = cte("cw_entry", [known, f"FROM {checked_relation(members, 'The members')}"])
    end_date = "cw_entry.cohort_end_date"
    columns = [*_own_columns(end_date), *_value_columns(variables, end_date, plan)]
    sql = _query([entry, *plan.event_parts(), *plan.fact_parts()], columns, plan)
    return CompiledCohort(sql, plan.parameters.values, (), variables, plan.modalities)


def _query(parts: Sequence[str], columns: Sequence[str], plan: Plan) -> str:
    relations, listed = ",\n".join(parts), ",\n".join(f"    {column}" for column in columns)
    return f"WITH\n{relations}\nSELECT\n{listed}\nFROM cw_entry{plan.joins()}"


def _own_columns(end_date: str) -> list[str]:
    return [
        "cw_entry.person_id",
        "cw_entry.site AS cw_site",
        "cw_entry.bucket AS cw_bucket",
        "cw_entry.cohort_start_date",
        f"{end_date} AS cohort_end_date",
    ]


def _check_columns(variables: Sequence[Variable], *, n_steps: int) -> None:
    taken = {*COHORT_COLUMNS, *(f"passed_{n}" for n in range(1, n_steps + 1))}
    for variable in variables:
        if not isinstance(variable, Variable):
            raise DefinitionError(
                f"{variable!r} is not a variable. Name it: variable('age_years', age_years()) or age_years().named('age_years')."
            )
        for column in variable.columns:
            if column in taken:
                raise DefinitionError(
                    f"The column {column!r} of variable {variable.name!r} is taken: the cohort has it already, or another "
                    "variable does. Give the variable another name."
                )
            taken.add(column)


def _entry(definition: Cohort, plan: Plan) -> list[str]:
    """Who enters and when: the earliest event that lies in an observation period with enough of it before."""
    event = definition.entry_event
    prior = plan.parameters.bind(event.prior_observation_days)
    return [
        cte("cw_candidates", _candidates(event.events, plan)),
        cte(
            "cw_qualifying",
            [
                "SELECT p.person_id, p.site, p.bucket, c.event_date, max(o.observation_period_end_date) AS period_end_date",
                "FROM cw_candidates c",
                f"JOIN {plan.population} p ON p.person_id = c.person_id AND p.site = c.site",
                f"JOIN {plan.table('observation_period')} o ON o.person_id = c.person_id AND o.site = c.site",
                f"WHERE c.event_date >= o.observation_period_start_date + {prior}::INTEGER",
                "  AND c.event_date <= o.observation_period_end_date",
                "GROUP BY p.person_id, p.site, p.bucket, c.event_date",
            ],
        ),
        cte(
            "cw_index",
            [
                "SELECT person_id, site, bucket, min(event_date) AS index_date,",
                "       arg_min(period_end_date, event_date) AS period_end_date",
                "FROM cw_qualifying GROUP BY person_id, site, bucket",
            ],
        ),
        cte(
            "cw_entry",
            [
                "SELECT person_id, site, bucket, index_date AS cohort_start_date,",
                f"       {_latest_end_date(definition.exit_rule, plan)} AS cohort_end_date",
                "FROM cw_index",
            ],
            materialized=True,
        ),
    ]


def _candidates(events: Events | SelectedEvent | SelectedReading, plan: Plan) -> list[str]:
    """The days of the events that may make a person enter; of events on one day it does not matter which is taken."""
    if isinstance(events, Events):
        return [f"SELECT person_id, site, event_date FROM {plan.read(events)}"]
    day = "max(event_date)" if events.pick == "last" else "min(event_date)"
    if isinstance(events.events, Measure) and events.events.methods:
        sign = -1 if events.pick == "last" else 1
        day = f"arg_min(event_date, (method_rank, {sign} * (event_date - DATE '2000-01-01')))"
    return [f"SELECT person_id, site, {day} AS event_date FROM {plan.read(events.events)} GROUP BY person_id, site"]


def _latest_end_date(rule: Exit, plan: Plan) -> str:
    """The end of follow-up as far as it is known before any event after the index date is looked at."""
    limits = [part.days for part in parts_of(rule) if isinstance(part, DaysAfterEntry)]
    if not limits:
        return "period_end_date"
    return f"least(period_end_date, index_date + {plan.parameters.bind(min(limits))}::INTEGER)"


def _end_date(rule: Exit, plan: Plan) -> str:
    """The end of follow-up of a row of ``cw_entry``: that date, or an earlier event that ends it."""
    ends = ["cw_entry.cohort_end_date"]
    for part in parts_of(rule):
        if isinstance(part, AtFirst):
            first_day = _first_day(part.events, part.from_day, plan)
            ends.append(
                f"cw_entry.cohort_start_date + CAST({first_day} AS INTEGER)"
            )  # null without such an event: passed over
    return ends[0] if len(ends) == 1 else f"least({', '.join(ends)})"


def _first_day(events: Events, from_day: int, plan: Plan) -> str:
    return plan.fact(events, f"min(day) FILTER (day >= {plan.parameters.bind(from_day)})")


def _stays(step: Step, plan: Plan) -> str:
    met = met_sql(step.criterion, plan)
    return f"NOT ({met})" if step.action == "exclude" else f"({met})"


def _value_columns(variables: Sequence[Variable], end_date: str, plan: Plan) -> list[str]:
    return [column for wanted in variables for column in _columns_of(wanted, end_date, plan)]


def _columns_of(wanted: Variable, end_date: str, plan: Plan) -> list[str]:
    expression = wanted.expression
    if isinstance(expression, TimeTo):
        return _follow_up(wanted, expression, end_date, plan)
    value = value_sql(expression, plan)
    typed = f"CAST({value} AS DOUBLE)" if wanted.kind == "number" else value
    return [f"{typed} AS {quoted(wanted.name)}"]


def _follow_up(wanted: Variable, expression: TimeTo, end_date: str, plan: Plan) -> list[str]:
    first_day = _first_day(expression.events, expression.from_day, plan)
    followed = f"({end_date} - cw_entry.cohort_start_date)"
    days, event = (quoted(column) for column in wanted.columns)
    return [
        f"CAST(least(coalesce({first_day}, {followed}), {followed}) AS DOUBLE) AS {days}",
        f"coalesce({first_day} <= {followed}, FALSE) AS {event}",
    ]

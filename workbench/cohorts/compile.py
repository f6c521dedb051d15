"""From a definition to one DuckDB query: a row for each person who enters, with what every criterion and variable says.

The query is made of named parts, in this order: the concepts that the codelists mean at each site, the rows of each event
table that have one of them (each table is read once), a part for each kind of event, the entry with its
dates, the facts that the definition asks of each kind of event, and the row of a person made of those facts.
Everything is decided person by person, so the query gives the same rows for any partition of the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.cohorts.criteria_sql import value_sql
from workbench.cohorts.definition import Cohort, DaysAfterEntry
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.outcomes import TimeTo
from workbench.cohorts.plan import Plan
from workbench.cohorts.selection import Events
from workbench.cohorts.sql import checked_relation, cte, quoted
from workbench.cohorts.variables import Variable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.cohorts.definition import Exit, Step
    from workbench.cohorts.selection import SelectedEvent, SelectedReading

COHORT_COLUMNS = ("person_id", "site", "bucket", "cohort_start_date", "cohort_end_date")


@dataclass(frozen=True)
class CompiledCohort:
    """A definition as a query.

    Parameters
    ----------
    sql : str
        A single SELECT for DuckDB. One row for each person who enters, in no particular order: ``person_id``, ``site``, ``bucket``,
        ``cohort_start_date``, ``cohort_end_date``, ``passed_1`` … ``passed_n`` (whether the person stays, by each criterion
        alone; never null) and the columns of the variables (null if missing).
    parameters : mapping of str to value
        What the query's placeholders stand for.
    step_labels : tuple of str
        The entry event's label, then one for each ``passed_``.
    variables : tuple of Variable
        In the order of their columns.
    """

    sql: str
    parameters: Mapping[str, Any]
    step_labels: tuple[str, ...]
    variables: tuple[Variable, ...]

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
    columns = [f"cw_entry.{name}" for name in COHORT_COLUMNS]
    columns += [f"{_stays(step, plan)} AS passed_{n}" for n, step in enumerate(definition.steps, start=1)]
    columns += [column for wanted in variables for column in _variable_columns(wanted, plan)]
    select = ",\n".join(f"    {column}" for column in columns)
    parts = ",\n".join([*plan.event_parts(), *entry, *plan.fact_parts()])
    sql = f"WITH\n{parts}\nSELECT\n{select}\nFROM cw_entry{plan.joins()}"
    return CompiledCohort(sql, plan.parameters.values, definition.step_labels, variables)


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
                f"       {_end_date(definition.exit_rule, plan)} AS cohort_end_date",
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
    return [f"SELECT person_id, site, {day} AS event_date FROM {plan.read(events.events)} GROUP BY person_id, site"]


def _end_date(rule: Exit, plan: Plan) -> str:
    if isinstance(rule, DaysAfterEntry):
        return f"least(period_end_date, index_date + {plan.parameters.bind(rule.days)}::INTEGER)"
    return "period_end_date"


def _stays(step: Step, plan: Plan) -> str:
    met = value_sql(step.criterion, plan)
    return f"NOT ({met})" if step.action == "exclude" else f"({met})"


def _variable_columns(wanted: Variable, plan: Plan) -> list[str]:
    expression = wanted.expression
    if isinstance(expression, TimeTo):
        return _follow_up(wanted, expression, plan)
    value = value_sql(expression, plan)
    typed = f"CAST({value} AS DOUBLE)" if wanted.kind == "number" else value
    return [f"{typed} AS {quoted(wanted.name)}"]


def _follow_up(wanted: Variable, expression: TimeTo, plan: Plan) -> list[str]:
    first_day = plan.fact(expression.events, f"min(day) FILTER (day >= {plan.parameters.bind(expression.from_day)})")
    followed = "(cw_entry.cohort_end_date - cw_entry.cohort_start_date)"
    days, event = (quoted(column) for column in wanted.columns)
    return [
        f"CAST(least(coalesce({first_day}, {followed}), {followed}) AS DOUBLE) AS {days}",
        f"coalesce({first_day} <= {followed}, FALSE) AS {event}",
    ]

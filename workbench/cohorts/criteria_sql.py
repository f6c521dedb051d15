"""Expressions as SQL over one row a person. Criteria are never null there; numbers and categories are null if missing."""

from __future__ import annotations

from functools import singledispatch

from workbench.cohorts.demographics import SEX_CONCEPTS, AgeYears, Sex
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.expressions import AllOf, AnyOf, Between, Compare, IsIn, Not
from workbench.cohorts.plan import Plan
from workbench.cohorts.selection import Events, SelectedReading, Within
from workbench.cohorts.windows import Window  # noqa: TC001

_SQL_OPERATORS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "=", "!=": "<>"}
# The smallest of these is the event taken; the event's id settles ties.
_ORDER = {"first": "(day, event_id)", "last": "(-day, event_id)", "nearest": "(abs(day), day, event_id)"}
_DAY_TAKEN = {"first": "min(day)", "last": "max(day)", "nearest": "arg_min(day, (abs(day), day))"}


@singledispatch
def value_sql(expression: object, plan: Plan) -> str:  # noqa: ARG001 - the plan is for those that are known
    """Return SQL for the value of *expression* and add what it reads to *plan*.

    Raises
    ------
    DefinitionError
        If it is not an expression of a definition.
    """
    raise DefinitionError(f"{expression!r} has no value for a person that a query could find.")


@value_sql.register
def _within(criterion: Within, plan: Plan) -> str:
    if isinstance(criterion.events, Events):
        found = plan.fact(criterion.events, f"bool_or({_in_window('day', criterion.window, plan)})")
        return f"coalesce({found}, FALSE)"
    chosen = criterion.events
    day = plan.fact(chosen.events, f"{_DAY_TAKEN[chosen.pick]}{_filter(chosen.window, plan)}")
    return f"coalesce({day} IS NOT NULL AND {_in_window(day, criterion.window, plan)}, FALSE)"


@value_sql.register
def _reading(reading: SelectedReading, plan: Plan) -> str:
    return plan.fact(reading.events, f"arg_min(value, {_ORDER[reading.pick]}){_filter(reading.window, plan)}")


@value_sql.register
def _age(age: AgeYears, plan: Plan) -> str:  # noqa: ARG001
    year, month, day = (plan.person(f"{part}_of_birth") for part in ("year", "month", "day"))
    index = "cw_entry.cohort_start_date"
    # An unknown month or day makes the comparison null, and the birthday counts as past.
    before_birthday = f"coalesce(month({index}) * 100 + day({index}) < {month} * 100 + {day}, FALSE)"
    return f"(year({index}) - {year} - CAST({before_birthday} AS INTEGER))"


@value_sql.register
def _sex(sex: Sex, plan: Plan) -> str:  # noqa: ARG001
    bind = plan.parameters.bind
    cases = " ".join(f"WHEN {bind(concept)} THEN {bind(level)}" for level, concept in SEX_CONCEPTS.items())
    return f"(CASE {plan.person('gender_concept_id')} {cases} END)"


@value_sql.register
def _compare(criterion: Compare, plan: Plan) -> str:
    limit = plan.parameters.bind(criterion.limit)
    value = value_sql(criterion.value, plan)
    return f"coalesce({value} {_SQL_OPERATORS[criterion.operator]} {limit}, FALSE)"


@value_sql.register
def _between(criterion: Between, plan: Plan) -> str:
    low, high = (plan.parameters.bind(limit) for limit in (criterion.low, criterion.high))
    return f"coalesce({value_sql(criterion.value, plan)} BETWEEN {low} AND {high}, FALSE)"


@value_sql.register
def _is_in(criterion: IsIn, plan: Plan) -> str:
    levels = ", ".join(plan.parameters.bind(level) for level in criterion.among)
    return f"coalesce({value_sql(criterion.value, plan)} IN ({levels}), FALSE)"


@value_sql.register
def _all_of(criterion: AllOf, plan: Plan) -> str:
    return " AND ".join(f"({value_sql(part, plan)})" for part in criterion.criteria)


@value_sql.register
def _any_of(criterion: AnyOf, plan: Plan) -> str:
    return " OR ".join(f"({value_sql(part, plan)})" for part in criterion.criteria)


@value_sql.register
def _not(criterion: Not, plan: Plan) -> str:
    return f"NOT ({value_sql(criterion.criterion, plan)})"


def _in_window(day: str, window: Window, plan: Plan) -> str:
    bounds = [
        f"{day} {sign} {plan.parameters.bind(limit)}"
        for sign, limit in ((">=", window.from_day), ("<=", window.to_day))
        if limit is not None
    ]
    return " AND ".join(bounds) or "TRUE"


def _filter(window: Window | None, plan: Plan) -> str:
    return "" if window is None else f" FILTER ({_in_window('day', window, plan)})"

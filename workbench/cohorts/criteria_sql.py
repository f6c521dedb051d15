"""Expressions as SQL over one row a person.

What is missing is null. A criterion that decides who stays has two answers: a comparison with a missing value is not met, at
that very comparison, so that its negation is. As a variable the same criterion has three: what a missing value
leaves open is null, by Kleene's rules, which are SQL's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from workbench.cohorts.demographics import SEX_CONCEPTS, AgeYears, Sex, Site
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.event_values import Count, DaysFromIndex, ReadingMethod
from workbench.cohorts.expressions import AllOf, AnyOf, AtLeast, Between, Compare, IsIn, Not
from workbench.cohorts.genotypes import AlleleCount, Carrier, Genotyped
from workbench.cohorts.readings import Measure
from workbench.cohorts.selection import Events, SelectedEvent, SelectedReading, Within

if TYPE_CHECKING:
    from workbench.cohorts.expressions import Criterion, Expression
    from workbench.cohorts.plan import Plan
    from workbench.cohorts.windows import Window

_SQL_OPERATORS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "=", "!=": "<>"}
# The smallest of these is the event taken; the event's id settles ties.
_ORDER = {"first": "day", "last": "-day", "nearest": "abs(day), day"}
_DAY_TAKEN = {"first": "min(day)", "last": "max(day)", "nearest": "arg_min(day, (abs(day), day))"}


def met_sql(criterion: Criterion, plan: Plan) -> str:
    """Return SQL for whether *criterion* is met: true or false, never null. What it reads is added to *plan*.

    Raises
    ------
    DefinitionError
        If it is not an expression of a definition.
    """
    return _sql(criterion, _Asked(plan, two_valued=True))


def value_sql(expression: Expression, plan: Plan) -> str:
    """Return SQL for the value of *expression*, null if missing; of a criterion too. What it reads is added to *plan*.

    Raises
    ------
    DefinitionError
        If it is not an expression of a definition.
    """
    return _sql(expression, _Asked(plan, two_valued=False))


@dataclass(frozen=True)
class _Asked:
    """For which query, and whether a missing value makes a criterion false or leaves it open."""

    plan: Plan
    two_valued: bool

    def bind(self, value: str | float) -> str:
        return self.plan.parameters.bind(value)

    def settle(self, condition: str) -> str:
        """Return a condition that may be null as this question wants it."""
        return f"coalesce({condition}, FALSE)" if self.two_valued else f"({condition})"


@singledispatch
def _sql(expression: object, asked: _Asked) -> str:  # noqa: ARG001 - it is for those that are known
    raise DefinitionError(f"{expression!r} has no value for a person that a query could find.")


@_sql.register
def _within(criterion: Within, asked: _Asked) -> str:
    if isinstance(criterion.events, Events):
        found = asked.plan.fact(criterion.events, f"bool_or({_in_window('day', criterion.window, asked)})")
        return f"coalesce({found}, FALSE)"
    day = _day_of_the_chosen(criterion.events, asked)
    return f"coalesce({day} IS NOT NULL AND {_in_window(day, criterion.window, asked)}, FALSE)"


@_sql.register
def _reading(reading: SelectedReading, asked: _Asked) -> str:
    return _of_the_chosen(reading, "value", asked)


@_sql.register
def _count(count: Count, asked: _Asked) -> str:
    return f"coalesce({asked.plan.fact(count.events, f'count(DISTINCT day){_filter(count.window, asked)}')}, 0)"


@_sql.register
def _days_from_index(distance: DaysFromIndex, asked: _Asked) -> str:
    return _day_of_the_chosen(distance.chosen, asked)


@_sql.register
def _method(method: ReadingMethod, asked: _Asked) -> str:
    rank = _of_the_chosen(method.reading, "method_rank", asked)
    cases = " ".join(f"WHEN {n} THEN {asked.bind(level)}" for n, level in enumerate(method.levels))
    return f"(CASE {rank} {cases} END)"


@_sql.register
def _age(age: AgeYears, asked: _Asked) -> str:  # noqa: ARG001
    year, month, day = (asked.plan.person(f"{part}_of_birth") for part in ("year", "month", "day"))
    index = "cw_entry.cohort_start_date"
    # An unknown month or day makes the comparison null, and the birthday counts as past.
    before_birthday = f"coalesce(month({index}) * 100 + day({index}) < {month} * 100 + {day}, FALSE)"
    return f"(year({index}) - {year} - CAST({before_birthday} AS INTEGER))"


@_sql.register
def _sex(sex: Sex, asked: _Asked) -> str:  # noqa: ARG001
    cases = " ".join(f"WHEN {asked.bind(concept)} THEN {asked.bind(level)}" for level, concept in SEX_CONCEPTS.items())
    return f"(CASE {asked.plan.person('gender_concept_id')} {cases} END)"


@_sql.register
def _site(site: Site, asked: _Asked) -> str:
    return f"(CASE WHEN cw_entry.site IN ({_listed(site.names, asked)}) THEN cw_entry.site END)"


@_sql.register
def _carrier(criterion: Carrier, asked: _Asked) -> str:
    carried = f"coalesce({asked.plan.genotypes.copies_carried(criterion)} >= {criterion.min_copies}, FALSE)"
    if asked.two_valued:
        return carried
    return f"(CASE WHEN {asked.plan.genotypes.is_genotyped()} THEN {carried} END)"


@_sql.register
def _genotyped(criterion: Genotyped, asked: _Asked) -> str:  # noqa: ARG001
    return f"({asked.plan.genotypes.is_genotyped()})"


@_sql.register
def _allele_count(count: AlleleCount, asked: _Asked) -> str:
    return asked.plan.genotypes.copies_of(count)


@_sql.register
def _compare(criterion: Compare, asked: _Asked) -> str:
    limit = asked.bind(criterion.limit)
    return asked.settle(f"{_sql(criterion.value, asked)} {_SQL_OPERATORS[criterion.operator]} {limit}")


@_sql.register
def _between(criterion: Between, asked: _Asked) -> str:
    low, high = asked.bind(criterion.low), asked.bind(criterion.high)
    return asked.settle(f"{_sql(criterion.value, asked)} BETWEEN {low} AND {high}")


@_sql.register
def _is_in(criterion: IsIn, asked: _Asked) -> str:
    return asked.settle(f"{_sql(criterion.value, asked)} IN ({_listed(criterion.among, asked)})")


@_sql.register
def _all_of(criterion: AllOf, asked: _Asked) -> str:
    return " AND ".join(f"({_sql(part, asked)})" for part in criterion.criteria)


@_sql.register
def _any_of(criterion: AnyOf, asked: _Asked) -> str:
    return " OR ".join(f"({_sql(part, asked)})" for part in criterion.criteria)


@_sql.register
def _at_least(criterion: AtLeast, asked: _Asked) -> str:
    parts = [_sql(part, asked) for part in criterion.criteria]
    met, possibly_met = (
        " + ".join(f"CAST(coalesce({part}, {missing}) AS INTEGER)" for part in parts) for missing in ("FALSE", "TRUE")
    )
    enough = f"{met} >= {criterion.n}"
    return (
        enough
        if asked.two_valued
        else f"CASE WHEN {enough} THEN TRUE WHEN {possibly_met} < {criterion.n} THEN FALSE END"
    )


@_sql.register
def _not(criterion: Not, asked: _Asked) -> str:
    return f"NOT ({_sql(criterion.criterion, asked)})"


def _of_the_chosen(chosen: SelectedEvent | SelectedReading, column: str, asked: _Asked) -> str:
    """A column of the one event that is chosen; null if there is none."""
    return asked.plan.fact(chosen.events, f"arg_min({column}, ({_order(chosen)})){_filter(chosen.window, asked)}")


def _day_of_the_chosen(chosen: SelectedEvent | SelectedReading, asked: _Asked) -> str:
    if isinstance(chosen.events, Measure) and chosen.events.methods:
        return _of_the_chosen(chosen, "day", asked)
    # Which of the events of one day it is does not matter for the day, and a plain minimum is quicker.
    return asked.plan.fact(chosen.events, f"{_DAY_TAKEN[chosen.pick]}{_filter(chosen.window, asked)}")


def _order(chosen: SelectedEvent | SelectedReading) -> str:
    keys = [_ORDER[chosen.pick], "event_id"]
    if isinstance(chosen.events, Measure) and chosen.events.ranked_methods:
        # Methods that were asked for go before the day; the registry's preference only settles which of one day it is.
        keys.insert(0 if chosen.events.methods else 1, "method_rank")
    return ", ".join(keys)


def _listed(words: tuple[str, ...], asked: _Asked) -> str:
    return ", ".join(asked.bind(word) for word in words)


def _in_window(day: str, window: Window, asked: _Asked) -> str:
    bounds = [
        f"{day} {sign} {asked.bind(limit)}"
        for sign, limit in ((">=", window.from_day), ("<=", window.to_day))
        if limit is not None
    ]
    return " AND ".join(bounds) or "TRUE"


def _filter(window: Window | None, asked: _Asked) -> str:
    return "" if window is None else f" FILTER ({_in_window('day', window, asked)})"

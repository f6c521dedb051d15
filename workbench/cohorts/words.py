"""The parts of a definition in words, as they stand in the sentences of a protocol."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import TYPE_CHECKING

from data_catalog.model.measures import METHODS
from workbench.cohorts.demographics import AgeYears, Sex, Site
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.event_values import Count, DaysFromIndex, ReadingMethod
from workbench.cohorts.events import Death, Diagnosis, Drug, Observation, Procedure, Visit
from workbench.cohorts.expressions import AllOf, AnyOf, AtLeast, Between, Compare, IsIn, Not
from workbench.cohorts.genotypes import AlleleCount, Carrier, Genotyped
from workbench.cohorts.readings import Measure
from workbench.cohorts.selection import SelectedEvent, SelectedReading, Within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.cohorts.codelists import Codelist
    from workbench.cohorts.expressions import Number
    from workbench.cohorts.windows import Window

_COMPARED = {
    "<": "below",
    "<=": "of at most",
    ">": "above",
    ">=": "of at least",
    "==": "of exactly",
    "!=": "other than",
}
_COUNTED = {
    "<": "fewer than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
    "==": "exactly",
    "!=": "a number other than",
}
# The first and the last day that a limit on days leaves.
_DAYS_MEANT: dict[str, Callable[[float], tuple[int | None, int | None]]] = {
    "<": lambda limit: (None, math.ceil(limit) - 1),
    "<=": lambda limit: (None, math.floor(limit)),
    ">": lambda limit: (math.floor(limit) + 1, None),
    ">=": lambda limit: (math.ceil(limit), None),
    "==": lambda limit: (math.ceil(limit), math.floor(limit)),
    "!=": lambda limit: (math.ceil(limit), math.floor(limit)),
}
_KINDS: dict[type, str] = {
    Diagnosis: "a diagnosis of",
    Drug: "an exposure to a drug of the kind",
    Procedure: "a procedure of the kind",
    Observation: "a record of",
    Visit: "a visit of the kind",
}


@singledispatch
def in_words(part: object) -> str:
    """Return a part of a definition as it stands in a sentence.

    Raises
    ------
    DefinitionError
        If it has no words.
    """
    raise DefinitionError(f"{part!r} has no words in a protocol.")


@in_words.register(Diagnosis)
@in_words.register(Drug)
@in_words.register(Procedure)
@in_words.register(Observation)
@in_words.register(Visit)
def _coded(events: Diagnosis | Drug | Procedure | Observation | Visit) -> str:
    return f"{_KINDS[type(events)]} {_named(events.codes)}"


@in_words.register(Death)
def _death(_events: Death) -> str:
    return "death"


@in_words.register(Measure)
def _measure(events: Measure) -> str:
    methods = [METHODS[method].label for method in events.methods]
    by = f" by {' or else '.join(methods)}" if methods else ""
    implausible = ", implausible or not," if events.with_implausible else ""
    return f"a reading{implausible} of {_small(events.definition.label)}{by}"


@in_words.register(SelectedEvent)
@in_words.register(SelectedReading)
def _selected(chosen: SelectedEvent | SelectedReading) -> str:
    return f"the {chosen.pick} {without_article(chosen.events)}{when(chosen.window)}"


@in_words.register(Within)
def _within(criterion: Within) -> str:
    return f"{in_words(criterion.events)}{when(criterion.window)}"


@in_words.register(AgeYears)
def _age(_age: AgeYears) -> str:
    return "age"


@in_words.register(Sex)
def _sex(_sex: Sex) -> str:
    return "sex"


@in_words.register(Site)
def _site(_site: Site) -> str:
    return "hospital"


@in_words.register(ReadingMethod)
def _method(method: ReadingMethod) -> str:
    return f"the method of {in_words(method.reading)}"


@in_words.register(Carrier)
def _carrier(criterion: Carrier) -> str:
    copies = "two alternate alleles" if criterion.min_copies == 2 else "at least one alternate allele"
    asked = []
    if criterion.consequence:
        asked.append(f"is annotated as {joined([_plain(term) for term in criterion.consequence], ' or')}")
    if criterion.max_population_frequency is not None:
        share = f"{criterion.max_population_frequency:.10g}"
        asked.append(f"has a population frequency of at most {share} or none known")
    if criterion.clinical_significance:
        asked.append(f"is classified as {joined([_plain(word) for word in criterion.clinical_significance], ' or')}")
    that = f" that {joined(asked, ' and')}" if asked else ""
    return f"{copies} of one variant in {joined(criterion.genes, ' or')}{that}"


@in_words.register(Genotyped)
def _genotyped(_criterion: Genotyped) -> str:
    return "a genotype on file"


@in_words.register(Compare)
def _compare(criterion: Compare) -> str:
    value, limit = criterion.value, criterion.limit
    if isinstance(value, DaysFromIndex):
        return _dated(value, *_DAYS_MEANT[criterion.operator](limit), negated=criterion.operator == "!=")
    if isinstance(value, Count | AlleleCount):
        return _counted(value, f"{_COUNTED[criterion.operator]} {limit}", one=limit == 1)
    return f"{in_words(value)} {_COMPARED[criterion.operator]} {limit}{_unit(value)}"


@in_words.register(Between)
def _between(criterion: Between) -> str:
    value, low, high = criterion.value, criterion.low, criterion.high
    if isinstance(value, DaysFromIndex):
        return _dated(value, math.ceil(low), math.floor(high))
    if isinstance(value, Count | AlleleCount):
        return _counted(value, f"{low} to {high}")
    return f"{in_words(value)} from {low} to {high}{_unit(value)}"


def _unit(value: Number) -> str:
    return f" {value.unit}" if value.unit else ""


def _dated(distance: DaysFromIndex, first: int | None, last: int | None, *, negated: bool = False) -> str:
    return f"{in_words(distance.chosen)}, {'not ' if negated else ''}dated{_days_in_words(first, last)}"


def _counted(value: Count | AlleleCount, how_many: str, *, one: bool = False) -> str:
    if isinstance(value, AlleleCount):
        return f"{how_many} alternate allele{'' if one else 's'} of the variant {value.variant}"
    return f"{in_words(value.events)} on {how_many} day{'' if one else 's'}{when(value.window)}"


@in_words.register(IsIn)
def _is_in(criterion: IsIn) -> str:
    if isinstance(criterion.value, ReadingMethod):
        taken = joined([METHODS[method].label for method in criterion.among], " or")
        return f"{in_words(criterion.value.reading)}, taken by {taken}"
    return f"{in_words(criterion.value)} {joined(criterion.among, ' or')}"


@in_words.register(AllOf)
def _all_of(criterion: AllOf) -> str:
    return " and ".join(_grouped(part) for part in criterion.criteria)


@in_words.register(AnyOf)
def _any_of(criterion: AnyOf) -> str:
    return " or ".join(_grouped(part) for part in criterion.criteria)


@in_words.register(AtLeast)
def _at_least(criterion: AtLeast) -> str:
    listed = "; ".join(in_words(part) for part in criterion.criteria)
    return f"at least {criterion.n} of these {len(criterion.criteria)}: ({listed})"


@in_words.register(Not)
def _not(criterion: Not) -> str:
    return f"not {_grouped(criterion.criterion)}"


def _grouped(criterion: object) -> str:
    words = in_words(criterion)
    return f"({words})" if isinstance(criterion, AllOf | AnyOf | AtLeast | Not) else words


def _named(codes: Codelist) -> str:
    return _plain(codes.name)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _small(label: str) -> str:
    # "QTc" and "NT-proBNP" keep their capitals.
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def without_article(part: object) -> str:
    """Return the words of events as they stand after "the first"."""
    return in_words(part).removeprefix("a ").removeprefix("an ")


def joined(words: Sequence[str], last: str, *, comma: bool = False) -> str:
    """Return words as a list in a sentence: "a, b or c"; with a comma before the last joint if wanted."""
    *others, end = words
    return f"{', '.join(others)}{',' if comma else ''}{last} {end}" if others else end


def count_of_days(n: int) -> str:
    """Return "1 day" or "3 days"."""
    return "1 day" if n == 1 else f"{n} days"


def when(window: Window | None) -> str:
    """Return a window in words, with a blank before; both of its edges belong to it."""
    return "" if window is None else _days_in_words(window.from_day, window.to_day)


def _days_in_words(first: int | None, last: int | None) -> str:
    if first is None and last is None:
        return ""
    if first == last:
        return " on the index date" if first == 0 else f" on day {first} from the index date"
    if first is None:
        return f" {_edge(last)} or earlier"
    if last is None:
        return f" {_edge(first)} or later"
    return f" from {_edge(first)} to {_edge(last)}"


def _edge(day: int | None) -> str:
    if not day:
        return "the index date"
    return f"{count_of_days(abs(day))} {'before' if day < 0 else 'after'} the index date"

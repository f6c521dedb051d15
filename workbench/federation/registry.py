"""The closed list of analyses that may be asked of a site, how each is written down, and what of it crosses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_catalog.errors import did_you_mean
from workbench.cohorts.variable_form import variable_from_dict, variable_to_dict
from workbench.federation import gate_a
from workbench.federation.errors import NetworkError, Refusal
from workbench.statistics.cox_rounds import CoxByStratum, CoxSummary, SumsWanted
from workbench.statistics.grid_table import GridLadder, OnRung, RungsOffered
from workbench.statistics.log_rank import LogRankByStratum
from workbench.statistics.step_counts import StepCounts, TableCounts
from workbench.statistics.table_one import TableOne, TableOneStatistic
from workbench.survival import GridKaplanMeier, StratifiedCox, StratifiedLogRank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.disclosure import Policy
    from workbench.statistics.protocols import Analysis
    from workbench.statistics.records import Record


@dataclass(frozen=True)
class Registered:
    """One analysis that sites answer.

    Attributes
    ----------
    kind : str
        Its name in messages.
    analysis : type
        Compared exactly: a class derived from it may do anything.
    parameters : mapping of str to str
        How each parameter is written: "variable", "variables", "plain" (a number, a text, nothing, or numbers by name).
    leave : callable
        The site's gate: what crosses of the merged statistic, or a refusal.
    states : tuple of type
        What a round after the first may be about.
    crosses : str
        What a site sends, in words.
    first, later : tuple of type
        The statistics that a site may answer the first round with, and the later ones.
    unsupported : tuple of str
        Options that must not be used across sites.
    """

    kind: str
    analysis: type
    parameters: Mapping[str, str]
    leave: Callable[[gate_a.Asked, Policy], gate_a.Left]
    crosses: str
    first: tuple[type[Record], ...]
    later: tuple[type[Record], ...] = ()
    states: tuple[type[Record], ...] = ()
    unsupported: tuple[str, ...] = ()

    def answers(self, *, first: bool) -> tuple[type[Record], ...]:
        """Return the statistics with which a round may be answered."""
        return self.first if first else self.later


REGISTERED = (
    Registered(
        "table_one",
        TableOne,
        {"rows": "variables", "by": "variable"},
        gate_a.table_one,
        "sizes of the groups; for a number n, mean and sum of squared deviations; for a level the people who have it",
        first=(TableOneStatistic,),
    ),
    Registered(
        "grid_kaplan_meier",
        GridKaplanMeier,
        {"followup": "variable", "by": "variable", "horizon_years": "plain", "confidence": "plain", "grid": "plain"},
        gate_a.life_table,
        "first which grids pass; then, on the finest that passes at every site, the events and the censored of each bin",
        first=(RungsOffered,),
        later=(GridLadder,),
        states=(OnRung,),
    ),
    Registered(
        "stratified_log_rank",
        StratifiedLogRank,
        {"followup": "variable", "by": "variable"},
        gate_a.log_rank,
        "people, events, expected events and their variance, by group; nothing about time",
        first=(LogRankByStratum,),
        unsupported=("strata",),
    ),
    Registered(
        "stratified_cox",
        StratifiedCox,
        {
            "followup": "variable",
            "covariates": "variables",
            "per": "plain",
            "ties": "plain",
            "entry": "variable",
            "confidence": "plain",
        },
        gate_a.cox,
        "first people, events, and moments of the covariates; then for each step log-likelihood, gradient and information",
        first=(CoxSummary,),
        later=(CoxByStratum,),
        states=(SumsWanted,),
        unsupported=("strata", "weights"),
    ),
)
PLAIN_ANSWERS: Mapping[str, tuple[type, ...]] = {
    "about": (type(None),),
    "contents": (TableCounts,),
    "attrition": (StepCounts,),
}
_BY_TYPE = {each.analysis: each for each in REGISTERED}
_BY_KIND = {each.kind: each for each in REGISTERED}
_INSTEAD = {
    "KaplanMeier": "GridKaplanMeier, which needs no day of death",
    "LogRank": "StratifiedLogRank, in which each site is a stratum",
    "Cox": "StratifiedCox, in which each site is a stratum",
}


def registered(analysis: Analysis) -> Registered:
    """Return the entry of an analysis.

    Raises
    ------
    NetworkError
        If it may not be asked across sites; the message says which may.
    """
    name = type(analysis).__name__
    if type(analysis) not in _BY_TYPE:
        instead = f"Use {_INSTEAD[name]}. " if name in _INSTEAD else ""
        known = ", ".join(sorted(each.__name__ for each in _BY_TYPE))
        raise NetworkError(f"{name} cannot be asked across sites. {instead}Registered: {known}. [stat_not_registered]")
    return _BY_TYPE[type(analysis)]


def analysis_to_dict(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as plain data.

    Raises
    ------
    NetworkError
        If it is not registered, or uses an option that is not offered across sites.
    DefinitionError
        If a variable does not follow from an expression.
    """
    entry = registered(analysis)
    for option in entry.unsupported:
        if getattr(analysis, option) is not None:
            raise NetworkError(
                f"{entry.analysis.__name__} is not offered across sites with {option}: each site is a stratum already. "
                f"Leave {option} out."
            )
    written = {name: _write(form, getattr(analysis, name)) for name, form in entry.parameters.items()}
    return {"kind": entry.kind, "parameters": written}


def analysis_from_dict(data: Any) -> Analysis:
    """Read the form that :func:`analysis_to_dict` writes.

    Raises
    ------
    Refusal
        ``stat_not_registered`` if there is no such analysis.
    WorkbenchError, TypeError, ValueError
        If its parameters make no sense.
    """
    if not isinstance(data, dict) or sorted(data) != ["kind", "parameters"]:
        raise ValueError("an analysis has a kind and parameters")
    entry = _BY_KIND.get(data["kind"]) if isinstance(data["kind"], str) else None
    if entry is None:
        raise Refusal("stat_not_registered")
    given = data["parameters"]
    if sorted(given) != sorted(entry.parameters):
        raise ValueError(f"other parameters than those of {entry.kind}. {did_you_mean('', entry.parameters)}")
    values = {name: _read(form, given[name]) for name, form in entry.parameters.items()}
    if entry.analysis is TableOne:
        return TableOne(values["rows"], by=values["by"])
    analysis: Analysis = entry.analysis(**values)
    return analysis


def _write(form: str, value: Any) -> Any:
    if form == "variable":
        return None if value is None else variable_to_dict(value)
    if form == "variables":
        return [variable_to_dict(each) for each in value]
    return dict(value) if isinstance(value, dict) else value


def _read(form: str, value: Any) -> Any:
    if form == "variable":
        return None if value is None else variable_from_dict(value)
    if form == "variables":
        return tuple(variable_from_dict(each) for each in value)
    if isinstance(value, dict):
        return {str(name): float(number) for name, number in value.items()}
    if value is not None and not isinstance(value, int | float | str):
        raise TypeError("a plain parameter is a number or a text")
    return value

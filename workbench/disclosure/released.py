"""What the gate lets out: tables, and the few results that are more than a table."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from data_catalog.errors import UnknownNameError, did_you_mean
from workbench.disclosure.suppressed import Suppressed
from workbench.disclosure.table import Cell, Column, ReleasedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.disclosure.sites import SitesAsked

__all__ = [
    "Cell",
    "Column",
    "Released",
    "ReleasedRegression",
    "ReleasedSurvival",
    "ReleasedTable",
    "ReleasedTest",
    "released_from_dict",
]


@dataclass(frozen=True, repr=False)
class _ShownAsTable:
    """A result that is shown as its table and carries a few values beside it."""

    table: ReleasedTable
    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Name of the file that the table is saved as."""
        return self.table.name

    @property
    def title(self) -> str:
        """Title in print."""
        return self.table.title

    @property
    def caption(self) -> str:
        """What was counted: people, events, missing; as released."""
        return self.table.caption

    @property
    def policy(self) -> str:
        """Name, version and preset of the policy that released it."""
        return self.table.policy

    @property
    def sites(self) -> SitesAsked | None:
        """For an answer of several sites: who was asked, and what became of it."""
        return self.table.sites

    def from_sites(self, sites: SitesAsked) -> Self:
        """Return the result with the sites that it is of, and with a note that says so."""
        return replace(self, table=self.table.from_sites(sites))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, which ``from_dict`` reads back without loss."""
        form: dict[str, Any] = {"kind": self.kind}
        for each in fields(self):
            form[each.name] = _to_json(getattr(self, each.name))
        return form

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Self:
        """Read the JSON form that ``to_dict`` writes."""
        table = ReleasedTable.from_dict(form["table"])
        others = {each.name: _from_json(form[each.name]) for each in fields(cls) if each.name != "table"}
        return cls(table, **others)

    def __str__(self) -> str:
        return str(self.table)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.table._repr_mimebundle_()


@dataclass(frozen=True, repr=False)
class ReleasedSurvival(_ShownAsTable):
    """Survival curves at the edges of a grid on which every bin stands for enough people.

    Parameters
    ----------
    table : ReleasedTable
        One row a group and edge, from time 0: ``group``, ``time_days``, ``time_years``, ``survival``,
        ``lower``, ``upper`` (0–1; limits null where undefined), ``at_risk`` (people with follow-up of at
        least that time), ``events``, ``censored`` (people, cumulative up to and including that time).
    groups : tuple of str
        In the declared order; one group, named "All", where nothing was compared.
    grid_days : tuple of float
        The edges of the bins, from 0 to the horizon.
    rung : str
        Name of the rung of the policy's ladder that the grid is.
    median : mapping of group to (float, float), None or Suppressed
        The bin (days, open on the left) in which survival falls to one half; None where it stays above
        up to the horizon.
    event_label : str
        What the event is, e.g. "Death".
    by : str or None
        What the groups differ in.
    horizon_days : float
        Where follow-up was cut.
    """

    kind: ClassVar[str] = "survival"
    groups: tuple[str, ...]
    grid_days: tuple[float, ...]
    rung: str
    median: Mapping[str, tuple[float, float] | Suppressed | None]
    event_label: str
    by: str | None
    horizon_days: float


@dataclass(frozen=True, repr=False)
class ReleasedTest(_ShownAsTable):
    """A test of no difference between groups.

    Parameters
    ----------
    table : ReleasedTable
        One row a group: ``group``, ``n`` (people), ``events`` (people), ``expected`` (people).
    method, by, event_label : str
        What was tested, between which groups, on which event.
    statistic, degrees_of_freedom, p_value
        From exact sums.
    """

    kind: ClassVar[str] = "test"
    method: str
    by: str
    event_label: str
    statistic: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True, repr=False)
class ReleasedRegression(_ShownAsTable):
    """A proportional hazards model.

    Parameters
    ----------
    table : ReleasedTable
        One row a coefficient, and one a reference level: ``variable``, ``label``, ``level``,
        ``is_reference`` ("yes" or ""), ``n``, ``events`` (people at this level; null for numbers),
        ``hazard_ratio``, ``lower``, ``upper``,
        ``log_hazard_ratio``, ``std_err``, ``z``, ``p_value`` (null for a reference).
    method, event_label : str
        What was fitted, to which event.
    n, n_events, n_missing : int or Suppressed
        People in the model, events, and people left out because a value is missing; rounded.
    confidence : float
        Level of the intervals.
    likelihood_ratio, degrees_of_freedom, p_value
        Test of the whole model against none, from exact sums.
    converged : bool
        Whether the fit settled.
    """

    kind: ClassVar[str] = "regression"
    method: str
    event_label: str
    n: Cell
    n_events: Cell
    n_missing: Cell
    confidence: float
    likelihood_ratio: float
    degrees_of_freedom: int
    p_value: float
    converged: bool


Released = ReleasedTable | ReleasedSurvival | ReleasedTest | ReleasedRegression
_KINDS: dict[str, type[ReleasedTable] | type[_ShownAsTable]] = {
    "table": ReleasedTable,
    "survival": ReleasedSurvival,
    "test": ReleasedTest,
    "regression": ReleasedRegression,
}


def released_from_dict(form: Mapping[str, Any]) -> Released:
    """Read the JSON form of any released result.

    Raises
    ------
    UnknownNameError
        If its ``kind`` is not one that the gate releases.
    """
    kind = str(form.get("kind"))
    if kind not in _KINDS:
        raise UnknownNameError(f"{kind!r} is not a kind of released result. {did_you_mean(kind, _KINDS)}")
    return _KINDS[kind].from_dict(form)  # type: ignore[return-value]


def _to_json(value: Any) -> Any:
    if isinstance(value, ReleasedTable | Suppressed):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_to_json(each) for each in value]
    if isinstance(value, dict):
        # A pair list, so that a group may be called "suppressed".
        return {"pairs": [[key, _to_json(each)] for key, each in value.items()]}
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_json(each) for each in value)
    if isinstance(value, dict):
        if "pairs" in value:
            return {key: _from_json(each) for key, each in value["pairs"]}
        return Suppressed.from_dict(value)
    return value

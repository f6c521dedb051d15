"""Who a person is on the index date: age, sex, and whose patient."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.cohorts.checks import check_text
from workbench.cohorts.errors import DefinitionError
from workbench.cohorts.expressions import Category, Number

# OMOP's standard concepts of gender; everything else counts as missing.
SEX_CONCEPTS = {"female": 8532, "male": 8507}


@dataclass(frozen=True, eq=False, repr=False)
class AgeYears(Number):
    """Completed years of age on the index date.

    Exact where month and day of birth are known: a birthday counts from the day itself, and who was born on 29 February
    has it on 1 March in a year without that day. Where month or day is unknown it is the difference of the calendar years,
    which is up to one year too much. Missing if the year of birth is.
    """

    type_name = "age_years"

    @property
    def label(self) -> str:
        """How tables call it."""
        return "Age"

    @property
    def unit(self) -> str:
        """Years."""
        return "years"

    def __repr__(self) -> str:
        return "age_years()"


@dataclass(frozen=True, eq=False, repr=False)
class Sex(Category):
    """Sex as recorded: female or male; anything else, and nothing, is missing."""

    type_name = "sex"

    @property
    def label(self) -> str:
        """How tables call it."""
        return "Sex"

    @property
    def levels(self) -> tuple[str, ...]:
        """Female, the reference, and male."""
        return tuple(SEX_CONCEPTS)

    def __repr__(self) -> str:
        return "sex()"


@dataclass(frozen=True, eq=False, repr=False)
class Site(Category):
    """The hospital that a person's data come from; missing if it is none of those named.

    Parameters
    ----------
    names : tuple of str
        Sites as the catalog calls them, the reference first.
    """

    type_name = "site"
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names:
            raise DefinitionError("site() needs the names of the hospitals: site(*study.sites).")
        for name in self.names:
            if not isinstance(name, str):
                raise DefinitionError(
                    f"site() takes names, not {name!r}: site('northgate', 'riverside') or site(*study.sites)."
                )
            check_text(name, "The name of a site")
        twice = next((name for name in self.names if self.names.count(name) > 1), None)
        if twice is not None:
            raise DefinitionError(f"site() names {twice!r} twice. Name each hospital once.")

    @property
    def label(self) -> str:
        """How tables call it."""
        return "Hospital"

    @property
    def levels(self) -> tuple[str, ...]:
        """The hospitals in the order given, the reference first."""
        return self.names

    def __repr__(self) -> str:
        return f"site({', '.join(map(repr, self.names))})"


def age_years() -> AgeYears:
    """Return the age on the index date in completed years; see :class:`AgeYears` for the rule.

    Examples
    --------
    >>> age_years() >= 40
    age_years() >= 40
    """
    return AgeYears()


def sex() -> Sex:
    """Return the recorded sex: "female" or "male".

    Examples
    --------
    >>> sex() != "male"
    sex() == 'female'
    """
    return Sex()


def site(*names: str) -> Site:
    """Return the hospital that a person's data come from, as a category with the levels named.

    The levels are named rather than looked up, so that a definition means the same wherever it runs; ``study.sites`` has them.

    Raises
    ------
    DefinitionError
        If no name is given, one is empty, or one is given twice.

    Examples
    --------
    >>> site("northgate", "riverside") == "riverside"
    site('northgate', 'riverside') == 'riverside'
    """
    return Site(names)

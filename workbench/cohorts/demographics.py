"""Who a person is on the index date: age and sex."""

from __future__ import annotations

from dataclasses import dataclass

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

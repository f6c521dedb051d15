"""Who a person is on the day of entry: age, sex, hospital."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.forms.form import Form
from widgets.labelled import choices, dropdown
from widgets.numbers import Comparison
from workbench.cohorts import DefinitionError, age_years, sex, site
from workbench.cohorts.demographics import AgeYears, Sex, Site
from workbench.cohorts.expressions import IsIn

if TYPE_CHECKING:
    from workbench.cohorts.expressions import Criterion


class AgeForm(Form):
    """Age at entry."""

    def __init__(self) -> None:
        self.comparison = Comparison("at least", unit="years")
        super().__init__([self.comparison])

    def criterion(self) -> Criterion:
        """Return the comparison of age."""
        return self.comparison.of(age_years())

    @staticmethod
    def can_show(criterion: Criterion) -> bool:
        """Say whether the criterion compares age."""
        return isinstance(getattr(criterion, "value", None), AgeYears) and Comparison.can_show(criterion)

    def show(self, criterion: Criterion) -> None:
        """Show a comparison of age."""
        self.comparison.show(criterion)

    def suggestion(self) -> str:
        """Return e.g. "aged at least 40 years"."""
        return f"aged {self.comparison.words}"


class SexForm(Form):
    """Sex as recorded."""

    def __init__(self) -> None:
        self.sex = dropdown("Sex", sex().levels)
        super().__init__([self.sex])

    def criterion(self) -> Criterion:
        """Return whether this is the recorded sex."""
        return sex().is_in([self.sex.value])

    @staticmethod
    def can_show(criterion: Criterion) -> bool:
        """Say whether the criterion is one sex."""
        return isinstance(criterion, IsIn) and isinstance(criterion.value, Sex) and len(criterion.among) == 1

    def show(self, criterion: Criterion) -> None:
        """Show one sex."""
        if isinstance(criterion, IsIn):
            self.sex.value = criterion.among[0]

    def suggestion(self) -> str:
        """Return the sex."""
        return str(self.sex.value)


class HospitalForm(Form):
    """Whose patient somebody is.

    Parameters
    ----------
    sites : tuple of str
        The hospitals of the study, in its order.
    """

    def __init__(self, sites: tuple[str, ...]) -> None:
        self._sites = sites
        self.hospitals = choices("Hospitals", rows=min(len(sites), 6))
        self.hospitals.options = sites
        super().__init__([self.hospitals])

    def criterion(self) -> Criterion:
        """Return whether a person's data come from one of the hospitals chosen."""
        if not self.hospitals.value:
            raise DefinitionError("No hospital is chosen yet. Select one, or several with Ctrl or Shift held.")
        return site(*self._sites).is_in(self.hospitals.value)

    @staticmethod
    def can_show(sites: tuple[str, ...], criterion: Criterion) -> bool:
        """Say whether the criterion chooses among exactly the hospitals of the study."""
        return isinstance(criterion, IsIn) and isinstance(criterion.value, Site) and criterion.value.names == sites

    def show(self, criterion: Criterion) -> None:
        """Show the hospitals chosen."""
        if isinstance(criterion, IsIn):
            self.hospitals.value = criterion.among

    def suggestion(self) -> str:
        """Return e.g. "patient of northgate or riverside"."""
        return f"patient of {' or '.join(self.hospitals.value)}"

"""The questions that a served dashboard asks: a cohort, a comparison and an outcome, as somebody chose them, put to a study."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.cohorts import (
    Cohort,
    age_years,
    carrier,
    codelist,
    death,
    diagnosis,
    end_of_observation,
    genotyped,
    measure,
    sex,
    time_to,
    variable,
)
from workbench.cohorts.expressions import as_criterion
from workbench.statistics import TableOne
from workbench.study import Study
from workbench.survival import KaplanMeier, LogRank

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.cohorts import Variable
    from workbench.disclosure import ReleasedSurvival, ReleasedTable, ReleasedTest

CONDITIONS = {
    "Heart failure": "heart_failure",
    "Cardiomyopathy": "cardiomyopathy",
    "Myocardial infarction": "myocardial_infarction",
    "Atrial fibrillation": "atrial_fibrillation",
    "Ventricular tachycardia": "ventricular_tachycardia",
    "Essential hypertension": "essential_hypertension",
    "Type 2 diabetes": "type_2_diabetes",
    "Chronic kidney disease": "chronic_kidney_disease",
    "Ischaemic stroke": "ischemic_stroke",
}
SEXES = ("everybody", "women", "men")
NOTHING, BY_SEX, BY_AGE = "nothing", "sex", "age at entry"
EFFECTS = {"truncating": "truncating", "missense": "missense", "any effect": ""}


@dataclass(frozen=True)
class Choices:
    """What somebody chose.

    Parameters
    ----------
    entry : str
        The condition whose first diagnosis makes a person enter, by its codelist.
    youngest, oldest : int
        Age at entry, in years.
    people : {"everybody", "women", "men"}
    highest_lvef_percent : int or None
        LVEF nearest to the entry is at most this; None for whoever, measured or not.
    by : str
        What is compared: "nothing", "sex", "age at entry", or a codelist of a condition had by the day of entry.
    outcome : str
        "death", or the codelist of a condition.
    years : float
        How long people are followed.
    gene, effect : str
        Whose carriers are compared with the others, and which effect their variant has.
    rarer_than : float
        Highest share of the variant in a reference population.
    """

    entry: str = "heart_failure"
    youngest: int = 18
    oldest: int = 110
    people: str = "everybody"
    highest_lvef_percent: int | None = None
    by: str = BY_SEX
    outcome: str = "death"
    years: float = 5.0
    gene: str = "TTN"
    effect: str = "truncating"
    rarer_than: float = 0.001

    @property
    def cohort(self) -> Cohort:
        """The cohort that was chosen."""
        name = _name(self.entry)
        made = Cohort.entry(f"first {name.lower()}", diagnosis(codelist(self.entry)).first())
        if self.youngest > 0:
            made = made.require(f"aged {self.youngest} or over", age_years() >= self.youngest)
        if self.oldest < 110:
            made = made.require(f"aged {self.oldest} or under", age_years() < self.oldest + 1)
        if self.people != SEXES[0]:
            wanted = "female" if self.people == "women" else "male"
            made = made.require(self.people, as_criterion(sex() == wanted, "sex"))
        if self.highest_lvef_percent is not None:
            lvef = measure("lvef_percent").nearest(before_days=90, after_days=30)
            made = made.require(f"LVEF of {self.highest_lvef_percent} % or less", lvef <= self.highest_lvef_percent)
        return made.exit(end_of_observation())

    @property
    def followed(self) -> Cohort:
        """Those of the cohort whom the outcome can still happen to."""
        if self.outcome == "death":
            return self.cohort
        had_it = diagnosis(codelist(self.outcome)).on_or_before_index()
        return self.cohort.exclude(f"{_name(self.outcome)} by then", had_it)

    @property
    def followed_and_genotyped(self) -> Cohort:
        """Those of them of whom it is known what they carry."""
        return self.followed.require("genome sequenced", genotyped())

    @property
    def comparison(self) -> Variable | None:
        """What is compared."""
        if self.by == NOTHING:
            return None
        if self.by == BY_SEX:
            return sex().named("sex")
        if self.by == BY_AGE:
            return variable("older", age_years() >= 65, label="Aged 65 or over")
        return variable(self.by, diagnosis(codelist(self.by)).on_or_before_index(), label=f"{_name(self.by)} by then")

    @property
    def followup(self) -> Variable:
        """What people are followed for."""
        if self.outcome == "death":
            return time_to(death(), name="death", label="Death from any cause")
        return time_to(diagnosis(codelist(self.outcome)), name=self.outcome, label=_name(self.outcome))

    @property
    def carriers(self) -> Variable:
        """Carriers and others."""
        gene = self.gene.strip().upper()
        carries = carrier(gene, consequence=EFFECTS[self.effect], max_population_frequency=self.rarer_than)
        what = f"{gene} variant" if not EFFECTS[self.effect] else f"{self.effect} {gene} variant"
        return variable("carrier", carries, label=what[0].upper() + what[1:])


class Questions:
    """A catalog's answers to what is chosen. Studies are opened when they are needed, one for each set of sorts of data."""

    def __init__(self, catalog: Path | str, *, purpose: str) -> None:
        self._catalog = catalog
        self._purpose = purpose

    @cached_property
    def _clinical(self) -> Study:
        return Study.open(self._catalog, purpose=self._purpose)

    @cached_property
    def _imaging(self) -> Study:
        return Study.open(self._catalog, purpose=self._purpose, modalities=("clinical", "imaging"))

    @cached_property
    def _genomic(self) -> Study:
        return Study.open(self._catalog, purpose=self._purpose, modalities=("clinical", "genomic"))

    @cached_property
    def _everything(self) -> Study:
        return Study.open(self._catalog, purpose=self._purpose, modalities=("clinical", "imaging", "genomic"))

    def study(self, chosen: Choices, *, genomes: bool = False) -> Study:
        """Return the study that uses no other sorts of data than the choices need: more would leave out people for nothing."""
        images = chosen.highest_lvef_percent is not None
        if genomes:
            return self._everything if images else self._genomic
        return self._imaging if images else self._clinical

    def attrition(self, chosen: Choices) -> ReleasedTable:
        """Return how many people each step keeps."""
        return self.study(chosen).attrition(chosen.cohort)

    def characteristics(self, chosen: Choices) -> ReleasedTable:
        """Return who the people are, by what is compared."""
        rows = [age_years().named("age_years"), sex().named("sex")]
        rows = rows[:1] if chosen.by == BY_SEX else rows
        return self.study(chosen).run(TableOne(rows, by=chosen.comparison), chosen.cohort)

    def survival(self, chosen: Choices) -> tuple[ReleasedSurvival, ReleasedTest | None]:
        """Return survival by what is compared, and the test of no difference."""
        study, by = self.study(chosen), chosen.comparison
        people, followup = chosen.followed, chosen.followup
        curves = study.run(KaplanMeier(followup, by=by, horizon_years=chosen.years), people)
        return curves, None if by is None else study.run(LogRank(followup, by=by), people)

    def carriers(self, chosen: Choices) -> tuple[ReleasedTable, ReleasedSurvival, ReleasedTest]:
        """Return who carriers and others are, their survival, and the test of no difference."""
        study, people, by = self.study(chosen, genomes=True), chosen.followed_and_genotyped, chosen.carriers
        table = study.run(TableOne([age_years().named("age_years"), sex().named("sex")], by=by), people)
        curves = study.run(KaplanMeier(chosen.followup, by=by, horizon_years=chosen.years), people)
        return table, curves, study.run(LogRank(chosen.followup, by=by), people)

    def close(self) -> None:
        """Close the studies that were opened."""
        for name in ("_clinical", "_imaging", "_genomic", "_everything"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()


def _name(condition: str) -> str:
    return next(name for name, each in CONDITIONS.items() if each == condition)

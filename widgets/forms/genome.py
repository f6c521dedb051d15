"""What a person carries: variants of a gene, one variant, or a genome at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import ipywidgets

from widgets.forms.form import Form
from widgets.labelled import dropdown, number, text, whole_number
from widgets.numbers import number_in
from workbench.cohorts import DefinitionError, allele_count, carrier, genotyped
from workbench.cohorts.consequences import CONSEQUENCE_CLASSES
from workbench.cohorts.expressions import Compare
from workbench.cohorts.genotypes import AlleleCount, Carrier, Genotyped

if TYPE_CHECKING:
    from workbench.cohorts.expressions import Criterion


class GeneForm(Form):
    """Carriers of a variant of a gene: with which effect, how rare, of which clinical class."""

    CONSEQUENCES: ClassVar[dict[str, tuple[str, ...]]] = {"any effect": (), **CONSEQUENCE_CLASSES}
    SIGNIFICANCES: ClassVar[dict[str, tuple[str, ...]]] = {
        "any class, or none": (),
        "pathogenic": ("pathogenic",),
        "pathogenic or likely pathogenic": ("pathogenic", "likely_pathogenic"),
    }

    def __init__(self) -> None:
        self.gene = text("Gene", "TTN, or several with commas between")
        self.consequence = dropdown("Effect", list(self.CONSEQUENCES), value="truncating")
        self.frequency = number("Highest population frequency", "no limit")
        self.frequency.layout.width, self.frequency.value = "100%", "0.001"
        self.significance = dropdown("Classified as", list(self.SIGNIFICANCES))
        self.copies = whole_number("Copies, at least", 1, smallest=1, largest=2)
        super().__init__([self.gene, self.consequence, self.frequency, self.significance, self.copies])

    def criterion(self) -> Criterion:
        """Return whether a person carries such a variant."""
        genes = [gene.strip() for gene in self.gene.value.split(",") if gene.strip()]
        if not genes:
            raise DefinitionError(
                "Gene: there is none yet. Write a symbol such as TTN, or several with commas between."
            )
        return carrier(
            genes,
            consequence=self.CONSEQUENCES[self.consequence.value],
            max_population_frequency=number_in(self.frequency) if self.frequency.value.strip() else None,
            clinical_significance=self.SIGNIFICANCES[self.significance.value],
            min_copies=self.copies.value,
        )

    @classmethod
    def can_show(cls, criterion: Criterion) -> bool:
        """Say whether the criterion is of carriers, with an effect and a class that can be chosen."""
        return (
            isinstance(criterion, Carrier)
            and criterion.consequence in cls.CONSEQUENCES.values()
            and criterion.clinical_significance in cls.SIGNIFICANCES.values()
        )

    def show(self, criterion: Criterion) -> None:
        """Show whose carriers are asked for."""
        if isinstance(criterion, Carrier):
            self.gene.value = ", ".join(criterion.genes)
            self.consequence.value = _key(criterion.consequence, self.CONSEQUENCES)
            limit = criterion.max_population_frequency
            self.frequency.value = "" if limit is None else str(limit)
            self.significance.value = _key(criterion.clinical_significance, self.SIGNIFICANCES)
            self.copies.value = criterion.min_copies

    def suggestion(self) -> str:
        """Return e.g. "carrier of a truncating TTN variant"."""
        what = f"{self.consequence.value} " if self.CONSEQUENCES[self.consequence.value] else ""
        return f"carrier of a {what}{self.gene.value.strip()} variant"


class VariantForm(Form):
    """Carriers of one variant."""

    def __init__(self) -> None:
        self.variant = text("Variant", "such as 2-178527202-C-T")
        self.copies = whole_number("Copies, at least", 1, smallest=1, largest=2)
        how = ipywidgets.Label("Chromosome, position, reference and alternate allele")
        super().__init__([self.variant, how, self.copies])

    def criterion(self) -> Criterion:
        """Return whether a person has so many alternate alleles."""
        return allele_count(self.variant.value.strip()) >= self.copies.value

    @staticmethod
    def can_show(criterion: Criterion) -> bool:
        """Say whether the criterion is of one or two alternate alleles at least."""
        return (
            isinstance(criterion, Compare)
            and isinstance(criterion.value, AlleleCount)
            and criterion.operator == ">="
            and criterion.limit in (1, 2)
        )

    def show(self, criterion: Criterion) -> None:
        """Show a number of alternate alleles."""
        if isinstance(criterion, Compare) and isinstance(criterion.value, AlleleCount):
            self.variant.value, self.copies.value = criterion.value.variant, int(criterion.limit)

    def suggestion(self) -> str:
        """Return e.g. "carrier of 2-178527202-C-T"."""
        return f"carrier of {self.variant.value.strip()}"


class GenomeForm(Form):
    """Whether a person's genome was sequenced; there is nothing to choose."""

    def __init__(self) -> None:
        super().__init__([ipywidgets.Label("People who have a genotype on file.")])

    def criterion(self) -> Criterion:
        """Return whether a person has a genotype."""
        return genotyped()

    @staticmethod
    def can_show(criterion: Criterion) -> bool:
        """Say whether it is that criterion."""
        return isinstance(criterion, Genotyped)

    def show(self, criterion: Criterion) -> None:
        """Show it: there is nothing to fill in."""

    def suggestion(self) -> str:
        """Return "genome sequenced"."""
        return "genome sequenced"


def _key(wanted: tuple[str, ...], choices: dict[str, tuple[str, ...]]) -> str:
    return next(name for name, meant in choices.items() if meant == wanted)

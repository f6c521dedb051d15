"""One form for each sort of criterion: what is asked of a person, filled in by clicking.

A form gives its criterion, and shows one that somebody wrote in code, if it has a control for everything in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import ipywidgets

from data_catalog.model.measures import MEASURES, METHODS
from widgets.concept_picker import ConceptPicker, FindConcepts
from widgets.labelled import dropdown, number, text, whole_number
from widgets.when import AROUND, When
from workbench.cohorts import (
    DefinitionError,
    age_years,
    allele_count,
    carrier,
    diagnosis,
    drug,
    measure,
    observation,
    procedure,
    sex,
    visit,
)
from workbench.cohorts.consequences import CONSEQUENCE_CLASSES, class_of
from workbench.cohorts.demographics import AgeYears, Sex
from workbench.cohorts.expressions import Between, Compare, IsIn
from workbench.cohorts.genotypes import AlleleCount, Carrier
from workbench.cohorts.readings import Measure
from workbench.cohorts.selection import SelectedReading, Within
from workbench.cohorts.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.cohorts.codelists import Codelist
    from workbench.cohorts.expressions import Criterion, Number
    from workbench.cohorts.selection import Events

_EVENTS: dict[str, Callable[[Codelist], Events]] = {
    "diagnosis": diagnosis,
    "drug": drug,
    "procedure": procedure,
    "observation": observation,
    "visit": visit,
}


class Form(ipywidgets.VBox):
    """What every form does."""

    def criterion(self) -> Criterion:
        """Return what was filled in.

        Raises
        ------
        DefinitionError
            If something is missing; the message says what.
        """
        raise NotImplementedError

    def show(self, criterion: Criterion) -> bool:
        """Show *criterion* and return True, or return False if the form has no control for it."""
        raise NotImplementedError

    def suggestion(self) -> str:
        """Return a label for the step, from what was filled in."""
        raise NotImplementedError


class CodedForm(Form):
    """A diagnosis, drug, procedure, observation or visit, and when."""

    def __init__(self, find_concepts: FindConcepts, kind: str) -> None:
        self._kind = kind
        self.picker = ConceptPicker(find_concepts, kind)
        self.when = When()
        super().__init__([self.picker, self.when])

    @property
    def events(self) -> Events:
        """The events, whenever they are."""
        return _EVENTS[self._kind](self.picker.codes)

    def criterion(self) -> Criterion:
        """Return whether there is such an event at that time."""
        return Within(self.events, self.when.window)

    def show(self, criterion: Criterion) -> bool:
        """Show an event in a window."""
        if not isinstance(criterion, Within) or getattr(criterion.events, "type_name", "") != self._kind:
            return False
        if not self.when.show(criterion.window):
            return False
        self.picker.show(criterion.events.codes)  # type: ignore[union-attr]  # events of these kinds have codes
        return True

    def suggestion(self) -> str:
        """Return e.g. "type 2 diabetes before entry"."""
        when = "around entry" if self.when.choice.value == AROUND else self.when.choice.value
        return f"{self.picker.codes.name.replace('_', ' ')} {when}"


class Comparison(ipywidgets.HBox):
    """A number against one limit or two."""

    WORDS: ClassVar[dict[str, str]] = {"at most": "<=", "at least": ">=", "below": "<", "above": ">"}
    BETWEEN: ClassVar[str] = "between"

    def __init__(self, word: str = "at most") -> None:
        self.word = dropdown("Value", [*self.WORDS, self.BETWEEN], value=word, layout=ipywidgets.Layout(width="auto"))
        self.limit = number("Limit")
        self.upper = number("Upper limit")
        self.unit = ipywidgets.Label()
        super().__init__([self.word, self.limit, self.upper, self.unit], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.word.observe(lambda _: self._show_upper(), "value")
        self._show_upper()

    def of(self, value: Number) -> Criterion:
        """Return the criterion that *value* compares so."""
        if self.word.value == self.BETWEEN:
            return value.between(_number(self.limit), _number(self.upper))
        return Compare(value, self.WORDS[self.word.value], _number(self.limit))  # type: ignore[arg-type]

    def show(self, criterion: Criterion) -> bool:
        """Show the limits of a comparison."""
        if isinstance(criterion, Between):
            self.word.value, self.limit.value, self.upper.value = (
                self.BETWEEN,
                f"{criterion.low:g}",
                f"{criterion.high:g}",
            )
            return True
        word = next((word for word, sign in self.WORDS.items() if sign == getattr(criterion, "operator", None)), None)
        if not isinstance(criterion, Compare) or word is None:
            return False
        self.word.value, self.limit.value = word, f"{criterion.limit:g}"
        return True

    @property
    def words(self) -> str:
        """The comparison as a label says it."""
        limits = f"{self.limit.value} and {self.upper.value}" if self.word.value == self.BETWEEN else self.limit.value
        return f"{self.word.value} {limits} {self.unit.value}".strip()

    def _show_upper(self) -> None:
        self.upper.layout.display = "" if self.word.value == self.BETWEEN else "none"


class ReadingForm(Form):
    """A lab value, a vital sign, an ECG or an imaging measure: which reading, by which method, compared with what."""

    PICKS: ClassVar[dict[str, str]] = {"the nearest to entry": "nearest", "the last": "last", "the first": "first"}
    ANY: ClassVar[str] = "any method"

    def __init__(self, table: str) -> None:
        self._measures = {m.label: m for m in MEASURES.values() if m.table == table}
        self.measure = dropdown("Measure", list(self._measures))
        self.method = dropdown("Method", [self.ANY])
        self.pick = dropdown("Reading", list(self.PICKS), layout=ipywidgets.Layout(width="auto"))
        self.when = When(Window(-90, 30))
        self.comparison = Comparison()
        super().__init__([self.measure, self.method, self.pick, self.when, self.comparison])
        self.measure.observe(lambda _: self._show_methods(), "value")
        self._show_methods()

    def criterion(self) -> Criterion:
        """Return the comparison of the reading chosen."""
        methods = () if self.method.value == self.ANY else self.method.value
        readings = measure(self._measures[self.measure.value].name, methods=methods)
        return self.comparison.of(SelectedReading(readings, self.PICKS[self.pick.value], self.when.window))  # type: ignore[arg-type]

    def show(self, criterion: Criterion) -> bool:
        """Show the comparison of a reading."""
        reading = getattr(criterion, "value", None)
        if not isinstance(reading, SelectedReading) or not isinstance(reading.events, Measure):
            return False
        label, methods = reading.events.definition.label, reading.events.methods
        if label not in self._measures or reading.events.with_implausible or not self.when.show(reading.window):
            return False
        self.measure.value = label
        offered = {value for _, value in self.method.options}
        if (methods or self.ANY) not in offered:
            return False
        self.method.value = methods or self.ANY
        self.pick.value = next(word for word, pick in self.PICKS.items() if pick == reading.pick)
        return self.comparison.show(criterion)

    def suggestion(self) -> str:
        """Return e.g. "left ventricular ejection fraction at most 40 %"."""
        return f"{self.measure.value} {self.comparison.words}"

    def _show_methods(self) -> None:
        chosen = self._measures[self.measure.value]
        labels = {name: METHODS[name].label for name in chosen.methods}
        several = " before ".join(labels.values())
        preferred = [(several, tuple(labels))] if len(labels) > 1 else []
        only = [(f"{label} only", (name,)) for name, label in labels.items()]
        self.method.options = [(self.ANY, self.ANY), *preferred, *only]
        self.method.layout.display = "" if labels else "none"
        self.comparison.unit.value = chosen.unit_label


class AgeForm(Form):
    """Age at entry."""

    def __init__(self) -> None:
        self.comparison = Comparison("at least")
        self.comparison.unit.value = "years"
        super().__init__([self.comparison])

    def criterion(self) -> Criterion:
        """Return the comparison of age."""
        return self.comparison.of(age_years())

    def show(self, criterion: Criterion) -> bool:
        """Show a comparison of age."""
        return isinstance(getattr(criterion, "value", None), AgeYears) and self.comparison.show(criterion)

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

    def show(self, criterion: Criterion) -> bool:
        """Show one sex."""
        if not isinstance(criterion, IsIn) or not isinstance(criterion.value, Sex) or len(criterion.among) != 1:
            return False
        self.sex.value = criterion.among[0]
        return True

    def suggestion(self) -> str:
        """Return the sex."""
        return str(self.sex.value)


class GeneForm(Form):
    """Carriers of a variant of a gene with a consequence, rare enough."""

    ANY: ClassVar[str] = "any consequence"

    def __init__(self) -> None:
        self.gene = text("Gene", "TTN")
        self.consequence = dropdown("Consequence", [self.ANY, *CONSEQUENCE_CLASSES], value="truncating")
        self.frequency = number("Most frequent in the population")
        self.frequency.value = "0.001"
        super().__init__([self.gene, self.consequence, self.frequency])

    def criterion(self) -> Criterion:
        """Return whether a person carries such a variant."""
        genes = [gene.strip() for gene in self.gene.value.split(",") if gene.strip()]
        if not genes:
            raise DefinitionError("Name a gene, such as TTN, or several with commas between them.")
        return carrier(
            genes if len(genes) > 1 else genes[0],
            consequence=None if self.consequence.value == self.ANY else self.consequence.value,
            max_population_frequency=_number(self.frequency) if self.frequency.value.strip() else None,
        )

    def show(self, criterion: Criterion) -> bool:
        """Show a carrier criterion that the controls can say."""
        if not isinstance(criterion, Carrier):
            return False
        self.gene.value = ", ".join(criterion.genes)
        limit = criterion.max_population_frequency
        self.frequency.value = "" if limit is None else f"{limit:g}"
        self.consequence.value = class_of(criterion.consequence) or self.ANY
        return self.criterion() == criterion

    def suggestion(self) -> str:
        """Return e.g. "carrier of a truncating TTN variant"."""
        what = "" if self.consequence.value == self.ANY else f"{self.consequence.value} "
        return f"carrier of a {what}{self.gene.value} variant"


class VariantForm(Form):
    """Carriers of one variant."""

    def __init__(self) -> None:
        self.variant = text("Variant", "chromosome-position-reference-alternate, such as 2-178527202-C-T")
        self.copies = whole_number("Copies, at least", 1, largest=2)
        super().__init__([self.variant, self.copies])

    def criterion(self) -> Criterion:
        """Return whether a person has so many alternate alleles."""
        return allele_count(self.variant.value.strip()) >= self.copies.value

    def show(self, criterion: Criterion) -> bool:
        """Show a count of alternate alleles."""
        if not isinstance(criterion, Compare) or not isinstance(criterion.value, AlleleCount):
            return False
        if criterion.operator != ">=" or criterion.limit not in (1, 2):
            return False
        self.variant.value, self.copies.value = criterion.value.variant, int(criterion.limit)
        return True

    def suggestion(self) -> str:
        """Return e.g. "carrier of 2-178527202-C-T"."""
        return f"carrier of {self.variant.value}"


def forms(find_concepts: FindConcepts) -> dict[str, Form]:
    """Return a form for every sort of criterion, by the name that people choose it by."""
    return {
        "diagnosis": CodedForm(find_concepts, "diagnosis"),
        "drug": CodedForm(find_concepts, "drug"),
        "procedure": CodedForm(find_concepts, "procedure"),
        "observation": CodedForm(find_concepts, "observation"),
        "visit": CodedForm(find_concepts, "visit"),
        "lab or vital sign": ReadingForm("measurement"),
        "ECG measure": ReadingForm("waveform_feature"),
        "imaging measure": ReadingForm("image_feature"),
        "gene": GeneForm(),
        "variant": VariantForm(),
        "age": AgeForm(),
        "sex": SexForm(),
    }


def _number(field: ipywidgets.Text) -> float:
    written = field.value.strip().replace(",", ".")
    try:
        value = float(written)
    except ValueError:
        given = f"{written!r} is no number." if written else "It is empty."
        raise DefinitionError(f"{field.description}: {given} Write a number, such as 40 or 0.001.") from None
    return int(value) if value.is_integer() else value

"""Laboratory values, vital signs, ECG and imaging measures: which reading, by which method, compared with what."""

from __future__ import annotations

from itertools import chain, permutations
from typing import TYPE_CHECKING, ClassVar

from data_catalog.model.measures import MEASURES, METHODS
from widgets.forms.form import Form
from widgets.labelled import dropdown, show_if
from widgets.numbers import Comparison
from widgets.when import When
from workbench.cohorts import measure
from workbench.cohorts.readings import Measure
from workbench.cohorts.selection import SelectedReading
from workbench.cohorts.windows import Window

if TYPE_CHECKING:
    from workbench.cohorts.expressions import Criterion


class ReadingForm(Form):
    """A reading of a measure, compared with a limit.

    Parameters
    ----------
    table : str
        Which measures: those that this table of the model holds.
    """

    PICKS: ClassVar[dict[str, str]] = {"the nearest to entry": "nearest", "the last": "last", "the first": "first"}

    def __init__(self, table: str) -> None:
        self.measure = dropdown("Measure", [(m.label, m) for m in MEASURES.values() if m.table == table])
        self.method = dropdown("Method", [("any method", ())])
        self.pick = dropdown("Reading", list(self.PICKS))
        self.when = When(Window(-90, 30))
        self.comparison = Comparison()
        super().__init__([self.measure, self.method, self.pick, self.when, self.comparison])
        self.measure.observe(lambda _: self._offer_methods(), "value")
        self._offer_methods()

    def criterion(self) -> Criterion:
        """Return the comparison of the reading chosen."""
        readings = measure(self.measure.value.name, methods=self.method.value)
        window = None if self.when.choice.value == When.ANY else self.when.window
        return self.comparison.of(readings.choose(self.PICKS[self.pick.value], window))  # type: ignore[arg-type]

    @staticmethod
    def can_show(table: str, criterion: Criterion) -> bool:
        """Say whether the criterion compares one plausible reading of a measure of this table."""
        reading = getattr(criterion, "value", None)
        if not isinstance(reading, SelectedReading) or not isinstance(reading.events, Measure):
            return False
        # A window without ends is written otherwise than none, though it means the same.
        sayable = reading.window is None or (reading.window != Window() and When.can_show(reading.window))
        asked = reading.events
        return asked.table == table and not asked.with_implausible and sayable and Comparison.can_show(criterion)

    def show(self, criterion: Criterion) -> None:
        """Show the comparison of a reading."""
        reading = getattr(criterion, "value", None)
        if isinstance(reading, SelectedReading):
            self.measure.value = reading.events.definition
            self.method.value = reading.events.methods
            self.pick.value = next(word for word, pick in self.PICKS.items() if pick == reading.pick)
            self.when.show(reading.window or Window())
            self.comparison.show(criterion)

    def suggestion(self) -> str:
        """Return e.g. "Left ventricular ejection fraction at most 40 %"."""
        return f"{self.measure.value.label} {self.comparison.words}"

    def _offer_methods(self) -> None:
        methods = self.measure.value.methods
        orders = chain.from_iterable(permutations(methods, n) for n in range(len(methods), 0, -1))
        self.method.options = [("any method", ()), *((_in_order(order), order) for order in orders)]
        show_if(bool(methods), self.method)
        self.comparison.unit.value = self.measure.value.unit_label


def _in_order(methods: tuple[str, ...]) -> str:
    labels = [METHODS[name].label for name in methods]
    return " before ".join(labels) if len(labels) > 1 else f"{labels[0]} only"

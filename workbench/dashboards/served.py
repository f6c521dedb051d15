"""The pages of a served dashboard: what can be chosen, and what is shown for it."""

from __future__ import annotations

import html
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from data_catalog.errors import WorkbenchError
from workbench.dashboards.content import views_of
from workbench.dashboards.headings import headings_of, who_of
from workbench.dashboards.narrowed import only_groups
from workbench.dashboards.questions import BY_AGE, BY_SEX, CONDITIONS, EFFECTS, NOTHING, SEXES, Choices, Questions
from workbench.disclosure import ReleasedRegression, ReleasedSurvival, ReleasedTable, ReleasedTest
from workbench.plots import plot_attrition, plot_forest, plot_survival
from workbench.plots.page_style import themed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.disclosure import Released
    from workbench.plots import Figure, FlowChart
    from workbench.templates import Bundle

LIVE, STORED = "live", "run"
COHORT, SURVIVAL, CARRIERS, MODELS = "cohort", "survival", "carriers", "model"
_YEARS = (1.0, 2.0, 3.0, 5.0, 10.0)
# Panel writes what is chosen into the address and does not hear when somebody goes Back to an earlier one: the page then begins anew.
_BACK = "window.addEventListener('popstate', () => window.location.reload())"
# On a telephone the controls would lie over what they control, so they wait there to be asked for. Only the page knows its width,
# and it is told what it shall show before the server could hear of it.
_OPEN = """
for (const part of Bokeh.documents.flatMap((one) => [...one._all_models.values()]))
  if (part.attributes.data?.attributes && 'sidebar_open' in part.attributes.data.attributes && innerWidth >= 600)
    part.attributes.data.sidebar_open = true
"""
_WIDTH = "min(100%, 420px)"  # of a plot at least, before the table goes under it


class _NumberOrNothing(param.Integer):
    """A whole number that may be left empty, and is then empty in the address: what is not written there would stay as it was."""

    @classmethod
    def serialize(cls, value: int | None) -> int | str:
        return "" if value is None else value


class Chosen(param.Parameterized):
    """Everything that can be chosen. What is not possible is refused here, whether it comes from a control or from an address."""

    source: Any = param.Selector(
        default=LIVE, objects=[LIVE, STORED], doc="Answers of the catalog, or results of the run"
    )
    view: Any = param.Selector(default=COHORT, objects=[COHORT, SURVIVAL, CARRIERS])
    entry: Any = param.Selector(default="heart_failure", objects=CONDITIONS, label="First diagnosis of")
    youngest = param.Integer(default=18, bounds=(0, 110), label="Youngest at entry (years)")
    oldest = param.Integer(default=110, bounds=(0, 110), label="Oldest at entry (years)")
    people: Any = param.Selector(default=SEXES[0], objects=list(SEXES), label="Women, men or everybody")
    lvef = _NumberOrNothing(default=None, allow_None=True, bounds=(1, 100), label="Highest LVEF (%); empty: any")
    by: Any = param.Selector(
        default=BY_SEX,
        objects={"Nothing": NOTHING, "Sex": BY_SEX, "Age 65 or over": BY_AGE, **CONDITIONS},
        label="Compare by",
    )
    outcome: Any = param.Selector(default="death", objects={"Death": "death", **CONDITIONS}, label="Outcome")
    years: Any = param.Selector(default=5.0, objects={f"{years:g} years": years for years in _YEARS}, label="Follow-up")
    gene = param.String(default="TTN", regex=r"^[A-Za-z][A-Za-z0-9-]{0,19}$", label="Gene (HGNC symbol)")
    effect: Any = param.Selector(default="truncating", objects=list(EFFECTS), label="Effect of the variant")
    rarer: Any = param.Selector(
        default=0.001,
        objects={"0.01 %": 0.0001, "0.1 %": 0.001, "1 %": 0.01, "any": 1.0},
        label="Allele frequency at most",
    )
    hidden = param.List(default=[], item_type=str)

    addressed: ClassVar[tuple[str, ...]] = (
        "source", "view", "entry", "youngest", "oldest", "people", "lvef", "by", "outcome", "years", "gene", "effect", "rarer",
        "hidden",
    )  # fmt: skip

    def as_choices(self) -> Choices:
        """Return the choices that a question is made of."""
        return Choices(
            entry=self.entry,
            youngest=self.youngest,
            oldest=self.oldest,
            people=self.people,
            highest_lvef_percent=self.lvef,
            by=self.by,
            outcome=self.outcome,
            years=self.years,
            gene=self.gene,
            effect=self.effect,
            rarer_than=self.rarer,
        )


class Pages:
    """One visitor's dashboard.

    Parameters
    ----------
    bundle : Bundle, optional
        Shows its results.
    catalog : Path or str, optional
        Answers questions, for *purpose*.
    """

    def __init__(self, bundle: Bundle | None, catalog: Path | str | None, *, purpose: str, title: str) -> None:
        self._bundle = bundle
        self._questions = None if catalog is None else Questions(catalog, purpose=purpose)
        self._title = title
        self._last: dict[tuple[str, str], list[Any]] = {}
        self._address_fault = ""
        self.chosen = Chosen(source=STORED if bundle is not None else LIVE)
        self._results = {} if bundle is None else bundle.results()
        self._headings = {} if bundle is None else headings_of(bundle, self._results)
        if bundle is not None:
            self.chosen.param.view.objects = [COHORT, SURVIVAL, MODELS, CARRIERS]
        sources = [each for each, there in ((STORED, bundle), (LIVE, catalog)) if there is not None]
        self.chosen.param.source.objects = sources

    def page(self) -> Any:
        """Return the page of a new visitor, in step with its address."""
        if pn.state.location is not None:
            pn.state.location.sync(self.chosen, list(Chosen.addressed), on_error=self._refuse)
        if pn.state.curdoc is not None:
            pn.state.on_session_destroyed(lambda _: self.close())
        self.chosen.param.watch(self._leave_models, "source")
        self._leave_models()
        self._forget_unknown_groups()
        shown = pn.bind(self._show, *(self.chosen.param[name] for name in Chosen.addressed))
        scripts = pn.pane.HTML(f"<script>{_BACK}{_OPEN}</script>", height=0, margin=0)
        results = pn.panel(shown, loading_indicator=True, sizing_mode="stretch_width")
        return pmui.Page(
            title=self._title,
            main=[
                pmui.Column(
                    scripts,
                    pn.bind(self._tabs, self.chosen.param.source),
                    results,
                    margin=(8, 16),
                    sizing_mode="stretch_width",
                )
            ],
            sidebar=[self._controls()],
            sidebar_open=False,
            sidebar_width=300,
            theme_toggle=False,
            busy_indicator="linear",
            sizing_mode="stretch_width",
        )

    def close(self) -> None:
        """Close the studies."""
        if self._questions is not None:
            self._questions.close()

    def _refuse(self, wrong: dict[str, Any]) -> None:
        """Take from an address what is possible, and keep in words what is not."""
        refused = []
        for name, value in wrong.items():
            try:
                self.chosen.param.update(**{name: value})
            except (ValueError, TypeError):
                refused.append(f"{name} = {value}")
        self._address_fault = f"The address asks for what there is not: {', '.join(refused)}." if refused else ""

    def _forget_unknown_groups(self) -> None:
        """Take from what the address hides the groups that the run has not, and say so."""
        known = [
            group
            for result in self._results.values()
            if isinstance(result, ReleasedSurvival)
            for group in result.groups
        ]
        unknown = [group for group in self.chosen.hidden if group not in known]
        if unknown:
            self.chosen.hidden = [group for group in self.chosen.hidden if group in known]
            told = f"The address hides what there is not: {', '.join(unknown)}."
            self._address_fault = f"{self._address_fault} {told}".strip()

    # ---- Controls

    def _leave_models(self, *_: object) -> None:
        """Models are shown of runs: whoever looks at some and turns to the catalog is shown the cohort."""
        if self.chosen.source == LIVE and self.chosen.view == MODELS:
            self.chosen.view = COHORT

    def _tabs(self, source: str) -> Any:
        names = {COHORT: "Cohort", SURVIVAL: "Survival", MODELS: "Models", CARRIERS: "Carriers"}
        options = {names[view]: view for view in self.chosen.param.view.objects if (source, view) != (LIVE, MODELS)}
        return pmui.RadioButtonGroup.from_param(
            self.chosen.param.view, options=options, label="View", margin=(8, 0, 16, 0)
        )

    def _controls(self) -> Any:
        of = self.chosen.param
        parts: list[Any] = []
        if len(of.source.objects) > 1:
            options = {"Results of the run": STORED, "Answers of the catalog": LIVE}
            parts.append(pmui.RadioBoxGroup.from_param(of.source, options=options, label="Show"))
        if self._bundle is not None:
            parts.append(pn.bind(self._groups, of.source, of.view))
        if self._questions is not None:
            parts.append(pn.bind(self._choices, of.source, of.view))
        return pmui.Column(*parts, sizing_mode="stretch_width")

    def _choices(self, source: str, view: str) -> Any:
        if source != LIVE:
            return pmui.Column()
        names = ["entry", "youngest", "oldest", "people", "lvef"]
        names += {
            COHORT: ["by"],
            SURVIVAL: ["by", "outcome", "years"],
            CARRIERS: ["gene", "effect", "rarer", "outcome", "years"],
        }[view]
        kinds = {"youngest": pmui.IntInput, "oldest": pmui.IntInput, "gene": pmui.TextInput}
        widgets = [
            self._highest_lvef()
            if name == "lvef"
            else kinds.get(name, pmui.Select).from_param(self.chosen.param[name], sizing_mode="stretch_width")
            for name in names
        ]
        return pmui.Column(*widgets, sizing_mode="stretch_width")

    def _highest_lvef(self) -> Any:
        """Return a field for a number that may be left empty; a field for numbers alone would show nothing as 0."""
        chosen = self.chosen
        field = pmui.TextInput(
            label=chosen.param.lvef.label, value=_as_text(chosen.lvef), placeholder="any", sizing_mode="stretch_width"
        )

        def take(event: param.parameterized.Event) -> None:
            words = event.new.strip().removesuffix("%").strip()
            try:
                chosen.lvef = int(words) if words else None
            except ValueError:
                field.param.update(error_state=True, label="Highest LVEF: 1 to 100, or empty")
            else:
                field.param.update(error_state=False, label=chosen.param.lvef.label)

        field.param.watch(take, "value")
        return field

    def _groups(self, source: str, view: str) -> Any:
        groups = {
            group: None
            for result in self._stored(view).values()
            if isinstance(result, ReleasedSurvival) and result.by
            for group in result.groups
        }
        if source != STORED or not groups:
            return pmui.Column()
        boxes = pmui.CheckBoxGroup(
            label="Groups in the plot",
            options=list(groups),
            value=[each for each in groups if each not in self.chosen.hidden],
        )
        boxes.param.watch(
            lambda event: self.chosen.param.update(
                # Groups of other views stay as they were.
                hidden=[each for each in self.chosen.hidden if each not in groups]
                + [each for each in groups if each not in event.new]
            ),
            "value",
        )
        return boxes

    # ---- What is shown

    def _show(self, source: str, view: str, *_: object) -> Any:
        fault, self._address_fault = self._address_fault, ""
        notes = [pmui.Alert(fault, severity="warning")] if fault else []
        key = (source, view)
        try:
            made = self._run_results(view) if source == STORED else self._answers(view)
        except WorkbenchError as error:
            words = html.escape(" ".join(str(error).split()))
            before = self._last.get(key, [])
            more = " What was shown before stands below; it is not what was asked." if before else ""
            return pmui.Column(*notes, pmui.Alert(words + more, severity="error"), *before, sizing_mode="stretch_width")
        self._last[key] = made
        return pmui.Column(*notes, *made, sizing_mode="stretch_width")

    def _stored(self, view: str) -> dict[str, Released]:
        return {
            name: result for name, result in self._results.items() if view in views_of(result, self._headings[name])
        }

    def _run_results(self, view: str) -> list[Any]:
        results = self._stored(view)
        if not results:
            raise WorkbenchError(f"The run has no results on {'carriers' if view == CARRIERS else f'the {view}'}.")
        return [
            part
            for name, result in results.items()
            for part in self._result(result, name, self._headings[name].title, self._headings[name].who)
        ]

    def _answers(self, view: str) -> list[Any]:
        chosen = self.chosen.as_choices()
        if self._questions is None:
            raise WorkbenchError("There is no catalog to ask. Start the dashboard with --catalog FOLDER.")
        notes = []
        if chosen.outcome != "death" and view != COHORT:
            notes.append(pmui.Alert("Whoever dies before it counts as followed until then.", severity="info"))
        if view == COHORT:
            about = chosen.cohort
            results: list[Released | None] = [
                self._questions.attrition(chosen),
                self._questions.characteristics(chosen),
            ]
        elif view == SURVIVAL:
            about = chosen.followed
            results = list(self._questions.survival(chosen))
        elif view == CARRIERS:
            about = chosen.followed_and_genotyped
            results = list(self._questions.carriers(chosen))
        else:
            raise WorkbenchError("Models are shown of runs only. Choose another view.")
        shown = [
            self._result(result, _table_of(result).name, _table_of(result).title, who_of(about))
            for result in results
            if result is not None
        ]
        return [*notes, *(part for parts in shown for part in parts)]

    def _result(self, result: Released, name: str, title: str, who: str) -> list[Any]:
        """Return the parts of one result: heading, plot and table beside each other, and the file of the numbers."""
        table = _table_of(result)
        figure: Figure | FlowChart | None = None
        if isinstance(result, ReleasedSurvival):
            groups = (
                [group for group in result.groups if group not in self.chosen.hidden] if result.by else result.groups
            )
            if not groups:
                raise WorkbenchError("No group is chosen. Choose one at the side.")
            figure = plot_survival(only_groups(result, groups), time_origin="entry")
            table = only_groups(result, groups).table
        elif isinstance(result, ReleasedRegression):
            figure = plot_forest(result)
        elif table.name == "attrition":
            figure = plot_attrition(table)
        # What a test comes to stands before its table.
        is_test = isinstance(result, ReleasedTest)
        beside = [_as_html(themed(table, titled=False, captioned=not is_test), styles=_TABLE)]
        if figure is not None:
            beside.insert(0, _drawn(figure))
        heading = f'<h2 style="font-size:18px;margin:0">{html.escape(title)}</h2>'
        if who:
            heading += f'<p style="margin:2px 0 0;font-size:14px;opacity:.75">Who: {html.escape(who)}</p>'
        if is_test:
            heading += f'<p style="margin:12px 0 0;font-size:16px">{html.escape(table.caption)}</p>'
        return [
            _as_html(heading, styles={}),
            pn.FlexBox(*beside, gap="24px", align_items="flex-start", sizing_mode="stretch_width"),
            pmui.FileDownload(
                callback=_file_of(table),
                filename=f"{name}.csv",
                label=f"Save {name}.csv",
                margin=(8, 0, 32, 0),
            ),
        ]


# A table is beside its plot where nothing of it is cut off there, else under it.
_TABLE = {"flex": "1 1 min-content", "max-width": "100%"}


def _as_text(number: int | None) -> str:
    return "" if number is None else str(number)


def _table_of(result: Released) -> ReleasedTable:
    return result if isinstance(result, ReleasedTable) else result.table


def _drawn(figure: Figure | FlowChart) -> Any:
    caption = f'<p style="max-width:46em;font-size:14px;line-height:1.5">{html.escape(figure.caption)}</p>'
    if not hasattr(figure, "model"):
        return _as_html(figure.to_html(), styles={"flex": "1 1 420px", "min-width": _WIDTH, "max-width": "100%"})
    return pn.Column(
        pn.pane.Bokeh(figure.model(), sizing_mode="stretch_width"),
        pn.pane.HTML(caption),
        styles={"flex": "1 1 420px", "min-width": _WIDTH},
    )


def _as_html(text: str, *, styles: dict[str, str]) -> Any:
    return pn.pane.HTML(text, styles=styles)


def _file_of(table: ReleasedTable) -> Callable[[], BytesIO]:
    def write() -> BytesIO:
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            table.to_csv(path)
            return BytesIO(path.read_bytes())

    return write

"""The pages of a served dashboard: what can be chosen, and what is shown for it."""

from __future__ import annotations

import html
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from data_catalog.errors import WorkbenchError
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
_BACK = "<script>window.addEventListener('popstate', () => window.location.reload())</script>"
_WIDTH = "min(100%, 420px)"  # of a plot and of a table at least, before one goes under the other


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
    lvef = param.Integer(default=0, bounds=(0, 100), label="Highest LVEF (%; 0: any, or not measured)")
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
        shown = pn.bind(self._show, *(self.chosen.param[name] for name in (*Chosen.addressed, "hidden")))
        telephone = pmui.BreakpointSwitcher(breakpoint="sm", small=pmui.Column(), large=pmui.Column(), margin=0)
        back = pn.pane.HTML(_BACK, height=0, margin=0)
        results = pn.panel(shown, loading_indicator=True, sizing_mode="stretch_width")
        page = pmui.Page(
            title=self._title,
            main=[pmui.Column(back, telephone, self._tabs(), results, margin=(8, 16), sizing_mode="stretch_width")],
            sidebar=[self._controls()],
            sidebar_open=False,
            sidebar_width=300,
            theme_toggle=False,
            busy_indicator="linear",
            sizing_mode="stretch_width",
        )

        # On a telephone the controls would lie over what they control, so they wait there to be asked for. The page hears of a
        # change only once it has been drawn: hence the delay.
        def open_where_there_is_room(event: param.parameterized.Event) -> None:
            wide = event.new is telephone.large
            pn.state.add_periodic_callback(lambda: page.param.update(sidebar_open=wide), period=300, count=1)

        telephone.param.watch(open_where_there_is_room, "current")
        return page

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

    # ---- Controls

    def _tabs(self) -> Any:
        names = {COHORT: "Cohort", SURVIVAL: "Survival", MODELS: "Models", CARRIERS: "Carriers"}
        options = {names[view]: view for view in self.chosen.param.view.objects}
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
        kinds = {"youngest": pmui.IntInput, "oldest": pmui.IntInput, "lvef": pmui.IntInput, "gene": pmui.TextInput}
        widgets = [
            kinds.get(name, pmui.Select).from_param(self.chosen.param[name], sizing_mode="stretch_width")
            for name in names
        ]
        return pmui.Column(*widgets, sizing_mode="stretch_width")

    def _groups(self, source: str, view: str) -> Any:
        groups = {
            group: None
            for result in self._stored(view)
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
            lambda event: self.chosen.param.update(hidden=[each for each in groups if each not in event.new]), "value"
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

    def _stored(self, view: str) -> list[Released]:
        from workbench.dashboards.content import page_of

        if self._bundle is None:
            return []
        cards = [card for card in page_of(self._bundle)["cards"] if view in card["views"]]
        return [self._bundle.result(card["id"]) for card in cards]

    def _run_results(self, view: str) -> list[Any]:
        results = self._stored(view)
        if not results:
            raise WorkbenchError(f"The run has no results on {'carriers' if view == CARRIERS else f'the {view}'}.")
        return [part for result in results for part in self._result(result)]

    def _answers(self, view: str) -> list[Any]:
        chosen = self.chosen.as_choices()
        if self._questions is None:
            raise WorkbenchError("There is no catalog to ask. Start the dashboard with --catalog FOLDER.")
        notes = []
        if chosen.outcome != "death" and view != COHORT:
            notes.append(pmui.Alert("Whoever dies before it counts as followed until then.", severity="info"))
        if view == COHORT:
            results: list[Released | None] = [
                self._questions.attrition(chosen),
                self._questions.characteristics(chosen),
            ]
        elif view == SURVIVAL:
            results = list(self._questions.survival(chosen))
        elif view == CARRIERS:
            results = list(self._questions.carriers(chosen))
        else:
            raise WorkbenchError("Models are shown of runs only. Choose another view.")
        return [*notes, *(part for result in results if result is not None for part in self._result(result))]

    def _result(self, result: Released) -> list[Any]:
        """Return the parts of one result: title, plot and table beside each other, and the file of the numbers."""
        table = result if isinstance(result, ReleasedTable) else result.table
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
        beside = [_as_html(themed(table))]
        if isinstance(result, ReleasedTest):
            beside.insert(0, _as_html(f"<p>{html.escape(result.caption)}</p>"))
        if figure is not None:
            beside.insert(0, _drawn(figure))
        return [
            pn.FlexBox(*beside, gap="24px", align_items="flex-start", sizing_mode="stretch_width"),
            pmui.FileDownload(
                callback=_file_of(table),
                filename=f"{table.name}.csv",
                label=f"Save {table.name}.csv",
                margin=(8, 0, 32, 0),
            ),
        ]


def _drawn(figure: Figure | FlowChart) -> Any:
    caption = f'<p style="max-width:46em;font-size:14px;line-height:1.5">{html.escape(figure.caption)}</p>'
    if not hasattr(figure, "model"):
        return _as_html(figure.to_html())
    title = f'<p style="font-weight:600;margin:0">{html.escape(figure.title)}</p>'
    return pn.Column(
        pn.pane.HTML(title),
        pn.pane.Bokeh(figure.model(), sizing_mode="stretch_width"),
        pn.pane.HTML(caption),
        styles={"flex": "1 1 420px", "min-width": _WIDTH},
    )


def _as_html(text: str) -> Any:
    return pn.pane.HTML(text, styles={"flex": "1 1 420px", "min-width": _WIDTH, "max-width": "100%"})


def _file_of(table: ReleasedTable) -> Callable[[], BytesIO]:
    def write() -> BytesIO:
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            table.to_csv(path)
            return BytesIO(path.read_bytes())

    return write

"""A dashboard as a table of panels, and what Grafana reads."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final, Literal, NamedTuple

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    ValueMap,
    ValueMappingResult,
    VariableHide,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

Kind = Literal["lines", "stacked", "number", "bars", "table", "states"]
_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_WIDE: Final = 24
_HEIGHTS: Final[dict[Kind, int]] = {"number": 4, "lines": 8, "stacked": 8, "bars": 8, "table": 8, "states": 6}


class Query(NamedTuple):
    """`expr` in PromQL, with Grafana's variables; `legend` names the series."""

    expr: str
    legend: str = ""


class Panel(NamedTuple):
    """`width` of 24. `unit` is one of Grafana's. `states`: what numbers stand for. `quiet`: it may well have nothing to show."""

    title: str
    words: str
    unit: str
    queries: Sequence[Query]
    kind: Kind = "lines"
    width: int = 12
    states: Sequence[tuple[str, str, str]] = ()
    quiet: bool = False


class Section(NamedTuple):
    title: str
    panels: Sequence[Panel]


class Dashboard(NamedTuple):
    """`name` is that of its file, and its address in Grafana."""

    name: str
    title: str
    words: str
    sections: Sequence[Section]


def json_of(one: Dashboard, others: Sequence[Dashboard]) -> str:
    """As it is provisioned. The addresses of all begin with `haechi-`, and the others are linked."""
    built = (
        dashboard.Dashboard(one.title)
        .uid(f"haechi-{one.name}")
        .description(one.words)
        .tags(["haechi"])
        .editable()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-6h", "now")
        .refresh("1m")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_labels("job", "haechi_records_dropped_total", "Job"))
        .with_variable(_labels("instance", 'haechi_records_dropped_total{job=~"$job"}', "Replica"))
        .with_variable(_labels("model", 'haechi_requests_total{job=~"$job"}', "Model"))
    )
    for other in others:
        if other is not one:
            link = (
                dashboard.DashboardLink(other.title).url(f"/d/haechi-{other.name}").keep_time(True).include_vars(True)
            )
            built = built.link(link.tooltip(other.words))
    ids = count(1)
    for section in one.sections:
        built = built.with_row(dashboard.Row(section.title).id(next(ids)))
        for panel in section.panels:
            built = built.with_panel(_BUILDERS[panel.kind](panel).id(next(ids)))
    return f"{JSONEncoder(sort_keys=True, indent=2).encode(built.build())}\n"


def _labels(name: str, of: str, label: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .query(f"label_values({of}, {name})")
        .datasource(_SOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .hide(VariableHide.DONT_HIDE)
    )


def _common(built: Any, panel: Panel) -> Any:
    built = (
        built.title(panel.title)
        .description(panel.words)
        .unit(panel.unit)
        .datasource(_SOURCE)
        .span(panel.width)
        .height(_HEIGHTS[panel.kind])
    )
    at_once = panel.kind in ("number", "bars", "table")
    for query, letter in zip(panel.queries, "ABCDEFGH", strict=False):
        target = prometheus.Dataquery().expr(query.expr).ref_id(letter).legend_format(query.legend)
        target = target.instant() if at_once else target.range().exemplar("histogram_quantile" in query.expr)
        built = built.with_target(target.format(PromQueryFormat.TABLE) if panel.kind == "table" else target)
    if panel.states:
        built = built.mappings([_mapping(panel.states)])
    return built


def _mapping(states: Sequence[tuple[str, str, str]]) -> ValueMap:
    return ValueMap(
        options={value: ValueMappingResult(text=text, color=color) for value, text, color in states},
    )


def _lines(panel: Panel) -> Any:
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["mean", "max"])
    )
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    return _common(timeseries.Panel(), panel).min(0).line_width(1).legend(legend).tooltip(tooltip)


def _stacked(panel: Panel) -> Any:
    return _lines(panel).fill_opacity(40).stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))


def _number(panel: Panel) -> Any:
    return _common(stat.Panel(), panel).graph_mode(BigValueGraphMode.NONE).no_value("–")


def _bars(panel: Panel) -> Any:
    return _common(bargauge.Panel(), panel).orientation("horizontal").min(0)


def _table(panel: Panel) -> Any:
    return _common(table.Panel(), panel)


def _states(panel: Panel) -> Any:
    return _common(statetimeline.Panel(), panel)


_BUILDERS: Final[dict[Kind, Callable[[Panel], Any]]] = {
    "lines": _lines,
    "stacked": _stacked,
    "number": _number,
    "bars": _bars,
    "table": _table,
    "states": _states,
}

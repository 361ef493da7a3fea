"""What it costs: over time, and by model, key or team."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from starlette.responses import Response

from gateway.console.asked import DIMENSIONS, asked
from gateway.console.charts import Line, chart
from gateway.console.filtering import fields
from gateway.console.page import Page, Way
from gateway.console.view import View
from gateway.console.words import Text
from gateway.ledger.views import Dimension, Share, Step

_BY: Final = ("model", "key", "team", "provider", "model_served")
_LINES: Final = 4
_COARSER: Final[Mapping[Step, Step]] = {"hour": "six_hours", "six_hours": "day"}
"""There are as many series as lines, so each has fewer points."""


async def show(view: View) -> Response:
    if view.ledger is None:
        return view.render("cost.html", summary=None)
    ledger = await view.ledger()
    about = asked(view.query, view.f, time.time(), view.only_key).only(*DIMENSIONS)
    by = view.query.get("by", "")
    by = by if by in _BY else _BY[0]
    summary = await ledger.summary(about.sums, about.since, about.until)
    shares = await ledger.split(cast("Dimension", by), about.sums, about.since, about.until)
    shares.sort(key=lambda one: (-one.figures.cost_nanodollars, -one.figures.requests, one.name))
    step = _COARSER.get(about.step, about.step)
    most = shares[:_LINES]
    each = [about.narrowed(**{by: share.name}).sums for share in most]
    series = await asyncio.gather(*(ledger.series(rows, about.since, about.until, step, view.f.zone) for rows in each))
    lines = [
        Line(share.name or view.t("filter.none"), [one.figures.cost_nanodollars for one in points])
        for share, points in zip(most, series, strict=True)
    ]
    x = [point.since for point in series[0]] if series else []
    return view.render(
        "cost.html",
        summary=summary,
        exact=about.exactly(summary.since, summary.until),
        by=by,
        ways=_BY,
        shares=_told(shares),
        chart=chart(view, view.t("cost.over_time"), "money", x, *lines) if lines else None,
        **await fields(view, ledger, about),
    )


def _told(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """Each with its part of the whole, and of the largest for its bar."""
    whole = sum(one.figures.cost_nanodollars for one in shares)
    largest = max([one.figures.cost_nanodollars for one in shares], default=0)
    return [
        {
            "name": one.name,
            "figures": one.figures,
            "part": one.figures.cost_nanodollars / whole if whole else None,
            "bar": round(one.figures.cost_nanodollars / largest * 100, 2) if largest else 0,
        }
        for one in shares
    ]


PAGE: Final = Page(
    "cost",
    (Way("", show),),
    {
        "page.cost": Text("Cost", "비용"),
        "cost.over_time": Text("Cost over time, the most expensive", "시간별 비용, 상위 항목"),
        "cost.by": Text("Split by", "구분 기준"),
        "cost.table": Text("Cost by {by}", "{by}별 비용"),
        "cost.total": Text("Total", "합계"),
        "cost.part": Text("Part", "비중"),
        "cost.each": Text("For a request", "요청당"),
    },
    admin=False,
)

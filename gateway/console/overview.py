"""The overview: how it goes, in figures each of which leads to its rows."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from gateway.console.asked import DIMENSIONS, asked
from gateway.console.charts import Line, chart
from gateway.console.filtering import fields
from gateway.console.page import Page, Way
from gateway.console.view import View
from gateway.console.words import Text
from gateway.ledger.views import Point

_MOST_MODELS: Final = 12


async def show(view: View) -> Response:
    if view.ledger is None:
        return view.render("overview.html", summary=None, health=_health(view))
    ledger = await view.ledger()
    about = asked(view.query, view.f, time.time(), view.only_key).only(*DIMENSIONS)
    summary = await ledger.summary(about.sums, about.since, about.until)
    points = await ledger.series(about.sums, about.since, about.until, about.step, view.f.zone)
    models = await ledger.split("model", about.sums, about.since, about.until)
    return view.render(
        "overview.html",
        summary=summary,
        exact=about.exactly(summary.since, summary.until),
        charts=_charts(view, points),
        models=models[:_MOST_MODELS],
        more_models=max(0, len(models) - _MOST_MODELS),
        health=_health(view),
        **await fields(view, ledger, about),
    )


def _charts(view: View, points: Sequence[Point]) -> list[tuple[str, dict[str, Any]]]:
    """By the ids of their elements."""
    t, x = view.t, [point.since for point in points]
    told = [point.figures for point in points]
    latency, first = [one.latency for one in told], [one.first_token for one in told]
    return [
        (
            "traffic",
            chart(
                view,
                t("overview.traffic"),
                "count",
                x,
                Line(t("overview.requests"), [one.requests for one in told]),
                Line(t("overview.failed"), [one.failed for one in told]),
            ),
        ),
        (
            "cost",
            chart(
                view, t("overview.cost"), "money", x, Line(t("overview.cost"), [one.cost_nanodollars for one in told])
            ),
        ),
        (
            "latency",
            chart(
                view,
                t("overview.latency"),
                "seconds",
                x,
                Line(t("overview.p50"), [one.p50 if one else None for one in latency]),
                Line(t("overview.p95"), [one.p95 if one else None for one in latency]),
            ),
        ),
        (
            "first",
            chart(
                view,
                t("overview.first"),
                "seconds",
                x,
                Line(t("overview.p50"), [one.p50 if one else None for one in first]),
                Line(t("overview.p95"), [one.p95 if one else None for one in first]),
            ),
        ),
    ]


def _health(view: View) -> list[dict[str, Any]]:
    """Of the targets that the configuration names, as this process has found them; for administrators."""
    if not view.principal.admin:
        return []
    setup = view.setup
    now = asyncio.get_running_loop().time()
    snapshot = view.gate.pipeline.attempts.health.snapshot(now)
    found = []
    for name in sorted(setup.targets):
        one = snapshot.get(name)
        state = "unused" if one is None else "down" if one.down else one.state
        found.append({"name": name, "state": state, "seen": one})
    return found


PAGE: Final = Page(
    "",
    (Way("", show),),
    {
        "page.": Text("Overview", "개요"),
        "overview.figures": Text("Figures", "수치"),
        "overview.requests": Text("Requests", "요청"),
        "overview.failed": Text("Not answered", "응답 못 함"),
        "overview.blocked": Text("Blocked", "차단"),
        "overview.cost": Text("Cost", "비용"),
        "overview.unpriced": Text("{count} without a known price", "가격을 모르는 요청 {count}건"),
        "overview.tokens": Text("Tokens", "토큰"),
        "overview.in_out": Text("{input} in, {output} out", "입력 {input}, 출력 {output}"),
        "overview.traffic": Text("Traffic", "트래픽"),
        "overview.latency": Text("Latency", "지연 시간"),
        "overview.first": Text("Time to first token", "첫 토큰까지의 시간"),
        "overview.p50": Text("median", "중앙값"),
        "overview.p95": Text("95th percentile", "95번째 백분위"),
        "overview.p95_note": Text("95th percentile {value}", "95번째 백분위 {value}"),
        "overview.hits": Text("From the cache", "캐시 응답"),
        "overview.hits_note": Text("{hits} of {lookups} looked up", "조회 {lookups}건 중 {hits}건"),
        "overview.saved": Text("Saved by the cache", "캐시로 절약"),
        "overview.overhead": Text("Gateway's own time", "게이트웨이 처리 시간"),
        "overview.overhead_note": Text("mean for each request", "요청당 평균"),
        "overview.unscanned": Text("With parts not scanned", "검사 못 한 부분 있음"),
        "overview.by_model": Text("By model", "모델별"),
        "overview.more_models": Text("{count} more: see Cost", "{count}개 더: 비용 페이지 참고"),
        "overview.nothing": Text("No requests in this time.", "이 기간에는 요청이 없습니다."),
        "overview.health": Text("Targets, as this process finds them", "대상 상태 (이 프로세스 기준)"),
        "overview.target": Text("Target", "대상"),
        "overview.state": Text("State", "상태"),
        "overview.in_flight": Text("Under way", "진행 중"),
        "overview.failures": Text("Failures", "연속 실패"),
        "state.closed": Text("well", "정상"),
        "state.half_open": Text("probing", "탐색 중"),
        "state.open": Text("left alone", "차단기 열림"),
        "state.down": Text("down", "다운"),
        "state.unused": Text("not used yet", "아직 사용 안 함"),
    },
    admin=False,
)

"""Requests: the newest first, as they come, and each by itself."""

import time
from typing import Any, Final

from starlette.responses import Response

from gateway.console.asked import Asked, asked
from gateway.console.filtering import fields
from gateway.console.page import Page, Way
from gateway.console.request import WORDS as REQUEST_WORDS
from gateway.console.request import show as show_request
from gateway.console.view import View
from gateway.console.words import Text
from gateway.ledger.port import Rows

_ROWS: Final = 50


async def show(view: View) -> Response:
    if view.ledger is None:
        return view.render("requests.html", found=None)
    ledger = await view.ledger()
    about = asked(view.query, view.f, time.time(), view.only_key)
    return view.render("requests.html", **await _listed(view, ledger, about), **await fields(view, ledger, about))


async def tail(view: View) -> Response:
    """The newest rows, where there are newer ones than `after`; else nothing, and the page stays as it is."""
    if view.ledger is None:
        return Response(status_code=204)
    ledger = await view.ledger()
    about = asked(view.query, view.f, time.time(), view.only_key)
    after = view.query.get("after")
    if after:
        new = await _page(ledger, about, after=after)
        if not new.rows:
            return Response(status_code=204)
        count = len(new.rows)
    else:
        count = 0
    listed = await _listed(view, ledger, about)
    if not after and not listed["found"].rows:
        return Response(status_code=204)
    return view.render("rows.html", **listed, about=about, news=count or len(listed["found"].rows))


async def _listed(view: View, ledger: Rows, about: Asked) -> dict[str, Any]:
    before = view.query.get("before") or None
    return {
        "found": await _page(ledger, about, before=before),
        "live": about.named is not None and before is None,
        "before": before,
    }


async def _page(ledger: Rows, about: Asked, **place: str | None) -> Any:
    """What is no cursor begins at the newest."""
    until = None if about.named is not None else about.until
    try:
        return await ledger.page(about.rows, since=about.since, until=until, limit=_ROWS, **place)
    except ValueError:
        return await ledger.page(about.rows, since=about.since, until=until, limit=_ROWS)


PAGE: Final = Page(
    "requests",
    (Way("", show), Way("tail", tail), Way("{request_id}", show_request)),
    {
        "page.requests": Text("Requests", "요청"),
        "requests.list": Text("Requests, the newest first", "요청, 최신순"),
        "requests.live": Text("New ones come as they end", "새 요청이 바로 표시됩니다"),
        "requests.pause": Text("Pause", "일시 정지"),
        "requests.resume": Text("Go on", "계속"),
        "requests.new": Text("New requests: {count}", "새 요청: {count}건"),
        "requests.older": Text("Older", "이전"),
        "requests.newest": Text("Newest", "최신"),
        "requests.none": Text(
            "Nothing here yet. What is asked now appears by itself.", "아직 없습니다. 새 요청은 자동으로 나타납니다."
        ),
        "requests.none_fixed": Text("No such requests.", "해당하는 요청이 없습니다."),
        "requests.outcome": Text("Outcome", "결과"),
        "requests.caller": Text("Key", "키"),
        "requests.tokens": Text("Tokens in / out", "토큰 입력 / 출력"),
        "requests.cost": Text("Cost", "비용"),
        "requests.latency": Text("Latency", "지연 시간"),
        "requests.first": Text("First token", "첫 토큰"),
        "requests.rules": Text("Rules", "규칙"),
        "requests.attempts": Text("{count} attempts", "{count}회 시도"),
        "requests.streamed": Text("streamed", "스트리밍"),
        **REQUEST_WORDS,
    },
    admin=False,
)

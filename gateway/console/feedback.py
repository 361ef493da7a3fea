"""What people say of answers: scores over time, by model and by version of a prompt, and their words."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response

from gateway.console.asked import NONE, RANGES, Asked, asked
from gateway.console.charts import Line, chart
from gateway.console.page import Page, Way
from gateway.console.view import View
from gateway.console.words import Text
from gateway.ledger.port import Reader
from gateway.ledger.views import OpinionFilter, OpinionPage, Score, ScoredBy, Step

_NAMES: Final = ("metric", "model", "prompt", "source")
_BY: Final[tuple[ScoredBy, ...]] = ("model", "prompt", "source")
_LINES: Final = 5
_OPINIONS: Final = 25
_SHORT: Final[Mapping[Step, Step]] = {"minute": "quarter", "five_minutes": "quarter", "quarter": "hour"}
_LONGEST: Final = 500


async def show(view: View) -> Response:
    """For administrators: the words are those of end users of everybody."""
    if view.ledger is None:
        return view.render("feedback.html", about=None)
    ledger = await view.ledger()
    about = asked(view.query, view.f, time.time(), None).only()
    names = {name: value[:_LONGEST] for name in _NAMES if (value := view.query.get(name, "").strip())}
    chosen = {name: ("" if value == NONE else value,) for name, value in names.items()}
    which = msgspec.convert(chosen, OpinionFilter)
    everything = await ledger.scores(None, OpinionFilter(), about.since, about.until)
    metrics = sorted({one.metric for one in everything})
    metric = names.get("metric") or (metrics[0] if metrics else None)
    return view.render(
        "feedback.html",
        about=about,
        ranges=RANGES,
        names=names,
        asked_by={**about.query, **names},
        offered=await _offered(ledger, about),
        totals=await ledger.scores(None, which, about.since, about.until),
        splits={by: await ledger.scores(by, which, about.since, about.until) for by in _BY[:2]},
        metric=metric,
        chart=None if metric is None else await _chart(view, ledger, about, which, metric),
        opinions=await _opinions(view, ledger, about, which),
        bad=view.query.get("bad") == "1",
        worded=view.query.get("words") == "1",
    )


async def _offered(ledger: Reader, about: Asked) -> dict[str, list[str]]:
    found = {
        "metric": sorted({one.metric for one in await ledger.scores(None, OpinionFilter(), about.since, about.until)})
    }
    for by in _BY:
        scores = await ledger.scores(by, OpinionFilter(), about.since, about.until)
        found[by] = sorted({one.name for one in scores})
    return found


async def _opinions(view: View, ledger: Reader, about: Asked, which: OpinionFilter) -> OpinionPage:
    """Of the newest, or those before a cursor; what is no cursor begins at the newest."""
    bad = True if view.query.get("bad") == "1" else None
    told = OpinionFilter(
        metric=which.metric,
        model=which.model,
        prompt=which.prompt,
        source=which.source,
        bad=bad,
        with_words=view.query.get("words") == "1",
    )
    try:
        return await ledger.feedback_page(
            told, before=view.query.get("before") or None, since=about.since, until=about.until, limit=_OPINIONS
        )
    except ValueError:
        return await ledger.feedback_page(told, since=about.since, until=about.until, limit=_OPINIONS)


async def _chart(view: View, ledger: Reader, about: Asked, which: OpinionFilter, metric: str) -> dict[str, Any] | None:
    """The mean of one metric over time, by model."""
    step = _SHORT.get(about.step, about.step)
    one = OpinionFilter(metric=(metric,), model=which.model, prompt=which.prompt, source=which.source)
    scores = await ledger.scores("model", one, about.since, about.until, step, view.f.zone)
    x = sorted({score.since for score in scores})
    lines = [
        Line(name or view.t("filter.none"), _at(x, [score for score in scores if score.name == name]))
        for name in _most_said(scores)
    ]
    return chart(view, view.t("feedback.over_time", metric=metric), "count", x, *lines) if lines else None


def _at(x: Sequence[int], scores: Sequence[Score]) -> list[float | None]:
    means = {score.since: score.mean for score in scores}
    return [means.get(at) for at in x]


def _most_said(scores: Sequence[Score]) -> list[str]:
    said: dict[str, int] = {}
    for score in scores:
        if score.mean is not None:
            said[score.name] = said.get(score.name, 0) + score.said
    return sorted(said, key=lambda name: (-said[name], name))[:_LINES]


PAGE: Final = Page(
    "feedback",
    (Way("", show),),
    {
        "page.feedback": Text("Feedback", "피드백"),
        "feedback.metric": Text("Metric", "지표"),
        "feedback.source": Text("Said by", "출처"),
        "feedback.said": Text("Said", "의견 수"),
        "feedback.bad": Text("Bad", "나쁨"),
        "feedback.mean": Text("Mean", "평균"),
        "feedback.totals": Text("By metric", "지표별"),
        "feedback.by_model": Text("By model", "모델별"),
        "feedback.by_prompt": Text("By version of the prompt", "프롬프트 버전별"),
        "feedback.over_time": Text("Mean of {metric} over time, by model", "모델별 {metric} 평균 추이"),
        "feedback.words": Text("What was said", "의견"),
        "feedback.value": Text("Value", "값"),
        "feedback.comment": Text("Comment", "댓글"),
        "feedback.correction": Text("Better would have been", "더 나은 답"),
        "feedback.request": Text("Request", "요청"),
        "feedback.only_bad": Text("only bad", "나쁜 것만"),
        "feedback.only_words": Text("only with words", "글이 있는 것만"),
        "feedback.none": Text(
            "Nobody has said anything in this time. `POST /v1/feedback` takes it.",
            "이 기간에는 의견이 없습니다. `POST /v1/feedback`으로 보낼 수 있습니다.",
        ),
        "source.user": Text("end user", "최종 사용자"),
        "source.developer": Text("developer", "개발자"),
        "source.judge": Text("judge", "심사 모델"),
        "source.system": Text("system", "시스템"),
    },
)

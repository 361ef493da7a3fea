"""The form with which every page is filtered: its fields, what they offer, and its words."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.console.asked import DIMENSIONS, GROUPS, NAMES, NONE, RANGES, Asked
from gateway.console.view import View
from gateway.console.words import Text
from gateway.ledger.port import Reader
from gateway.ledger.views import Dimension

_MOST_OFFERED: Final = 200
_MAY_BE_NONE: Final = ("team", "provider", "cache")
_ALWAYS: Final[tuple[Dimension, ...]] = ("model", "key", "team", "provider", "outcome", "cache")

WORDS: Final[Mapping[str, Text]] = {
    "filter.title": Text("Filters", "필터"),
    "filter.range": Text("Time", "기간"),
    "filter.since": Text("From", "시작"),
    "filter.until": Text("To", "끝"),
    "filter.any": Text("any", "전체"),
    "filter.none": Text("none", "없음"),
    "filter.clear": Text("Clear", "지우기"),
    "filter.apply": Text("Filter", "적용"),
    "filter.custom": Text("custom", "직접 지정"),
    "filter.more": Text("More", "더 보기"),
    "range.15m": Text("15 minutes", "15분"),
    "range.1h": Text("1 hour", "1시간"),
    "range.6h": Text("6 hours", "6시간"),
    "range.24h": Text("24 hours", "24시간"),
    "range.7d": Text("7 days", "7일"),
    "range.30d": Text("30 days", "30일"),
    "of.key": Text("Key", "키"),
    "of.team": Text("Team", "팀"),
    "of.user": Text("End user", "최종 사용자"),
    "of.model": Text("Model", "모델"),
    "of.model_served": Text("Model served", "응답한 모델"),
    "of.provider": Text("Provider", "제공자"),
    "of.outcome": Text("Outcome", "결과"),
    "of.code": Text("Error", "오류"),
    "of.cache": Text("Cache", "캐시"),
    "of.prompt": Text("Prompt", "프롬프트"),
    "of.conversation": Text("Conversation", "대화"),
    "of.response_id": Text("Response id", "응답 ID"),
    "of.trace_id": Text("Trace id", "추적 ID"),
    "value.outcome.answered": Text("answered", "응답함"),
    "value.outcome.failed": Text("failed", "실패"),
    "value.outcome.blocked": Text("blocked", "차단됨"),
    "value.outcome.cut": Text("cut", "끊김"),
    "value.outcome.client_gone": Text("caller left", "호출자 떠남"),
    "value.outcome.drained": Text("shut down", "종료됨"),
    "value.outcome.lost": Text("not recorded", "기록 없음"),
    "value.outcome.not_answered": Text("not answered", "응답 못 함"),
    "value.cache.given": Text("given from the cache", "캐시에서 제공"),
    "value.outcome.open": Text("open", "진행 중"),
    "value.cache.hit": Text("hit", "적중"),
    "value.cache.semantic": Text("like question", "유사 적중"),
    "value.cache.miss": Text("miss", "없음"),
    "value.cache.bypass": Text("bypassed", "건너뜀"),
    "value.cache.shadow": Text("would-be hit", "적중 후보"),
}


async def fields(view: View, ledger: Reader, about: Asked) -> dict[str, Any]:
    """The values of the template `filters.html`. Offered is what there is, whatever else is filtered by."""
    offered: dict[str, list[str]] = {
        name: await _names(view, ledger, about, name) for name in _ALWAYS if view.principal.admin or name != "key"
    }
    for name, groups in GROUPS.items():
        offered[name] += groups
    for name, value in about.names.items():
        if name in offered and value != NONE and value not in offered[name]:
            offered[name].append(value)
    return {
        "about": about,
        "ranges": RANGES,
        "offered": offered,
        "free": [name for name in NAMES if name not in offered and (name in about.names or name not in DIMENSIONS)],
    }


async def _names(view: View, ledger: Reader, about: Asked, by: Dimension) -> list[str]:
    """Of everybody for administrators; for others, those of their own requests."""
    if view.only_key is None:
        names = (await ledger.names(by))[:_MOST_OFFERED]
        return [*names, ""] if names and by in _MAY_BE_NONE else names
    return [one.name for one in await ledger.split(by, about.only().sums, about.since, about.until)][:_MOST_OFFERED]

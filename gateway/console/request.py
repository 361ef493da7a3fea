"""One request: what happened when, and why. Nothing of its text is known here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from gateway.console.cache_words import WORDS as CACHE_WORDS
from gateway.console.view import NotHere, View
from gateway.console.waterfall import Detail, bars, marks
from gateway.console.words import Text
from gateway.record.row import Row, Step


class Decided(NamedTuple):
    """A rule, or what one found. Empty where a rule looked and found nothing."""

    policy: str
    rule: str
    side: str
    word: str
    mode: str
    detectors: Sequence[str]
    found: Sequence[tuple[str, str, str, str, int]]  # place, entity, effect, said, count


async def show(view: View) -> Response:
    """Whoever may not see it is told that it is not here: even that it is somewhere is not their business."""
    if view.ledger is None:
        raise NotHere
    ledger = await view.ledger()
    row = await ledger.find(view.at["request_id"])
    if row is None or (view.only_key is not None and row.key != view.only_key):
        raise NotHere
    return view.render("request.html", **told(row), opinions=await ledger.feedback_of(row.request_id))


def told(row: Row) -> dict[str, Any]:
    """The values of the template."""
    plan = _detail(row.steps, "plan")
    looked = _detail(row.steps, "cache.lookup")
    line = bars(row.steps, row.seconds)
    return {
        "row": row,
        "bars": line,
        "marks": marks(row.steps, row.seconds),
        "plan": plan,
        "looked": looked,
        "attempts": [bar for bar in line if bar.step.name == "attempt"],
        "decided": decided(row),
    }


def decided(row: Row) -> list[Decided]:
    """Every rule that looked, in its order, and with it all that it found."""
    found: dict[tuple[str, str], list[tuple[str, str, str, str, int]]] = {}
    for policy, rule, place, entity, effect, said, count in row.verdicts or ():
        found.setdefault((policy, rule), []).append((place, entity, effect, said, count))
    listed: list[Decided] = []
    for step in row.steps:
        if step.name != "guardrail":
            continue
        for policy, rule, word, mode, detectors in step.detail.get("rules", ()):
            side = str(step.detail.get("side", ""))
            listed.append(Decided(policy, rule, side, word, mode, detectors, ()))
    once: dict[tuple[str, str], Decided] = {}
    for one in listed:
        before = once.get((one.policy, one.rule))
        side = one.side if before is None or before.side == one.side else "both"
        once[one.policy, one.rule] = one._replace(
            side=side, found=found.pop((one.policy, one.rule), before.found if before else ())
        )
    rest = [Decided(policy, rule, "", "", "", (), its) for (policy, rule), its in found.items()]
    return [*once.values(), *rest]


def _detail(steps: Sequence[Step], name: str) -> Detail | None:
    return next((Detail(step.detail) for step in steps if step.name == name), None)


WORDS: Final[Mapping[str, Text]] = {
    **CACHE_WORDS,
    "request.title": Text("Request", "요청"),
    "request.ids": Text("Ids", "식별자"),
    "request.id": Text("Request", "요청"),
    "request.trace": Text("Trace", "추적"),
    "request.response": Text("Response", "응답"),
    "request.conversation": Text("Conversation", "대화"),
    "request.prompt": Text("Prompt", "프롬프트"),
    "request.user": Text("End user", "최종 사용자"),
    "request.facts": Text("What happened", "처리 결과"),
    "request.time": Text("Time", "시각"),
    "request.api": Text("API", "API"),
    "request.status": Text("Status", "상태 코드"),
    "request.finish": Text("Ended with", "종료 사유"),
    "request.latency": Text("Latency", "지연 시간"),
    "request.first": Text("First token", "첫 토큰"),
    "request.overhead": Text("Gateway's own time", "게이트웨이 처리 시간"),
    "request.steps": Text("Steps", "단계"),
    "request.step": Text("Step", "단계"),
    "request.began": Text("Began", "시작"),
    "request.took": Text("Took", "소요"),
    "request.line": Text("Along the time", "시간축"),
    "request.no_steps": Text("This request has no steps on record.", "이 요청에는 기록된 단계가 없습니다."),
    "step.auth": Text("identify", "인증"),
    "step.plan": Text("plan", "경로 계획"),
    "step.policy": Text("bind policies", "정책 결합"),
    "step.guardrail": Text("rules", "규칙"),
    "step.guardrail.in": Text("rules on the request", "요청 규칙"),
    "step.guardrail.out": Text("rules on the answer", "응답 규칙"),
    "step.cache.lookup": Text("cache", "캐시 조회"),
    "step.attempt": Text("attempt", "시도"),
    "step.unscrub": Text("put values back", "값 복원"),
    "request.route": Text("Why this model", "이 모델을 고른 이유"),
    "request.asked": Text("Asked for", "요청 모델"),
    "request.served": Text("Served by", "응답 대상"),
    "request.served_model": Text("Model there", "대상의 모델"),
    "request.region": Text("Region, zone", "리전, 영역"),
    "request.strategy": Text("Strategy", "전략"),
    "request.order": Text("Order of targets", "대상 순서"),
    "request.pinned": Text(
        "Bound to the provider {provider}, which holds what the request refers to",
        "요청이 참조하는 내용을 가진 제공자 {provider}에 고정됨",
    ),
    "request.excluded": Text("Left out", "제외됨"),
    "request.excluded_list": Text("Targets that were left out", "제외된 대상"),
    "request.why": Text("Why", "이유"),
    "request.attempts": Text("Attempts", "시도"),
    "request.target": Text("Target", "대상"),
    "request.result": Text("Result", "결과"),
    "request.well": Text("answered", "응답함"),
    "request.no_attempt": Text("No upstream was asked.", "업스트림에 요청하지 않았습니다."),
    "request.rules": Text("Rules", "규칙"),
    "request.rule": Text("Rule", "규칙"),
    "request.side": Text("Looks at", "대상"),
    "side.in": Text("request", "요청"),
    "side.out": Text("answer", "응답"),
    "side.both": Text("both", "모두"),
    "request.action": Text("Action", "동작"),
    "request.detectors": Text("Detectors", "탐지기"),
    "request.found": Text("Found", "탐지 결과"),
    "request.nothing": Text("nothing", "없음"),
    "request.no_rules": Text("No rule applied.", "적용된 규칙이 없습니다."),
    "request.policies": Text("Policies", "정책"),
    "request.digest": Text("Digest of the rules", "규칙 다이제스트"),
    "request.exempted": Text("Exemptions used", "사용한 예외"),
    "request.unscanned": Text("Not scanned", "검사하지 못함"),
    "request.guarantee": Text("Guarantee of the answer", "응답 보장 수준"),
    "request.held": Text("Most characters held back", "보류된 최대 글자 수"),
    "request.cache": Text("Cache", "캐시"),
    "request.cache_status": Text("Decided", "결정"),
    "request.cache_class": Text("Class", "클래스"),
    "request.like": Text("Like questions", "유사 질문"),
    "request.similarity": Text("Similarity", "유사도"),
    "request.threshold": Text("Certified from", "인증 기준"),
    "request.not_certified": Text("not certified, or not asked", "인증되지 않았거나 조회하지 않음"),
    "request.kept": Text("Its answer", "이 응답"),
    "request.neighbours": Text("Nearest kept questions", "가장 가까운 저장 질문"),
    "request.went": Text("What became of it", "처리"),
    "request.vetoes": Text("Because of", "거부 사유"),
    "request.complaints": Text("Complaints", "불만"),
    "request.no_cache": Text("The cache had no part in it.", "캐시를 거치지 않았습니다."),
    "request.money": Text("Tokens and cost", "토큰과 비용"),
    "request.input": Text("Input", "입력"),
    "request.cached": Text("of it from the provider's cache", "제공자 캐시에서"),
    "request.cache_write": Text("written to the provider's cache", "제공자 캐시에 기록"),
    "request.output": Text("Output", "출력"),
    "request.reasoning": Text("of it reasoning", "추론"),
    "request.reported": Text("as the provider reports", "제공자 보고값"),
    "request.estimated": Text("estimated here", "추정값"),
    "request.cost": Text("Cost", "비용"),
    "request.saved": Text("Saved by the cache", "캐시로 절약"),
    "request.feedback": Text("Feedback", "피드백"),
    "request.no_feedback": Text("Nobody has said anything of this answer.", "이 응답에 대한 의견이 없습니다."),
}

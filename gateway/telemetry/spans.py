"""One row as the spans of its trace.

    SERVER POST /v1/…                 whose parent is the caller's span
      auth · policy                   siblings, as all that follow
      guardrail {detector}            one for each rule that looked, on each side
      cache.lookup
      CLIENT chat {model}             one for each attempt, with the id that the upstream was told
      unscrub

Pure: the same row gives the same spans with the same ids, so that a batch may come twice.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from gateway.policy.kinds import INPUT
from gateway.record.genai import OPERATIONS, error_type, provider_name
from gateway.record.row import Row, Step
from gateway.telemetry.names import names

_NANO: Final = 1_000_000_000
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_UNSET: Final = Status(StatusCode.UNSET)
_ERROR: Final = Status(StatusCode.ERROR)
_KINDS: Final = {"chat": "LLM", "text_completion": "LLM", "embeddings": "EMBEDDING"}
_PORTS: Final = {"http": 80, "https": 443}
_REQUESTS: Final = (
    "choices", "seed", "max_tokens", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "output_type",
)  # fmt: skip
_NUMBERS: Final = frozenset({"temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty"})
_STRICTEST: Final = ("block", "restart", "mask", "tokenize", "annotate", "log")
_SERVER_FAULT: Final = 500
_DETECTORS: Final = 3

Attributes = dict[str, Any]


class Spans:
    """Of one process: `resource` says which. `version` is that of the names."""

    def __init__(self, resource: Resource, version: Literal["1.41", "latest"], scope: InstrumentationScope) -> None:
        self._resource = resource
        self._scope = scope
        self._names = names(version)

    def of(self, row: Row, why_kept: str | None = None) -> list[ReadableSpan]:
        """The server's span first. `why_kept`: where the sampler alone would have let it go."""
        return [self._server(row, why_kept), *self._steps(row)]

    def evaluation(self, trace_id: str, span_id: str, at: float, said: Mapping[str, Any], own_id: str) -> ReadableSpan:
        """`gen_ai.evaluation.result`, as a span of no length below the request that it is about. `said`: by our names."""
        start = int(at * _NANO)
        return ReadableSpan(
            "gen_ai.evaluation.result",
            context=_context(trace_id, _digest(own_id)),
            parent=_context(trace_id, span_id),
            resource=self._resource,
            attributes=self._named(said),
            start_time=start,
            end_time=start,
            instrumentation_scope=self._scope,
        )

    def _server(self, row: Row, why_kept: str | None) -> ReadableSpan:
        method, _, route = _route(row).partition(" ")
        plan = next((one.detail for one in row.steps if one.name == "plan"), {})
        internal = not route.startswith("/")
        http: Attributes = {} if internal else {
            "method": method, "route": route, "path": route, "scheme": "http", "http_status": row.status,
        }  # fmt: skip
        said: Attributes = http | {
            "kind": "CHAIN",
            "error": row.code or (row.outcome if row.outcome in ("cut", "drained") else None),
            "user": row.user,
            "session": row.conversation,
            "request_id": row.request_id,
            "key": row.key,
            "team": row.team,
            "dialect": row.dialect,
            "model": row.model,
            "served_by": row.served_by,
            "outcome": row.outcome,
            "cache": row.cache,
            "cost": _dollars(row.cost_nanodollars),
            "saved": _dollars(row.saved_nanodollars),
            "overhead": row.overhead_seconds,
            "first_token": row.first_token_seconds,
            "policies": row.policies,
            "digest": row.policy_digest,
            "exempted": row.exempted,
            "unscanned": [f"{what} {count}" for what, count in (row.unscanned or {}).items()],
            "guarantee": row.guarantee,
            "strategy": plan.get("strategy"),
            "order": plan.get("order"),
            "excluded": [" ".join(map(str, one[1:])) for one in plan.get("excluded", ())],
            "kept_for": why_kept,
        }
        failed = row.status >= _SERVER_FAULT or row.outcome in ("cut", "drained")
        return self._span(
            row,
            f"{method} {route}",
            row.span_id,
            _context(row.trace_id, row.parent_span_id, remote=True) if row.parent_span_id else None,
            (0.0, row.seconds),
            said,
            SpanKind.INTERNAL if internal else SpanKind.SERVER,
            _ERROR if failed else _UNSET,
        )

    def _steps(self, row: Row) -> Iterator[ReadableSpan]:
        for place, step in enumerate(row.steps):
            if (make := _MAKERS.get(step.name)) is not None:
                yield from make(self, row, step, place)

    def _plain(self, row: Row, step: Step, place: int) -> Iterator[ReadableSpan]:
        said = {"kind": "CHAIN", "values": step.detail.get("values")}
        yield self._child(row, step.name, place, (step.started, step.seconds), said)

    def _lookup(self, row: Row, step: Step, place: int) -> Iterator[ReadableSpan]:
        detail = step.detail
        said = {
            "kind": "CHAIN",
            "cache_status": detail.get("status"),
            "cache_decision": detail.get("like_why") or detail.get("why"),
            "similarity": detail.get("similarity"),
            "threshold": detail.get("threshold"),
            "class": detail.get("class"),
            "neighbours": [f"{one[0]} {one[1]}" for one in detail.get("neighbours", ())],
            "cache_kept": detail.get("kept"),
        }
        yield self._child(row, step.name, place, (step.started, step.seconds), said)

    def _guardrails(self, row: Row, step: Step, place: int) -> Iterator[ReadableSpan]:
        side, checks = step.detail.get("side"), step.detail.get("checks", ())
        for at, (policy, rule, word, mode, detectors) in enumerate(step.detail.get("rules", ())):
            found = [one for one in row.verdicts or () if one[0] == policy and one[1] == rule and _side(one[2]) == side]
            asked = [one for one in checks if one[0] == policy and one[1] == rule]
            times = (step.started, step.seconds)
            if asked:
                times = min(one[3] for one in asked), max(one[4] for one in asked)
            said = {
                "kind": "GUARDRAIL",
                "policy": policy,
                "rule": rule,
                "action": word,
                "mode": mode,
                "side": side,
                "verdict": _verdict(found),
                "findings": sum(one[6] for one in found if one[5] != "failed"),
                "entities": sorted({one[3] for one in found if one[3]}),
                "asked_times": sum(one[5] for one in asked) or None,
                "error": "detector_failed" if any(one[5] == "failed" for one in found) else None,
            }
            status = _ERROR if said["error"] else _UNSET
            named = "+".join(dict.fromkeys(detectors[:_DETECTORS])) or rule
            yield self._child(row, f"guardrail {named}", place * 1000 + at, times, said, status)

    def _attempt(self, row: Row, step: Step, _place: int) -> Iterator[ReadableSpan]:
        detail = step.detail
        failure = detail.get("failure")
        if failure == "unfit" or step.span_id is None:  # nobody was asked
            return
        operation = OPERATIONS.get(row.dialect)
        said: Attributes = {
            "candidate": detail.get("candidate"),
            "account": detail.get("provider"),
            "region": detail.get("region"),
            "http_status": detail.get("status"),
            "failure": failure,
            "error": error_type(failure, detail.get("status")) if failure else None,
            **_server_of(detail.get("server") or ""),
        }
        if operation is not None:
            said |= {"operation": operation, "kind": _KINDS[operation], **_of_model(row, step)}
        model = detail.get("model")
        yield self._span(
            row,
            f"{operation or row.dialect} {model}",
            step.span_id,
            _context(row.trace_id, row.span_id),
            (step.started, step.seconds),
            said,
            SpanKind.CLIENT,
            _ERROR if failure else _UNSET,
        )

    def _child(
        self, row: Row, name: str, place: int, times: tuple[float, float], said: Attributes, status: Status = _UNSET
    ) -> ReadableSpan:
        own = _digest(f"{row.span_id} {place} {name}")
        return self._span(row, name, own, _context(row.trace_id, row.span_id), times, said, SpanKind.INTERNAL, status)

    def _span(
        self,
        row: Row,
        name: str,
        span_id: str,
        parent: SpanContext | None,
        times: tuple[float, float],
        said: Attributes,
        kind: SpanKind,
        status: Status,
    ) -> ReadableSpan:
        start = int(row.time * _NANO) + int(times[0] * _NANO)
        return ReadableSpan(
            name,
            context=_context(row.trace_id, span_id),
            parent=parent,
            resource=self._resource,
            attributes=self._named(said),
            kind=kind,
            status=status,
            start_time=start,
            end_time=start + int(times[1] * _NANO),
            instrumentation_scope=self._scope,
        )

    def _named(self, said: Mapping[str, Any]) -> Attributes:
        """By their names; what is not known is left out."""
        return {self._names[own]: value for own, value in said.items() if value is not None and value != []}


_MAKERS: Final[Mapping[str, Callable[[Spans, Row, Step, int], Iterator[ReadableSpan]]]] = {
    "auth": Spans._plain,  # noqa: SLF001 - the table of this class
    "policy": Spans._plain,  # noqa: SLF001
    "unscrub": Spans._plain,  # noqa: SLF001
    "guardrail": Spans._guardrails,  # noqa: SLF001
    "cache.lookup": Spans._lookup,  # noqa: SLF001
    "attempt": Spans._attempt,  # noqa: SLF001
}


def _of_model(row: Row, step: Step) -> Attributes:
    """What only spans of a call to a model have."""
    detail = step.detail
    prompt, _, version = (row.prompt or "").partition("@")
    served = row.served_by == detail.get("candidate") and not detail.get("failure")
    asked: Attributes = next((one.detail.get("asked", {}) for one in row.steps if one.name == "plan"), {})
    read, written = detail.get("input_tokens"), detail.get("output_tokens")
    cost = _dollars(detail.get("cost_nanodollars"))
    return {
        "provider": provider_name(str(detail.get("kind"))),
        "asked_model": detail.get("model"),
        "conversation": row.conversation,
        "prompt": prompt or None,
        "prompt_version": version or None,
        "stream": asked.get("stream"),
        **{name: _number(name, asked[name]) for name in _REQUESTS if name in asked},
        "response": row.response_id if served else None,
        "finish": [detail["finish"]] if detail.get("finish") else None,
        "first_chunk": detail.get("first_chunk_seconds"),
        "input": read,
        "output": written,
        "cached": detail.get("cached_tokens") or None,
        "cache_write": detail.get("cache_write_tokens") or None,
        "reasoning": detail.get("reasoning_tokens") or None,
        "estimated": detail.get("estimated"),
        "attempt_cost": cost,
        "llm_model": detail.get("model"),
        "llm_input": read,
        "llm_output": written,
        "llm_total": None if read is None else read + (written or 0),
        "llm_cost": cost,
    }


def _number(name: str, value: Any) -> Any:
    return float(value) if name in _NUMBERS else value


def _route(row: Row) -> str:
    """Method and path of the request, or `internal` for what the gateway asks itself."""
    for step in row.steps:
        if step.name == "auth" and "route" in step.detail:
            return str(step.detail["route"])
    return f"internal {row.dialect}"


def _verdict(found: list[Any]) -> str:
    enforced = [one[4] for one in found if one[5] in ("enforced", "straddled")]
    if enforced:
        return min(enforced, key=lambda effect: _STRICTEST.index(effect) if effect in _STRICTEST else len(_STRICTEST))  # type: ignore[no-any-return]
    if any(one[5] == "failed" for one in found):
        return "failed"
    return "shadow" if found else "pass"


def _side(place: str) -> str:
    return "in" if place in INPUT else "out"


def _dollars(nanodollars: int | None) -> float | None:
    return None if nanodollars is None else nanodollars / _NANO


@lru_cache(1024)
def _server_of(base_url: str) -> Attributes:
    """Host and port of it; never a name or password that may stand in it."""
    parts = urlsplit(base_url)
    if not parts.hostname:
        return {}
    return {"server": parts.hostname, "port": parts.port or _PORTS.get(parts.scheme, 80)}


def _context(trace_id: str, span_id: str, *, remote: bool = False) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), remote, _SAMPLED)


def _digest(said: str) -> str:
    return blake2b(said.encode(), digest_size=8).hexdigest()

"""What was noted on the way, as it is kept: figures, and names that stand in the configuration. No text of a request or an answer is."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Literal

from msgspec import Struct, field

from gateway.cache.trails import Trail
from gateway.exchange import Exchange, Judged, Tried
from gateway.policy.bind import Bound
from gateway.policy.guarding import Guarding
from gateway.policy.kinds import INPUT, OUTPUT
from gateway.policy.rule import BoundRule
from gateway.routing.plan import Plan

MOST: Final = 64
"""Of anything of which a configuration may have any number."""
_LONGEST: Final = 200
_MICRO: Final = 1_000_000
_IN_ORDER: Final = 3
"""So many steps come one after the other: whoever is let in, a plan, an attempt."""
_started: Final = attrgetter("started")
_STORED: Final = frozenset({"responses", "files", "batches"})
_LARGEST: Final = 1 << 53
_NUMBERS: Final = {
    "n": "choices",
    "seed": "seed",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}
"""Fields of a request, and what they are called here."""


class Step(Struct, array_like=True, frozen=True, gc=False):  # as `Row`
    """One step of the spine, or one attempt. Times are in seconds; `started` counts from the exchange's own start.

    `name`: `auth`, `plan`, `policy`, `guardrail`, `cache.lookup`, `attempt` or `unscrub`. `span_id` is what an upstream was told, for
    attempts. `detail` holds, by step:

    * `auth`: `route`, method and path, with `{id}` for the id of what is stored.
    * `plan`: `asked`, numbers of the request that models look at; `strategy` of the asked model; `order`, the targets of it and of what it may fall back to; `excluded`, model, target and why; `pinned`.
    * `guardrail`: `side`, `in` or `out`; `seconds` of work; `rules` that look there, each with policy, id, word, mode and detectors;
      `checks` that were asked, each with policy, rule, detector, start, seconds, how often, and how much it found.
    * `cache.lookup`: `status`, `why`, `class`, `like_why`, `threshold`, `kept`, and `neighbours`, each with similarity, what became of it, and vetoes.
    * `attempt`: `candidate`, `provider`, `kind`, `model`, `region`, `server`, `failure`, `status`, `streamed`, tokens, `cost_nanodollars`,
      `first_token_seconds` and `first_chunk_seconds`
      from its own start, to what went out and to what came in, `finish`.
    * `unscrub`: `values` that could be put back.
    """

    name: str
    started: float
    seconds: float
    detail: dict[str, Any] = field(default_factory=dict)
    span_id: str | None = None


def steps_of(x: Exchange) -> list[Step]:
    """In the order in which they began."""
    start = x.started
    made = [
        Step(
            name,
            micros(began - start),
            micros(ended - began),
            {} if what is None else _DETAILS[name](what, x, began),
            span_id,
        )
        for name, began, ended, what, span_id in x.steps or ()
    ]
    if len(made) > _IN_ORDER:
        made.sort(key=_started)
    return made


def micros(seconds: float) -> float:
    """To the millionth; half the price of `round`."""
    return int(seconds * _MICRO + 0.5) / _MICRO


def _let_in(path: str, x: Exchange, _began: float) -> dict[str, Any]:
    if x.dialect.name in _STORED:
        parts = path.split("/")
        parts[3:4] = ["{id}"] * len(parts[3:4])
        path = "/".join(parts)
    return {"route": f"{x.method} {path}"}


def _asked(body: dict[str, Any], *, streamed: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"stream": streamed}
    for theirs, value in body.items():
        if (ours := _NUMBERS.get(theirs)) and type(value) in (int, float) and abs(value) < _LARGEST:
            told[ours] = value
    if told.get("choices") == 1:
        del told["choices"]
    form = body.get("response_format") or (body["text"].get("format") if isinstance(body.get("text"), dict) else None)
    if isinstance(form, dict) and isinstance(form.get("type"), str):
        told["output_type"] = "json" if form["type"].startswith("json") else "text"
    return told


def _plan(plan: Plan, x: Exchange, _began: float) -> dict[str, Any]:
    told: dict[str, Any] = {
        "strategy": plan.groups[0].strategy,
        "order": [one.name[:_LONGEST] for group in plan.groups for one in group.candidates][:MOST],
    }
    if x.parsed is not None:
        told["asked"] = _asked(x.parsed, streamed=x.streamed)
    if plan.excluded:
        told["excluded"] = [
            (one.model, one.candidate.name[:_LONGEST], one.why, *sorted(one.lacks)) for one in plan.excluded[:MOST]
        ]
    if x.pinned is not None:
        told["pinned"] = x.pinned
    return told


def _judged(what: Judged, x: Exchange, _began: float) -> dict[str, Any]:
    side, guarding, seconds = what
    told: dict[str, Any] = {
        "side": side,
        "seconds": micros(seconds),
        "rules": _rules(guarding.bound, side),
    }
    if guarding.timings:
        told["checks"] = _checks(guarding, side, x.started)
    return told


Rules = list[tuple[str, str, str, str, tuple[str, ...]]]


@lru_cache(1024)
def _rules(bound: Bound, side: Literal["in", "out"]) -> Rules:
    return [
        (one.policy, one.id, one.word, one.mode, tuple(finder.name for finder in one.finders))
        for one in _of_side(bound, side)
    ]


def _of_side(bound: Bound, side: Literal["in", "out"]) -> list[BoundRule]:
    places = INPUT if side == "in" else OUTPUT
    return [one for one in bound.rules if not places.isdisjoint(one.places)][:MOST]


def _checks(guarding: Guarding, side: Literal["in", "out"], start: float) -> list[tuple[Any, ...]]:
    found = []
    for rule in _of_side(guarding.bound, side):
        for finder in rule.finders:
            for heard in (finder.digest, f"{finder.digest}/segment"):
                if (timing := guarding.timings.find(heard, side == "in")) is not None:
                    times = micros(timing.began - start), micros(timing.seconds)
                    found.append((rule.policy, rule.id, finder.name, *times, timing.asked, timing.found))
    return found


def _looked(trail: Trail, x: Exchange, _began: float) -> dict[str, Any]:
    told: dict[str, Any] = {"status": trail.status, "why": trail.why}
    if trail.kept:
        told["kept"] = trail.kept
    if trail.of_class is not None:
        told["class"] = trail.of_class
        told["like_why"] = trail.like_why
        told["threshold"] = trail.threshold
        told["neighbours"] = [
            (round(one.similarity, 4), one.went, one.vetoes[:8], one.complaints) for one in trail.neighbours[:MOST]
        ]
    if x.cached is not None and x.cached.similarity is not None:
        told["similarity"] = round(x.cached.similarity, 4)
    return told


def _tried(what: Tried, _x: Exchange, began: float) -> dict[str, Any]:
    candidate, server, failure, status, streamed, usage, paid, first, chunk, finish = what
    told: dict[str, Any] = {
        "candidate": candidate.name[:_LONGEST],
        "provider": candidate.provider,
        "kind": candidate.kind,
        "model": candidate.model[:_LONGEST],
        "region": candidate.region,
        "server": server,
        "failure": None if failure is None else failure.kind,
        "status": status,
        "streamed": streamed,
        "cost_nanodollars": paid,
        "first_token_seconds": None if first is None else micros(first - began),
        "first_chunk_seconds": None if chunk is None else micros(chunk - began),
        "finish": finish,
    }
    if usage is not None:
        told["input_tokens"] = usage.input_tokens
        told["output_tokens"] = usage.output_tokens
        told["cached_tokens"] = usage.cached_tokens
        told["cache_write_tokens"] = usage.cache_write_tokens
        told["reasoning_tokens"] = usage.reasoning_tokens
        told["estimated"] = usage.estimated
    return told


def _unscrubbed(values: int, _x: Exchange, _began: float) -> dict[str, Any]:
    return {"values": values}


_DETAILS: Final[Mapping[str, Callable[[Any, Exchange, float], dict[str, Any]]]] = {
    "auth": _let_in,
    "plan": _plan,
    "guardrail": _judged,
    "cache.lookup": _looked,
    "attempt": _tried,
    "unscrub": _unscrubbed,
}

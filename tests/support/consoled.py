"""A ledger with something in it, for whoever looks at the console. The same rows for the same seed."""

import random
from typing import Any, Final

from gateway.record.feedback import Feedback
from gateway.record.row import Row, Step
from tests.support.ledgered import a_row

DAY: Final = 86_400.0
_MODELS: Final = {
    "gpt-5-mini": ("openai", "gpt-5-mini-2026-08-01", 900),
    "claude-sonnet": ("anthropic", "claude-sonnet-5", 4_200),
    "llama": ("house", "llama-4-70b", 0),
    "gemini-flash": ("gemini", "gemini-3-flash", 400),
}
_CALLERS: Final = [("support-desk", "support"), ("search", "product"), ("batch-nightly", "data"), ("playground", None)]
_OUTCOMES: Final = [("answered", None, 200)] * 46 + [
    ("failed", "upstream_timeout", 504),
    ("failed", "upstream_error", 502),
    ("blocked", "policy_blocked", 400),
    ("client_gone", None, 200),
]


def rows(until: float, count: int, seed: int = 7) -> list[Row]:
    """Of the day up to then, oldest first; more by day than by night."""
    rng = random.Random(seed)
    times = sorted(until - DAY * min(rng.random(), rng.random() * 1.6) for _ in range(count))
    return [_row(rng, number, at, newest=number >= count - 3) for number, at in enumerate(times)]


def _row(rng: random.Random, number: int, at: float, *, newest: bool) -> Row:
    model = rng.choices(list(_MODELS), [5, 3, 2, 1])[0]
    provider, served, price = _MODELS[model]
    key, team = rng.choices(_CALLERS, [5, 3, 2, 1])[0]
    outcome, code, status = rng.choice(_OUTCOMES)
    cache = rng.choices(["hit", "semantic", "miss", "shadow", "bypass"], [16, 5, 60, 6, 13])[0]
    if outcome != "answered":
        cache = "miss"
    given = cache in ("hit", "semantic")
    streamed = rng.random() < 0.7
    first = rng.lognormvariate(-1.0, 0.4)
    seconds = 0.004 if given else first + rng.lognormvariate(0.2, 0.5)
    tokens_in, tokens_out = int(rng.lognormvariate(6, 0.8)) + 5, int(rng.lognormvariate(5, 0.7)) + 3
    target = f"{model}/0:{provider}/{served}"
    failed_first = outcome == "answered" and not given and rng.random() < 0.06
    cost = tokens_in * price // 4 + tokens_out * price
    attempts: list[tuple[str, str | None]] = []
    if not given and outcome != "blocked":
        attempts = [(target, None if outcome != "failed" else "timeout_first_token")]
        if failed_first:
            attempts.insert(0, (f"{model}/1:backup/{served}", "status"))
    found = [("pii-korea", "phones", "user", "KR_PHONE", "tokenize", "enforced", rng.randint(1, 3))]
    if outcome == "blocked":
        found = [("baseline", "secrets", "user", "api_key", "block", "enforced", 1)]
    elif rng.random() < 0.7:
        found = []
    more: dict[str, Any] = {
        "request_id": f"req_{rng.getrandbits(96):024x}",
        "trace_id": f"{rng.getrandbits(128):032x}",
        "span_id": f"{rng.getrandbits(64):016x}",
        "time": at,
        "key": key,
        "team": team,
        "model": model,
        "served_by": target if attempts else None,
        "provider": provider if attempts else None,
        "model_served": served if attempts else None,
        "region": "eu-central" if attempts else None,
        "zone": "external" if attempts else None,
        "outcome": outcome,
        "code": code,
        "status": status,
        "streamed": streamed,
        "attempts": attempts,
        "seconds": seconds,
        "first_token_seconds": None if outcome in ("failed", "blocked") else 0.003 if given else first,
        "finish": "stop" if outcome == "answered" else None,
        "input_tokens": tokens_in if outcome == "answered" else None,
        "output_tokens": tokens_out if outcome == "answered" else None,
        "cached_tokens": tokens_in // 3 if rng.random() < 0.3 else 0,
        "reasoning_tokens": tokens_out // 4 if model == "gpt-5-mini" else 0,
        "cost_nanodollars": 0 if given else cost if outcome == "answered" else None,
        "saved_nanodollars": cost if given else None,
        "cache": cache,
        "similarity": 0.934 if cache in ("semantic", "shadow") else None,
        "policies": ["baseline@1.2", "pii-korea@2.0"],
        "policy_digest": "7d1f0c",
        "verdicts": found,
        "unscanned": {"image": 1} if rng.random() < 0.03 else {},
        "overhead_seconds": 0.0011 + rng.random() * 0.001,
        "user": f"u_{rng.getrandbits(32):08x}",
        "conversation": f"conv-{number % 40}",
        "prompt": f"greeting@{1 + number % 3}",
        "response_id": f"chatcmpl-{rng.getrandbits(40):010x}",
        "steps": steps(model, target, attempts, seconds, first, cache) if newest or number % 10 == 0 else [],
    }
    return a_row(number, **more)


def steps(
    model: str, target: str, attempts: list[tuple[str, str | None]], seconds: float, first: float, cache: str
) -> list[Step]:
    """As the spine tells them."""
    rules = [
        ("baseline", "secrets", "block", "enforce", ("secrets",)),
        ("pii-korea", "phones", "tokenize", "enforce", ("personal",)),
        ("pii-korea", "watch", "log", "shadow", ("korean_rrn",)),
    ]
    made = [
        Step("auth", 0.00001, 0.00004),
        Step(
            "plan",
            0.0001,
            0.0001,
            {
                "strategy": "cheapest",
                "order": [target, f"{model}/1:backup/{model}"],
                "excluded": [(model, f"{model}/2:abroad/{model}", "region")],
            },
        ),
        Step("policy", 0.0002, 0.00005),
        Step("guardrail", 0.0003, 0.0005, {"side": "in", "seconds": 0.0004, "rules": rules}),
        Step(
            "cache.lookup",
            0.0008,
            0.0009,
            {
                "status": cache,
                "why": "new" if cache in ("miss", "shadow") else "",
                "class": "faq",
                "like_why": "veto" if cache == "miss" else "",
                "threshold": 0.91,
                "kept": "kept" if cache == "miss" else "",
                "neighbours": [(0.9341, "veto", ["number"], 0), (0.8712, "unlike", [], 0)],
            },
        ),
    ]
    begun, left = 0.0018, max(seconds - 0.003, 0.001)
    for index, (name, failure) in enumerate(attempts):
        share = left * (0.3 if index < len(attempts) - 1 else 0.95)
        detail = {
            "candidate": name,
            "failure": failure,
            "status": 503 if failure else 200,
            "first_token_seconds": None if failure else min(first, share) * 0.9,
            "cost_nanodollars": None if failure else 1200,
        }
        made.append(Step("attempt", begun, share, detail, "00f067aa0ba902b7"))
        begun += share
        left -= share
    if attempts:
        made.append(
            Step("guardrail", begun - share * 0.5, share * 0.5, {"side": "out", "seconds": 0.0007, "rules": rules[:1]})
        )
        made.append(Step("unscrub", begun, 0.0002, {"values": 1}))
    return made


_WORDS: Final = (
    (True, "This solved it, thank you.", None),
    (False, "The price is out of date.", "It is 12,000 won since October."),
    (True, None, None),
    (False, "답변이 질문과 다릅니다.", None),
    (True, None, None),
)


def opinions(made: list[Row], count: int = 60) -> list[Feedback]:
    """What was said of the newest answers, half a minute later."""
    rng = random.Random(3)
    answered = [one for one in made if one.outcome == "answered"][-count * 8 :: 8]
    return [_opinion(number, one, *rng.choice(_WORDS)) for number, one in enumerate(answered)]


def _opinion(number: int, one: Row, up: bool, comment: str | None, correction: str | None) -> Feedback:
    return Feedback(
        id=f"fb_{number:024x}",
        time=one.time + 30,
        request_id=one.request_id,
        conversation=one.conversation,
        metric="thumbs",
        level="response",
        score=float(up),
        label="up" if up else "down",
        bad=not up,
        source="user",
        comment=comment,
        correction=correction,
        key=one.key or "",
        team=one.team,
        user=one.user,
        model=one.model,
        model_served=one.model_served,
        prompt=one.prompt,
        trace_id=one.trace_id,
        span_id=one.span_id,
        digest=f"{number:x}",
    )

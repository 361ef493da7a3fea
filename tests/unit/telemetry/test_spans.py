"""The trace of each kind of exchange, drawn."""

from typing import Any

import pytest
from msgspec.structs import replace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from gateway.record.row import Row, Step, row
from gateway.telemetry.names import NAMES, names
from gateway.telemetry.spans import Spans
from tests.support.exchanges import exchange
from tests.unit.telemetry.golden import drawn

AUTH = Step("auth", 0.0, 0.001, {"route": "POST /v1/chat/completions"})
PLAN = Step("plan", 0.001, 0.001, {"strategy": "ordered", "order": ["a", "b"]})
POLICY = Step("policy", 0.002, 0.001)
RULES = [("p", "hide", "tokenize", "enforce", ("pii",)), ("p", "watch", "log", "shadow", ("words", "more"))]
GUARD = Step("guardrail", 0.003, 0.5, {"side": "in", "rules": RULES})


def attempt(**more: Any) -> Step:
    told = {
        "candidate": "m/0:house/demo", "provider": "house", "kind": "openai", "model": "demo", "region": None,
        "server": "https://someone:secret@api.example/v1", "failure": None, "status": 200, "streamed": False, "cost_nanodollars": 5,
        "first_token_seconds": 0.1, "first_chunk_seconds": None, "finish": "stop", "input_tokens": 3, "output_tokens": 4,
        "cached_tokens": 0, "cache_write_tokens": 2, "reasoning_tokens": 0, "estimated": False,
    }  # fmt: skip
    return Step("attempt", 0.01, 0.2, told | more, "c" * 16)


def failed(how: str, status: int | None) -> Step:
    """Another attempt, which came to nothing."""
    unknown = dict.fromkeys(("input_tokens", "output_tokens", "cost_nanodollars", "finish", "first_token_seconds"))
    step = attempt(failure=how, status=status, model="other", **unknown)
    return replace(step, span_id="d" * 16)


def a_row(*steps: Step, **more: Any) -> Row:
    made = row(exchange(outcome="answered", parent_span_id="e" * 16, sampled=True), 101.0)
    return replace(made, steps=list(steps), **more)


def spans(given: Row, version: Any = "1.41", why: str | None = None) -> list[ReadableSpan]:
    return Spans(Resource({}), version, InstrumentationScope("haechi")).of(given, why)


VERDICTS = [("p", "hide", "user", "EMAIL", "tokenize", "enforced", 2), ("p", "watch", "user", "X", "log", "shadow", 1)]
LOOKUP: dict[str, Any] = {
    "status": "shadow",
    "why": "new",
    "class": "faq",
    "like_why": "veto",
    "neighbours": [(0.91, "veto", [], 0)],
}
CASES = {
    "an answer": (
        a_row(AUTH, PLAN, attempt()),
        """
SERVER POST /v1/chat/completions
  INTERNAL auth
  CLIENT chat demo model=demo input_tokens=3 output_tokens=4
""",
    ),
    "a failed first attempt": (
        a_row(AUTH, PLAN, failed("status", 503), attempt(), attempts=[("b", "status"), ("a", None)]),
        """
SERVER POST /v1/chat/completions
  INTERNAL auth
  CLIENT chat other ! type=503 model=other
  CLIENT chat demo model=demo input_tokens=3 output_tokens=4
""",
    ),
    "an attempt at a target that could not be told": (
        a_row(AUTH, PLAN, failed("unfit", None), attempt()),
        """
SERVER POST /v1/chat/completions
  INTERNAL auth
  CLIENT chat demo model=demo input_tokens=3 output_tokens=4
""",
    ),
    "a stall": (
        a_row(AUTH, PLAN, failed("stalled", None), outcome="cut", code="stream_stalled"),
        """
SERVER POST /v1/chat/completions ! type=stream_stalled
  INTERNAL auth
  CLIENT chat other ! type=stalled model=other
""",
    ),
    "rules": (
        a_row(AUTH, PLAN, POLICY, GUARD, attempt(), verdicts=VERDICTS),
        """
SERVER POST /v1/chat/completions
  INTERNAL auth
  INTERNAL policy
  INTERNAL guardrail pii side=in verdict=tokenize
  INTERNAL guardrail words+more side=in verdict=shadow
  CLIENT chat demo model=demo input_tokens=3 output_tokens=4
""",
    ),
    "a block": (
        a_row(
            AUTH, PLAN, POLICY, GUARD, outcome="blocked", code="policy_blocked", status=403,
            verdicts=[("p", "hide", "user", "EMAIL", "block", "enforced", 1)],
        ),
        """
SERVER POST /v1/chat/completions type=policy_blocked
  INTERNAL auth
  INTERNAL policy
  INTERNAL guardrail pii side=in verdict=block
  INTERNAL guardrail words+more side=in verdict=pass
""",
    ),
    "a check that failed": (
        a_row(AUTH, GUARD, verdicts=[("p", "hide", "user", "", "tokenize", "failed", 1)]),
        """
SERVER POST /v1/chat/completions
  INTERNAL auth
  INTERNAL guardrail pii ! type=detector_failed side=in verdict=failed
  INTERNAL guardrail words+more side=in verdict=pass
""",
    ),
    "a hit": (
        a_row(AUTH, PLAN, Step("cache.lookup", 0.002, 0.001, {"status": "hit", "why": "stale"}), cache="hit"),
        """
SERVER POST /v1/chat/completions
  INTERNAL auth
  INTERNAL cache.lookup status=hit decision=stale
""",
    ),
    "a like question that was vetoed": (
        a_row(AUTH, PLAN, Step("cache.lookup", 0.002, 0.001, LOOKUP), attempt()),
        """
SERVER POST /v1/chat/completions
  INTERNAL auth
  INTERNAL cache.lookup status=shadow decision=veto
  CLIENT chat demo model=demo input_tokens=3 output_tokens=4
""",
    ),
    "a refusal at the door": (
        a_row(AUTH, outcome="failed", code="invalid_api_key", status=401),
        """
SERVER POST /v1/chat/completions type=invalid_api_key
  INTERNAL auth
""",
    ),
    "a defect": (
        a_row(AUTH, outcome="failed", code="internal", status=500),
        """
SERVER POST /v1/chat/completions ! type=internal
  INTERNAL auth
""",
    ),
    "what a check asks": (
        a_row(PLAN, attempt(), parent_span_id=None),
        """
INTERNAL internal chat
  CLIENT chat demo model=demo input_tokens=3 output_tokens=4
""",
    ),
    "what is no operation of the conventions": (
        a_row(Step("auth", 0.0, 0.1, {"route": "POST /v1/rerank"}), attempt(), dialect="rerank"),
        """
SERVER POST /v1/rerank
  INTERNAL auth
  CLIENT rerank demo
""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_trace_is_drawn_as_its_exchange_went(case: str) -> None:
    given, drawing = CASES[case]
    assert drawn(spans(given)) == drawing.strip("\n")


@pytest.mark.parametrize("case", CASES)
def test_the_same_row_gives_the_same_spans(case: str) -> None:
    given = CASES[case][0]
    once, again = ([(one.name, one.get_span_context(), one.start_time) for one in spans(given)] for _ in range(2))
    assert once == again
    ids = [one.get_span_context().span_id for one in spans(given)]  # type: ignore[union-attr]  # each has one
    assert len(set(ids)) == len(ids)


def test_host_and_port_are_told_and_what_opens_them_is_not() -> None:
    call = spans(a_row(attempt()))[-1].attributes
    assert call is not None
    assert (call["server.address"], call["server.port"]) == ("api.example", 443)
    assert "secret" not in str(call)


def test_later_names_are_used_where_they_are_asked_for() -> None:
    given = a_row(attempt(), prompt="greeting@7")
    before, later = spans(given)[-1].attributes, spans(given, "latest")[-1].attributes
    assert before is not None
    assert later is not None
    assert before["gen_ai.usage.cache_creation.input_tokens"] == 2
    assert later["gen_ai.usage.cache_write.input_tokens"] == 2
    assert "gen_ai.usage.cache_creation.input_tokens" not in later
    assert (before["haechi.prompt.version"], later["gen_ai.prompt.version"]) == ("7", "7")


def test_no_two_attributes_have_one_name() -> None:
    for version in ("1.41", "latest"):
        theirs = list(names(version).values())
        assert len(set(theirs)) == len(theirs)
    assert all(one.words and one.on for one in NAMES.values())


def test_a_check_has_the_time_that_it_took_and_other_rules_that_of_all() -> None:
    checks = [("p", "watch", "words", 0.25, 0.125, 3, 1)]
    guard = Step("guardrail", 0.003, 0.5, {"side": "in", "rules": RULES, "checks": checks})
    _, pattern, check = spans(a_row(guard, time=100.0))
    assert (pattern.start_time, pattern.end_time) == (100_003_000_000, 100_503_000_000)
    assert (check.start_time, check.end_time) == (100_250_000_000, 100_375_000_000)
    assert check.attributes is not None
    assert check.attributes["haechi.guardrail.asked"] == 3


def test_a_trace_that_is_kept_for_a_reason_says_so() -> None:
    told = spans(a_row(AUTH), why="errors")[0].attributes
    assert told is not None
    assert told["haechi.sampled_for"] == "errors"

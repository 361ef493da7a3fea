"""What was noted on the way, as it is kept."""

from typing import Any

import msgspec
import pytest

from gateway.cache.trails import Neighbour, Trail
from gateway.exchange import Cached, Tried
from gateway.record.named import conversation_of, prompt_of
from gateway.record.row import row
from gateway.record.steps import Step, steps_of
from gateway.routing.failure import Failure
from gateway.routing.plan import Excluded
from gateway.wire.neutral import Usage
from tests.support.exchanges import candidate, exchange, plan_of, said


def test_steps_count_from_the_start_of_the_exchange_and_stand_in_the_order_in_which_they_began() -> None:
    late = [("unscrub", 100.75, 101.0, None, None), ("attempt", 100.5, 101.0, None, "c" * 16)]
    x = exchange(steps=[("auth", 100.0, 100.000125, None, None), ("policy", 100.25, 100.375, None, None), *late])
    assert steps_of(x) == [
        Step("auth", 0.0, 0.000125),
        Step("policy", 0.25, 0.125),
        Step("attempt", 0.5, 0.5, {}, "c" * 16),
        Step("unscrub", 0.75, 0.25),
    ]


def test_steps_say_nothing_where_none_were_noted() -> None:
    x = exchange()
    x.note("auth", 100.0)
    assert x.steps is None
    assert row(x, 101.0).steps == []


def test_a_plan_says_why_this_model() -> None:
    plan = msgspec.structs.replace(
        plan_of(candidate("a"), candidate("b")),
        excluded=(Excluded("asked", candidate("c"), "capability", frozenset({"tools"})),),
    )
    assert detail(exchange(pinned="house"), "plan", plan) == {
        "strategy": "ordered",
        "order": ["asked/0:house/a", "asked/0:house/b"],
        "excluded": [("asked", "asked/0:house/c", "capability", "tools")],
        "pinned": "house",
    }


def test_a_plan_says_what_of_a_request_are_numbers_and_no_words() -> None:
    raw = (
        b'{"model":"asked","n":2,"temperature":0.5,"top_p":"high","seed":true,"max_completion_tokens":9,"top_k":1e300,'
        b'"response_format":{"type":"json_schema","name":"x"},"stop":["words"]}'
    )
    told = detail(said(raw), "plan", plan_of(candidate("a")))
    assert told["asked"] == {"stream": False, "choices": 2, "temperature": 0.5, "max_tokens": 9, "output_type": "json"}


@pytest.mark.parametrize(
    ("raw", "asked"),
    [
        (b'{"model":"a","n":1,"stream":true}', {"stream": True}),
        (b'{"model":"a","response_format":{"type":"text"}}', {"stream": False, "output_type": "text"}),
        (b'{"model":"a","text":{"format":{"type":"json_object"}}}', {"stream": False, "output_type": "json"}),
        (b'{"model":"a","text":"words","response_format":7}', {"stream": False}),
    ],
)
def test_what_is_asked_for_by_default_or_by_no_known_word_is_left_out(raw: bytes, asked: dict[str, Any]) -> None:
    assert detail(said(raw), "plan", plan_of(candidate("a")))["asked"] == asked


@pytest.mark.parametrize(
    ("dialect", "path", "route"),
    [
        ("chat", "/v1/chat/completions", "POST /v1/chat/completions"),
        ("responses", "/v1/responses", "POST /v1/responses"),
        ("responses", "/v1/responses/resp_secret", "POST /v1/responses/{id}"),
        ("responses", "/v1/responses/resp_secret/input_items", "POST /v1/responses/{id}/input_items"),
        ("files", "/v1/files/file_secret/content", "POST /v1/files/{id}/content"),
    ],
)
def test_a_route_holds_no_id(dialect: str, path: str, route: str) -> None:
    assert detail(exchange(dialect), "auth", path) == {"route": route}


def test_an_attempt_says_what_it_cost_and_how_it_went() -> None:
    usage = Usage(input_tokens=9, output_tokens=8, cached_tokens=7, cache_write_tokens=6, reasoning_tokens=5)
    what = Tried(candidate("a"), "http://127.0.0.1:1/v1", None, 200, True, usage, 4, 100.25, 100.125, "stop")
    made = detail(exchange(), "attempt", what)
    assert made == {
        "candidate": "asked/0:house/a",
        "provider": "house",
        "kind": "openai_compatible",
        "model": "a",
        "region": None,
        "server": "http://127.0.0.1:1/v1",
        "failure": None,
        "status": 200,
        "streamed": True,
        "cost_nanodollars": 4,
        "first_token_seconds": 0.25,
        "first_chunk_seconds": 0.125,
        "finish": "stop",
        "input_tokens": 9,
        "output_tokens": 8,
        "cached_tokens": 7,
        "cache_write_tokens": 6,
        "reasoning_tokens": 5,
        "estimated": False,
    }


def test_an_attempt_that_failed_says_how() -> None:
    what = Tried(candidate("a"), "", Failure("status", 503), 503, False, None, None, None, None, None)
    made = detail(exchange(), "attempt", what)
    assert (made["failure"], made["status"], made["first_token_seconds"]) == ("status", 503, None)
    assert "input_tokens" not in made


def test_a_lookup_says_why_there_was_a_hit_or_none() -> None:
    trail = Trail(
        request_id="req_1",
        caller="x",
        key="anna",
        model="asked",
        dialect="chat",
        time=0.0,
        mode="use",
        most_age=None,
        tags=(),
        status="shadow",
        why="new",
        of_class="faq",
        like_why="",
        threshold=0.9,
        neighbours=[Neighbour(0.912345, "shadow", ["number"], 1)],
        kept="kept",
    )
    x = exchange(cached=Cached("shadow", similarity=0.912345))
    assert detail(x, "cache.lookup", trail) == {
        "status": "shadow",
        "why": "new",
        "kept": "kept",
        "class": "faq",
        "like_why": "",
        "threshold": 0.9,
        "neighbours": [(0.9123, "shadow", ["number"], 1)],
        "similarity": 0.9123,
    }


def detail(x: Any, name: str, what: Any) -> dict[str, Any]:
    x.steps = [(name, 100.0, 101.0, what, None)]
    (step,) = steps_of(x)
    msgspec.msgpack.encode(step)
    return step.detail


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("thread-42", "thread-42"),
        ("상담.2026", "상담.2026"),
        ("상담".encode().decode("latin-1"), "상담"),
        ("", None),
        ("a b", None),
        ("a\tb", None),
        ("a" * 128, "a" * 128),
        ("a" * 129, None),
        ("{}", None),
    ],
)
def test_a_conversation_is_kept_by_a_name_and_free_text_is_none(given: str, kept: str | None) -> None:
    assert conversation_of(exchange(headers={"x-haechi-conversation": given})) == kept
    assert prompt_of(exchange(headers={"x-haechi-prompt": given})) == kept


@pytest.mark.parametrize("given", ['"conv_1"', '{"id":"conv_1"}'])
def test_a_conversation_of_the_responses_api_is_kept_by_its_id(given: str) -> None:
    raw = f'{{"model":"asked","input":"x","conversation":{given}}}'.encode()
    assert conversation_of(said(raw, "responses")) == "conv_1"
    assert conversation_of(said(raw, "chat")) is None
    assert conversation_of(said(raw, "responses", headers={"x-haechi-conversation": "own"})) == "own"


def test_a_prompt_is_kept_with_its_version() -> None:
    row_ = row(exchange(headers={"x-haechi-prompt": "greeting@7"}), 101.0)
    assert (row_.prompt, row_.conversation) == ("greeting@7", None)

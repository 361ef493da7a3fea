"""How an answer ends when its upstream fails inside it, says too much, or hangs on after its last word."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.eventually import eventually, resident_bytes, shortest
from tests.support.rawclient import Answer, Line
from tests.support.scripted import (
    DONE,
    HEAD,
    LAST,
    PATHS,
    Endless,
    Stage,
    Step,
    asking,
    chat_body,
    chat_chunk,
    chunk,
    event,
    fresh,
    stage,
    target,
    whole,
)

_ALL: Final = ("chat", "messages", "responses")
_GOOD: Final = "Zweitens"
_EVENT_BYTES: Final = 64 * 1024
_OPEN_FOR: Final = 4.0
"""Seconds: longer than a busy machine may take for the next request."""
_GRACE: Final = 0.25
"""Seconds that the gateway listens for an upstream's end behind its last word."""


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """`two/*` falls over from `first` to `second`; `answering/*` from one that speaks Responses alone; `only/*` never does."""
    providers = {"first": _ALL, "answers": ("responses",), "messages": ("messages",), "second": _ALL}
    models = {
        "two/*": {"targets": [target("first"), target("second")]},
        "answering/*": {"targets": [target("answers"), target("second")]},
        "one/*": {"targets": [target("first")]},
        "only/*": {"targets": [target("answers")]},
        "narrow/*": {"targets": [target("messages")]},
        "wide": {"targets": [target("first", "w")], "fallbacks": {"failure": ["unfit"], "content_filter": ["unfit"]}},
        "unfit": {"targets": [target("messages", "w")]},
    }
    with stage(
        tmp_path_factory.mktemp("endings"),
        providers,
        models,
        breaker={"failures": 3, "open_for": 600},
        limits={"event_bytes": _EVENT_BYTES},
    ) as made:
        made.upstreams.play("second", whole({}, 500))
        yield made


# -- an answer that says of itself that it failed

_FAILURE: Final = {"code": "server_error", "message": "The model broke down."}


def response(status: str, *texts: str) -> dict[str, Any]:
    said = [{"type": "output_text", "text": "".join(texts), "annotations": []}]
    output = (
        [{"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": said}] if texts else []
    )
    made: dict[str, Any] = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": status}
    usage = {"input_tokens": 7, "output_tokens": len(texts), "total_tokens": 7 + len(texts)}
    return {**made, "output": output, "usage": usage, "error": _FAILURE if status == "failed" else None}


def _numbered(*values: dict[str, Any]) -> list[bytes]:
    return [event({**value, "sequence_number": number}) for number, value in enumerate(values)]


_OPENING: Final = (
    {"type": "response.created", "response": response("in_progress")},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {"type": "message", "id": "msg_1", "content": []},
    },
    {"type": "response.content_part.added", "output_index": 0, "content_index": 0, "item_id": "msg_1"}
    | {"part": {"type": "output_text", "text": "", "annotations": []}},
)
_DELTA: Final = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "msg_1"}
_FAILED: Final = {"type": "response.failed", "response": response("failed")}


def failing(*texts: str) -> list[bytes]:
    """A native stream that ends in `response.failed`, all in one piece."""
    return [HEAD, chunk(*_numbered(*_OPENING, *({**_DELTA, "delta": text} for text in texts), _FAILED)), LAST]


BEFORE_TEXT: Final[dict[str, tuple[list[bytes], bool]]] = {
    "streamed": (failing(), True),
    "streamed, with text in the same piece": (failing("never ", "shown"), True),
    "unary": ([whole(response("failed"))], False),
}


def good(caller: str, *, streamed: bool) -> list[bytes]:
    if not streamed:
        bodies = {
            "chat": chat_body(_GOOD),
            "responses": response("completed", _GOOD),
            "messages": {
                "id": "msg_2",
                "type": "message",
                "role": "assistant",
                "model": "m",
                "content": [{"type": "text", "text": _GOOD}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 3, "output_tokens": 2},
            },
        }
        return [whole(bodies[caller])]
    if caller == "chat":
        return [HEAD, chunk(chat_chunk(_GOOD), chat_chunk(finish="stop"), DONE), LAST]
    if caller == "responses":
        completed = {"type": "response.completed", "response": response("completed", _GOOD)}
        return [HEAD, chunk(*_numbered(*_OPENING, {**_DELTA, "delta": _GOOD}, completed)), LAST]
    start: dict[str, Any] = {
        "id": "msg_2",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
    }
    said: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**start, "usage": {"input_tokens": 3, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": _GOOD}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    return [HEAD, chunk(*map(event, said)), LAST]


@pytest.mark.parametrize("form", BEFORE_TEXT)
@pytest.mark.parametrize("caller", PATHS)
def test_a_failed_response_without_text_lets_a_fallback_answer(caller: str, form: str, play: Stage) -> None:
    steps, streamed = BEFORE_TEXT[form]
    play.upstreams.play("answers", *steps)
    play.upstreams.play("second", *good(caller, streamed=streamed))
    answer = play.ask(fresh("answering"), caller, streamed=streamed)
    assert answer.status == 200, answer.body
    assert _GOOD in answer.body.decode()
    assert "failed" not in answer.body.decode()
    assert "never" not in answer.body.decode()
    record = play.record(answer)
    assert record["outcome"] == "answered"
    assert [failure for _, failure in record["attempts"]] == ["stream_error", None]


@pytest.mark.parametrize("form", BEFORE_TEXT)
@pytest.mark.parametrize("caller", PATHS)
def test_a_failed_response_is_an_error_status_and_a_failure_for_the_breaker(
    caller: str, form: str, play: Stage
) -> None:
    steps, streamed = BEFORE_TEXT[form]
    play.upstreams.play("answers", *steps)
    model = fresh("only")
    answer = play.ask(model, caller, streamed=streamed)
    assert (answer.status, answer.end) == (502, "whole"), answer.body
    assert "upstream_error" in answer.body.decode()
    assert (play.record(answer)["outcome"], play.record(answer)["code"]) == ("failed", "upstream_error")
    assert play.upstreams.count("answers") == 2, "one retry"
    play.ask(model, caller, streamed=streamed)
    assert play.upstreams.count("answers") == 3, "the third failure opens the breaker"
    assert play.ask(model, caller, streamed=streamed).status == 503
    assert play.upstreams.count("answers") == 3


TOGETHER: Final = {"event by event": False, "the failure with the last text": True}


def failed_after_text(play: Stage, caller: str, *, together: bool) -> Answer:
    """`word0` has reached the caller before the upstream says `word1` and that it has failed. The answer is what follows."""
    *opening, word1, failed = _numbered(*_OPENING, {**_DELTA, "delta": "word0"}, {**_DELTA, "delta": "word1"}, _FAILED)
    gate, again = threading.Event(), threading.Event()
    end: list[Step] = [chunk(word1, failed)] if together else [chunk(word1), again, chunk(failed)]
    play.upstreams.play("answers", HEAD, chunk(*opening), gate, *end, LAST)
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS[caller], asking(fresh("answering"), caller, streamed=True))
            status, headers = line.head()
            line.read_until(b"word0")
            gate.set()
            text = line.read_until(b"word1")
            again.set()
            rest = line.answer_rest()
    finally:
        gate.set()
        again.set()
    assert text
    return Answer(status, headers, rest, "whole")


@pytest.mark.parametrize("together", TOGETHER.values(), ids=TOGETHER)
def test_a_failed_response_after_text_passes_once_and_nothing_follows(together: bool, play: Stage) -> None:
    answer = failed_after_text(play, "responses", together=together)
    assert answer.status == 200
    (failed,) = [(name, data) for name, data in answer.events if name]
    assert failed[0] == "response.failed", "the upstream's own end, and nothing added"
    assert msgspec.json.decode(failed[1])["response"]["error"] == _FAILURE
    record = play.record(answer)
    assert (record["outcome"], record["code"], record["status"]) == ("cut", "upstream_error", 200)
    assert [failure for _, failure in record["attempts"]] == ["stream_error"]


_TERMINAL: Final = {"chat": b"[DONE]", "messages": b"message_stop"}


@pytest.mark.parametrize("together", TOGETHER.values(), ids=TOGETHER)
@pytest.mark.parametrize("caller", _TERMINAL)
def test_a_translated_caller_hears_of_it_in_its_own_dialect(caller: str, together: bool, play: Stage) -> None:
    answer = failed_after_text(play, caller, together=together)
    assert answer.status == 200
    assert _TERMINAL[caller] not in answer.body, "no clean end"
    assert b"response." not in answer.body
    name, data = answer.events[-1]
    said = msgspec.json.decode(data)
    assert name == (None if caller == "chat" else "error")
    code = said["error"]["code"] if caller == "chat" else said["error"]["details"]["error_code"]
    assert code == "upstream_error"
    assert sum("upstream_error" in data for _, data in answer.events) == 1
    record = play.record(answer)
    assert (record["outcome"], record["code"]) == ("cut", "upstream_error")


# -- an upstream that talks without saying anything

_PAD: Final = "x" * 4000
WORDLESS: Final = {
    "chat": chat_chunk(pad=_PAD),
    "messages": event({"type": "ping", "pad": _PAD}),
    "responses": event({"type": "response.in_progress", "response": response("in_progress"), "pad": _PAD}),
}


@pytest.mark.parametrize("caller", PATHS)
def test_one_that_sends_much_without_text_is_cut_off(caller: str, play: Stage) -> None:
    before = resident_bytes(play.process.process.pid)
    already = play.upstreams.sent
    play.upstreams.play("first", HEAD, Endless(chunk(WORDLESS[caller]), 256 * 1024 * 1024))
    answer = play.ask(fresh("one"), caller, streamed=True)
    assert answer.status == 502, answer.body[:500]
    assert "upstream_invalid_response" in answer.body.decode()
    assert play.record(answer)["code"] == "upstream_invalid_response"
    assert play.upstreams.sent - already < 32 * 1024 * 1024, "what both sockets hold, and a little more"
    assert resident_bytes(play.process.process.pid) - before < 16 * 1024 * 1024


def test_what_is_held_back_comes_in_its_order(play: Stage) -> None:
    """Just under the limit, in many pieces; then text."""
    held = [chunk(chat_chunk(pad=f"{number}{_PAD}")) for number in range(12)]
    play.upstreams.play("first", HEAD, *held, chunk(chat_chunk("word0")), chunk(chat_chunk(finish="stop"), DONE), LAST)
    answer = play.ask(fresh("one"), streamed=True)
    pads = [value["pad"] for _, data in answer.events[:12] if (value := msgspec.json.decode(data))]
    assert pads == [f"{number}{_PAD}" for number in range(12)]
    assert "word0" in answer.events[12][1]


# -- an upstream that hangs on after its last word


def hanging(gate: threading.Event) -> list[bytes | threading.Event]:
    return [HEAD, chunk(chat_chunk("word0")), chunk(chat_chunk(finish="stop"), DONE), gate, LAST]


def test_the_callers_answer_ends_with_the_last_word_not_with_the_connection(play: Stage) -> None:
    assert shortest(lambda: _rest(play), _GRACE / 2) <= _GRACE / 2, "the upstream is still silent, as long as it likes"


def _rest(play: Stage) -> float:
    """Seconds from the last word to the end of the answer, while the upstream hangs on."""
    gate = threading.Event()
    play.upstreams.play("first", *hanging(gate))
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["chat"], asking(fresh("one"), streamed=True))
            line.read_until(DONE)
            at = time.monotonic()
            line.answer_rest()
            return time.monotonic() - at
    finally:
        gate.set()


def test_a_caller_that_leaves_with_its_answer_has_been_answered(play: Stage) -> None:
    gate = threading.Event()
    play.upstreams.play("first", *hanging(gate))
    model = fresh("one")
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["chat"], asking(model, streamed=True))
            line.read_until(DONE)
        (record,) = play.records_of(model)
    finally:
        gate.set()
    assert (record["outcome"], record["code"]) == ("answered", None)
    assert [failure for _, failure in record["attempts"]] == [None]


def test_a_target_whose_caller_left_with_its_answer_has_answered(play: Stage) -> None:
    """Its failures in a row begin anew."""
    gate = threading.Event()
    model = fresh("one")
    play.upstreams.play("first", whole({}, 500))
    play.ask(model)
    assert play.upstreams.count("first") == 2, "one more would open the breaker"
    play.upstreams.play("first", *hanging(gate))
    try:
        with Line(play.process.url) as line:
            line.ask(PATHS["chat"], asking(model, streamed=True))
            line.read_until(DONE)
        eventually(lambda: len(play.records_of(model)) == 2)
    finally:
        gate.set()
    play.upstreams.play("first", whole({}, 500))
    play.ask(model)
    assert play.upstreams.count("first") == 2, "two more did not"


def test_draining_puts_nothing_behind_the_last_word(tmp_path: Path) -> None:
    gate = threading.Event()
    model = {"one": {"targets": [target("first", "m")]}}
    with stage(tmp_path, {"first": _ALL}, model, limits={"drain": 60}) as made:
        made.upstreams.play("first", *hanging(gate))
        try:
            with Line(made.process.url) as line:
                line.ask(PATHS["chat"], asking("one", streamed=True))
                line.read_until(DONE)
                made.process.signal(signal.SIGTERM)
                eventually(lambda: "draining" in made.process.log)
                made.process.signal(signal.SIGINT)
                rest = line.answer_rest()
            assert b"error" not in rest
            assert made.process.wait(30) == 0
            (record,) = made.records_of("one")
        finally:
            gate.set()
    assert (record["outcome"], record["code"]) == ("answered", None)


# -- targets that cannot be told what was asked


def test_a_target_that_was_not_asked_has_not_shown_that_it_is_well(tmp_path: Path) -> None:
    models = {"narrow": {"targets": [target("messages", "m")]}}
    breaker = {"failures": 3, "open_for": _OPEN_FOR}
    with stage(tmp_path, {"messages": ("messages",)}, models, breaker=breaker) as play:
        play.upstreams.play("messages", whole({}, 500))
        for _ in range(2):
            play.ask("narrow")
        opened = time.monotonic()
        assert play.upstreams.count("messages") == 3
        eventually(lambda: time.monotonic() > opened + _OPEN_FOR + 0.05)
        unfit = play.ask("narrow", n=2)
        assert (unfit.status, unfit.json["error"]["code"]) == (400, "unsupported_parameter")
        assert play.upstreams.count("messages") == 3, "half open, and nobody was sent"
        play.ask("narrow")
        assert play.upstreams.count("messages") == 4, "the probe, and no more"
        assert play.ask("narrow").status == 503
        assert play.upstreams.count("messages") == 4


def test_the_failure_of_the_one_that_was_asked_is_told(play: Stage) -> None:
    play.upstreams.play("first", whole({"error": {"message": "CANARY", "type": "server_error"}}, 503))
    answer = play.ask("wide", n=2)
    assert (answer.status, answer.json["error"]["code"]) == (503, "upstream_error"), answer.body
    assert "The upstream failed" in answer.json["error"]["message"]
    assert b"CANARY" not in answer.body


def test_a_refusal_is_told_in_the_words_of_the_one_that_refused(play: Stage) -> None:
    refusal = {"message": "Not this.", "type": "invalid_request_error", "code": "content_filter", "param": None}
    play.upstreams.play("first", whole({"error": refusal}, 400))
    answer = play.ask("wide", n=2)
    assert (answer.status, answer.json["error"]["code"]) == (400, "content_filter"), answer.body
    assert answer.json["error"]["message"] == "Not this."

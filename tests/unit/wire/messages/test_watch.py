from typing import Any

import pytest

from gateway.wire.dialect import END, FAULT, NOTHING, TEXT
from gateway.wire.frames import Frame, body, comment, event
from gateway.wire.messages.watch import MessagesWatch
from gateway.wire.neutral import Finish, Usage
from tests.unit.wire.messages.transcripts import golden


def watch(streamed: bool = True) -> MessagesWatch:
    return MessagesWatch(asked_usage=False, streamed=streamed)


def decoded(frame: Frame) -> bool:
    return frame._json is not None


def test_a_stream_is_seen_for_what_it_is() -> None:
    seen = watch()
    told = [(frame.event, seen.look(frame)) for frame in golden("messages_tool_stream.txt")]
    assert told[:4] == [
        ("message_start", NOTHING),
        ("content_block_start", NOTHING),
        ("ping", NOTHING),
        ("content_block_delta", TEXT),
    ]
    assert [bits for name, bits in told if name == "content_block_stop"] == [TEXT] * 4
    assert [bits for name, bits in told if name == "content_block_start"] == [NOTHING, NOTHING, TEXT, TEXT]
    assert told[-2:] == [("message_delta", NOTHING), ("message_stop", END)]
    assert seen.finish == "tool_calls"
    assert seen.usage == Usage(
        input_tokens=20,
        output_tokens=34,
        cached_tokens=5,
        cache_write_tokens=3,
        reasoning_tokens=7,
        extras={"service_tier": "standard"},
    )
    assert seen.fault is None


def test_text_is_never_decoded() -> None:
    seen = watch()
    told = golden("messages_tool_stream.txt")
    for frame in told:
        seen.look(frame)
    assert {frame.event for frame in told if decoded(frame)} == {
        "message_start",
        "content_block_start",
        "message_delta",
    }


def test_frames_pass_unchanged() -> None:
    seen = watch()
    for frame in golden("messages_tool_stream.txt"):
        assert seen.shown(frame) is frame


@pytest.mark.parametrize("name", [None, "message", "something_new"])
def test_without_a_known_event_line_the_type_decides(name: str | None) -> None:
    seen = watch()
    told = [seen.look(event(frame.json, name)) for frame in golden("messages_tool_stream.txt")]
    named = watch()
    assert told == [named.look(frame) for frame in golden("messages_tool_stream.txt")]
    assert (seen.usage, seen.finish) == (named.usage, named.finish)


def test_input_is_known_before_the_output_is() -> None:
    seen = watch()
    seen.look(golden("messages_tool_stream.txt")[0])
    assert seen.usage is not None
    assert (seen.usage.input_tokens, seen.usage.output_tokens) == (20, 1)


def test_a_delta_with_output_alone_keeps_the_input() -> None:
    seen = watch()
    seen.look(golden("messages_tool_stream.txt")[0])
    seen.look(
        event(
            {"type": "message_delta", "delta": {}, "usage": {"input_tokens": None, "output_tokens": 9}}, "message_delta"
        )
    )
    assert seen.usage is not None
    assert (seen.usage.input_tokens, seen.usage.cached_tokens, seen.usage.output_tokens) == (20, 5, 9)
    assert seen.finish is None


@pytest.mark.parametrize(
    ("block", "bits"),
    [
        ({"type": "text", "text": ""}, NOTHING),
        ({"type": "text", "text": "already"}, TEXT),
        ({"type": "thinking", "thinking": "", "signature": ""}, NOTHING),
        ({"type": "tool_use", "id": "t", "name": "n", "input": {}}, TEXT),
        ({"type": "server_tool_use", "id": "t", "name": "web_search", "input": {}}, TEXT),
        ({"type": "redacted_thinking", "data": "x"}, TEXT),
        (None, NOTHING),
    ],
)
def test_an_opening_block_commits_only_with_content(block: Any, bits: int) -> None:
    opening = event({"type": "content_block_start", "index": 0, "content_block": block}, "content_block_start")
    assert watch().look(opening) == bits


def test_an_error_event_is_a_fault() -> None:
    seen = watch()
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert seen.look(event(error, "error")) == FAULT
    assert seen.fault is not None
    assert (seen.fault.code, seen.fault.status) == ("upstream_error", 529)


@pytest.mark.parametrize("name", ["message_start", "error", None])
def test_what_is_not_json_is_a_fault(name: str | None) -> None:
    seen = watch()
    assert seen.look(Frame(b"data: {oh\n\n", b"{oh", name)) == FAULT
    assert seen.fault is not None
    assert seen.fault.code == "upstream_invalid_response"


def test_a_comment_means_nothing() -> None:
    assert watch().look(comment("alive")) == NOTHING


def test_a_body_ends_at_once() -> None:
    seen = watch(streamed=False)
    message = {
        "type": "message",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    assert seen.look(body(message)) == TEXT | END
    assert (seen.finish, seen.usage) == ("length", Usage(input_tokens=3, output_tokens=4))


def test_an_error_body_with_status_200_is_a_fault() -> None:
    seen = watch(streamed=False)
    assert seen.look(body({"type": "error", "error": {"type": "api_error", "message": "no"}})) == FAULT
    assert seen.fault is not None
    assert seen.fault.code == "upstream_error"


@pytest.mark.parametrize("value", [{}, {"type": "message"}, {"input_tokens": 3}])
def test_a_body_that_is_no_message_is_a_fault(value: dict[str, Any]) -> None:
    seen = watch(streamed=False)
    assert seen.look(body(value)) == FAULT
    assert seen.fault is not None
    assert seen.fault.code == "upstream_invalid_response"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop_sequence"),
        ("tool_use", "tool_calls"),
        ("refusal", "refusal"),
        ("pause_turn", "pause"),
        ("model_context_window_exceeded", "length"),
        ("something_new", "stop"),
    ],
)
def test_every_stop_reason_has_a_finish(reason: str, finish: Finish) -> None:
    seen = watch(streamed=False)
    seen.look(body({"content": [], "stop_reason": reason}))
    assert seen.finish == finish

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.fold import fold
from gateway.wire.frames import Frame, comment, event
from gateway.wire.messages.answer import read_answer
from gateway.wire.messages.stream import MessagesReader
from gateway.wire.neutral import (
    Answer,
    Begin,
    Choice,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Opaque,
    Reasoning,
    Sealed,
    Text,
    ToolBegin,
    ToolCall,
    Usage,
    Used,
    Whole,
)
from tests.unit.wire.messages.transcripts import golden

START = {
    "type": "message_start",
    "message": {"id": "m", "model": "c", "usage": {"input_tokens": 1, "output_tokens": 1}},
}
STOP = {"type": "message_stop"}


def read(*values: dict[str, Any]) -> list[Event]:
    reader = MessagesReader()
    return [found for value in values for found in reader.feed(event(value, value["type"]))]


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def test_the_vendors_stream_is_read() -> None:
    reader = MessagesReader()
    events = [found for frame in golden("messages_tool_stream.txt") for found in reader.feed(frame)]
    known = Usage(
        input_tokens=20, output_tokens=1, cached_tokens=5, cache_write_tokens=3, extras={"service_tier": "standard"}
    )
    usage = Usage(
        input_tokens=20,
        output_tokens=34,
        cached_tokens=5,
        cache_write_tokens=3,
        reasoning_tokens=7,
        extras={"service_tier": "standard"},
    )
    assert events == [
        Begin(id="msg_01", model="claude-test", created=0, usage=known),
        Delta(choice=0, kind="reasoning", text="The caller wants weather."),
        Sealed(choice=0, signature="c2lnbmVk"),
        Delta(choice=0, kind="content", text="서울의 날씨를 "),
        Delta(choice=0, kind="content", text="볼게요."),
        ToolBegin(choice=0, tool=0, id="toolu_01", name="weather"),
        Delta(choice=0, kind="tool_args", text='{"city":', tool=0),
        Delta(choice=0, kind="tool_args", text='"Seoul"}', tool=0),
        ToolBegin(choice=0, tool=1, id="toolu_02", name="clock"),
        Delta(choice=0, kind="tool_args", text="{}", tool=1),
        Finished(choice=0, finish="tool_calls"),
        Used(usage=usage),
        Ended(),
    ]
    assert fold(events, "messages") == Answer(
        id="msg_01",
        model="claude-test",
        created=0,
        usage=usage,
        choices=[
            Choice(
                index=0,
                finish="tool_calls",
                parts=[
                    Reasoning(text="The caller wants weather.", signature="c2lnbmVk", origin="messages"),
                    Text(text="서울의 날씨를 볼게요."),
                    ToolCall(id="toolu_01", name="weather", arguments='{"city":"Seoul"}'),
                    ToolCall(id="toolu_02", name="clock", arguments="{}"),
                ],
            )
        ],
    )


def test_streamed_and_whole_are_read_alike() -> None:
    """Citations, two texts in a row, a hosted tool's call, sealed thinking, and input that comes at once."""
    text = {"type": "text", "text": ""}
    events = read(
        START,
        *block(0, {"type": "redacted_thinking", "data": "d"}),
        *block(1, text, {"type": "text_delta", "text": "하나"}),
        *block(2, text, {"type": "citations_delta", "citation": {"n": 1}}, {"type": "text_delta", "text": "둘"}),
        *block(3, text, {"type": "text_delta", "text": "셋"}, {"type": "citations_delta", "citation": {"n": 2}}),
        *block(
            4,
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"query":'},
            {"type": "input_json_delta", "partial_json": '"해치"}'},
        ),
        *block(5, {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}),
        *block(6, {"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}, "caller": {"type": "direct"}}),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "pause_turn", "container": {"id": "c"}, "stop_details": None},
            "usage": {"output_tokens": 5},
        },
        STOP,
    )
    whole = {
        "id": "m",
        "model": "c",
        "content": [
            {"type": "redacted_thinking", "data": "d"},
            {"type": "text", "text": "하나"},
            {"type": "text", "text": "둘", "citations": [{"n": 1}]},
            {"type": "text", "text": "셋", "citations": [{"n": 2}]},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "해치"}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            {"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}, "caller": {"type": "direct"}},
        ],
        "stop_reason": "pause_turn",
        "container": {"id": "c"},
        "usage": {"input_tokens": 1, "output_tokens": 5},
    }
    assert fold(events, "messages") == read_answer(whole)


def test_thinking_that_is_not_shown_is_still_signed() -> None:
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    events = read(START, *block(0, thinking, {"type": "signature_delta", "signature": "s"}))
    assert events[1:] == [Sealed(choice=0, signature="s")]


def test_an_error_event_fails_the_stream() -> None:
    assert read({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}) == [
        Failed(code="upstream_error", message="busy")
    ]


def test_what_is_no_text_says_nothing() -> None:
    reader = MessagesReader()
    assert reader.feed(comment("alive")) == []
    assert reader.feed(event({"type": "ping"}, "ping")) == []
    assert reader.feed(event({"type": "invented_later"}, "invented_later")) == []


def test_only_message_stop_is_the_end() -> None:
    events = read(START, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}})
    assert not any(isinstance(found, Ended) for found in events)
    with pytest.raises(GatewayError) as raised:
        fold(events)
    assert raised.value.code == "stream_cut"


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"data: {oh\n\n", b"{oh"),
        event({"type": "message_start"}),
        event({"type": "content_block_start", "index": 0}),
        event({"type": "content_block_start", "content_block": {"type": "text"}}),
        event({"type": "content_block_delta", "index": 3, "delta": {}}),
        event({"type": "content_block_stop", "index": 3}),
        event({"type": "message_delta", "delta": 3}),
    ],
)
def test_what_cannot_be_read_is_the_upstreams_fault(frame: Frame) -> None:
    with pytest.raises(GatewayError) as raised:
        MessagesReader().feed(frame)
    assert raised.value.code == "upstream_invalid_response"


def test_two_texts_in_a_row_stay_two() -> None:
    text = {"type": "text", "text": ""}
    events = read(
        START,
        *block(0, text, {"type": "text_delta", "text": "a"}),
        *block(1, text, {"type": "text_delta", "text": "b"}),
    )
    assert events[1:] == [
        Delta(choice=0, kind="content", text="a"),
        Whole(choice=0, part=Text(text="")),
        Delta(choice=0, kind="content", text="b"),
    ]


def test_opaque_blocks_are_kept_whole() -> None:
    given = {"type": "container_upload", "file_id": "f"}
    assert read(START, *block(0, given))[1:] == [Whole(choice=0, part=Opaque(dialect="messages", value=given))]

"""Streams of chat completions, as several servers send them, told as transcripts: chunks in, events out."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.chat.stream import StreamReader
from gateway.wire.fold import fold
from gateway.wire.frames import Frame
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Image,
    Opaque,
    Text,
    ToolBegin,
    ToolCall,
    Usage,
    Used,
    Whole,
)

HEAD = {"id": "c-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
NOTE = {"type": "url_citation", "url_citation": {"url": "u"}}
BEGIN = Begin(id="c-1", model="m", created=7)


def chunk(delta: dict[str, Any] | None = None, index: int = 0, **choice: Any) -> Frame:
    return frames.event({**HEAD, "choices": [{"index": index, "delta": delta or {}, **choice}]})


def end(reason: str = "stop") -> Frame:
    return chunk(finish_reason=reason)


def pieces(*calls: dict[str, Any], index: int = 0) -> Frame:
    return chunk({"tool_calls": list(calls)}, index)


def read(*sent: Frame) -> list[Event]:
    reader = StreamReader()
    return [event for frame in sent for event in reader.feed(frame)]


def calls_of(*sent: Frame) -> list[tuple[str, str, str]]:
    """(id, name, arguments) of the calls that the pieces add up to."""
    answer = fold(read(*sent, end("tool_calls"), frames.done()))
    return [(part.id, part.name, part.arguments) for part in answer.choices[0].parts if isinstance(part, ToolCall)]


def call(index: int | None, call_id: str | None, name: str | None, text: Any = None) -> dict[str, Any]:
    said: dict[str, Any] = {"function": {"arguments": text} if name is None else {"name": name, "arguments": text}}
    if index is not None:
        said["index"] = index
    if call_id is not None:
        said |= {"id": call_id, "type": "function"}
    return said


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_stream_as_openai_sends_it() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    assert read(
        chunk({"role": "assistant", "content": "", "refusal": None}, finish_reason=None),
        chunk({"content": "안"}, finish_reason=None),
        chunk({"content": "녕"}, finish_reason=None),
        end(),
        frames.event({**HEAD, "choices": [], "usage": usage}),
        frames.done(),
    ) == [
        BEGIN,
        Delta(choice=0, kind="content", text="안"),
        Delta(choice=0, kind="content", text="녕"),
        Finished(choice=0, finish="stop"),
        Used(usage=Usage(input_tokens=5, output_tokens=2)),
        Ended(),
    ]


def test_a_comment_and_what_follows_the_end_mean_nothing() -> None:
    assert read(frames.comment("wait"), frames.done(), chunk({"content": "late"}), frames.done()) == [Ended()]


def test_reasoning_refusal_and_several_choices_keep_their_lanes() -> None:
    assert read(
        chunk({"reasoning_content": "a"}),
        chunk({"reasoning": "b", "reasoning_details": [{"text": "b"}]}, 1),
        chunk({"refusal": "c"}, 1),
    )[1:] == [
        Delta(choice=0, kind="reasoning", text="a"),
        Delta(choice=1, kind="reasoning", text="b"),
        Delta(choice=1, kind="refusal", text="c"),
    ]


def test_the_same_reasoning_under_two_names_is_read_once() -> None:
    assert read(chunk({"reasoning_content": "a", "reasoning": "b"}))[1:] == [
        Delta(choice=0, kind="reasoning", text="a")
    ]


def test_azure_begins_with_a_chunk_about_its_filters() -> None:
    filters = {"id": "", "model": "", "created": 0, "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    assert read(frames.event(filters), chunk({"content": "x"})) == [BEGIN, Delta(choice=0, kind="content", text="x")]


def test_usage_beside_the_last_choice_is_read_and_running_counts_are_not() -> None:
    running = frames.event(
        {**HEAD, "choices": [{"index": 0, "delta": {"content": "x"}}], "usage": {"prompt_tokens": 1}}
    )
    last = frames.event(
        {**HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 2}}
    )
    assert [event for event in read(running, last) if isinstance(event, Used)] == [Used(usage=Usage(input_tokens=2))]


def test_logprobs_go_with_their_text_and_are_not_lost_without() -> None:
    probs = {"content": [{"token": "x", "logprob": -1.0}]}
    assert read(chunk({"content": "x"}, logprobs=probs), chunk({"content": ""}, logprobs=probs))[1:] == [
        Delta(choice=0, kind="content", text="x", logprobs=probs),
        Delta(choice=0, kind="content", text="", logprobs=probs),
    ]


def test_what_stands_beside_the_end_of_a_choice_is_kept() -> None:
    filtered = {"hate": {"filtered": False}}
    assert read(chunk(finish_reason="stop", content_filter_results=filtered, stop_reason="끝"))[1:] == [
        Finished(choice=0, finish="stop_sequence", stop_sequence="끝", extras={"content_filter_results": filtered})
    ]


def test_an_error_inside_the_stream_is_told_with_our_code() -> None:
    error = {"error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}}
    assert read(frames.event(error)) == [Failed(code="context_length_exceeded", message="too long")]
    assert read(frames.event({"object": "error", "message": "broken", "code": 500})) == [
        Failed(code="upstream_error", message="broken")
    ]


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"data: {\n\n", b"{"),
        Frame(b"data: []\n\n", b"[]"),
        frames.event({"choices": {}}),
        frames.event({"choices": [{"delta": "x"}]}),
        frames.event({"choices": [{"delta": {"content": 3}}]}),
        frames.event({"choices": [{"delta": {"tool_calls": [{"index": "0"}]}}]}),
    ],
)
def test_what_is_no_chunk_is_the_upstreams_fault(frame: Frame) -> None:
    with pytest.raises(GatewayError) as caught:
        read(frame)
    assert caught.value.code == "upstream_invalid_response"


def test_content_that_comes_as_parts_is_read() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    assert read(chunk({"content": [{"type": "text", "text": "x"}, thought]}))[1:] == [
        Delta(choice=0, kind="content", text="x"),
        Whole(choice=0, part=Opaque(dialect="chat", value=thought)),
    ]


def test_citations_and_images_come_whole() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x/a.png"}}
    assert read(chunk({"annotations": [NOTE], "images": [image]}))[1:] == [
        Whole(choice=0, part=Text(text="", extras={"annotations": [NOTE]})),
        Whole(choice=0, part=Image(url="https://x/a.png")),
    ]


# --- tool calls in pieces --------------------------------------------------------------------------------------------


def test_parallel_calls_as_openai_sends_them() -> None:
    assert calls_of(
        pieces(call(0, "a", "f", "")),
        pieces(call(0, None, None, '{"x"')),
        pieces(call(1, "b", "g", "")),
        pieces(call(0, None, None, ":1}"), call(1, None, None, "{}")),
    ) == [("a", "f", '{"x":1}'), ("b", "g", "{}")]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(
            [pieces(call(0, "a", "f", "{}")), pieces(call(1, "b", "f", "[]"))],
            [("a", "f", "{}"), ("b", "f", "[]")],
            id="whole calls",
        ),
        pytest.param(
            [pieces(call(0, "a", "f", "{")), pieces(call(0, "a", "f", "}"))],
            [("a", "f", "{}")],
            id="id and name repeated",
        ),
        pytest.param(
            [pieces(call(0, "a", "f", "{}"), call(0, "b", "f", "[]"))],
            [("a", "f", "{}"), ("b", "f", "[]")],
            id="Ollama: one index, two ids",
        ),
        pytest.param(
            [pieces(call(0, "a", "f", "{}")), pieces(call(0, "b", "g", "[")), pieces(call(0, "b", None, "]"))],
            [("a", "f", "{}"), ("b", "g", "[]")],
            id="one index, and the second call goes on",
        ),
        pytest.param(
            [pieces(call(0, "a", "f", "{")), pieces(call(0, "z", None, "}"))],
            [("a", "f", "{}")],
            id="an id made up for each piece",
        ),
        pytest.param(
            [
                pieces(call(None, "a", "f", "{")),
                pieces(call(None, None, None, "}")),
                pieces(call(None, "b", "g", "[")),
                pieces(call(None, "b", None, "]")),
            ],
            [("a", "f", "{}"), ("b", "g", "[]")],
            id="no index",
        ),
        pytest.param(
            [pieces(call(None, None, "f", "{}")), pieces(call(None, None, "f", "[]"))],
            [("call_c-1_0_0", "f", "{}"), ("call_c-1_0_1", "f", "[]")],
            id="neither index nor id",
        ),
        pytest.param(
            [pieces(call(0, None, "f", "{}")), pieces(call(0, None, "g", "[]"))],
            [("call_c-1_0_0", "f", "{}"), ("call_c-1_0_1", "g", "[]")],
            id="one index, no id, another name",
        ),
        pytest.param(
            [pieces(call(0, "a", "f", "{")), pieces(call(None, None, None, "}"))],
            [("a", "f", "{}")],
            id="an index in the first piece alone",
        ),
        pytest.param(
            [pieces(call(0, "same", "f", "{}")), pieces(call(1, "same", "g", "[]"))],
            [("same", "f", "{}"), ("same", "g", "[]")],
            id="one id, two indexes",
        ),
        pytest.param(
            [pieces(call(0, "a", None, "{")), pieces(call(0, None, "f", "}"))],
            [("a", "f", "{}")],
            id="the name comes late",
        ),
        pytest.param(
            [pieces(call(0, "a", "f", {"x": 1}))],
            [("a", "f", '{"x":1}')],
            id="arguments as an object",
        ),
        pytest.param(
            [pieces(call(0, "", "f", None)), pieces(call(0, "", "", "{}"))],
            [("call_c-1_0_0", "f", "{}")],
            id="empty id and name",
        ),
        pytest.param(
            [pieces(call(2, "b", "g", "[]")), pieces(call(1, "a", "f", "{}")), pieces(call(2, None, None, " "))],
            [("b", "g", "[] "), ("a", "f", "{}")],
            id="indexes that do not count from 0",
        ),
        pytest.param(
            [pieces({"index": 0, "id": "a", "type": "custom", "custom": {"name": "g", "input": "fr"}}),
             pieces({"index": 0, "custom": {"input": "ee"}})],
            [("a", "g", "free")],
            id="custom",
        ),
        pytest.param(
            [chunk({"function_call": {"name": "f", "arguments": ""}}), chunk({"function_call": {"arguments": "{}"}})],
            [("call_c-1_0_0", "f", "{}")],
            id="legacy",
        ),
    ],
)  # fmt: skip
def test_pieces_of_calls_find_together_as_servers_send_them(
    sent: list[Frame], expected: list[tuple[str, str, str]]
) -> None:
    assert calls_of(*sent) == expected


def test_calls_of_two_choices_do_not_mix() -> None:
    answer = fold(read(pieces(call(0, "a", "f", "{}")), pieces(call(0, "a", "f", "[]"), index=1), frames.done()))
    assert [choice.parts for choice in answer.choices] == [
        [ToolCall(id="a", name="f", arguments="{}")],
        [ToolCall(id="a", name="f", arguments="[]")],
    ]


def test_a_call_whose_name_never_comes_is_the_upstreams_fault() -> None:
    with pytest.raises(GatewayError) as caught:
        read(pieces(call(0, "a", None, "{}")), end("tool_calls"))
    assert caught.value.code == "upstream_invalid_response"


def test_signatures_on_a_call_are_kept() -> None:
    signed = call(0, "a", "f", "{}") | {"extra_content": {"google": {"thought_signature": "s"}}}
    assert read(pieces(signed))[1] == ToolBegin(
        choice=0, tool=0, id="a", name="f", extras={"extra_content": {"google": {"thought_signature": "s"}}}
    )

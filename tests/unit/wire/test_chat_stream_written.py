"""Events written as the chunks that OpenAI sends."""

from typing import Any

import pytest

from gateway.wire.chat.stream import StreamWriter
from gateway.wire.frames import Frame
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finish,
    Finished,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Sealed,
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


def write(*events: Event, include_usage: bool = False, legacy: bool = False) -> list[Any]:
    """What the caller decodes: the choice of each chunk without the fields that are null, or the whole chunk without choices."""
    asked = Request(
        dialect="chat", model="m", messages=[], stream=True, include_usage=include_usage, legacy_functions=legacy
    )
    writer = StreamWriter(asked)
    sent = [frame for event in (BEGIN, *events) for frame in writer.feed(event)]
    assert all(frame.raw == b"data: " + (frame.data or b"") + b"\n\n" for frame in sent)
    return [_told(frame) for frame in sent]


def _told(frame: Frame) -> Any:
    if frame.data == b"[DONE]":
        return "[DONE]"
    value = frame.json
    if not value.get("choices"):
        return value
    assert {name: value[name] for name in HEAD} == HEAD
    (choice,) = value["choices"]
    assert {"index", "delta", "logprobs", "finish_reason"} <= choice.keys()
    return {name: held for name, held in choice.items() if held is not None and (name, held) != ("index", 0)}


ROLE = {"delta": {"role": "assistant", "content": "", "refusal": None}}
SILENT = {"delta": {"role": "assistant", "content": None, "refusal": None}}


def test_the_role_comes_first_and_done_comes_last() -> None:
    assert write(Delta(choice=0, kind="content", text="안녕"), Finished(choice=0, finish="stop"), Ended()) == [
        ROLE,
        {"delta": {"content": "안녕"}},
        {"delta": {}, "finish_reason": "stop"},
        "[DONE]",
    ]


def test_every_choice_opens_with_its_role() -> None:
    assert write(Delta(choice=1, kind="refusal", text="no"), Delta(choice=0, kind="reasoning", text="hm")) == [
        {"index": 1, **SILENT},
        {"index": 1, "delta": {"refusal": "no"}},
        SILENT,
        {"delta": {"reasoning_content": "hm"}},
    ]


def test_calls_are_written_in_pieces() -> None:
    assert write(
        ToolBegin(choice=0, tool=0, id="a", name="f"),
        Delta(choice=0, kind="tool_args", text="{}", tool=0),
        ToolBegin(choice=0, tool=1, id="b", name="g", custom=True),
        Delta(choice=0, kind="tool_args", text="free", tool=1),
    ) == [
        SILENT,
        {
            "delta": {
                "tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]
            }
        },
        {"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}},
        {"delta": {"tool_calls": [{"index": 1, "id": "b", "type": "custom", "custom": {"name": "g", "input": ""}}]}},
        {"delta": {"tool_calls": [{"index": 1, "custom": {"input": "free"}}]}},
    ]


def test_a_caller_of_functions_gets_a_function_call() -> None:
    assert write(
        ToolBegin(choice=0, tool=0, id="a", name="f"),
        Delta(choice=0, kind="tool_args", text="{}", tool=0),
        Finished(choice=0, finish="tool_calls"),
        legacy=True,
    ) == [
        SILENT,
        {"delta": {"function_call": {"name": "f", "arguments": ""}}},
        {"delta": {"function_call": {"arguments": "{}"}}},
        {"delta": {}, "finish_reason": "function_call"},
    ]


def test_usage_is_sent_only_to_who_asked_and_then_every_chunk_says_null() -> None:
    used = Used(usage=Usage(input_tokens=1, output_tokens=2))
    assert write(used, Ended()) == ["[DONE]"]
    counted, done = write(used, Ended(), include_usage=True)
    assert (counted["choices"], counted["usage"]["total_tokens"], done) == ([], 3, "[DONE]")
    asked = Request(dialect="chat", model="m", messages=[], include_usage=True)
    (first, _) = StreamWriter(asked).feed(Delta(choice=0, kind="content", text="x"))
    assert first.json["usage"] is None


def test_a_failure_is_an_error_object_and_no_end() -> None:
    (told,) = write(Failed(code="upstream_error", message="broken"))
    assert told["error"]["code"] == "upstream_error"
    assert told["error"]["message"] == "broken"


@pytest.mark.parametrize(
    ("part", "delta"),
    [
        (Text(text="x"), {"content": "x"}),
        (
            Text(text="", extras={"annotations": [NOTE]}),
            {"annotations": [NOTE]},
        ),
        (Refusal(text="no"), {"refusal": "no"}),
        (Reasoning(text="hm"), {"reasoning_content": "hm"}),
        (Image(url="u"), {"images": [{"type": "image_url", "image_url": {"url": "u"}}]}),
        (Opaque(dialect="chat", value={"type": "x"}), {"content": [{"type": "x"}]}),
    ],
)
def test_a_part_that_comes_whole_is_one_delta(part: Part, delta: dict[str, Any]) -> None:
    assert write(Whole(choice=0, part=part)) == [SILENT, {"delta": delta}]


def test_a_call_that_comes_whole_takes_the_next_index() -> None:
    told = write(
        ToolBegin(choice=0, tool=0, id="a", name="f"),
        Whole(choice=0, part=ToolCall(id="b", name="g", arguments="{}")),
    )
    assert [piece["index"] for choice in told[2:] for piece in choice["delta"]["tool_calls"]] == [1, 1]


def test_what_chat_has_no_place_for_is_left_out_without_a_trace() -> None:
    assert write(
        Sealed(choice=0, signature="s"),
        Whole(choice=0, part=Opaque(dialect="messages", value={"type": "server_tool_use"})),
        Whole(choice=0, part=Text(text="")),
        Ended(),
    ) == ["[DONE]"]


@pytest.mark.parametrize(
    ("finish", "word"), [("stop", "stop"), ("refusal", "content_filter"), ("pause", "stop"), ("length", "length")]
)
def test_each_end_has_a_word(finish: Finish, word: str) -> None:
    assert write(Finished(choice=0, finish=finish))[-1] == {"delta": {}, "finish_reason": word}

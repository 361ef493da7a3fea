import anthropic.types
import pydantic
import pytest

from gateway.errors import GatewayError
from gateway.wire.frames import Frame
from gateway.wire.messages import written
from gateway.wire.messages.written import MessagesWriter
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Image,
    LaneKind,
    Opaque,
    Reasoning,
    Request,
    Sealed,
    Text,
    ToolBegin,
    ToolCall,
    Usage,
    Used,
    Whole,
)
from tests.unit.wire.messages.transcripts import GOLDEN

REQUEST = Request(dialect="messages", model="m", messages=[])
BEGIN = Begin(id="chatcmpl-1", model="gpt-test", created=1)
_SDK_EVENT: pydantic.TypeAdapter[object] = pydantic.TypeAdapter(anthropic.types.RawMessageStreamEvent)


def write(*events: Event) -> list[Frame]:
    writer = MessagesWriter(REQUEST)
    return [frame for event in events for frame in writer.feed(event)]


def lane(kind: LaneKind, text: str, tool: int | None = None) -> Delta:
    return Delta(choice=0, kind=kind, text=text, tool=tool)


def call(tool: int, name: str = "weather") -> ToolBegin:
    return ToolBegin(choice=0, tool=tool, id=f"c{tool}", name=name)


def told(frames: list[Frame]) -> list[str]:
    """Kinds of blocks and of deltas, and stops, in one line each."""
    lines = []
    for frame in frames:
        value = frame.json
        if frame.event == "content_block_start":
            lines.append(f"{value['index']} {value['content_block']['type']}")
        elif frame.event == "content_block_delta":
            kind, text = next((name, held) for name, held in value["delta"].items() if name != "type")
            lines.append(f"{value['index']} {kind}={text}")
        elif frame.event == "content_block_stop":
            lines.append(f"{value['index']} stop")
        else:
            lines.append(str(frame.event))
    return lines


INTERLEAVED: tuple[Event, ...] = (
    BEGIN,
    lane("reasoning", "두 도시"),
    lane("content", "볼게요"),
    call(0),
    lane("tool_args", '{"city":', 0),
    call(1),
    lane("tool_args", '{"city"', 1),
    lane("tool_args", '"}서울{"}', 0),
    lane("tool_args", ':"부산"}', 1),
    call(2, "clock"),
    Finished(choice=0, finish="tool_calls"),
    Used(usage=Usage(input_tokens=9, cached_tokens=2, output_tokens=4, reasoning_tokens=1)),
    Ended(),
)


def test_interleaved_calls_are_written_one_after_the_other() -> None:
    assert (
        b"".join(frame.raw for frame in write(*INTERLEAVED)) == (GOLDEN / "messages_interleaved_calls.txt").read_bytes()
    )


def test_the_vendors_sdk_knows_every_event() -> None:
    for frame in write(*INTERLEAVED):
        _SDK_EVENT.validate_python(frame.json)


def test_text_goes_on_at_once() -> None:
    writer = MessagesWriter(REQUEST)
    writer.feed(BEGIN)
    assert told(writer.feed(lane("content", "a"))) == ["0 text", "0 text=a"]
    assert told(writer.feed(lane("content", "b"))) == ["0 text=b"]


def test_a_complete_call_makes_way_at_once() -> None:
    writer = MessagesWriter(REQUEST)
    for event in (BEGIN, call(0), lane("tool_args", "{}", 0)):
        writer.feed(event)
    assert told(writer.feed(call(1))) == ["0 stop", "1 tool_use"]
    assert writer.feed(lane("tool_args", " \n", 0)) == []


def test_what_waits_goes_out_when_the_call_is_complete() -> None:
    writer = MessagesWriter(REQUEST)
    for event in (BEGIN, call(0), lane("tool_args", '{"a"', 0)):
        writer.feed(event)
    assert writer.feed(call(1)) == []
    assert writer.feed(lane("content", "x")) == []
    assert writer.feed(lane("tool_args", "{", 1)) == []
    assert told(writer.feed(lane("tool_args", ":1}", 0))) == [
        "0 partial_json=:1}",
        "0 stop",
        "1 tool_use",
        "1 partial_json={",
    ]
    assert told(writer.feed(lane("tool_args", "}", 1))) == ["1 partial_json=}", "1 stop", "2 text", "2 text=x"]


def test_a_call_that_is_cut_short_lets_the_others_out_at_the_end() -> None:
    frames = write(
        BEGIN,
        call(0),
        lane("tool_args", '{"a', 0),
        call(1),
        lane("tool_args", "{", 1),
        Finished(choice=0, finish="length"),
    )
    assert told(frames)[1:] == [
        "0 tool_use",
        '0 partial_json={"a',
        "0 stop",
        "1 tool_use",
        "1 partial_json={",
        "1 stop",
    ]


def test_what_waits_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "MOST_WAITING", 10)
    with pytest.raises(GatewayError) as raised:
        write(BEGIN, call(0), lane("content", "x" * 11))
    assert raised.value.code == "upstream_invalid_response"


@pytest.mark.parametrize(
    "events",
    [
        (lane("tool_args", "{}", 0),),
        (call(0), lane("tool_args", "{}", 0), call(1), lane("tool_args", "{}", 0), Finished(choice=0, finish="stop")),
        (ToolBegin(choice=0, tool=0, id="c", name="n", custom=True),),
        (Whole(choice=0, part=Image(url="https://x")),),
        (Delta(choice=1, kind="content", text="x"),),
        (Finished(choice=1, finish="stop"),),
    ],
)
def test_what_cannot_be_written_is_an_error(events: tuple[Event, ...]) -> None:
    with pytest.raises(GatewayError) as raised:
        write(BEGIN, *events)
    assert raised.value.code == "upstream_invalid_response"


def test_signed_thinking() -> None:
    frames = write(
        BEGIN, lane("reasoning", "a"), Sealed(choice=0, signature="s"), lane("reasoning", "b"), lane("content", "c")
    )
    assert told(frames)[1:] == [
        "0 thinking",
        "0 thinking=a",
        "0 signature=s",
        "0 stop",
        "1 thinking",
        "1 thinking=b",
        "1 stop",
        "2 text",
        "2 text=c",
    ]


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (Sealed(choice=0, signature="s"), ["0 thinking", "0 signature=s", "0 stop"]),
        (Sealed(choice=0, encrypted="e", redacted=True), ["0 redacted_thinking", "0 stop"]),
        (Sealed(choice=0, encrypted="e", id="rs_1"), []),
        (Whole(choice=0, part=Text(text="a")), ["0 text", "0 text=a", "0 stop"]),
        (
            Whole(choice=0, part=Text(text="a", extras={"citations": [7]})),
            ["0 text", "0 text=a", "0 citation=7", "0 stop"],
        ),
        (Whole(choice=0, part=Text(text="")), []),
        (Whole(choice=0, part=Reasoning(text="a", signature="s", origin="messages")), ["0 thinking", "0 stop"]),
        (
            Whole(choice=0, part=ToolCall(id="t", name="n", arguments="{}")),
            ["0 tool_use", "0 partial_json={}", "0 stop"],
        ),
        (
            Whole(choice=0, part=Opaque(dialect="messages", value={"type": "container_upload"})),
            ["0 container_upload", "0 stop"],
        ),
        (Whole(choice=0, part=Opaque(dialect="responses", value={"type": "x"})), []),
        (lane("content", ""), []),
        (lane("reasoning", ""), []),
    ],
)
def test_whole_and_sealed_parts(event: Event, lines: list[str]) -> None:
    assert told(write(BEGIN, event))[1:] == lines


def test_a_refusal_is_text_and_a_stop_reason() -> None:
    frames = write(BEGIN, lane("refusal", "no"), Finished(choice=0, finish="stop"), Ended())
    assert frames[2].json["delta"] == {"type": "text_delta", "text": "no"}
    assert frames[-2].json["delta"]["stop_reason"] == "refusal"


def test_without_a_proper_end_there_is_none() -> None:
    frames = write(BEGIN, lane("content", "a"), Finished(choice=0, finish="stop"), Used(usage=Usage()))
    assert [frame.event for frame in frames][-1] == "content_block_stop"


def test_a_failure_is_an_error_event_and_nothing_more() -> None:
    frames = write(BEGIN, lane("content", "a"), Failed(code="stream_stalled", message="why"))
    assert frames[-1].event == "error"
    assert frames[-1].json["error"] == {
        "type": "timeout_error",
        "message": "why",
        "details": {"error_code": "stream_stalled"},
    }


def test_an_end_without_a_reason_has_none_invented() -> None:
    assert write(BEGIN, Ended())[-2].json["delta"] == {"stop_reason": None, "stop_sequence": None}


def test_what_is_known_of_the_input_is_told_first() -> None:
    begin = Begin(id="a", model="m", created=0, usage=Usage(input_tokens=5, cached_tokens=2))
    first = write(begin)[0].json["message"]["usage"]
    assert (first["input_tokens"], first["cache_read_input_tokens"]) == (3, 2)

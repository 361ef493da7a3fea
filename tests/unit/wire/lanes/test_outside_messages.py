"""Lanes of the Messages API: blocks stay in order, and texts that follow each other are one."""

from typing import Any

import pytest

from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import Editing, editing
from gateway.wire.lanes.lane import Lane, SignedEdit
from tests.support.edits import Redact


def event(kind: str, **fields: Any) -> Frame:
    return frames.event({"type": kind, **fields}, kind)


def start(index: int, kind: str = "text", **fields: Any) -> Frame:
    empty: dict[str, Any] = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}}.get(kind, {})
    return event("content_block_start", index=index, content_block={"type": kind, **empty, **fields})


def delta(index: int, kind: str, **fields: Any) -> Frame:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def text(index: int, said: str) -> Frame:
    return delta(index, "text_delta", text=said)


def stop(index: int) -> Frame:
    return event("content_block_stop", index=index)


END = event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 3})
LAST = event("message_stop")


def redacting(streamed: bool = True) -> Editing:
    return editing("messages", streamed, lambda lane: Redact())


def told(shown: list[Frame]) -> list[str]:
    """Each event in a word: what opens, what it says, what closes."""
    words = []
    for frame in shown:
        value = frame.json
        if value["type"] == "content_block_start":
            words.append(f"{value['index']}:")
        elif value["type"] == "content_block_delta":
            words.append(f"{value['index']}={next(iter(v for k, v in value['delta'].items() if k != 'type'))}")
        else:
            words.append(f"{value['index']}." if "index" in value else value["type"])
    return words


def test_the_rest_of_a_text_goes_before_the_end_of_its_block() -> None:
    came = [start(0), text(0, "a SEC"), stop(0), END, LAST]
    shown = redacting().feed(came)
    assert told(shown) == ["0:", "0=a ", "0=SEC", "0.", "message_delta", "message_stop"]
    assert [shown[0], *shown[3:]] == [came[0], *came[2:]]


def test_the_end_of_a_block_waits_until_it_is_known_whose_text_it_was() -> None:
    edits = redacting()
    edits.feed([start(0), text(0, "a SEC")])
    assert edits.feed([delta(0, "citations_delta", citation={"cited_text": "q"}), stop(0), start(1)]) == []
    assert told(edits.feed([text(1, "RET b")])) == ["0={'cited_text': 'q'}", "0.", "1:", "1=*** b"]
    edits = redacting()
    edits.feed([start(0), text(0, "a SEC"), stop(0), start(1)])
    assert told(edits.feed([text(1, "ond")])) == ["0=SEC", "0.", "1:", "1=ond"]


def test_a_block_of_another_kind_ends_the_text_before_it() -> None:
    asked: list[Lane] = []

    def edit_for(lane: Lane) -> Redact:
        asked.append(lane)
        return Redact()

    edits = editing("messages", True, edit_for)
    edits.feed([start(0), text(0, "SEC"), stop(0)])
    shown = edits.feed([start(1, "tool_use", id="t", name="f", input={})])
    assert told(shown) == ["0=SEC", "0.", "1:"]
    shown = edits.feed([delta(1, "input_json_delta", partial_json='{"a": "SECR'), stop(1), start(2), text(2, "RET")])
    assert told(shown) == ['1={"a": "', "1=SECR", "1.", "2:", "2=RET"]
    assert asked == [Lane(0, "content"), Lane(0, "tool_args", 0, "f"), Lane(0, "content")]


def test_calls_of_the_vendors_own_tools_are_told_from_the_callers() -> None:
    asked: list[Lane] = []
    edits = editing("messages", True, asked.append)
    for index, kind in enumerate(("server_tool_use", "tool_use", "tool_use")):
        edits.feed([start(index, kind, id="t", name="f", input={})])
        edits.feed([delta(index, "input_json_delta", partial_json="{}"), stop(index)])
    assert asked == [Lane(0, "tool_args", tool, "f") for tool in ("hosted.0", 0, 1)]


def test_signed_thinking_that_an_edit_changes_raises_before_the_signature_goes_out() -> None:
    edits = redacting()
    shown = edits.feed([start(0, "thinking"), delta(0, "thinking_delta", thinking="a SEC")])
    shown += edits.feed([delta(0, "thinking_delta", thinking="ret")])
    assert told(shown) == ["0:", "0=a ", "0=SECret"]
    assert told(edits.feed([delta(0, "signature_delta", signature="c2ln"), stop(0)])) == ["0=c2ln", "0."]
    edits = redacting()
    edits.feed([start(0, "thinking"), delta(0, "thinking_delta", thinking="a SECRET")])
    with pytest.raises(SignedEdit) as raised:
        edits.feed([delta(0, "signature_delta", signature="c2ln")])
    assert raised.value.lane == Lane(0, "reasoning")
    assert "SECRET" not in str(raised.value)


def test_the_rest_of_signed_thinking_goes_before_its_signature() -> None:
    edits = redacting()
    edits.feed([start(0, "thinking"), delta(0, "thinking_delta", thinking="SEC")])
    assert told(edits.feed([delta(0, "signature_delta", signature="c2ln")])) == ["0=SEC", "0=c2ln"]


def test_thinking_that_nobody_signed_may_change() -> None:
    edits = redacting()
    shown = edits.feed([start(0, "thinking"), delta(0, "thinking_delta", thinking="SECRET SE"), stop(0), END, LAST])
    assert told(shown)[:4] == ["0:", "0=*** ", "0=SE", "0."]


def test_text_that_a_block_begins_with_is_part_of_its_lane() -> None:
    shown = redacting().feed([start(0, text="SEC"), text(0, "RET"), stop(0), END])
    assert told(shown) == ["0:", "0=***", "0.", "message_delta"]
    shown = redacting().feed(
        [start(0, "thinking", thinking="SEC"), delta(0, "thinking_delta", thinking="RET"), stop(0)]
    )
    assert told(shown) == ["0:", "0=***", "0."]
    given = start(0, text="SEC")
    assert editing("messages", True, lambda lane: None).feed([given]) == [given]


@pytest.mark.parametrize(
    "frame",
    [
        start(0, "tool_use", id="t", name="f", input={"a": ["SECRET"]}),
        start(0, "text", citations=[{"type": "page_location", "cited_text": "SECRET"}]),
        start(0, "web_search_tool_result", content=[{"url": "u", "title": "SECRET", "encrypted_content": "AA"}]),
        start(0, "code_execution_tool_result", content={"stdout": "SECRET"}),
        event("message_start", message={"content": [{"type": "text", "text": "SECRET"}], "usage": {}}),
        event("message_delta", delta={"stop_reason": "refusal", "stop_details": {"explanation": "SECRET"}}),
    ],
    ids=lambda frame: str(frame.json.get("content_block", frame.json)["type"]),
)
def test_nothing_is_left_in_an_event(frame: Frame) -> None:
    edits = redacting()
    raw = b"".join(one.raw for one in [*edits.feed([frame]), *edits.finish()])
    assert b"***" in raw
    assert b"SECRET" not in raw


def test_citations_and_kinds_of_deltas_nobody_knows_are_edited_string_by_string() -> None:
    edits = redacting()
    edits.feed([start(0), text(0, "a")])
    shown = edits.feed([delta(0, "citations_delta", citation={"cited_text": "SECRET"}), delta(0, "new", said="SECRET")])
    assert b"".join(frame.raw for frame in shown).count(b"***") == 2
    assert b"SECRET" not in b"".join(frame.raw for frame in shown)
    assert edits.opaque == {"unknown"}


def test_a_whole_message_is_edited_across_the_borders_of_its_texts() -> None:
    value = {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "fine", "signature": "c2ln"},
            {"type": "text", "text": "a SEC", "citations": [{"cited_text": "SECRET"}]},
            {"type": "text", "text": "RET b"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"SECRET": ["SECRET", 1.5, None]}},
            {"type": "text", "text": "SEC"},
            {"type": "redacted_thinking", "data": "AAAA"},
        ],
        "stop_reason": "tool_use",
        "x": 1,
    }
    edits = redacting(streamed=False)
    (shown,) = edits.feed([frames.body(value)])
    thinking, *blocks, redacted = shown.json["content"]
    assert (thinking, redacted) == (value["content"][0], value["content"][-1])  # type: ignore[index]
    assert [block.get("text") for block in blocks] == ["a ", "*** b", None, "SEC"]
    assert blocks[0]["citations"] == [{"cited_text": "***"}]
    assert blocks[2]["input"] == {"***": ["***", 1.5, None]}
    assert shown.json["x"] == 1
    assert edits.opaque == {"encrypted"}
    value["content"] = [{"type": "thinking", "thinking": "SECRET", "signature": "c2ln"}]
    with pytest.raises(SignedEdit):
        redacting(streamed=False).feed([frames.body(value)])
    value["content"] = [{"type": "thinking", "thinking": "SECRET", "signature": ""}]
    assert redacting(streamed=False).feed([frames.body(value)])[0].json["content"][0]["thinking"] == "***"


def test_pings_pass_while_text_is_held_and_nothing_is_committed_by_an_opening() -> None:
    edits = redacting()
    ping = event("ping")
    assert edits.feed([start(0), text(0, "SEC"), ping])[1:] == [ping]
    assert not edits.released
    edits.feed([text(0, "x")])
    assert edits.released


def test_a_cut_stream_gives_its_rest_and_the_events_that_waited() -> None:
    edits = redacting()
    edits.feed([start(0), text(0, "SEC"), stop(0), start(1)])
    assert told(edits.finish()) == ["0=SEC", "0.", "1:"]
    assert edits.finish() == []


@pytest.mark.parametrize(
    ("came", "released"),
    [
        ([start(0)], False),
        ([start(0, "thinking")], False),
        ([start(0), text(0, "SEC"), stop(0)], False),
        ([start(0), text(0, "a")], True),
        ([start(0, "thinking"), delta(0, "thinking_delta", thinking="a")], True),
        ([start(0, "thinking"), delta(0, "signature_delta", signature="c2ln")], True),
        ([start(0, "thinking"), stop(0)], True),
        ([start(0, "tool_use", id="t", name="f", input={})], True),
        ([start(0, "web_search_tool_result", content=[])], True),
        ([END], True),
    ],
    ids=lambda value: "",
)
def test_what_commits_is_text_a_call_or_an_end(came: list[Frame], released: bool) -> None:
    edits = redacting()
    edits.feed(came)
    assert edits.released is released


def test_what_nobody_looks_at_commits_too() -> None:
    edits = editing("messages", True, lambda lane: None)
    edits.feed([start(0), text(0, "a")])
    assert edits.released


def test_a_message_that_changes_only_before_a_call_is_changed() -> None:
    content = [{"type": "text", "text": "SECRET"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]
    (shown,) = redacting(streamed=False).feed([frames.body({"type": "message", "content": content})])
    assert shown.json["content"][0]["text"] == "***"

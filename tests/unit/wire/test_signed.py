"""Which strings of requests and frames are signed, and that frames leave as they came."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.remembering import Remembering
from gateway.wire import frames
from gateway.wire.frames import DONE, Frame
from gateway.wire.messages import MESSAGES
from gateway.wire.passage import Native
from gateway.wire.responses import RESPONSES
from gateway.wire.signed import SIGNING, brought_back, carried_out

_THOUGHT: Any = {"type": "thinking", "thinking": "Hm", "signature": "s1"}
_REDACTED: Any = {"type": "redacted_thinking", "data": "r1"}
_SAID: Any = {"type": "text", "text": "signature"}


def reasoning(content: str, kind: str = "reasoning") -> dict[str, Any]:
    return {"type": kind, "id": "rs_1", "summary": [], "encrypted_content": content}


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["messages", "count_tokens"])
def test_a_messages_request_brings_back_its_signatures_the_newest_first(dialect: str) -> None:
    body = {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [_REDACTED, _THOUGHT, _SAID]},
            {"role": "user", "content": [_SAID]},
            {"role": "assistant", "content": [{**_THOUGHT, "signature": "s2"}, {"type": "tool_use", "input": {}}]},
        ]
    }
    assert list(brought_back(dialect, body)) == ["s2", "s1", "r1"]


def test_a_responses_request_brings_back_all_that_is_encrypted_the_newest_first() -> None:
    body = {
        "input": [
            reasoning("e1"),
            {"role": "user", "content": "encrypted_content"},
            reasoning("e2", "compaction"),
            {"type": "reasoning", "summary": []},
            reasoning("e3"),
        ]
    }
    assert list(brought_back("responses", body)) == ["e3", "e2", "e1"]


def test_empty_signatures_are_none() -> None:
    """Thinking that a translation wrote has one."""
    unsigned = {"messages": [{"role": "assistant", "content": [{**_THOUGHT, "signature": ""}]}]}
    assert list(brought_back("messages", unsigned)) == []
    assert list(brought_back("responses", {"input": [reasoning("")]})) == []


def test_a_caller_cannot_make_us_look_at_any_number_of_them() -> None:
    body = {"input": [reasoning(f"e{number}") for number in range(5000)]}
    found = list(brought_back("responses", body))
    assert len(found) == 100
    assert found[0] == "e4999"


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "thinking", "redacted_thinking", "s", "message"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "signature",
                    "data",
                    "content",
                    "content_block",
                    "delta",
                    "item",
                    "response",
                    "output",
                    "encrypted_content",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(dialect=st.sampled_from(sorted(SIGNING)), value=_JSON, other=_JSON)
def test_whatever_the_shape_nothing_raises_and_only_text_is_found(dialect: str, value: Any, other: Any) -> None:
    shapes = [value, {"messages": value, "input": other}, {"messages": [{"content": value}], "input": [value, other]}]
    for shape in shapes:
        frame = frames.event(shape)
        found = carried_out(dialect, frame)
        if isinstance(shape, dict):
            found += brought_back(dialect, shape)
        assert all(type(text) is str and text for text in found)


# --- frames ----------------------------------------------------------------------------------------------------------

_MESSAGES: Any = {
    "a signature": ({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "s1"}}, ["s1"]),
    "redacted thinking": ({"type": "content_block_start", "content_block": _REDACTED}, ["r1"]),
    "signed thinking at once": ({"type": "content_block_start", "content_block": _THOUGHT}, ["s1"]),
    "thinking that begins": ({"type": "content_block_start", "content_block": {**_THOUGHT, "signature": ""}}, []),
    "text": ({"type": "content_block_delta", "delta": {"type": "text_delta", "text": '"signature_delta"'}}, []),
    "a whole body": ({"type": "message", "content": [_THOUGHT, _REDACTED, _SAID]}, ["s1", "r1"]),
    "a body without thoughts": ({"type": "message", "content": [_SAID]}, []),
}
_RESPONSES: Any = {
    "an item": ({"type": "response.output_item.done", "item": reasoning("e1")}, ["e1"]),
    "a compaction": ({"type": "response.output_item.done", "item": reasoning("e1", "compaction")}, ["e1"]),
    "an item that opens": ({"type": "response.output_item.added", "item": reasoning("e0")}, []),
    "the end": (
        {"type": "response.completed", "response": {"output": [reasoning("e1"), reasoning("e2")]}},
        ["e1", "e2"],
    ),
    "text": ({"type": "response.output_text.delta", "delta": '"encrypted_content"'}, []),
    "a whole body": ({"object": "response", "output": [reasoning("e1"), _SAID]}, ["e1"]),
    "the beginning": ({"type": "response.created", "response": {"output": []}}, []),
}
CASES = [
    *(pytest.param("messages", *case, id=f"messages, {name}") for name, case in _MESSAGES.items()),
    *(pytest.param("responses", *case, id=f"responses, {name}") for name, case in _RESPONSES.items()),
]


@pytest.mark.parametrize(("dialect", "value", "signed"), CASES)
def test_a_frame_carries_out_its_signed_strings(dialect: str, value: dict[str, Any], signed: list[str]) -> None:
    assert carried_out(dialect, frames.event(value, value.get("type"))) == signed
    assert carried_out(dialect, frames.event(value)) == signed, "the name of the event does not matter"
    assert carried_out(dialect, frames.body(value)) == signed
    assert carried_out(dialect, Frame(b"", msgspec.json.format(msgspec.json.encode(value), indent=2))) == signed


@pytest.mark.parametrize("dialect", sorted(SIGNING))
@pytest.mark.parametrize(
    "data", [None, b"", DONE, b'["signature", "encrypted_content"]', b'{"signature": "encrypted_content"']
)
def test_frames_that_hold_no_object_carry_nothing(dialect: str, data: bytes | None) -> None:
    assert carried_out(dialect, Frame(b"", data)) == []


def test_a_frame_of_text_is_not_decoded() -> None:
    """What everything else costs is a search for a word."""
    frame = frames.event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}})
    for dialect in SIGNING:
        carried_out(dialect, frame)
    assert frame._json is None


@pytest.mark.parametrize(("dialect", "value", "signed"), CASES)
def test_a_remembering_passage_hands_on_the_very_frames_and_bits(
    dialect: str, value: dict[str, Any], signed: list[str]
) -> None:
    speaks = {"messages": MESSAGES, "responses": RESPONSES}[dialect]
    heard: list[tuple[str, str]] = []
    streamed = value.get("type", "message") != "message"
    frame = frames.event(value, value["type"]) if streamed else frames.body(value)
    raw = bytes(frame.raw)
    watch = speaks.watch(False, streamed)
    passage = Remembering(Native(watch), dialect, lambda text, whose: heard.append((text, whose)), "one")
    shown, seen = passage.feed([frame])
    assert [one is frame for one in shown] == [True]
    assert frame.raw == raw
    assert passage.watch is watch
    assert seen == Native(speaks.watch(False, streamed)).feed([frame])[1]
    assert heard == [(text, "one") for text in signed]

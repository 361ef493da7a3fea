"""A call that never gets arguments is a lane all the same: rules about tools look at it, in every API."""

from typing import Any

import msgspec
import pytest

from gateway.wire.frames import Frame, body, event
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import Edit, Lane


class Nothing:
    def feed(self, text: str, /) -> str:
        return text

    def close(self) -> str:
        return ""


CHAT = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "drop", "arguments": ""}}],
}
ITEM = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "drop", "arguments": "", "status": "completed"}
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": [ITEM]}
MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "c", "name": "drop", "input": {}}],
    "stop_reason": "tool_use",
}

STREAMS: dict[str, list[dict[str, Any]]] = {
    "chat": [
        {"id": "x", "choices": [{"index": 0, "delta": CHAT, "finish_reason": None}]},
        {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    ],
    "responses": [
        {"type": "response.output_item.added", "sequence_number": 0, "output_index": 0, "item": {**ITEM, "status": "in_progress"}},
        {"type": "response.function_call_arguments.done", "sequence_number": 1, "output_index": 0, "item_id": "fc_1", "arguments": ""},
        {"type": "response.output_item.done", "sequence_number": 2, "output_index": 0, "item": ITEM},
        {"type": "response.completed", "sequence_number": 3, "response": RESPONSE},
    ],
    "messages": [
        {"type": "message_start", "message": {**MESSAGE, "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "c", "name": "drop", "input": {}}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ],
}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "chat": {"id": "x", "choices": [{"index": 0, "message": CHAT, "finish_reason": "tool_calls"}]},
    "responses": RESPONSE,
    "messages": MESSAGE,
}


@pytest.mark.parametrize("dialect", STREAMS)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_call_without_arguments_is_looked_at_and_leaves_as_it_came(dialect: str, streamed: bool) -> None:
    asked: list[Lane] = []

    def edit_for(lane: Lane) -> Edit:
        asked.append(lane)
        return Nothing()

    frames = _events(dialect) if streamed else [body(BODIES[dialect])]
    edits = editing(dialect, streamed, edit_for)
    shown = [one for frame in frames for one in edits.feed([frame])]
    assert [(lane.kind, lane.name) for lane in asked] == [("tool_args", "drop")]
    assert [msgspec.json.decode(one.data or b"") for one in shown] == [
        msgspec.json.decode(one.data or b"") for one in frames
    ]


def _events(dialect: str) -> list[Frame]:
    return [event(one, None if dialect == "chat" else one["type"]) for one in STREAMS[dialect]]
